package main

import (
	"context"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"liuke/shared/api"
	"liuke/shared/document"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/outreach"
	"liuke/shared/scene"
	"liuke/shared/signal"
)

// writing is a scene, a block or a template as it stands.
type writing struct {
	kind     outreach.Kind
	name     string
	origin   origin
	document document.Document // Version 0 for one that was never edited
	text     string            // its YAML
	problem  outreach.Mistakes // why it cannot be read any more; none where it can
}

// writings returns all of a kind, ascending by name.
func writings(stand *outreach.Stand, k outreach.Kind) (all []writing) {
	found := map[string]writing{}
	for _, name := range outreach.Names(k) {
		text, _ := outreach.Source(k, name)
		found[name] = writing{kind: k, name: name, origin: builtIn, text: text, document: document.Document{Name: outreach.DocumentName(k, name)}}
	}
	for _, d := range stand.Documents {
		of, name, ok := outreach.KindOf(d.Name)
		w, came := found[name]
		switch {
		case !ok || of != k:
			continue
		case d.Body != "":
			w = writing{kind: k, name: name, origin: own, text: d.Body, problem: stand.Broken[d.Name]}
			if came {
				w.origin = edited
			}
		case !came: // taken back
			continue
		}
		w.document = d
		found[name] = w
	}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		all = append(all, found[name])
	}
	return all
}

// oneWriting returns what stands under a name; NotFound where nothing does.
func oneWriting(stand *outreach.Stand, k outreach.Kind, name string) (writing, error) {
	all := writings(stand, k)
	names := make([]string, len(all))
	for i, w := range all {
		if names[i] = w.name; w.name == name {
			return w, nil
		}
	}
	if len(names) == 0 {
		return writing{}, fault.New(fault.NotFound, "there is no such %s, and no other", k)
	}
	return writing{}, fault.New(fault.NotFound, "there is no such %s: there are %s", k, strings.Join(names, ", "))
}

// writingView is a scene, a block or a template among others.
type writingView struct {
	Title    string            `json:"title,omitempty"` // the comment that its YAML begins with
	Origin   origin            `json:"origin"`
	Version  int64             `json:"version"` // +1 with each edit; as the header etag has it
	EditedAt *time.Time        `json:"edited_at"`
	Broken   outreach.Mistakes `json:"broken,omitempty"` // why it cannot be read any more, and what came with the suite, if anything, stands in its place
}

func (w *writing) view() writingView {
	return writingView{Title: titleOf(w.text), Origin: w.origin, Version: w.document.Version, EditedAt: editedAt(&w.document), Broken: w.problem}
}

// titleOf returns the first comment of a text that begins with one.
func titleOf(text string) string {
	line, _, _ := strings.Cut(strings.TrimLeft(text, "\n"), "\n")
	title, ok := strings.CutPrefix(strings.TrimSpace(line), "#")
	if !ok {
		return ""
	}
	return strings.TrimSpace(title)
}

// sceneLine is a scene among others.
type sceneLine struct {
	ID       string            `json:"id"`
	Kind     scene.Kind        `json:"kind,omitempty"` // this and the following are those of what stands; absent where nothing does
	Signal   signal.Kind       `json:"signal,omitempty"`
	Channels []message.Channel `json:"channels"`
	Steps    int               `json:"steps"`
	Variants []string          `json:"variants"`
	Locales  []string          `json:"locales"`
	Enabled  bool              `json:"enabled"`
	writingView
}

func viewOfScene(w *writing, sc *scene.Scene) sceneLine {
	v := sceneLine{ID: w.name, Channels: []message.Channel{}, Variants: []string{}, Locales: []string{}, writingView: w.view()}
	if sc == nil {
		return v
	}
	v.Kind, v.Signal, v.Enabled, v.Steps = sc.Kind, sc.On.Signal, sc.Enabled, len(sc.Steps)
	v.Channels, v.Locales = append(v.Channels, sc.Channels...), append(v.Locales, sc.Locales()...)
	if sc.Experiment != nil {
		for _, variant := range sc.Experiment.Variants {
			v.Variants = append(v.Variants, variant.ID)
		}
	}
	return v
}

// sceneList lists the scenes.
func (h *Handler) sceneList(ctx context.Context, _ *api.Request) (api.Response, error) {
	stand, err := h.library.Fresh(ctx)
	if err != nil {
		return api.Response{}, err
	}
	out := struct {
		Scenes []sceneLine `json:"scenes"`
	}{[]sceneLine{}}
	for _, w := range writings(stand, outreach.Scene) {
		out.Scenes = append(out.Scenes, viewOfScene(&w, stand.Scenes.Scene(w.name)))
	}
	return api.JSON(http.StatusOK, out), nil
}

// pieceLine is a block or a template among others.
type pieceLine struct {
	Name   string   `json:"name"`
	UsedBy []string `json:"used_by"` // scenes
	writingView
}

// pieceList lists the blocks or the templates.
func (h *Handler) pieceList(k outreach.Kind, member string) func(context.Context, *api.Request) (api.Response, error) {
	return func(ctx context.Context, _ *api.Request) (api.Response, error) {
		stand, err := h.library.Fresh(ctx)
		if err != nil {
			return api.Response{}, err
		}
		lines := []pieceLine{}
		for _, w := range writings(stand, k) {
			lines = append(lines, pieceLine{w.name, usedBy(stand, k, w.name), w.view()})
		}
		return api.JSON(http.StatusOK, map[string]any{member: lines}), nil
	}
}

// usedBy lists the scenes whose text refers to a block or a template.
func usedBy(stand *outreach.Stand, k outreach.Kind, name string) []string {
	refers := regexp.MustCompile(`\{%-?\s*render\s+["']` + name + `["']`) // a name is words and underscores alone
	if k == outreach.Template {
		refers = regexp.MustCompile(`\btemplate:\s*["']?` + name + `\b`)
	}
	out := []string{}
	for _, w := range writings(stand, outreach.Scene) {
		if refers.MatchString(w.text) {
			out = append(out, w.name)
		}
	}
	return out
}

// sceneDetail and pieceDetail are all of a scene, and of a block or a template.
type (
	sceneDetail struct {
		sceneLine
		writingText
	}
	pieceDetail struct {
		pieceLine
		writingText
	}
	writingText struct {
		Text        string `json:"text"` // its YAML
		TakesEffect string `json:"takes_effect,omitempty"`
	}
)

// answerWriting shows all of what stands under a name.
func answerWriting(stand *outreach.Stand, w *writing, takesEffect string) api.Response {
	text := writingText{w.text, takesEffect}
	var v any = pieceDetail{pieceLine{w.name, usedBy(stand, w.kind, w.name), w.view()}, text}
	if w.kind == outreach.Scene {
		v = sceneDetail{viewOfScene(w, stand.Scenes.Scene(w.name)), text}
	}
	out := api.JSON(http.StatusOK, v)
	out.Headers["etag"] = etag(&w.document)
	return out
}

// found returns what stands now, and in it the one that the request names; NotFound where nothing has the name.
func (h *Handler) found(ctx context.Context, r *api.Request, k outreach.Kind) (*outreach.Stand, writing, error) {
	stand, err := h.library.Fresh(ctx)
	if err != nil {
		return nil, writing{}, err
	}
	w, err := oneWriting(stand, k, nameOf(r, k))
	return stand, w, err
}

// showWriting shows a scene, a block or a template, or its YAML alone.
func (h *Handler) showWriting(k outreach.Kind) func(context.Context, *api.Request) (api.Response, error) {
	return func(ctx context.Context, r *api.Request) (api.Response, error) {
		form, err := format(r, "json", "yaml")
		if err != nil {
			return api.Response{}, err
		}
		stand, w, err := h.found(ctx, r, k)
		if err != nil {
			return api.Response{}, err
		}
		out := answerWriting(stand, &w, "")
		if form == "yaml" || strings.HasPrefix(api.Header(r, "accept"), "application/yaml") {
			out.Headers["content-type"], out.Body = "application/yaml", w.text
		}
		return out, nil
	}
}

// nameOf returns what the path calls a scene, a block or a template.
func nameOf(r *api.Request, k outreach.Kind) string {
	if k == outreach.Scene {
		return pathParameter(r, "id")
	}
	return pathParameter(r, "name")
}
