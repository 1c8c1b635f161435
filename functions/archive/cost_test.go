package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"testing"
	"time"

	"liuke/shared/customer"
	"liuke/shared/event"
)

// typical returns an event as a shop's site sends it, about 900 bytes of JSON.
func typical(n, customers int) event.Event {
	at := day.Add(time.Duration(n) * 24 * time.Hour / 1_000_000)
	return event.Event{
		ID: event.MessageID(fmt.Sprintf("ajs-next-%032x", n)), Type: event.Track, Name: "Product Viewed", User: fmt.Sprintf("customer-%06d", n%customers),
		Anonymous: fmt.Sprintf("%08x-5717-4562-b3fc-2c963f66afa6", n%customers), Time: at, Received: at, Source: event.SourceSegment,
		Properties: json.RawMessage(fmt.Sprintf(`{"product_id":"p-%d","category":"Tea","price":%d.90,"quantity":1,"currency":"EUR","url":"https://shop.example/tea/%d"}`, n%977, n%80, n%977)),
		Context: json.RawMessage(`{"ip":"192.0.2.17","library":{"name":"analytics.js","version":"next-1.70.0"},"locale":"de-DE","page":{"path":"/tea","referrer":"","search":"",` +
			`"title":"Tea","url":"https://shop.example/tea"},"timezone":"Europe/Berlin","userAgent":"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko)"}`),
	}
}

// fill puts events of a day into the lake in batches, spread over its hours.
func (w *world) fill(events, size, customers int) (objects int) {
	w.t.Helper()
	keys := make([]customer.Key, customers)
	for i := range keys {
		keys[i] = customer.Key{1, byte(i), byte(i >> 8), byte(i >> 16)}
	}
	for from := 0; from < events; from += size {
		var list []event.Event
		var sealing []customer.Key
		for n := from; n < min(from+size, events); n++ {
			e := typical(n*(1_000_000/events), customers)
			e.Received = day.Add(time.Duration(from) * 24 * time.Hour / time.Duration(events))
			list, sealing = append(list, e), append(sealing, keys[(n*(1_000_000/events))%customers])
		}
		if err := w.outside.PutSealed(w.t.Context(), list, sealing); err != nil {
			w.t.Fatal(err)
		}
		objects++
	}
	return objects
}

// Prices of S3 Standard in eu-central-1, in dollars a thousand calls; deletions are free.
const (
	putPrice = 0.0054 // PUT and LIST
	getPrice = 0.00043
)

// TestWhatCompactionCosts holds the calls of a night: each object is read once, and what is written depends on the volume
// and not on the number of objects.
func TestWhatCompactionCosts(t *testing.T) {
	const events, batch = 20_000, 200
	w := newWorld(t)
	objects := w.fill(events, batch, 5_000)
	w.network.counted = map[string]int{}
	w.night()
	w.compacted(day)
	c := w.network.counted
	if c["GET"] > objects+5 || c["PUT"] > 2 || c["LIST"] > 10 || c["DELETE"] > 2 {
		t.Errorf("%d objects took %v", objects, c)
	}
	compacted, err := w.outside.Compacted(t.Context(), day)
	if err != nil || len(compacted) != 1 {
		t.Fatalf("%v, %v", compacted, err)
	}
	million := 1_000_000.0 / events
	t.Logf("%d events in %d objects: %v; %d bytes an event, compressed; a million events in such batches: $%.4f to write, $%.4f to compact",
		events, objects, c, compacted[0].Size/events, float64(objects)*million*putPrice/1000,
		(float64(c["GET"])*getPrice+float64(c["LIST"]+c["PUT"])*putPrice)*million/1000)
}

// BenchmarkCompactDay compacts a day of 100,000 events in batches of 200, in one shard and in sixteen, and prints events a
// second and the most memory that was in use between objects.
func BenchmarkCompactDay(b *testing.B) {
	for name, size := range map[string]int64{"one shard": 1, "sixteen shards": 17 << 20} {
		b.Run(name, func(b *testing.B) {
			const events = 100_000
			var peak uint64
			for b.Loop() {
				b.StopTimer()
				w := newWorld(b)
				w.handler = w.newHandler(Props{BatchBytes: 32 << 20})
				if _, err := w.outside.Digits(b.Context(), day, size); err != nil {
					b.Fatal(err)
				}
				w.fill(events, 200, 20_000)
				w.network.between = func(int) {
					var m runtime.MemStats
					runtime.ReadMemStats(&m)
					peak = max(peak, m.HeapInuse)
				}
				b.StartTimer()
				w.night()
				b.StopTimer()
				w.compacted(day)
				b.StartTimer()
			}
			b.ReportMetric(events*float64(b.N)/b.Elapsed().Seconds(), "events/s")
			b.ReportMetric(float64(peak)/(1<<20), "peak-MB")
		})
	}
}
