package main

import (
	"context"
	"net/http"
	"slices"

	"liuke/shared/api"
	"liuke/shared/customer"
	"liuke/shared/message"
	"liuke/shared/outreach"
	"liuke/shared/scene"
)

// Limits of what one answer looks at.
const (
	whyPages = 20 // of pageOfEntries
	// pageOfEntries is how many entries of the ledger are read at once.
	pageOfEntries = 200
	maxDecisions  = 100
)

// whyView says why a customer did, or didn't, get what scenes say.
type whyView struct {
	Customer  customer.ID    `json:"customer_id"`
	Scene     string         `json:"scene,omitempty"` // null where all are looked at
	Decisions []decisionView `json:"decisions"`       // of one scene, the latest first; else the last of each scene
	More      bool           `json:"more"`            // whether there are decisions beyond those that were looked at
	Now       *nowView       `json:"now"`             // null where no scene is named
}

// decisionView is what was decided once.
type decisionView struct {
	messageView
	Variant string `json:"variant,omitempty"`
	Says    string `json:"says"` // in words
}

// why says why a customer did, or didn't, get what a scene says.
func (h *Handler) why(ctx context.Context, r *api.Request) (api.Response, error) {
	id, named := r.QueryStringParameters["scene"]
	rec, all, err := h.person(ctx, r)
	if err != nil {
		return api.Response{}, err
	}
	stand, err := h.library.Fresh(ctx)
	if err != nil {
		return api.Response{}, err
	}
	sc := stand.Scenes.Scene(id)
	entries, more, err := h.decided(ctx, all, id)
	if err != nil {
		return api.Response{}, err
	}
	if named && sc == nil && len(entries) == 0 {
		if _, err := oneWriting(stand, outreach.Scene, id); err != nil {
			return api.Response{}, err
		}
	}
	v := whyView{Customer: rec.ID, Scene: id, Decisions: []decisionView{}, More: more}
	for i := range entries {
		v.Decisions = append(v.Decisions, decisionView{viewOfMessage(&entries[i]), entries[i].Variant, saysOf(&entries[i], stand.Scenes.Scene(entries[i].Scene))})
	}
	if sc != nil {
		if v.Now, err = h.judgeNow(ctx, stand, sc, rec.ID, entries); err != nil {
			return api.Response{}, err
		}
	}
	return api.JSON(http.StatusOK, v), nil
}

// decided reads what was decided of a scene for a customer under all ids, the latest first; without a scene, the last of each.
func (h *Handler) decided(ctx context.Context, all []customer.ID, id string) (entries []message.Entry, more bool, err error) {
	cursor := ""
	for page := 0; page < whyPages; page++ {
		some, next, err := h.entries(ctx, all, pageOfEntries, cursor)
		if err != nil {
			return nil, false, err
		}
		for _, e := range some {
			if e.Occasion != outreach.OccasionOnce && (id == "" || e.Scene == id) { // that entry says no more than that there was another
				entries = append(entries, e)
			}
		}
		if cursor = next; next == "" {
			break
		}
	}
	slices.SortStableFunc(entries, func(a, b message.Entry) int { return b.Decided.Compare(a.Decided) })
	if id == "" {
		seen := map[string]bool{}
		entries = slices.DeleteFunc(entries, func(e message.Entry) bool {
			before := seen[e.Scene]
			seen[e.Scene] = true
			return before
		})
	}
	return entries[:min(len(entries), maxDecisions)], cursor != "" || len(entries) > maxDecisions, nil
}

// saysOf says what an entry has come to, of a scene that may be gone.
func saysOf(e *message.Entry, sc *scene.Scene) string {
	says := outreach.Says(e.Reason)
	if says == "" && e.Reason != "" {
		says = "the provider says " + e.Reason
	}
	switch e.State {
	case message.Held:
		return "held: " + says
	case message.Deferred:
		return "waits: " + says
	case message.Claimed:
		return "all gates let it pass: it is about to be sent"
	case message.Sending:
		return "it is being sent"
	case message.Failed:
		return "not sent: " + says
	case message.Unknown:
		return "nobody can tell whether it was sent: " + says
	case message.Done:
		if e.Channel != message.Task || sc != nil && !sc.Step(e.Step).Speaks() {
			return "the step only branches, and the journey went on"
		}
		return "a task was made of it"
	}
	switch {
	case !e.Complained.IsZero():
		return "sent, and complained about"
	case !e.Bounced.IsZero():
		return "sent, and bounced"
	case !e.Delivered.IsZero():
		return "sent and delivered"
	}
	return "sent"
}
