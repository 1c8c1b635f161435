package churn

import (
	"math"
	"slices"
)

// The bands of churn risk, from the least to the greatest; Unknown is that of a customer whose inputs are missing.
const (
	Low     = "low"
	Medium  = "medium"
	High    = "high"
	Unknown = "unknown"
)

// Bound parts two bands: values above At are in the upper one. A band that stands is left only beyond At + Margin
// upwards, and at At − Margin or below downwards.
type Bound struct{ At, Margin float64 }

// Bands part a scale, with hysteresis: within the margin of a bound nobody changes the band.
type Bands struct {
	Names  []string // one more than bounds, from the least to the greatest
	Bounds []Bound  // ascending
}

// Of returns the name of the band that v lies in, given the one that stands: that one, unless v is beyond one of its
// bounds by the margin; then the farthest that v is beyond the bounds of. Where none stands, or one of another name, it
// is the band by the bounds alone. NaN is Unknown.
func (b *Bands) Of(v float64, standing string) string {
	if math.IsNaN(v) {
		return Unknown
	}
	at := slices.Index(b.Names, standing)
	if at < 0 {
		at = 0
		for at < len(b.Bounds) && v > b.Bounds[at].At {
			at++
		}
		return b.Names[at]
	}
	for at < len(b.Bounds) && v > b.Bounds[at].At+b.Bounds[at].Margin {
		at++
	}
	for at > 0 && v <= b.Bounds[at-1].At-b.Bounds[at-1].Margin {
		at--
	}
	return b.Names[at]
}

// Crossing is a change of band upwards: an early warning, where the bands are of risk.
type Crossing struct {
	From, To string
	Level    float64 // the highest bound that was crossed
}

// Crossing returns the change upwards from the band before to the band after; it is ok where there is one. Where a band
// is Unknown or none, nothing was crossed: the first score of a customer warns of nobody.
func (b *Bands) Crossing(before, after string) (c Crossing, ok bool) {
	from, to := slices.Index(b.Names, before), slices.Index(b.Names, after)
	if from < 0 || to <= from {
		return Crossing{}, false
	}
	return Crossing{From: before, To: after, Level: b.Bounds[to-1].At}, true
}
