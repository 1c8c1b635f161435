package campaign

import (
	"cmp"
	"hash/fnv"
	"slices"
	"strconv"

	"liuke/shared/budget"
	"liuke/shared/customer"
	"liuke/shared/message"
	"liuke/shared/outreach"
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
	Unit  int               `json:"unit"`  // index into units
	Load  map[int64]*Moment `json:"load"`  // by the Unix minute at which the unit begins
	Means outreach.Means    `json:"means"` // what is left
}

// StepTally is what one step came to.
type StepTally struct {
	Decided  int64                    `json:"decided"`
	Outcomes map[Outcome]int64        `json:"outcomes"`
	Waited   map[string]int64         `json:"waited"` // by the gate that put it off
	Held     map[string]*Group        `json:"held"`   // by gate and reason, parted by a space
	Failed   map[string]*Group        `json:"failed"` // by reason, after a space
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
	switch row.Outcome {
	case Held:
		join(&s.Held, row.Gate+" "+row.Reason, seed, row.Customer)
		return
	case Failed:
		join(&s.Failed, " "+row.Reason, seed, row.Customer)
		return
	case Passed:
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

// join adds a customer to the group of a name.
func join(groups *map[string]*Group, name string, seed uint64, id customer.ID) {
	if *groups == nil {
		*groups = map[string]*Group{}
	}
	if (*groups)[name] == nil {
		(*groups)[name] = &Group{}
	}
	(*groups)[name].add(seed, id)
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
