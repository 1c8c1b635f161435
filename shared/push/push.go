// Package push knows what a push notification comes to: which platform an endpoint is of, and the payload that its push service
// takes, which has a limit. It sends nothing; that is package channel/push.
package push

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// EntryKey is the key of the notification's data that holds the ledger's opaque id.
const EntryKey = "liuke_entry"

// MaxPayload is how many bytes of payload APNs and FCM take.
const MaxPayload = 4096

// Platform is a push service behind SNS.
type Platform struct {
	key     string // of its payload, in a message structured as JSON
	TTL     string // name of the message attribute for the time to live
	payload func(title, body string, data map[string]string) any
}

var platforms = map[string]Platform{
	"APNS":         {"APNS", "AWS.SNS.MOBILE.APNS.TTL", apple},
	"APNS_SANDBOX": {"APNS_SANDBOX", "AWS.SNS.MOBILE.APNS_SANDBOX.TTL", apple},
	"GCM":          {"GCM", "AWS.SNS.MOBILE.FCM.TTL", google},
}

// PlatformOf reads the ARN of an endpoint, arn:<partition>:sns:<region>:<account>:endpoint/<platform>/<application>/<id>. The reason says
// why it is none, "" where it is.
func PlatformOf(arn string) (p Platform, reason string) {
	const most = 512
	odd := func(r rune) bool { return r <= ' ' || r > '~' }
	fields := strings.SplitN(arn, ":", 6)
	if len(arn) > most || strings.ContainsFunc(arn, odd) || len(fields) != 6 || fields[0] != "arn" || fields[2] != "sns" {
		return p, "bad_address"
	}
	path := strings.Split(fields[5], "/")
	if len(path) != 4 || path[0] != "endpoint" || path[2] == "" || path[3] == "" {
		return p, "bad_address"
	}
	p, ok := platforms[path[1]]
	if !ok {
		return p, "unsupported_platform"
	}
	return p, ""
}

// Note is a notification.
type Note struct {
	Title string // one line; "" for none
	Text  string
	Data  json.RawMessage // an object of strings, for the app; nil for none
	Entry string          // opaque id of the ledger's entry
}

// Compose returns what SNS is handed: the platform's payload as text in an object, beside the default that SNS asks for. The reason
// says why the notification cannot be sent, "" where it can.
func (p Platform) Compose(m Note) (body, reason string) {
	switch {
	case m.Title == "" && m.Text == "" && len(m.Data) == 0:
		return "", "no_content"
	case m.Text == "" || !utf8.ValidString(m.Text) || !utf8.ValidString(m.Title):
		return "", "bad_content"
	case strings.ContainsFunc(m.Title, isControl):
		return "", "bad_subject"
	}
	data := map[string]string{}
	if len(m.Data) > 0 && (json.Unmarshal(m.Data, &data) != nil || data == nil) {
		return "", "bad_data"
	}
	for key := range data {
		if reserved(key) {
			return "", "bad_data"
		}
	}
	data[EntryKey] = m.Entry
	payload, err := encode(p.payload(m.Title, m.Text, data))
	if err != nil {
		return "", "bad_content"
	}
	if len(payload) > MaxPayload {
		return "", "too_long"
	}
	if body, err = encode(map[string]string{"default": m.Text, p.key: payload}); err != nil {
		return "", "bad_content"
	}
	return body, ""
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// reserved reports whether a key of the data means something to a platform, or to the suite: APNs keeps "aps", FCM keeps
// "from", "message_type" and what begins with "google" or "gcm".
func reserved(key string) bool {
	switch key {
	case "", "aps", "from", "message_type", EntryKey:
		return true
	}
	return strings.HasPrefix(key, "google") || strings.HasPrefix(key, "gcm")
}

// apple returns a payload of APNs ("Generating a remote notification"): data stand beside "aps".
func apple(title, body string, data map[string]string) any {
	alert := map[string]string{"body": body}
	if title != "" {
		alert["title"] = title
	}
	out := map[string]any{"aps": map[string]any{"alert": alert, "sound": "default"}}
	for key, value := range data {
		out[key] = value
	}
	return out
}

// google returns a payload of FCM's HTTP v1 interface, as SNS passes it on.
func google(title, body string, data map[string]string) any {
	notification := map[string]string{"body": body}
	if title != "" {
		notification["title"] = title
	}
	return map[string]any{"fcmV1Message": map[string]any{"message": map[string]any{"notification": notification, "data": data}}}
}

// encode writes JSON as it stands, without escapes for HTML that would use up the payload's bytes.
func encode(v any) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return strings.TrimSuffix(b.String(), "\n"), err
}
