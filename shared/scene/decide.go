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
	Scene      *Scene
	Signal     signal.Signal
	Person     customer.ID // who stands for the customer whom the signal names
	Profile    customer.Profile
	Scores     customer.Scores // for the audience
	Suppressed bool            // the address must not be sent to
	Contact    message.Contact
	Now        time.Time

	Ask      Ask            // what the scene asks; see Scene.Ask
	Survey   *survey.Survey // of Ask; nil where it asks nothing, or there is no such survey
	Step     int            // 0 for an invitation, and from 1 for its reminders
	Invited  bool           // of a reminder: the invitation went out
	Answered bool           // of a reminder: it has been answered
}

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
	if c.Scene.Channel == message.Task {
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
	if !c.Profile.Consents(string(c.Scene.Channel)) {
		if c.Profile.Version == 0 {
			return hold("unknown_customer") // nothing was ever said of the customer: a mistyped id, as a rule
		}
		return hold("no_consent")
	}
	switch address := Address(c.Scene.Channel, c.Profile); {
	case address == "":
		return hold("no_address")
	case !plausible(address):
		return hold("bad_address")
	}
	return Verdict{}
}

func (r *Rules) suppression(c *Candidate) Verdict {
	if c.Suppressed {
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
	caps := c.Scene.Caps
	if c.Scene.Kind == Marketing {
		caps = append(caps[:len(caps):len(caps)], r.Policy.Caps...)
	}
	for _, limit := range caps {
		if c.Contact.Count(c.Now, limit.Per, limit.counts(c.Scene)) >= limit.Max {
			return hold("cap_" + string(limit.Scope))
		}
	}
	return Verdict{}
}

// counts returns which stamps a cap counts when it is asked for a scene.
func (limit Cap) counts(s *Scene) func(message.Stamp) bool {
	return func(stamp message.Stamp) bool {
		switch limit.Scope {
		case ScopeScene:
			return stamp.Scene == message.SceneMarkOf(s.ID)
		case ScopeChannel:
			return !stamp.Service && stamp.Channel == limit.Channel && s.Channel == limit.Channel
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
	return message.Stamp{Time: c.Now, Scene: message.SceneMarkOf(c.Scene.ID), Channel: c.Scene.Channel, Service: c.Scene.Kind == Transactional}
}

// Address is where a channel reaches a customer, "" where nowhere.
func Address(channel message.Channel, p customer.Profile) string {
	if channel != message.Email {
		return ""
	}
	return strings.TrimSpace(p.Email())
}

// plausible reports whether an address is a bare one (RFC 5322 addr-spec).
func plausible(address string) bool {
	parsed, err := mail.ParseAddress(address)
	return err == nil && parsed.Address == address
}
