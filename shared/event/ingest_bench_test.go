package event_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"liuke/shared/event"
	"liuke/shared/money"
)

// batchOf20 is a body as a client library sends it: 20 track events of about 1 KB, one of four an order.
func batchOf20() []byte {
	var b strings.Builder
	b.WriteString(`{"batch":[`)
	for i := range 20 {
		if i > 0 {
			b.WriteByte(',')
		}
		name, money := "Product Viewed", ""
		if i%4 == 0 {
			name, money = event.OrderCompleted, fmt.Sprintf(`"order_id":"o-%06d","total":%d.95,"currency":"CNY",`, i, 100+i)
		}
		fmt.Fprintf(&b, `{"type":"track","event":"%s","userId":"user-%06d","messageId":"node-1700000000000-%032d","timestamp":"2026-03-01T08:30:%02d.123Z",`, name, i, i, i)
		b.WriteString(`"context":{"library":{"name":"@segment/analytics-node","version":"2.1.3"},"ip":"203.0.113.7","locale":"zh-CN","userAgent":"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15","page":{"path":"/shop/tea","referrer":"https://search.example/?q=tea","title":"茶叶 — Spring harvest","url":"https://shop.example/shop/tea?utm_source=mail"}},`)
		b.WriteString(`"properties":{` + money + `"affiliation":"Web store","shipping":12,"tax":2.35,"discount":5.5,"coupon":"spring","products":[{"product_id":"507f1f77bcf86cd799439011","sku":"45790-32","name":"Longjing, before the rains","price":19,"quantity":1,"category":"Tea"},{"product_id":"505bd76785ebb509fc183733","sku":"46493-32","name":"Gaiwan","price":3,"quantity":2,"category":"Ware"}]}}`)
	}
	b.WriteString(`],"sentAt":"2026-03-01T08:31:00.000Z","writeKey":"wk_0123456789abcdef"}`)
	return []byte(b.String())
}

// bareBatch is the envelope as a struct: what reading it costs at the least with encoding/json.
type bareBatch struct {
	WriteKey string          `json:"writeKey"`
	SentAt   string          `json:"sentAt"`
	Context  json.RawMessage `json:"context"`
	Batch    []struct {
		Type        string          `json:"type"`
		Event       string          `json:"event"`
		UserID      string          `json:"userId"`
		AnonymousID string          `json:"anonymousId"`
		MessageID   string          `json:"messageId"`
		Timestamp   string          `json:"timestamp"`
		SentAt      string          `json:"sentAt"`
		Properties  json.RawMessage `json:"properties"`
		Traits      json.RawMessage `json:"traits"`
		Context     json.RawMessage `json:"context"`
	} `json:"batch"`
}

// BenchmarkIngest decodes, validates and packs a batch of 20 events of 1 KB, and reports events a second and the time's
// ratio to a bare decode of the same body's envelope with encoding/json, which checks and keeps nothing. The two are
// taken in turns within the same run and compared by their medians, so that a busy machine disturbs them alike. The
// budget is 100,000 events/s a core and a ratio of at most 1.3, with Go 1.26 and with Go 1.27, whose encoding/json is
// another and some three times as quick.
func BenchmarkIngest(b *testing.B) {
	body, now := batchOf20(), time.Date(2026, 3, 1, 8, 31, 1, 0, time.UTC)
	tracking := event.Tracking{Money: money.Only("CNY")}
	ours := func() {
		in, err := tracking.Batch(body, now)
		if err != nil || len(in.Events) != 20 || len(event.Packs(in.Events)) != 1 {
			b.Fatalf("%v, %d events, %v", err, len(in.Events), in.Fates)
		}
	}
	bare := func() {
		var envelope bareBatch
		if err := json.Unmarshal(body, &envelope); err != nil || len(envelope.Batch) != 20 {
			b.Fatal(err)
		}
	}
	var took, takes []time.Duration
	timed := func(do func()) time.Duration {
		start := time.Now()
		do()
		return time.Since(start)
	}
	for b.Loop() {
		took, takes = append(took, timed(ours)), append(takes, timed(bare))
	}
	slices.Sort(took)
	slices.Sort(takes)
	median, bareMedian := took[len(took)/2], takes[len(takes)/2]
	b.ReportMetric(float64(median.Nanoseconds()), "ns/op") // of ours alone
	b.ReportMetric(20/median.Seconds(), "events/s")
	b.ReportMetric(20/bareMedian.Seconds(), "bare-events/s")
	b.ReportMetric(float64(median)/float64(bareMedian), "of-bare")
}
