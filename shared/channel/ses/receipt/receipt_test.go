package receipt_test

import (
	"testing"

	"liuke/shared/channel/ses/receipt"
	"liuke/shared/fault"
	"liuke/shared/message"
)

func TestParse(t *testing.T) {
	const mail = `"mail":{"timestamp":"2026-03-01T08:31:02Z","messageId":"m","tags":{"liuke_entry":["abc"]}}`
	for _, c := range []struct {
		name, event string
		want        message.Evidence
		suppress    int
	}{
		{"a legitimate mail taken out of the spam folder is no complaint", `{"eventType":"Complaint",` + mail + `,"complaint":{"complainedRecipients":[{"emailAddress":"a@b.c"}],"complaintFeedbackType":"not-spam"}}`, message.Delivery, 0},
		{"an undetermined bounce suppresses nothing", `{"eventType":"Bounce",` + mail + `,"bounce":{"bounceType":"Undetermined","bouncedRecipients":[{"emailAddress":"a@b.c"}]}}`, message.SoftBounce, 0},
		{"each recipient of a permanent bounce is suppressed", `{"eventType":"Bounce",` + mail + `,"bounce":{"bounceType":"Permanent","bouncedRecipients":[{"emailAddress":"a@b.c"},{"emailAddress":"D <d@b.c>"},{"emailAddress":""}]}}`, message.Bounce, 2},
		{"a picture that was fetched is an opening", `{"eventType":"Open",` + mail + `,"open":{"timestamp":"2026-03-01T09:00:00Z","userAgent":"x"}}`, message.Opening, 0},
		{"so is a click on a link of SES's", `{"eventType":"Click",` + mail + `,"click":{"timestamp":"2026-03-01T09:00:00Z","link":"https://example.com"}}`, message.Opening, 0},
		{"a subscription at SES is none of the suite's", `{"eventType":"Subscription",` + mail + `,"subscription":{}}`, "", 0},
		{"an unknown event says nothing of the fate", `{"eventType":"Horoscope",` + mail + `}`, "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := receipt.Parse([]byte(c.event))
			if err != nil {
				t.Fatal(err)
			}
			got := message.Evidence("")
			if e.Receipt != nil {
				got = e.Receipt.Evidence
				if e.Receipt.Time.IsZero() || e.Receipt.Provider != "m" {
					t.Errorf("receipt %+v", e.Receipt)
				}
			}
			if got != c.want || len(e.Suppress) != c.suppress || e.Entry != "abc" {
				t.Errorf("%+v", e)
			}
		})
	}
	e, err := receipt.Parse([]byte(`{"eventType":"Bounce",` + mail + `,"bounce":{"bounceType":"Permanent","bouncedRecipients":[{"emailAddress":"D <d@b.c>"}]}}`))
	if err != nil || e.Suppress[0] != "d@b.c" {
		t.Errorf("%+v, %v", e, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"eventType":"Send","mail":{"timestamp":"2026-03-01T08:31:02Z","messageId":"m","tags":{"liuke_entry":["abc"]}}}`))
	f.Add([]byte(`{"eventType":"Bounce","mail":{"messageId":"m"},"bounce":{"bounceType":"Permanent","bouncedRecipients":[{}]}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if _, err := receipt.Parse(raw); err != nil && fault.CodeOf(err) != fault.Invalid {
			t.Errorf("got %v, want invalid", err)
		}
	})
}
