package fold_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"liuke/infra/local/engine"
	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/event"
	"liuke/shared/fold"
	"liuke/shared/order"
)

// traffic counts the calls to the tables and the bytes of their bodies, one call at a time.
type traffic struct{ calls, sent, received int64 }

func (c *traffic) RoundTrip(req *http.Request) (*http.Response, error) {
	out, err := http.DefaultTransport.RoundTrip(req)
	if err == nil {
		c.calls++
		c.sent += req.ContentLength
		c.received += out.ContentLength
	}
	return out, err
}

// cost is what one event took.
type cost struct {
	calls, sent, received int64
	read, write           float64
}

func (c cost) String() string {
	return fmt.Sprintf("%d calls, %.1f read and %.1f write units, %d bytes sent and %d received", c.calls, c.read, c.write, c.sent, c.received)
}

// TestFoldingCostsTheSameHoweverLongTheHistory folds an order, a refund, an activity event and a merge of a customer
// with 10 orders and of one with 10,000 on 2,000 days: the same calls, and the same records read. What grows is the
// customer's item, up to the 512 days that it tells apart and one entry a month before them.
func TestFoldingCostsTheSameHoweverLongTheHistory(t *testing.T) {
	t.Parallel()
	few, many := costsAfter(t, 10, 1), costsAfter(t, 10_000, 5)
	for _, name := range slices.Sorted(maps.Keys(few)) {
		a, b := few[name], many[name]
		t.Logf("%s\n  10 orders:      %v\n  10,000 orders:  %v", name, a, b)
		if b.calls != a.calls || b.read != a.read {
			t.Errorf("%s: the calls or the records read grow with the history", name)
		}
		const item = 4 << 10 // an item of 512 days, with all that it remembers
		if grown := b.received + b.sent - a.received - a.sent; grown > b.calls*item*4/3 {
			t.Errorf("%s: %d bytes more, want at most an item in each of %d calls", name, grown, b.calls)
		}
		if b.write > a.write+2*4 {
			t.Errorf("%s: %.1f write units, %.1f with a short history: want no more than the item's 4 KB", name, b.write, a.write)
		}
	}
}

// customerWith returns a folder over tables with a customer "c" who has so many orders, so many a day, and the wire that
// it calls the tables by.
func customerWith(t testing.TB, orders, perDay int) (*fold.Folder, *traffic) {
	t.Helper()
	customers, records := engine.NewTables(t)
	var wire traffic
	store := dynamo.New(engine.Config(engine.StartDynamoDB(t)), customers, records, func(o *dynamodb.Options) {
		o.HTTPClient = &http.Client{Transport: &wire}
	})
	f, _ := setup(t)
	f.Store = store
	rec := customer.Record{ID: "c", Version: 1, Key: customer.Key{1}}
	var history []order.Record
	for i := range orders {
		o := order.Record{ID: fmt.Sprint("o", i), Version: 1}
		at := noon.AddDate(0, 0, -i/perDay)
		change := order.Change{Event: fmt.Sprint("p", i), Kind: order.Placed, Time: at, Total: 12_345, Currency: "CNY", Day: customer.DayOf(at, f.Zone)}
		if _, err := o.Apply(change); err != nil {
			t.Fatal(err)
		}
		o.AddTo(&rec.History, 1)
		history = append(history, o)
	}
	for chunk := range slices.Chunk(history, fold.MaxOrders) {
		if err := store.Commit(t.Context(), &rec, chunk); err != nil {
			t.Fatal(err)
		}
		rec.Version++
	}
	return f, &wire
}

// costsAfter measures single events of a customer with so many orders, so many a day.
func costsAfter(t *testing.T, orders, perDay int) map[string]cost {
	t.Helper()
	f, wire := customerWith(t, orders, perDay)
	costs := map[string]cost{}
	for _, e := range []struct {
		name  string
		event event.Event
	}{
		{"an order", placed("new", "c", "new", "1.00")},
		{"a refund", refunded("r", "c", "o3", "0.50")},
		{"an activity event", track("a", "c", "Viewed", nil)},
		{"a merge", identify("i", "c", "v", `{}`)},
	} {
		var m dynamo.Meter
		*wire = traffic{}
		foldAll(t, f, dynamo.WithMeter(t.Context(), &m), e.event)
		read, write := m.Units()
		costs[e.name] = cost{wire.calls, wire.sent, wire.received, read, write}
	}
	if a, err := f.Audit(t.Context(), "c"); err != nil || !a.Agrees || a.Orders != int64(orders+1) {
		t.Errorf("audit %+v, %v", a, err)
	}
	return costs
}

// BenchmarkFoldByLengthOfHistory folds orders, in turn of a customer with 10 of them and of one with 10,000 on 2,000 days,
// and reports the median and the 99th percentile of both, and how many times the short history's the long one's are.
func BenchmarkFoldByLengthOfHistory(b *testing.B) {
	short, _ := customerWith(b, 10, 1)
	long, _ := customerWith(b, 10_000, 5)
	took := map[*fold.Folder][]time.Duration{}
	n := 0
	for b.Loop() {
		n++
		for _, f := range []*fold.Folder{short, long} {
			e := placed(fmt.Sprint("b", n), "c", fmt.Sprint("b", n), "1.00")
			started := time.Now()
			if out := f.Fold(b.Context(), []event.Event{e}); out[0].Err != nil {
				b.Fatal(out[0].Err)
			}
			took[f] = append(took[f], time.Since(started))
		}
	}
	slices.Sort(took[short])
	slices.Sort(took[long])
	at := func(f *fold.Folder, percent int) float64 {
		return float64(took[f][(len(took[f])-1)*percent/100]) / float64(time.Millisecond)
	}
	b.ReportMetric(0, "ns/op") // of both together: says nothing
	b.ReportMetric(at(short, 50), "median-ms-after-10")
	b.ReportMetric(at(long, 50)/at(short, 50), "median-x-after-10000")
	b.ReportMetric(at(short, 99), "p99-ms-after-10")
	b.ReportMetric(at(long, 99)/at(short, 99), "p99-x-after-10000")
}
