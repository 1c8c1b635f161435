package campaign

import (
	"cmp"
	"hash/fnv"
	"slices"
	"strconv"
	"time"

	"liuke/shared/budget"
	"liuke/shared/customer"
	"liuke/shared/message"
	"liuke/shared/scene"
)

const (
	// exampleCustomers is how many customers stand for each outcome.
	exampleCustomers = 5
	// maxMoments is how many moments the load is told by at most: where there are more, they are put together by longer units.
	maxMoments = 1_500
	// maxValues is how many values of one dimension are told apart, so that no data make a tally grow without bound.
	maxValues = 500
)

// units are what the load is told by, in minutes: each is a multiple of the one before.
var units = []int{1, 5, 15, 60, 360, 1440}

// Tally is what a simulation came to so far. It grows with the different outcomes and moments, not with the customers.
type Tally struct {
	Steps []StepTally       `json:"steps"`
	Unit  int               `json:"unit"` // index into units
	Load  map[int64]*Moment `json:"load"` // by the Unix minute at which the unit begins
	Money Money             `json:"money"`
}

// StepTally is what one step came to.
type StepTally struct {
	Decided  int64                    `json:"decided"`
	Outcomes map[Outcome]int64        `json:"outcomes"`
	Waited   map[string]int64         `json:"waited"` // by the gate that put it off
	Held     map[string]*Group        `json:"held"`   // by gate and reason, parted by a space
	Reached  Group                    `json:"reached"`
	Channels map[string]*ChannelTally `json:"channels"`
	Variants map[string]int64         `json:"variants"`
	Locales  map[string]int64         `json:"locales"`
	Segments map[string]int64         `json:"segments"`
}

// Group is a number of customers, and a few of them.
type Group struct {
	Customers int64     `json:"customers"`
	Examples  []Example `json:"examples,omitempty"` // the first by Draw
}

// Example is a customer who stands for others, drawn by the simulation's seed.
type Example struct {
	Draw     uint64      `json:"draw"`
	Customer customer.ID `json:"customer"`
}

// ChannelTally is what goes out by one channel.
type ChannelTally struct {
	Messages int64        `json:"messages"`
	Parts    int64        `json:"parts"`
	Cost     budget.Micro `json:"cost"`
	Unpriced int64        `json:"unpriced"`
}

// Moment is the load of a unit of time.
type Moment struct {
	Messages int64 `json:"messages"`
	Waited   int64 `json:"waited"` // of those, put off until then
}

// NewTally returns the tally of nothing, for a scene of so many steps.
func NewTally(steps int) *Tally {
	return &Tally{Steps: make([]StepTally, steps), Load: map[int64]*Moment{}}
}

// Add counts a row.
func (t *Tally) Add(seed uint64, row *Row) {
	for row.Step >= len(t.Steps) { // reminders
		t.Steps = append(t.Steps, StepTally{})
	}
	s := &t.Steps[row.Step]
	s.Decided++
	add(&s.Outcomes, row.Outcome)
	if row.Waited != "" {
		add(&s.Waited, row.Waited)
	}
	if row.Outcome == Held {
		key := row.Gate + " " + row.Reason
		if s.Held == nil {
			s.Held = map[string]*Group{}
		}
		if s.Held[key] == nil {
			s.Held[key] = &Group{}
		}
		s.Held[key].add(seed, row.Customer)
		return
	}
	if row.Outcome == Passed {
		return
	}
	s.Reached.add(seed, row.Customer)
	if s.Channels == nil {
		s.Channels = map[string]*ChannelTally{}
	}
	c := s.Channels[string(row.Channel)]
	if c == nil {
		c = &ChannelTally{}
		s.Channels[string(row.Channel)] = c
	}
	c.Messages++
	c.Parts += int64(row.Parts)
	c.Cost += row.Cost
	if row.Unpriced && row.Channel != message.Task {
		c.Unpriced++
	}
	add(&s.Variants, row.Variant)
	add(&s.Locales, row.Locale)
	add(&s.Segments, row.Segment)
	t.load(row)
}

func add[K ~string](counts *map[K]int64, value K) {
	if *counts == nil {
		*counts = map[K]int64{}
	}
	if _, known := (*counts)[value]; !known && len(*counts) >= maxValues {
		value = "other"
	}
	(*counts)[value]++
}

func (g *Group) add(seed uint64, id customer.ID) {
	g.Customers++
	h := fnv.New64a()
	h.Write(strconv.AppendUint(nil, seed, 10))
	h.Write([]byte{0})
	h.Write([]byte(id))
	e := Example{mix(h.Sum64()), id}
	at, _ := slices.BinarySearchFunc(g.Examples, e, func(a, b Example) int {
		return cmp.Or(cmp.Compare(a.Draw, b.Draw), cmp.Compare(a.Customer, b.Customer))
	})
	if at < exampleCustomers {
		g.Examples = slices.Insert(g.Examples, at, e)
		g.Examples = g.Examples[:min(len(g.Examples), exampleCustomers)]
	}
}

// mix spreads the bits of a hash (the finalizer of SplitMix64, Steele, Lea & Flood, 2014).
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func (t *Tally) load(row *Row) {
	unit := int64(units[t.Unit])
	minute := row.At.Unix() / 60
	minute -= ((minute % unit) + unit) % unit
	m := t.Load[minute]
	if m == nil {
		m = &Moment{}
		t.Load[minute] = m
	}
	m.Messages++
	if row.Waited != "" {
		m.Waited++
	}
	for len(t.Load) > maxMoments && t.Unit+1 < len(units) {
		t.coarsen()
	}
}

// coarsen puts moments together by the next unit.
func (t *Tally) coarsen() {
	t.Unit++
	unit := int64(units[t.Unit])
	next := make(map[int64]*Moment, len(t.Load)/2)
	for minute, m := range t.Load {
		begin := minute - ((minute%unit)+unit)%unit
		if next[begin] == nil {
			next[begin] = &Moment{}
		}
		next[begin].Messages += m.Messages
		next[begin].Waited += m.Waited
	}
	t.Load = next
}

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
	Held      []HeldReport     `json:"held"` // the most first
	Waited    map[string]int64 `json:"waited"`
	ByChannel []ChannelReport  `json:"by_channel"`
	ByVariant map[string]int64 `json:"by_variant"`
	ByLocale  map[string]int64 `json:"by_locale"`
	BySegment map[string]int64 `json:"by_segment"`
	Examples  []customer.ID    `json:"examples,omitempty"` // of who is reached
}

// HeldReport is who is held by a gate for a reason.
type HeldReport struct {
	Gate      string        `json:"gate"`
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
			Held: []HeldReport{}, Waited: orEmpty(s.Waited), ByChannel: []ChannelReport{},
			ByVariant: orEmpty(s.Variants), ByLocale: orEmpty(s.Locales), BySegment: orEmpty(s.Segments),
		}
		if examples {
			out.Examples = s.Reached.ids()
		}
		for key, g := range s.Held {
			gate, reason := cutKey(key)
			h := HeldReport{Gate: gate, Reason: reason, Customers: g.Customers}
			if examples {
				h.Examples = g.ids()
			}
			out.Held = append(out.Held, h)
		}
		slices.SortFunc(out.Held, func(a, b HeldReport) int {
			return cmp.Or(cmp.Compare(b.Customers, a.Customers), cmp.Compare(a.Gate, b.Gate), cmp.Compare(a.Reason, b.Reason))
		})
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

func cutKey(key string) (gate, reason string) {
	for i := range key {
		if key[i] == ' ' {
			return key[:i], key[i+1:]
		}
	}
	return key, ""
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
		"as if nobody answered, followed a link or met the goal, waited-for events never came, and every message were delivered",
		"prices are the dearest of the channel, since the recipient's country is not looked up",
	}
	if limits := b.Settings.LimitsOf(b.Scene, b.Currency); len(limits.Accounts(b.Scene.ID, "")) > 0 {
		notes = append(notes, "budgets are as if nothing had been spent before")
	}
	if b.Scene.Offer != nil {
		notes = append(notes, "as if there were codes enough: each message takes one")
	}
	if b.Scene.Enter.Once {
		notes = append(notes, "who entered the scene longer ago than the contact record remembers is not known as such")
	}
	return notes
}
