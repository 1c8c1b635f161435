package trial

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"testing"

	"liuke/shared/backtest"
	"liuke/shared/clv"
	"liuke/shared/recalc"
)

// BenchmarkMillion goes over a million customers, the most that a backtest takes, a part of 4,000 at a time, with the
// default grid and with as many windows as may be compared, and reports the most memory that it holds and how large the
// state is at its largest.
func BenchmarkMillion(b *testing.B) {
	const rows, parts = 4_000, MaxCustomers / 4_000
	wide := backtest.DefaultGrid()
	wide.WindowDays = []int32{30, 60, 90, 180, 365, 540, 730, 0}
	for _, grid := range []backtest.Grid{backtest.DefaultGrid(), wide} {
		b.Run(fmt.Sprintf("windows=%d", len(grid.WindowDays)), func(b *testing.B) {
			defer debug.SetGCPercent(debug.SetGCPercent(20))
			basis := basis(clv.ModelBGNBD)
			basis.Terms.Grid = grid
			all := make([]recalc.Part, parts)
			for i := range all {
				all[i].Rows = rows
			}
			var peak uint64
			state := 0
			for b.Loop() {
				w, err := Begin(basis, all, MaxCustomers)
				if err != nil {
					b.Fatal(err)
				}
				for w.Step() < w.Steps() {
					b.StopTimer()
					part := shop(rand.New(rand.NewPCG(uint64(w.Step()%parts), 7)), rows)
					b.StartTimer()
					if err := w.Add(part); err != nil {
						b.Fatal(err)
					}
					if w.Step() == parts-1 || w.Step() == 2*parts-1 {
						raw, err := w.Keep()
						if err != nil {
							b.Fatal(err)
						}
						state = max(state, len(raw))
					}
					var m runtime.MemStats
					runtime.ReadMemStats(&m)
					peak = max(peak, m.HeapInuse+m.StackInuse)
				}
				report, err := w.Report()
				if err != nil || len(report.Result.Others) != 5 {
					b.Fatalf("%v, %+v", err, report.Notes)
				}
			}
			b.ReportMetric(float64(peak)/(1<<20), "MB")
			b.ReportMetric(float64(state)/(1<<20), "MB-state")
		})
	}
}
