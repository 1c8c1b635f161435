// Package measure counts what a scene brings about: who was drawn for which of its variants, or held out, and what became of
// each.
//
// A customer is enrolled once a trial, in the moment of the first verdict that does not depend on the variant: whoever passed
// the holdout's gate, or is held by it or behind it. What came of it is not counted as it happens. An enrolment names the
// customer's entries of the ledger, and what an hour's enrolments have come to is a pure function of what is stored: counting it
// again gives the same, however often and after whatever crash. So redelivery, receipts in any order, and processes that end
// anywhere leave nothing behind that is counted twice or lost.
//
// A trial is a scene with its variants and their weights, the share that is held out, the salt and the window of its goal. Where one
// of those changes, another trial begins, and its customers are drawn and counted anew: arms that were drawn by other shares can
// not be compared. Texts are no part of it: a text that is to be compared with another is a variant of its own.
//
// The unit is the person. Two customers who turn out to be one are counted as the one of them who was enrolled first, in the arm that
// was drawn then, with what became of both; where that is found out only after the first one's last count, they stay two. Who is
// erased leaves the counts of those hours that are still counted, and stays as a number in others.
package measure

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"time"

	"liuke/shared/customer"
	"liuke/shared/experiment"
	"liuke/shared/message"
	"liuke/shared/money"
)

// Shards is over how many partitions the enrolments of an hour are spread.
const Shards = 8

const (
	// DefaultWindow is how long what customers do is counted of a scene without a goal.
	DefaultWindow = 7 * 24 * time.Hour
	// Late is how long after that receipts may still come in.
	Late = 3 * 24 * time.Hour
	// MaxEntries is how many of a customer's entries an enrolment names at most.
	MaxEntries = 16
)

// Single names the only arm of a scene without variants.
const Single = "scene"

// ID tells trials of a scene apart: 10 hexadecimal digits of a hash of all that they are made of. Held is the share of customers
// who are held out, in all.
func ID(e *experiment.Experiment, held float64, window time.Duration) string {
	var b []byte
	put := func(s string) { b = append(binary.AppendUvarint(b, uint64(len(s))), s...) }
	put(e.Scene)
	put(e.Salt)
	for _, v := range e.Variants {
		put(v.ID)
		b = binary.AppendUvarint(b, uint64(v.Weight))
	}
	b = binary.BigEndian.AppendUint64(b, math.Float64bits(math.Round(held*1e9)))
	b = binary.BigEndian.AppendUint64(b, uint64(window))
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:5])
}

// Hour is an hour, UTC, of a trial, by which its customers are counted, each in the one of the enrolment.
type Hour struct {
	Scene  string
	Trial  string
	Begin  time.Time
	Window time.Duration // of the trial
}

// HourAt returns the hour of a trial that a time is in.
func HourAt(scene, trial string, window time.Duration, at time.Time) Hour {
	return Hour{scene, trial, at.UTC().Truncate(time.Hour), window}
}

// End is when the hour ends.
func (h Hour) End() time.Time { return h.Begin.Add(time.Hour) }

// Open reports whether more customers may be enrolled in it.
func (h Hour) Open(now time.Time) bool { return now.Before(h.End()) }

// Final is when nothing of the hour's customers is counted any more.
func (h Hour) Final() time.Time { return h.End().Add(h.Window + Late) }

// Mark says that an hour has enrolments, and how far it is counted.
type Mark struct {
	Hour
	Counted time.Time // when the last count of all of it began; zero for never
	Part    int       // shards that are counted anew since, from the first on
	Begun   time.Time // when the first of these was
}

// leastPause is how long an hour is not counted again.
const leastPause = 5 * time.Minute

// Due reports whether the hour is to be counted: every few minutes while it is young, then whenever it is a quarter older than
// it was when it was counted last, and once when it is final.
func (m Mark) Due(now time.Time) bool {
	if m.Counted.IsZero() || m.Part > 0 {
		return true
	}
	if !now.Before(m.Final()) {
		return m.Counted.Before(m.Final())
	}
	return now.Sub(m.Counted) >= max(leastPause, m.Counted.Sub(m.Begin)/4)
}

// Over reports whether the hour has been counted for the last time.
func (m Mark) Over() bool { return m.Part == 0 && !m.Counted.Before(m.Final()) }

// indexLag is how long an enrolment may be missing from the index by which an hour's customers are found.
const indexLag = time.Minute

// Complete is the time up to which all that was known of a trial's customers is counted, of those of the hours that begin from a time
// on and before another: whoever was enrolled by then, and what had become of each. Of what came later some may be counted as well,
// for each hour has its own turn. Marks are those of the trial, which were read before its tallies, at the time now.
func Complete(marks []Mark, from, before, now time.Time) time.Time {
	complete := now
	for _, m := range marks {
		if m.Begin.Before(from) || !m.Begin.Before(before) || m.Over() {
			continue
		}
		counted := m.Counted.Add(-indexLag)
		if counted.Before(m.Begin) {
			counted = m.Begin // nobody was enrolled in it before
		}
		if counted.Before(complete) {
			complete = counted
		}
	}
	return complete
}

// Enrolment is one customer of a trial.
type Enrolment struct {
	Hour
	Person  customer.ID // who stood for the customer then
	At      time.Time   // to the millisecond
	Variant string      // "" where the scene has none
	Held    bool        // held out for comparison
	// Before is what the person had spent before (see SpentBefore): before entering the scene for the first time, in whichever
	// of its trials, for what an earlier trial has moved may be no measure of this one. Nil where that is not known.
	Before *money.Amount
	// Superseded says that the person was enrolled before, as a customer who was another one then: what has become of this
	// enrolment counts with that one.
	Superseded bool
	// Entries are the customer's of the scene's first step within the window, by which further steps are found; at most
	// MaxEntries.
	Entries []message.Ref
}

// BeforeDays is over how many days a customer's spend before is looked at. Of four dates in the CDNOW sample, it explains 12 to
// 20 % of the variance of what its customers spend in the 30 days that follow; the spend of just as many days before, 3 to 7 %,
// and all that they ever spent, 6 to 8 %.
const BeforeDays = 180

// SpentBefore is what a customer's orders of the BeforeDays days up to a day, itself among them, are worth, net of refunds: the
// covariate by which results are adjusted. It is there for everybody, 0 for who has not ordered.
func SpentBefore(h *customer.History, day customer.Day) (spent money.Amount) {
	for p := range h.Days() {
		if p.Day > day-BeforeDays && p.Day <= day {
			spent += money.Amount(p.Net)
		}
	}
	return spent
}

// First is the index of the enrolment that counts for all of one person's in a trial: the earliest; of two in one millisecond, that
// of the lesser id.
func First(all []Enrolment) (first int) {
	for i := range all {
		if d := all[i].At.Compare(all[first].At); d < 0 || d == 0 && all[i].Person < all[first].Person {
			first = i
		}
	}
	return first
}

// Lacks reports whether an entry that was decided at the time belongs to the enrolment and is not among its entries.
func (e *Enrolment) Lacks(ref message.Ref, at time.Time) bool {
	for _, known := range e.Entries {
		if known == ref {
			return false
		}
	}
	return len(e.Entries) < MaxEntries && at.Before(e.At.Add(e.Window))
}
