package receipt_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/channel/sms/receipt"
	"liuke/shared/message"
)

// event is one as the service's guide has it, of the type given.
func event(kind string) []byte {
	return fmt.Appendf(nil, `{"eventType":%q,"eventVersion":"1.0","eventTimestamp":1686975103470,"isFinal":true,
		"originationPhoneNumber":"+12065550152","destinationPhoneNumber":"+14255550156","isInternationalSend":false,
		"mcc":"310","mnc":"800","messageId":"862a8790-60c0","messageRequestTimestamp":1686975103170,
		"messageEncoding":"GSM","messageType":"PROMOTIONAL","messageStatus":"x","messageStatusDescription":"y",
		"context":{"liuke_entry":"abc-DEF"},"totalMessageParts":2,"totalMessagePrice":0.09582,"totalCarrierFee":0.0040}`, kind)
}

func TestParse(t *testing.T) {
	at := time.UnixMilli(1686975103470).UTC()
	for kind, want := range map[string]struct {
		evidence message.Evidence
		suppress bool
	}{
		"TEXT_QUEUED": {message.Acceptance, false}, "TEXT_PENDING": {message.Acceptance, false},
		"TEXT_SENT": {message.Acceptance, false}, "TEXT_UNKNOWN": {message.Acceptance, false},
		"TEXT_SUCCESSFUL": {message.Delivery, false}, "TEXT_DELIVERED": {message.Delivery, false},
		"TEXT_INVALID": {message.Bounce, true}, "TEXT_BLOCKED": {message.Bounce, true},
		"TEXT_UNREACHABLE": {message.SoftBounce, false}, "TEXT_CARRIER_UNREACHABLE": {message.SoftBounce, false},
		"TEXT_CARRIER_BLOCKED": {message.SoftBounce, false}, "TEXT_SPAM": {message.SoftBounce, false},
		"TEXT_INVALID_MESSAGE": {message.Rejection, false}, "TEXT_TTL_EXPIRED": {message.Rejection, false},
		"TEXT_PROTECT_BLOCKED": {message.Rejection, false}, "TEXT_OF_TOMORROW": {"", false},
	} {
		t.Run(kind, func(t *testing.T) {
			got, err := receipt.Parse(event(kind))
			if err != nil {
				t.Fatal(err)
			}
			expected := receipt.Event{Type: kind, Entry: "abc-DEF", Segments: 2, Cost: 99_820}
			if want.evidence != "" {
				expected.Receipt = &message.Receipt{Evidence: want.evidence, Provider: "862a8790-60c0", Time: at}
			}
			if want.suppress {
				expected.Suppress = []string{"+14255550156"}
			}
			if diff := cmp.Diff(expected, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatIsNoEvent(t *testing.T) {
	for _, raw := range []string{"", "null", "[]", `{"eventType":"TEXT_SENT"}`, `{"messageId":"1"}`, `{"eventType":"VOICE_ANSWERED","messageId":"1"}`, `{"eventType":1}`} {
		if e, err := receipt.Parse([]byte(raw)); err == nil {
			t.Errorf("%s is read as %+v", raw, e)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(event("TEXT_DELIVERED"))
	f.Add([]byte(`{"eventType":"TEXT_SENT","messageId":"1","totalMessagePrice":1e400,"totalMessageParts":-1}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := receipt.Parse(raw)
		if err == nil && (e.Type == "" || e.Cost < 0 || e.Segments < 0 || (e.Receipt != nil && e.Receipt.Provider == "")) {
			t.Errorf("%+v", e)
		}
	})
}
