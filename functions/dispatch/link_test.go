package main

import (
	"context"
	cryptorand "crypto/rand"
	"encoding/json"
	"io/fs"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode/utf8"

	"liuke/shared/brand"
	"liuke/shared/consent"
	"liuke/shared/customer"
	"liuke/shared/event"
	"liuke/shared/fold"
	"liuke/shared/message"
	"liuke/shared/money"
	"liuke/shared/scene"
	"liuke/shared/signal"
	"liuke/shared/survey"
	"liuke/shared/token"
)

func TestLinksOfAMailAreCounted(t *testing.T) {
	b := setup(t)
	e := message.Entry{Customer: "user-0001", ID: "aebagbafaydqqcikbmga2dqpca", Channel: message.Email}
	said := scene.Rendered{
		HTML:    `<a href="https://shop.example/a?b=1&amp;c=2">a</a><a href="` + base + `/u/x">u</a><a href="mailto:a@shop.example">m</a><a href="https://客户.example">c</a>`,
		Text:    "a: https://shop.example/a?b=1&c=2. u: " + base + "/u/x",
		Origins: []string{"https://shop.example"},
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

// hostileScene says a value wherever content may: the sender's name, for what customers bring is not shown where it holds an
// address.
const hostileScene = `id: hello
kind: transactional
on: {signal: event, event: Checkout}
channel: email
content:
  en:
    subject: Hello
    text: "{{ sender_name | default: '' }} see https://shop.example/a/{{ sender_name | default: '' }} https://old.example{{ sender_name | default: '' }} https://{{ sender_name | default: 'x' }}.sub.example/b {% render \"foot\" %}"
    html: "<a href='{{ sender_name | default: 'https://other.example/vip' }}'>x</a><a href=\"https&#58;//html.example/{{ sender_name | default: '' }}\">y</a>"
`

// hostile loads hostileScene as dispatch does.
func hostile(t testing.TB) *scene.Scene {
	t.Helper()
	policy, err := fs.ReadFile(scene.Files(), "policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	set, err := scene.Load(fstest.MapFS{
		"policy.yaml": {Data: policy}, "hello.yaml": {Data: []byte(hostileScene)},
		"block/foot.yaml": {Data: []byte("en: {text: 'https://foot.example.', html: ''}\n")},
	}, compilers("CNY"))
	if err != nil {
		t.Fatal(err)
	}
	return set.Scene("hello")
}

// redirects makes the mail of hostile and lists where its links lead to through the page behind /r/.
func redirects(t testing.TB, sc *scene.Scene, ring *token.Keyring, shop, value string) (all []string) {
	t.Helper()
	e := message.New("hello", 0, message.Email, signal.Signal{Customer: "user-0001", Kind: signal.Happened, Data: json.RawMessage(`{"event":"Checkout"}`)})
	e.ID = "aebagbafaydqqcikbmga2dqpca"
	said, err := sc.Render(scene.Saying{Channel: message.Email, Sender: value}, customer.Profile{}, e)
	if err != nil {
		t.Fatal(err)
	}
	h := &Handler{Settings: settings{BaseURL: base}, look: brand.Look{Shop: shop}}
	h.countClicks(ring, e, &said)
	for _, sealed := range regexp.MustCompile(regexp.QuoteMeta(base)+`/r/([A-Za-z0-9_-]+)`).FindAllStringSubmatch(said.HTML+" "+said.Text, -1) {
		var to token.Click
		if ring.Open(token.PurposeClick, sealed[1], &to) == nil {
			all = append(all, to.URL)
		}
	}
	return all
}

func TestOnlyAddressesOfTheOperatorsWordsAreCounted(t *testing.T) {
	ring, err := token.NewKeyring([]byte(keysJSON))
	if err != nil {
		t.Fatal(err)
	}
	sc := hostile(t)
	always := []string{"https://html.example/", "https://shop.example/a/", "https://foot.example"}
	for name, c := range map[string]struct {
		shop, value string
		want        []string // beside always, of which the first two go on with the value
	}{
		"nothing to fill in":                          {"", "", []string{"https://other.example/vip"}},
		"an address of another's":                     {"", "https://phish.example/login", nil},
		"a host behind a name that looks like a host": {"", "https://shop.example@phish.example/", nil},
		"a host that begins alike":                    {"", "https://shop.example.phish.example/", nil},
		"the rest of a host":                          {"", ".phish.example/", nil},
		"a host that is written before a value alone": {"", "https://old.example/", nil},
		"a host that a value is a part of":            {"", "https://x.sub.example/", nil},
		"without encryption":                          {"", "http://shop.example/", nil},
		"at another port":                             {"", "https://shop.example:8443/", nil},
		"what is no host":                             {"", "https://a$b/", nil},
		"the operator's own host, in capitals":        {"", "HTTPS://SHOP.example/x", []string{"HTTPS://SHOP.example/x"}},
		"the brand's shop":                            {"https://brand.example/?a=b", "https://brand.example/x", []string{"https://brand.example/x"}},
	} {
		t.Run(name, func(t *testing.T) {
			want := map[string]bool{}
			for i, address := range append(always[:3:3], c.want...) {
				if i < 2 {
					address += c.value
				}
				want[address] = true
			}
			got := map[string]bool{}
			for _, to := range redirects(t, sc, ring, c.shop, c.value) {
				got[to] = true
			}
			if !maps.Equal(got, want) {
				t.Errorf("links lead to %v, want %v", got, want)
			}
		})
	}
}

func FuzzNobodyIsRedirectedByAValue(f *testing.F) {
	ring, err := token.NewKeyring([]byte(keysJSON))
	if err != nil {
		f.Fatal(err)
	}
	sc := hostile(f)
	for _, seed := range []string{"https://phish.example/", "https://shop.example@phish.example", "//phish.example", "x' href='https://phish.example", "@phish.example/", "\\@phish.example", ".phish.example", "$", "https://old.example:1/ https://", "http://[::1]/"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if !utf8.ValidString(value) {
			return
		}
		for _, to := range redirects(t, sc, ring, "https://brand.example/", value) {
			u, err := url.Parse(to)
			if err != nil || u.User != nil || u.Scheme != "https" || !slices.Contains([]string{"shop.example", "foot.example", "html.example", "other.example", "brand.example"}, strings.ToLower(u.Host)) {
				t.Fatalf("%q leads to %q", value, to)
			}
		}
	})
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
