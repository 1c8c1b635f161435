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

// What a buyer does beside buying is little, is of a customer, and tells of those who leave; it moves no order.
func TestBuyersLiveBesideBuying(t *testing.T) {
	end := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	shop := demo.NewShop(7, 1000, 24, end)
	left, joined, birthdays := map[string]bool{}, map[string]time.Time{}, 0
	channels := map[string]string{}
	for _, b := range shop.Customers {
		left[b.ID], joined[b.ID], channels[b.ID] = !b.Left.IsZero(), b.Joined, b.Channel
		if b.Birthday != "" {
			birthdays++
			if d, err := time.Parse(time.DateOnly, b.Birthday); err != nil || d.Year() < 1950 || d.After(b.Joined.AddDate(-18, 0, 0)) {
				t.Errorf("%s was born on %q", b.ID, b.Birthday)
			}
		}
	}
	if birthdays < 600 || birthdays > 800 {
		t.Errorf("%d of 1000 buyers told a birthday", birthdays)
	}
	campaigns, of := map[string]int{}, map[string]map[bool]int{}
	beside, open := 0, map[string]int{}
	for _, e := range shop.Events {
		id, known := e.Body["userId"].(string)
		if context, ok := e.Body["context"].(map[string]any); ok {
			source := context["campaign"].(map[string]any)["source"].(string)
			if campaigns[source]++; known && channels[id] != source {
				t.Errorf("%s came through %q, and an event says %q", id, channels[id], source)
			}
		}
		name, _ := e.Body["event"].(string)
		switch name {
		case "Ticket Opened", "Ticket Resolved", "Complaint Filed", "Product Reviewed", "Referred", "Checked In":
			if beside++; e.At.Before(joined[id]) {
				t.Errorf("%s: %s before the buyer joined", id, name)
			}
			if of[name] == nil {
				of[name] = map[bool]int{}
			}
			of[name][left[id]]++
		}
		switch name {
		case "Ticket Opened":
			open[id]++
		case "Ticket Resolved":
			if open[id]--; open[id] < 0 {
				t.Errorf("%s: a ticket was resolved before it was opened", id)
			}
		}
	}
	named := 0
	for source, n := range campaigns {
		if named += n; n < 50 {
			t.Errorf("only %d buyers came through %s", n, source)
		}
	}
	if len(campaigns) != 4 || named < 700 || named > 950 {
		t.Errorf("of 1000 buyers, %v came through campaigns", campaigns)
	}
	if len(of) != 6 || beside > len(shop.Events)/8 {
		t.Errorf("%d of %d events are %v", beside, len(shop.Events), of)
	}
	gone := 0
	for _, l := range left {
		if l {
			gone++
		}
	}
	stay := len(left) - gone
	if complaints := of["Complaint Filed"]; complaints[true]*stay < 4*complaints[false]*gone {
		t.Errorf("of %d who left %d complained, of %d who stay %d", gone, complaints[true], stay, complaints[false])
	}
}
