package main

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"strings"

	"liuke/shared/budget"
	"liuke/shared/document"
	"liuke/shared/fault"
	"liuke/shared/outreach"
	"liuke/shared/request"
)

// Scenes keeps the scenes, blocks and templates that operators have written.
type Scenes interface {
	outreach.Store
	// PutSceneDocument returns a Conflict where any of them was edited since so many edits had been made. Events are what the
	// scenes then ask to be told of.
	PutSceneDocument(ctx context.Context, d *document.Document, edits int64, events []string) error
}

// checkOutreach returns an Invalid error that says what to change where the settings of reaching out cannot be read, or limit
// what a scene may cost that there is not and that was not limited before.
func (h *Handler) checkOutreach(ctx context.Context, body []byte) error {
	if len(bytes.TrimSpace(body)) == 0 { // which stands for the defaults, where it is stored
		return request.Parse(body, &struct{}{})
	}
	s, err := outreach.ParseSettings(string(body), h.came().Policy, h.business.Currency)
	if err != nil || len(s.Limits.Scene)+len(s.Limits.SceneDay) == 0 {
		return err
	}
	known := map[string]bool{}
	for _, sc := range h.came().All() {
		known[sc.ID] = true
	}
	documents, err := h.store.SceneDocuments(ctx)
	if err != nil {
		return err
	}
	for _, d := range documents {
		if kind, id, ok := outreach.KindOf(d.Name); ok && kind == outreach.Scene && d.Body != "" {
			known[id] = true
		}
	}
	stored, err := h.store.Document(ctx, outreach.Document)
	if err != nil {
		return err
	}
	// What was written before may be written again, though its scene was deleted since.
	if before, err := outreach.ParseSettings(stored.Body, h.came().Policy, h.business.Currency); err == nil {
		for _, limited := range []map[string]budget.Micro{before.Limits.Scene, before.Limits.SceneDay} {
			for id := range limited {
				known[id] = true
			}
		}
	}
	for _, limited := range []map[string]budget.Micro{s.Limits.Scene, s.Limits.SceneDay} {
		for _, id := range slices.Sorted(maps.Keys(limited)) {
			if !known[id] {
				return fault.At("/budget/scenes/"+pointerOf(id), "there is no scene %s: there are %s", id, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
			}
		}
	}
	return nil
}

// labels returns the labels of a segment model that comes with the suite, and whether outreach is told of changes between them.
func (h *Handler) labels(model string) (labels []string, told, ok bool) {
	m, ok := h.builtIn().Model(model)
	if !ok {
		return nil, false, false
	}
	for _, l := range m.Labels() {
		labels = append(labels, string(l))
	}
	return labels, m.Signals, true
}
