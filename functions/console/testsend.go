package main

import (
	"context"
	"encoding/base32"
	"encoding/json"
	"io"
	"net/http"
	"net/mail"
	"strconv"
	"strings"
	"time"
	"unicode"

	"liuke/shared/api"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/outreach"
	"liuke/shared/push"
	"liuke/shared/queue"
	"liuke/shared/request"
	"liuke/shared/scene"
	"liuke/shared/sms"
)

// testsAMinute is how many messages operators may test with in a minute, each instance of the function counting its own.
const testsAMinute = 5

// testRequest asks for one message to a named address.
type testRequest struct {
	To       string `json:"to"`
	Customer string `json:"customer"`
	Locale   string `json:"locale"`
	Variant  string `json:"variant"`
	Channel  string `json:"channel"`
	Segment  string `json:"segment"`
	Step     int    `json:"step"`
}

// sendTest sends one message of a scene that stands to a named address, marked as a test. It stands in no ledger, counts against no
// limit and is counted by nothing.
func (h *Handler) sendTest(ctx context.Context, r *api.Request) (api.Response, error) {
	body, err := api.Body(r, maxRequestBytes)
	if err != nil {
		return api.Response{}, err
	}
	var in testRequest
	if err := request.Parse(body, &in); err != nil {
		return api.Response{}, err
	}
	stand, err := h.library.Fresh(ctx)
	if err != nil {
		return api.Response{}, err
	}
	w, err := h.word(ctx, stand, pathParameter(r, "id"), &previewRequest{
		Customer: in.Customer, Locale: in.Locale, Variant: in.Variant, Channel: in.Channel, Segment: in.Segment, Step: in.Step,
	})
	switch {
	case err != nil:
		return api.Response{}, err
	case w.missing != "":
		return api.Response{}, fault.New(fault.Conflict, "the message would not be sent: the variable %s has no value", w.missing)
	case w.saying.Channel == message.Task:
		return api.Response{}, fault.At("/channel", "a task reaches no address: look at it by preview")
	}
	if err := h.mayTest(ctx, w.saying.Channel, in.To); err != nil {
		return api.Response{}, err
	}
	id, err := h.queueTest(ctx, &w, in.To)
	if err != nil {
		return api.Response{}, err
	}
	out := api.JSON(http.StatusAccepted, map[string]string{"test_id": id})
	out.Headers["location"] = "/v1/scenes/" + w.scene.ID + "/tests/" + id
	return out, nil
}

// mayTest returns an error where the address cannot be one of the channel's, must not be sent to, or others were tested with just
// now.
func (h *Handler) mayTest(ctx context.Context, channel message.Channel, to string) error {
	if to == "" {
		return fault.At("/to", "to is the address, and is required")
	}
	if !addresses(channel, to) {
		return fault.At("/to", "this is no address of the channel %s", channel)
	}
	suppressed, err := h.store.Suppression(ctx, channel, to)
	if err != nil {
		return err
	}
	if suppressed.Holds() {
		return fault.New(fault.Conflict, "%s: nothing is sent to it, and no test either", saysOfReason(reasonSuppressed, causesOfSuppression(suppressed, channel)))
	}
	if wait := h.tests.Take("", h.now()); wait > 0 {
		return &tooFast{fault.New(fault.Throttled, "at most %d messages are tested with in a minute: try again in %s", testsAMinute, wait.Round(time.Second)), wait}
	}
	return nil
}

// tooFast is the Throttled error of an operator who asks for too many tests, which is nobody's failure.
type tooFast struct {
	error
	wait time.Duration
}

func (e *tooFast) Unwrap() error { return e.error }

// answer says when the next may be asked for.
func (e *tooFast) answer() api.Response {
	out := api.Error(e)
	out.Headers["retry-after"] = strconv.Itoa(int((e.wait + time.Second - 1) / time.Second))
	return out
}

// addresses reports whether a text may be an address of a channel, as the channel itself asks.
func addresses(channel message.Channel, to string) bool {
	switch channel {
	case message.Email:
		parsed, err := mail.ParseAddress(to)
		return err == nil && parsed.Address == to && mailable(to)
	case message.SMS:
		return sms.IsNumber(to)
	case message.Push:
		_, reason := push.PlatformOf(to)
		return reason == ""
	case message.Webhook: // a destination by its name
		return scene.IsDestination(to)
	}
	return false
}

// maxMailAddress is the longest address that mail goes to (RFC 5321, 4.5.3.1.3, without the brackets).
const maxMailAddress = 254

// mailable reports whether mail can go to an address: one in ASCII alone, since no provider takes others, at a domain that has
// a name.
func mailable(to string) bool {
	return len(to) <= maxMailAddress && !strings.HasSuffix(to, "]") && !strings.ContainsFunc(to, func(r rune) bool { return r > unicode.MaxASCII })
}

// testIDBytes is how many bytes a test's id stands for.
const testIDBytes = 16

var testID = base32.StdEncoding.WithPadding(base32.NoPadding)

// queueTest hands a message to dispatch, which keeps what becomes of it. It stands in the body alone.
func (h *Handler) queueTest(ctx context.Context, w *worded, to string) (id string, err error) {
	raw := make([]byte, testIDBytes)
	if _, err := io.ReadFull(h.random, raw); err != nil {
		return "", fault.As(err, fault.Internal, "no id can be made")
	}
	id = strings.ToLower(testID.EncodeToString(raw))
	t := message.Test{
		ID: id, Asked: h.now(), Scene: w.scene.ID, Channel: w.saying.Channel, To: to,
		Subject: w.said.Subject, Title: w.said.Title, Text: w.said.Text, HTML: w.said.HTML, Data: w.said.Data, JSON: w.said.JSON,
		Transactional: w.scene.Kind == scene.Transactional,
	}
	body, err := json.Marshal(message.Job{Test: &t})
	if err != nil {
		return "", fault.As(err, fault.Internal, "the message cannot be encoded")
	}
	if len(body) > queue.MaxBytes {
		return "", fault.New(fault.TooLarge, "the message is over %d bytes", queue.MaxBytes)
	}
	if err := h.store.PutTest(ctx, t.Record()); err != nil {
		return "", err
	}
	return id, h.messageQueue.Send(ctx, queue.Message{Body: string(body)})
}

// Tests keep what became of the messages that operators test with.
type Tests interface {
	PutTest(ctx context.Context, t message.TestRecord) error
	// Test returns NotFound where nothing is known of it.
	Test(ctx context.Context, id string) (message.TestRecord, error)
}

// errNoTest is of a test that there is not, or not of the scene.
var errNoTest = fault.New(fault.NotFound, "the scene has no such test, or it is over a week old")

// testView says what became of a test.
type testView struct {
	ID        string     `json:"test_id"`
	Scene     string     `json:"scene"`
	Channel   string     `json:"channel"`
	State     string     `json:"state"`
	Provider  string     `json:"provider_id,omitempty"`
	Reason    string     `json:"reason,omitempty"`
	Says      string     `json:"says"`
	AskedAt   time.Time  `json:"asked_at"`
	SettledAt *time.Time `json:"settled_at"` // null while it waits
}

// test shows what became of a test of a scene.
func (h *Handler) test(ctx context.Context, r *api.Request) (api.Response, error) {
	id := pathParameter(r, "test")
	if len(id) != testID.EncodedLen(testIDBytes) {
		return api.Response{}, errNoTest
	}
	t, err := h.store.Test(ctx, id)
	if err != nil {
		return api.Response{}, err
	}
	if t.Scene != pathParameter(r, "id") {
		return api.Response{}, errNoTest
	}
	return api.JSON(http.StatusOK, testView{
		ID: t.ID, Scene: t.Scene, Channel: string(t.Channel), State: string(t.State), Provider: t.Provider, Reason: t.Reason,
		Says: saysOfTest(&t), AskedAt: t.Asked.UTC(), SettledAt: timeOf(t.Settled),
	}), nil
}

func saysOfTest(t *message.TestRecord) string {
	says := outreach.Says(t.Reason)
	if says == "" {
		says = "the provider says " + t.Reason
	}
	switch t.State {
	case message.Sent:
		return "the provider took it"
	case message.Failed:
		return "not sent: " + says
	case message.Unknown:
		return "nobody can tell whether it was sent: " + says
	}
	if t.Reason != "" {
		return "it is tried again: " + says
	}
	return "it is about to be sent"
}
