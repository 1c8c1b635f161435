package ses

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/sesv2"

	"liuke/shared/channel"
	"liuke/shared/fault"
)

// Quota is what the account may send in the region, and has sent.
type Quota struct {
	PerSecond float64 // mails a second
	PerDay    float64 // mails in any 24 hours; negative for no limit
	Sent      float64 // mails in the last 24 hours
}

// Quota asks SES (GetAccount) for the account's quota, once: the call is allowed once a second and account. It returns
// Unavailable where SES does not say.
func (c *Channel) Quota(ctx context.Context) (Quota, error) {
	ctx, cancel := context.WithTimeout(ctx, channel.Timeout)
	defer cancel()
	out, err := (*sesv2.Client)(c.client).GetAccount(ctx, &sesv2.GetAccountInput{})
	if err != nil {
		return Quota{}, fault.As(err, fault.Unavailable, "SES does not tell the sending quota")
	}
	if out.SendQuota == nil {
		return Quota{}, fault.New(fault.Unavailable, "SES tells no sending quota")
	}
	q := out.SendQuota
	return Quota{PerSecond: q.MaxSendRate, PerDay: q.Max24HourSend, Sent: q.SentLast24Hours}, nil
}
