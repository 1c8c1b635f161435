package telemetry

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/google/go-cmp/cmp"
)

func TestACountIsOneLineOfTheEmbeddedMetricFormat(t *testing.T) {
	cases := []struct{ name, deployed, function string }{
		{"outside Lambda the function is called as the code calls it", "", "profile"},
		{"in Lambda it is called as it was deployed, so that stages are told apart", "Liuke-prod-App-Profile-1A2B", "Liuke-prod-App-Profile-1A2B"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			before := lambdacontext.FunctionName
			lambdacontext.FunctionName = c.deployed
			t.Cleanup(func() { lambdacontext.FunctionName = before })

			var out bytes.Buffer
			counter := NewCounter(&out, "profile", func() time.Time { return time.UnixMilli(1750000000123) })
			counter.Count("EventsFolded", 3)
			counter.Count("EventsRefused", 0) // writes nothing

			var got map[string]any
			if err := json.Unmarshal(out.Bytes(), &got); err != nil {
				t.Fatalf("%q: %v", out.String(), err)
			}
			want := map[string]any{
				"function": c.function, "EventsFolded": 3.0,
				"_aws": map[string]any{"Timestamp": 1750000000123.0, "CloudWatchMetrics": []any{map[string]any{
					"Namespace": "Liuke", "Dimensions": []any{[]any{"function"}},
					"Metrics": []any{map[string]any{"Name": "EventsFolded", "Unit": "Count"}},
				}}},
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestNoCounterCountsNothing(t *testing.T) {
	var none *Counter
	none.Count("EventsFolded", 1) // must not panic
}
