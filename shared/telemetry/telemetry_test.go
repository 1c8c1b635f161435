package telemetry_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/telemetry"
)

func now() time.Time { return time.UnixMilli(1_700_000_000_000) }

// lines decodes what a counter has written.
func lines(t *testing.T, out *bytes.Buffer) (all []map[string]any) {
	t.Helper()
	for d := json.NewDecoder(out); d.More(); {
		var line map[string]any
		if err := d.Decode(&line); err != nil {
			t.Fatal(err)
		}
		all = append(all, line)
	}
	return all
}

// embedded is the part of a line that CloudWatch reads its metrics from.
func embedded(dimensions []any, names ...string) map[string]any {
	var metrics []any
	for _, name := range names {
		metrics = append(metrics, map[string]any{"Name": name, "Unit": "Count"})
	}
	return map[string]any{"Timestamp": 1.7e12, "CloudWatchMetrics": []any{
		map[string]any{"Namespace": "Liuke", "Dimensions": dimensions, "Metrics": metrics}}}
}

func TestCountsAreWrittenInTheEmbeddedMetricFormat(t *testing.T) {
	function, call := []any{"function"}, []any{"function", "call"}
	cases := []struct {
		name  string
		count func(c *telemetry.Counter)
		want  []map[string]any
	}{
		{"one count is the function's", func(c *telemetry.Counter) { c.Count("EventsFolded", 3) },
			[]map[string]any{{"function": "profile", "EventsFolded": 3.0, "_aws": embedded([]any{function}, "EventsFolded")}}},
		{"counts of a call are the function's and the call's", func(c *telemetry.Counter) { c.CountBy("track", map[string]int{"B": 2, "A": 1, "C": 0}) },
			[]map[string]any{{"function": "profile", "call": "track", "A": 1.0, "B": 2.0, "_aws": embedded([]any{function, call}, "A", "B")}}},
		{"nothing is not written", func(c *telemetry.Counter) { c.Count("A", 0); c.CountBy("track", nil) }, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			c.count(telemetry.NewCounter(&out, "profile", now))
			if d := cmp.Diff(c.want, lines(t, &out)); d != "" {
				t.Fatalf("the lines differ (-want +got):\n%s", d)
			}
		})
	}
}

func TestNoCounterCountsNothing(t *testing.T) {
	var c *telemetry.Counter
	c.Count("A", 1)
	c.CountBy("track", map[string]int{"A": 1})
}
