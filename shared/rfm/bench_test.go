package rfm_test

import (
	"testing"
	"time"

	"liuke/shared/rfm"
)

// The floor is a copy of the columns by one memmove after the other: what reading them once and writing as much takes.
func BenchmarkTable10M(b *testing.B) {
	const n = 10_000_000
	t := shop(n, 1)
	to := shop(0, 1)
	to.Recency, to.Frequency, to.Monetary = make([]int32, n), make([]int32, n), make([]int64, n)
	var ours, floor time.Duration
	for b.Loop() {
		start := time.Now()
		out := rfm.Columns{R: make([]uint8, n), F: make([]uint8, n), M: make([]uint8, n)}
		cuts := t.Quantiles(5)
		t.Columns(&cuts, &out)
		between := time.Now()
		copy(to.Recency, t.Recency)
		copy(to.Frequency, t.Frequency)
		copy(to.Monetary, t.Monetary)
		ours, floor = ours+between.Sub(start), floor+time.Since(between)
	}
	customers := float64(n) * float64(b.N)
	b.ReportMetric(customers/ours.Seconds()/1e6, "Mcustomers/s")
	b.ReportMetric(float64(ours.Nanoseconds())/customers, "ns/customer")
	b.ReportMetric(float64(ours)/float64(floor), "×copy")
}
