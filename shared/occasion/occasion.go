// Package occasion finds the days of the calendar that are worth a word to a customer: the birthday, the anniversary of
// the first order, an order that makes a round number, a silence that has lasted so many days, the day on which the next
// order is due, and a day every thirteen weeks on which to ask how things are. It is pure, and asked by each recalculation for all days since the one before: what a missed run
// would have told is told by the next, CatchUp days back at most. An occasion's id is made from its cause alone, so that
// runs that are repeated, or overlap, tell nothing twice.
package occasion

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/signal"
)

// Kind is what an occasion is.
type Kind string

// The kinds.
const (
	Birthday    Kind = "birthday"
	Anniversary Kind = "anniversary" // of the first order, each year
	Milestone   Kind = "milestone"   // an order that makes a number of orders
	Silence     Kind = "silence"     // so many days since the last order, or since the customer was last seen
	Repurchase  Kind = "repurchase"  // the next order is due
	CheckIn     Kind = "check_in"    // every CheckInEvery days, of who ordered within CheckInSince
)

const (
	// CheckInEvery is how many days lie between two check-ins: thirteen weeks, so that who is asked every 90 days at most is
	// asked at each. Which day it is follows from the customer's id alone, so that a like share of all customers has each.
	CheckInEvery = 91
	// CheckInSince is how many days before a check-in the last order may lie.
	CheckInSince = 365
)

// Kinds returns all kinds.
func Kinds() []Kind { return []Kind{Birthday, Anniversary, Milestone, Silence, Repurchase, CheckIn} }

// CatchUp is for how many days at most one step makes up.
const CatchUp = 7

// Facts are what is known of a customer.
type Facts struct {
	Customer customer.ID // "" for nobody's: there is no check-in then
	History  *customer.History
	Birthday customer.Birthday // the zero value where it is not known
	// Seen is the day on which the customer was last seen; 0 for never.
	Seen customer.Day
	// Repurchase is the day on which the next order is due; 0 where nobody knows. It should follow from the history
	// alone: one that moves from run to run may be jumped over.
	Repurchase customer.Day
}

// Occasion is one of them.
type Occasion struct {
	Kind Kind
	Day  customer.Day // on which it is told
	// Of is the day that it is about: the birthday, the anniversary, the order, the last order or sight, the day on which
	// the next order is due, the check-in.
	Of customer.Day
	// Number is how many years, orders or days, and of a birthday its year; 0 for a repurchase and a check-in.
	Number int64
	// ID tells it from all others of the customer. It is made from the cause alone.
	ID string
}

// Due returns the occasions whose day lies after one day, that of the run before, and not after another, that of this
// one; CatchUp days back at most. Where there was no run before, after is the day before until. What an order of a day
// causes is told on the day after at the earliest: then all of the day's orders are known. They come by day, and by kind
// where they fall on the same.
//
// So one long step finds what steps of a day each would have found, of the same facts. What becomes known only after
// its day, such as a birthday, or a round number of orders made by an import of old ones, is not told.
func Due(f *Facts, after, until customer.Day, s *Settings) []Occasion {
	w := window{facts: f, settings: s, after: max(after, until-CatchUp), until: until}
	if w.after >= w.until {
		return nil
	}
	for _, kind := range s.Kinds {
		switch kind {
		case Birthday:
			w.birthday()
		case Anniversary:
			w.anniversary()
		case Milestone:
			w.milestones()
		case Silence:
			w.silence()
		case Repurchase:
			w.repurchase()
		case CheckIn:
			w.checkIn()
		}
	}
	order := Kinds()
	slices.SortFunc(w.found, func(a, b Occasion) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(slices.Index(order, a.Kind), slices.Index(order, b.Kind)), cmp.Compare(a.Number, b.Number))
	})
	return w.found
}

// window is the search for what is due.
type window struct {
	facts        *Facts
	settings     *Settings
	after, until customer.Day
	found        []Occasion
}

// add adds an occasion if its day is among those that are asked for.
func (w *window) add(kind Kind, day, of customer.Day, number int64, cause string) {
	if day > w.after && day <= w.until {
		w.found = append(w.found, Occasion{Kind: kind, Day: day, Of: of, Number: number, ID: string(kind) + ":" + cause})
	}
}

// birthday finds the birthday, told some days ahead: on 28 February in a year without the 29th.
func (w *window) birthday() {
	b, lead := w.facts.Birthday, customer.Day(w.settings.BirthdayLead)
	if b == (customer.Birthday{}) {
		return
	}
	for year := yearOf(w.after + 1 + lead); year <= yearOf(w.until+lead); year++ {
		w.add(Birthday, b.In(year)-lead, b.In(year), int64(year), fmt.Sprint(year))
	}
}

// anniversary finds that of the first order. One that is no longer kept by day counts as of the first of its month.
func (w *window) anniversary() {
	first, ok := firstOrder(w.facts.History)
	if !ok {
		return
	}
	year, month, day := customer.DayTime(first).Date()
	date := customer.Birthday{Month: uint8(month), Day: uint8(day)}
	for y := max(yearOf(w.after+1), year+1); y <= yearOf(w.until); y++ {
		w.add(Anniversary, date.In(y), date.In(y), int64(y-year), fmt.Sprint(y-year))
	}
}

// milestones finds the orders that make a round number, each on the day after the order's.
func (w *window) milestones() {
	if last, ok := w.facts.History.Last(); !ok || last < w.after {
		return
	}
	orders, most := int64(0), int64(0)
	for p := range w.facts.History.Days() {
		before := most
		orders += p.Orders
		most = max(most, orders)
		if p.Approximate || p.Day < w.after {
			continue
		}
		for _, n := range w.settings.Milestones {
			if before < n && n <= most {
				w.add(Milestone, p.Day+1, p.Day, n, fmt.Sprint(n))
			}
		}
	}
}

// silence finds that nothing was heard for so many days.
func (w *window) silence() {
	last, ok := w.facts.History.Last()
	if w.settings.SilenceSince == SinceSeen && w.facts.Seen > 0 {
		last, ok = max(last, w.facts.Seen), true
	}
	if !ok {
		return
	}
	for _, days := range w.settings.SilenceDays {
		w.add(Silence, last+customer.Day(days), last, int64(days), fmt.Sprintf("%d:%s", days, dateOf(last)))
	}
}

// repurchase finds that the next order is due, told some days ahead, but not before the day after the last one's.
func (w *window) repurchase() {
	last, ok := w.facts.History.Last()
	if due := w.facts.Repurchase; ok && due > last {
		w.add(Repurchase, max(due-customer.Day(w.settings.RepurchaseLead), last+1), due, 0, dateOf(last))
	}
}

// checkIn finds the day in every CheckInEvery that is the customer's.
func (w *window) checkIn() {
	if w.facts.Customer == "" {
		return
	}
	turn := turnOf(w.facts.Customer)
	for day := w.after + 1; day <= w.until; day++ {
		if (day%CheckInEvery+CheckInEvery)%CheckInEvery == turn && orderedWithin(w.facts.History, day-CheckInSince, day) {
			w.add(CheckIn, day, day, 0, dateOf(day))
		}
	}
}

// turnOf is which of CheckInEvery days is a customer's: the 64-bit FNV-1a hash of the id, its halves folded, modulo that.
func turnOf(id customer.ID) customer.Day {
	h := uint64(14695981039346656037)
	for i := range len(id) {
		h = (h ^ uint64(id[i])) * 1099511628211
	}
	return customer.Day((h ^ h>>32) % CheckInEvery)
}

// orderedWithin reports whether there was an order on a day in [from, before).
func orderedWithin(h *customer.History, from, before customer.Day) bool {
	if last, ok := h.Last(); !ok || last < from {
		return false
	}
	for p := range h.Days() {
		if p.Orders > 0 && p.Day >= from && p.Day < before {
			return true
		}
	}
	return false
}

// firstOrder returns the day of the first order.
func firstOrder(h *customer.History) (customer.Day, bool) {
	for p := range h.Days() {
		if p.Orders > 0 {
			return p.Day, true
		}
	}
	return 0, false
}

func yearOf(d customer.Day) int { return customer.DayTime(d).Year() }

func dateOf(d customer.Day) string { return customer.DayTime(d).Format(time.DateOnly) }

// Signal returns what outreach is told of a customer's occasion: that it happened as its day began in the business's
// zone. It is the same each time.
func (o *Occasion) Signal(c customer.ID, zone *time.Location) (signal.Signal, error) {
	data, err := json.Marshal(signal.OccasionData{Kind: string(o.Kind), Day: dateOf(o.Of), Number: o.Number})
	if err != nil {
		return signal.Signal{}, fault.As(err, fault.Internal, "an occasion cannot be encoded")
	}
	y, m, d := customer.DayTime(o.Day).Date()
	return signal.Signal{
		ID:       signal.OccasionID(o.ID),
		Kind:     signal.Occasion,
		Customer: c,
		Time:     time.Date(y, m, d, 0, 0, 0, 0, zone).UTC(),
		Data:     data,
	}, nil
}
