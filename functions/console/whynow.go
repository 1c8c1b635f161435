package main

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"liuke/shared/budget"
	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/offer"
	"liuke/shared/outreach"
	"liuke/shared/quiet"
	"liuke/shared/scene"
	"liuke/shared/signal"
	"liuke/shared/survey"
)

// Means reads what messages take that others then lack, and whether an invitation was answered. None of it writes.
type Means interface {
	Counters(ctx context.Context, accounts ...budget.Account) (budget.Counters, error)
	// HasCode reports whether an entry would find a code in the pool.
	HasCode(ctx context.Context, p *offer.Pool, entry string) (bool, error)
	// Answer returns nil where there is none.
	Answer(ctx context.Context, c customer.ID, survey, invitation string) (*survey.Answer, error)
}

// nowView is what the gates would say now: of the scene's own message if it were set off now, and of each step behind it.
type nowView struct {
	Enabled  bool   `json:"enabled"`            // nothing sets off a scene that is switched off
	JudgeOn  string `json:"judge_on"`           // what is taken to have set it off: the last occasion, or a sample
	Occasion string `json:"occasion,omitempty"` // of which the decisions are; "" for a sample
	StandsAt *int   `json:"stands_at"`          // the step that the occasion's journey comes to next; null where it has ended or never began
	stepView
	Steps []stepView `json:"steps"` // behind the scene's own message, reminders among them
}

// stepView is what was decided of a step, and what would be now.
type stepView struct {
	Step     int           `json:"step"`
	ID       string        `json:"step_id,omitempty"`
	Decision *decisionView `json:"decision,omitempty"` // that stands in the ledger for the occasion; absent where nothing was decided
	DueAt    *time.Time    `json:"due_at,omitempty"`   // of the step that comes next: when it is decided at the latest
	Outcome  string        `json:"outcome"`            // pass, hold or defer
	Says     string        `json:"says"`
	Gates    []gateView    `json:"gates"` // in the order in which they are asked: the first that does not pass decides
}

type gateView struct {
	Gate    string      `json:"gate"`
	Outcome string      `json:"outcome"`
	Reason  string      `json:"reason,omitempty"`
	Says    string      `json:"says,omitempty"`
	Causes  []causeView `json:"causes,omitempty"` // of the gates consent and suppression: what is known of why
	Until   *time.Time  `json:"until,omitempty"`
}

var outcomes = map[scene.Outcome]string{scene.Pass: "pass", scene.Hold: "hold", scene.Defer: "defer"}

// judging is what a scene is judged on for a customer.
type judging struct {
	*Handler
	stand   *outreach.Stand
	scene   *scene.Scene
	dossier message.Dossier
	signal  signal.Signal
	now     time.Time
	survey  *survey.Survey
	rules   scene.Rules
	owner   customer.ID              // under whom the occasion's entries stand
	entries map[string]message.Entry // of the occasion, by id
	means   outreach.Means
	told    *telling
}

// judgeNow asks the gates about every step of a scene, on what set it off last.
func (h *Handler) judgeNow(ctx context.Context, stand *outreach.Stand, sc *scene.Scene, id customer.ID, entries []message.Entry, t *telling) (*nowView, error) {
	j := &judging{Handler: h, told: t, stand: stand, scene: sc, now: h.now(), owner: id, entries: map[string]message.Entry{},
		rules: scene.Rules{Policy: stand.Scenes.Policy, Atlas: quiet.NewAtlas(h.business.Zone)}}
	v := &nowView{Enabled: sc.Enabled, JudgeOn: "sample", Steps: []stepView{}}
	j.signal = outreach.SampleSignal(sc, id, h.business.Currency, j.now)
	if i := slices.IndexFunc(entries, func(e message.Entry) bool { return e.Step == 0 && e.Kind == j.signal.Kind }); i >= 0 {
		last := &entries[i]
		v.JudgeOn, v.Occasion, j.signal.ID, j.signal.Data, j.owner = "last_occasion", last.Occasion, last.Occasion, last.Data, last.Customer
		for _, e := range entries {
			if e.Scene == sc.ID && e.Occasion == last.Occasion && e.Customer == last.Customer {
				j.entries[e.ID] = e
			}
		}
	}
	if err := j.read(ctx, id); err != nil {
		return nil, err
	}
	var err error
	if v.stepView, err = j.step(ctx, 0); err != nil {
		return nil, err
	}
	for step := 1; step < len(sc.Steps)+j.reminders(); step++ {
		next, err := j.step(ctx, step)
		if err != nil {
			return nil, err
		}
		v.Steps = append(v.Steps, next)
	}
	j.place(v)
	if !sc.Enabled {
		v.Says = "the scene is switched off: nothing sets it off"
	}
	return v, nil
}

// reminders is how often the scene reminds of its survey.
func (j *judging) reminders() int {
	if j.survey == nil || !j.scene.Asks() {
		return 0
	}
	return len(j.survey.Invite.Reminders)
}

// read reads what the gates are asked about.
func (j *judging) read(ctx context.Context, id customer.ID) (err error) {
	wanted := message.Wanted{Customer: id}
	if j.scene.Enter.Once {
		wanted.Entries = []string{j.scene.EntryID(id, outreach.OccasionOnce, 0)}
	}
	if j.dossier, err = j.store.Dossier(ctx, wanted); err != nil {
		return err
	}
	if j.dossier.Erased {
		return fault.New(fault.Gone, "the customer was erased")
	}
	surveys, err := j.store.Surveys(ctx)
	if err != nil {
		return err
	}
	j.survey = surveys[j.scene.Ask(j.signal).Survey]
	limits := j.stand.Settings.LimitsOf(j.scene, j.business.Currency)
	if j.means.Spent, err = j.store.Counters(ctx, limits.Accounts(j.scene.ID, budget.Day(j.now, j.business.Zone))...); err != nil || !outreach.Takes(j.scene, false) {
		return err
	}
	pools, err := j.store.Pools(ctx)
	j.means.Pool = pools[j.scene.Offer.Pool]
	return err
}

// entry is what stands in the ledger of a step, if anything does.
func (j *judging) entry(step int) (message.Entry, bool) {
	e, ok := j.entries[j.scene.EntryID(j.owner, j.signal.ID, step)]
	return e, ok
}

// candidate is what the gates are asked about a step: of the scene's own message as if it were set off now, and of another as what
// became of the first lets it be.
func (j *judging) candidate(ctx context.Context, step int) (c scene.Candidate, err error) {
	sig := j.signal
	first, began := j.entry(0)
	if step > 0 && began {
		sig.Time = first.Caused
	}
	c = outreach.Candidate(&j.dossier, j.scene, sig, j.scene.Ask(sig), j.survey, j.now)
	c.Step, c.Ways = step, j.ways
	if e := j.scene.Experiment; e != nil {
		c.Variant = e.Variants[e.Assign(j.dossier.Person)].ID
	}
	switch {
	case step == 0:
		c.Entered = j.entered()
	case step >= len(j.scene.Steps):
		if c.Invited = first.State == message.Sent; c.Invited {
			answer, err := j.store.Answer(ctx, first.Customer, first.Invitation.Survey, first.Invitation.ID)
			if err != nil {
				return c, err
			}
			c.Answered = answer != nil
		}
	case began:
		outreach.Follow(&c, &first)
		e, _ := j.entry(step)
		c.Came = e.Came != ""
	}
	return c, outreach.Suppressed(ctx, &c, j.store.Suppressed)
}

// entered is when the customer entered the scene last, zero for never; it matters where the scene isn't entered on each occasion.
func (j *judging) entered() (last time.Time) {
	if j.scene.Enter == (scene.Enter{}) {
		return last
	}
	if before, ok := j.dossier.Contact.EnteredLast(j.scene.ID); ok {
		return before.At
	}
	for _, once := range j.dossier.Entries {
		last = once.Decided
	}
	return last
}

// step is what was decided of a step on the occasion, and what each gate says now.
func (j *judging) step(ctx context.Context, step int) (v stepView, err error) {
	v = stepView{Step: step, ID: j.stepID(step)}
	if e, ok := j.entry(step); ok {
		told, err := j.told.decision(ctx, &e)
		if err != nil {
			return v, err
		}
		v.Decision = &told
	}
	c, err := j.candidate(ctx, step)
	if err != nil {
		return v, err
	}
	said := j.rules.Explain(c)
	v.Outcome, v.Says = outcomes[scene.Pass], "it would be sent"
	switch {
	case !j.scene.Step(step).Speaks():
		v.Says = "it says nothing, and the journey would go on"
	case j.scene.Named(step) == message.Task:
		v.Says = "a task would be made"
	default:
		last, err := j.lacking(ctx, &c)
		if err != nil {
			return v, err
		}
		said = append(said, last...)
	}
	for _, one := range said {
		g := gateView{Gate: one.Gate, Outcome: outcomes[one.Outcome], Reason: one.Reason, Until: timeOf(one.Until)}
		if g.Causes, err = j.told.ofNow(ctx, &c, one.Reason); err != nil {
			return v, err
		}
		g.Says = saysOfReason(one.Reason, g.Causes)
		v.Gates = append(v.Gates, g)
		if v.Outcome == outcomes[scene.Pass] && one.Outcome != scene.Pass {
			v.Outcome, v.Says = g.Outcome, g.Says
		}
	}
	return v, nil
}

// lacking is what the gates say that take money and codes, and take none.
func (j *judging) lacking(ctx context.Context, c *scene.Candidate) ([]scene.Verdict, error) {
	id := j.scene.EntryID(j.owner, j.signal.ID, c.Step)
	first, _ := j.entry(0)
	carries := c.Step > 0 && first.Code.Code != ""
	means := outreach.Means{Spent: maps.Clone(j.means.Spent), Pool: j.means.Pool}
	if means.Pool != nil && outreach.Takes(c.Scene, carries) {
		found, err := j.store.HasCode(ctx, means.Pool, id)
		if err != nil {
			return nil, err
		}
		if found {
			means.Codes = 1
		}
	}
	_, dear := means.Afford(&j.stand.Settings, c, j.business.Currency, j.business.Zone, id)
	out := []scene.Verdict{{Gate: scene.GateBudget, Reason: dear}, {Gate: scene.GateOffer, Reason: means.Give(c, carries)}}
	for i := range out {
		if out[i].Reason != "" {
			out[i].Outcome = scene.Hold
		}
	}
	return out, nil
}

// stepID names a step; "" for the scene's own message.
func (j *judging) stepID(step int) string {
	if past := step - len(j.scene.Steps); past >= 0 {
		return "reminder_" + strconv.Itoa(past+1)
	}
	return j.scene.Steps[step].ID
}

// place says where the journey of the occasion stands, and when it goes on.
func (j *judging) place(v *nowView) {
	if _, began := j.entry(0); !began {
		return
	}
	step, since := outreach.Standing(j.scene, j.owner, j.signal.ID, j.entries)
	if step == scene.Exit {
		return
	}
	at, due := &v.stepView, since
	if step > 0 {
		at, due = &v.Steps[step-1], since.Add(j.scene.Steps[step].After)
	}
	if e, ok := j.entry(step); ok {
		due = e.Due
	}
	v.StandsAt, at.DueAt = &step, timeOf(due)
}
