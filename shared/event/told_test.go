package event_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"liuke/shared/event"
)

func TestOnlyRoundStreaksAreTold(t *testing.T) {
	t.Parallel()
	for properties, want := range map[string]bool{`{"streak":7}`: true, `{"streak":"30"}`: true, `{"streak":8}`: false, `{}`: false, ``: false, `[]`: false} {
		e := event.Event{Type: event.Track, Name: event.CheckedIn, Properties: json.RawMessage(properties)}
		if _, ok := e.Tells(nil); ok != want {
			t.Errorf("%s: %v", properties, ok)
		}
	}
}

func TestWhatNamedEventsTell(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, event, properties string
		typ                     event.Type
		subject                 string
		ok                      bool
	}{
		{"a ticket", event.TicketResolved, `{"ticket_id":"T-1","order_id":"o-1"}`, event.Track, "T-1", true},
		{"a ticket without an id is about its order", event.TicketResolved, `{"order_id":"o-1"}`, event.Track, "o-1", true},
		{"an order by its number", event.OrderDelivered, `{"order_id":1001}`, event.Track, "1001", true},
		{"a return", event.ReturnCompleted, `{"order_id":"o-1","return_id":"r-1"}`, event.Track, "r-1", true},
		{"a complaint about a return", event.ComplaintFiled, `{"return_id":"r-1"}`, event.Track, "r-1", true},
		{"an alert about nothing in particular", event.DeviceAlert, `{"level":"high"}`, event.Track, "", true},
		{"an id that is none", event.OrderDelivered, `{"order_id":["o-1"]}`, event.Track, "", true},
		{"a fraction is no id", event.OrderDelivered, `{"order_id":1.5}`, event.Track, "", true},
		{"an id of two lines would break a subject", event.OrderDelivered, `{"order_id":"o\n1"}`, event.Track, "", true},
		{"an id that is too long", event.OrderDelivered, `{"order_id":"` + strings.Repeat("x", 129) + `"}`, event.Track, "", true},
		{"a review", event.ProductReviewed, `{"product_id":"p-1","review_id":"v-1"}`, event.Track, "v-1", true},
		{"a week of check-ins", event.CheckedIn, `{"streak":7}`, event.Track, "7", true},
		{"a device that is due", event.MaintenanceDue, `{"device_id":"d-1"}`, event.Track, "d-1", true},
		{"no properties", event.TicketResolved, ``, event.Track, "", true},
		{"a page of that name", event.TicketResolved, `{"ticket_id":"T-1"}`, event.Page, "", false},
		{"another event", event.TicketOpened, `{"ticket_id":"T-1"}`, event.Track, "", false},
		{"an order is told by what it comes to", event.OrderCompleted, `{"order_id":"o-1"}`, event.Track, "", false},
	} {
		e := event.Event{Type: c.typ, Name: c.event, Properties: json.RawMessage(c.properties)}
		if subject, ok := e.Tells(nil); subject != c.subject || ok != c.ok {
			t.Errorf("%s: %q, %v", c.name, subject, ok)
		}
		if slices.Contains(event.Told(), c.event) != (c.ok || c.typ != event.Track) {
			t.Errorf("%s is listed in %v, or is not", c.event, event.Told())
		}
	}
}

func TestEventsThatScenesNameAreTold(t *testing.T) {
	t.Parallel()
	named := map[string]bool{"Review Posted": true, event.OrderCompleted: true, event.SurveyAnswered: true}
	for _, c := range []struct {
		name, event, properties, subject string
		ok                               bool
	}{
		{"one that is named", "Review Posted", `{"product_id":"p-1","order_id":7}`, "7", true},
		{"one that is not", "Review Read", `{"product_id":"p-1"}`, "", false},
		{"one that is always told", event.OrderDelivered, `{"order_id":"o-1"}`, "o-1", true},
		{"an order, though it is named", event.OrderCompleted, `{"order_id":"o-1"}`, "", false},
		{"an answer, though it is named", event.SurveyAnswered, `{}`, "", false},
	} {
		e := event.Event{Type: event.Track, Name: c.event, Properties: json.RawMessage(c.properties)}
		if subject, ok := e.Tells(named); subject != c.subject || ok != c.ok {
			t.Errorf("%s: %q, %v", c.name, subject, ok)
		}
	}
	for name, want := range map[string]bool{
		"Review Posted": true, "评价": true, "": false, " x": false, "a\nb": false, strings.Repeat("x", 256): false,
		event.OrderRefunded: false, event.Unsubscribed: false, event.PreferencesChanged: false,
	} {
		if event.Tellable(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
}
