// Package answer says what a failed call of an AWS service leaves behind: what the clients of SES, End User Messaging
// and SNS have in common. What one service alone says, its channel says first.
package answer

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/aws/smithy-go"

	"liuke/shared/channel"
)

// Codes are the outcomes of a service's own error codes, for answers with a 4xx status.
type Codes map[string]channel.Outcome

// common are the codes that every service may answer with. What is wrong with the caller's credentials or permissions
// is Blocked: every message would meet the same.
var common = Codes{
	"Throttling": channel.Throttled, "ThrottlingException": channel.Throttled, "ThrottledException": channel.Throttled,
	"RequestThrottled": channel.Throttled, "TooManyRequestsException": channel.Throttled,
	"RequestLimitExceeded": channel.Throttled,

	"AccessDenied": channel.Blocked, "AccessDeniedException": channel.Blocked, "AuthorizationError": channel.Blocked,
	"UnrecognizedClientException": channel.Blocked, "InvalidClientTokenId": channel.Blocked,
	"SignatureDoesNotMatch": channel.Blocked, "InvalidSignatureException": channel.Blocked,
	"IncompleteSignature": channel.Blocked, "MissingAuthenticationToken": channel.Blocked, "OptInRequired": channel.Blocked,
	"ExpiredToken": channel.Throttled, "ExpiredTokenException": channel.Throttled, "RequestExpired": channel.Throttled,
}

// Classify returns what a failed call leaves behind. Only an answer of the service with a 4xx status, or a connection
// that never came about, shows that the message was not taken.
func Classify(err error, codes Codes) *channel.Error {
	const none = "no_answer"
	e := &channel.Error{Outcome: channel.Unknown, Reason: none, Err: err}
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorCode() != "" {
		e.Reason = Code(api.ErrorCode())
	}
	var response interface{ HTTPStatusCode() int }
	switch {
	case errors.As(err, &response) && response.HTTPStatusCode() != 0:
		if e.Outcome = outcome(response.HTTPStatusCode(), e.Reason, codes); e.Reason == none {
			e.Reason = Status(response.HTTPStatusCode())
		}
	case NeverConnected(err):
		e.Outcome, e.Reason = channel.Throttled, "unreachable"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		e.Reason = "timeout"
	}
	return e
}

// Status names an answer that has nothing but its status.
func Status(status int) string { return "HTTP_" + strconv.Itoa(status) }

// Code returns what a provider calls an error, where it looks like a code: nothing else of an answer may stand in a
// reason.
func Code(text string) string {
	const most = 80
	odd := func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-' || r == '.')
	}
	if len(text) > most || strings.ContainsFunc(text, odd) {
		return "unreadable_code"
	}
	return text
}

// NeverConnected reports whether a call failed before it had a connection to speak on.
func NeverConnected(err error) bool {
	var dial *net.OpError
	return errors.As(err, &dial) && dial.Op == "dial"
}

func outcome(status int, code string, codes Codes) channel.Outcome {
	if status < http.StatusBadRequest || status >= http.StatusInternalServerError {
		return channel.Unknown // 5xx, or a success whose body could not be read
	}
	if out, ok := codes[code]; ok {
		return out
	}
	if out, ok := common[code]; ok {
		return out
	}
	switch status {
	case http.StatusTooManyRequests:
		return channel.Throttled
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
		return channel.Blocked
	}
	return channel.Refused
}
