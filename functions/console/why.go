package main

import (
	"context"
	"net/http"
	"slices"
	"time"

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
	Variant string         `json:"variant,omitempty"`
	Says    string         `json:"says"`             // in words
	Causes  []causeView    `json:"causes,omitempty"` // of one that was held for a customer's word or an address's suppression, as known now
	Waits   *outreach.Wait `json:"waits,omitempty"`  // absent where it waits for nothing
}

// telling is what decisions are told with.
type telling struct {
	*causes
	scenes *scene.Set
	coded  map[string]bool // ids of entries that have a code
	now    time.Time
}

// decision tells what was decided, what it waits for, and why a customer was not to be reached.
func (t *telling) decision(ctx context.Context, e *message.Entry) (v decisionView, err error) {
	sc := t.scenes.Scene(e.Scene)
	v = decisionView{messageView: viewOfMessage(e), Variant: e.Variant}
	v.Waits = outreach.Waits(e, sc, sc != nil && t.coded[sc.EntryID(e.Customer, e.Occasion, 0)], t.now)
	if e.State == message.Held {
		known, err := t.of(ctx, sc, e.Channel, e.Reason)
		if err != nil {
			return v, err
		}
		v.Causes = then(e, known)
	}
	v.Says = t.saysOf(e, sc, &v)
	return v, nil
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
	t := &telling{causes: h.causesOf(all), scenes: stand.Scenes, coded: map[string]bool{}, now: h.now()}
	entries, more, err := h.decided(ctx, all, id, t.coded)
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
		told, err := t.decision(ctx, &entries[i])
		if err != nil {
			return api.Response{}, err
		}
		v.Decisions = append(v.Decisions, told)
	}
	if sc != nil {
		if v.Now, err = h.judgeNow(ctx, stand, sc, rec.ID, entries, t); err != nil {
			return api.Response{}, err
		}
	}
	return api.JSON(http.StatusOK, v), nil
}

// decided reads what was decided of a scene for a customer under all ids, the latest first; without a scene, the last of each. It
// notes which entries have a code.
func (h *Handler) decided(ctx context.Context, all []customer.ID, id string, coded map[string]bool) (entries []message.Entry, more bool, err error) {
	cursor := ""
	for page := 0; page < whyPages; page++ {
		some, next, err := h.entries(ctx, all, pageOfEntries, cursor)
		if err != nil {
			return nil, false, err
		}
		for _, e := range some {
			if e.Code.Code != "" {
				coded[e.ID] = true
			}
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
func (t *telling) saysOf(e *message.Entry, sc *scene.Scene, v *decisionView) string {
	says := saysOfReason(e.Reason, v.Causes)
	if says == "" && e.Reason != "" {
		says = "the provider says " + e.Reason
	}
	switch e.State {
	case message.Held:
		return "held: " + says
	case message.Deferred:
		return "waits: " + v.Waits.Says(e.Reason, t.now)
	case message.Claimed:
		if v.Waits == nil {
			return "all gates let it pass: it is about to be sent"
		}
		return "all gates let it pass: " + v.Waits.Says(e.Reason, t.now)
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
