// Package push sends notifications to phones through Amazon SNS: to one endpoint of a platform application for Apple's
// service (APNs) or Google's (FCM). The app finds the ledger's id among the notification's data, under EntryKey.
package push

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/smithy-go"

	"liuke/shared/channel"
	"liuke/shared/channel/internal/answer"
	"liuke/shared/channel/internal/check"
	"liuke/shared/fault"
	"liuke/shared/push"
)

// Config says how notifications are sent.
type Config struct {
	// TimeToLive is how long the platform keeps a notification for a phone that is off: whole seconds up to 28 days; 0
	// for the platform's own (FCM: 28 days).
	TimeToLive time.Duration
}

// maxTTL is what FCM takes.
const maxTTL = 28 * 24 * time.Hour

// client is SNS's under a name without methods, so that a program that looks methods up by their names does not keep all
// of the service's operations.
type client sns.Client

// Channel sends notifications. It is safe for concurrent use.
type Channel struct {
	client *client
	config Config
}

var _ channel.Channel = (*Channel)(nil)

// New returns a channel. The SDK's retries are off. It returns an Invalid error for a time to live out of its range.
func New(cfg aws.Config, c Config, options ...func(*sns.Options)) (*Channel, error) {
	if c.TimeToLive < 0 || c.TimeToLive > maxTTL || c.TimeToLive%time.Second != 0 {
		return nil, fault.New(fault.Invalid, "a notification lives for whole seconds up to 28 days, not %s", c.TimeToLive)
	}
	once := func(o *sns.Options) { o.Retryer = aws.NopRetryer{} }
	return &Channel{client: (*client)(sns.NewFromConfig(cfg, append(options[:len(options):len(options)], once)...)), config: c}, nil
}

// Send implements channel.Channel. A message has the ARN of an endpoint, a subject as the title, a text as the body, and
// may have data: an object of strings. Together they make 4,096 bytes at most, as the platforms' payload.
func (c *Channel) Send(ctx context.Context, m channel.Message) (string, error) {
	p, reason := push.PlatformOf(m.To)
	if reason == "" {
		reason = check.Ledger(m.Ledger)
	}
	var body string
	if reason == "" {
		body, reason = p.Compose(push.Note{Title: m.Subject, Text: m.Text, Data: m.Data, Entry: m.Ledger})
	}
	if reason != "" {
		return "", check.Refuse(reason)
	}
	if err := check.Begin(ctx); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, channel.Timeout)
	defer cancel()
	out, err := (*sns.Client)(c.client).Publish(ctx, &sns.PublishInput{
		TargetArn: &m.To, Message: &body, MessageStructure: aws.String("json"), MessageAttributes: c.attributes(p),
	})
	if err != nil {
		return "", classify(err)
	}
	if aws.ToString(out.MessageId) == "" {
		return "", &channel.Error{Outcome: channel.Unknown, Reason: "no_message_id"}
	}
	return *out.MessageId, nil
}

func (c *Channel) attributes(p push.Platform) map[string]types.MessageAttributeValue {
	if c.config.TimeToLive == 0 {
		return nil
	}
	return map[string]types.MessageAttributeValue{p.TTL: {
		DataType:    aws.String("String"),
		StringValue: aws.String(strconv.FormatInt(int64(c.config.TimeToLive/time.Second), 10)),
	}}
}

// codes are what SNS says of a message. An endpoint that is disabled or gone is the message's alone; what is wrong with
// the platform application, every message would meet.
var codes = answer.Codes{
	"EndpointDisabled":            channel.Refused,
	"NotFound":                    channel.Refused,
	"PlatformApplicationDisabled": channel.Blocked,
	"InvalidSecurity":             channel.Blocked,
	"KMSOptInRequired":            channel.Blocked,
	"KMSAccessDenied":             channel.Blocked,
	"KMSDisabled":                 channel.Blocked,
	"KMSInvalidState":             channel.Blocked,
	"KMSNotFound":                 channel.Blocked,
	"KMSThrottling":               channel.Throttled,
}

// gone is how SNS words its answer for an endpoint that has been deleted, as InvalidParameter.
const gone = "No endpoint found for the target arn"

func classify(err error) error {
	e := answer.Classify(err, codes)
	var api smithy.APIError
	if e.Outcome != channel.Refused || !errors.As(err, &api) {
		return e
	}
	switch {
	case e.Reason == "EndpointDisabled", e.Reason == "NotFound":
		e.Suppress = true
	case e.Reason == "InvalidParameter" && strings.Contains(api.ErrorMessage(), gone):
		e.Reason, e.Suppress = "NoEndpoint", true
	}
	return e
}
