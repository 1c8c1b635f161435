package scene

import (
	"net/mail"
	"strings"
	"time"

	"liuke/shared/customer"
	"liuke/shared/holdout"
	"liuke/shared/message"
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
	// Chosen is the channel, where that is settled already, as for a message that was claimed; "" where Channel is to choose.
	Chosen message.Channel
	// Variant is the customer's, of a scene with variants: of step 0 as the experiment draws it, of later steps as step 0's
	// entry has it.
	Variant string

	// Entered is when the customer entered the scene last, by another occasion than this one's, as the contact record says;
	// zero for never. It matters where Scene.Enter is other than each.
	Entered time.Time
	GoalMet bool // of a step: the scene's goal has been met since the customer entered
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
	{GateAudience, (*Rules).audience},
	{GateConsent, (*Rules).consent},
	{GateSuppression, (*Rules).suppression},
	{GateHoldout, (*Rules).holdout},
	{GateFrequency, (*Rules).frequency},
	{GateClosed, (*Rules).closed},
	{GateRecontact, (*Rules).recontact},
	{GateSample, (*Rules).sample},
	{GateQuietHours, (*Rules).quietHours},
}

// rechecked are the gates whose answer may have changed since a claim.
var rechecked = []gate{
	{GateAnswered, (*Rules).answered},
	{GateConsent, (*Rules).consent},
	{GateSuppression, (*Rules).suppression},
	{GateClosed, (*Rules).closed},
}

// Decide judges a candidate. It is a pure function.
func (r *Rules) Decide(c Candidate) Verdict {
	if c.Scene.Named(c.Step) == message.Task {
		return r.pass(gatesOfTasks, &c)
	}
	return r.pass(gates, &c)
}

// Recheck looks again, right before a message is sent, at what may have changed since it was claimed: consent, the
// address, and its suppression; whether the survey still takes answers, and lacks this one. No policy bears on them.
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

func (r *Rules) audience(c *Candidate) Verdict {
	if c.Scene.audience == nil {
		return Verdict{}
	}
	in, err := c.Scene.audience.Includes(c)
	switch {
	case err != nil:
		return hold("audience_failed")
	case !in:
		return hold("not_in_audience")
	}
	return Verdict{}
}

func (r *Rules) consent(c *Candidate) Verdict {
	if reason := c.unreachable(c.Channel()); reason != "" {
		if c.Profile.Version == 0 && reason == "no_consent" {
			return hold("unknown_customer") // nothing was ever said of the customer: a mistyped id, as a rule
		}
		return hold(reason)
	}
	return Verdict{}
}

// Channel is the channel by which the candidate is to be reached: the first of the step's for which there is consent and an
// address that is not suppressed; where there is none, the first without suppression in the way; else the first.
func (c *Candidate) Channel() message.Channel {
	if c.Chosen != "" {
		return c.Chosen
	}
	channels := c.Scene.Step(c.Step).Channels
	for _, channel := range channels {
		if c.unreachable(channel) == "" && !c.Suppressed[channel] {
			return channel
		}
	}
	for _, channel := range channels {
		if c.unreachable(channel) == "" {
			return channel
		}
	}
	return channels[0]
}

// unreachable is why a channel does not reach the candidate; "" where it does.
func (c *Candidate) unreachable(channel message.Channel) string {
	needs := string(channel)
	if channel == message.Webhook {
		if needs = c.Scene.Consent; needs == "" {
			return ""
		}
	}
	if !c.Profile.Consents(needs) {
		return "no_consent"
	}
	if channel == message.Webhook {
		return ""
	}
	switch address := Address(channel, c.Profile); {
	case address == "":
		return "no_address"
	case channel == message.Email && !plausible(address):
		return "bad_address"
	}
	return ""
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

func (r *Rules) frequency(c *Candidate) Verdict {
	if c.Contact.Full(c.Now) {
		return hold("contact_full")
	}
	caps, channel := c.Scene.Caps, c.Channel()
	if c.Scene.Kind == Marketing {
		caps = append(caps[:len(caps):len(caps)], r.Policy.Caps...)
	}
	for _, limit := range caps {
		if c.Contact.Count(c.Now, limit.Per, limit.counts(c.Scene, channel)) >= limit.Max {
			return hold("cap_" + string(limit.Scope))
		}
	}
	return Verdict{}
}

// counts returns which stamps a cap counts when it is asked for a scene.
func (limit Cap) counts(s *Scene, by message.Channel) func(message.Stamp) bool {
	return func(stamp message.Stamp) bool {
		switch limit.Scope {
		case ScopeScene:
			return stamp.Scene == message.SceneMarkOf(s.ID)
		case ScopeChannel:
			return !stamp.Service && stamp.Channel == limit.Channel && by == limit.Channel
		default:
			return !stamp.Service
		}
	}
}

// quietHours defers to the first whole minute that is open at the recipient's place. Where there is none within three
// days, the message is held.
func (r *Rules) quietHours(c *Candidate) Verdict {
	if !c.Scene.Quiet {
		return Verdict{}
	}
	place := r.Atlas.Place(c.Profile.TimeZone(), c.Profile.Locale())
	opening, ok := r.Policy.Quiet.Opening(c.Now, place)
	switch {
	case !ok:
		return hold("never_open")
	case opening.After(c.Now):
		return Verdict{Outcome: Defer, Reason: "quiet", Until: opening.UTC()}
	}
	return Verdict{}
}

// Stamp is what the claim of a candidate adds to the contact record.
func (c *Candidate) Stamp() message.Stamp {
	return message.Stamp{Time: c.Now, Scene: message.SceneMarkOf(c.Scene.ID), Channel: c.Channel(), Service: c.Scene.Kind == Transactional}
}

// TraitPushEndpoint is the trait that holds where the customer's app is reached: the ARN of its SNS endpoint.
const TraitPushEndpoint = "push_endpoint"

// Address is where a channel reaches a customer, "" where nowhere.
func Address(channel message.Channel, p customer.Profile) string {
	switch channel {
	case message.Email:
		return strings.TrimSpace(p.Email())
	case message.SMS:
		return strings.TrimSpace(p.Phone())
	case message.Push:
		return strings.TrimSpace(p.Get(TraitPushEndpoint))
	}
	return ""
}

// plausible reports whether an address is a bare one (RFC 5322 addr-spec).
func plausible(address string) bool {
	parsed, err := mail.ParseAddress(address)
	return err == nil && parsed.Address == address
}
