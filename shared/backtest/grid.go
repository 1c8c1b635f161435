// Package backtest chooses the thresholds of RFM by evidence. It holds out the last days of a population's history, scores
// every customer as of the day before them, and asks of every setting of a grid (how long a window, how many bins, how
// much recency, frequency and money weigh) how well it ranks those who then ordered above those who did not: by the
// area under the ROC curve and by the lift of each tenth, with intervals.
//
// A backtest goes over the customers twice, in parts and in any order: once to count values (Counts), from which the cuts
// follow (Cuts), and once to count outcomes by score (Tally). Both merge, have a binary form, and are small: a Tally counts
// customers by their three scores for each window and number of bins, and the weights are compared from those counts at
// the end (Result). Counts hold as many numbers as there are different values; where those are too many, a sample of the
// customers does, such as those of whom rfm.Tie is a multiple of ten.
//
// Of many settings the best looks better than it is, since it was picked by the same outcomes that it is judged by. So the
// choice is the simplest setting within one standard error of the best, and its figure is to be expected again only as
// far as its interval says. Values are those that orders have today: a refund that came after the cut day is known to the
// scores already.
//
// Ranking and AUC serve other scores as well, such as a churn risk.
package backtest

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/rfm"
)

// Weights are what the three scores count for in a customer's ranking: R·r + F·f + M·m. Only their ratio matters.
type Weights struct {
	R uint8 `json:"r"`
	F uint8 `json:"f"`
	M uint8 `json:"m"`
}

// String returns the weights as a sum, such as 2R+F.
func (w Weights) String() string {
	s := ""
	for _, part := range []struct {
		weight uint8
		name   string
	}{{w.R, "R"}, {w.F, "F"}, {w.M, "M"}} {
		if part.weight == 0 {
			continue
		}
		if s != "" {
			s += "+"
		}
		if part.weight > 1 {
			s += fmt.Sprint(part.weight)
		}
		s += part.name
	}
	return s
}

// of returns the composite score of three scores.
func (w Weights) of(r, f, m int) int { return int(w.R)*r + int(w.F)*f + int(w.M)*m }

// values is how many of the three values count at all.
func (w Weights) values() (n int) {
	for _, v := range []uint8{w.R, w.F, w.M} {
		if v > 0 {
			n++
		}
	}
	return n
}

// reduced divides weights by what divides all three.
func (w Weights) reduced() Weights {
	a := w.R
	for _, b := range []uint8{w.F, w.M} {
		for b != 0 {
			a, b = b, a%b
		}
	}
	if a == 0 {
		return w
	}
	return Weights{w.R / a, w.F / a, w.M / a}
}

// MaxWeight is the most that a value may weigh.
const MaxWeight = 9

// WeightsUpTo returns every ratio of weights from 0 to most, each once in its least terms, ascending.
func WeightsUpTo(most uint8) []Weights {
	var out []Weights
	for r := range most + 1 {
		for f := range most + 1 {
			for m := range most + 1 {
				if w := (Weights{r, f, m}); w != (Weights{}) && w == w.reduced() {
					out = append(out, w)
				}
			}
		}
	}
	return out
}

// Grid is what is compared: every window with every number of bins and all weights.
type Grid struct {
	WindowDays []int32   `json:"window_days"` // 0 is the whole history
	Bins       []int     `json:"bins"`        // 2 to rfm.MaxBins
	Weights    []Weights `json:"weights"`
}

// DefaultGrid returns windows from a quarter to the whole history, 3 to 10 bins, and all weights up to 3.
func DefaultGrid() Grid {
	return Grid{WindowDays: []int32{90, 180, 365, 730, 0}, Bins: []int{3, 4, 5, 6, 7, 8, 9, 10}, Weights: WeightsUpTo(3)}
}

// Terms are what a backtest is asked.
type Terms struct {
	AsOf        customer.Day `json:"as_of"`        // customers are scored as of the end of this day
	HoldoutDays int32        `json:"holdout_days"` // the days after it in which an order is the outcome
	Grid        Grid         `json:"grid"`
}

const maxWindows = 32

// Validate returns an Invalid error at what is out of range or occurs twice.
func (t *Terms) Validate() error {
	g := &t.Grid
	switch {
	case t.AsOf < 0:
		return fault.At("/as_of", "as_of lies before 1970")
	case t.HoldoutDays < 1 || t.HoldoutDays > math.MaxInt32-t.AsOf:
		return fault.At("/holdout_days", "at least one day is held out")
	case len(g.WindowDays) == 0 || len(g.WindowDays) > maxWindows || repeats(g.WindowDays):
		return fault.At("/grid/window_days", "there are 1 to %d windows, each once", maxWindows)
	case slices.Min(g.WindowDays) < 0:
		return fault.At("/grid/window_days", "a window is 0 for the whole history, or a number of days")
	case len(g.Bins) == 0 || repeats(g.Bins) || slices.Min(g.Bins) < 2 || slices.Max(g.Bins) > rfm.MaxBins:
		return fault.At("/grid/bins", "numbers of bins are from 2 to %d, each once", rfm.MaxBins)
	case len(g.Weights) == 0:
		return fault.At("/grid/weights", "there are no weights")
	}
	var seen []Weights
	for i, w := range g.Weights {
		if w == (Weights{}) || max(w.R, w.F, w.M) > MaxWeight {
			return fault.At(fmt.Sprintf("/grid/weights/%d", i), "weights are from 0 to %d, and not all of them 0", MaxWeight)
		}
		seen = append(seen, w.reduced())
	}
	if repeats(seen) {
		return fault.At("/grid/weights", "two weights have the same ratio")
	}
	return nil
}

func repeats[T comparable](list []T) bool {
	seen := make(map[T]bool, len(list))
	for _, v := range list {
		seen[v] = true
	}
	return len(seen) < len(list)
}

// Setting is one point of the grid.
type Setting struct {
	WindowDays int32   `json:"window_days"`
	Bins       int     `json:"bins"`
	Weights    Weights `json:"weights"`
}

// simpler orders settings: first the one that looks at fewer values, then that with lesser weights, fewer bins and a
// shorter window.
func simpler(a, b Setting) int {
	window := func(days int32) int64 {
		if days == 0 {
			return math.MaxInt64
		}
		return int64(days)
	}
	sum := func(w Weights) int { return int(w.R) + int(w.F) + int(w.M) }
	return cmp.Or(
		cmp.Compare(a.Weights.values(), b.Weights.values()),
		cmp.Compare(sum(a.Weights), sum(b.Weights)),
		cmp.Compare(a.Bins, b.Bins),
		cmp.Compare(window(a.WindowDays), window(b.WindowDays)),
		cmp.Compare(b.Weights.R, a.Weights.R),
		cmp.Compare(b.Weights.F, a.Weights.F),
	)
}
