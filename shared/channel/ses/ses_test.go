package ses_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"liuke/shared/channel"
	"liuke/shared/channel/channeltest"
	"liuke/shared/channel/ses"
)

// answered is one answer of SES; the zero value is that it takes the message.
type answered struct {
	status int
	code   string
}

func (a answered) write(w http.ResponseWriter) {
	if a.status == 0 {
		fmt.Fprint(w, `{"MessageId":"0100-abc"}`)
		return
	}
	w.Header().Set("X-Amzn-ErrorType", a.code)
	w.WriteHeader(a.status)
	fmt.Fprint(w, `{"message":"li@example.com says no"}`)
}

func read(r *http.Request, body []byte) string {
	if r.Method != http.MethodPost || r.URL.Path != "/v2/email/outbound-emails" {
		return "no call of SendEmail"
	}
	return string(body)
}

func over(url string) channel.Channel {
	return ses.New(channeltest.Config(url), "Shop <hello@example.com>", "liuke")
}

func TestConformance(t *testing.T) {
	answers := map[channeltest.Behaviour]answered{
		channeltest.Refuse:   {400, "MessageRejected"},
		channeltest.Throttle: {429, "TooManyRequestsException"},
		channeltest.Deny:     {403, "AccessDeniedException"},
		channeltest.Garbled:  {500, "InternalServiceErrorException"},
	}
	channeltest.Run(t, channeltest.Subject{
		Message: hello(),
		Holds:   []string{"li@example.com", "Hello 你好", "Hello Li", "<p>Hello Li</p>", "https://example.com/u/abc"},
		Setup: func(t *testing.T, p *channeltest.Provider) channel.Channel {
			return over(channeltest.Serve(t, p, read, func(w http.ResponseWriter, b channeltest.Behaviour) { answers[b].write(w) }))
		},
	})
}

// send sends a message to an SES that answers so, and returns what SES was asked.
func send(t *testing.T, a answered) (asked string, err error) {
	t.Helper()
	p := channeltest.NewProvider(t, channeltest.Accept)
	url := channeltest.Serve(t, p, read, func(w http.ResponseWriter, _ channeltest.Behaviour) { a.write(w) })
	_, err = over(url).Send(t.Context(), hello())
	return p.Taken()[0], err
}

func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		status int
		code   string
		want   channel.Outcome
	}{
		{400, "BadRequestException", channel.Refused},
		{400, "MessageRejected", channel.Refused},
		{400, "LimitExceededException", channel.Throttled},
		{429, "", channel.Throttled},
		{400, "SendingPausedException", channel.Blocked},
		{400, "AccountSuspendedException", channel.Blocked},
		{400, "MailFromDomainNotVerifiedException", channel.Blocked},
		{404, "NotFoundException", channel.Blocked},
		{403, "InvalidSignatureException", channel.Blocked},
		{403, "ExpiredTokenException", channel.Throttled},
		{400, "ThrottlingException", channel.Throttled},
		{502, "", channel.Unknown},
		{503, "ThrottlingException", channel.Unknown},
	} {
		t.Run(fmt.Sprint(c.status, " ", c.code), func(t *testing.T) {
			_, err := send(t, answered{c.status, c.code})
			if got, _ := channel.OutcomeOf(err); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func hello() channel.Message {
	return channel.Message{
		To: "li@example.com", Subject: "Hello 你好", Text: "Hello Li", HTML: "<p>Hello Li</p>",
		Unsubscribe: "https://example.com/u/abc", Ledger: "abc-DEF_123",
	}
}

func TestWhatSESIsAsked(t *testing.T) {
	asked, err := send(t, answered{})
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		FromEmailAddress, ConfigurationSetName string
		Destination                            struct{ ToAddresses []string }
		EmailTags                              []struct{ Name, Value string }
		Content                                struct {
			Simple struct {
				Subject struct{ Data, Charset string }
				Body    struct {
					Text, Html struct{ Data, Charset string }
				}
				Headers []struct{ Name, Value string }
			}
		}
	}
	if err := json.Unmarshal([]byte(asked), &got); err != nil {
		t.Fatal(err)
	}
	if got.FromEmailAddress != "Shop <hello@example.com>" || got.ConfigurationSetName != "liuke" || len(got.Destination.ToAddresses) != 1 {
		t.Errorf("%+v", got)
	}
	if len(got.EmailTags) != 1 || got.EmailTags[0].Name != "liuke_entry" || got.EmailTags[0].Value != "abc-DEF_123" {
		t.Errorf("tags %+v", got.EmailTags)
	}
	headers := map[string]string{}
	for _, h := range got.Content.Simple.Headers {
		headers[h.Name] = h.Value
	}
	if headers["List-Unsubscribe"] != "<https://example.com/u/abc>" || headers["List-Unsubscribe-Post"] != "List-Unsubscribe=One-Click" {
		t.Errorf("headers %v", headers)
	}
	if b := got.Content.Simple.Body; b.Text.Data != "Hello Li" || b.Html.Data != "<p>Hello Li</p>" || b.Html.Charset != "UTF-8" {
		t.Errorf("body %+v", b)
	}
}
