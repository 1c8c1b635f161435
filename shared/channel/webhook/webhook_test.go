package webhook_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"liuke/shared/channel"
	"liuke/shared/channel/channeltest"
	"liuke/shared/channel/webhook"
	in "liuke/shared/webhook"
)

const (
	secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" // of the examples of Standard Webhooks
	newer  = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
)

// value is a secret that holds what it is, or an error.
type value struct {
	raw string
	err error
}

func (v value) Value(context.Context) ([]byte, error) { return []byte(v.raw), v.err }

func destinations(t *testing.T, d webhook.Destination) value {
	t.Helper()
	raw, err := json.Marshal(webhook.Destinations{"crm": d})
	if err != nil {
		t.Fatal(err)
	}
	return value{raw: string(raw)}
}

func now() time.Time { return time.Unix(1614265330, 0) }

// local returns a channel to one destination on this machine.
func local(t *testing.T, d webhook.Destination) channel.Channel {
	t.Helper()
	return webhook.New(webhook.Config{Secret: destinations(t, d), Now: now, Local: true})
}

func hello() channel.Message {
	return channel.Message{To: "crm", Data: []byte(`{"type":"order.thanks","data":{"to":"Li 你好"}}`), Ledger: "abc-DEF_123"}
}

// read returns a request as its receiver sees it.
func read(r *http.Request, body []byte) string {
	return fmt.Sprintf("%s %s\n%s\n%s\n%s\n%s\n%s", r.Method, r.Header.Get("Content-Type"),
		r.Header.Get("webhook-id"), r.Header.Get("webhook-timestamp"), r.Header.Get("webhook-signature"), r.URL.RawQuery, body)
}

func TestConformanceOfStandardWebhooks(t *testing.T) {
	status := map[channeltest.Behaviour]int{
		channeltest.Accept: 204, channeltest.Refuse: 422, channeltest.Throttle: 429, channeltest.Deny: 401, channeltest.Garbled: 502,
	}
	channeltest.Run(t, channeltest.Subject{
		Message: hello(),
		Holds:   []string{"POST application/json\nabc-DEF_123\n1614265330\nv1,", "\n" + string(hello().Data)},
		Setup: func(t *testing.T, p *channeltest.Provider) channel.Channel {
			url := channeltest.Serve(t, p, read, func(w http.ResponseWriter, b channeltest.Behaviour) { w.WriteHeader(status[b]) })
			return local(t, webhook.Destination{URL: url, Current: secret})
		},
	})
}

func TestConformanceOfGroupBots(t *testing.T) {
	bodies := map[channeltest.Behaviour]string{
		channeltest.Accept:   `{"errcode":0,"errmsg":"ok"}`,
		channeltest.Refuse:   `{"errcode":40058,"errmsg":"markdown.content exceed max length 4096"}`,
		channeltest.Throttle: `{"errcode":45009,"errmsg":"api freq out of limit"}`,
		channeltest.Deny:     `{"errcode":93000,"errmsg":"invalid webhook url"}`,
		channeltest.Garbled:  `<html>It works!</html>`,
	}
	m := hello()
	m.Data = []byte(`{"msgtype":"markdown","markdown":{"content":"**你好** Li"}}`)
	channeltest.Run(t, channeltest.Subject{
		Message: m,
		Holds:   []string{"\nkey=693axxx6\n" + string(m.Data)},
		Setup: func(t *testing.T, p *channeltest.Provider) channel.Channel {
			url := channeltest.Serve(t, p, read, func(w http.ResponseWriter, b channeltest.Behaviour) { fmt.Fprint(w, bodies[b]) })
			return local(t, webhook.Destination{URL: url + "/send?key=693axxx6", Answer: webhook.ByErrcode})
		},
	})
}

// post sends a message to a receiver that answers so, and returns what it was handed, "" where it was not.
func post(t *testing.T, d webhook.Destination, m channel.Message, respond http.HandlerFunc) (handed string, err error) {
	t.Helper()
	p := channeltest.NewProvider(t, channeltest.Accept)
	d.URL = channeltest.Serve(t, p, read, func(w http.ResponseWriter, _ channeltest.Behaviour) { respond(w, nil) })
	_, err = local(t, d).Send(t.Context(), m)
	if taken := p.Taken(); len(taken) > 0 {
		handed = taken[0]
	}
	return handed, err
}

func taken(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }

// TestTheSignatureAsPublished signs the example of Standard Webhooks' own libraries.
func TestTheSignatureAsPublished(t *testing.T) {
	m := channel.Message{To: "crm", Data: []byte(`{"test": 2432232314}`), Ledger: "msg_p5jXN8AQM9LWM0D4loKWxJek"}
	handed, err := post(t, webhook.Destination{Current: secret}, m, taken)
	if err != nil || !strings.Contains(handed, "\nv1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=\n") {
		t.Errorf("%s, %v", handed, err)
	}
}

func TestEitherSecretVerifiesDuringARotation(t *testing.T) {
	handed, err := post(t, webhook.Destination{Current: newer, Previous: secret}, hello(), taken)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitN(handed, "\n", 6)
	headers := map[string]string{"webhook-id": lines[1], "webhook-timestamp": lines[2], "webhook-signature": lines[3]}
	for name, held := range map[string]string{"the old": secret, "the new": newer} {
		delivery := &in.Delivery{Connection: "liuke", Scheme: in.Standard, Body: hello().Data, Header: func(name string) string { return headers[name] }}
		if err := (in.Secrets{"liuke": {Current: held}}).Verify(delivery, now()); err != nil {
			t.Errorf("with %s secret: %v", name, err)
		}
	}
}

func TestStatuses(t *testing.T) {
	for status, want := range map[int]channel.Outcome{
		301: channel.Blocked, 302: channel.Blocked, 304: channel.Blocked, 307: channel.Blocked,
		400: channel.Refused, 409: channel.Refused, 413: channel.Refused,
		402: channel.Blocked, 403: channel.Blocked, 404: channel.Blocked, 405: channel.Blocked, 410: channel.Blocked,
		408: channel.Throttled, 425: channel.Throttled,
		500: channel.Unknown, 503: channel.Unknown, 504: channel.Unknown, 599: channel.Unknown,
	} {
		for _, by := range []webhook.Answer{webhook.ByStatus, webhook.ByErrcode} {
			_, err := post(t, webhook.Destination{Current: secret, Answer: by}, hello(), func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(status)
				if status >= 400 {
					fmt.Fprint(w, `{"errcode":0}`)
				}
			})
			if got, reason := channel.OutcomeOf(err); got != want || reason != fmt.Sprint("HTTP_", status) {
				t.Errorf("%d: %s %s, want %s", status, got, reason, want)
			}
		}
	}
}

func TestErrcodes(t *testing.T) {
	for name, c := range map[string]struct {
		body   string
		want   channel.Outcome
		reason string
	}{
		"0 among other members":          {`{"errmsg":"ok","errcode":0,"x":[1]}`, "", ""},
		"a bot that was removed":         {`{"errcode":93000}`, channel.Blocked, "errcode_93000"},
		"DingTalk's pace":                {`{"errcode":130101,"errmsg":"send too fast, exceed 20 times per minute"}`, channel.Throttled, "errcode_130101"},
		"a code that nobody has met":     {`{"errcode":12345678901}`, channel.Refused, "errcode_12345678901"},
		"a system that is busy":          {`{"errcode":-1,"errmsg":"system busy"}`, channel.Unknown, "errcode_-1"},
		"no code":                        {`{"errmsg":"ok"}`, channel.Unknown, "no_errcode"},
		"a code of null":                 {`{"errcode":null}`, channel.Unknown, "no_errcode"},
		"a code as text":                 {`{"errcode":"0"}`, channel.Unknown, "no_errcode"},
		"an empty body":                  {``, channel.Unknown, "no_errcode"},
		"a body longer than what's read": {`{"x":"` + strings.Repeat("a", 1<<17) + `","errcode":0}`, channel.Unknown, "no_errcode"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := post(t, webhook.Destination{Answer: webhook.ByErrcode}, hello(), func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, c.body) })
			if c.want == "" && err == nil {
				return
			}
			if got, reason := channel.OutcomeOf(err); got != c.want || reason != c.reason {
				t.Errorf("got %s %s", got, reason)
			}
		})
	}
	t.Run("an answer that breaks off", func(t *testing.T) {
		_, err := post(t, webhook.Destination{Answer: webhook.ByErrcode}, hello(), func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, `{"errcode":0}`)
		})
		if got, reason := channel.OutcomeOf(err); got != channel.Unknown || reason != "no_answer" {
			t.Errorf("got %s %s", got, reason)
		}
	})
}

func TestHeadersOfAnyLengthAreNotRead(t *testing.T) {
	_, err := post(t, webhook.Destination{Current: secret}, hello(), func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Long", strings.Repeat("a", 1<<17))
	})
	if got, _ := channel.OutcomeOf(err); got != channel.Unknown {
		t.Errorf("got %v", err)
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	target := channeltest.NewProvider(t, channeltest.Accept)
	to := channeltest.Serve(t, target, read, func(http.ResponseWriter, channeltest.Behaviour) {})
	_, err := post(t, webhook.Destination{Current: secret}, hello(), func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", to)
		w.WriteHeader(http.StatusTemporaryRedirect)
	})
	if got, reason := channel.OutcomeOf(err); got != channel.Blocked || reason != "HTTP_307" || len(target.Taken()) != 0 {
		t.Errorf("got %s %s, followed %d times", got, reason, len(target.Taken()))
	}
}

func TestWhatIsNotSent(t *testing.T) {
	for name, c := range map[string]struct {
		to, data, reason string
	}{
		"a URL in place of a name":    {"https://example.com/", `{}`, "bad_address"},
		"a name of 65 characters":     {strings.Repeat("a", 65), `{}`, "bad_address"},
		"what is not JSON":            {"crm", `{"a":}`, "bad_data"},
		"a list":                      {"crm", `[1]`, "bad_data"},
		"two objects":                 {"crm", `{}{}`, "bad_data"},
		"more than a body may be":     {"crm", `{"a":"` + strings.Repeat("a", 256<<10) + `"}`, "too_long"},
		"nothing but a text for them": {"crm", ``, "no_content"},
	} {
		t.Run(name, func(t *testing.T) {
			handed, err := post(t, webhook.Destination{Current: secret}, channel.Message{To: c.to, Data: []byte(c.data), Text: "x", Ledger: "abc"}, taken)
			if got, reason := channel.OutcomeOf(err); got != channel.Refused || reason != c.reason || handed != "" {
				t.Errorf("got %s %s; handed %q", got, reason, handed)
			}
		})
	}
}

func TestDestinations(t *testing.T) {
	for name, c := range map[string]struct {
		secret value
		want   channel.Outcome
		reason string
	}{
		"secrets that cannot be read":   {value{err: errors.New("busy")}, channel.Throttled, "no_destinations"},
		"a secret of another form":      {value{raw: `["crm"]`}, channel.Blocked, "bad_destinations"},
		"a destination of another form": {value{raw: `{"crm":{"url":7}}`}, channel.Blocked, "bad_destinations"},
		"nobody of the name":            {value{raw: `{"other":{"url":"https://example.com"}}`}, channel.Blocked, "unknown_destination"},
		"a secret not filled in yet":    {value{raw: `{"crm":"x"}`}, channel.Blocked, "unknown_destination"},
		"another way to answer":         {value{raw: `{"crm":{"url":"https://example.com","answer":"x"}}`}, channel.Blocked, "bad_destination"},
		"no URL":                        {value{raw: `{"crm":{"current":"` + secret + `"}}`}, channel.Blocked, "bad_url"},
		"another scheme":                {value{raw: `{"crm":{"url":"ftp://example.com"}}`}, channel.Blocked, "bad_url"},
		"a password in the URL":         {value{raw: `{"crm":{"url":"https://a:b@example.com"}}`}, channel.Blocked, "bad_url"},
		"a fragment in the URL":         {value{raw: `{"crm":{"url":"https://example.com#a"}}`}, channel.Blocked, "bad_url"},
		"no secret to sign with":        {value{raw: `{"crm":{"url":"https://example.com"}}`}, channel.Blocked, "no_secret"},
		"a secret that is too short":    {value{raw: `{"crm":{"url":"https://example.com","current":"whsec_AAAA"}}`}, channel.Blocked, "bad_secret"},
		"a secret that is not base64":   {value{raw: `{"crm":{"url":"https://example.com","current":"whsec_****"}}`}, channel.Blocked, "bad_secret"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := webhook.New(webhook.Config{Secret: c.secret, Now: now, Local: true}).Send(t.Context(), hello())
			if got, reason := channel.OutcomeOf(err); got != c.want || reason != c.reason {
				t.Errorf("got %s %s", got, reason)
			}
		})
	}
}

func FuzzParseDestinations(f *testing.F) {
	f.Add([]byte(`{"crm":{"url":"https://example.com","current":"whsec_AAAA","answer":"errcode"},"x":1}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		d, err := webhook.ParseDestinations(raw)
		if (err == nil) != (d != nil) {
			t.Errorf("%v, %v", d, err)
		}
		if err != nil && strings.Contains(err.Error(), "http://") {
			t.Error("the error repeats the secret")
		}
	})
}
