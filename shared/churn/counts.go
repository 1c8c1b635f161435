package churn

import (
	"encoding/binary"
	"math"

	"liuke/shared/fault"
)

// MinRhythms is how many customers must have bought three times before the population's rhythm is fitted.
const MinRhythms = 30

// RhythmCounts are what the population's rhythm is fitted to: sums over its customers, of whole numbers, so that they are
// the same to the last bit however the population was split. The zero value is of nobody.
type RhythmCounts struct {
	sums [sums]uint64
}

// The sums, in the order of the encoding. Of a customer of two purchases or more, inner is the number of purchases
// between the first and the last, and span the days from the first to the last.
const (
	customers   = iota // customers with a purchase
	repeaters          // of those, with two or more
	inner              // Σ inner
	innerSquare        // Σ inner²
	span               // Σ span
	spanSquare         // Σ span²
	triples            // customers of three purchases or more
	unevenness         // Σ over those of (g₁−g₂)² / (g₁+g₂)² of their last two gaps, in units of 2⁻²⁴
	sums
)

// longest is the longest span that counts, in days: a century.
const longest = 36_525

const unevennessUnit = 1 << 24

// Add counts a customer.
func (c *RhythmCounts) Add(p Pattern) {
	c.sums[customers]++
	if p.Purchases < 2 {
		return
	}
	n, days := uint64(p.Purchases-2), uint64(min(max(int64(p.Last)-int64(p.First), 0), longest))
	c.sums[repeaters]++
	c.sums[inner] += n
	c.sums[innerSquare] += n * n
	c.sums[span] += days
	c.sums[spanSquare] += days * days
	if p.Gaps[0] > 0 && p.Gaps[1] > 0 {
		sum := uint64(p.Gaps[0]) + uint64(p.Gaps[1])
		difference := uint64(max(p.Gaps[0]-p.Gaps[1], p.Gaps[1]-p.Gaps[0]))
		if sum > longest {
			return
		}
		c.sums[triples]++
		c.sums[unevenness] += difference * difference * unevennessUnit / (sum * sum)
	}
}

// Merge adds what o counts; o stays as it was.
func (c *RhythmCounts) Merge(o *RhythmCounts) {
	for i := range c.sums {
		c.sums[i] += o.sums[i]
	}
}

// Customers is how many customers were counted, and how many of them bought on more than one day.
func (c *RhythmCounts) Customers() (all, repeat int64) {
	return int64(c.sums[customers]), int64(c.sums[repeaters])
}

// AppendBinary appends the counts. The error is always nil.
func (c *RhythmCounts) AppendBinary(b []byte) ([]byte, error) {
	for _, v := range c.sums {
		b = binary.AppendUvarint(b, v)
	}
	return b, nil
}

// Decode reads counts from the front of b and returns the rest. It returns an Internal error for what AppendBinary did
// not write, and then leaves c as it was.
func (c *RhythmCounts) Decode(b []byte) ([]byte, error) {
	var out RhythmCounts
	for i := range out.sums {
		v, n := binary.Uvarint(b)
		if n <= 0 || n > 1 && b[n-1] == 0 || v > math.MaxInt64 {
			return nil, errDamaged
		}
		out.sums[i], b = v, b[n:]
	}
	s := &out.sums
	if s[triples] > s[repeaters] || s[repeaters] > s[customers] || s[inner] > s[innerSquare] || s[span] > s[spanSquare] ||
		s[repeaters] == 0 && s[innerSquare]+s[spanSquare] > 0 || s[unevenness]/unevennessUnit > s[triples] {
		return nil, errDamaged
	}
	*c = out
	return b, nil
}

var errDamaged = fault.New(fault.Internal, "the counts of rhythm are cut short or damaged")

// Limits of what is fitted, so that a population of equal customers, or of one that differs from all, still gives every
// customer's own gaps a say. Shape 1 is no regularity at all, and 20 some 22 % of deviation from the usual gap.
const (
	minShape, maxShape = .25, 20
	minRate, maxRate   = .05, 50
)

// FitRhythm returns the rhythm of the customers who buy again, by moments. It returns a Conflict that says why where the
// counts do not determine it.
//
// The shape k of the gaps is that of Wheat & Morrison (1990, "Estimating Purchase Regularity with Two Interpurchase
// Times"): the share M of the first of a customer's two gaps in their sum is Beta(k, k), whatever the customer's rate, so
// that Var M = 1/(4(2k+1)); M − ½ is half of (g₁−g₂)/(g₁+g₂).
//
// The rates of the population are those of a negative binomial with unequal exposures, by its first two moments. What is
// exposed is a customer's time from the first purchase to the last, and what is counted are the purchases in between:
// given that there was one at the end of it, those are as many as in any time of that length (Mecke's theorem), and the
// silence after it, in which the customer may have left, has no part in them. With rate λ a day and gaps of shape k a time
// s holds μ = λs/k purchases with the variance μ/k of a renewal process (Cox 1962, "Renewal Theory", 3.3), so that Σ n =
// E[λ/k] Σ s and Σ n² − Σ n / k = E[(λ/k)²] Σ s². These are the rates of customers who bought again at all: nothing is
// said of a rhythm by those who bought once.
func FitRhythm(c *RhythmCounts) (Prior, error) {
	if c.sums[triples] < MinRhythms {
		return Prior{}, fault.New(fault.Conflict, "too few customers bought three times: %d of %d, and a rhythm needs %d", c.sums[triples], c.sums[customers], MinRhythms)
	}
	if c.sums[inner] == 0 || c.sums[span] == 0 {
		return Prior{}, fault.New(fault.Conflict, "no customer's purchases lie on three different days")
	}
	variance := float64(c.sums[unevenness]) / unevennessUnit / 4 / float64(c.sums[triples])
	shape := float64(maxShape)
	if variance > 0 {
		shape = min(max((1-4*variance)/(8*variance), minShape), maxShape)
	}
	mean := float64(c.sums[inner]) / float64(c.sums[span])
	square := (float64(c.sums[innerSquare]) - float64(c.sums[inner])/shape) / float64(c.sums[spanSquare])
	rate := float64(maxRate)
	if between := square - mean*mean; between > 0 {
		rate = min(max(mean*mean/between, minRate), maxRate)
	}
	return Prior{
		Shape:     shape,
		Rate:      rate,
		Days:      rate / mean / shape,
		Customers: int64(c.sums[repeaters]),
	}, nil
}
