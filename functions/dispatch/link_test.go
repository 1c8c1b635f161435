package main

import (
	"context"
	cryptorand "crypto/rand"
	"regexp"
	"strings"
	"testing"
	"time"

	"liuke/shared/consent"
	"liuke/shared/customer"
	"liuke/shared/event"
	"liuke/shared/fold"
	"liuke/shared/message"
	"liuke/shared/money"
	"liuke/shared/scene"
	"liuke/shared/survey"
	"liuke/shared/token"
)

func TestLinksOfAMailAreCounted(t *testing.T) {
	b := setup(t)
	e := message.Entry{Customer: "user-0001", ID: "aebagbafaydqqcikbmga2dqpca", Channel: message.Email}
	said := scene.Rendered{
		HTML: `<a href="https://shop.example/a?b=1&amp;c=2">a</a><a href="` + base + `/u/x">u</a><a href="mailto:a@shop.example">m</a><a href="https://客户.example">c</a>`,
		Text: "a: https://shop.example/a?b=1&c=2. u: " + base + "/u/x",
	}
	b.handler.countClicks(b.ring, e, &said)
	sealed := regexp.MustCompile(regexp.QuoteMeta(base)+`/r/([A-Za-z0-9_-]+)`).FindAllStringSubmatch(said.HTML+said.Text, -1)
	if len(sealed) != 2 || sealed[0][1] != sealed[1][1] {
		t.Fatalf("%q of %+v", sealed, said)
	}
	want := token.Click{Entry: token.Entry{Customer: e.Customer, Entry: e.ID}, URL: "https://shop.example/a?b=1&c=2"}
	var got token.Click
	if err := b.ring.Open(token.PurposeClick, sealed[0][1], &got); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	for _, kept := range []string{`<a href="` + base + `/u/x">`, `<a href="mailto:a@shop.example">`, `<a href="https://客户.example">`} {
		if !strings.Contains(said.HTML, kept) {
			t.Errorf("%s is gone from %s", kept, said.HTML)
		}
	}
	text := scene.Rendered{Text: "https://shop.example"}
	e.Channel = "sms"
	if b.handler.countClicks(b.ring, e, &text); text.Text != "https://shop.example" {
		t.Errorf("an SMS says %q", text.Text)
	}
}

// folded folds events into the bundle's tables, as profile does.
func (b *bundle) folded(events ...event.Event) {
	b.t.Helper()
	f := fold.Folder{
		Settings: fold.Settings{Zone: time.UTC, Money: money.Only("CNY")}, Store: b.store, Random: cryptorand.Reader,
		Sleep: func(context.Context, time.Duration) error { return nil }, Jitter: func() float64 { return 0 },
	}
	for _, o := range f.Fold(b.t.Context(), events) {
		if o.Err != nil {
			b.t.Fatal(o.Err)
		}
	}
}

// TestWhatACustomerSaysBetweenClaimAndSendHoldsTheMessage follows a customer's word from the link of an earlier mail, or the
// page of preferences, through the fold to the step before the send.
func TestWhatACustomerSaysBetweenClaimAndSendHoldsTheMessage(t *testing.T) {
	for name, said := range map[string]func() (event.Event, error){
		"one click": func() (event.Event, error) {
			u := token.Unsubscribe{Customer: "user-0001", Channel: "email"}
			return survey.Unsubscribed(u, "link", customer.Proof{Source: customer.ByOneClick}, arrival)
		},
		"the page of preferences": func() (event.Event, error) {
			p := consent.Preferences{Channels: map[string]bool{"email": false}, Proof: customer.Proof{Source: customer.ByPreferenceCentre}}
			return p.Event("user-0001", "p1", event.Event{Time: arrival, Received: arrival})
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			b.claim()
			e, err := said()
			if err != nil {
				t.Fatal(err)
			}
			b.folded(e)
			failures, _ := b.deliver()
			if e := b.entry(); failures != 0 || e.State != message.Held || e.Gate != "consent" || b.provider.asked() != 0 {
				t.Errorf("%d failures, %d calls, %+v", failures, b.provider.asked(), e)
			}
		})
	}
}
