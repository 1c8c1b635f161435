package recalc

import (
	"math"
	"slices"

	"liuke/shared/rfm"
)

// Unknown is the band of a customer whose inputs are missing.
const Unknown = "unknown"

// The bands, from the least to the greatest.
var (
	riskBands  = []string{"high", "medium", "low"} // by P(alive)
	valueBands = []string{"potential", "mid", "high"}
)

// riskBounds part the bands of P(alive).
var riskBounds = []float64{0.40, 0.75}

// A band is left only when the value is beyond its bound by a margin, so that nobody flaps between two: P(alive) by
// riskMargin, money by valueMargin of the bound.
const (
	riskMargin  = 0.05
	valueMargin = 0.05
)

// risk returns the band of churn risk by P(alive), given the one that stands. BG/NBD lets nobody leave who ordered
// once, so that it knows nothing of their risk: theirs is Unknown, as it is without a model.
func risk(alive float64, repeats int32, standing string) string {
	if repeats == 0 || math.IsNaN(alive) {
		return Unknown
	}
	return band(riskBands, alive, riskBounds, standing, func(float64) float64 { return riskMargin })
}

// value returns the band of customer value by what was spent in the window, parted by the population's terciles, given
// the one that stands.
func value(monetary int64, terciles []rfm.Cut, standing string) string {
	bounds := make([]float64, len(terciles))
	for i, c := range terciles {
		bounds[i] = c.Float()
	}
	return band(valueBands, float64(monetary), bounds, standing, func(bound float64) float64 { return valueMargin * math.Abs(bound) })
}

// band returns the name of the band that v lies in: the one that stands, unless v is beyond one of its bounds by the
// margin; then the farthest that v is beyond the bounds of.
func band(names []string, v float64, bounds []float64, standing string, margin func(bound float64) float64) string {
	at := slices.Index(names, standing)
	if at < 0 {
		at = 0
		for at < len(bounds) && v > bounds[at] {
			at++
		}
		return names[at]
	}
	for at < len(bounds) && v > bounds[at]+margin(bounds[at]) {
		at++
	}
	for at > 0 && v <= bounds[at-1]-margin(bounds[at-1]) {
		at--
	}
	return names[at]
}
