package rfm

import "math"

// Bins are how many customers lie in each bin, by score from the lowest. Those without an order in the window are in none.
// Bins of the parts of a population, by the same cuts, merge into those of the whole.
type Bins struct {
	Recency   []int64 `json:"recency"`
	Frequency []int64 `json:"frequency"`
	Monetary  []int64 `json:"monetary"`
}

// Bins returns how the customers that were counted fall into the bins of any cuts.
func (c *Counts) Bins(cuts *Cuts) Bins {
	return Bins{
		Recency:   c.Recency.bins(stepsOf(cuts.Recency, cuts.Above, true), len(cuts.Recency)),
		Frequency: c.Frequency.bins(stepsOf(cuts.Frequency, cuts.Above, false), len(cuts.Frequency)),
		Monetary:  c.Monetary.bins(stepsOf(cuts.Monetary, cuts.Above, false), len(cuts.Monetary)),
	}
}

func (t *Tally) bins(s *steps, cuts int) []int64 {
	out := make([]int64, cuts+1)
	for _, r := range t.runs {
		out[s.of(r.value)] += r.count
	}
	return out
}

// Merge adds what o counts by the same cuts.
func (b *Bins) Merge(o *Bins) {
	for _, column := range []struct {
		to   *[]int64
		from []int64
	}{{&b.Recency, o.Recency}, {&b.Frequency, o.Frequency}, {&b.Monetary, o.Monetary}} {
		for i, n := range column.from {
			if i == len(*column.to) {
				*column.to = append(*column.to, 0)
			}
			(*column.to)[i] += n
		}
	}
}

// Reading is what a run keeps for the next to compare with: its cuts and how its customers fell into them.
type Reading struct {
	Cuts Cuts `json:"cuts"`
	Bins Bins `json:"bins"`
}

// Limits are how far a value may drift before it is reported. 0 is the default of either.
type Limits struct {
	PSI   float64 `json:"psi,omitempty"`   // 0.2, above which practitioners of scoring call a population shifted
	Shift float64 `json:"shift,omitempty"` // 0.2: a fifth of the cut
}

const (
	defaultPSI   = 0.2
	defaultShift = 0.2
)

// ValueDrift is how far one value has drifted.
type ValueDrift struct {
	// Shifts are each cut's change as a share of its size before: 0.1 for a tenth up. A cut that was 0 and is not any
	// more has shifted by 1 or −1. There are none where the numbers of cuts differ.
	Shifts []float64 `json:"shifts"`
	// PSI is the population stability index of the customers now against those before, both by the cuts before:
	// Σ (now − before)·ln(now / before) over the bins' shares, with half a customer added to each bin so that an empty
	// one has a logarithm. It is 0 for equal shares, and never negative.
	PSI float64 `json:"psi"`
	// Noise is what the PSI stays under in 95 of 100 cases where both populations are samples of the same: the
	// quantile of χ² with bins − 1 degrees, times 1/before + 1/now (Yurdakul 2018). A PSI below it says nothing.
	Noise   float64 `json:"noise"`
	Drifted bool    `json:"drifted"`
}

// Drift compares a run with the one before it.
type Drift struct {
	Recency   ValueDrift `json:"recency"`
	Frequency ValueDrift `json:"frequency"`
	Monetary  ValueDrift `json:"monetary"`
	Drifted   bool       `json:"drifted"` // whether any of them has
	Limits    Limits     `json:"limits"`  // that were applied
}

// DriftOf compares the reading before with the cuts now and with how the customers now fall into the cuts before
// (Counts.Bins). A value has drifted where its PSI is over the limit and over the noise, or where a cut has shifted
// further than the limit.
func DriftOf(before *Reading, cuts *Cuts, now *Bins, limits Limits) Drift {
	if limits.PSI <= 0 {
		limits.PSI = defaultPSI
	}
	if limits.Shift <= 0 {
		limits.Shift = defaultShift
	}
	d := Drift{
		Recency:   driftOf(before.Cuts.Recency, cuts.Recency, before.Bins.Recency, now.Recency, limits),
		Frequency: driftOf(before.Cuts.Frequency, cuts.Frequency, before.Bins.Frequency, now.Frequency, limits),
		Monetary:  driftOf(before.Cuts.Monetary, cuts.Monetary, before.Bins.Monetary, now.Monetary, limits),
		Limits:    limits,
	}
	d.Drifted = d.Recency.Drifted || d.Frequency.Drifted || d.Monetary.Drifted
	return d
}

func driftOf(before, after []Cut, was, is []int64, limits Limits) ValueDrift {
	d := ValueDrift{Shifts: []float64{}}
	d.PSI, d.Noise = stability(was, is)
	d.Drifted = d.PSI > limits.PSI && d.PSI > d.Noise
	if len(before) != len(after) {
		return d
	}
	for i, b := range before {
		s := shift(b.Float(), after[i].Float())
		d.Shifts = append(d.Shifts, s)
		d.Drifted = d.Drifted || math.Abs(s) > limits.Shift
	}
	return d
}

func shift(before, after float64) float64 {
	switch {
	case before == after:
		return 0
	case before == 0:
		return math.Copysign(1, after)
	}
	return (after - before) / math.Abs(before)
}

// chiSquare95 are the 95 % quantiles of χ² by degrees of freedom.
var chiSquare95 = [MaxBins]float64{0, 3.841459, 5.991465, 7.814728, 9.487729, 11.070498, 12.591587, 14.067140, 15.507313, 16.918978}

// stability returns the PSI of two populations over the same bins, and its noise; 0 and 0 where either is empty.
func stability(was, is []int64) (psi, noise float64) {
	n, m := total(was), total(is)
	if n == 0 || m == 0 || len(was) != len(is) || len(is) > MaxBins {
		return 0, 0
	}
	half := float64(len(is)) / 2
	for i := range is {
		p := (float64(was[i]) + .5) / (float64(n) + half)
		q := (float64(is[i]) + .5) / (float64(m) + half)
		psi += (q - p) * math.Log(q/p)
	}
	return psi, chiSquare95[len(is)-1] * (1/float64(n) + 1/float64(m))
}

func total(counts []int64) (n int64) {
	for _, c := range counts {
		n += c
	}
	return n
}
