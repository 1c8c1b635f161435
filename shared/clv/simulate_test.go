package clv

import (
	"math"
	"math/rand/v2"
)

// simulate draws customers from a BG/NBD and Gamma-Gamma world, seen for up to two years.
func simulate(rng *rand.Rand, n int, m BGNBD, g GammaGamma) *Counts {
	return simulateWith(rng, n, m, g, chancesBGNBD)
}

func simulateWith(rng *rand.Rand, n int, m BGNBD, g GammaGamma, chances int) *Counts {
	var c Counts
	for range n {
		c.Add(draw(rng, 90+rng.Int32N(640), m, g, chances))
	}
	return &c
}

// ticksADay divides the days of populations that are to be just as the models have it: there are no two purchases at a
// time, and times are as good as not rounded.
const (
	ticksADay  = 100
	tickInWeek = 1. / daysAWeek / ticksADay
)

// simulateTicks draws customers like simulateWith, with times in ticks.
func simulateTicks(rng *rand.Rand, n int, m BGNBD, g GammaGamma, chances int) *Counts {
	m.Alpha *= ticksADay
	var c Counts
	for range n {
		c.Add(draw(rng, ticksADay*(90+rng.Int32N(640)), m, g, chances))
	}
	return &c
}

// drawn is an order on a day after the first, in minor units.
type drawn struct {
	day int32
	net int64
}

// drawOrders draws the orders of a customer who is seen for so many days and may leave at the beginning as well where
// chances is 1. The first is on day 0.
func drawOrders(rng *rand.Rand, age int32, m BGNBD, g GammaGamma, chances int) []drawn {
	rate := gamma(rng, m.R) / (m.Alpha * daysAWeek)
	leave := beta(rng, m.A, m.B)
	nu := gamma(rng, g.Q) / g.V
	worth := func() int64 { return int64(gamma(rng, g.P) / nu * 100) }
	out := []drawn{{0, worth()}}
	at := 0.0
	for left := chances > 0 && rng.Float64() < leave; !left; left = rng.Float64() < leave {
		if at += rng.ExpFloat64() / rate; at > float64(age) {
			break
		}
		out = append(out, drawn{int32(at), worth()})
	}
	return out
}

// draw draws such a customer's history. Orders of one day are one purchase.
func draw(rng *rand.Rand, age int32, m BGNBD, g GammaGamma, chances int) (Transactions, Spend) {
	t, s := Transactions{T: age}, Spend{}
	for _, o := range drawOrders(rng, age, m, g, chances)[1:] {
		if o.day > t.TX {
			t.TX, t.X = o.day, t.X+1
		}
		if o.day > 0 {
			s.Total += o.net
		}
	}
	s.X = t.X
	return t, s
}

// gamma draws from Gamma(shape, 1) (Marsaglia & Tsang 2000).
func gamma(rng *rand.Rand, shape float64) float64 {
	if shape < 1 {
		return gamma(rng, shape+1) * math.Pow(rng.Float64(), 1/shape)
	}
	d := shape - 1./3
	for {
		z := rng.NormFloat64()
		v := 1 + z/math.Sqrt(9*d)
		if v <= 0 {
			continue
		}
		v = v * v * v
		if math.Log(rng.Float64()) < z*z/2+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}

func beta(rng *rand.Rand, a, b float64) float64 {
	x, y := gamma(rng, a), gamma(rng, b)
	return x / (x + y)
}
