package main

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"liuke/shared/api"
	"liuke/shared/brand"
	"liuke/shared/document"
	"liuke/shared/fault"
	"liuke/shared/outreach"
	"liuke/shared/recalc"
	"liuke/shared/request"
	"liuke/shared/task"
)

// When edits take effect, where not with the next recalculation.
const (
	withNextTask = "with the next task that is made or escalates" // those that are made keep their due times
	withinMinute = "within a minute"                              // for which pages and outreach keep what they have read
)

// effect says when an edit of settings takes effect.
func effect(name string) string {
	switch name {
	case task.Document:
		return withNextTask
	case brand.Document, outreach.Document:
		return withinMinute
	}
	return withNextRun
}

// settingsView is a document of settings.
type settingsView struct {
	Name        string          `json:"name"`
	Version     int64           `json:"version"` // +1 with each edit; as the header etag has it
	Default     bool            `json:"default"` // whether nothing is set, and the defaults hold
	EditedAt    *time.Time      `json:"edited_at"`
	Settings    json.RawMessage `json:"settings"`  // as they were written; null where nothing is set
	Effective   any             `json:"effective"` // with the defaults in the place of what was left out; null where there are none
	TakesEffect string          `json:"takes_effect,omitempty"`
}

func (h *Handler) viewOfSettings(d *document.Document) (settingsView, error) {
	v := settingsView{Name: d.Name, Version: d.Version, Default: d.Body == "", EditedAt: editedAt(d), Settings: json.RawMessage("null")}
	if d.Body != "" {
		v.Settings = json.RawMessage(d.Body)
	}
	var err error
	if v.Effective, err = h.effective(d); err != nil {
		// It could be read when it was written: the suite is another since.
		return v, fault.New(fault.Conflict, "the settings cannot be read any more, write or delete them: %s", err.Error())
	}
	return v, nil
}

// effective returns what settings come to.
func (h *Handler) effective(d *document.Document) (any, error) {
	switch d.Name {
	case brand.Document:
		return effectiveBrand(d.Body)
	case outreach.Document:
		s, err := outreach.ParseSettings(d.Body, h.came().Policy, h.business.Currency)
		if err != nil {
			return nil, err
		}
		return s.Effective(h.business.Currency), nil
	}
	return recalc.Effective(*d, h.business.Currency)
}

// brandView is a brand with the colours that are made of its own.
type brandView struct {
	brand.Brand
	Colours *coloursView `json:"colours,omitempty"`
}

type coloursView struct {
	Light brand.Scheme `json:"light"`
	Dark  brand.Scheme `json:"dark"`
}

func effectiveBrand(body string) (any, error) {
	b, err := brand.Parse([]byte(body))
	if b == nil || err != nil {
		return nil, err
	}
	v := brandView{Brand: *b}
	if light, dark, ok := b.Schemes(); ok {
		v.Colours = &coloursView{light, dark}
	}
	return v, nil
}

// checkSettings returns an Invalid error that says what to change where settings cannot be read, or speak of what there is not.
func (h *Handler) checkSettings(ctx context.Context, name string, body []byte) error {
	switch name {
	case brand.Document:
		if err := request.Parse(body, &brand.Brand{}); err != nil { // the stricter of the two
			return err
		}
		_, err := brand.Parse(body)
		return err
	case outreach.Document:
		return h.checkOutreach(ctx, body)
	}
	if err := recalc.CheckDocument(document.Document{Name: name, Body: string(body)}, h.business.Currency); err != nil {
		return err
	}
	if name == task.Document {
		return h.checkTiers(ctx, body)
	}
	return nil
}

func (h *Handler) answerSettings(d *document.Document, takesEffect string) (api.Response, error) {
	v, err := h.viewOfSettings(d)
	if err != nil {
		return api.Response{}, err
	}
	v.TakesEffect = takesEffect
	out := api.JSON(http.StatusOK, v)
	out.Headers["etag"] = etag(d)
	return out, nil
}

func settingsName(r *api.Request) (string, error) {
	name := pathParameter(r, "name")
	if known := append(recalc.SettingsDocuments(), brand.Document, outreach.Document); !slices.Contains(known, name) {
		return "", fault.New(fault.NotFound, "there are no such settings: there are %s", strings.Join(known, ", "))
	}
	return name, nil
}

// settings shows what operators have set, or the defaults.
func (h *Handler) settings(ctx context.Context, r *api.Request) (api.Response, error) {
	name, err := settingsName(r)
	if err != nil {
		return api.Response{}, err
	}
	d, err := h.store.Document(ctx, name)
	if err != nil {
		return api.Response{}, err
	}
	return h.answerSettings(&d, "")
}

// putSettings keeps settings in the place of those that stand.
func (h *Handler) putSettings(ctx context.Context, r *api.Request) (api.Response, error) {
	name, err := settingsName(r)
	if err != nil {
		return api.Response{}, err
	}
	body, err := api.Body(r, document.MaxBytes)
	if err != nil {
		return api.Response{}, err
	}
	if err := h.checkSettings(ctx, name, body); err != nil {
		return api.Response{}, err
	}
	return h.replace(ctx, r, name, string(body))
}

// checkTiers returns an Invalid error where settings of tasks name a segment model, or a label, that there is not: their tasks
// would be due as if no tier were known.
func (h *Handler) checkTiers(ctx context.Context, body []byte) error {
	p, err := task.ParsePolicy(body)
	if err != nil {
		return err
	}
	k, err := h.oneKept(ctx, p.TierModel)
	if fault.CodeOf(err) == fault.NotFound || err == nil && k.model == nil {
		return fault.At("/tier_model", "there is no segment model %s: GET /v1/models lists them", p.TierModel)
	}
	if err != nil {
		return err
	}
	var labels []string
	for _, l := range k.model.Labels() {
		labels = append(labels, string(l))
	}
	for member, named := range map[string][]string{"due": slices.Collect(maps.Keys(p.Due)), "owners": slices.Collect(maps.Keys(p.Owners))} {
		for _, tier := range named {
			if !slices.Contains(labels, tier) {
				return fault.At("/"+member+"/"+pointerOf(tier), "the model %s has no label %s: it has %s", p.TierModel, tier, strings.Join(labels, ", "))
			}
		}
	}
	return nil
}

// deleteSettings returns to the defaults.
func (h *Handler) deleteSettings(ctx context.Context, r *api.Request) (api.Response, error) {
	name, err := settingsName(r)
	if err != nil {
		return api.Response{}, err
	}
	if err := noBody(r); err != nil {
		return api.Response{}, err
	}
	return h.replace(ctx, r, name, "")
}

// replace writes the body of settings, "" for none, where the request's If-Match lets it.
func (h *Handler) replace(ctx context.Context, r *api.Request, name, body string) (api.Response, error) {
	match := api.Header(r, "if-match")
	var d document.Document
	err := again(ctx, func() error {
		all, err := h.store.Documents(ctx)
		if err != nil {
			return err
		}
		d = h.next(all, name, body)
		stored := document.Document{Name: name, Version: d.Version - 1}
		if i := slices.IndexFunc(all, func(d document.Document) bool { return d.Name == name }); i >= 0 {
			stored = all[i]
		}
		if !matches(match, &stored) {
			return errPrecondition
		}
		if body == "" && stored.Body == "" { // the defaults hold already
			d = stored
			return nil
		}
		if err := recalc.CheckSpace(all, d); err != nil {
			return err
		}
		return moved(h.store.PutDocument(ctx, &d, document.Edits(all)))
	})
	if err == errPrecondition {
		return preconditionFailed(), nil
	}
	if err != nil {
		return api.Response{}, err
	}
	return h.answerSettings(&d, effect(name))
}

// errPrecondition says that a document is not at the version that the request names.
var errPrecondition error = fault.New(fault.Conflict, "it was edited since: read it again, and send the etag of what you read as If-Match")

// matches reports whether a stored document is one that If-Match (RFC 9110, 13.1.1) names; "" is a request without it.
func matches(header string, stored *document.Document) bool {
	if header == "" {
		return true
	}
	for tag := range strings.SplitSeq(header, ",") {
		if tag = strings.TrimSpace(tag); tag == etag(stored) || tag == "*" && stored.Body != "" {
			return true
		}
	}
	return false
}

func preconditionFailed() api.Response {
	p := api.ProblemOf(errPrecondition)
	p.Status, p.Title = http.StatusPreconditionFailed, http.StatusText(http.StatusPreconditionFailed)
	out := api.JSON(p.Status, p)
	out.Headers["content-type"] = "application/problem+json"
	return out
}
