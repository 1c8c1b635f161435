package standin

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"liuke/infra/local/iam"
)

const (
	topic = "arn:aws:sns:eu-central-1:111111111111:receipts"
	queue = "arn:aws:sqs:eu-central-1:111111111111:receipts"
	key   = "arn:aws:kms:eu-central-1:111111111111:key/1"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// The statements that let an event pass from SES to the queue.
const (
	keyForSES = `{"Sid":"SES","Effect":"Allow","Principal":{"Service":"ses.amazonaws.com"},"Action":["kms:GenerateDataKey*","kms:Decrypt"],"Resource":"*"}`
	keyForSNS = `{"Sid":"SNS","Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":["kms:GenerateDataKey*","kms:Decrypt"],"Resource":"*"}`
	topicOpen = `{"Effect":"Allow","Principal":{"Service":"ses.amazonaws.com"},"Action":"sns:Publish","Resource":"` + topic + `",
		"Condition":{"StringEquals":{"aws:SourceArn":"arn:aws:ses:eu-central-1:111111111111:configuration-set/liuke"}}}`
	queueOpen = `{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"` + queue + `"}`
)

// testBundle is a stand-in for SES whose events arrive in bodies.
type testBundle struct {
	ses    *SES
	client *sesv2.Client
	outbox *Outbox
	denied []string

	mu     sync.Mutex
	bodies []string
	lost   []error
}

type testOptions struct {
	keyPolicy  []string
	enveloped  bool
	outboxFile string
	failures   int // of the queue, before it takes anything
}

func setup(t *testing.T, o testOptions) *testBundle {
	t.Helper()
	b := &testBundle{}
	var err error
	if b.outbox, err = OpenOutbox(o.outboxFile); err != nil {
		t.Fatal(err)
	}
	a := iam.NewAuthority("111111111111", "eu-central-1")
	a.AddKey(key, parsePolicy(t, o.keyPolicy...))
	a.AddResourcePolicy(topic, parsePolicy(t, topicOpen))
	a.AddResourcePolicy(queue, parsePolicy(t, queueOpen))
	a.Encrypt(topic, key)
	a.Encrypt(queue, key)
	a.OnDenied = func(d iam.Decision) { b.denied = append(b.denied, d.String()) }
	b.ses = NewSES(SESConfig{
		Authority: a, Identities: []string{"shop.example", "Boss@other.example"}, ConfigurationSets: []string{"liuke"},
		Destinations: []EventDestination{{ConfigurationSet: "liuke", Types: []string{"SEND", "delivery", "BOUNCE", "COMPLAINT", "RENDERING_FAILURE"},
			Topic: topic, Queues: []Subscription{{Queue: queue, Raw: !o.enveloped}}}},
		Outbox: b.outbox, Now: func() time.Time { return noon },
		Deliver: func(_ context.Context, to string, body []byte) error {
			b.mu.Lock()
			defer b.mu.Unlock()
			if to != queue {
				t.Errorf("delivered to %s", to)
			}
			if o.failures > 0 {
				o.failures--
				return errors.New("down")
			}
			b.bodies = append(b.bodies, string(body))
			return nil
		},
		OnLost: func(err error) { b.lost = append(b.lost, err) },
	})
	server := httptest.NewServer(b.ses)
	t.Cleanup(func() { server.Close(); b.ses.Close(); b.outbox.Close() })
	b.client = sesv2.NewFromConfig(aws.Config{
		Region: "eu-central-1", BaseEndpoint: aws.String(server.URL), Retryer: func() aws.Retryer { return aws.NopRetryer{} },
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "b"}, nil
		}),
	})
	return b
}

func parsePolicy(t *testing.T, statements ...string) *iam.Policy {
	t.Helper()
	var doc any
	if err := json.Unmarshal([]byte(`{"Statement":[`+strings.Join(statements, ",")+`]}`), &doc); err != nil {
		t.Fatal(err)
	}
	p, err := iam.Parse("policy", doc)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// email is a request that SES takes.
func email(to ...string) *sesv2.SendEmailInput {
	content := func(s string) *types.Content { return &types.Content{Data: &s, Charset: aws.String("UTF-8")} }
	return &sesv2.SendEmailInput{
		FromEmailAddress: aws.String("Shop <news@Mail.shop.example>"), ConfigurationSetName: aws.String("liuke"),
		Destination: &types.Destination{ToAddresses: to},
		EmailTags:   []types.MessageTag{{Name: aws.String("liuke_entry"), Value: aws.String("A-b_9")}},
		Content: &types.EmailContent{Simple: &types.Message{
			Subject: content("想你了"), Body: &types.Body{Text: content("See https://shop.example/s/1."), Html: content("<p>Hi</p>")},
			Headers: []types.MessageHeader{{Name: aws.String("List-Unsubscribe-Post"), Value: aws.String("List-Unsubscribe=One-Click")}},
		}},
	}
}

func (b *testBundle) settled(t *testing.T) []string {
	t.Helper()
	if err := b.ses.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bodies
}

func TestSentMailStandsInTheOutbox(t *testing.T) {
	file := filepath.Join(t.TempDir(), "outbox.jsonl")
	b := setup(t, testOptions{keyPolicy: []string{keyForSES, keyForSNS}, outboxFile: file})
	out, err := b.client.SendEmail(t.Context(), email("Ann <ann@example.com>"))
	if err != nil {
		t.Fatal(err)
	}
	want := Message{
		ID: *out.MessageId, Channel: Email, From: "Shop <news@Mail.shop.example>", To: []string{"Ann <ann@example.com>"}, Subject: "想你了",
		Text: "See https://shop.example/s/1.", HTML: "<p>Hi</p>", Headers: map[string]string{"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
		Tags: map[string]string{"liuke_entry": "A-b_9"}, ConfigurationSet: "liuke", SentAt: noon,
	}
	again, err := OpenOutbox(file)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	got := again.Messages("ann@example.com")
	if len(got) != 1 {
		t.Fatalf("%d messages after a restart, want 1", len(got))
	}
	if diff := cmp.Diff(want, got[0], cmp.AllowUnexported(Message{})); diff != "" {
		t.Error(diff)
	}
}

func TestSESRefusesWhatSESRefuses(t *testing.T) {
	cases := []struct {
		name   string
		change func(*sesv2.SendEmailInput)
		code   string
	}{
		{"a sender that is not verified", func(in *sesv2.SendEmailInput) { in.FromEmailAddress = aws.String("a@other.example") }, "MessageRejected"},
		{"a sender in a domain that only ends like a verified one", func(in *sesv2.SendEmailInput) { in.FromEmailAddress = aws.String("a@myshop.example") }, "MessageRejected"},
		{"a configuration set that does not exist", func(in *sesv2.SendEmailInput) { in.ConfigurationSetName = aws.String("other") }, "NotFoundException"},
		{"an address without a domain", func(in *sesv2.SendEmailInput) { in.Destination.ToAddresses = []string{"ann"} }, "BadRequestException"},
		{"a domain with an empty label", func(in *sesv2.SendEmailInput) { in.Destination.ToAddresses = []string{"ann@a..example"} }, "BadRequestException"},
		{"a local part in other letters", func(in *sesv2.SendEmailInput) { in.Destination.ToAddresses = []string{"王@example.com"} }, "BadRequestException"},
		{"a display name that is not encoded", func(in *sesv2.SendEmailInput) { in.FromEmailAddress = aws.String("留客 <a@shop.example>") }, "BadRequestException"},
		{"nobody to send to", func(in *sesv2.SendEmailInput) { in.Destination.ToAddresses = nil }, "BadRequestException"},
		{"a tag with a dot", func(in *sesv2.SendEmailInput) { in.EmailTags[0].Value = aws.String("a.b") }, "BadRequestException"},
		{"a tag of 257 letters", func(in *sesv2.SendEmailInput) { in.EmailTags[0].Value = aws.String(strings.Repeat("a", 257)) }, "BadRequestException"},
		{"a tag given twice", func(in *sesv2.SendEmailInput) { in.EmailTags = append(in.EmailTags, in.EmailTags[0]) }, "BadRequestException"},
		{"a header that SES writes itself", func(in *sesv2.SendEmailInput) { in.Content.Simple.Headers[0].Name = aws.String("Reply-To") }, "BadRequestException"},
		{"a header with a line break", func(in *sesv2.SendEmailInput) { in.Content.Simple.Headers[0].Value = aws.String("a\r\nBcc: x@y.z") }, "BadRequestException"},
		{"a mail without a body", func(in *sesv2.SendEmailInput) { in.Content.Simple.Body = &types.Body{} }, "BadRequestException"},
		{"more than 50 recipients", func(in *sesv2.SendEmailInput) {
			in.Destination.BccAddresses = strings.Split(strings.Repeat("a@example.com ", 50), " ")[:50]
		}, "BadRequestException"},
	}
	b := setup(t, testOptions{keyPolicy: []string{keyForSES, keyForSNS}})
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			in := email("ann@example.com")
			c.change(in)
			_, err := b.client.SendEmail(t.Context(), in)
			var api smithy.APIError
			if !errors.As(err, &api) || api.ErrorCode() != c.code {
				t.Fatalf("error = %v, want %s", err, c.code)
			}
			if strings.Contains(api.ErrorMessage(), "@") {
				t.Errorf("the message holds an address: %s", api.ErrorMessage())
			}
		})
	}
	if n := b.outbox.Len(); n != 0 {
		t.Errorf("%d messages in the outbox, want none", n)
	}
}

func TestAVerifiedAddressMaySend(t *testing.T) {
	b := setup(t, testOptions{keyPolicy: []string{keyForSES, keyForSNS}})
	in := email("ann@example.com")
	in.FromEmailAddress = aws.String("Boss@OTHER.example")
	if _, err := b.client.SendEmail(t.Context(), in); err != nil {
		t.Error(err)
	}
}

func TestEventsFollowAMail(t *testing.T) {
	cases := []struct {
		name string
		to   string
		want []string
	}{
		{"a mail to anybody is delivered", "ann@example.com", []string{"Send", "Delivery"}},
		{"the simulator bounces", "bounce@simulator.amazonses.com", []string{"Send", "Bounce"}},
		{"a label tells bounces apart", "bounce+c-0001@simulator.amazonses.com", []string{"Send", "Bounce"}},
		{"the simulator complains of what was delivered", "complaint@simulator.amazonses.com", []string{"Send", "Delivery", "Complaint"}},
		{"the simulator takes what is meant to succeed", "success@simulator.amazonses.com", []string{"Send", "Delivery"}},
		{"bounce at another domain is anybody", "bounce@example.com", []string{"Send", "Delivery"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t, testOptions{keyPolicy: []string{keyForSES, keyForSNS}})
			out, err := b.client.SendEmail(t.Context(), email(c.to))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, body := range b.settled(t) {
				var e struct {
					EventType string
					Mail      struct {
						MessageID   string `json:"messageId"`
						Timestamp   string
						Destination []string
						Tags        map[string][]string
					}
					Bounce struct {
						BounceType        string
						BouncedRecipients []struct{ EmailAddress string }
					}
					Complaint struct {
						ComplainedRecipients []struct{ EmailAddress string }
					}
				}
				if err := json.Unmarshal([]byte(body), &e); err != nil {
					t.Fatal(err)
				}
				got = append(got, e.EventType)
				if e.Mail.MessageID != *out.MessageId || e.Mail.Timestamp != "2026-03-01T12:00:00.000Z" || !cmp.Equal(e.Mail.Destination, []string{c.to}) ||
					!cmp.Equal(e.Mail.Tags["liuke_entry"], []string{"A-b_9"}) || !cmp.Equal(e.Mail.Tags["ses:configuration-set"], []string{"liuke"}) {
					t.Errorf("mail = %+v", e.Mail)
				}
				if e.EventType == "Bounce" && (e.Bounce.BounceType != "Permanent" || len(e.Bounce.BouncedRecipients) != 1 || e.Bounce.BouncedRecipients[0].EmailAddress != c.to) {
					t.Errorf("bounce = %+v", e.Bounce)
				}
				if e.EventType == "Complaint" && (len(e.Complaint.ComplainedRecipients) != 1 || e.Complaint.ComplainedRecipients[0].EmailAddress != c.to) {
					t.Errorf("complaint = %+v", e.Complaint)
				}
			}
			if !cmp.Equal(got, c.want) {
				t.Errorf("events = %v, want %v", got, c.want)
			}
		})
	}
}

func TestEventsWithoutRawDeliveryComeInAnEnvelope(t *testing.T) {
	b := setup(t, testOptions{keyPolicy: []string{keyForSES, keyForSNS}, enveloped: true})
	if _, err := b.client.SendEmail(t.Context(), email("ann@example.com")); err != nil {
		t.Fatal(err)
	}
	var note struct{ Type, TopicArn, Message string }
	if err := json.Unmarshal([]byte(b.settled(t)[0]), &note); err != nil {
		t.Fatal(err)
	}
	if note.Type != "Notification" || note.TopicArn != topic || !strings.Contains(note.Message, `"eventType":"Send"`) {
		t.Errorf("notification = %+v", note)
	}
}

func TestWithoutTheKeyPolicyNoReceiptArrivesAndTheActionIsNamed(t *testing.T) {
	b := setup(t, testOptions{keyPolicy: []string{keyForSNS}})
	if _, err := b.client.SendEmail(t.Context(), email("ann@example.com")); err != nil {
		t.Fatal(err)
	}
	if bodies := b.settled(t); len(bodies) != 0 {
		t.Errorf("arrived: %v", bodies)
	}
	if len(b.denied) != 1 || !strings.Contains(b.denied[0], "service ses.amazonaws.com may not kms:GenerateDataKey") {
		t.Errorf("denied = %q, want one that names kms:GenerateDataKey", b.denied)
	}
	if len(b.lost) != 2 {
		t.Errorf("lost = %v, want the Send and the Delivery", b.lost)
	}
}

func TestAQueueThatStumblesIsTriedAgain(t *testing.T) {
	b := setup(t, testOptions{keyPolicy: []string{keyForSES, keyForSNS}, failures: 2})
	if _, err := b.client.SendEmail(t.Context(), email("ann@example.com")); err != nil {
		t.Fatal(err)
	}
	if bodies := b.settled(t); len(bodies) != 2 || len(b.lost) != 0 {
		t.Errorf("%d events arrived, lost %v; want 2 and none", len(bodies), b.lost)
	}
}
