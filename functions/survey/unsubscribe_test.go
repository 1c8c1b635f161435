package main

import (
	"net/http"
	"strings"
	"testing"

	"liuke/shared/api"
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
	equal(t, "calls", b.calls, []string{"send", "send", "send"}) // no table: it works whatever else does not
	b.fail = func(int, string) mode { return refused }
	status(t, b.do(t, "unsubscribe_one_click"), http.StatusServiceUnavailable)
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
