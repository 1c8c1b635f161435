package main

import (
	"context"
	"net/http"
	"strings"

	"liuke/shared/api"
	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/recalc"
	"liuke/shared/segment"
)

type segmentsView struct {
	Model       string         `json:"model"`
	Version     int            `json:"version"`
	Title       segment.Text   `json:"title"`
	RunID       *string        `json:"run_id"` // null before the first recalculation
	AsOf        *string        `json:"as_of"`
	Segments    []segmentView  `json:"segments"` // every one of the model, in its order, and unknown where it has customers
	Transitions []segment.Move `json:"transitions"`
}

// segmentView is a segment's totals with what people read of it.
type segmentView struct {
	recalc.ViewSegment
	Title    segment.Text  `json:"title"`
	Strategy *segment.Text `json:"strategy"`
}

// modelName returns the query's model, the default one where there is none.
func modelName(r *api.Request) string {
	if name, ok := r.QueryStringParameters["model"]; ok {
		return name
	}
	return segment.Default
}

// modelOf returns a model as a run has it, or, before the first, as the next one will.
func (h *Handler) modelOf(ctx context.Context, j *judged, name string) (*segment.Model, error) {
	if j == nil {
		k, err := h.oneKept(ctx, name)
		if err == nil && k.model == nil {
			err = fault.New(fault.Conflict, "the model cannot be read any more, edit or delete it: %s", k.problem)
		}
		return k.model, err
	}
	m, ok := j.options.Models.Model(name)
	if !ok {
		return nil, fault.New(fault.NotFound, "the run %s knows no such model: it knows %s; one that was added since comes %s",
			j.run.ID, strings.Join(j.options.Models.Names(), ", "), withNextRun)
	}
	return m, nil
}

// segments shows the segments of a model as the run has them that was applied last.
func (h *Handler) segments(ctx context.Context, r *api.Request) (api.Response, error) {
	stands, err := h.standing(ctx)
	if err != nil {
		return api.Response{}, err
	}
	model, err := h.modelOf(ctx, stands, modelName(r))
	if err != nil {
		return api.Response{}, err
	}
	out := segmentsView{Model: model.Name, Version: model.Version, Title: model.Title, Segments: []segmentView{}, Transitions: []segment.Move{}}
	var totals []segment.LabelTotals
	if stands == nil {
		for _, label := range model.Labels() {
			totals = append(totals, segment.LabelTotals{Name: label})
		}
	} else {
		v := stands.run.View()
		out.RunID, out.AsOf = &v.RunID, &v.AsOf
		a, err := h.analysis(ctx, stands.run.ID)
		if err != nil {
			return api.Response{}, err
		}
		for _, m := range a.Models {
			if m.Model == model.Name {
				totals = m.Segments
				out.Transitions = append(out.Transitions, m.Moves...)
			}
		}
	}
	for _, t := range totals {
		l := labelOf(model, t.Name)
		out.Segments = append(out.Segments, segmentView{recalc.SegmentView(t, h.business.Currency), l.Title, l.Strategy})
	}
	return api.JSON(http.StatusOK, out), nil
}

type memberView struct {
	CustomerID customer.ID `json:"customer_id"`
}

// members lists the customers of a segment, as the run has them that was applied last when the first page was read: the
// cursor keeps to that run. Who was erased since is left out, so that a page may be short.
func (h *Handler) members(ctx context.Context, r *api.Request) (api.Response, error) {
	model, name := modelName(r), pathParameter(r, "name")
	n, err := limit(r, 100, 1000)
	if err != nil {
		return api.Response{}, err
	}
	list := []string{"members", model, strings.ToLower(name)}
	given, err := openCursor(r, list...)
	if err != nil {
		return api.Response{}, err
	}
	of, at, err := h.readable(ctx, given)
	if err != nil {
		return api.Response{}, err
	}
	m, err := h.modelOf(ctx, of, model)
	if err != nil {
		return api.Response{}, err
	}
	label, err := spelled(m, name)
	if err != nil {
		return api.Response{}, err
	}
	out := struct {
		Model      string        `json:"model"`
		Segment    segment.Label `json:"segment"`
		RunID      *string       `json:"run_id"`
		Customers  []memberView  `json:"customers"`
		NextCursor string        `json:"next_cursor,omitempty"`
	}{Model: m.Name, Segment: label, Customers: []memberView{}}
	if of == nil { // nothing was ever recalculated
		return api.JSON(http.StatusOK, out), nil
	}
	out.RunID = &of.run.ID
	page, err := recalc.SegmentMembers(ctx, h.lake, of.run.ID, m.Name, label, at, n)
	if err != nil {
		return api.Response{}, err
	}
	erased, err := h.store.ErasedAmong(ctx, page.Customers)
	if err != nil {
		return api.Response{}, err
	}
	for _, c := range page.Customers {
		if !erased[c] {
			out.Customers = append(out.Customers, memberView{c})
		}
	}
	if page.Next != "" {
		out.NextCursor = sealCursor(of.run.ID+"/"+page.Next, list...)
	}
	return api.JSON(http.StatusOK, out), nil
}

// readable returns the run whose members are read, the one that stands where no cursor names one, and where to go on; it
// returns an error where the run's scores cannot be read any more, or the cursor names a run that there is not.
func (h *Handler) readable(ctx context.Context, cursor string) (of *judged, at string, err error) {
	if cursor == "" {
		of, err = h.standing(ctx)
	} else {
		var id string
		id, at, _ = strings.Cut(cursor, "/")
		if !runID().MatchString(id) || at == "" {
			return nil, "", badCursor()
		}
		if of, err = h.judged(ctx, id); fault.CodeOf(err) == fault.NotFound {
			return nil, "", badCursor()
		}
	}
	if err != nil || of == nil {
		return nil, "", err
	}
	return of, at, h.expired(of.run)
}

// spelled returns a segment's name as the model spells it.
func spelled(m *segment.Model, name string) (segment.Label, error) {
	var names []string
	for _, l := range append(m.Labels(), segment.Unknown) {
		if strings.EqualFold(string(l), name) {
			return l, nil
		}
		names = append(names, string(l))
	}
	return "", fault.New(fault.NotFound, "there is no such segment: there are %s", strings.Join(names, ", "))
}
