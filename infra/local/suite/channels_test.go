package suite

import (
	"encoding/json"
	"net/http"
	"testing"

	"liuke/infra/local/engine"
	"liuke/infra/local/project"
	"liuke/infra/local/standin"
	"liuke/infra/local/synth"
)

// TestAnAlertTakesTheFirstWayThatReachesItsCustomer runs events through the functions as they are deployed, with the permissions
// of their templates: to an app, to a number, and by mail through a server in SES's place; what cannot be reached is suppressed.
func TestAnAlertTakesTheFirstWayThatReachesItsCustomer(t *testing.T) {
	root, err := project.Root()
	if err != nil {
		t.Fatal(err)
	}
	if err := engine.Install(t.Context(), root, nil); err != nil {
		t.Fatal(err)
	}
	dir, err := synth.With(t.Context(), root, map[string]any{"smtp": map[string]any{"host": "mail.shop.example"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, t.TempDir(), func(o *Options) { o.Assembly = dir })
	const endpoint = "arn:aws:sns:eu-central-1:111111111111:endpoint/GCM/shop/"
	for _, c := range []struct {
		id, number, phone string
		channel, to       string // what comes of it; "" for nothing
	}{
		{"app", "+4915112345678", endpoint + "1", standin.Push, endpoint + "1"},
		{"number", "+49 151 87654321", "", standin.SMS, "+4915187654321"},
		{"mail", "", "", standin.Email, "mail@example.com"},
		{"stopped", "+12065550189", "", "", "+12065550189"},                   // has written STOP
		{"removed", "", endpoint + "2-disabled", "", endpoint + "2-disabled"}, // the app
	} {
		alert(t, s, c.id, c.number, c.phone)
		if c.channel == "" {
			if n := len(s.outbox.By("", c.to)); n > 0 {
				t.Errorf("%s got %d messages", c.id, n)
			}
			continue
		}
		if n := len(s.outbox.By(c.channel, c.to)); n != 1 {
			t.Errorf("%s got %d messages by %s", c.id, n, c.channel)
		}
	}
	for _, m := range s.outbox.By(standin.Email, "") {
		if m.ConfigurationSet != "" || m.Headers["X-Liuke-Entry"] == "" {
			t.Errorf("a mail went through SES: %+v", m)
		}
	}
	for _, m := range s.outbox.By(standin.SMS, "") {
		if m.Headers["Message-Type"] != "TRANSACTIONAL" || m.From == "" {
			t.Errorf("an SMS came from %q, as %s", m.From, m.Headers["Message-Type"])
		}
	}
	if p := s.Permissions(); len(p.Denied) > 0 {
		t.Errorf("denied: %+v", p.Denied)
	}
	for id, want := range map[string]string{"number": "sent delivered", "stopped": "failed DESTINATION_PHONE_NUMBER_OPTED_OUT", "removed": "failed EndpointDisabled"} {
		if got := fateOf(t, s, id); got != want {
			t.Errorf("the message to %s: %s, want %s", id, got, want)
		}
	}
}

// fateOf says what became of a customer's alert.
func fateOf(t *testing.T, s *Suite, id string) string {
	t.Helper()
	var out struct {
		Messages []struct {
			Scene, State, Reason string
			Delivered            string `json:"delivered_at"`
		}
	}
	call(t, s, http.MethodGet, "/v1/customers/"+id+"/messages", "", &out)
	for _, m := range out.Messages {
		switch {
		case m.Scene != "device_alert":
		case m.Delivered != "":
			return m.State + " delivered"
		default:
			return m.State + " " + m.Reason
		}
	}
	return "none"
}

// alert sends an alert about the device of a customer, who has consented to every channel that has an address.
func alert(t *testing.T, s *Suite, id, number, phone string) {
	t.Helper()
	traits := map[string]any{"email": id + "@example.com", "consent": map[string]bool{"email": true, "sms": number != "", "push": phone != ""}}
	if number != "" {
		traits["phone"] = number
	}
	if phone != "" {
		traits["push_endpoint"] = phone
	}
	for _, event := range []map[string]any{
		{"type": "identify", "userId": id, "messageId": "i-" + id, "traits": traits},
		{"type": "track", "userId": id, "messageId": "a-" + id, "event": "Device Alert", "properties": map[string]any{}},
	} {
		body, err := json.Marshal(map[string]any{"batch": []any{event}})
		if err != nil {
			t.Fatal(err)
		}
		if status := call(t, s, http.MethodPost, "/v1/batch", string(body), nil); status >= 300 {
			t.Fatalf("the event was answered %d", status)
		}
		if err := s.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}
