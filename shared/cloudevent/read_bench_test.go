package cloudevent_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"liuke/shared/cloudevent"
	"liuke/shared/dialect"
	"liuke/shared/event"
)

// BenchmarkBatch takes a batch of 20 events of about 1 KB to packs, and prints how many times as long that takes as a bare
// decode of the same body by encoding/json.
func BenchmarkBatch(b *testing.B) {
	var events []string
	for i := range 20 {
		events = append(events, fmt.Sprintf(`{"specversion":"1.0","id":"%d","source":"/shop","type":"Product Viewed","subject":"u%d","time":"2026-03-01T08:00:00Z","data":{"note":"%s"}}`, i, i, strings.Repeat("x", 880)))
	}
	body := []byte("[" + strings.Join(events, ",") + "]")
	headers := map[string]string{"content-type": "application/cloudevents-batch+json"}
	tracking := tracking(b)
	take := func() {
		calls, err := cloudevent.Read(headers, body)
		if err != nil {
			b.Fatal(err)
		}
		in, err := dialect.Read(tracking, cloudevent.Source, calls, now)
		if err != nil || len(event.Packs(in.Events)) == 0 {
			b.Fatal(err)
		}
	}
	decode := func() {
		var list []struct {
			ID, Source, Type, Subject, Time string
			Data                            json.RawMessage
		}
		if err := json.Unmarshal(body, &list); err != nil {
			b.Fatal(err)
		}
	}
	var taking, decoding time.Duration
	for b.Loop() { // side by side, so that what else runs slows both
		start := time.Now()
		take()
		between := time.Now()
		decode()
		taking, decoding = taking+between.Sub(start), decoding+time.Since(between)
	}
	b.ReportMetric(20*float64(b.N)/taking.Seconds(), "events/s")
	b.ReportMetric(float64(taking)/float64(decoding), "x-bare-decode")
}
