package main

import (
	"context"
	"net/http"
	"slices"
	"time"

	"liuke/shared/api"
	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/outreach"
	"liuke/shared/quiet"
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

// nowView is what the gates would say of the scene's own message if it were set off now.
type nowView struct {
	Enabled bool       `json:"enabled"`  // nothing sets off a scene that is switched off
	JudgeOn string     `json:"judge_on"` // what is taken to have set it off: the last occasion, or a sample
	Outcome string     `json:"outcome"`  // pass, hold or defer
	Says    string     `json:"says"`
	Gates   []gateView `json:"gates"` // in the order in which they are asked: the first that does not pass decides
}

type gateView struct {
	Gate    string     `json:"gate"`
	Outcome string     `json:"outcome"`
	Reason  string     `json:"reason,omitempty"`
	Says    string     `json:"says,omitempty"`
	Until   *time.Time `json:"until,omitempty"`
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
		v.Decisions = append(v.Decisions, decisionView{viewOfMessage(&entries[i]), entries[i].Variant, saysOf(&entries[i])})
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
			if id == "" || e.Scene == id {
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

// saysOf says what an entry has come to.
func saysOf(e *message.Entry) string {
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

// judgeNow asks the gates about the scene's own message, as if it were set off now by what set it off last.
func (h *Handler) judgeNow(ctx context.Context, stand *outreach.Stand, sc *scene.Scene, id customer.ID, entries []message.Entry) (*nowView, error) {
	d, err := h.store.Dossier(ctx, message.Wanted{Customer: id})
	if err != nil {
		return nil, err
	}
	if d.Erased {
		return nil, fault.New(fault.Gone, "the customer was erased")
	}
	v := &nowView{Enabled: sc.Enabled, JudgeOn: "sample", Outcome: outcomes[scene.Pass], Says: "it would be sent"}
	sig := outreach.SampleSignal(sc, id, h.business.Currency, h.now())
	if i := slices.IndexFunc(entries, func(e message.Entry) bool { return e.Step == 0 && e.Kind == sig.Kind }); i >= 0 {
		v.JudgeOn, sig.ID, sig.Data = "last_occasion", entries[i].Occasion, entries[i].Data
	}
	ask := sc.Ask(sig)
	surveys, err := h.store.Surveys(ctx)
	if err != nil {
		return nil, err
	}
	c := outreach.Candidate(&d, sc, sig, ask, surveys[ask.Survey], h.now())
	c.Ways = h.ways
	if sc.Enter != (scene.Enter{}) {
		for _, before := range d.Contact.EnteredOf(sc.ID) {
			c.Entered = before.At
		}
	}
	if err := outreach.Suppressed(ctx, &c, h.store.Suppressed); err != nil {
		return nil, err
	}
	rules := scene.Rules{Policy: stand.Scenes.Policy, Atlas: quiet.NewAtlas(h.business.Zone)}
	for _, said := range rules.Explain(c) {
		g := gateView{Gate: said.Gate, Outcome: outcomes[said.Outcome], Reason: said.Reason, Says: outreach.Says(said.Reason), Until: timeOf(said.Until)}
		v.Gates = append(v.Gates, g)
		if v.Outcome == outcomes[scene.Pass] && said.Outcome != scene.Pass {
			v.Outcome, v.Says = g.Outcome, g.Says
		}
	}
	if !sc.Enabled {
		v.Says = "the scene is switched off: nothing sets it off"
	}
	return v, nil
}

var outcomes = map[scene.Outcome]string{scene.Pass: "pass", scene.Hold: "hold", scene.Defer: "defer"}
