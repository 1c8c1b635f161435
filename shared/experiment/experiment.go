// Package experiment finds out which variant of a scene does more: it draws each customer's variant by a hash, and makes
// of the variants' counters what can be said of them, in figures and in a sentence.
//
// The unit is the customer, not the message: a customer has the same variant on every occasion, is counted as assigned
// once, and converts once. Everyone assigned counts, whether the message was delivered or not: whoever reads a message is
// not like who does not, and only the draw made the variants alike. A customer is counted as assigned behind the last gate
// whose verdict does not depend on the variant, and so is one who is held out, or the arms are not alike. Opens are counted
// and never judged by: mail clients open by themselves.
//
// It is pure. Who counts, and where counters are kept, is others' part.
package experiment

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"strings"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/money"
)

// Limits of an experiment.
const (
	MaxVariants = 10
	MaxWeight   = 10_000
	maxName     = 32
)

// DefaultExpected is the difference of conversion rates that is looked for unless the experiment says otherwise: some
// three points, τ² = 1e-3.
const DefaultExpected = 0.03162277660168379

// Variant is one way of saying what the scene says.
type Variant struct {
	ID      string `json:"id"`                // lower-case words joined by underscores; a new text is a new id
	Weight  int    `json:"weight"`            // its share of the customers is weight over the sum of all; 0 takes none
	Control bool   `json:"control,omitempty"` // what the others are compared with; at most one
}

// Experiment is the variants of a scene, and what is looked for among them. All of it is fixed before the first customer
// is assigned: what is looked for, because a test that is fitted to what was seen alarms too often; the weights, because
// customers who move mix the arms, and counts of before the change fail the sample-ratio check.
type Experiment struct {
	Scene    string    `json:"scene"`
	Salt     string    `json:"salt"` // another salt draws anew
	Variants []Variant `json:"variants"`
	// Expected is the difference of conversion rates that is worth finding, above 0 and up to 1; 0 is DefaultExpected. One
	// that is far off costs time, never truth.
	Expected float64 `json:"expected,omitempty"`
	// ExpectedRevenue is the difference of revenue a customer that is worth finding, in minor units; 0 leaves revenue
	// without an always-valid test.
	ExpectedRevenue money.Amount `json:"expected_revenue,omitempty"`
}

// Validate returns an Invalid error with the pointer to the first thing that is wrong.
func (e *Experiment) Validate() error {
	if !named(e.Scene) {
		return fault.At("/scene", "a scene is named in lower-case words joined by underscores, of at most %d characters", maxName)
	}
	if len(e.Variants) == 0 || len(e.Variants) > MaxVariants {
		return fault.At("/variants", "an experiment has 1 to %d variants", MaxVariants)
	}
	seen, controls, sum := map[string]bool{}, 0, 0
	for i, v := range e.Variants {
		at := func(field, format string, args ...any) error {
			return fault.At("/variants/"+string(rune('0'+i))+"/"+field, format, args...)
		}
		switch {
		case !named(v.ID):
			return at("id", "a variant is named in lower-case words joined by underscores, of at most %d characters", maxName)
		case seen[v.ID]:
			return at("id", "two variants have this id")
		case v.Weight < 0 || v.Weight > MaxWeight:
			return at("weight", "a weight is a whole number from 0 to %d", MaxWeight)
		}
		seen[v.ID] = true
		sum += v.Weight
		if v.Control {
			if controls++; controls > 1 {
				return at("control", "an experiment has one control at most")
			}
		}
	}
	switch {
	case sum == 0:
		return fault.At("/variants", "one variant at least has a weight above 0")
	case !(e.Expected >= 0 && e.Expected <= 1):
		return fault.At("/expected", "the difference worth finding is above 0 and at most 1")
	case e.ExpectedRevenue < 0:
		return fault.At("/expected_revenue", "the difference worth finding is not below 0")
	}
	return nil
}

func named(s string) bool {
	if s == "" || len(s) > maxName || strings.Trim(s, "_") != s {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

// Reference is the index of the variant that the others are compared with: the control, else the first.
func (e *Experiment) Reference() int {
	for i, v := range e.Variants {
		if v.Control {
			return i
		}
	}
	return 0
}

// tau2 is the variance of the differences that are expected.
func (e *Experiment) tau2() float64 {
	if e.Expected == 0 {
		return DefaultExpected * DefaultExpected
	}
	return e.Expected * e.Expected
}

// Assign draws the customer's variant and returns its index: always the same, independent of other scenes, of other salts
// and of every holdout. The experiment must be valid.
//
// Each variant draws a number for the customer, exponential with its weight as rate, and the least wins (weighted rendezvous
// hashing: Thaler & Ravishankar 1998; Schindelhauer & Schomaker 2005). So a customer moves only to a variant whose weight
// grew against that of the customer's own: where one weight changes, or a variant is added or given up, no more customers
// move than the shares do, and none between the others. The order of the variants does not matter.
//
// Numbers are doubles: machines of different kinds may differ in the last bit, and so on one customer in some 10¹⁴. The
// ledger's entry keeps the variant that was drawn.
func (e *Experiment) Assign(id customer.ID) int {
	best, least := -1, math.Inf(1)
	for i, v := range e.Variants {
		if v.Weight <= 0 {
			continue
		}
		if at := -math.Log(draw(e.Salt, e.Scene, v.ID, id)) / float64(v.Weight); best < 0 || at < least {
			best, least = i, at
		}
	}
	return best
}

// domain tells these hashes from those of holdouts and samples, which begin with the length of another salt.
const domain = "experiment/variant/1"

// draw is where a customer lies in (0, 1) for one variant: the middle of one of 2⁵² equal steps, by the hash of the parts,
// each with its length before it.
func draw(salt, scene, variant string, id customer.ID) float64 {
	b := make([]byte, 0, 256)
	for _, part := range [...]string{domain, salt, scene, variant, string(id)} {
		b = append(binary.AppendUvarint(b, uint64(len(part))), part...)
	}
	sum := sha256.Sum256(b)
	return (float64(binary.BigEndian.Uint64(sum[:])>>12) + .5) / (1 << 52)
}
