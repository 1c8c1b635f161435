package sms_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/channel"
	"liuke/shared/channel/channeltest"
	"liuke/shared/channel/sms"
)

// answered is one answer of the service; the zero value is that it takes the message.
type answered struct {
	status       int
	code, reason string
}

func (a answered) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	if a.status == 0 {
		fmt.Fprint(w, `{"MessageId":"862a8790-60c0-4430"}`)
		return
	}
	w.WriteHeader(a.status)
	fmt.Fprintf(w, `{"__type":"com.amazonaws.pinpointsmsvoicev2#%s","Message":"+4915112345678 says no","Reason":"%s"}`, a.code, a.reason)
}

func read(r *http.Request, body []byte) string {
	if r.Header.Get("X-Amz-Target") != "PinpointSMSVoiceV2.SendTextMessage" {
		return "no call of SendTextMessage"
	}
	return string(body)
}

func full() sms.Config {
	return sms.Config{
		Origination: "pool-1", Transactional: "pool-2", ConfigurationSet: "liuke",
		MaxPrice: 123_456, TimeToLive: 4 * time.Hour, MaxSegments: 3,
	}
}

func over(t *testing.T, url string, c sms.Config) channel.Channel {
	t.Helper()
	ch, err := sms.New(channeltest.Config(url), c)
	if err != nil {
		t.Fatal(err)
	}
	return ch
}

func hello() channel.Message {
	return channel.Message{To: "+4915112345678", Text: "Hello Li 你好", Ledger: "abc-DEF_123"}
}

func TestConformance(t *testing.T) {
	answers := map[channeltest.Behaviour]answered{
		channeltest.Refuse:   {400, "ValidationException", "INVALID_PARAMETER"},
		channeltest.Throttle: {400, "ThrottlingException", ""},
		channeltest.Deny:     {400, "AccessDeniedException", "ACCOUNT_DISABLED"},
		channeltest.Garbled:  {500, "InternalServerException", ""},
	}
	channeltest.Run(t, channeltest.Subject{
		Message: hello(),
		Holds:   []string{"+4915112345678", "Hello Li 你好"},
		Setup: func(t *testing.T, p *channeltest.Provider) channel.Channel {
			url := channeltest.Serve(t, p, read, func(w http.ResponseWriter, b channeltest.Behaviour) { answers[b].write(w) })
			return over(t, url, full())
		},
	})
}

// send sends a message and returns what the service was asked, "" where it was not.
func send(t *testing.T, c sms.Config, m channel.Message, a answered) (asked, id string, err error) {
	t.Helper()
	p := channeltest.NewProvider(t, channeltest.Accept)
	url := channeltest.Serve(t, p, read, func(w http.ResponseWriter, _ channeltest.Behaviour) { a.write(w) })
	id, err = over(t, url, c).Send(t.Context(), m)
	if taken := p.Taken(); len(taken) > 0 {
		asked = taken[0]
	}
	return asked, id, err
}

func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		answer   answered
		want     channel.Outcome
		reason   string
		suppress bool
	}{
		{answered{400, "ConflictException", "DESTINATION_PHONE_NUMBER_OPTED_OUT"}, channel.Refused, "DESTINATION_PHONE_NUMBER_OPTED_OUT", true},
		{answered{400, "ConflictException", "DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION"}, channel.Refused, "DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION", false},
		{answered{400, "ConflictException", "MESSAGE_TYPE_MISMATCH"}, channel.Blocked, "MESSAGE_TYPE_MISMATCH", false},
		{answered{400, "ValidationException", "PRICE_OVER_THRESHOLD"}, channel.Refused, "PRICE_OVER_THRESHOLD", false},
		{answered{400, "ValidationException", ""}, channel.Refused, "ValidationException", false},
		{answered{400, "ServiceQuotaExceededException", "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT"}, channel.Blocked, "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT", false},
		{answered{400, "ResourceNotFoundException", ""}, channel.Blocked, "ResourceNotFoundException", false},
		{answered{400, "UnrecognizedClientException", ""}, channel.Blocked, "UnrecognizedClientException", false},
		{answered{429, "ThrottlingException", ""}, channel.Throttled, "ThrottlingException", false},
		{answered{413, "", ""}, channel.Refused, "HTTP_413", false},
		{answered{503, "ConflictException", "DESTINATION_PHONE_NUMBER_OPTED_OUT"}, channel.Unknown, "ConflictException", false},
		{answered{400, "the number +4915112345678", ""}, channel.Refused, "unreadable_code", false},
	} {
		t.Run(fmt.Sprint(c.answer), func(t *testing.T) {
			_, _, err := send(t, full(), hello(), c.answer)
			outcome, reason := channel.OutcomeOf(err)
			if outcome != c.want || reason != c.reason || channel.Suppresses(err) != c.suppress {
				t.Errorf("got %s %s, suppress %t", outcome, reason, channel.Suppresses(err))
			}
		})
	}
	if _, id, err := send(t, full(), hello(), answered{}); err != nil || id != "862a8790-60c0-4430" {
		t.Errorf("got %q, %v", id, err)
	}
}

func TestWhatTheServiceIsAsked(t *testing.T) {
	transactional := hello()
	transactional.Transactional, transactional.Text = true, "\n Your order is on its way. \n"
	for _, c := range []struct {
		name    string
		config  sms.Config
		message channel.Message
		want    map[string]any
	}{
		{"a promotional message goes by its route", full(), hello(), map[string]any{
			"DestinationPhoneNumber": "+4915112345678", "MessageBody": "Hello Li 你好", "MessageType": "PROMOTIONAL",
			"OriginationIdentity": "pool-1", "ConfigurationSetName": "liuke", "MaxPrice": "0.12345", "TimeToLive": 14400.,
			"Context": map[string]any{"liuke_entry": "abc-DEF_123"},
		}},
		{"a transactional one by its own, and without the blanks around it", full(), transactional, map[string]any{
			"DestinationPhoneNumber": "+4915112345678", "MessageBody": "Your order is on its way.", "MessageType": "TRANSACTIONAL",
			"OriginationIdentity": "pool-2", "ConfigurationSetName": "liuke", "MaxPrice": "0.12345", "TimeToLive": 14400.,
			"Context": map[string]any{"liuke_entry": "abc-DEF_123"},
		}},
		{"what is not set is left out", sms.Config{DryRun: true}, hello(), map[string]any{
			"DestinationPhoneNumber": "+4915112345678", "MessageBody": "Hello Li 你好", "MessageType": "PROMOTIONAL", "DryRun": true,
			"Context": map[string]any{"liuke_entry": "abc-DEF_123"},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked, _, err := send(t, c.config, c.message, answered{})
			if err != nil {
				t.Fatal(err)
			}
			var got map[string]any
			if err := json.Unmarshal([]byte(asked), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatIsNotSent(t *testing.T) {
	for name, c := range map[string]struct {
		to, text, reason string
	}{
		"a number without its country":      {"015112345678", "Hello", "bad_address"},
		"a country code of 0":               {"+015112345678", "Hello", "bad_address"},
		"sixteen digits":                    {"+4915112345678901", "Hello", "bad_address"},
		"digits that are not ASCII":         {"+４９１５１１２３", "Hello", "bad_address"},
		"a number with blanks":              {"+49 151 12345678", "Hello", "bad_address"},
		"blanks alone":                      {"+4915112345678", " \n ", "no_content"},
		"what is not UTF-8":                 {"+4915112345678", "a\xff", "bad_content"},
		"more characters than are taken":    {"+4915112345678", strings.Repeat("a", 1601), "too_long"},
		"more emoji than are taken":         {"+4915112345678", strings.Repeat("🎁", 801), "too_long"},
		"more segments than are to be paid": {"+4915112345678", strings.Repeat("a", 460), "too_many_segments"},
	} {
		t.Run(name, func(t *testing.T) {
			asked, _, err := send(t, full(), channel.Message{To: c.to, Text: c.text, Ledger: "abc"}, answered{})
			if outcome, reason := channel.OutcomeOf(err); outcome != channel.Refused || reason != c.reason || asked != "" {
				t.Errorf("got %s %s; asked %q", outcome, reason, asked)
			}
		})
	}
}

func TestConfigurationsThatNoMessageWouldPassWith(t *testing.T) {
	for name, c := range map[string]sms.Config{
		"a life of a second":          {TimeToLive: time.Second},
		"a life of four days":         {TimeToLive: 96 * time.Hour},
		"a price that has no decimal": {MaxPrice: 9},
		"a price of a hundred":        {MaxPrice: 100_000_000},
		"a negative price":            {MaxPrice: -1},
		"fewer segments than none":    {MaxSegments: -1},
	} {
		if _, err := sms.New(channeltest.Config("http://127.0.0.1"), c); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
