package standin

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"liuke/shared/clock"
)

// Phones is an http.Handler for the endpoint of SNS: Publish to an endpoint of a platform application. Every endpoint whose
// ARN could be one is there and takes its message, but one whose id ends in "disabled", as SNS has it once the platform has
// said that the token is no longer valid, or in "gone", which was deleted.
type Phones struct {
	outbox *Outbox
	now    clock.Now
}

// NewPhones returns a stand-in for SNS and the phones behind it.
func NewPhones(outbox *Outbox, now clock.Now) *Phones { return &Phones{outbox, now} }

// mostPayload is how many bytes of payload the platforms take.
const mostPayload = 4096

// ServeHTTP answers Publish, in SNS's query protocol.
func (p *Phones) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/xml")
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<19))
	form, parseErr := url.ParseQuery(string(raw))
	if err != nil || parseErr != nil || form.Get("Action") != "Publish" {
		phoneError(w, http.StatusBadRequest, "InvalidAction", "The suite on one machine has Publish only.")
		return
	}
	target := form.Get("TargetArn")
	fields := strings.Split(target, "/")
	if !strings.HasPrefix(target, "arn:aws:sns:") || len(fields) != 4 || !strings.HasSuffix(fields[0], ":endpoint") {
		phoneError(w, http.StatusBadRequest, "InvalidParameter", "Invalid parameter: TargetArn")
		return
	}
	switch {
	case strings.HasSuffix(target, "disabled"):
		phoneError(w, http.StatusBadRequest, "EndpointDisabled", "Endpoint is disabled")
		return
	case strings.HasSuffix(target, "gone"):
		phoneError(w, http.StatusBadRequest, "InvalidParameter", "Invalid parameter: TargetArn Reason: No endpoint found for the target arn specified")
		return
	}
	m, wrong := p.message(form, fields[1])
	if wrong != "" {
		phoneError(w, http.StatusBadRequest, "InvalidParameter", "Invalid parameter: "+wrong)
		return
	}
	if err := p.outbox.Add(m); err != nil {
		phoneError(w, http.StatusInternalServerError, "InternalError", "The outbox could not be written.")
		return
	}
	fmt.Fprintf(w, `<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>%s</MessageId></PublishResult></PublishResponse>`, m.ID)
}

// message is what the outbox keeps of a request, or what is wrong with it.
func (p *Phones) message(form url.Values, platform string) (m Message, wrong string) {
	var structured map[string]string
	if form.Get("MessageStructure") != "json" || json.Unmarshal([]byte(form.Get("Message")), &structured) != nil || structured["default"] == "" {
		return m, "Message Structure - No default entry in JSON message body"
	}
	payload, ok := structured[platform]
	if !ok || !json.Valid([]byte(payload)) {
		return m, "Message Structure - no JSON for the platform"
	}
	if len(payload) > mostPayload {
		return m, "Message too long"
	}
	var shown struct {
		Aps struct {
			Alert struct{ Title, Body string } `json:"alert"`
		} `json:"aps"`
		Google struct {
			Message struct {
				Notification struct{ Title, Body string } `json:"notification"`
			} `json:"message"`
		} `json:"fcmV1Message"`
	}
	if err := json.Unmarshal([]byte(payload), &shown); err != nil {
		return m, "Message Structure - the payload is not the platform's"
	}
	title, body := shown.Aps.Alert.Title, shown.Aps.Alert.Body
	if body == "" {
		title, body = shown.Google.Message.Notification.Title, shown.Google.Message.Notification.Body
	}
	return Message{
		ID: newUUID(), Channel: Push, To: []string{form.Get("TargetArn")}, Subject: title, Text: body, Data: json.RawMessage(payload),
		Headers: map[string]string{}, Tags: map[string]string{}, SentAt: p.now(),
	}, ""
}

func phoneError(w http.ResponseWriter, status int, code, message string) {
	w.WriteHeader(status)
	var escaped strings.Builder
	_ = xml.EscapeText(&escaped, []byte(message)) // a builder takes everything
	fmt.Fprintf(w, `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>local</RequestId></ErrorResponse>`,
		code, escaped.String())
}
