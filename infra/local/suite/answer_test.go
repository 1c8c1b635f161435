package suite

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"liuke/infra/local/standin"
)

// TestAStopByTextHoldsTheNextMessageUntilItIsTakenBack has a customer answer messages, through the topic and its policies, the
// functions as they are deployed, and the events' queue: by STOP, by START, and by the first STOP once more, as AWS may publish it.
func TestAStopByTextHoldsTheNextMessageUntilItIsTakenBack(t *testing.T) {
	s := start(t, t.TempDir(), nil)
	const id, number = "texted", "+4915112345678"
	send := func(events ...map[string]any) {
		t.Helper()
		body, err := json.Marshal(map[string]any{"batch": events})
		if err != nil {
			t.Fatal(err)
		}
		if status := call(t, s, http.MethodPost, "/v1/batch", string(body), nil); status >= 300 {
			t.Fatalf("events were answered %d", status)
		}
		if err := s.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	alerts := 0
	// alert has an alert go out about the customer's device, and says how many messages the number has got since.
	alert := func() int {
		t.Helper()
		alerts++
		send(map[string]any{"type": "track", "userId": id, "messageId": fmt.Sprint("a-", alerts), "event": "Device Alert", "properties": map[string]any{}})
		return len(s.outbox.By(standin.SMS, number))
	}
	answer := func(body, again string) string {
		t.Helper()
		if err := s.Clock.Advance(time.Minute); err != nil {
			t.Fatal(err)
		}
		var out struct{ ID string }
		request, err := json.Marshal(standin.Answer{From: number, Body: body, ID: again})
		if err != nil {
			t.Fatal(err)
		}
		if status := call(t, s, http.MethodPost, localPath+"texts", string(request), &out); status != http.StatusOK {
			t.Fatalf("the answer %s was answered %d", body, status)
		}
		if err := s.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		return out.ID
	}

	send(map[string]any{"type": "identify", "userId": id, "messageId": "i", "traits": map[string]any{"phone": number, "consent": map[string]bool{"sms": true}}})
	if n := alert(); n != 1 {
		t.Fatalf("%d messages went out", n)
	}
	stop := answer("Stop", "")
	if n := alert(); n != 1 {
		t.Errorf("%d messages went out, one of them after STOP", n)
	}
	if got := fateOf(t, s, id); got != "held no_consent" {
		t.Errorf("the alert after STOP: %s", got)
	}
	answer("START", "")
	if n := alert(); n != 2 {
		t.Errorf("%d messages went out; one of two was to come after START", n)
	}
	answer("Stop", stop) // the first one, published again
	if n := alert(); n != 3 {
		t.Errorf("%d messages went out: an old STOP undid a START", n)
	}
	answer("退订", "")
	if n := alert(); n != 3 {
		t.Errorf("%d messages went out, one of them after the second STOP", n)
	}

	var proofs struct {
		Consents []struct {
			Source  string
			Changes []struct {
				Purpose string
				Given   *bool
			}
		}
	}
	call(t, s, http.MethodGet, "/v1/customers/"+id+"/consents", "", &proofs)
	given := 0
	for _, p := range proofs.Consents {
		if p.Source == "sms_keyword" && len(p.Changes) == 1 && p.Changes[0].Purpose == "channel:sms" {
			given++
		}
	}
	if given != 3 {
		t.Errorf("%d of three words are proven: %+v", given, proofs)
	}
	if p := s.Permissions(); len(p.Denied) > 0 {
		t.Errorf("denied: %+v", p.Denied)
	}
}
