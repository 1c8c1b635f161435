package event_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/money"
)

func TestWhatAnOrderEventSays(t *testing.T) {
	rates := table(t)
	cases := []struct {
		name, event, properties string
		imported                bool
		want                    event.Order
	}{
		{"the total by its digits", event.OrderCompleted, `{"order_id":"o","total":129.95,"currency":"CNY","products":[]}`, false, event.Order{ID: "o", Total: 12995, Currency: "CNY"}},
		{"a total in a string", event.OrderCompleted, `{"order_id":"o","total":"129.90"}`, false, event.Order{ID: "o", Total: 12990, Currency: "CNY"}},
		{"revenue where there is no total", event.OrderUpdated, `{"order_id":"o","total":null,"revenue":25}`, false, event.Order{ID: "o", Total: 2500, Currency: "CNY", Assumed: true}},
		{"total before revenue, whatever comes first", event.OrderCompleted, `{"revenue":25,"order_id":"o","total":30}`, false, event.Order{ID: "o", Total: 3000, Currency: "CNY"}},
		{"an order for nothing", event.OrderCompleted, `{"order_id":"o","total":0}`, false, event.Order{ID: "o", Currency: "CNY"}},
		{"an order id that is a whole number", event.OrderCompleted, `{"order_id":1001,"total":1}`, false, event.Order{ID: "1001", Total: 100, Currency: "CNY"}},
		{"a currency in small letters", event.OrderCompleted, `{"order_id":"o","total":1,"currency":"cny"}`, false, event.Order{ID: "o", Total: 100, Currency: "CNY"}},
		{"the money given back", event.OrderRefunded, `{"order_id":"o","total":3.5}`, false, event.Order{ID: "o", Total: 350, Currency: "CNY", Assumed: true}},
		{"a refund without an amount gives all back", event.OrderRefunded, `{"order_id":"o"}`, false, event.Order{ID: "o", Whole: true}},
		{"a refund of nothing is no refund of all", event.OrderRefunded, `{"order_id":"o","total":0}`, false, event.Order{ID: "o", Currency: "CNY", Assumed: true}},
		{"a refund that names the business's currency", event.OrderRefunded, `{"order_id":"o","total":1,"currency":"CNY"}`, false, event.Order{ID: "o", Total: 100, Currency: "CNY"}},
		{"a cancelled order needs no total and has none", event.OrderCancelled, `{"order_id":"o","total":7}`, false, event.Order{ID: "o"}},
		{"an order in a currency that has a rate", event.OrderCompleted, `{"order_id":"o","total":29.33,"currency":"usd"}`, false, event.Order{ID: "o", Total: 2933, Currency: "USD"}},
		{"minor units of the currency that the amount is in", event.OrderUpdated, `{"order_id":"o","total":1200,"currency":"JPY"}`, false, event.Order{ID: "o", Total: 1200, Currency: "JPY"}},
		{"an edit of an order whose day is not known here", event.OrderRefunded, `{"order_id":"o","total":1,"currency":"EUR"}`, false, event.Order{ID: "o", Total: 100, Currency: "EUR"}},
		{"a cancelled order in whatever currency", event.OrderCancelled, `{"order_id":"o","total":7,"currency":"GBP"}`, false, event.Order{ID: "o"}},
		{"the day of an imported order", event.OrderCompleted, `{"order_id":"o","total":1,"date":"2026-02-28"}`, true, event.Order{ID: "o", Total: 100, Currency: "CNY", Day: "2026-02-28"}},
		{"a date of the shop's own in any other order", event.OrderCompleted, `{"order_id":"o","total":1,"date":"soon"}`, false, event.Order{ID: "o", Total: 100, Currency: "CNY"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := event.OrderOf(&event.Event{Name: c.event, Properties: []byte(c.properties), Import: c.imported, Time: now}, rates)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Fatalf("the order differs (-want +got):\n%s", d)
			}
			in, err := event.Tracking{Money: rates}.Batch(fmt.Appendf(nil, `{"batch":[{"type":"track","userId":"u","event":%q,"properties":%s,"context":{"import":%v}}]}`, c.event, c.properties, c.imported), now)
			if err != nil || len(in.Events) != 1 {
				t.Errorf("the tracking API refuses it: %v", fates(in))
			}
		})
	}
}

// table is the rates of a business that counts in CNY.
func table(t *testing.T) *money.Rates {
	t.Helper()
	rates, err := money.ParseRates(`{"USD":{"2026-01-01":"7.1"},"JPY":{"2026-01-01":"0.048"},"EUR":{"2026-03-02":"7.9"},"KWD":{"2026-01-01":"23.5"}}`, "CNY")
	if err != nil {
		t.Fatal(err)
	}
	return rates
}

func TestOrderThatCannotBeCountedIsRefusedWithTheReason(t *testing.T) {
	rates := table(t)
	for _, c := range []struct {
		name, event, properties string
		time                    string
		pointer, reason         string // "" where it passes
	}{
		{"a refund of what could not be computed", event.OrderRefunded, `{"order_id":"o","total":null}`, "2026-03-01T08:00:00Z", "/properties/total", "leave it out"},
		{"no rate is known of the currency", event.OrderCompleted, `{"order_id":"o","total":1,"currency":"GBP"}`, "2026-03-01T08:00:00Z", "/properties/currency", `no rate of GBP is known: add it to the setting "rates"`},
		{"nor for a refund", event.OrderRefunded, `{"order_id":"o","total":1,"currency":"GBP"}`, "2026-03-01T08:00:00Z", "/properties/currency", "no rate of GBP"},
		{"the table begins after the order's day", event.OrderCompleted, `{"order_id":"o","total":1,"currency":"EUR"}`, "2026-03-01T09:59:59Z", "/properties/currency", "begins later"},
		{"the table begins on the day that it is in the east already", event.OrderCompleted, `{"order_id":"o","total":1,"currency":"EUR"}`, "2026-03-01T10:00:00Z", "", ""},
		{"the table begins after the day that an import names", event.OrderCompleted, `{"order_id":"o","total":1,"currency":"EUR","date":"2026-03-01"}`, "2026-03-01T23:00:00Z", "/properties/currency", "begins later"},
		{"the table begins after the time of an edit, which is not the order's", event.OrderUpdated, `{"order_id":"o","total":1,"currency":"EUR"}`, "2026-01-01T00:00:00Z", "", ""},
		{"a code that is no currency", event.OrderCancelled, `{"order_id":"o","currency":"USDT"}`, "2026-03-01T08:00:00Z", "/properties/currency", "ISO 4217"},
		{"a letter that only folds into the currency's", event.OrderCompleted, `{"order_id":"o","total":1,"currency":"\u212aWD"}`, "2026-03-01T08:00:00Z", "/properties/currency", "ISO 4217"},
		{"a currency that is a number", event.OrderCompleted, `{"order_id":"o","total":1,"currency":156}`, "2026-03-01T08:00:00Z", "/properties/currency", "a string"},
		{"half a yen", event.OrderCompleted, `{"order_id":"o","total":1.5,"currency":"JPY"}`, "2026-03-01T08:00:00Z", "/properties/total", "0 of JPY"},
		{"more than an order may be worth once it is converted", event.OrderCompleted, `{"order_id":"o","total":2000000000,"currency":"USD"}`, "2026-03-01T08:00:00Z", "/properties/total", "10000000000.00 CNY"},
		{"as much as an order may be worth", event.OrderCompleted, `{"order_id":"o","total":1000000000,"currency":"USD"}`, "2026-03-01T08:00:00Z", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			at, err := time.Parse(time.RFC3339, c.time)
			if err != nil {
				t.Fatal(err)
			}
			_, err = event.OrderOf(&event.Event{Name: c.event, Properties: []byte(c.properties), Import: true, Time: at}, rates)
			if c.reason == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var f *fault.Error
			if !errors.As(err, &f) || f.Code != fault.Invalid || f.Pointer != c.pointer || !strings.Contains(f.Message, c.reason) {
				t.Errorf("%v, want %q at %q", err, c.reason, c.pointer)
			}
		})
	}
}

// TestManyMembers looks on both sides of the number from which on names are sorted to find twins.
func TestManyMembers(t *testing.T) {
	for _, n := range []int{1, 2, 23, 24, 25, 26, 100} {
		var members []string
		for i := range n {
			members = append(members, fmt.Sprintf(`"a-name-of-some-length-%d-with-an-end":1`, i))
		}
		for name, c := range map[string]struct{ members, want string }{
			"all different":     {strings.Join(members, ","), "accepted"},
			"the last as first": {strings.Join(members, ",") + "," + members[0], "rejected"},
			"two without name":  {`"":1,` + strings.Join(members, ",") + `,"":2`, "rejected"},
		} {
			in := batch(t, `{"batch":[{"type":"track","event":"e","userId":"u","properties":{`+c.members+`}}]}`)
			if got := string(in.Fates[0].Outcome); got != c.want {
				t.Errorf("%d members, %s: %s", n, name, got)
			}
		}
	}
}

func TestNestingUpToTheLimitIsAccepted(t *testing.T) {
	for _, deeper := range []int{0, 1} {
		levels := event.MaxDepth - 2 + deeper // beside the event and its properties
		in := batch(t, `{"batch":[{"type":"track","event":"e","userId":"u","properties":{"a":`+strings.Repeat("[", levels)+strings.Repeat("]", levels)+`}}]}`)
		if accepted := in.Fates[0].Outcome == event.Accepted; accepted != (deeper == 0) {
			t.Errorf("%d levels in all: %v", levels+2, fates(in))
		}
	}
}
