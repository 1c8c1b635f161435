package suite

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"liuke/infra/local/engine"
	"liuke/infra/local/project"
	"liuke/infra/local/synth"
)

// sampleTime is when the samples of events/ingest were signed and received.
var sampleTime = time.Unix(1772353861, 0)

// connections is a secret of what the samples are signed with; the shop's is about to be replaced.
const connections = `{"shop":{"current":"new","previous":"sample-shopify-client-secret"},
	"payments":{"current":"whsec_sample_stripe_endpoint_secret"},"billing":{"current":"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}}`

// startConnected starts a suite that takes dollars, webhooks of the samples' connections, events of the default bus and
// those of one site's browsers; its clock shows the time of the samples.
func startConnected(t *testing.T) *Suite {
	t.Helper()
	root, err := project.Root()
	if err != nil {
		t.Fatal(err)
	}
	if err := engine.Install(t.Context(), root, nil); err != nil {
		t.Fatal(err)
	}
	dir, err := synth.With(t.Context(), root, map[string]any{
		"rates":     map[string]any{"USD": map[string]string{"2026-01-01": "0.92"}},
		"event_bus": map[string]any{"name": "default", "sources": []string{"shop.orders"}},

		"web_origins": []string{"https://shop.example"},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, t.TempDir(), func(o *Options) { o.Assembly = dir })
	if err := s.Clock.Set(sampleTime); err != nil {
		t.Fatal(err)
	}
	if status := call(t, s, http.MethodPut, "/_local/secrets/webhooks", connections, nil); status != http.StatusOK {
		t.Fatalf("the secret was answered %d", status)
	}
	return s
}

// deliver posts a sample's request, with a body and a signature that change may change, and returns the status.
func deliver(t *testing.T, s *Suite, sample string, change func(body string, h http.Header) string) int {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "..", "events", "ingest", sample+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var event struct {
		RawPath, Body string
		Headers       map[string]string
	}
	if err := json.Unmarshal(raw, &event); err != nil {
		t.Fatal(err)
	}
	h := http.Header{}
	for name, value := range event.Headers {
		if name != "host" && name != "content-length" {
			h.Set(name, value)
		}
	}
	body := event.Body
	if change != nil {
		body = change(body, h)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+event.RawPath, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = h
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if raw, err := io.ReadAll(answer.Body); answer.StatusCode >= 500 || err != nil {
		t.Errorf("%s was answered %s %s, %v", sample, answer.Status, raw, err)
	}
	return answer.StatusCode
}

func TestWebhooksAreTakenByTheirSignaturesAndOnce(t *testing.T) {
	s := startConnected(t)
	samples := map[string]string{ // each with a customer whom it tells of, and what it comes to in euros
		"webhook_shopify_orders_create":   "115310627314723954 1 for 366.16", // 398.00 dollars
		"webhook_stripe_charge_succeeded": "cus_NffrFeUfNV2Hib 1 for 10.11",  // 10.99 dollars
		"webhook_standard_order":          "42 1 for 11.50",
	}
	for sample, want := range samples {
		t.Run(sample, func(t *testing.T) {
			if status := deliver(t, s, sample, func(body string, _ http.Header) string { return body + " " }); status != http.StatusUnauthorized {
				t.Errorf("a body that was changed was answered %d, want 401", status)
			}
			for range 2 { // the second time changes nothing
				if status := deliver(t, s, sample, nil); status != http.StatusOK {
					t.Errorf("answered %d, want 200", status)
				}
			}
			if err := s.Settle(t.Context()); err != nil {
				t.Fatal(err)
			}
			customer, orders_, _ := strings.Cut(want, " ")
			if got := orders(t, s, customer); got != orders_ {
				t.Errorf("%s: %s, want %s", customer, got, orders_)
			}
		})
	}
	if err := s.Clock.Set(sampleTime.Add(6 * time.Minute)); err != nil {
		t.Fatal(err)
	}
	for sample, want := range map[string]int{
		"webhook_shopify_orders_create": http.StatusOK, "webhook_stripe_charge_succeeded": http.StatusUnauthorized, "webhook_standard_order": http.StatusUnauthorized,
	} {
		if status := deliver(t, s, sample, nil); status != want {
			t.Errorf("%s, six minutes later, was answered %d, want %d", sample, status, want)
		}
	}
	noneDenied(t, s)
}

func TestEventsComeInByABusToo(t *testing.T) {
	s := startConnected(t)
	const entry = `{"Source":"shop.orders","DetailType":"Order Completed","Detail":"{\"userId\":\"dora\",\"order_id\":\"o-1\",\"total\":12.5}"}`
	const other = `{"Source":"shop.returns","DetailType":"Order Completed","Detail":"{\"userId\":\"dora\",\"order_id\":\"o-2\",\"total\":1}"}`
	var answer struct{ FailedEntryCount int }
	if status := call(t, s, http.MethodPost, "/_local/events", `{"Entries":[`+entry+`,`+other+`,`+entry+`]}`, &answer); status != http.StatusOK || answer.FailedEntryCount != 0 {
		t.Fatalf("PutEvents was answered %d, with %d failures", status, answer.FailedEntryCount)
	}
	if err := s.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := orders(t, s, "dora"), "1 for 12.50"; got != want {
		t.Errorf("dora: %s, want %s", got, want)
	}
	noneDenied(t, s)
}

func TestCloudEventsComeInInEachMode(t *testing.T) {
	s := startConnected(t)
	for _, sample := range []string{"cloudevents_binary", "cloudevents_structured", "cloudevents_batch"} {
		status := deliver(t, s, sample, func(body string, h http.Header) string {
			h.Del("Authorization")
			return body
		})
		if status != http.StatusUnauthorized {
			t.Errorf("%s without a key was answered %d, want 401", sample, status)
		}
		status = deliver(t, s, sample, func(body string, h http.Header) string {
			r := &http.Request{Header: h}
			r.SetBasicAuth(s.WriteKey, "")
			return body
		})
		if status/100 != 2 {
			t.Errorf("%s was answered %d", sample, status)
		}
	}
	if err := s.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	noneDenied(t, s)
}
