package ses_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"liuke/shared/channel"
	"liuke/shared/channel/channeltest"
	"liuke/shared/channel/ses"
)

// provider answers SendEmail as SES does.
type provider struct {
	mu     sync.Mutex
	taken  []string
	status int
	code   string
	hang   chan struct{}
	drop   bool
}

func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	p.mu.Lock()
	p.taken = append(p.taken, string(body))
	p.mu.Unlock()
	switch {
	case r.Method != http.MethodPost || r.URL.Path != "/v2/email/outbound-emails":
		w.WriteHeader(http.StatusNotImplemented)
	case p.hang != nil:
		select {
		case <-p.hang:
		case <-r.Context().Done():
		}
	case p.drop:
		panic(http.ErrAbortHandler)
	case p.status != 0:
		w.Header().Set("X-Amzn-ErrorType", p.code)
		w.WriteHeader(p.status)
		fmt.Fprint(w, `{"message":"li@example.com says no"}`)
	default:
		fmt.Fprint(w, `{"MessageId":"0100-abc"}`)
	}
}

func (p *provider) list() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.taken
}

func start(t *testing.T, p *provider) channel.Channel {
	t.Helper()
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	return over(server.URL)
}

func over(url string) channel.Channel {
	cfg := aws.Config{
		Region:       "eu-central-1",
		BaseEndpoint: aws.String(url),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "b", SessionToken: "c"}, nil
		}),
	}
	return ses.New(cfg, "Shop <hello@example.com>", "liuke")
}

func TestConformance(t *testing.T) {
	channeltest.Run(t, "li@example.com", func(t *testing.T, b channeltest.Behaviour) (channel.Channel, func() []string) {
		p := &provider{}
		switch b {
		case channeltest.Accept:
		case channeltest.Refuse:
			p.status, p.code = 400, "MessageRejected"
		case channeltest.Throttle:
			p.status, p.code = 429, "TooManyRequestsException"
		case channeltest.Deny:
			p.status, p.code = 403, "AccessDeniedException"
		case channeltest.Failing:
			p.status, p.code = 500, "InternalServiceErrorException"
		case channeltest.Lost:
			p.drop = true
		case channeltest.Silent:
			p.hang = make(chan struct{})
		case channeltest.Unreachable:
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			address := listener.Addr().String()
			listener.Close()
			return over("http://" + address), p.list
		default:
			t.Fatalf("behaviour %s", b)
		}
		return start(t, p), p.list
	})
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
		{502, "", channel.Unknown},
		{503, "ThrottlingException", channel.Unknown},
	} {
		t.Run(fmt.Sprint(c.status, " ", c.code), func(t *testing.T) {
			p := &provider{status: c.status, code: c.code}
			_, err := start(t, p).Send(t.Context(), hello())
			if got, _ := channel.OutcomeOf(err); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func hello() channel.Message {
	return channel.Message{
		To: "li@example.com", Subject: "Hello", Text: "Hello", HTML: "<p>Hello</p>",
		Unsubscribe: "https://example.com/u/abc", Ledger: "abc-DEF_123",
	}
}

func TestWhatSESIsAsked(t *testing.T) {
	p := &provider{}
	if _, err := start(t, p).Send(t.Context(), hello()); err != nil {
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
	if err := json.Unmarshal([]byte(p.list()[0]), &got); err != nil {
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
	if b := got.Content.Simple.Body; b.Text.Data != "Hello" || b.Html.Data != "<p>Hello</p>" || b.Html.Charset != "UTF-8" {
		t.Errorf("body %+v", b)
	}
}
