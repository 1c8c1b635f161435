package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/shared/customer"
)

// BenchmarkRecalculation recalculates LIUKE_SCALE_CUSTOMERS customers (20,000 unless it says otherwise) through the local
// engines with two workers: a first run, which writes everybody, and one on the day after. It reports customers a second
// of each, how much of the processors' time went to the engines, to JSON and to the rest of the workers, and the most
// memory that the workers held.
func BenchmarkRecalculation(b *testing.B) {
	n := 20_000
	if s := os.Getenv("LIUKE_SCALE_CUSTOMERS"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			b.Fatal(err)
		}
	}
	w := newWorld(b)
	w.paged.counted = int64(n)
	w.stock(n)
	for b.Loop() {
		for _, day := range []string{"first", "next"} {
			m := w.measure(b, func() { w.runBy(2) })
			b.ReportMetric(float64(n)/m.wall.Seconds(), day+"-customers/s")
			b.ReportMetric(100*m.engines/(m.engines+m.own), day+"-%engines")
			b.ReportMetric(100*m.json/(m.engines+m.own), day+"-%json")
			b.ReportMetric(100*(m.own-m.json)/(m.engines+m.own), day+"-%own")
			b.ReportMetric(m.peak/(1<<20), day+"-MB")
			w.now = w.now.AddDate(0, 0, 1)
			w.signals.bodies = nil
		}
	}
	b.ReportMetric(0, "ns/op")
}

// stock stores customers who bought over two years.
func (w *world) stock(n int) {
	w.t.Helper()
	const batch = 25
	var group sync.WaitGroup
	var next atomic.Int64
	for range 4 {
		group.Go(func() {
			for {
				from := int(next.Add(batch)) - batch
				if from >= n {
					return
				}
				var writes []types.WriteRequest
				for i := from; i < min(from+batch, n); i++ {
					h, _ := buyer(uint64(i), w.now).MarshalBinary()
					writes = append(writes, types.WriteRequest{PutRequest: &types.PutRequest{Item: map[string]types.AttributeValue{
						"id":   &types.AttributeValueMemberS{Value: fmt.Sprintf("customer-%08d", i)},
						"v":    &types.AttributeValueMemberN{Value: "1"},
						"h":    &types.AttributeValueMemberB{Value: h},
						"seen": &types.AttributeValueMemberN{Value: "1700000000"},
						"last": &types.AttributeValueMemberN{Value: "1700000000"},
						"k":    &types.AttributeValueMemberB{Value: []byte(fmt.Sprintf("%032d", i))},
					}}})
				}
				_, err := w.db.BatchWriteItem(w.t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{w.customers: writes}})
				if err != nil {
					w.t.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
}

// buyer draws one customer's orders until a moment.
func buyer(seed uint64, until time.Time) *customer.History {
	rng := rand.New(rand.NewPCG(seed, 2))
	end := float64(customer.DayOf(until, time.UTC))
	h := &customer.History{}
	pace, worth, leave := 60/(rng.ExpFloat64()+.1), 3000*math.Exp(.7*rng.NormFloat64()), .4*rng.Float64()
	for at := end - 720*rng.Float64(); at <= end; at += 1 + pace*rng.ExpFloat64() {
		h.Add(customer.Day(at), int64(worth*(.3+rng.ExpFloat64())))
		if rng.Float64() < leave {
			break
		}
	}
	return h
}

// runBy plans a run as of today and works on its phases by so many workers at once.
func (w *world) runBy(workers int) {
	w.t.Helper()
	id := w.plan("{}")
	var busy atomic.Int64
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for {
				busy.Add(1)
				body, ok := w.phases.take()
				if ok && !w.deliver(body) {
					w.t.Errorf("not acknowledged: %s", body)
				}
				if busy.Add(-1) == 0 && !ok {
					return // nobody works who could queue more
				} else if !ok {
					time.Sleep(time.Millisecond)
				}
			}
		})
	}
	group.Wait()
	w.done(id)
}

// measured is what some work took: processors' seconds of the engines and of this process, the part of the latter in
// JSON, and the most bytes that were held.
type measured struct {
	wall               time.Duration
	engines, own, json float64
	peak               float64
}

func (w *world) measure(b *testing.B, work func()) (m measured) {
	b.Helper()
	runtime.GC()
	path := filepath.Join(b.TempDir(), "cpu")
	file, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	done := make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		for {
			var s runtime.MemStats
			runtime.ReadMemStats(&s)
			m.peak = max(m.peak, float64(s.Sys-s.HeapReleased))
			select {
			case <-done:
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
	})
	http.DefaultClient.CloseIdleConnections()
	own, engines, began := seconds("self"), children(), time.Now()
	if err := pprof.StartCPUProfile(file); err != nil {
		b.Fatal(err)
	}
	work()
	pprof.StopCPUProfile()
	m.wall, m.own, m.engines = time.Since(began), seconds("self")-own, children()-engines
	close(done)
	group.Wait()
	out, err := exec.Command("go", "tool", "pprof", "-top", "-focus", `encoding/json|protocol/awsjson`, path).CombinedOutput()
	if err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	if share := regexp.MustCompile(`accounting for [^,]+, ([0-9.]+)% of`).FindSubmatch(out); share != nil {
		percent, _ := strconv.ParseFloat(string(share[1]), 64)
		m.json = m.own * percent / 100
	}
	return m
}

// children are the processor seconds of this process's children: the engines.
func children() (sum float64) {
	tasks, _ := filepath.Glob("/proc/self/task/*/children")
	for _, task := range tasks {
		raw, _ := os.ReadFile(task)
		for _, pid := range strings.Fields(string(raw)) {
			sum += seconds(pid)
		}
	}
	return sum
}

// seconds are a process's processor seconds, by Linux's clock ticks of 10 ms.
func seconds(pid string) float64 {
	raw, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(raw), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseFloat(fields[11], 64)
	system, _ := strconv.ParseFloat(fields[12], 64)
	return (user + system) / 100
}
