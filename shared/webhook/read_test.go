package webhook_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"liuke/shared/dialect"
	"liuke/shared/event"
	"liuke/shared/webhook"
)

// deliver returns an unsigned delivery of a topic.
func deliver(scheme webhook.Scheme, topic, body string) *webhook.Delivery {
	headers := map[string]string{"x-shopify-topic": topic, "webhook-id": "msg_1", "webhook-timestamp": "1772353861"}
	return &webhook.Delivery{Scheme: scheme, Connection: "c", Header: func(n string) string { return headers[n] }, Body: []byte(body)}
}

func TestWhatAPayloadLacksIsNamedByItsOwnField(t *testing.T) {
	order := func(members string) string {
		return `{"id":7,"currency":"CNY","total_price":"9.00","customer":{"id":1}` + members + `}`
	}
	charge := func(members string) string {
		return `{"id":"evt_1","created":1772353861,"type":"charge.succeeded","data":{"object":{"status":"succeeded","captured":true,"id":"ch_1","created":1772353861,` + members + `}}}`
	}
	cases := []struct {
		name            string
		scheme          webhook.Scheme
		topic, body     string
		pointer, reason string
	}{
		{"no JSON", webhook.Shopify, "orders/create", `{`, "", "not a JSON object"},
		{"no object", webhook.Stripe, "", `[]`, "", "not a JSON object"},
		{"null", webhook.Stripe, "", `null`, "", "not a JSON object"},
		{"more behind the object", webhook.Stripe, "", `{} {}`, "", "more behind"},
		{"a type with half of a surrogate pair", webhook.Standard, "", `{"type":"\ud800","data":{"userId":"u"}}`, "/type", "half of a surrogate pair"},
		{"a timestamp with one", webhook.Standard, "", `{"type":"t","timestamp":"\udfff","data":{"userId":"u"}}`, "/timestamp", "half of a surrogate pair"},
		{"a type that is a number", webhook.Standard, "", `{"type":7,"data":{"userId":"u"}}`, "/type", "type must be a string"},
		{"a type that is null", webhook.Standard, "", `{"type":null,"data":{"userId":"u"}}`, "/type", "needs a type"},
		{"a call that there is none of", webhook.Standard, "", `{"type":"liuke.order","data":{"userId":"u"}}`, "/type", "no such call"},
		{"an order without an id", webhook.Shopify, "orders/create", `{"currency":"CNY","total_price":"1","customer":{"id":1}}`, "/id", "has no id"},
		{"an order in no currency", webhook.Shopify, "orders/create", `{"id":7,"total_price":"1","customer":{"id":1}}`, "/currency", "ISO 4217"},
		{"an order in a currency without a rate", webhook.Shopify, "orders/create", `{"id":7,"currency":"EUR","total_price":"1","customer":{"id":1}}`, "/currency", "EUR"},
		{"a total that is none", webhook.Shopify, "orders/create", `{"id":7,"currency":"CNY","total_price":"1,5","customer":{"id":1}}`, "/total_price", "an amount in CNY"},
		{"a total with too many decimals", webhook.Shopify, "orders/create", `{"id":7,"currency":"CNY","total_price":"1.005","customer":{"id":1}}`, "/total_price", "an amount in CNY"},
		{"a time that is none", webhook.Shopify, "orders/create", order(`,"created_at":"yesterday"`), "/created_at", "ISO 8601"},
		{"a customer whose id is too long", webhook.Shopify, "orders/create", `{"id":7,"currency":"CNY","total_price":"1","customer":{"id":"` + strings.Repeat("9", 200) + `"}}`, "/customer/id", "at most 128 bytes"},
		{"a refund in another currency without the shop's amount", webhook.Shopify, "orders/updated",
			order(`,"current_total_price":"8.00","updated_at":"2026-03-01T08:00:00Z","refunds":[{"transactions":[{"id":1,"kind":"refund","status":"success","amount":"1.00","currency":"USD"}]}]`),
			"/refunds/0/transactions/0/currency", "amount_set"},
		{"a consent of a kind that is not known", webhook.Shopify, "customers/update", `{"id":1,"updated_at":"2026-03-01T08:00:00Z","email_marketing_consent":{"state":"maybe"}}`, "/email_marketing_consent/state", "none that is known"},
		{"a charge without an amount", webhook.Stripe, "", charge(`"currency":"cny","customer":"cus_1"`), "/data/object/amount", "whole number"},
		{"a charge of more refunded than taken", webhook.Stripe, "", charge(`"currency":"cny","customer":"cus_1","amount":5,"amount_refunded":6`), "/data/object/amount", "less than what was refunded"},
		{"a subscription of nobody", webhook.Stripe, "", `{"id":"evt_1","created":1,"type":"customer.subscription.created","data":{"object":{"id":"sub_1"}}}`, "", "names no customer"},
		{"an event at no time", webhook.Stripe, "", `{"id":"evt_1","created":"x","type":"customer.created","data":{"object":{"id":"cus_1"}}}`, "/created", "seconds since 1970"},
		{"a standard webhook without a type", webhook.Standard, "", `{"data":{}}`, "/type", "needs a type"},
		{"a standard webhook whose type is a number", webhook.Standard, "", `{"type":7}`, "/type", "must be a string"},
		{"a standard webhook of nobody", webhook.Standard, "", `{"type":"t","data":{}}`, "/data/userId", "needs a userId"},
		{"a standard webhook at no time", webhook.Standard, "", `{"type":"t","timestamp":"now","data":{"userId":"u"}}`, "/timestamp", "RFC 3339"},
		{"a standard webhook with a member twice", webhook.Standard, "", `{"type":"t","type":"u"}`, "", "two members of the same name"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := deliver(c.scheme, c.topic, c.body)
			in := intake(t, d)
			if len(in.Rejected) != 1 || in.Rejected[0].Pointer != c.pointer || !strings.Contains(in.Rejected[0].Reason, c.reason) {
				t.Fatalf("rejected is %+v; want %q that says %q", in.Rejected, c.pointer, c.reason)
			}
			if strings.HasPrefix(c.body, `{"id"`) && string(in.Rejected[0].Event) != c.body {
				t.Errorf("kept is %s", in.Rejected[0].Event)
			}
		})
	}
}

func TestARefundInTheCustomersCurrencyAloneKeepsNothingElseOut(t *testing.T) {
	refund := `{"id":1,"kind":"refund","status":"success","amount":"1.00","currency":"USD"%s}`
	order := `{"id":7,"currency":"CNY","total_price":"9.00","current_total_price":"2.00","updated_at":"2026-03-01T08:00:00Z","customer":{"id":1},"refunds":[{"transactions":[%s]}]}`
	in := intake(t, deliver(webhook.Shopify, "orders/updated", fmt.Sprintf(order, fmt.Sprintf(refund, ""))))
	if len(in.Events) != 3 || len(in.Rejected) != 1 || !strings.Contains(string(in.Events[0].Properties), `"total":"9.00"`) {
		t.Errorf("without the shop's amount: %d events, rejected %+v", len(in.Events), in.Rejected)
	}
	in = intake(t, deliver(webhook.Shopify, "orders/updated", fmt.Sprintf(order, fmt.Sprintf(refund, `,"amount_set":{"shop_money":{"amount":"7.00","currency_code":"CNY"}}`))))
	if len(in.Events) != 4 || len(in.Rejected) != 0 || !strings.Contains(string(in.Events[2].Properties), `"total":"7.00","currency":"CNY"`) {
		t.Errorf("with the shop's amount: %+v, rejected %+v", in.Events, in.Rejected)
	}
}

func TestANullTakesNothingBack(t *testing.T) {
	in := intake(t, deliver(webhook.Shopify, "customers/update", `{"id":1,"email":null,"first_name":" ","last_name":"Li","updated_at":"2026-03-01T08:00:00Z"}`))
	if len(in.Events) != 1 || string(in.Events[0].Traits) != `{"last_name":"Li"}` {
		t.Fatalf("%+v", in.Events)
	}
}

func TestAGuestIsOneByWhateverSpellingOfTheAddress(t *testing.T) {
	if a, b := webhook.GuestID("Jo@Shop.example "), webhook.GuestID("jo@shop.example"); a != b || strings.Contains(a, "jo") || len(a) != len("guest-")+32 {
		t.Fatalf("%s, %s", a, b)
	}
}

func TestAnOrderOfManyLinesIsTakenWithTheFirstOfThem(t *testing.T) {
	line := `{"product_id":1,"sku":"` + strings.Repeat("s", 90) + `","title":"` + strings.Repeat("t", 2000) + `","price":"1.00","quantity":1}`
	for _, lines := range []string{strings.Repeat(line+",", 499) + line, strings.Repeat(`{"sku":"a"},`, 499) + `{}`} {
		in := intake(t, deliver(webhook.Shopify, "orders/create", `{"id":7,"currency":"CNY","total_price":"500.00","customer":{"id":1},"line_items":[`+lines+`]}`))
		if len(in.Rejected) != 0 || len(in.Events) != 2 || len(in.Events[0].Properties) > event.MaxEventBytes/2 {
			t.Fatalf("rejected %+v, %d events", in.Rejected, len(in.Events))
		}
	}
}

// FuzzRead feeds whatever to each scheme and topic: nothing panics, what is made of it is a call that can be judged, and
// the same payload makes the same calls.
func FuzzRead(f *testing.F) {
	paths, err := filepath.Glob(filepath.Join("..", "..", "events", "ingest", "webhook_*.json"))
	if err != nil || len(paths) == 0 {
		f.Fatal(err)
	}
	for _, path := range paths {
		d := sample(f, strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), "webhook_"), ".json"))
		f.Add(string(d.Scheme), d.Header("x-shopify-topic"), d.Body)
	}
	f.Add("shopify", "orders/updated", []byte(`{"id":1e99,"currency":"JPY","refunds":[[{"transactions":7}],{"transactions":[{}]}],"customer":[]}`))
	f.Add("stripe", "", []byte(`{"type":"charge.refunded","data":{"object":{"amount":99999999999999999999,"captured":true,"status":"succeeded"}}}`))
	tracking := tracking(f)
	f.Fuzz(func(t *testing.T, scheme, topic string, body []byte) {
		d := deliver(webhook.Scheme(scheme), topic, string(body))
		first, again := webhook.Read(d), webhook.Read(d)
		if len(first.Calls) != len(again.Calls) {
			t.Fatalf("%d calls, then %d", len(first.Calls), len(again.Calls))
		}
		in, err := dialect.Read(tracking, "webhook", first.Calls, now)
		if err != nil {
			t.Fatalf("what was written is not taken: %v", err)
		}
		for _, p := range event.Packs(in.Events) {
			if _, err := event.Unpack(p); err != nil {
				t.Fatalf("%v: %s", err, p)
			}
		}
	})
}

// TestEverySampleHasItsGoldenFile keeps golden files that no sample has any more from standing about.
func TestEverySampleHasItsGoldenFile(t *testing.T) {
	golden, err := filepath.Glob(filepath.Join("testdata", "*.golden.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range golden {
		name := strings.TrimSuffix(filepath.Base(path), ".golden.json")
		if _, err := os.Stat(filepath.Join("..", "..", "events", "ingest", "webhook_"+name+".json")); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestWhatWasOnlyTriedOutIsLeftOutUnlessTheConnectionCountsIt(t *testing.T) {
	for _, c := range []struct{ name, sample, real, tried string }{
		{"a test order", "shopify_orders_create", `"test":false`, `"test":true`},
		{"a test order's change", "shopify_orders_updated", `"test":false`, `"test":true`},
		{"a test order's refund", "shopify_refunds_create", `"test":false`, `"test":true`},
		{"a charge in test mode", "stripe_charge_succeeded", `"livemode": true`, `"livemode": false`},
		{"a refund in test mode", "stripe_charge_refunded", `"livemode": true`, `"livemode": false`},
		{"a customer in test mode", "stripe_customer_created", `"livemode": true`, `"livemode": false`},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := sample(t, c.sample)
			if r := webhook.Read(d); r.Test || len(r.Calls) == 0 {
				t.Fatalf("the sample itself: test %v, %d calls", r.Test, len(r.Calls))
			}
			body := bytes.ReplaceAll(d.Body, []byte(c.real), []byte(c.tried))
			if bytes.Equal(body, d.Body) {
				t.Fatalf("the sample does not say %s", c.real)
			}
			want := len(webhook.Read(d).Calls)
			d.Body = body
			if r := webhook.Read(d); !r.Test || len(r.Calls) != 0 {
				t.Errorf("test %v, %d calls; want it left out", r.Test, len(r.Calls))
			}
			d.Tests = true
			if r := webhook.Read(d); r.Test || len(r.Calls) != want {
				t.Errorf("where tests count: test %v, %d calls; want %d", r.Test, len(r.Calls), want)
			}
		})
	}
}
