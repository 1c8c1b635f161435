package experiment

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"liuke/shared/stats"
)

// exactLoss is E[max(B − A, 0)], what is lost by choosing A: the closed form of Stucchi 2015 ("Bayesian A/B Testing at VWO"),
// with P(B > A) in that of Miller.
func exactLoss(a, b stats.Share) float64 {
	mean := func(s stats.Share) float64 { return (1 + float64(s.Successes)) / (2 + float64(s.N)) }
	more := func(s stats.Share) stats.Share { return stats.Share{Successes: s.Successes + 1, N: s.N + 1} }
	return mean(b)*stats.Better(a, more(b)) - mean(a)*stats.Better(more(a), b)
}

func drawShare(t *rapid.T, name string) stats.Share {
	n := rapid.Int64Range(0, rapid.SampledFrom([]int64{5, 300, 20_000}).Draw(t, name+" most")).Draw(t, name+" n")
	return stats.Share{Successes: rapid.Int64Range(0, n).Draw(t, name), N: n}
}

func TestTheIntegralsOfTwoAreTheClosedForms(t *testing.T) {
	check := func(t interface{ Fatalf(string, ...any) }, a, b stats.Share) {
		chance, loss := best([]stats.Share{a, b})
		for _, c := range []struct {
			what      string
			got, want float64
		}{
			{"P(A > B)", chance[0], stats.Better(b, a)}, {"P(B > A)", chance[1], stats.Better(a, b)},
			{"the loss of A", loss[0], exactLoss(a, b)}, {"the loss of B", loss[1], exactLoss(b, a)},
		} {
			if !(math.Abs(c.got-c.want) <= 1e-7) {
				t.Fatalf("%+v, %+v: %s is %.12g, want %.12g", a, b, c.what, c.got, c.want)
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) { check(t, drawShare(t, "a"), drawShare(t, "b")) })
	for _, p := range [][2]stats.Share{
		{{}, {}}, {{Successes: 0, N: 10_000_000}, {Successes: 1, N: 1}}, {{Successes: 3, N: 3}, {Successes: 900_000, N: 10_000_000}},
		{{Successes: 100_000, N: 10_000_000}, {Successes: 100_300, N: 10_000_000}}, {{Successes: 5, N: 10_000_000}, {Successes: 7, N: 10_000_000}},
	} {
		check(t, p[0], p[1])
	}
}

func TestTheIntegralsOfManyAreThoseOfDraws(t *testing.T) {
	shares := []stats.Share{{Successes: 10, N: 100}, {Successes: 14, N: 100}, {Successes: 70, N: 500}, {Successes: 1, N: 8}}
	chance, loss := best(shares)
	random := rand.New(rand.NewPCG(3, 4))
	gamma := func(k int64) (sum float64) { // of a whole shape
		for range k {
			sum += random.ExpFloat64()
		}
		return sum
	}
	const draws = 10_000
	wins, lost := make([]float64, len(shares)), make([]float64, len(shares))
	rates := make([]float64, len(shares))
	for range draws {
		top := 0
		for i, s := range shares {
			up := gamma(1 + s.Successes)
			rates[i] = up / (up + gamma(1+s.N-s.Successes))
			if rates[i] > rates[top] {
				top = i
			}
		}
		wins[top]++
		for i := range shares {
			lost[i] += rates[top] - rates[i]
		}
	}
	for i := range shares {
		if got := wins[i] / draws; math.Abs(got-chance[i]) > 4*math.Sqrt(.25/draws) {
			t.Errorf("variant %d is the best with %.4f, and in draws %.4f", i, chance[i], got)
		}
		if got := lost[i] / draws; math.Abs(got-loss[i]) > .006 {
			t.Errorf("choosing variant %d loses %.5f, and in draws %.5f", i, loss[i], got)
		}
	}
}
