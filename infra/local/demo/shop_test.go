package demo_test

import (
	"encoding/json"
	"testing"
	"time"

	"liuke/infra/local/demo"
)

func TestNewShop(t *testing.T) {
	end := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	one, two := demo.NewShop(7, 400, 24, end), demo.NewShop(7, 400, 24, end)
	a, err := json.Marshal(one)
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := json.Marshal(two); string(a) != string(b) {
		t.Error("the same seed made two different shops")
	}
	if b, _ := json.Marshal(demo.NewShop(8, 400, 24, end)); string(a) == string(b) {
		t.Error("another seed made the same shop")
	}
	names := map[string]int{}
	locales := map[string]int{}
	for i, e := range one.Events {
		if i > 0 && e.At.Before(one.Events[i-1].At) {
			t.Fatalf("event %d is earlier than the one before it", i)
		}
		if e.At.Before(one.Start) || !e.At.Before(one.End) {
			t.Fatalf("event %d at %s is outside the shop's months", i, e.At)
		}
		if name, ok := e.Body["event"].(string); ok {
			names[name]++
		}
	}
	consent := 0
	for _, c := range one.Customers {
		locales[c.Locale]++
		if c.Consent {
			consent++
		}
	}
	if orders := names["Order Completed"]; orders < 800 || orders > 6000 {
		t.Errorf("%d orders of 400 customers in 24 months is not a believable shop", orders)
	}
	if names["Order Refunded"] == 0 || names["Product Viewed"] == 0 {
		t.Errorf("the shop lacks refunds or views: %v", names)
	}
	if locales["zh-CN"] == 0 || locales["en"] == 0 || consent == 0 || consent == len(one.Customers) {
		t.Errorf("locales %v, consent %d of %d", locales, consent, len(one.Customers))
	}
	t.Logf("events %d %v locales %v consent %d", len(one.Events), names, locales, consent)
}
