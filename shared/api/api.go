// Package api is what the suite's HTTP functions share: reading a request of an API Gateway HTTP API (payload 2.0)
// within limits, and answering it. Errors are RFC 9457 problems with a stable type; none repeats personal data, a key
// or an internal message.
package api

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"liuke/shared/fault"
)

// Request and Response are the events of an HTTP API with payload format 2.0.
type (
	Request  = events.APIGatewayV2HTTPRequest
	Response = events.APIGatewayV2HTTPResponse
)

// Problem is an RFC 9457 problem. Type is "urn:liuke:problem:" with the fault's code.
type Problem struct {
	Type    string `json:"type"`
	Title   string `json:"title"`
	Status  int    `json:"status"`
	Detail  string `json:"detail,omitempty"`
	Pointer string `json:"pointer,omitempty"` // JSON pointer of the offending field
}

var status = map[fault.Code]int{
	fault.Invalid:      http.StatusBadRequest,
	fault.Unauthorized: http.StatusUnauthorized,
	fault.NotFound:     http.StatusNotFound,
	fault.Conflict:     http.StatusConflict,
	fault.Gone:         http.StatusGone,
	fault.TooLarge:     http.StatusRequestEntityTooLarge,
	fault.Unsupported:  http.StatusUnsupportedMediaType,
	fault.Throttled:    http.StatusTooManyRequests,
	fault.Unavailable:  http.StatusServiceUnavailable,
	fault.Internal:     http.StatusInternalServerError,
}

// Status returns the HTTP status of a code.
func Status(code fault.Code) int {
	if s, ok := status[code]; ok {
		return s
	}
	return http.StatusInternalServerError
}

// Error answers with the problem that err is. What is Internal is answered without its message.
func Error(err error) Response {
	p := ProblemOf(err)
	r := JSON(p.Status, p)
	r.Headers["content-type"] = "application/problem+json"
	switch p.Status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		r.Headers["retry-after"] = "5"
	case http.StatusUnsupportedMediaType:
		r.Headers["accept-encoding"] = "gzip" // RFC 7694: what a body may be encoded with
	}
	return r
}

// ProblemOf returns the problem that err is.
func ProblemOf(err error) Problem {
	code := fault.CodeOf(err)
	p := Problem{Type: "urn:liuke:problem:" + string(code), Status: Status(code), Title: http.StatusText(Status(code))}
	if e, ok := asFault(err); ok && code != fault.Internal {
		p.Detail, p.Pointer = e.Message, e.Pointer
	}
	return p
}

func asFault(err error) (*fault.Error, bool) {
	for err != nil {
		if e, ok := err.(*fault.Error); ok {
			return e, true
		}
		u, ok := err.(interface{ Unwrap() error })
		if !ok {
			return nil, false
		}
		err = u.Unwrap()
	}
	return nil, false
}

// JSON answers with a value as JSON.
func JSON(status int, v any) Response {
	body, err := json.Marshal(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"type":"urn:liuke:problem:internal","status":500}`)
	}
	return Response{StatusCode: status, Headers: headers("application/json"), Body: string(body)}
}

// HTML answers with a page that loads nothing and runs nothing.
func HTML(status int, page string) Response {
	h := headers("text/html; charset=utf-8")
	h["content-security-policy"] = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
	h["referrer-policy"] = "no-referrer"
	return Response{StatusCode: status, Headers: h, Body: page}
}

// Redirect answers 303 See Other.
func Redirect(location string) Response {
	h := headers("text/plain; charset=utf-8")
	h["location"] = location
	return Response{StatusCode: http.StatusSeeOther, Headers: h}
}

func headers(contentType string) map[string]string {
	return map[string]string{
		"content-type":           contentType,
		"cache-control":          "no-store",
		"x-content-type-options": "nosniff",
	}
}

// Header returns a request's header by its lower-case name, "" where it is absent.
func Header(r *Request, name string) string {
	if v, ok := r.Headers[name]; ok {
		return v
	}
	for k, v := range r.Headers { // sample events and other gateways keep the client's case
		if strings.EqualFold(k, name) {
			return v
		}
	}
	return ""
}
