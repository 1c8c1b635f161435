package webhook

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"liuke/shared/channel"
	"liuke/shared/channel/internal/answer"
	"liuke/shared/channel/internal/check"
)

const (
	// MaxReply is how many bytes a receiver may answer a question with.
	MaxReply = 4 << 10
	// AskTimeout is how long a question waits for its answer at most.
	AskTimeout = 5 * time.Second
)

// Ask posts a question, a JSON object, to the destination of the name as messages are posted, under an id by which the receiver
// knows it again, and returns the reply. There is none (some is false) where the receiver has nothing to say, by status 204.
//
// Every error is a *channel.Error: Refused for a question that the receiver will not answer, Blocked where it answers none until a
// person changes something, a destination that answers by errcode among them; Throttled where it is asked too much; and Unknown where
// it does not answer as it should, be it not at all or at more length than MaxReply. After the last two the question may be asked
// again, for it does nothing to a customer.
func (c *Channel) Ask(ctx context.Context, to, id string, question json.RawMessage) (reply []byte, some bool, err error) {
	m := channel.Message{To: to, Data: question, Ledger: id}
	if reason := fit(m); reason != "" {
		return nil, false, check.Refuse(reason)
	}
	if err := check.Begin(ctx); err != nil {
		return nil, false, err
	}
	ctx, cancel := context.WithTimeout(ctx, AskTimeout)
	defer cancel()
	reply, some, failed := c.ask(ctx, m)
	if failed != nil {
		return nil, false, failed
	}
	return reply, some, nil
}

func (c *Channel) ask(ctx context.Context, m channel.Message) (reply []byte, some bool, failed *channel.Error) {
	d, failed := c.destination(ctx, m.To)
	if failed != nil {
		return nil, false, failed
	}
	if d.Answer != ByStatus {
		return nil, false, &channel.Error{Outcome: channel.Blocked, Reason: "bad_destination"}
	}
	response, failed := c.call(ctx, d, m)
	if failed != nil {
		if failed.Outcome == channel.Throttled { // nobody was there, which is no answer either
			failed.Outcome = channel.Unknown
		}
		return nil, false, failed
	}
	defer response.Body.Close()
	switch status := response.StatusCode; {
	case status == http.StatusNoContent:
		return nil, false, nil
	case status < http.StatusOK || status >= http.StatusMultipleChoices:
		return nil, false, &channel.Error{Outcome: ofStatus(status), Reason: answer.Status(status)}
	}
	reply, err := io.ReadAll(io.LimitReader(response.Body, MaxReply+1))
	switch {
	case err != nil:
		return nil, false, brokenOff(err)
	case len(reply) > MaxReply:
		return nil, false, &channel.Error{Outcome: channel.Unknown, Reason: "reply_too_long"}
	}
	return reply, true, nil
}
