package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"

	"liuke/shared/channel"
	"liuke/shared/channel/internal/answer"
)

// read says what a receiver's answer means; nil for a message that was taken.
func read(by Answer, r *http.Response) *channel.Error {
	switch status := r.StatusCode; {
	case status >= http.StatusOK && status < http.StatusMultipleChoices && by == ByErrcode:
		return readErrcode(io.LimitReader(r.Body, maxAnswer))
	case status >= http.StatusOK && status < http.StatusMultipleChoices:
		return nil
	default:
		return &channel.Error{Outcome: ofStatus(status), Reason: answer.Status(status)}
	}
}

// ofStatus is what a status that is no success says. A receiver that is elsewhere, gone, or does not know the sender needs
// a person; one that answers 5xx may have taken the message first.
func ofStatus(status int) channel.Outcome {
	switch {
	case status >= http.StatusInternalServerError || status < http.StatusOK:
		return channel.Unknown
	case status < http.StatusBadRequest: // a redirect, which is not followed
		return channel.Blocked
	}
	switch status {
	case http.StatusTooManyRequests, http.StatusRequestTimeout, http.StatusTooEarly:
		return channel.Throttled
	case http.StatusUnauthorized, http.StatusPaymentRequired, http.StatusForbidden, http.StatusNotFound,
		http.StatusMethodNotAllowed, http.StatusGone:
		return channel.Blocked
	}
	return channel.Refused
}

// errcodes are what group bots answer with, where that is more than a refusal of the one message.
var errcodes = map[int64]channel.Outcome{
	-1:     channel.Unknown,   // WeCom: the system is busy, which is an internal error
	45009:  channel.Throttled, // WeCom: more than 20 messages a minute
	45033:  channel.Throttled, // WeCom: too many calls at once
	130101: channel.Throttled, // DingTalk: more than 20 messages a minute
	410100: channel.Throttled, // DingTalk: the same
	93000:  channel.Blocked,   // WeCom: the bot's URL is wrong, or it was taken out of its group
	300001: channel.Blocked,   // DingTalk: the same
}

func readErrcode(body io.Reader) *channel.Error {
	raw, err := io.ReadAll(body)
	if err != nil {
		return brokenOff(err)
	}
	var said struct {
		Errcode *int64 `json:"errcode"`
	}
	if err := json.Unmarshal(raw, &said); err != nil || said.Errcode == nil {
		return &channel.Error{Outcome: channel.Unknown, Reason: "no_errcode"}
	}
	if *said.Errcode == 0 {
		return nil
	}
	outcome, ok := errcodes[*said.Errcode]
	if !ok {
		outcome = channel.Refused
	}
	return &channel.Error{Outcome: outcome, Reason: "errcode_" + strconv.FormatInt(*said.Errcode, 10)}
}

// brokenOff says what an answer leaves behind that could not be read to its end.
func brokenOff(err error) *channel.Error {
	e := &channel.Error{Outcome: channel.Unknown, Reason: "no_answer", Err: err}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		e.Reason = "timeout"
	}
	return e
}
