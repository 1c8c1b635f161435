package webhook_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/dialect"
	"liuke/shared/event"
	"liuke/shared/money"
	"liuke/shared/webhook"
)

var update = flag.Bool("update", false, "write the golden files anew")

// now is a second after the samples were signed.
var now = time.Date(2026, 3, 1, 8, 31, 2, 0, time.UTC)

// secrets are those of the samples.
var secrets = webhook.Secrets{
	"shop":     {Current: "sample-shopify-client-secret"},
	"payments": {Current: "whsec_sample_stripe_endpoint_secret"},
	"billing":  {Current: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
}

// sample reads the delivery of a sample envelope.
func sample(t testing.TB, name string) *webhook.Delivery {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "events", "ingest", "webhook_"+name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var e struct {
		RouteKey       string
		Headers        map[string]string
		PathParameters map[string]string
		Body           string
	}
	if err := json.Unmarshal(raw, &e); err != nil {
		t.Fatal(err)
	}
	scheme := strings.Split(e.RouteKey, "/")[3]
	return &webhook.Delivery{Scheme: webhook.Scheme(scheme), Connection: e.PathParameters["connection"],
		Header: func(name string) string { return e.Headers[name] }, Body: []byte(e.Body)}
}

// tracking counts in CNY and knows what the samples pay in.
func tracking(t testing.TB) event.Tracking {
	t.Helper()
	rates, err := money.ParseRates(`{"USD":{"2026-01-01":"7.1"},"JPY":{"2026-01-01":"0.048"},"KWD":{"2026-01-01":"23.5"}}`, "CNY")
	if err != nil {
		t.Fatal(err)
	}
	return event.Tracking{Money: rates}
}

// intake reads a delivery and has its calls judged.
func intake(t testing.TB, d *webhook.Delivery) *event.Intake {
	t.Helper()
	in, err := dialect.Read(tracking(t), d.Scheme.Source(), webhook.Read(d).Calls, now)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// TestEachSamplePayloadBecomesTheseEvents holds each documented payload to the events in its golden file.
func TestEachSamplePayloadBecomesTheseEvents(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join("..", "..", "events", "ingest", "webhook_*.json"))
	if err != nil || len(paths) < 30 {
		t.Fatalf("%d samples: %v", len(paths), err)
	}
	for _, path := range paths {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), "webhook_"), ".json")
		t.Run(name, func(t *testing.T) {
			d := sample(t, name)
			if err := secrets.Verify(d, now); err != nil {
				t.Fatalf("the sample's signature: %v", err)
			}
			reading, in := webhook.Read(d), intake(t, d)
			got := struct {
				Ignored  bool          `json:"ignored,omitempty"`
				Privacy  string        `json:"privacy,omitempty"`
				Events   []event.Event `json:"events,omitempty"`
				Rejected []string      `json:"rejected,omitempty"`
			}{Ignored: reading.Ignored, Privacy: reading.Privacy, Events: in.Events}
			for _, r := range in.Rejected {
				got.Rejected = append(got.Rejected, r.Pointer+": "+r.Reason)
			}
			text, err := json.MarshalIndent(got, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			text = append(text, '\n')
			golden := filepath.Join("testdata", name+".golden.json")
			if *update {
				if err := os.WriteFile(golden, text, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), string(text)); d != "" {
				t.Errorf("the events differ (-want +got):\n%s", d)
			}
			if bytes.Contains(text, []byte(`"user": "jo@`)) || bytes.Contains(text, []byte(`"anonymous": "jo@`)) {
				t.Error("an address is an id")
			}
		})
	}
}
