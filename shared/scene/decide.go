package scene

import (
	"time"

	"liuke/shared/customer"
	"liuke/shared/holdout"
	"liuke/shared/message"
	"liuke/shared/offer"
	"liuke/shared/quiet"
	"liuke/shared/signal"
	"liuke/shared/survey"
)

// Policy is what holds for all scenes together.
type Policy struct {
	Quiet   quiet.Hours
	Caps    []Cap           // of marketing messages, by channel and overall
	Holdout holdout.Holdout // who gets no marketing at all; its salt is that of the scenes' own and of samples as well

	AskAgainAfter time.Duration // the least time between two invitations of one customer to whichever surveys; 0 for none
}

// Rules judge candidates.
type Rules struct {
	Policy Policy
	Atlas  *quiet.Atlas
}

// Candidate is a customer for whom a scene was set off, with all that the gates look at.
type Candidate struct {
	Scene   *Scene
	Signal  signal.Signal
	Person  customer.ID // who stands for the customer whom the signal names
	Profile customer.Profile
	Scores  customer.Scores // for the audience
	// Suppressed are the channels of the step whose address (see Address) must not be sent to.
	Suppressed map[message.Channel]bool
	Contact    message.Contact
	Now        time.Time
	// Ways are the channels that the deployment has switched on; nil for all.
	Ways map[message.Channel]bool
	// Chosen is the channel, where that is settled already, as for a message that was claimed; "" where Channel is to choose.
	Chosen message.Channel
	// Variant is the customer's, of a scene with variants: of step 0 as the experiment draws it, of later steps as step 0's
	// entry has it.
	Variant string

	// Entered is when the customer entered the scene last, by another occasion than this one's, as the contact record says;
	// zero for never. It matters where Scene.Enter is other than each.
	Entered time.Time
	GoalMet bool // the scene's goal has been met since the customer entered
	Came    bool // of a step that waits: the event is why it is decided now
	First   First

	Ask      Ask            // what the scene asks; see Scene.Ask
	Survey   *survey.Survey // of Ask; nil where it asks nothing, or there is no such survey
	Step     int            // 0 for an invitation, and from 1 for its reminders
	Invited  bool           // of a reminder: the invitation went out
	Answered bool           // of a reminder: it has been answered
}

// First is what became of the scene's own message, for the conditions of later steps.
type First struct{ Sent, Delivered, Opened, Clicked bool }

// Outcome is what a verdict comes to.
type Outcome int

// The outcomes.
const (
	Pass  Outcome = iota // claim it
	Hold                 // not for this occasion
	Defer                // ask again at Until
)

// Verdict is what the gates say of a candidate. Gate and Reason are empty for Pass.
type Verdict struct {
	Outcome Outcome
	Gate    string
	Reason  string    // a code, never personal data
	Until   time.Time // a whole minute, for Defer
}

// The gates, as verdicts name them.
const (
	GateAudience    = "audience"
	GateConsent     = "consent"
	GateSuppression = "suppression"
	GateHoldout     = "holdout"
	GateFrequency   = "frequency_cap"
	GateQuietHours  = "quiet_hours"
	GateAnswered    = "answered"
	GateClosed      = "closed"
	GateRecontact   = "recontact"
	GateSample      = "sample"
	GateGoal        = "goal"
	GateCondition   = "condition"
	GateEntry       = "entry"
	// The last two take something that others then lack, and are asked by whoever claims, or, of a webhook, by whoever sends.
	GateBudget = "budget"
	GateOffer  = "offer"
)

type gate struct {
	name string
	ask  func(*Rules, *Candidate) Verdict
}

// gates are asked in this order; the first that does not pass decides. The holdout stands behind the suppression, so that
// its verdicts are of customers who could have been written to. A budget belongs behind the quiet hours: the dear gates
// last, and none counts a customer whom another turns away.
var gates = []gate{
	{GateAnswered, (*Rules).answered},
	{GateGoal, (*Rules).goal},
	{GateAudience, (*Rules).audience},
	{GateCondition, (*Rules).condition},
	{GateEntry, (*Rules).entry},
	{GateConsent, (*Rules).consent},
	{GateSuppression, (*Rules).suppression},
	{GateHoldout, (*Rules).holdout},
	{GateFrequency, (*Rules).frequency},
	{GateClosed, (*Rules).closed},
	{GateRecontact, (*Rules).recontact},
	{GateSample, (*Rules).sample},
	{GateQuietHours, (*Rules).quietHours},
}

// gatesOfAsking are asked where a webhook gives the codes.
var gatesOfAsking = append(gates[:len(gates):len(gates)], gate{GateOffer, (*Rules).asked})

// gatesOfBranches are asked where a step says nothing.
var gatesOfBranches = []gate{
	{GateGoal, (*Rules).goal},
	{GateCondition, (*Rules).condition},
}

// rechecked are the gates whose answer may have changed since a claim.
var rechecked = []gate{
	{GateAnswered, (*Rules).answered},
	{GateGoal, (*Rules).goal},
	{GateConsent, (*Rules).consent},
	{GateSuppression, (*Rules).suppression},
	{GateClosed, (*Rules).closed},
}

// gatesOf are the gates that bear on a candidate's step.
func (c *Candidate) gatesOf() []gate {
	switch {
	case !c.Scene.Step(c.Step).Speaks():
		return gatesOfBranches
	case c.Scene.Named(c.Step) == message.Task:
		return gatesOfTasks
	case c.Scene.Offer.Asks():
		return gatesOfAsking
	}
	return gates
}

// Decide judges a candidate: the first gate that does not let it pass has the word. It is a pure function.
func (r *Rules) Decide(c Candidate) Verdict { return r.pass(c.gatesOf(), &c) }

// Explain is what each gate that bears on the candidate says by itself, in the order in which they are asked. The first that
// does not pass is Decide's verdict; what stand behind it were not asked.
func (r *Rules) Explain(c Candidate) []Verdict {
	asked := c.gatesOf()
	out := make([]Verdict, len(asked))
	for i, g := range asked {
		out[i] = g.ask(r, &c)
		out[i].Gate = g.name
	}
	return out
}

// Recheck looks again, right before a message is sent, at what may have changed since it was claimed: consent, the
// address, and its suppression; whether the survey still takes answers, and lacks this one; whether the journey has brought
// about what it is for. No policy bears on them.
func Recheck(c Candidate) Verdict { return (*Rules)(nil).pass(rechecked, &c) }

func (r *Rules) pass(gates []gate, c *Candidate) Verdict {
	for _, g := range gates {
		if v := g.ask(r, c); v.Outcome != Pass {
			v.Gate = g.name
			return v
		}
	}
	return Verdict{}
}

func hold(reason string) Verdict { return Verdict{Outcome: Hold, Reason: reason} }

// goal ends a journey that has brought about what it was for, unless its goal is there to be counted alone.
func (r *Rules) goal(c *Candidate) Verdict {
	if c.GoalMet && c.Scene.Goal.Ends() {
		return hold("goal_met")
	}
	return Verdict{}
}

// Why nobody is let in, or on, by an expression that cannot be judged.
const (
	reasonAudience  = "audience_failed"
	reasonCondition = "condition_failed"
)

// Unjudged reports whether a verdict's reason is that an expression cannot be judged: whoever wrote it is to look at it.
func Unjudged(reason string) bool { return reason == reasonAudience || reason == reasonCondition }

// condition asks whether a later step is to be taken.
func (r *Rules) condition(c *Candidate) Verdict {
	st := c.Scene.Step(c.Step)
	if st.If == nil {
		return Verdict{}
	}
	switch met, err := st.If.Includes(c); {
	case err != nil:
		return hold(reasonCondition)
	case !met:
		return hold("condition_not_met")
	}
	return Verdict{}
}

// entry keeps from entering a scene again too soon, or at all.
func (r *Rules) entry(c *Candidate) Verdict {
	switch rule := c.Scene.Enter; {
	case c.Step > 0 || c.Entered.IsZero():
		return Verdict{}
	case rule.Once:
		return hold("entered_before")
	case c.Now.Sub(c.Entered) < rule.Again:
		return hold("entered_lately")
	}
	return Verdict{}
}

// audience asks for whom the scene is: at its beginning, and before each reminder.
func (r *Rules) audience(c *Candidate) Verdict {
	if c.Scene.audience == nil || c.Step > 0 && !c.Scene.Asks() {
		return Verdict{}
	}
	in, err := c.Scene.audience.Includes(c)
	switch {
	case err != nil:
		return hold(reasonAudience)
	case !in:
		return hold("not_in_audience")
	}
	return Verdict{}
}

// consent asks whether the customer may be, and can be, reached by any of the channels, wants to hear of this, and of offers
// that are made for one.
func (r *Rules) consent(c *Candidate) Verdict {
	if reason := c.unreachable(c.Channel()); reason != "" {
		if c.Profile.Version == 0 && reason == "no_consent" {
			return hold("unknown_customer") // nothing was ever said of the customer: a mistyped id, as a rule
		}
		return hold(reason)
	}
	if c.Channel() == message.Webhook && c.Scene.Consent == "" {
		return Verdict{} // a post to a system tells the customer nothing
	}
	if wanted, said := c.Profile.Topic(c.Scene.Topic); c.Scene.Topic != "" && said && !wanted {
		return hold("topic_refused")
	}
	if c.Scene.Personalised && !c.Profile.Personalised() {
		return hold("personalised_refused")
	}
	return Verdict{}
}

func (r *Rules) suppression(c *Candidate) Verdict {
	if c.Suppressed[c.Channel()] {
		return hold("suppressed")
	}
	return Verdict{}
}

// holdout keeps marketing from those without whom nobody could say what it brings about. What answers a customer's own
// doing is no marketing, and reaches everyone.
func (r *Rules) holdout(c *Candidate) Verdict {
	switch all := r.Policy.Holdout; {
	case c.Scene.Kind != Marketing:
		return Verdict{}
	case all.Holds(c.Person):
		return hold("held_out")
	case all.Named(c.Scene.ID, c.Scene.Holdout).Holds(c.Person):
		return hold("held_out_of_scene")
	}
	return Verdict{}
}

// asked holds what nobody can be asked for a code of: the deployment has no destinations.
func (r *Rules) asked(c *Candidate) Verdict {
	if c.Ways != nil && !c.Ways[message.Webhook] {
		return hold(offer.ReasonNotSetUp)
	}
	return Verdict{}
}

// Stamp is what the claim of a candidate adds to the contact record.
func (c *Candidate) Stamp() message.Stamp {
	return message.Stamp{Time: c.Now, Scene: message.SceneMarkOf(c.Scene.ID), Channel: c.Channel(), Service: c.Scene.Kind == Transactional}
}
