package standin

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"liuke/shared/clock"
)

// Receiver is an http.Handler for what takes webhooks: it answers as the last part of the path says. Messages that it takes
// stand in the outbox. "crm" checks the signature (Standard Webhooks) and answers 204; "group" is a chat's bot, which asks for
// no signature and answers with an errcode; "down" answers 503 and "away" 410, and take nothing. "shop" checks the signature and
// gives coupon codes, to each id its own, for ever the same; "sold_out" is one that has none left. What these are asked is no message.
type Receiver struct {
	outbox *Outbox
	now    clock.Now
	secret string // what all but "group" are signed with
}

// ReceiverNames are the destinations that a receiver answers as.
var ReceiverNames = []string{"crm", "group", "down", "away", "shop", "sold_out"}

// NewReceiver returns a receiver of messages that are signed with the secret, "whsec_" and base64.
func NewReceiver(outbox *Outbox, now clock.Now, secret string) *Receiver {
	return &Receiver{outbox, now, secret}
}

// ServeHTTP takes a message.
func (v *Receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<19))
	status := http.StatusOK
	switch {
	case err != nil || r.Method != http.MethodPost || !json.Valid(body):
		status = http.StatusBadRequest
	case name == "down":
		status = http.StatusServiceUnavailable
	case name == "away":
		status = http.StatusGone
	case !slices.Contains(ReceiverNames, name):
		status = http.StatusNotFound
	case name != "group" && !v.signed(r, body):
		status = http.StatusUnauthorized
	}
	if status != http.StatusOK {
		http.Error(w, http.StatusText(status), status)
		return
	}
	switch name {
	case "shop":
		sum := sha256.Sum256([]byte(r.Header.Get("Webhook-Id")))
		writeJSON(w, http.StatusOK, map[string]string{"code": fmt.Sprintf("LOCAL-%X", sum[:4])})
		return
	case "sold_out":
		w.WriteHeader(http.StatusNoContent)
		return
	}
	m := Message{
		ID: newUUID(), Channel: Webhook, To: []string{name}, Text: string(body), Data: body, SentAt: v.now(), Headers: map[string]string{}, Tags: map[string]string{},
	}
	for _, header := range []string{"Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"} {
		if value := r.Header.Get(header); value != "" {
			m.Headers[header] = value
		}
	}
	if err := v.outbox.Add(m); err != nil {
		http.Error(w, "The outbox could not be written.", http.StatusInternalServerError)
		return
	}
	if name == "group" {
		writeJSON(w, http.StatusOK, map[string]any{"errcode": 0, "errmsg": "ok"})
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// signed reports whether one of the request's signatures is by the secret.
func (v *Receiver) signed(r *http.Request, body []byte) bool {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(v.secret, "whsec_"))
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, key)
	io.WriteString(mac, r.Header.Get("Webhook-Id")+"."+r.Header.Get("Webhook-Timestamp")+".")
	mac.Write(body)
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	for _, signature := range strings.Fields(r.Header.Get("Webhook-Signature")) {
		if hmac.Equal([]byte(signature), []byte(want)) {
			return true
		}
	}
	return false
}
