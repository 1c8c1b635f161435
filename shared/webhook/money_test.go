package webhook_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"liuke/shared/customer"
	"liuke/shared/event"
	"liuke/shared/order"
	"liuke/shared/webhook"
)

var kinds = map[string]order.Kind{
	event.OrderCompleted: order.Placed, event.OrderUpdated: order.Updated,
	event.OrderRefunded: order.Refunded, event.OrderCancelled: order.Cancelled,
}

// orders folds deliveries in their order as a profile does, but for the customers: a record of each order for each
// customer as named, put together at the end as the links between them allow.
func orders(t *testing.T, deliveries []*webhook.Delivery) order.Record {
	t.Helper()
	records := map[customer.ID]*order.Record{}
	for _, d := range deliveries {
		in := intake(t, d)
		if len(in.Rejected) > 0 {
			t.Fatalf("rejected: %s at %s", in.Rejected[0].Reason, in.Rejected[0].Pointer)
		}
		for i := range in.Events {
			e := &in.Events[i]
			if kinds[e.Name] == 0 {
				continue
			}
			o, err := event.OrderOf(e, tracking(t).Money)
			if err != nil {
				t.Fatal(err)
			}
			r := records[e.Customer()]
			if r == nil {
				r = &order.Record{ID: o.ID}
				records[e.Customer()] = r
			}
			c := order.Change{Event: string(e.ID), Kind: kinds[e.Name], Time: e.Time, Total: o.Total, Whole: o.Whole, Currency: o.Currency, Day: customer.DayOf(e.Time, time.UTC)}
			if c.Kind == order.Placed {
				c.Rate, _ = tracking(t).Money.On(c.Currency, c.Day)
			}
			if _, err := r.Apply(c); err != nil {
				t.Fatal(err)
			}
		}
	}
	var all []order.Record
	for _, r := range records {
		all = append(all, *r)
	}
	return order.Union(all...)
}

// permute calls visit with each order of 0 to n-1.
func permute(n int, visit func([]int)) {
	at := make([]int, n)
	for i := range at {
		at[i] = i
	}
	var place func(k int)
	place = func(k int) {
		if k == n {
			visit(at)
			return
		}
		for i := k; i < n; i++ {
			at[k], at[i] = at[i], at[k]
			place(k + 1)
			at[k], at[i] = at[i], at[k]
		}
	}
	place(0)
}

// inEveryOrder folds the deliveries in each order, each of them twice, and checks what the order is worth in the end.
func inEveryOrder(t *testing.T, deliveries []*webhook.Delivery, check func(r order.Record) string) {
	t.Helper()
	permute(len(deliveries), func(at []int) {
		var sequence []*webhook.Delivery
		for _, i := range at {
			sequence = append(sequence, deliveries[i])
		}
		for _, i := range slices.Backward(at) {
			sequence = append(sequence, deliveries[i])
		}
		if wrong := check(orders(t, sequence)); wrong != "" {
			t.Fatalf("in the order %v: %s", at, wrong)
		}
	})
}

func worth(cents int64) func(order.Record) string {
	return func(r order.Record) string {
		if int64(r.Net()) != cents || !r.Counts() {
			return fmt.Sprintf("the order is worth %d, not %d, and counts: %v", r.Net(), cents, r.Counts())
		}
		return ""
	}
}

func samples(t *testing.T, names ...string) (all []*webhook.Delivery) {
	for _, name := range names {
		all = append(all, sample(t, name))
	}
	return all
}

func TestAShopifyOrderIsWorthTheSameInWhateverOrderItsWebhooksArrive(t *testing.T) {
	inEveryOrder(t, samples(t, "shopify_orders_create", "shopify_orders_paid", "shopify_orders_updated", "shopify_refunds_create"), worth(398_00-41_94))
}

func TestAShopifyRefundNeedsNoUpdateOfTheOrder(t *testing.T) {
	inEveryOrder(t, samples(t, "shopify_orders_create", "shopify_refunds_create"), worth(398_00-41_94))
	inEveryOrder(t, samples(t, "shopify_orders_create_guest", "shopify_refunds_create"), worth(398_00-41_94))
}

func TestWhatIsTakenOutOfAnUnpaidShopifyOrderIsNotOwed(t *testing.T) {
	inEveryOrder(t, samples(t, "shopify_orders_create", "shopify_orders_edited", "shopify_orders_updated_edited"), worth(199_00))
}

func TestACancelledShopifyOrderCountsForNothing(t *testing.T) {
	inEveryOrder(t, samples(t, "shopify_orders_create", "shopify_orders_updated", "shopify_orders_cancelled", "shopify_refunds_create"), func(r order.Record) string {
		if r.Counts() || !r.Cancelled {
			return "it counts"
		}
		return ""
	})
}

// charge returns an event about the sample's charge, at a second, with what has been refunded of it by then.
func charge(t *testing.T, topic string, second, refunded int64) *webhook.Delivery {
	t.Helper()
	d := sample(t, "stripe_charge_refunded")
	var e map[string]any
	if err := json.Unmarshal(d.Body, &e); err != nil {
		t.Fatal(err)
	}
	e["type"], e["id"] = topic, fmt.Sprintf("evt_%s_%d_%d", topic, second, refunded)
	e["created"] = now.Unix() - 1000 + second
	e["data"].(map[string]any)["object"].(map[string]any)["amount_refunded"] = refunded
	delete(e["data"].(map[string]any), "previous_attributes")
	body, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	d.Body = body
	return d
}

func TestAStripeChargeIsWorthWhatItsLastEventSays(t *testing.T) {
	made := charge(t, "charge.succeeded", 0, 0)
	first, second, third := charge(t, "charge.refunded", 5, 300), charge(t, "charge.refunded", 9, 500), charge(t, "charge.refunded", 9, 1000)
	failed := charge(t, "charge.updated", 20, 500) // the refund of 5.00 came back
	cases := []struct {
		name       string
		deliveries []*webhook.Delivery
		cents      int64
	}{
		{"nothing refunded", []*webhook.Delivery{made}, 1099},
		{"refunds in parts, two of them within one second", []*webhook.Delivery{made, first, second, third}, 99},
		{"a refund that failed and came back", []*webhook.Delivery{made, first, third, failed}, 599},
		{"a refund whose event was lost", []*webhook.Delivery{made, third}, 99},
		{"a charge whose own event was lost", []*webhook.Delivery{first, second}, 599},
		{"all of it refunded", []*webhook.Delivery{made, first, charge(t, "charge.refunded", 30, 1099)}, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { inEveryOrder(t, c.deliveries, worth(c.cents)) })
	}
}

func TestALostDisputeTakesTheMoneyBackAndAWonOneDoesNot(t *testing.T) {
	inEveryOrder(t, samples(t, "stripe_charge_succeeded", "stripe_dispute_created", "stripe_dispute_lost"), worth(0))
	inEveryOrder(t, samples(t, "stripe_charge_succeeded", "stripe_dispute_created", "stripe_dispute_won"), worth(1099))
	inEveryOrder(t, samples(t, "stripe_charge_succeeded_guest"), worth(1099))
}

func TestMoneyIsReservedBeforeItIsTaken(t *testing.T) {
	if in := intake(t, sample(t, "stripe_charge_succeeded_reserved")); len(in.Events) != 0 {
		t.Fatalf("a charge that is not captured makes %d events", len(in.Events))
	}
}

func TestWhatIsLeftOfAReservedAmountWasNeverTaken(t *testing.T) {
	for _, c := range []struct {
		name                         string
		reserved, captured, refunded int64
		total                        string
	}{
		{"all of it captured", 1000, 1000, 0, "10.00"},
		{"a part captured, the rest among the refunds", 1000, 700, 300, "7.00"},
		{"a part captured, and a part of that refunded", 1000, 700, 500, "5.00"},
		{"a part captured, and more to come", 1000, 700, 0, "7.00"},
		{"all of it refunded", 1000, 700, 1000, "0.00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := deliver(webhook.Stripe, "", fmt.Sprintf(`{"id":"evt_1","created":1772353861,"type":"charge.captured","data":{"object":{"id":"ch_1","status":"succeeded",
				"captured":true,"created":1772353861,"currency":"usd","customer":"cus_1","amount":%d,"amount_captured":%d,"amount_refunded":%d}}}`, c.reserved, c.captured, c.refunded))
			in := intake(t, d)
			if len(in.Events) != 3 || !strings.Contains(string(in.Events[0].Properties), `"total":"`+c.total+`"`) {
				t.Fatalf("%+v", in)
			}
		})
	}
}

// TestStripesSmallestUnits takes amounts in currencies whose smallest unit is not that of ISO 4217, or no hundredth.
func TestStripesSmallestUnits(t *testing.T) {
	for _, c := range []struct {
		currency string
		amount   int64
		total    string
	}{
		{"eur", 1099, "10.99"}, {"jpy", 1099, "1099"}, {"kwd", 10990, "10.990"}, {"isk", 50000, "500"}, {"ugx", 50000, "500"}, {"mga", 500, "500.00"},
		{"isk", 50001, ""}, {"xxx", 1, ""},
	} {
		d := charge(t, "charge.succeeded", 0, 0)
		var e map[string]any
		if err := json.Unmarshal(d.Body, &e); err != nil {
			t.Fatal(err)
		}
		object := e["data"].(map[string]any)["object"].(map[string]any)
		object["currency"], object["amount"], object["amount_captured"] = c.currency, c.amount, c.amount
		d.Body, _ = json.Marshal(e)
		call := webhook.Read(d).Calls[0]
		var got struct{ Properties struct{ Total string } }
		if call.Err == nil {
			if err := json.Unmarshal(call.Body, &got); err != nil {
				t.Fatal(err)
			}
		}
		if got.Properties.Total != c.total || (call.Err == nil) != (c.total != "") {
			t.Errorf("%d %s is %q, %v; want %q", c.amount, c.currency, got.Properties.Total, call.Err, c.total)
		}
	}
}
