package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/api"
	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/money"
)

// connections is a secret of what the samples are signed with.
type connections struct {
	value []byte
	err   error
}

func (c connections) Value(context.Context) ([]byte, error) { return c.value, c.err }

// setupWebhooks returns a handler that knows the samples' connections and what they pay in.
func setupWebhooks(t *testing.T) *bundle {
	t.Helper()
	b := setup(t)
	b.Handler.Webhooks = connections{value: []byte(`{"unused":"x","shop":{"current":"new","previous":"sample-shopify-client-secret"},
		"payments":{"current":"whsec_sample_stripe_endpoint_secret"},"billing":{"current":"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}}`)}
	rates, err := money.ParseRates(`{"USD":{"2026-01-01":"7.1"},"JPY":{"2026-01-01":"0.048"},"KWD":{"2026-01-01":"23.5"}}`, "CNY")
	if err != nil {
		t.Fatal(err)
	}
	b.Handler.Tracking = event.Tracking{Money: rates}
	return b
}

// everyWebhook calls test with each sample of a webhook.
func everyWebhook(t *testing.T, test func(t *testing.T, r api.Request)) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", "..", "events", "ingest", "webhook_*.json"))
	if err != nil || len(paths) < 30 {
		t.Fatalf("%d samples: %v", len(paths), err)
	}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		t.Run(name, func(t *testing.T) { test(t, sample(t, name)) })
	}
}

// signature is the header that a request is signed in.
func signature(r *api.Request) string {
	for _, name := range []string{"x-shopify-hmac-sha256", "stripe-signature", "webhook-signature"} {
		if r.Headers[name] != "" {
			return name
		}
	}
	return ""
}

func TestEachWebhooksSampleIsTakenWithItsSignatureAndRefusedWithAnother(t *testing.T) {
	everyWebhook(t, func(t *testing.T, r api.Request) {
		b := setupWebhooks(t)
		if out, _ := b.handle(t, r); out.StatusCode != 200 || out.Body != `{"success":true}` {
			t.Fatalf("answered %d %s", out.StatusCode, out.Body)
		}
		if len(b.sent)+len(b.rejected)+b.counts[metricIgnored] == 0 {
			t.Error("nothing came of it")
		}
		var refusals []string
		for name, change := range map[string]func(r *api.Request){
			"another signature":     func(r *api.Request) { r.Headers[signature(r)] = strings.Repeat("A", 43) + "=" },
			"no signature":          func(r *api.Request) { delete(r.Headers, signature(r)) },
			"another body":          func(r *api.Request) { r.Body += " " },
			"an unknown connection": func(r *api.Request) { r.PathParameters = map[string]string{"connection": "unknown"} },
		} {
			forged, b := r, setupWebhooks(t)
			forged.Headers = map[string]string{}
			for k, v := range r.Headers {
				forged.Headers[k] = v
			}
			change(&forged)
			out, _ := b.handle(t, forged)
			if out.StatusCode != 401 || len(b.sent)+len(b.rejected) != 0 || b.counts[metricUnauthorized] != 1 {
				t.Errorf("%s: answered %d, %d sent, %d kept, counted %v", name, out.StatusCode, len(b.sent), len(b.rejected), b.counts)
			}
			refusals = append(refusals, out.Body)
		}
		for _, refusal := range refusals {
			if refusal != refusals[0] {
				t.Errorf("refusals tell what is wrong: %s and %s", refusal, refusals[0])
			}
		}
	})
}

func TestATestOrderIsAnsweredAndLeftOutUnlessTheConnectionCountsIt(t *testing.T) {
	for tests, want := range map[bool]int{false: 0, true: 1} {
		r := sample(t, "webhook_shopify_orders_create")
		r.Body = strings.ReplaceAll(r.Body, `"test":false`, `"test":true`)
		mac := hmac.New(sha256.New, []byte("tried"))
		mac.Write([]byte(r.Body))
		r.Headers["x-shopify-hmac-sha256"] = base64.StdEncoding.EncodeToString(mac.Sum(nil))
		b := setupWebhooks(t)
		b.Handler.Webhooks = connections{value: fmt.Appendf(nil, `{"shop":{"current":"tried","tests":%v}}`, tests)}
		out, _ := b.handle(t, r)
		if out.StatusCode != 200 || len(b.rejected) != 0 || min(len(b.sent), 1) != want || b.counts[metricTests] != 1-want {
			t.Errorf("tests count %v: answered %d, %d sent, %d kept, counted %v", tests, out.StatusCode, len(b.sent), len(b.rejected), b.counts)
		}
	}
}

// TestACapturedStripeDeliveryIsNothingToShopifysRoute passes one on with the bytes that Stripe signed as the body: Shopify
// signs no time, so nothing else would hold it to Stripe's tolerance.
func TestACapturedStripeDeliveryIsNothingToShopifysRoute(t *testing.T) {
	r := sample(t, "webhook_stripe_charge_refunded")
	at, signature, _ := strings.Cut(strings.TrimPrefix(r.Headers["stripe-signature"], "t="), ",v1=")
	signature, _, _ = strings.Cut(signature, ",")
	mac, err := hex.DecodeString(signature)
	if err != nil || len(mac) != 32 {
		t.Fatalf("the sample's signature is %q: %v", r.Headers["stripe-signature"], err)
	}
	r.RouteKey, r.Body = "POST /v1/webhooks/shopify/{connection}", at+"."+r.Body
	r.Headers["x-shopify-hmac-sha256"] = base64.StdEncoding.EncodeToString(mac)
	for _, topic := range []string{"", "orders/create", "products/update", "customers/redact"} {
		r.Headers["x-shopify-topic"] = topic
		b := setupWebhooks(t)
		b.Handler.Now = func() time.Time { return now.Add(time.Hour) }
		out, _ := b.handle(t, r)
		if out.StatusCode != 401 || len(b.sent)+len(b.rejected) != 0 || b.counts[metricUnauthorized] != 1 || b.counts[metricPrivacy] != 0 || !strings.Contains(out.Body, "not a JSON object") {
			t.Errorf("%q: answered %d %s, %d sent, %d kept, counted %v", topic, out.StatusCode, out.Body, len(b.sent), len(b.rejected), b.counts)
		}
	}
}

func TestAStaleWebhookIsToldThatTheClockDiffers(t *testing.T) {
	for _, name := range []string{"webhook_stripe_charge_refunded", "webhook_standard_order"} {
		b := setupWebhooks(t)
		b.Handler.Now = func() time.Time { return now.Add(6 * time.Minute) }
		out, body := b.handle(t, sample(t, name))
		if detail, _ := body["detail"].(string); out.StatusCode != 401 || !strings.Contains(detail, "clock differs") || len(b.sent) != 0 {
			t.Errorf("%s: answered %d %s", name, out.StatusCode, out.Body)
		}
	}
	b := setupWebhooks(t) // Shopify signs no time and sends again for two days
	b.Handler.Now = func() time.Time { return now.Add(48 * time.Hour) }
	if out, _ := b.handle(t, sample(t, "webhook_shopify_orders_create")); out.StatusCode != 200 || len(b.sent) != 1 {
		t.Errorf("answered %d %s", out.StatusCode, out.Body)
	}
}

func TestAReplayMakesTheVerySameEvents(t *testing.T) {
	everyWebhook(t, func(t *testing.T, r api.Request) {
		b, later := setupWebhooks(t), setupWebhooks(t)
		later.Handler.Now = func() time.Time { return now.Add(time.Minute) }
		r.Headers["x-shopify-webhook-id"] = "first"
		b.handle(t, r)
		r.Headers["x-shopify-webhook-id"] = "again, by hand"
		later.handle(t, r)
		first, again := b.events(t), later.events(t)
		for i := range again {
			again[i].Received = first[i].Received
		}
		if d := cmp.Diff(first, again); d != "" {
			t.Errorf("the events differ (-first +again):\n%s", d)
		}
	})
}

func TestWhatTheLawAsksForWaitsForAnOperator(t *testing.T) {
	for name, says := range map[string]string{"webhook_shopify_customers_redact": "DELETE /v1/customers/{id}", "webhook_shopify_customers_data_request": "/export"} {
		b := setupWebhooks(t)
		out, _ := b.handle(t, sample(t, name))
		if out.StatusCode != 200 || b.counts[metricPrivacy] != 1 || len(b.sent) != 0 {
			t.Fatalf("%s: answered %d, counted %v", name, out.StatusCode, b.counts)
		}
		if len(b.rejected) != 1 || !strings.Contains(b.rejected[0].Reason, says) || !strings.Contains(string(b.rejected[0].Event), `"id":191167`) {
			t.Errorf("%s: kept is %+v", name, b.rejected)
		}
		if log := b.log.String(); !strings.Contains(log, `"connection":"shop"`) || strings.Contains(log, "191167") || strings.Contains(log, "jo@") {
			t.Errorf("%s: the log says %s", name, log)
		}
	}
}

func TestWhatIsAuthenticAndCannotBeUnderstoodIsKeptAndAnswered200(t *testing.T) {
	b := setupWebhooks(t)
	out, _ := b.handle(t, sample(t, "webhook_standard_order_invalid"))
	if out.StatusCode != 200 || len(b.sent) != 0 || len(b.rejected) != 1 || b.rejected[0].Pointer != "/data/total" || b.counts[metricRejected] != 1 {
		t.Fatalf("answered %d, kept %+v, counted %v", out.StatusCode, b.rejected, b.counts)
	}
}

func TestAWebhookIsNotAnsweredBeforeItIsStored(t *testing.T) {
	down := fault.New(fault.Unavailable, "the service is down")
	cases := []struct {
		name   string
		breaks func(b *bundle)
		sample string
		status int
	}{
		{"the queue is down", func(b *bundle) { b.sendErr = down }, "webhook_shopify_orders_create", 503},
		{"the lake is down, and the payload is invalid", func(b *bundle) { b.putErr = down }, "webhook_standard_order_invalid", 503},
		{"the lake is down, and somebody asks for erasure", func(b *bundle) { b.putErr = down }, "webhook_shopify_customers_redact", 503},
		{"the secret cannot be read", func(b *bundle) { b.Handler.Webhooks = connections{err: down} }, "webhook_shopify_orders_create", 503},
		{"the secret is none", func(b *bundle) { b.Handler.Webhooks = connections{value: []byte(`"x"`)} }, "webhook_shopify_orders_create", 500},
		{"there are no connections", func(b *bundle) { b.Handler.Webhooks = nil }, "webhook_shopify_orders_create", 401},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := setupWebhooks(t)
			c.breaks(b)
			if out, _ := b.handle(t, sample(t, c.sample)); out.StatusCode != c.status || b.counts[metricAccepted] != 0 {
				t.Fatalf("answered %d %s, counted %v", out.StatusCode, out.Body, b.counts)
			}
		})
	}
}

func TestALargeOrderIsTakenAndATooLargeBodyIsNot(t *testing.T) {
	large := func(bytes int) api.Request {
		r := sample(t, "webhook_shopify_orders_create")
		r.Body = strings.Repeat(" ", bytes)
		return r
	}
	for bytes, status := range map[int]int{4 << 20: 401, 4<<20 + 1: 413} {
		if out, _ := setupWebhooks(t).handle(t, large(bytes)); out.StatusCode != status {
			t.Errorf("%d bytes are answered %d", bytes, out.StatusCode)
		}
	}
	r := sample(t, "webhook_shopify_orders_create")
	r.Body, r.IsBase64Encoded = base64.StdEncoding.EncodeToString([]byte(r.Body)), true
	if out, _ := setupWebhooks(t).handle(t, r); out.StatusCode != 200 {
		t.Errorf("in base64 it is answered %d", out.StatusCode)
	}
}

// TestNoIdOfAnEventSaysWhoTheCustomerIs holds what stands open in the lake free of customers.
func TestNoIdOfAnEventSaysWhoTheCustomerIs(t *testing.T) {
	everyWebhook(t, func(t *testing.T, r api.Request) {
		b := setupWebhooks(t)
		b.handle(t, r)
		for _, e := range b.events(t) {
			open := fmt.Sprintf("%s %s %s", e.ID, e.Name, e.Properties)
			if e.User != "" && strings.Contains(open, e.User) || strings.Contains(open, "@") {
				t.Errorf("%s names the customer", open)
			}
		}
	})
}
