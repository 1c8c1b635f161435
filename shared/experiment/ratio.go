package experiment

import (
	"fmt"

	"liuke/shared/stats"
)

// ratioLevel is the chance below which assignment is judged to be off: a check that is made at every look must hardly
// ever be wrong (Kohavi, Tang & Xu 2020, chapter 21).
const ratioLevel = .001

// least is how many customers each arm must be expected to have for χ² to be near enough to its distribution.
const least = 5

// ratio tests counts against the shares that they should have. What has a share of 0 is left out.
func ratio(counts []int64, shares []float64) SampleRatio {
	var n, used int64
	total := 0.0
	for i, share := range shares {
		if share > 0 {
			n, total, used = n+counts[i], total+share, used+1
		}
	}
	s := SampleRatio{}
	if used < 2 {
		s.Text = "nothing to compare"
		return s
	}
	s.Degrees = int(used - 1)
	chi, smallest := 0.0, float64(n)
	for i, share := range shares {
		if share > 0 {
			expected := float64(n) * share / total
			smallest = min(smallest, expected)
			if expected > 0 {
				d := float64(counts[i]) - expected
				chi += d * d / expected
			}
		}
	}
	if smallest < least {
		s.Text = "too few customers to check how they were assigned"
		return s
	}
	p := stats.ChiSquareTail(chi, float64(s.Degrees))
	s.ChiSquare, s.P, s.Off = &chi, &p, p < ratioLevel
	if s.Off {
		s.Text = fmt.Sprintf("sample ratio is off: do not use these results (%s). Look for what is counted of one arm and not of the other: a gate that depends on the variant, "+
			"a message that fails to render, weights that were changed on the way; then begin anew with another salt", chance(p))
	} else {
		s.Text = fmt.Sprintf("customers were assigned as the weights say (%s)", chance(p))
	}
	return s
}
