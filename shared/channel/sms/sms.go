// Package sms sends text messages through AWS End User Messaging (SMS and voice, version 2). The ledger's id travels in
// the message's context, which comes back with each of its events (package receipt).
package sms

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/pinpointsmsvoicev2"
	"github.com/aws/aws-sdk-go-v2/service/pinpointsmsvoicev2/types"

	"liuke/shared/channel"
	"liuke/shared/channel/internal/answer"
	"liuke/shared/channel/internal/check"
	"liuke/shared/channel/sms/receipt"
	"liuke/shared/fault"
	"liuke/shared/sms"
)

// What the service takes.
const (
	minTTL   = 5 * time.Second
	maxTTL   = 72 * time.Hour
	priceTic = sms.Price(10)          // a MaxPrice has five decimals
	priceEnd = sms.Price(100_000_000) // and two digits before them
)

// Config says how messages are sent.
type Config struct {
	// Origination is the phone number, sender id or pool to send from: its id or ARN, or a number in E.164. "" lets the
	// service choose among the account's.
	Origination string
	// Transactional is the one for transactional messages; "" for Origination. A number that is registered for one
	// kind of messages doesn't send the other.
	Transactional string
	// ConfigurationSet is the name of the one whose event destination brings the receipts.
	ConfigurationSet string
	// MaxPrice is what one message may cost, all its segments together: dearer ones are refused. From 0.00001 to less
	// than 100 dollars; 0 for no limit.
	MaxPrice sms.Price
	// TimeToLive is how long the service tries to hand a message to the carrier: 5 seconds to 72 hours; 0 for 72 hours.
	TimeToLive time.Duration
	// MaxSegments is how many segments a message may make; 0 for as many as 1,600 characters do.
	MaxSegments int
	// DryRun has messages checked and not sent.
	DryRun bool
}

// validate returns an Invalid error for what the service would refuse with every message.
func (c Config) validate() error {
	switch {
	case c.TimeToLive != 0 && (c.TimeToLive < minTTL || c.TimeToLive > maxTTL):
		return fault.New(fault.Invalid, "an SMS lives from 5 seconds to 72 hours, not %s", c.TimeToLive)
	case c.MaxPrice != 0 && (c.MaxPrice < priceTic || c.MaxPrice >= priceEnd):
		return fault.New(fault.Invalid, "the price of an SMS is limited to 0.00001 dollars at least and to less than 100, not to %s", c.MaxPrice)
	case c.MaxSegments < 0:
		return fault.New(fault.Invalid, "the segments of an SMS are limited to 1 at least, not to %d", c.MaxSegments)
	}
	return nil
}

// client is the service's under a name without methods, so that a program that looks methods up by their names does not
// keep all of its operations.
type client pinpointsmsvoicev2.Client

// Channel sends SMS. It is safe for concurrent use.
type Channel struct {
	client *client
	config Config
}

var _ channel.Channel = (*Channel)(nil)

// New returns a channel. The SDK's retries are off. It returns an Invalid error for a configuration that the service
// would never take.
func New(cfg aws.Config, c Config, options ...func(*pinpointsmsvoicev2.Options)) (*Channel, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	once := func(o *pinpointsmsvoicev2.Options) { o.Retryer = aws.NopRetryer{} }
	sender := pinpointsmsvoicev2.NewFromConfig(cfg, append(options[:len(options):len(options)], once)...)
	return &Channel{client: (*client)(sender), config: c}, nil
}

// Send implements channel.Channel. A message has a number in E.164 ("+4915112345678") and a text.
func (c *Channel) Send(ctx context.Context, m channel.Message) (string, error) {
	m.Text = strings.TrimSpace(m.Text)
	if reason := c.check(m); reason != "" {
		return "", check.Refuse(reason)
	}
	if err := check.Begin(ctx); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, channel.Timeout)
	defer cancel()
	out, err := (*pinpointsmsvoicev2.Client)(c.client).SendTextMessage(ctx, c.input(m))
	if err != nil {
		return "", classify(err)
	}
	if aws.ToString(out.MessageId) == "" {
		return "", &channel.Error{Outcome: channel.Unknown, Reason: "no_message_id"}
	}
	return *out.MessageId, nil
}

func (c *Channel) input(m channel.Message) *pinpointsmsvoicev2.SendTextMessageInput {
	in := &pinpointsmsvoicev2.SendTextMessageInput{
		DestinationPhoneNumber: &m.To,
		MessageBody:            &m.Text,
		MessageType:            types.MessageTypePromotional,
		OriginationIdentity:    optional(c.config.Origination),
		ConfigurationSetName:   optional(c.config.ConfigurationSet),
		Context:                map[string]string{receipt.EntryKey: m.Ledger},
		DryRun:                 c.config.DryRun,
	}
	if m.Transactional {
		in.MessageType = types.MessageTypeTransactional
		if c.config.Transactional != "" {
			in.OriginationIdentity = &c.config.Transactional
		}
	}
	if p := c.config.MaxPrice / priceTic; p > 0 {
		in.MaxPrice = aws.String(fmt.Sprintf("%d.%05d", p/100_000, p%100_000))
	}
	if c.config.TimeToLive > 0 {
		in.TimeToLive = aws.Int32(int32(c.config.TimeToLive / time.Second))
	}
	return in
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// check returns why a message is not fit to be sent, "" where it is.
func (c *Channel) check(m channel.Message) string {
	if reason := sms.Unfit(m.To, m.Text, c.config.MaxSegments); reason != "" {
		return reason
	}
	return check.Ledger(m.Ledger)
}

// codes are what the service says by its errors' names.
var codes = answer.Codes{
	"ResourceNotFoundException":     channel.Blocked,
	"ServiceQuotaExceededException": channel.Blocked, // among them the month's spending limit
}

// reasons are what it says by the reason of a conflict or of what it did not find valid, where that is more than a refusal
// of the one message: something about the account or what it sends from.
var reasons = map[string]channel.Outcome{
	string(types.ConflictExceptionReasonResourceNotActive):                 channel.Blocked,
	string(types.ConflictExceptionReasonMessageTypeMismatch):               channel.Blocked,
	string(types.ConflictExceptionReasonNumberCapabilitiesMismatch):        channel.Blocked,
	string(types.ConflictExceptionReasonRegistrationNotComplete):           channel.Blocked,
	string(types.ConflictExceptionReasonDestinationPhoneNumberNotVerified): channel.Blocked, // the account is in the sandbox
	string(types.ValidationExceptionReasonChannelNotEnabled):               channel.Blocked,
	string(types.ValidationExceptionReasonInvalidArn):                      channel.Blocked,
	string(types.ValidationExceptionReasonResourceNotAccessible):           channel.Blocked,
	string(types.AccessDeniedExceptionReasonAccountDisabled):               channel.Blocked,
}

func classify(err error) error {
	e := answer.Classify(err, codes)
	reason := reasonOf(err)
	if reason == "" || e.Outcome == channel.Unknown {
		return e
	}
	e.Reason = reason
	if out, ok := reasons[reason]; ok {
		e.Outcome = out
	}
	e.Suppress = reason == string(types.ConflictExceptionReasonDestinationPhoneNumberOptedOut)
	return e
}

// reasonOf returns the reason in an error of the service, "" where it gives none.
func reasonOf(err error) string {
	var conflict *types.ConflictException
	var invalid *types.ValidationException
	var quota *types.ServiceQuotaExceededException
	var denied *types.AccessDeniedException
	switch {
	case errors.As(err, &conflict):
		return string(conflict.Reason)
	case errors.As(err, &invalid):
		return string(invalid.Reason)
	case errors.As(err, &quota):
		return string(quota.Reason)
	case errors.As(err, &denied):
		return string(denied.Reason)
	}
	return ""
}
