// Package ses sends e-mail through Amazon SES (API v2). Mail has a text and an HTML part, the headers for one-click
// unsubscribing (RFC 8058), and the message tag liuke_entry by which SES's events find their ledger entry.
package ses

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/mail"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/aws/smithy-go"

	"liuke/shared/channel"
	"liuke/shared/channel/ses/receipt"
)

// Timeout is how long a send waits for SES's answer.
const Timeout = 10 * time.Second

const (
	maxTag     = 256 // characters of a message tag's value
	maxHeader  = 870 // characters of a header's value that SES takes
	maxSubject = 500
	utf8       = "UTF-8"
)

// client is SES's under a name without methods, so that a program that looks methods up by their names does not keep
// all of the service's operations.
type client sesv2.Client

// Channel sends from one address through one configuration set. It is safe for concurrent use.
type Channel struct {
	client        *client
	from          string
	configuration string
}

var _ channel.Channel = (*Channel)(nil)

// New returns a channel that sends from the address ("Shop <hello@example.com>" or bare). The SDK's retries are off.
func New(cfg aws.Config, from, configurationSet string, options ...func(*sesv2.Options)) *Channel {
	once := func(o *sesv2.Options) { o.Retryer = aws.NopRetryer{} }
	return &Channel{
		client:        (*client)(sesv2.NewFromConfig(cfg, append(options[:len(options):len(options)], once)...)),
		from:          from,
		configuration: configurationSet,
	}
}

// Send implements channel.Channel.
func (c *Channel) Send(ctx context.Context, m channel.Message) (string, error) {
	if reason := check(m); reason != "" {
		return "", &channel.Error{Outcome: channel.Refused, Reason: reason}
	}
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	out, err := (*sesv2.Client)(c.client).SendEmail(ctx, &sesv2.SendEmailInput{
		FromEmailAddress:     &c.from,
		Destination:          &types.Destination{ToAddresses: []string{m.To}},
		ConfigurationSetName: &c.configuration,
		EmailTags:            []types.MessageTag{{Name: aws.String(receipt.EntryTag), Value: &m.Ledger}},
		Content: &types.EmailContent{Simple: &types.Message{
			Subject: &types.Content{Data: &m.Subject, Charset: aws.String(utf8)},
			Body: &types.Body{
				Text: &types.Content{Data: &m.Text, Charset: aws.String(utf8)},
				Html: &types.Content{Data: &m.HTML, Charset: aws.String(utf8)},
			},
			Headers: headers(m),
		}},
	})
	if err != nil {
		return "", classify(err)
	}
	if aws.ToString(out.MessageId) == "" {
		return "", &channel.Error{Outcome: channel.Unknown, Reason: "no_message_id"}
	}
	return *out.MessageId, nil
}

// headers are those of RFC 8058, section 3.1: the URL takes a POST with the body List-Unsubscribe=One-Click.
func headers(m channel.Message) []types.MessageHeader {
	if m.Unsubscribe == "" {
		return nil
	}
	return []types.MessageHeader{
		{Name: aws.String("List-Unsubscribe"), Value: aws.String("<" + m.Unsubscribe + ">")},
		{Name: aws.String("List-Unsubscribe-Post"), Value: aws.String("List-Unsubscribe=One-Click")},
	}
}

// check returns why a message is not fit to be sent, "" where it is. Nothing that could begin another header passes.
func check(m channel.Message) string {
	parsed, err := mail.ParseAddress(m.To)
	switch {
	case err != nil || parsed.Address != m.To || strings.ContainsFunc(m.To, unicode.IsControl):
		return "bad_address"
	case m.Subject == "" || len([]rune(m.Subject)) > maxSubject || strings.ContainsFunc(m.Subject, unicode.IsControl):
		return "bad_subject"
	case m.Text == "" || m.HTML == "":
		return "no_content"
	case m.Unsubscribe != "" && !linkable(m.Unsubscribe):
		return "bad_unsubscribe_link"
	case m.Ledger == "" || len(m.Ledger) > maxTag || strings.ContainsFunc(m.Ledger, notTag):
		return "bad_ledger_id"
	}
	return ""
}

func linkable(link string) bool {
	u, err := url.Parse(link)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && len(link)+2 <= maxHeader &&
		!strings.ContainsFunc(link, func(r rune) bool { return r <= ' ' || r > '~' || r == '<' || r == '>' })
}

func notTag(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-')
}

// classify says what a failed call leaves behind. Only an answer of SES with a 4xx status, or a connection that never
// came about, shows that the message was not taken.
func classify(err error) error {
	e := &channel.Error{Outcome: channel.Unknown, Reason: "no_answer", Err: err}
	var api smithy.APIError
	if errors.As(err, &api) {
		e.Reason = api.ErrorCode()
	}
	var response interface{ HTTPStatusCode() int }
	var dial *net.OpError
	switch {
	case errors.As(err, &response) && response.HTTPStatusCode() != 0:
		e.Outcome = outcome(response.HTTPStatusCode(), e.Reason)
	case errors.As(err, &dial) && dial.Op == "dial":
		e.Outcome, e.Reason = channel.Throttled, "unreachable"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		e.Reason = "timeout"
	}
	return e
}

// outcome reads SES's answer. What is wrong with the account, its permissions or its identities is Blocked: every
// message would meet the same.
func outcome(status int, code string) channel.Outcome {
	switch code {
	case "TooManyRequestsException", "LimitExceededException", "ThrottlingException", "Throttling":
		if status < http.StatusInternalServerError {
			return channel.Throttled
		}
	case "AccountSuspendedException", "SendingPausedException", "MailFromDomainNotVerifiedException", "NotFoundException":
		return channel.Blocked
	}
	switch {
	case status == http.StatusTooManyRequests:
		return channel.Throttled
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusNotFound:
		return channel.Blocked
	case status >= http.StatusBadRequest && status < http.StatusInternalServerError:
		return channel.Refused
	default: // 5xx, or a success whose body could not be read
		return channel.Unknown
	}
}
