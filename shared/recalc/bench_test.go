package recalc_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"liuke/shared/churn"
	"liuke/shared/clv"
	"liuke/shared/customer"
	"liuke/shared/recalc"
	"liuke/shared/rfm"
)

// part draws the summary of so many customers who began to order over three years, as a worker reads it.
func part(b *testing.B, n int, seed uint64) *recalc.Summary {
	rng := rand.New(rand.NewPCG(seed, 3))
	s := &recalc.Summary{}
	for range n {
		age := 1 + rng.Int32N(1095)
		gap, leaves := 15/(rng.ExpFloat64()+.02), .8*rng.Float64()*rng.Float64()
		t := clv.Transactions{T: age}
		for at := 0.0; rng.Float64() >= leaves; {
			if at += 1 + gap*rng.ExpFloat64(); at > float64(age) {
				break
			}
			t.X, t.TX = t.X+1, int32(at)
		}
		x := t.X
		spent := int64(500 + rng.ExpFloat64()*9000)
		s.Customers++
		s.RFM.Add(rfm.Value{Recency: age - t.TX, Frequency: 1 + x, Monetary: spent * int64(1+x)})
		s.Groups.Add(fmt.Sprintf("%dQ%d", 2024+age/365, 1+age/91%4), t, clv.Spend{X: x, Total: spent * int64(x)})
		if age > recalc.HoldoutDays {
			t.T -= recalc.HoldoutDays
			t.TX = min(t.TX, t.T)
			s.Before.Add(t, clv.Spend{X: x, Total: spent * int64(x)})
		}
		s.Rhythm.Add(churn.Pattern{First: 0, Last: customer.Day(t.TX), Purchases: 1 + x, Gaps: [2]int32{t.TX / max(x, 1), t.TX / max(x, 1)}})
	}
	raw, err := s.MarshalBinary()
	if err != nil {
		b.Fatal(err)
	}
	out := &recalc.Summary{}
	if err := out.UnmarshalBinary(raw); err != nil {
		b.Fatal(err)
	}
	return out
}

// BenchmarkFitOfMany fits 1 and 20 million customers, a part at a time as a worker does, and reports the most memory that
// it holds: of the more, two looks find the exact cuts, and a sample of the parts is modelled.
func BenchmarkFitOfMany(b *testing.B) {
	today := customer.Date(2026, time.March, 2)
	terms := recalc.Terms{AsOf: today, WindowDays: 365, Binning: recalc.Quantile, Currency: "EUR", Model: clv.ModelBGNBD, GroupedBy: recalc.ByQuarter}
	for _, millions := range []int{1, 20} {
		b.Run(fmt.Sprintf("millions=%d", millions), func(b *testing.B) {
			const rows = 50_000
			parts := millions * 1_000_000 / rows
			var peak uint64
			look := func() {
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapInuse+m.StackInuse)
			}
			for b.Loop() {
				runtime.GC()
				all := recalc.NewPopulation(&terms, options(b), nil, parts*rows)
				looks := 0
				for again := true; again; again = all.Again() {
					for i := range parts {
						all.Add(part(b, rows, uint64(i)))
						look()
					}
					looks++
				}
				fit, err := all.Fit()
				if err != nil || fit.Models.Orders.Orders() == nil {
					b.Fatalf("%v, %+v", err, fit.Models.Orders)
				}
				look()
				b.ReportMetric(float64(looks), "looks")
				b.ReportMetric(float64(fit.Models.Customers)/1e6, "millions-modelled")
			}
			b.ReportMetric(float64(peak)/(1<<20), "MB")
		})
	}
}
