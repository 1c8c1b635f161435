package experiment

import (
	"math"
	"slices"

	"liuke/shared/stats"
)

// best returns, for each share, the chance that the rate behind it is the highest, and what is lost in rate, on average, by
// choosing it against whichever is the highest; both given what was seen and a uniform prior of each:
//
//	P(i is best) = ∫ fᵢ Π_{j≠i} Fⱼ        loss(i) = E[max] − E[i],  E[max] = 1 − ∫ Π Fⱼ
//
// of the posterior Beta densities f and distributions F. The integrals are by Gauss-Legendre quadrature over panels that
// end at whole standard deviations of every posterior; both results are within 1e-7 of the truth for up to ten million
// customers an arm, which the tests hold against the closed forms for two.
func best(shares []stats.Share) (chance, loss []float64) {
	posteriors := make([]posterior, len(shares))
	edges := []float64{0, 1}
	for i, s := range shares {
		posteriors[i] = newPosterior(s)
		edges = posteriors[i].edges(edges)
	}
	slices.Sort(edges)
	edges = slices.Compact(edges)

	chance, weight := make([]float64, len(shares)), make([]float64, len(shares))
	below := 0.0 // ∫ Π F
	cdf, density := make([]float64, len(shares)), make([]float64, len(shares))
	for k := range len(edges) - 1 {
		middle, half := (edges[k]+edges[k+1])/2, (edges[k+1]-edges[k])/2
		for n, node := range nodes {
			x, w := middle+half*node, half*weights[n]
			for i := range posteriors {
				cdf[i], density[i] = posteriors[i].at(x)
			}
			below += w * product(cdf, -1)
			for i := range posteriors {
				weight[i] += w * density[i]
				if density[i] > 0 {
					chance[i] += w * density[i] * product(cdf, i)
				}
			}
		}
	}
	loss = make([]float64, len(shares))
	for i := range posteriors {
		chance[i] = min(1, chance[i]/weight[i]) // the rounding of the density's constant cancels
		loss[i] = max(0, 1-below-posteriors[i].mean)
	}
	return chance, loss
}

// product is that of all but one.
func product(of []float64, without int) float64 {
	p := 1.0
	for i, v := range of {
		if i != without {
			p *= v
		}
	}
	return p
}

// posterior is what a share says of the rate behind it.
type posterior struct {
	a, b, mean, deviation float64
	constant              float64 // −ln B(a, b)
	low, high             float64 // all but some 1e-15 lies between
}

// reach is how many standard deviations from the mean the panels go.
const reach = 10

func newPosterior(s stats.Share) posterior {
	p := posterior{a: 1 + float64(s.Successes), b: 1 + float64(s.N-s.Successes)}
	n := p.a + p.b
	p.mean = p.a / n
	p.deviation = math.Sqrt(p.a*p.b/(n+1)) / n
	both, _ := math.Lgamma(n)
	first, _ := math.Lgamma(p.a)
	second, _ := math.Lgamma(p.b)
	p.constant = both - first - second
	// A density near an end of 0..1 is longer on the other side: three reaches hold it there.
	p.low, p.high = p.mean-3*reach*p.deviation, p.mean+3*reach*p.deviation
	return p
}

func (p *posterior) edges(edges []float64) []float64 {
	for k := -3 * reach; k <= 3*reach; k++ {
		if k < -reach && k%4 != 0 || k > reach && k%4 != 0 {
			continue
		}
		if x := p.mean + float64(k)*p.deviation; x > 0 && x < 1 {
			edges = append(edges, x)
		}
	}
	return edges
}

func (p *posterior) at(x float64) (cdf, density float64) {
	switch {
	case x <= p.low:
		return 0, 0
	case x >= p.high:
		return 1, 0
	}
	return stats.BetaCDF(x, p.a, p.b), math.Exp(p.constant + (p.a-1)*math.Log(x) + (p.b-1)*math.Log1p(-x))
}

// The nodes and weights of Gauss-Legendre quadrature with eight points on −1..1 (Abramowitz & Stegun, table 25.4).
var (
	nodes = [8]float64{-0.960289856497536, -0.796666477413627, -0.525532409916329, -0.183434642495650,
		0.183434642495650, 0.525532409916329, 0.796666477413627, 0.960289856497536}
	weights = [8]float64{0.101228536290376, 0.222381034453374, 0.313706645877887, 0.362683783378362,
		0.362683783378362, 0.313706645877887, 0.222381034453374, 0.101228536290376}
)
