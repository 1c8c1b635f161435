package webhook

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"liuke/shared/fault"
)

// Tolerance is how far the time that a delivery was signed at may lie from our clock, before or behind.
const Tolerance = 5 * time.Minute

// Secret is what a connection's sender signs with: two while one is replaced by the other.
type Secret struct {
	Current  string `json:"current"`
	Previous string `json:"previous"`
	// Tests says that what was only tried out counts as the rest does: for a stage that is itself for trying out.
	Tests bool `json:"tests"`
}

// Secrets are the secrets by connection.
type Secrets map[string]Secret

// ParseSecrets reads {"<connection>":{"current":"…","previous":"…","tests":true}}, all but current being optional. A member that is no
// object is no connection: a secret that nobody has filled in yet holds one. It returns an Internal error, which doesn't
// repeat anything of it, for what is not of that form.
func ParseSecrets(raw []byte) (Secrets, error) {
	var members map[string]json.RawMessage
	malformed := fault.New(fault.Internal, `the secret of the webhooks is not of the form {"<connection>":{"current":"…"}}`)
	if err := json.Unmarshal(raw, &members); err != nil {
		return nil, malformed
	}
	secrets := make(Secrets, len(members))
	for connection, value := range members {
		if value[0] != '{' {
			continue
		}
		var s Secret
		if err := json.Unmarshal(value, &s); err != nil {
			return nil, malformed
		}
		secrets[connection] = s
	}
	return secrets, nil
}

// nobody stands in for the secret of a connection that is not known; its digests are looked at and never count.
var nobody = Secret{Current: "nobody", Previous: "nobody"}

// Verify returns an Unauthorized error unless the delivery is signed with a secret of its connection: the same for an
// unknown connection as for a wrong signature, and one that says so where the signature is right and the body is not a
// JSON object, or the time is not within Tolerance of now.
func (s Secrets) Verify(d *Delivery, now time.Time) error {
	secret, known := s[d.Connection]
	if !known {
		secret = nobody
	}
	signed, at, hasTime := d.signed()
	given := d.signatures()
	right := 0
	for _, k := range [...]string{secret.Current, secret.Previous} {
		key, usable := d.Scheme.key(k)
		mac := hmac.New(sha256.New, key)
		mac.Write(signed)
		mac.Write(d.Body)
		want := mac.Sum(nil)
		for _, g := range given {
			if hmac.Equal(g, want) && usable && known {
				right |= 1
			}
		}
	}
	switch {
	case right == 0:
		return fault.New(fault.Unauthorized, "the signature is missing or does not fit: check the connection's name in the path and its secret")
	case !isObject(d.Body): // what another scheme signed in another split, see the package's comment
		return fault.New(fault.Unauthorized, "the signature is right and the body is not a JSON object, as those of the scheme are: check that the path names the sender's scheme")
	case !hasTime || at.Sub(now).Abs() <= Tolerance:
		return nil
	}
	return fault.New(fault.Unauthorized, "the signature is right and its time is more than %d minutes from ours: the sender's clock differs, or the delivery was held up; let it be sent again", int(Tolerance.Minutes()))
}

// isObject reports whether a body is one JSON object.
func isObject(body []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("{")) && json.Valid(body)
}

// key returns the bytes that a secret signs with; false where it is no secret of the scheme.
func (s Scheme) key(secret string) (key []byte, ok bool) {
	if s == Standard {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		return key, err == nil && len(key) > 0
	}
	return []byte(secret), secret != ""
}

// signed returns what is signed before the body, and the time in it.
func (d *Delivery) signed() (prefix []byte, at time.Time, hasTime bool) {
	text := ""
	switch d.Scheme {
	case Stripe:
		for _, part := range strings.Split(d.Header("stripe-signature"), ",") {
			if name, value, _ := strings.Cut(strings.TrimSpace(part), "="); name == "t" {
				text = value
			}
		}
		prefix = []byte(text + ".")
	case Standard:
		text = d.Header("webhook-timestamp")
		prefix = []byte(d.Header("webhook-id") + "." + text + ".")
	default:
		return nil, time.Time{}, false
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || seconds < 0 || seconds > 1<<40 {
		seconds = 0 // 1970: stale
	}
	return prefix, time.Unix(seconds, 0), true
}

// maxSignatures is how many signatures of one delivery are looked at: senders give one, or two during a rotation.
const maxSignatures = 8

// signatures returns the signatures of the version that is taken.
func (d *Delivery) signatures() (out [][]byte) {
	add := func(decode func(string) ([]byte, error), text string) {
		if raw, err := decode(text); err == nil && len(raw) == sha256.Size && len(out) < maxSignatures {
			out = append(out, raw)
		}
	}
	switch d.Scheme {
	case Shopify:
		add(base64.StdEncoding.DecodeString, d.Header("x-shopify-hmac-sha256"))
	case Stripe: // t=1492774577,v1=5257a869…,v1=…,v0=…
		for _, part := range strings.Split(d.Header("stripe-signature"), ",") {
			if name, value, _ := strings.Cut(strings.TrimSpace(part), "="); name == "v1" {
				add(hex.DecodeString, value)
			}
		}
	case Standard: // "v1,K5oZfz… v1,… v1a,…"
		for _, part := range strings.Fields(d.Header("webhook-signature")) {
			if version, value, _ := strings.Cut(part, ","); version == "v1" {
				add(base64.StdEncoding.DecodeString, value)
			}
		}
	}
	return out
}
