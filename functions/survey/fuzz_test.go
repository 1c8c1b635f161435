package main

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"testing"

	"liuke/shared/api"
)

// FuzzSent holds that whatever is posted, to a link or to a public form, is taken or refused for a reason that is the sender's,
// and that no page that comes of it holds a script.
func FuzzSent(f *testing.F) {
	f.Add([]byte("score=9&comment=a&_asked=score,comment&_version=1"), urlencoded, false)
	f.Add([]byte("score=9&comment=</textarea><script>&_asked=comment"), urlencoded, false)
	f.Add([]byte(`{"score":3,"_asked":"score","reason":["price",null]}`), "application/json", true)
	f.Add([]byte("--b\r\nContent-Disposition: form-data; name=\"score\"\r\n\r\n3\r\n--b--"), "multipart/form-data; boundary=b", true)
	f.Add([]byte(`{"_version":2,"_partial":true,"_started":"x","_customer":"y","_response":"zzzzzzzz"}`), "application/json", true)
	f.Add([]byte{0xff, 0, '&', '='}, urlencoded, true)
	b := setup(f)
	b.handler.links, b.handler.addresses, b.handler.forms = nil, nil, nil
	fine := []int{http.StatusSeeOther, http.StatusCreated, http.StatusBadRequest, http.StatusUnauthorized, http.StatusGone, http.StatusRequestEntityTooLarge}
	f.Fuzz(func(t *testing.T, posted []byte, contentType string, public bool) {
		clear(b.answers)
		b.sent, b.calls = nil, nil
		sample := "answer"
		if public {
			sample = "response"
		}
		out := b.do(t, sample, header("content-type", contentType), func(r *api.Request) {
			r.Body, r.IsBase64Encoded = base64.StdEncoding.EncodeToString(posted), true
		})
		if !slices.Contains(fine, out.StatusCode) {
			t.Errorf("%d %s", out.StatusCode, out.Body)
		}
		if strings.Contains(out.Body, "<script") || strings.Contains(out.Headers["location"], "\n") {
			t.Errorf("not inert: %v %s", out.Headers, out.Body)
		}
		for _, a := range b.answers {
			if public && a.Customer != "" {
				t.Errorf("a form named a customer: %+v", a)
			}
		}
		b.consistent(t, b.pointers(t))
	})
}
