package scene

import (
	"encoding/json"
	"time"

	"liuke/shared/customer"
	"liuke/shared/signal"
)

// Ask is the invitation to a survey that a scene makes of a signal; the zero value is of one that asks nothing.
type Ask struct {
	Survey     string
	Invitation string // its id: that of the request, or else that of the ledger entry which invites
	Node       string // of the service, as the request names it; "" for the survey's own
	Again      bool   // asked again once, whenever the customer was asked before
}

// Asks reports whether the scene invites to a survey.
func (s *Scene) Asks() bool { return s.Survey != "" || s.On.Signal == signal.Requested }

// Ask returns the invitation that the scene makes of a signal which sets it off.
func (s *Scene) Ask(sig signal.Signal) Ask {
	if !s.Asks() {
		return Ask{}
	}
	ask := Ask{Survey: s.Survey, Invitation: s.EntryID(sig.Customer, sig.ID, 0)}
	var d signal.RequestData
	if s.On.Signal == signal.Requested && json.Unmarshal(sig.Data, &d) == nil {
		ask.Survey, ask.Node, ask.Again = d.Survey, d.Node, d.Again
		if d.Invitation != "" {
			ask.Invitation = d.Invitation
		}
	}
	return ask
}

// Reminder returns how long after a step of an invitation its next one is due; not ok where none is left, or the scene's
// survey is not there.
func (c *Candidate) Reminder() (after time.Duration, ok bool) {
	if c.Survey == nil || c.Step >= len(c.Survey.Invite.Reminders) {
		return 0, false
	}
	after = c.Survey.Invite.Reminders[c.Step]
	if c.Step > 0 {
		after -= c.Survey.Invite.Reminders[c.Step-1]
	}
	return after, true
}

// answered keeps from being reminded who has answered, and whom no invitation has reached. It is asked first: who has
// answered is done with.
func (r *Rules) answered(c *Candidate) Verdict {
	switch {
	case c.Step == 0 || !c.Scene.Asks():
		return Verdict{}
	case !c.Invited:
		return hold("not_invited")
	case c.Answered:
		return hold("answered")
	}
	return Verdict{}
}

// closed keeps from asking to a survey that takes no answers.
func (r *Rules) closed(c *Candidate) Verdict {
	switch {
	case c.Ask.Survey == "":
		return Verdict{}
	case c.Survey == nil:
		return hold("no_survey")
	case c.Survey.Closed:
		return hold("survey_closed")
	}
	return Verdict{}
}

// recontact leaves customers in peace for a while after they were asked: by the survey's own word, and the policy's for all
// surveys; also where it was another tool that asked, before an import. A reminder asks nothing new, and a customer who is asked again because a complaint was seen to is waiting for it.
func (r *Rules) recontact(c *Candidate) Verdict {
	if c.Ask.Survey == "" || c.Step > 0 || c.Ask.Again {
		return Verdict{}
	}
	switch own, all := c.Survey.Invite.AgainAfter, r.Policy.AskAgainAfter; {
	case own > 0 && c.Contact.AskedWithin(c.Now, own, c.Ask.Survey):
		return hold("asked_before")
	case all > 0 && c.Contact.AskedWithin(c.Now, all, ""):
		return hold("asked_lately")
	}
	if at, err := time.Parse(time.RFC3339, c.Profile.Get(customer.TraitSurveyed)); err == nil && c.Now.Sub(at) < max(c.Survey.Invite.AgainAfter, r.Policy.AskAgainAfter) {
		return hold("asked_elsewhere")
	}
	return Verdict{}
}

// sample asks a share of the customers alone. Who is in it is drawn anew for each survey and occasion, and stays as it is
// however often that is looked at. Who is asked again was in it.
func (r *Rules) sample(c *Candidate) Verdict {
	if c.Ask.Survey == "" || c.Step > 0 || c.Ask.Again {
		return Verdict{}
	}
	if !r.Policy.Holdout.Named("sample/"+c.Ask.Survey+"/"+c.Signal.ID, c.Survey.Invite.Sample).Holds(c.Person) {
		return hold("not_in_sample")
	}
	return Verdict{}
}
