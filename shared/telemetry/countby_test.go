package telemetry

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCountsOfACallAreTheFunctionsAndTheCalls(t *testing.T) {
	var out bytes.Buffer
	counter := NewCounter(&out, "ingest", func() time.Time { return time.UnixMilli(1750000000123) })
	counter.CountBy("track", map[string]int{"EventsRejected": 2, "EventsAccepted": 18, "EventsDuplicate": 0})
	counter.CountBy("track", map[string]int{"EventsAccepted": 0}) // writes nothing
	counter.CountBy("track", nil)

	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatalf("%q: %v", out.String(), err)
	}
	want := map[string]any{
		"function": "ingest", "call": "track", "EventsAccepted": 18.0, "EventsRejected": 2.0,
		"_aws": map[string]any{"Timestamp": 1750000000123.0, "CloudWatchMetrics": []any{map[string]any{
			"Namespace": "Liuke", "Dimensions": []any{[]any{"function"}, []any{"function", "call"}},
			"Metrics": []any{map[string]any{"Name": "EventsAccepted", "Unit": "Count"}, map[string]any{"Name": "EventsRejected", "Unit": "Count"}},
		}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	var none *Counter
	none.CountBy("track", map[string]int{"EventsAccepted": 1}) // must not panic
}
