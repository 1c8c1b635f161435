package clv

import (
	"math/rand/v2"
	"runtime"
	"runtime/metrics"
	"sync"
	"syscall"
	"testing"
	"time"
)

// columns are raw histories: a customer a row.
type columns struct {
	x, tx, t []int32
	spend    []int64
}

// population draws customers who first purchased over three years, each hundred thousand from a seed of its own.
func population(n int) columns {
	c := columns{make([]int32, n), make([]int32, n), make([]int32, n), make([]int64, n)}
	const chunk = 100_000
	var group sync.WaitGroup
	turn := make(chan struct{}, runtime.GOMAXPROCS(0))
	for from := 0; from < n; from += chunk {
		turn <- struct{}{}
		group.Go(func() {
			defer func() { <-turn }()
			rng := rand.New(rand.NewPCG(7, uint64(from)))
			for i := from; i < min(from+chunk, n); i++ {
				t, s := draw(rng, 1+rng.Int32N(3*365), BGNBD{R: .6, Alpha: 9, A: .9, B: 3}, GammaGamma{P: 5, Q: 4, V: 20}, chancesBGNBD)
				c.x[i], c.tx[i], c.t[i], c.spend[i] = t.X, t.TX, t.T, s.Total
			}
		})
	}
	group.Wait()
	return c
}

// count compresses rows.
func (c *columns) count(from, to int) *Counts {
	var out Counts
	for i := from; i < to; i++ {
		out.Add(Transactions{X: c.x[i], TX: c.tx[i], T: c.t[i]}, Spend{X: c.x[i], Total: c.spend[i]})
	}
	return &out
}

// processorTime is how long this process has had processors, which other processes' load does not lengthen much.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// peak watches the memory in use until it is stopped, and returns the most above what was in use at the beginning.
func peak() (stop func() (bytes float64)) {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	read := func() float64 {
		metrics.Read(sample)
		return float64(sample[0].Value.Uint64())
	}
	runtime.GC()
	before := read()
	most := before
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for tick := time.NewTicker(5 * time.Millisecond); ; {
			select {
			case <-tick.C:
				most = max(most, read())
			case <-quit:
				tick.Stop()
				return
			}
		}
	}()
	return func() float64 {
		close(quit)
		<-done
		return most - before
	}
}

// BenchmarkFitTenMillion compresses ten million customers from columns, half on each of two goroutines as two workers
// would, and fits all models to them.
func BenchmarkFitTenMillion(b *testing.B) {
	const n = 10_000_000
	rows := population(n)
	var compress, orders, modified, spend, processors time.Duration
	var distinct, spends int
	var most float64
	for b.Loop() {
		stop := peak()
		start, used := time.Now(), processorTime(b)
		lap := func(to *time.Duration) {
			*to += time.Since(start)
			start = time.Now()
		}
		var halves [2]*Counts
		var group sync.WaitGroup
		for i := range halves {
			group.Go(func() { halves[i] = rows.count(i*n/2, (i+1)*n/2) })
		}
		group.Wait()
		halves[0].Merge(halves[1])
		distinct, spends = len(halves[0].transactions.lines()), len(halves[0].spends.lines())
		lap(&compress)
		if _, err := FitBGNBD(halves[0]); err != nil {
			b.Fatal(err)
		}
		lap(&orders)
		if _, err := FitGammaGamma(halves[0], 100); err != nil {
			b.Fatal(err)
		}
		lap(&spend)
		processors += processorTime(b) - used
		if _, err := FitMBGNBD(halves[0]); err != nil {
			b.Fatal(err)
		}
		lap(&modified)
		most = max(most, stop())
	}
	each := func(d time.Duration) float64 { return d.Seconds() / float64(b.N) }
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(each(compress), "s/compress")
	b.ReportMetric(each(orders), "s/bgnbd")
	b.ReportMetric(each(spend), "s/gammagamma")
	b.ReportMetric(each(modified), "s/mbgnbd")
	b.ReportMetric(each(compress+orders+spend), "s/compress+bgnbd+gammagamma")
	b.ReportMetric(each(processors), "processor-s/compress+bgnbd+gammagamma")
	b.ReportMetric(float64(distinct), "distinct")
	b.ReportMetric(float64(spends), "spends")
	b.ReportMetric(most/1e6, "MB-peak")
}

// BenchmarkFitCDNOW fits all models to the CDNOW sample, from customers as they were read.
func BenchmarkFitCDNOW(b *testing.B) {
	histories := cdnowHistories(b)
	if histories == nil {
		return
	}
	for b.Loop() {
		var c Counts
		for _, h := range histories {
			if x, s, ok := Of(h, cut); ok {
				c.Add(x, s)
			}
		}
		start := time.Now()
		if _, err := FitBGNBD(&c); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(start).Seconds()*1000, "ms/bgnbd")
		start = time.Now()
		if _, err := FitMBGNBD(&c); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(start).Seconds()*1000, "ms/mbgnbd")
		start = time.Now()
		if _, err := FitGammaGamma(&c, 100); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(start).Seconds()*1000, "ms/gammagamma")
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkForecast forecasts customers with and without what is remembered of others like them.
func BenchmarkForecast(b *testing.B) {
	c := simulate(rand.New(rand.NewPCG(5, 6)), 20_000, BGNBD{R: .6, Alpha: 9, A: .9, B: 3}, GammaGamma{P: 5, Q: 4, V: 20})
	lines := c.transactions.lines()
	for b.Loop() {
		f := NewForecaster(&BGNBD{R: .6, Alpha: 9, A: .9, B: 3}, &GammaGamma{P: 5, Q: 4, V: 20}, 90, Horizon{Months: 12, Monthly: .01, Margin: 1})
		for _, l := range lines {
			f.Of(l.transactions(), Spend{}, 100)
		}
	}
	b.ReportMetric(float64(len(lines))*float64(b.N)/b.Elapsed().Seconds(), "customers/s")
}
