// Package ses sends e-mail through Amazon SES (API v2). Mail has a text and an HTML part, the headers for one-click
// unsubscribing (RFC 8058), and the message tag liuke_entry by which SES's events find their ledger entry.
package ses

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"liuke/shared/channel"
	"liuke/shared/channel/internal/answer"
	"liuke/shared/channel/internal/check"
	"liuke/shared/channel/ses/receipt"
)

// Timeout is how long a send waits for SES's answer.
const Timeout = channel.Timeout

const utf8 = "UTF-8"

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
	if reason := check.Mail(m); reason != "" {
		return "", check.Refuse(reason)
	}
	if err := check.Begin(ctx); err != nil {
		return "", err
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
		return "", answer.Classify(err, codes)
	}
	if aws.ToString(out.MessageId) == "" {
		return "", &channel.Error{Outcome: channel.Unknown, Reason: "no_message_id"}
	}
	return *out.MessageId, nil
}

// headers are those for unsubscribing.
func headers(m channel.Message) (out []types.MessageHeader) {
	for _, h := range check.Unsubscribe(m) {
		out = append(out, types.MessageHeader{Name: &h.Name, Value: &h.Value})
	}
	return out
}

// codes are what SES says of a message. What is wrong with the account or its identities is Blocked: every message would
// meet the same.
var codes = answer.Codes{
	"LimitExceededException":             channel.Throttled,
	"AccountSuspendedException":          channel.Blocked,
	"SendingPausedException":             channel.Blocked,
	"MailFromDomainNotVerifiedException": channel.Blocked,
	"NotFoundException":                  channel.Blocked,
}
