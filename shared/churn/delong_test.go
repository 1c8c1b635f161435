package churn

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"
)

// ranking is how well a score ranks those who were lost above those who were not.
type ranking struct {
	auc   float64
	lost  []float64 // of each who was lost, the share of those who were not that lie below, ties by half
	other []float64 // of each who was not, the share of those who were that lie above
}

func rank(score []float64, lost []bool) (r ranking) {
	var up, down []float64
	for i, v := range score {
		if lost[i] {
			up = append(up, v)
		} else {
			down = append(down, v)
		}
	}
	r.lost, r.other = shares(up, down), shares(down, up)
	for i := range r.other {
		r.other[i] = 1 - r.other[i]
	}
	r.auc = mean(r.lost)
	return r
}

// shares returns for each value the share of the others below it, ties by half.
func shares(values, others []float64) []float64 {
	sorted := slices.Sorted(slices.Values(others))
	out := make([]float64, len(values))
	for i, v := range values {
		below := sort.SearchFloat64s(sorted, v)
		until := below + sort.Search(len(sorted)-below, func(j int) bool { return sorted[below+j] > v })
		out[i] = float64(below+until) / 2 / float64(len(sorted))
	}
	return out
}

func mean(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}

func covariance(a, b []float64) float64 {
	ma, mb, sum := mean(a), mean(b), 0.0
	for i := range a {
		sum += (a[i] - ma) * (b[i] - mb)
	}
	return sum / float64(len(a)-1)
}

// between returns the covariance of two AUCs of the same customers (DeLong, DeLong & Clarke-Pearson 1988).
func (r *ranking) between(o *ranking) float64 {
	return covariance(r.lost, o.lost)/float64(len(r.lost)) + covariance(r.other, o.other)/float64(len(r.other))
}

func (r *ranking) stderr() float64 { return math.Sqrt(r.between(r)) }

// difference returns how much more the AUC of r is than that of o, its standard error, and the two-sided p-value.
func (r *ranking) difference(o *ranking) (d, stderr, p float64) {
	d = r.auc - o.auc
	stderr = math.Sqrt(r.between(r) + o.between(o) - 2*r.between(o))
	return d, stderr, math.Erfc(math.Abs(d) / stderr / math.Sqrt2)
}

func TestTheAreaIsTheShareOfPairsThatAreRankedRight(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	score, lost := make([]float64, 60), make([]bool, 60)
	for i := range score {
		score[i], lost[i] = float64(rng.IntN(12)), rng.IntN(3) > 0
	}
	right, pairs := 0.0, 0.0
	for i := range score {
		for j := range score {
			if lost[i] && !lost[j] {
				pairs++
				if score[i] > score[j] {
					right++
				} else if score[i] == score[j] {
					right += .5
				}
			}
		}
	}
	if r := rank(score, lost); math.Abs(r.auc-right/pairs) > 1e-12 || math.Abs(mean(r.other)-r.auc) > 1e-12 {
		t.Errorf("the area is %v, %v of %v pairs", r.auc, right, pairs)
	}
}

// The test holds its level and its intervals hold the difference: over many samples of two scores that are equally good
// and share their noise, the standard error is the difference's deviation.
func TestDeLongsErrorIsThatOfTheDifference(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var differences, variances []float64
	for range 400 {
		var a, b []float64
		var lost []bool
		for i := range 80 {
			gone, shared := i%2 == 0, rng.NormFloat64()
			if gone {
				shared++
			}
			a, b, lost = append(a, shared+rng.NormFloat64()), append(b, shared+rng.NormFloat64()), append(lost, gone)
		}
		x, y := rank(a, lost), rank(b, lost)
		d, stderr, _ := x.difference(&y)
		differences, variances = append(differences, d), append(variances, stderr*stderr)
	}
	if got, want := mean(variances), covariance(differences, differences); !near(got, want, .15) {
		t.Errorf("the variance is estimated as %v on average, and is %v", got, want)
	}
}
