package campaign

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"liuke/shared/budget"
	"liuke/shared/customer"
	"liuke/shared/outreach"
	"liuke/shared/scene"
)

// Report is what a simulation came to. It names nobody; Examples do.
type Report struct {
	AsIf       string       `json:"as_if"` // what it assumes of the cause, "" for a campaign
	Messages   int64        `json:"messages"`
	Currency   string       `json:"currency"`
	Cost       string       `json:"cost"` // of all messages whose channel has a price
	Steps      []StepReport `json:"steps"`
	UnitMinute int          `json:"load_unit_minutes"`
	Load       []LoadReport `json:"load"`
	Peak       int64        `json:"peak"` // the most messages in a unit
	Notes      []string     `json:"notes"`
}

// StepReport is what one step came to.
type StepReport struct {
	Step      int              `json:"step"`
	ID        string           `json:"id"`
	Decided   int64            `json:"decided"`
	Messages  int64            `json:"messages"`
	Tasks     int64            `json:"tasks"`
	Passed    int64            `json:"passed"`
	Held      []HeldReport     `json:"held"`   // the most first
	Failed    []HeldReport     `json:"failed"` // that pass all gates, and then cannot be made; likewise
	Waited    map[string]int64 `json:"waited"`
	ByChannel []ChannelReport  `json:"by_channel"`
	ByVariant map[string]int64 `json:"by_variant"`
	ByLocale  map[string]int64 `json:"by_locale"`
	BySegment map[string]int64 `json:"by_segment"`
	Examples  []customer.ID    `json:"examples,omitempty"` // of who is reached
}

// HeldReport is who is held by a gate for a reason, or, without a gate, whose message fails.
type HeldReport struct {
	Gate      string        `json:"gate,omitempty"`
	Reason    string        `json:"reason"`
	Customers int64         `json:"customers"`
	Examples  []customer.ID `json:"examples,omitempty"`
}

// ChannelReport is what goes out by a channel, and what it costs.
type ChannelReport struct {
	Channel  string `json:"channel"`
	Messages int64  `json:"messages"`
	Parts    int64  `json:"parts"`
	Cost     string `json:"cost"`
	Unpriced int64  `json:"unpriced"` // messages that no price is known of
}

// LoadReport is the load of a unit of time.
type LoadReport struct {
	At time.Time `json:"at"` // when the unit begins
	Moment
}

// Report returns the report of a tally, with examples or without.
func (t *Tally) Report(b *Basis, examples bool) *Report {
	r := &Report{AsIf: b.AsIf(), Currency: string(b.Currency), Steps: []StepReport{}, Load: []LoadReport{}, UnitMinute: units[t.Unit], Notes: b.notes()}
	var cost budget.Micro
	for i := range t.Steps {
		s := &t.Steps[i]
		out := StepReport{
			Step: i, ID: stepID(b.Scene, i), Decided: s.Decided, Messages: s.Outcomes[Message], Tasks: s.Outcomes[Task], Passed: s.Outcomes[Passed],
			Held: heldReports(s.Held, examples), Failed: heldReports(s.Failed, examples), Waited: orEmpty(s.Waited), ByChannel: []ChannelReport{},
			ByVariant: orEmpty(s.Variants), ByLocale: orEmpty(s.Locales), BySegment: orEmpty(s.Segments),
		}
		if examples {
			out.Examples = s.Reached.ids()
		}
		for channel, c := range s.Channels {
			out.ByChannel = append(out.ByChannel, ChannelReport{channel, c.Messages, c.Parts, b.Currency.Format(c.Cost.Amount(b.Currency)), c.Unpriced})
			cost += c.Cost
		}
		slices.SortFunc(out.ByChannel, func(a, b ChannelReport) int { return cmp.Compare(a.Channel, b.Channel) })
		r.Messages += out.Messages
		r.Steps = append(r.Steps, out)
	}
	r.Cost = b.Currency.Format(cost.Amount(b.Currency))
	for minute, m := range t.Load {
		r.Load = append(r.Load, LoadReport{time.Unix(minute*60, 0).UTC(), *m})
		r.Peak = max(r.Peak, m.Messages)
	}
	slices.SortFunc(r.Load, func(a, b LoadReport) int { return a.At.Compare(b.At) })
	return r
}

// heldReports returns groups by gate and reason, the largest first.
func heldReports(groups map[string]*Group, examples bool) []HeldReport {
	all := []HeldReport{}
	for key, g := range groups {
		gate, reason, _ := strings.Cut(key, " ")
		h := HeldReport{Gate: gate, Reason: reason, Customers: g.Customers}
		if examples {
			h.Examples = g.ids()
		}
		all = append(all, h)
	}
	slices.SortFunc(all, func(a, b HeldReport) int {
		return cmp.Or(cmp.Compare(b.Customers, a.Customers), cmp.Compare(a.Gate, b.Gate), cmp.Compare(a.Reason, b.Reason))
	})
	return all
}

// orEmpty spells a map without anything as one, and not as null.
func orEmpty(m map[string]int64) map[string]int64 {
	if m == nil {
		return map[string]int64{}
	}
	return m
}

func (g *Group) ids() (ids []customer.ID) {
	for _, e := range g.Examples {
		ids = append(ids, e.Customer)
	}
	return ids
}

// stepID names a step: "" for the scene's own message.
func stepID(sc *scene.Scene, step int) string {
	if step >= len(sc.Steps) {
		return "reminder_" + strconv.Itoa(step-len(sc.Steps)+1)
	}
	return sc.Steps[step].ID
}

// notes say what the figures rest on.
func (b *Basis) notes() []string {
	notes := []string{
		"over the customers of the last recalculation that was applied: who came since is left out; what is known of each is as it stands now",
		"as if nobody answered, followed a link or met the goal, waited-for events never came, and every message that can be made were delivered",
		"prices are the dearest of the channel, since the recipient's country is not looked up",
	}
	if limits := b.Settings.LimitsOf(b.Scene, b.Currency); len(limits.Accounts(b.Scene.ID, "")) > 0 {
		notes = append(notes, "budgets begin with what was spent when the simulation began; those of another day than that one's with nothing",
			"money goes to one customer after the other, to each for all steps")
	}
	if outreach.Takes(b.Scene, false) {
		notes = append(notes, "codes are those that the pool had left when the simulation began: the first customers take them")
	}
	if b.Scene.Offer.Asks() {
		notes = append(notes, "as if the webhook that is asked for codes had one for each message: it is not asked")
	}
	if b.Scene.Enter.Once {
		notes = append(notes, "who entered the scene longer ago than the contact record remembers is not known as such")
	}
	return notes
}
