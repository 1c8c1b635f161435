package clv

import (
	"math/rand/v2"
	"testing"
)

// BenchmarkFitAMillion compresses and fits a million simulated customers.
func BenchmarkFitAMillion(b *testing.B) {
	c := simulate(rand.New(rand.NewPCG(5, 6)), 1_000_000, BGNBD{R: .6, Alpha: 9, A: .9, B: 3}, GammaGamma{P: 5, Q: 4, V: 20})
	for b.Loop() {
		var merged Counts
		merged.Merge(c)
		if _, err := FitBGNBD(&merged); err != nil {
			b.Fatal(err)
		}
	}
	c.settle()
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/fit")
	b.ReportMetric(float64(len(c.transactions)), "distinct")
}

// BenchmarkForecast forecasts customers with and without what is remembered of others like them.
func BenchmarkForecast(b *testing.B) {
	c := simulate(rand.New(rand.NewPCG(5, 6)), 20_000, BGNBD{R: .6, Alpha: 9, A: .9, B: 3}, GammaGamma{P: 5, Q: 4, V: 20})
	for b.Loop() {
		f := NewForecaster(BGNBD{R: .6, Alpha: 9, A: .9, B: 3}, &GammaGamma{P: 5, Q: 4, V: 20}, 90, Horizon{Months: 12, Monthly: .01, Margin: 1})
		for _, w := range c.transactions {
			f.Of(w.key, Spend{}, 100)
		}
	}
	b.ReportMetric(float64(len(c.transactions))*float64(b.N)/b.Elapsed().Seconds(), "customers/s")
}
