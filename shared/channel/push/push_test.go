package push_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/channel"
	"liuke/shared/channel/channeltest"
	"liuke/shared/channel/push"
	payload "liuke/shared/push"
)

const (
	iphone  = "arn:aws:sns:eu-central-1:123456789012:endpoint/APNS/shop/11111111-2222-3333"
	android = "arn:aws-cn:sns:cn-north-1:123456789012:endpoint/GCM/shop/11111111-2222-3333"
)

// answered is one answer of SNS; the zero value is that it takes the message.
type answered struct {
	status        int
	code, message string
}

func (a answered) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/xml")
	if a.status == 0 {
		fmt.Fprint(w, `<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>94f20ce6-13c5</MessageId></PublishResult></PublishResponse>`)
		return
	}
	w.WriteHeader(a.status)
	fmt.Fprintf(w, `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>`, a.code, a.message)
}

// read returns the form that SNS is posted, as JSON, with the platform's payload unwrapped.
func read(_ *http.Request, body []byte) string {
	form, err := url.ParseQuery(string(body))
	if err != nil || form.Get("Action") != "Publish" {
		return "no call of Publish"
	}
	out := map[string]any{}
	for name := range form {
		out[name] = form.Get(name)
	}
	var structured map[string]string
	if err := json.Unmarshal([]byte(form.Get("Message")), &structured); err != nil {
		return "the message is not an object of strings"
	}
	delete(out, "Message")
	for name, text := range structured {
		out[name] = text
		if name != "default" {
			out[name] = json.RawMessage(text)
		}
	}
	text, err := json.Marshal(out)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func over(t *testing.T, url string) channel.Channel {
	t.Helper()
	ch, err := push.New(channeltest.Config(url), push.Config{TimeToLive: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	return ch
}

func hello(to string) channel.Message {
	return channel.Message{To: to, Subject: "Hello 你好", Text: "Hello Li", Data: []byte(`{"page":"orders/7"}`), Ledger: "abc-DEF_123"}
}

func TestConformance(t *testing.T) {
	answers := map[channeltest.Behaviour]answered{
		channeltest.Refuse:   {400, "EndpointDisabled", iphone + " is disabled"},
		channeltest.Throttle: {400, "Throttling", "Rate exceeded"},
		channeltest.Deny:     {403, "AuthorizationError", "no"},
		channeltest.Garbled:  {500, "InternalError", "no"},
	}
	for _, to := range []string{iphone, android} {
		channeltest.Run(t, channeltest.Subject{
			Message: hello(to),
			Holds:   []string{to, "Hello 你好", "Hello Li", "orders/7"},
			Setup: func(t *testing.T, p *channeltest.Provider) channel.Channel {
				return over(t, channeltest.Serve(t, p, read, func(w http.ResponseWriter, b channeltest.Behaviour) { answers[b].write(w) }))
			},
		})
	}
}

// send sends a message and returns what SNS was asked, "" where it was not.
func send(t *testing.T, m channel.Message, a answered) (asked string, err error) {
	t.Helper()
	p := channeltest.NewProvider(t, channeltest.Accept)
	_, err = over(t, channeltest.Serve(t, p, read, func(w http.ResponseWriter, _ channeltest.Behaviour) { a.write(w) })).Send(t.Context(), m)
	if taken := p.Taken(); len(taken) > 0 {
		asked = taken[0]
	}
	return asked, err
}

func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		answer   answered
		want     channel.Outcome
		reason   string
		suppress bool
	}{
		{answered{400, "EndpointDisabled", "Endpoint is disabled"}, channel.Refused, "EndpointDisabled", true},
		{answered{404, "NotFound", "Endpoint does not exist"}, channel.Refused, "NotFound", true},
		{answered{400, "InvalidParameter", "Invalid parameter: TargetArn Reason: No endpoint found for the target arn specified"}, channel.Refused, "NoEndpoint", true},
		{answered{400, "InvalidParameter", "Invalid parameter: Message too long"}, channel.Refused, "InvalidParameter", false},
		{answered{400, "PlatformApplicationDisabled", ""}, channel.Blocked, "PlatformApplicationDisabled", false},
		{answered{400, "KMSThrottling", ""}, channel.Throttled, "KMSThrottling", false},
		{answered{429, "TooManyRequests", ""}, channel.Throttled, "TooManyRequests", false},
		{answered{403, "SignatureDoesNotMatch", ""}, channel.Blocked, "SignatureDoesNotMatch", false},
		{answered{503, "EndpointDisabled", ""}, channel.Unknown, "EndpointDisabled", false},
	} {
		t.Run(fmt.Sprint(c.answer.status, " ", c.answer.code), func(t *testing.T) {
			_, err := send(t, hello(iphone), c.answer)
			outcome, reason := channel.OutcomeOf(err)
			if outcome != c.want || reason != c.reason || channel.Suppresses(err) != c.suppress {
				t.Errorf("got %s %s, suppress %t", outcome, reason, channel.Suppresses(err))
			}
		})
	}
}

func TestWhatSNSIsAsked(t *testing.T) {
	sandbox := strings.Replace(iphone, "APNS", "APNS_SANDBOX", 1)
	apple := map[string]any{
		"aps":  map[string]any{"alert": map[string]any{"title": "Hello 你好", "body": "Hello Li"}, "sound": "default"},
		"page": "orders/7", "liuke_entry": "abc-DEF_123",
	}
	google := map[string]any{"fcmV1Message": map[string]any{"message": map[string]any{
		"notification": map[string]any{"title": "Hello 你好", "body": "Hello Li"},
		"data":         map[string]any{"page": "orders/7", "liuke_entry": "abc-DEF_123"},
	}}}
	for _, c := range []struct {
		to, key, ttl string
		payload      map[string]any
	}{
		{iphone, "APNS", "AWS.SNS.MOBILE.APNS.TTL", apple},
		{sandbox, "APNS_SANDBOX", "AWS.SNS.MOBILE.APNS_SANDBOX.TTL", apple},
		{android, "GCM", "AWS.SNS.MOBILE.FCM.TTL", google},
	} {
		t.Run(c.key, func(t *testing.T) {
			asked, err := send(t, hello(c.to), answered{})
			if err != nil {
				t.Fatal(err)
			}
			var got map[string]any
			if err := json.Unmarshal([]byte(asked), &got); err != nil {
				t.Fatal(err)
			}
			want := map[string]any{
				"Action": "Publish", "Version": "2010-03-31", "TargetArn": c.to, "MessageStructure": "json",
				"MessageAttributes.entry.1.Name":              c.ttl,
				"MessageAttributes.entry.1.Value.DataType":    "String",
				"MessageAttributes.entry.1.Value.StringValue": "3600",
				"default": "Hello Li", c.key: c.payload,
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatIsNotSent(t *testing.T) {
	with := func(change func(*channel.Message)) channel.Message {
		m := hello(iphone)
		change(&m)
		return m
	}
	for name, c := range map[string]struct {
		message channel.Message
		reason  string
	}{
		"a topic's ARN":                     {hello("arn:aws:sns:eu-central-1:123456789012:everybody"), "bad_address"},
		"another service's ARN":             {hello(strings.Replace(iphone, "sns", "sqs", 1)), "bad_address"},
		"an application's ARN":              {hello("arn:aws:sns:eu-central-1:123456789012:app/APNS/shop"), "bad_address"},
		"a platform whose payload is other": {hello(strings.Replace(iphone, "APNS", "ADM", 1)), "unsupported_platform"},
		"a title alone":                     {with(func(m *channel.Message) { m.Text = "" }), "bad_content"},
		"a text that is not UTF-8":          {with(func(m *channel.Message) { m.Text = "\xff" }), "bad_content"},
		"data that are no object":           {with(func(m *channel.Message) { m.Data = []byte(`["a"]`) }), "bad_data"},
		"data that are null":                {with(func(m *channel.Message) { m.Data = []byte(`null`) }), "bad_data"},
		"data that hold a number":           {with(func(m *channel.Message) { m.Data = []byte(`{"n":1}`) }), "bad_data"},
		"data under a key of Apple's":       {with(func(m *channel.Message) { m.Data = []byte(`{"aps":"x"}`) }), "bad_data"},
		"data under a key of Google's":      {with(func(m *channel.Message) { m.Data = []byte(`{"google.x":"x"}`) }), "bad_data"},
		"data under the ledger's key":       {with(func(m *channel.Message) { m.Data = []byte(`{"liuke_entry":"x"}`) }), "bad_data"},
		"more than a payload holds":         {with(func(m *channel.Message) { m.Text = strings.Repeat("留", 1400) }), "too_long"},
	} {
		t.Run(name, func(t *testing.T) {
			asked, err := send(t, c.message, answered{})
			if outcome, reason := channel.OutcomeOf(err); outcome != channel.Refused || reason != c.reason || asked != "" {
				t.Errorf("got %s %s; asked %q", outcome, reason, asked)
			}
		})
	}
}

// TestAPayloadOfExactlyTheLimitIsSent fills a payload to its last byte, with characters that HTML would have escaped.
func TestAPayloadOfExactlyTheLimitIsSent(t *testing.T) {
	m := channel.Message{To: iphone, Text: "<&>", Ledger: "abc"}
	const frame = `{"aps":{"alert":{"body":"<&>"},"sound":"default"},"liuke_entry":"abc"}`
	m.Text += strings.Repeat("a", payload.MaxPayload-len(frame))
	if _, err := send(t, m, answered{}); err != nil {
		t.Error(err)
	}
	m.Text += "a"
	if _, err := send(t, m, answered{}); err == nil {
		t.Error("one byte more is sent")
	}
}

func TestTimesToLive(t *testing.T) {
	for _, ttl := range []time.Duration{-time.Second, time.Millisecond, 29 * 24 * time.Hour} {
		if _, err := push.New(channeltest.Config("http://127.0.0.1"), push.Config{TimeToLive: ttl}); err == nil {
			t.Errorf("%s is taken", ttl)
		}
	}
}
