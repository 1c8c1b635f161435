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
	Model       string               `json:"model"`
	RunID       *string              `json:"run_id"` // null before the first recalculation
	AsOf        *string              `json:"as_of"`
	Segments    []recalc.ViewSegment `json:"segments"` // every one of the model, in the order of its rules
	Transitions []segment.Move       `json:"transitions"`
}

// segments shows the segments as the run has them that was applied last.
func (h *Handler) segments(ctx context.Context, _ *api.Request) (api.Response, error) {
	run, err := h.currentRun(ctx)
	if err != nil {
		return api.Response{}, err
	}
	model := segment.RFM10()
	out := segmentsView{Model: model.Name, Segments: []recalc.ViewSegment{}, Transitions: []segment.Move{}}
	found := map[string]recalc.ViewSegment{}
	if run != nil {
		v := run.View()
		out.RunID, out.AsOf, out.Transitions = &v.RunID, &v.AsOf, v.Transitions
		for _, s := range v.Segments {
			found[s.Name] = s
		}
	}
	for _, label := range model.Labels() {
		s, ok := found[string(label)]
		if !ok {
			s = recalc.ViewSegment{Name: string(label), Revenue: h.business.Currency.Format(0)}
		}
		out.Segments = append(out.Segments, s)
	}
	return api.JSON(http.StatusOK, out), nil
}

type memberView struct {
	CustomerID customer.ID `json:"customer_id"`
}

// members lists the customers of a segment, as the run has them that was applied last when the first page was read: the
// cursor keeps to that run. Who was erased since is left out, so that a page may be short.
func (h *Handler) members(ctx context.Context, r *api.Request) (api.Response, error) {
	name, err := label(pathParameter(r, "name"))
	if err != nil {
		return api.Response{}, err
	}
	n, err := limit(r, 100, 1000)
	if err != nil {
		return api.Response{}, err
	}
	given, err := openCursor(r, "members", name)
	if err != nil {
		return api.Response{}, err
	}
	id, at, _ := strings.Cut(given, "/")
	if given == "" {
		if id, err = h.store.CurrentRun(ctx); err != nil {
			return api.Response{}, err
		}
	} else if !runID.MatchString(id) || at == "" {
		return api.Response{}, badCursor()
	}
	out := struct {
		Segment    string       `json:"segment"`
		RunID      *string      `json:"run_id"`
		Customers  []memberView `json:"customers"`
		NextCursor string       `json:"next_cursor,omitempty"`
	}{Segment: name, Customers: []memberView{}}
	if id == "" { // nothing was ever recalculated
		return api.JSON(http.StatusOK, out), nil
	}
	out.RunID = &id
	if err := h.readable(ctx, id, given != ""); err != nil {
		return api.Response{}, err
	}
	page, err := recalc.SegmentMembers(ctx, h.lake, id, segment.Default, segment.Label(name), at, n)
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
		out.NextCursor = sealCursor(id+"/"+page.Next, "members", name)
	}
	return api.JSON(http.StatusOK, out), nil
}

// readable returns an error where a run's scores cannot be read any more, or a cursor names a run that there is not.
func (h *Handler) readable(ctx context.Context, id string, resumed bool) error {
	run, err := h.store.Run(ctx, id)
	if resumed && fault.CodeOf(err) == fault.NotFound {
		return badCursor()
	}
	if err != nil {
		return err
	}
	return h.kept(run)
}

// label returns the segment's name as the model spells it.
func label(name string) (string, error) {
	labels := segment.RFM10().Labels()
	names := make([]string, len(labels))
	for i, l := range labels {
		if strings.EqualFold(string(l), name) {
			return string(l), nil
		}
		names[i] = string(l)
	}
	return "", fault.New(fault.NotFound, "there is no such segment: there are %s", strings.Join(names, ", "))
}
