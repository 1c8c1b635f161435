package main

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"liuke/shared/api"
	"liuke/shared/document"
	"liuke/shared/fault"
	"liuke/shared/recalc"
	"liuke/shared/segment"
)

// Documents keeps what operators set.
type Documents interface {
	Documents(ctx context.Context) ([]document.Document, error)
	// Document returns one of Version 0 where none was ever written.
	Document(ctx context.Context, name string) (document.Document, error)
	// PutDocument returns a Conflict where any document was edited since so many edits had been made.
	PutDocument(ctx context.Context, d *document.Document, edits int64) error
	// RunDocuments returns those that stood when a run was planned.
	RunDocuments(ctx context.Context, run string) ([]document.Document, error)
}

// origin says where a model is from.
type origin string

const (
	builtIn origin = "built_in" // as it came with the suite
	edited  origin = "edited"   // came with the suite, and was edited
	own     origin = "own"      // the operator's
)

// kept is a model as the next recalculation finds it.
type kept struct {
	name     string
	origin   origin
	document document.Document // Version 0 for one that was never edited
	model    *segment.Model    // nil for one that cannot be read any more
	problem  string            // why not
}

// kept returns the models, ascending by name, and all documents.
func (h *Handler) kept(ctx context.Context) ([]kept, []document.Document, error) {
	documents, err := h.store.Documents(ctx)
	if err != nil {
		return nil, nil, err
	}
	found := map[string]kept{}
	for _, m := range h.builtIn().Models() {
		found[m.Name] = kept{name: m.Name, origin: builtIn, model: m}
	}
	for _, d := range documents {
		name, ok := recalc.ModelOf(d.Name)
		k, known := found[name]
		switch {
		case !ok:
			continue
		case d.Body == "" && known:
			k.document = d
		case d.Body == "":
			continue
		default:
			k = kept{name: name, origin: own, document: d}
			if known {
				k.origin = edited
			}
			if k.model, err = segment.ParseModel([]byte(d.Body)); err != nil {
				k.problem = err.Error()
			}
		}
		found[name] = k
	}
	var all []kept
	for _, k := range found {
		all = append(all, k)
	}
	slices.SortFunc(all, func(a, b kept) int { return strings.Compare(a.name, b.name) })
	return all, documents, nil
}

// oneKept returns the model of a name; NotFound where there is none.
func (h *Handler) oneKept(ctx context.Context, name string) (kept, error) {
	all, _, err := h.kept(ctx)
	if err != nil {
		return kept{}, err
	}
	names := make([]string, len(all))
	for i, k := range all {
		if k.name == name {
			return k, nil
		}
		names[i] = k.name
	}
	return kept{}, fault.New(fault.NotFound, "there is no such model: there are %s", strings.Join(names, ", "))
}

// models lists the segment models, and what their rules may look at.
func (h *Handler) models(ctx context.Context, _ *api.Request) (api.Response, error) {
	all, _, err := h.kept(ctx)
	if err != nil {
		return api.Response{}, err
	}
	stands, err := h.standing(ctx)
	if err != nil {
		return api.Response{}, err
	}
	out := modelsView{Models: []modelView{}, Broken: []brokenView{}, Inputs: inputViews()}
	for i := range all {
		if k := &all[i]; k.model == nil {
			out.Broken = append(out.Broken, brokenView{k.name, k.problem})
		} else {
			out.Models = append(out.Models, viewOfModel(k, stands))
		}
	}
	return api.JSON(http.StatusOK, out), nil
}

// model shows a model as its YAML, or read.
func (h *Handler) model(ctx context.Context, r *api.Request) (api.Response, error) {
	form, err := format(r, "yaml", "json")
	if err != nil {
		return api.Response{}, err
	}
	k, err := h.oneKept(ctx, pathParameter(r, "name"))
	if err != nil {
		return api.Response{}, err
	}
	if form == "yaml" {
		if k.document.Body != "" {
			return text("application/yaml", k.document.Body), nil
		}
		return text("application/yaml", string(k.model.Source())), nil
	}
	if k.model == nil {
		return api.Response{}, fault.New(fault.Conflict, "the model cannot be read any more, edit or delete it: %s", k.problem)
	}
	stands, err := h.standing(ctx)
	if err != nil {
		return api.Response{}, err
	}
	return api.JSON(http.StatusOK, detailOf(&k, stands)), nil
}

// putModel keeps a model that an operator has written or edited.
func (h *Handler) putModel(ctx context.Context, r *api.Request) (api.Response, error) {
	body, err := api.Body(r, segment.MaxModelBytes)
	if err != nil {
		return api.Response{}, err
	}
	m, err := segment.ParseModel(body)
	if err != nil {
		return api.Response{}, err
	}
	if name := pathParameter(r, "name"); m.Name != name {
		return api.Response{}, fault.At("/name", "the model calls itself %s, which is not the name in the address: both must be the same", m.Name)
	}
	var k kept
	err = again(ctx, func() (err error) {
		k, err = h.edit(ctx, m)
		return err
	})
	if err != nil {
		return api.Response{}, err
	}
	return h.changed(ctx, &k)
}

// edit writes a model over the one that stands. Where somebody else was quicker it returns errMoved.
func (h *Handler) edit(ctx context.Context, m *segment.Model) (kept, error) {
	all, documents, err := h.kept(ctx)
	if err != nil {
		return kept{}, err
	}
	var stand []*segment.Model
	now := kept{name: m.Name, origin: own, model: m}
	for _, k := range all {
		if k.model != nil {
			stand = append(stand, k.model)
		}
		if k.name == m.Name && k.origin != own {
			now.origin = edited
		}
	}
	set, err := segment.NewSet(stand...)
	if err != nil {
		return kept{}, err
	}
	if _, err := set.With(m); err != nil {
		return kept{}, err
	}
	now.document = h.next(documents, recalc.ModelDocument(m.Name), string(m.Source()))
	if err := recalc.CheckDocument(now.document, h.business.Currency); err != nil {
		return kept{}, err
	}
	if err := recalc.CheckSpace(documents, now.document); err != nil {
		return kept{}, err
	}
	return now, moved(h.store.PutDocument(ctx, &now.document, document.Edits(documents)))
}

// deleteModel takes a model away, or an edit of one that came with the suite back.
func (h *Handler) deleteModel(ctx context.Context, r *api.Request) (api.Response, error) {
	if err := noBody(r); err != nil {
		return api.Response{}, err
	}
	var k kept
	err := again(ctx, func() (err error) {
		if k, err = h.oneKept(ctx, pathParameter(r, "name")); err != nil {
			return err
		}
		if k.origin == builtIn {
			return fault.New(fault.Conflict, "the model is as it came with the suite, and stays: only edits of it can be deleted")
		}
		all, err := h.store.Documents(ctx)
		if err != nil {
			return err
		}
		k.document = h.next(all, recalc.ModelDocument(k.name), "")
		return moved(h.store.PutDocument(ctx, &k.document, document.Edits(all)))
	})
	if err != nil {
		return api.Response{}, err
	}
	k.model = nil
	if m, ok := h.builtIn().Model(k.name); ok {
		k.model, k.origin = m, builtIn
	}
	return h.changed(ctx, &k)
}

// withNextRun says when edits take effect.
const withNextRun = "with the next recalculation"

// changed answers an edit with what stands now, null where a model is gone.
func (h *Handler) changed(ctx context.Context, k *kept) (api.Response, error) {
	out := changedView{Name: k.name, TakesEffect: withNextRun}
	if k.model != nil {
		stands, err := h.standing(ctx)
		if err != nil {
			return api.Response{}, err
		}
		detail := detailOf(k, stands)
		out.Model = &detail
	}
	return api.JSON(http.StatusOK, out), nil
}

// next is the document that follows the one of its name.
func (h *Handler) next(all []document.Document, name, body string) document.Document {
	d := document.Document{Name: name, Version: 1, Body: body, Edited: h.now()}
	for _, stored := range all {
		if stored.Name == name {
			d.Version = stored.Version + 1
		}
	}
	return d
}

// modelVersion is the version of a model in a run; nil where the run did not know it.
func modelVersion(j *judged, name string) *int {
	if j == nil {
		return nil
	}
	if m, ok := j.options.Models.Model(name); ok {
		return &m.Version
	}
	return nil
}

// etag is the entity tag of a document.
func etag(d *document.Document) string { return strconv.Quote(strconv.FormatInt(d.Version, 10)) }

func editedAt(d *document.Document) *time.Time {
	if d.Body == "" {
		return nil
	}
	return timeOf(d.Edited)
}
