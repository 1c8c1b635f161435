package main

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
)

func TestOnlyAValidKeyOpens(t *testing.T) {
	good := `{"userId":"u","event":"e"}`
	with := func(key string) string { return `{"userId":"u","event":"e","writeKey":"` + key + `"}` }
	cases := []struct {
		name, header, body string
		status             int
	}{
		{"the current key in the header", basic(sampleKey), good, 200},
		{"the previous key in the header", basic("wk/old"), good, 200},
		{"the scheme in another case", strings.Replace(basic(sampleKey), "Basic", "basic", 1), good, 200},
		{"a password besides", "Basic " + base64.StdEncoding.EncodeToString([]byte(sampleKey+":x")), good, 200},
		{"the key in the body", "", with(sampleKey), 200},
		{"the previous key in the body, as PHP spells it", "", with(`wk\/old`), 200},
		{"the key in the body and another scheme in the header", "Bearer x", with(sampleKey), 200},
		{"no key", "", good, 401},
		{"an empty key", basic(""), good, 401},
		{"a wrong key", basic("wk_other"), good, 401},
		{"half a key", basic(sampleKey[:8]), good, 401},
		{"a wrong key in the header and a right one in the body", basic("wk_other"), with(sampleKey), 401},
		{"a header that is no base64", "Basic !!!", with(sampleKey), 401},
		{"a wrong key in the body", "", with("wk_other"), 401},
		{"a key in the body that is no string", "", `{"userId":"u","event":"e","writeKey":1}`, 401},
		{"no key, and no JSON", "", `{`, 401},
		{"no key, and an invalid event", "", `{"event":"e"}`, 401},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			out, body := b.handle(t, call("track", c.header, c.body))
			if out.StatusCode != c.status {
				t.Fatalf("answered %d %v", out.StatusCode, body)
			}
			if c.status == 401 && (len(b.sent)+len(b.rejected) != 0 || b.counts[metricUnauthorized] != 1 || out.Headers["www-authenticate"] == "") {
				t.Errorf("%d sent, %d kept, counts %v, headers %v", len(b.sent), len(b.rejected), b.counts, out.Headers)
			}
		})
	}
}

func TestWithoutPreviousKeyAnEmptyOneStaysShut(t *testing.T) {
	b := setup(t)
	b.secret = []byte(`{"current":"` + sampleKey + `"}`)
	if out, _ := b.handle(t, call("track", basic(""), `{}`)); out.StatusCode != 401 {
		t.Fatalf("answered %d", out.StatusCode)
	}
}

func TestTheWriteKeyIsNotKept(t *testing.T) {
	b := setup(t)
	for _, body := range []string{`{"event":"e","writeKey":"` + sampleKey + `"}`, `{"event":"e","writeKey":"wk\/old"}`, `{"event":"e","writeKey":"wk/old"}`} {
		b.handle(t, call("track", "", body))
	}
	b.handle(t, call("track", basic(sampleKey), `{"writeKey":"`+sampleKey+`"`))
	if len(b.rejected) != 4 {
		t.Fatalf("%d rejections kept", len(b.rejected))
	}
	for _, r := range b.rejected {
		if s := string(r.Event); strings.Contains(s, sampleKey) || strings.Contains(s, "old") || !strings.Contains(s, "(write key)") || !json.Valid(r.Event) {
			t.Errorf("kept is %s", r.Event)
		}
	}
}
