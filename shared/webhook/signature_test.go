package webhook_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"liuke/shared/fault"
	"liuke/shared/webhook"
)

// delivery signs a body at a time with a secret, as the scheme's sender does.
func delivery(scheme webhook.Scheme, secret, body string, at time.Time) (*webhook.Delivery, map[string]string) {
	mac := func(key []byte, parts ...string) []byte {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(strings.Join(parts, ".")))
		return h.Sum(nil)
	}
	unix := fmt.Sprint(at.Unix())
	headers := map[string]string{}
	switch scheme {
	case webhook.Shopify:
		headers["x-shopify-hmac-sha256"] = base64.StdEncoding.EncodeToString(mac([]byte(secret), body))
	case webhook.Stripe:
		headers["stripe-signature"] = "t=" + unix + ",v1=" + hex.EncodeToString(mac([]byte(secret), unix, body))
	case webhook.Standard:
		key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		headers["webhook-id"], headers["webhook-timestamp"] = "msg_1", unix
		headers["webhook-signature"] = "v1," + base64.StdEncoding.EncodeToString(mac(key, "msg_1", unix, body))
	}
	return &webhook.Delivery{Scheme: scheme, Connection: "c", Header: func(name string) string { return headers[name] }, Body: []byte(body)}, headers
}

// secretOf returns a secret in the spelling of the scheme.
func secretOf(scheme webhook.Scheme, text string) string {
	if scheme == webhook.Standard {
		return "whsec_" + base64.StdEncoding.EncodeToString([]byte(text))
	}
	return text
}

func TestOnlyASecretOfTheConnectionSigns(t *testing.T) {
	for _, scheme := range []webhook.Scheme{webhook.Shopify, webhook.Stripe, webhook.Standard} {
		current, previous := secretOf(scheme, "the current secret"), secretOf(scheme, "the previous one")
		secrets := webhook.Secrets{"c": {Current: current, Previous: previous}, "new": {Current: current}, "empty": {}, "other": {Current: secretOf(scheme, "another")}}
		unsigned := func(h map[string]string) { clear(h) }
		cases := []struct {
			name   string
			secret string
			change func(d *webhook.Delivery, headers map[string]string)
			right  bool
		}{
			{"the current secret", current, nil, true},
			{"the previous secret", previous, nil, true},
			{"another secret", secretOf(scheme, "wrong"), nil, false},
			{"the secret of another connection", current, func(d *webhook.Delivery, _ map[string]string) { d.Connection = "other" }, false},
			{"the previous secret when there is none any more", previous, func(d *webhook.Delivery, _ map[string]string) { d.Connection = "new" }, false},
			{"a connection that is not known", current, func(d *webhook.Delivery, _ map[string]string) { d.Connection = "unknown" }, false},
			{"what stands in for a connection that is not known", secretOf(scheme, "nobody"), func(d *webhook.Delivery, _ map[string]string) { d.Connection = "unknown" }, false},
			{"the stand-in as it is spelled", "nobody", func(d *webhook.Delivery, _ map[string]string) { d.Connection = "unknown" }, false},
			{"a connection without a secret", "", func(d *webhook.Delivery, _ map[string]string) { d.Connection = "empty" }, false},
			{"another body", current, func(d *webhook.Delivery, _ map[string]string) { d.Body = append(d.Body, ' ') }, false},
			{"no signature", current, func(_ *webhook.Delivery, h map[string]string) { unsigned(h) }, false},
			{"a signature that is cut short", current, func(_ *webhook.Delivery, h map[string]string) {
				for name := range h {
					h[name] = h[name][:len(h[name])-4]
				}
			}, false},
		}
		for _, c := range cases {
			t.Run(string(scheme)+": "+c.name, func(t *testing.T) {
				d, headers := delivery(scheme, c.secret, `{"a":1}`, now)
				if c.change != nil {
					c.change(d, headers)
				}
				err := secrets.Verify(d, now)
				if c.right != (err == nil) {
					t.Fatalf("verified: %v", err)
				}
				if err != nil && (fault.CodeOf(err) != fault.Unauthorized || !strings.Contains(err.Error(), "missing or does not fit")) {
					t.Errorf("the refusal tells what is wrong: %v", err)
				}
			})
		}
	}
}

func TestATimeThatIsSignedHasFiveMinutes(t *testing.T) {
	cases := []struct {
		name  string
		age   time.Duration
		right bool
	}{
		{"signed now", 0, true},
		{"five minutes ago", 5 * time.Minute, true},
		{"a second more", 5*time.Minute + time.Second, false},
		{"five minutes ahead", -5 * time.Minute, true},
		{"a second more ahead", -5*time.Minute - time.Second, false},
		{"ten years ago", 10 * 365 * 24 * time.Hour, false},
	}
	for _, scheme := range []webhook.Scheme{webhook.Stripe, webhook.Standard, webhook.Shopify} {
		secret := secretOf(scheme, "secret")
		for _, c := range cases {
			t.Run(string(scheme)+": "+c.name, func(t *testing.T) {
				d, _ := delivery(scheme, secret, `{}`, now.Add(-c.age))
				err := webhook.Secrets{"c": {Current: secret}}.Verify(d, now)
				if right := c.right || scheme == webhook.Shopify; right != (err == nil) {
					t.Fatalf("verified: %v", err)
				}
				if err != nil && (fault.CodeOf(err) != fault.Unauthorized || !strings.Contains(err.Error(), "clock differs")) {
					t.Errorf("the refusal doesn't say that the clock differs: %v", err)
				}
			})
		}
	}
}

func TestAStaleTimeIsNotToldToThoseWithoutTheSecret(t *testing.T) {
	d, _ := delivery(webhook.Stripe, "wrong", `{}`, now.Add(-time.Hour))
	if err := (webhook.Secrets{"c": {Current: "right"}}).Verify(d, now); strings.Contains(err.Error(), "clock") {
		t.Fatal(err)
	}
}

func TestHeadersMayCarryMoreThanOneSignature(t *testing.T) {
	for scheme, header := range map[webhook.Scheme]string{webhook.Stripe: "stripe-signature", webhook.Standard: "webhook-signature"} {
		secret := secretOf(scheme, "secret")
		d, headers := delivery(scheme, secret, `{}`, now)
		other, more := delivery(scheme, secretOf(scheme, "the other"), `{}`, now)
		_ = other
		switch scheme {
		case webhook.Stripe:
			_, v1, _ := strings.Cut(more[header], ",")
			first, right, _ := strings.Cut(headers[header], ",")
			headers[header] = first + ", v0=00, " + v1 + "," + right
		case webhook.Standard:
			headers[header] = "v1a,AAAA " + more[header] + " " + headers[header]
		}
		if err := (webhook.Secrets{"c": {Current: secret}}).Verify(d, now); err != nil {
			t.Errorf("%s: %v: %s", scheme, err, headers[header])
		}
		only := maps.Clone(more)
		if err := (webhook.Secrets{"c": {Current: secret}}).Verify(&webhook.Delivery{Scheme: scheme, Connection: "c", Header: func(n string) string { return only[n] }, Body: []byte(`{}`)}, now); err == nil {
			t.Errorf("%s: another's signature alone is taken", scheme)
		}
	}
}

// TestStripesTimeIsTheSignedOne repeats the time: what is judged must be what is signed.
func TestStripesTimeIsTheSignedOne(t *testing.T) {
	d, headers := delivery(webhook.Stripe, "secret", `{}`, now.Add(-time.Hour))
	headers["stripe-signature"] += fmt.Sprintf(",t=%d", now.Unix())
	if err := (webhook.Secrets{"c": {Current: "secret"}}).Verify(d, now); err == nil {
		t.Fatal("a stale delivery passes by naming another time beside the signed one")
	}
}

// TestADeliveryIsAuthenticByOneSchemeAlone passes what one scheme has signed to another's route of the same connection, in
// every split that keeps the signed bytes.
func TestADeliveryIsAuthenticByOneSchemeAlone(t *testing.T) {
	const text = "whsec_c2VjcmV0IG9mIHRoZSB0ZXN0" // which each scheme can have
	sign := func(scheme webhook.Scheme) (*webhook.Delivery, map[string]string) {
		return delivery(scheme, text, `{"type":"charge.refunded","total":"1772353862.5","note":"..1772353862."}`, now)
	}
	schemes := []webhook.Scheme{webhook.Shopify, webhook.Stripe, webhook.Standard}
	for _, from := range schemes {
		captured, headers := sign(from)
		if err := (webhook.Secrets{"c": {Current: text}}).Verify(captured, now); err != nil {
			t.Fatalf("%s itself: %v", from, err)
		}
		signed, mac := string(captured.Body), headers["x-shopify-hmac-sha256"]
		switch unix := fmt.Sprint(now.Unix()); from {
		case webhook.Stripe:
			raw, err := hex.DecodeString(headers["stripe-signature"][len("t="+unix+",v1="):])
			if err != nil {
				t.Fatal(err)
			}
			signed, mac = unix+"."+signed, base64.StdEncoding.EncodeToString(raw)
		case webhook.Standard:
			signed, mac = "msg_1."+unix+"."+signed, headers["webhook-signature"][len("v1,"):]
		}
		raw, err := base64.StdEncoding.DecodeString(mac)
		if err != nil {
			t.Fatal(err)
		}
		forge := func(to webhook.Scheme, id, at, body string) {
			if to == from && body == string(captured.Body) {
				return // the delivery itself
			}
			h := map[string]string{"x-shopify-hmac-sha256": mac, "stripe-signature": "t=" + at + ",v1=" + hex.EncodeToString(raw),
				"webhook-id": id, "webhook-timestamp": at, "webhook-signature": "v1," + mac}
			d := &webhook.Delivery{Scheme: to, Connection: "c", Header: func(n string) string { return h[n] }, Body: []byte(body)}
			if err := (webhook.Secrets{"c": {Current: text}}).Verify(d, now); fault.CodeOf(err) != fault.Unauthorized {
				t.Errorf("what %s signed passes as one of %s with the body %s: %v", from, to, body, err)
			}
		}
		forge(webhook.Shopify, "", "", signed)
		for i := range signed {
			if signed[i] != '.' {
				continue
			}
			forge(webhook.Stripe, "", signed[:i], signed[i+1:])
			for j := range i {
				if signed[j] == '.' {
					forge(webhook.Standard, signed[:j], signed[j+1:i], signed[i+1:])
				}
			}
		}
	}
}

func TestABodyThatIsNoObjectIsNotAuthentic(t *testing.T) {
	for _, scheme := range []webhook.Scheme{webhook.Shopify, webhook.Stripe, webhook.Standard} {
		secret := secretOf(scheme, "secret")
		for body, right := range map[string]bool{" {\"a\":1}\r\n": true, "": false, "[]": false, "null": false, "1772353862.{}": false, "{": false, "{} {}": false, "\ufeff{}": false} {
			d, _ := delivery(scheme, secret, body, now)
			err := webhook.Secrets{"c": {Current: secret}}.Verify(d, now)
			if right != (err == nil) || err != nil && (fault.CodeOf(err) != fault.Unauthorized || !strings.Contains(err.Error(), "not a JSON object")) {
				t.Errorf("%s, %q: %v", scheme, body, err)
			}
		}
	}
}

// TestTheSpecificationsOwnExample takes the example that Standard Webhooks' libraries are tested with.
func TestTheSpecificationsOwnExample(t *testing.T) {
	headers := map[string]string{"webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330", "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}
	d := &webhook.Delivery{Scheme: webhook.Standard, Connection: "billing", Header: func(n string) string { return headers[n] }, Body: []byte(`{"test": 2432232314}`)}
	if err := secrets.Verify(d, time.Unix(1614265330, 0)); err != nil {
		t.Fatal(err)
	}
}

func TestSecretsAreReadByConnection(t *testing.T) {
	s, err := webhook.ParseSecrets([]byte(`{"shop":{"current":"a","previous":"b"},"billing":{"current":"c"},"unused":"sesame"}`))
	if err != nil || len(s) != 2 || s["shop"] != (webhook.Secret{Current: "a", Previous: "b"}) || s["billing"].Current != "c" {
		t.Fatalf("%v %v", s, err)
	}
	for _, bad := range []string{``, `"sesame"`, `{"shop":{"current":["sesame"]}}`} {
		if _, err := webhook.ParseSecrets([]byte(bad)); fault.CodeOf(err) != fault.Internal || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// FuzzVerify gives hostile headers and bodies: nothing passes without the secret.
func FuzzVerify(f *testing.F) {
	f.Add("t=1772353862,v1=00", "msg", "1772353862", []byte(`{}`))
	f.Add("t=,v1=,v1", "", "-1", []byte{})
	f.Fuzz(func(t *testing.T, signature, id, at string, body []byte) {
		for _, scheme := range []webhook.Scheme{webhook.Shopify, webhook.Stripe, webhook.Standard} {
			headers := map[string]string{"x-shopify-hmac-sha256": signature, "stripe-signature": signature, "webhook-signature": signature, "webhook-id": id, "webhook-timestamp": at}
			d := &webhook.Delivery{Scheme: scheme, Connection: "c", Header: func(n string) string { return headers[n] }, Body: body}
			if (webhook.Secrets{"c": {Current: secretOf(scheme, "secret of the test")}}).Verify(d, now) == nil {
				t.Fatalf("%s passes", scheme)
			}
		}
	})
}
