package backtest

import (
	"math"

	"liuke/shared/stats"
)

// Lift is one part of a ranking, such as the tenth that ranks highest. Where its border runs through customers of equal
// score, it takes the same share of those who ordered as of all, to the nearest whole customer: what a random choice
// among them takes on average.
type Lift struct {
	Customers int64 `json:"customers"`
	Ordered   int64 `json:"ordered"`
	// Share is Ordered / Customers, with its 95 % interval (Wilson).
	Share float64 `json:"share"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
	// Lift is Share over the share of all: 1 for a ranking that says nothing.
	Lift float64 `json:"lift"`
	// Gain is Share less the share among all other parts, with its 95 % interval (Newcombe).
	Gain     float64 `json:"gain"`
	GainLow  float64 `json:"gain_low"`
	GainHigh float64 `json:"gain_high"`
	// Captured is the share of all who ordered that are in this part or a higher one.
	Captured float64 `json:"captured"`
}

// LiftOf divides the customers of ascending groups into parts that differ by one customer at most, the highest scores
// first. There are none where nobody ordered, and empty ones where there are fewer customers than parts.
func LiftOf(groups []Group, parts int) []Lift {
	all := stats.Share{}
	for _, g := range groups {
		all.N += g.Ordered + g.Not
		all.Successes += g.Ordered
	}
	if all.Successes == 0 || parts < 1 {
		return nil
	}
	out := make([]Lift, parts)
	top := walk{groups: groups}
	var before stats.Share
	for k := range out {
		n := all.N/int64(parts)*int64(k+1) + all.N%int64(parts)*int64(k+1)/int64(parts)
		upto := stats.Share{Successes: top.first(n), N: n}
		part := stats.Share{Successes: upto.Successes - before.Successes, N: upto.N - before.N}
		rest := stats.Share{Successes: all.Successes - part.Successes, N: all.N - part.N}
		within, gain := stats.Wilson(part.Successes, part.N), stats.Newcombe(part, rest)
		out[k] = Lift{
			Customers: part.N, Ordered: part.Successes,
			Share: part.Rate(), Low: within.Low, High: within.High,
			Lift: part.Rate() / all.Rate(),
			Gain: part.Rate() - rest.Rate(), GainLow: gain.Low, GainHigh: gain.High,
			Captured: float64(upto.Successes) / float64(all.Successes),
		}
		before = upto
	}
	return out
}

// walk goes through groups from the highest score down.
type walk struct {
	groups []Group // that are not passed
	passed stats.Share
}

// first returns how many of the first n customers ordered; n never falls from call to call.
func (w *walk) first(n int64) int64 {
	for len(w.groups) > 0 {
		g := w.groups[len(w.groups)-1]
		size := g.Ordered + g.Not
		if w.passed.N+size > n {
			return w.passed.Successes + int64(math.Round(float64(n-w.passed.N)*float64(g.Ordered)/float64(size)))
		}
		w.passed.N += size
		w.passed.Successes += g.Ordered
		w.groups = w.groups[:len(w.groups)-1]
	}
	return w.passed.Successes
}
