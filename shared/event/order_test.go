package event_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/event"
)

func TestWhatAnOrderEventSays(t *testing.T) {
	cases := []struct {
		name, event, properties string
		imported                bool
		want                    event.Order
	}{
		{"the total by its digits", event.OrderCompleted, `{"order_id":"o","total":129.95,"currency":"CNY","products":[]}`, false, event.Order{ID: "o", Total: 12995}},
		{"a total in a string", event.OrderCompleted, `{"order_id":"o","total":"129.90"}`, false, event.Order{ID: "o", Total: 12990}},
		{"revenue where there is no total", event.OrderUpdated, `{"order_id":"o","total":null,"revenue":25}`, false, event.Order{ID: "o", Total: 2500}},
		{"total before revenue, whatever comes first", event.OrderCompleted, `{"revenue":25,"order_id":"o","total":30}`, false, event.Order{ID: "o", Total: 3000}},
		{"an order for nothing", event.OrderCompleted, `{"order_id":"o","total":0}`, false, event.Order{ID: "o"}},
		{"an order id that is a whole number", event.OrderCompleted, `{"order_id":1001,"total":1}`, false, event.Order{ID: "1001", Total: 100}},
		{"a currency in small letters", event.OrderCompleted, `{"order_id":"o","total":1,"currency":"cny"}`, false, event.Order{ID: "o", Total: 100}},
		{"the money given back", event.OrderRefunded, `{"order_id":"o","total":3.5}`, false, event.Order{ID: "o", Total: 350}},
		{"a refund without an amount gives all back", event.OrderRefunded, `{"order_id":"o"}`, false, event.Order{ID: "o", Whole: true}},
		{"a refund of nothing is no refund of all", event.OrderRefunded, `{"order_id":"o","total":0}`, false, event.Order{ID: "o"}},
		{"a cancelled order needs no total and has none", event.OrderCancelled, `{"order_id":"o","total":7}`, false, event.Order{ID: "o"}},
		{"the day of an imported order", event.OrderCompleted, `{"order_id":"o","total":1,"date":"2026-02-28"}`, true, event.Order{ID: "o", Total: 100, Day: "2026-02-28"}},
		{"a date of the shop's own in any other order", event.OrderCompleted, `{"order_id":"o","total":1,"date":"soon"}`, false, event.Order{ID: "o", Total: 100}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := event.OrderOf(&event.Event{Name: c.event, Properties: []byte(c.properties), Import: c.imported, Time: now}, "CNY")
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Fatalf("the order differs (-want +got):\n%s", d)
			}
			in := batch(t, fmt.Sprintf(`{"batch":[{"type":"track","userId":"u","event":%q,"properties":%s,"context":{"import":%v}}]}`, c.event, c.properties, c.imported))
			if len(in.Events) != 1 {
				t.Errorf("the tracking API refuses it: %v", fates(in))
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
