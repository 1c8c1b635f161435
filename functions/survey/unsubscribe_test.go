package main

import (
	"net/http"
	"strings"
	"testing"

	"liuke/shared/api"
	"liuke/shared/brand"
	"liuke/shared/customer"
	"liuke/shared/token"
)

func TestUnsubscribing(t *testing.T) {
	b := setup(t)
	holds(t, status(t, b.do(t, "unsubscribe"), http.StatusOK), `<form method="post">`, "电子邮件")
	for range 2 {
		if out := status(t, b.do(t, "unsubscribe_one_click"), http.StatusOK); out.Headers["location"] != "" {
			t.Fatal(out.Headers)
		}
	}
	ids := b.pointers(t)
	if len(ids) != 2 || ids[0] != ids[1] || !strings.HasPrefix(ids[0], "unsubscribe:") || b.sent[0].Delay != 0 {
		t.Errorf("sent %+v", b.sent)
	}
	holds(t, status(t, b.do(t, "unsubscribe_one_click", header("accept", browserAccepts)), http.StatusOK), "您已成功退订")
	holds(t, status(t, b.do(t, "unsubscribe", func(r *api.Request) { r.PathParameters["token"] = "x" }), http.StatusUnauthorized), "链接无效")
	equal(t, "calls", b.calls, []string{"document", "send", "send", "send"}) // the page's brand, and no table to unsubscribe by
	b.fail = func(int, string) mode { return refused }
	status(t, b.do(t, "unsubscribe_one_click"), http.StatusServiceUnavailable)
}

func TestThePageOfUnsubscribingIsTheBrandsAndTheCustomers(t *testing.T) {
	locale := func(name string) customer.Profile {
		return customer.Profile{Traits: map[string]customer.Trait{customer.TraitLocale: {Value: name}}}
	}
	for _, c := range []struct {
		name, accept, own string
		down              bool
		want              string
	}{
		{"what the browser names goes before the customer's own", "en", "zh-CN", false, "<button type=\"submit\">Unsubscribe"},
		{"a browser that names none that there is leaves it to the customer's own", "fi, sv;q=0.5", "zh-CN", false, "电子邮件"},
		{"a browser that names none, and nothing is known", "", "", false, "<button type=\"submit\">Unsubscribe"},
		{"the way out stands open while nothing can be read", "fi", "zh-CN", true, "<button type=\"submit\">Unsubscribe"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			b.documents[brand.Document] = `{"name":"Teehaus"}`
			b.profiles["user-0001"] = locale(c.own)
			if c.down {
				b.fail = func(_ int, call string) mode { return refused }
			}
			out := status(t, b.do(t, "unsubscribe", header("accept-language", c.accept)), http.StatusOK)
			holds(t, out, c.want)
			if strings.Contains(out.Body, "Teehaus") == c.down {
				t.Errorf("the page's brand: %s", out.Body)
			}
		})
	}
}

func TestThePageOfPreferencesFallsToTheCustomersOwnLanguage(t *testing.T) {
	b := setup(t)
	b.profiles["user-0001"] = customer.Profile{Traits: map[string]customer.Trait{customer.TraitLocale: {Value: "zh-CN"}}}
	holds(t, status(t, b.do(t, "preferences", header("accept-language", "fi")), http.StatusOK), `lang="zh-CN"`)
	holds(t, status(t, b.do(t, "preferences", header("accept-language", "en")), http.StatusOK), `lang="en"`)
}

// A body that cannot be read is nobody's reason to go on sending.
func TestUnsubscribingIsRefusedForNoBody(t *testing.T) {
	cases := map[string]func(r *api.Request){
		"one that is too large":                func(r *api.Request) { r.Body, r.IsBase64Encoded = strings.Repeat("x", MaxBodyBytes+1), false },
		"one in an encoding that is not taken": header("content-encoding", "br"),
		"one that says gzip, and is not":       header("content-encoding", "gzip"),
		"one that says base64, and is not":     func(r *api.Request) { r.Body, r.IsBase64Encoded = "?", true },
		"one of a kind that is not taken":      header("content-type", "image/png"),
		"none":                                 func(r *api.Request) { r.Body, r.IsBase64Encoded = "", false },
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			status(t, b.do(t, "unsubscribe_one_click", change), http.StatusOK)
			if ids := b.pointers(t); len(ids) != 1 || !strings.HasPrefix(ids[0], "unsubscribe:") {
				t.Errorf("sent %+v", b.sent)
			}
		})
	}
}

// The message whose link it was is noted as the one that was too much, once; and whatever becomes of that, unsubscribing works.
func TestTheMessageThatWasTooMuchIsNotedOnce(t *testing.T) {
	b := setup(t)
	b.mailed()
	sealed, err := b.keys.Seal(token.PurposeUnsubscribe, token.Unsubscribe{Customer: "user-0001", Channel: "email", Entry: invitation})
	if err != nil {
		t.Fatal(err)
	}
	by := func(r *api.Request) { r.PathParameters["token"] = sealed }
	for range 2 {
		status(t, b.do(t, "unsubscribe_one_click", by), http.StatusOK)
	}
	if e := b.entries[invitation]; e.Unsubscribed.IsZero() || e.Revision != 5 {
		t.Errorf("%+v", e)
	}
	equal(t, "calls", b.calls, []string{"send", "entry", "write", "send", "entry"})
	b.fail = func(_ int, call string) mode {
		if call == "entry" {
			return refused
		}
		return 0
	}
	status(t, b.do(t, "unsubscribe_one_click", by), http.StatusOK)
}
