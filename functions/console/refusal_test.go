package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"liuke/shared/api"
	"liuke/shared/consent"
	"liuke/shared/customer"
	"liuke/shared/document"
	"liuke/shared/event"
	"liuke/shared/message"
	"liuke/shared/outreach"
	"liuke/shared/scene"
	"liuke/shared/signal"
)

func TestWhyKnowsHowTheCustomerRefusedWithoutARecordOfIt(t *testing.T) {
	if says := saysOfReason("unknown_customer", nil); !strings.Contains(says, "no address and no consent") {
		t.Errorf("of a customer without traits: %s", says)
	}
	for id, want := range map[string]struct{ cause, says string }{
		"unsubscribe:x": {"unsubscribe_link", "the customer unsubscribed from the channel by a message's link on 2026-03-01"},
		"preferences:x": {"preference_centre", "the customer switched the channel off on the preferences page on 2026-03-01"},
		"sms:x":         {"sms_keyword", "the customer stopped the channel by a text on 2026-03-01"},
		"x":             {unrecorded, "the customer refused the channel on 2026-03-01"},
	} {
		word := customer.Trait{Value: "false", Time: now.UnixMilli(), Event: id}
		c := causeOfWord(word, sourceOf(id), purposeOf(nil, message.Email, "no_consent"))
		if says := saysOfReason("no_consent", []causeView{c}); says != want.says || c.Cause != want.cause || c.Channel != "email" {
			t.Errorf("%s: %s, %+v; want %s", id, says, c, want.says)
		}
	}
}

// causeOf is the one cause that a gate tells, without its channel where that is as expected.
func causeOf(t *testing.T, told map[string]any) string {
	t.Helper()
	var all []string
	causes, _ := told["causes"].([]any)
	for _, c := range causes {
		c := c.(map[string]any)
		all = append(all, strings.TrimSpace(fmt.Sprint(c["cause"], " ", c["since"], " ", c["code"])))
	}
	return strings.ReplaceAll(strings.Join(all, "; "), " <nil>", "")
}

func TestWhySaysForWhatAnAddressIsSuppressedAndSinceWhen(t *testing.T) {
	for _, c := range []struct {
		name     string
		reason   string
		stop     bool
		resumed  bool
		causes   string
		says     string
		noneLeft bool
	}{
		{name: "a hard bounce", reason: message.SuppressedBounce, causes: "hard_bounce 2026-02-01T10:00:00Z", says: "the address is suppressed: a mail to it bounced for good on 2026-02-01"},
		{name: "a complaint", reason: message.SuppressedComplaint, causes: "complaint 2026-02-01T10:00:00Z", says: "complained about a mail on 2026-02-01"},
		{name: "a bounce that an import tells of", reason: message.SuppressedImportBounce, causes: "imported_bounce 2026-02-01T10:00:00Z", says: "an import listed it"},
		{name: "an unsubscription that an import tells of", reason: message.SuppressedImportLeft, causes: "imported_unsubscribe 2026-02-01T10:00:00Z", says: "an import listed its owner as unsubscribed"},
		{name: "what a provider says", reason: "550", causes: "provider 2026-02-01T10:00:00Z 550", says: "the provider refused it with 550 on 2026-02-01"},
		{name: "a word of its owner's", stop: true, causes: "sms_keyword 2026-02-02T10:00:00Z", says: "its owner stopped messages by a text on 2026-02-02"},
		{name: "both", reason: message.SuppressedInvalid, stop: true, causes: "invalid_number 2026-02-01T10:00:00Z; sms_keyword 2026-02-02T10:00:00Z", says: "takes texts on 2026-02-01, and its owner stopped"},
		{name: "a word that was taken back", stop: true, resumed: true, noneLeft: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			b.seed(t)
			ctx := t.Context()
			at := time.Date(2026, 2, 1, 10, 0, 0, 0, time.UTC)
			profile := customer.Profile{Version: 2}
			address := fmt.Sprint(strings.ReplaceAll(c.name, " ", "."), "@shop.example") // of its own: suppressions outlive a test's customer
			profile.Set(customer.TraitEmail, customer.Trait{Value: address, Time: 9, Event: "f"})
			profile.Set(customer.ConsentTrait("email"), customer.Trait{Value: "true", Time: started.UnixMilli(), Event: "f"})
			must(t, b.store.PutProfile(ctx, user, &profile))
			if c.reason != "" {
				must(t, b.store.Suppress(ctx, message.Email, address, c.reason, at))
			}
			if c.stop {
				_, err := b.store.Say(ctx, message.Email, address, consent.Word{ID: "1", Stop: true, Time: at.Add(24 * time.Hour)})
				must(t, err)
			}
			if c.resumed {
				_, err := b.store.Say(ctx, message.Email, address, consent.Word{ID: "2", Time: at.Add(25 * time.Hour)})
				must(t, err)
			}
			held, err := message.New("win_back", 0, message.Email, signal.Signal{ID: "segment:r:rfm10", Kind: signal.SegmentChanged, Customer: user, Time: started, Data: []byte(`{"model":"rfm10","to":"At Risk"}`)}).Hold(scene.GateSuppression, reasonSuppressed, started)
			must(t, err)
			_, err = b.store.WriteEntry(ctx, held)
			must(t, err)
			_, body, out := b.do(t, "why", scened("win_back"))
			if strings.Contains(out.Body, address) {
				t.Errorf("it tells the address: %s", out.Body)
			}
			g, decision := gateOf(t, body, scene.GateSuppression), body["decisions"].([]any)[0].(map[string]any)
			if c.noneLeft {
				if g["outcome"] != "pass" || g["causes"] != nil || decision["causes"] != nil || !strings.HasPrefix(decision["says"].(string), "held: the address is suppressed") {
					t.Errorf("%v; %v", g, decision)
				}
				return
			}
			if causeOf(t, g) != c.causes || causeOf(t, decision) != c.causes || !strings.Contains(g["says"].(string), c.says) || !strings.Contains(decision["says"].(string), c.says) {
				t.Errorf("%v; %v", g, decision)
			}
		})
	}
}

func TestWhySaysByWhatDoorTheCustomerLeft(t *testing.T) {
	b := setup(t)
	said := func(i int, e event.Event) event.Event {
		e.ID, e.Time = event.MessageID(fmt.Sprint("said:", i)), started.Add(time.Duration(i)*time.Minute)
		e.Received = e.Time
		if e.User == "" {
			e.User = "u1"
		}
		if e.Source == "" {
			e.Source = event.SourceSegment
		}
		return e
	}
	identify := func(traits string) event.Event {
		return event.Event{Type: event.Identify, Traits: json.RawMessage(traits)}
	}
	oneClick := event.Event{Type: event.Track, Name: event.Unsubscribed, Source: event.SourceSurvey, Properties: json.RawMessage(`{"channel":"email","proof":{"source":"one_click"}}`)}
	imported := identify(`{"consent":{"email":false}}`)
	imported.Source = event.SourceImport
	for i, c := range []struct {
		event       event.Event
		cause, says string
	}{
		{oneClick, "one_click", "the customer unsubscribed from the channel by the mail program's button on 2026-03-01"},
		{identify(`{"consent":{"email":false},"consent_proof":{"source":"form"}}`), "form", "the customer refused the channel by a form on 2026-03-01"},
		{imported, "import", "the customer refused the channel, as an import says, on 2026-03-01"},
		{identify(`{"consent":{"email":false}}`), "api", "the customer refused the channel, as the API was told, on 2026-03-01"},
	} {
		at := started.Add(time.Duration(2*i+1) * time.Minute)
		b.fold(t, said(2*i, identify(`{"email":"a@shop.example","consent":{"email":true}}`)), said(2*i+1, c.event))
		_, body, _ := b.do(t, "why", all(scened("win_back"), func(r *api.Request) { r.PathParameters["id"] = "u1" }))
		g := gateOf(t, body, scene.GateConsent)
		if causeOf(t, g) != c.cause+" "+at.Format(time.RFC3339) || g["says"] != c.says {
			t.Errorf("%s: %v", c.cause, g)
		}
	}
}

func TestWhySaysThatAMessageWaitsForItsCode(t *testing.T) {
	b := setup(t)
	b.seed(t)
	ctx := t.Context()
	must(t, b.store.PutSceneDocument(ctx, &document.Document{Name: "scene/nudging", Version: 1, Body: strings.Replace(nudging, "pool: spring", "webhook: shop", 1), Edited: started}, 0, nil))
	order := signal.Signal{ID: "order:77", Kind: signal.OrderPlaced, Customer: user, Time: started, Data: []byte(`{"order":"77","currency":"CNY","amount":1}`)}
	first, err := message.New("nudging", 0, message.Email, order).Claim(now.Add(-30 * time.Second))
	must(t, err)
	first, err = b.store.WriteEntry(ctx, first)
	must(t, err)
	status, body, out := b.do(t, "why", scened("nudging"))
	if status != http.StatusOK {
		t.Fatal(out.Body)
	}
	told := body["decisions"].([]any)[0].(map[string]any)
	waits, _ := told["waits"].(map[string]any)
	if waits["for"] != outreach.WaitsForCode || waits["destination"] != "shop" || waits["given_up_at"] != "2026-03-02T08:30:31Z" || waits["until"] != nil ||
		!strings.HasPrefix(told["says"].(string), "all gates let it pass: it waits for its code, for which the destination shop is asked every minute") {
		t.Errorf("%v", told)
	}
	if d := body["now"].(map[string]any)["decision"].(map[string]any); d["waits"] == nil {
		t.Errorf("where the journey stands: %v", d)
	}
	first.Code.Webhook, first.Code.Code = "shop", "A-1"
	_, err = b.store.WriteEntry(ctx, first)
	must(t, err)
	if _, body, _ = b.do(t, "why", scened("nudging")); body["decisions"].([]any)[0].(map[string]any)["waits"] != nil {
		t.Errorf("with its code: %v", body["decisions"])
	}
}
