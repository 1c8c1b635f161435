package webhook

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"

	"liuke/shared/fault"
)

// Answer is how a destination says whether it took a message.
type Answer string

// The ways to answer.
const (
	ByStatus  Answer = ""        // the HTTP status: 2xx for yes, as Standard Webhooks has it
	ByErrcode Answer = "errcode" // the member errcode of a body of JSON: 0 for yes, as the group bots of WeCom and DingTalk do
)

// Destination is an address that an operator has given for messages.
type Destination struct {
	URL string `json:"url"` // https; it may hold a key, so it stands beside the secrets and in no message
	// Current and Previous are what messages are signed with, two while one replaces the other: "whsec_" and base64 of
	// 24 bytes at least. A destination that answers by errcode may do without.
	Current  string `json:"current"`
	Previous string `json:"previous"`
	Answer   Answer `json:"answer"`
}

// Destinations are the destinations by name.
type Destinations map[string]Destination

// ParseDestinations reads {"<name>":{"url":"https://…","current":"whsec_…"}}. A member that is no object is no
// destination: a secret that nobody has filled in yet holds one. It returns an Internal error, which doesn't repeat
// anything of it, for what is not of that form. What is wrong with one destination is said as it is sent to.
func ParseDestinations(raw []byte) (Destinations, error) {
	var members map[string]json.RawMessage
	malformed := fault.New(fault.Internal, `the webhooks' destinations are not of the form {"<name>":{"url":"https://…","current":"whsec_…"}}`)
	if err := json.Unmarshal(raw, &members); err != nil {
		return nil, malformed
	}
	out := make(Destinations, len(members))
	for name, value := range members {
		if !bytes.HasPrefix(value, []byte("{")) {
			continue
		}
		var d Destination
		if err := json.Unmarshal(value, &d); err != nil {
			return nil, malformed
		}
		out[name] = d
	}
	return out, nil
}

// minSecret is how many bytes a secret has at least (Standard Webhooks, "Signature scheme").
const minSecret = 24

// keys returns what the destination's messages are signed with, and why they can't be.
func (d Destination) keys() (out [][]byte, reason string) {
	for _, secret := range []string{d.Current, d.Previous} {
		if secret == "" {
			continue
		}
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		if err != nil || len(key) < minSecret {
			return nil, "bad_secret"
		}
		out = append(out, key)
	}
	if len(out) == 0 && d.Answer == ByStatus {
		return nil, "no_secret"
	}
	return out, ""
}

// usable reports whether the destination's URL may be posted to, before its host is looked up.
func (d Destination) usable(local bool) bool {
	u, err := url.Parse(d.URL)
	return err == nil && (u.Scheme == "https" || local && u.Scheme == "http") && u.Hostname() != "" && u.User == nil && u.Fragment == ""
}

// isName reports whether a text can name a destination.
func isName(name string) bool {
	const most = 64
	return name != "" && len(name) <= most && !strings.ContainsFunc(name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-')
	})
}
