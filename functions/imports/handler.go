package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"liuke/shared/batch"
	"liuke/shared/clock"
	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/importfile"
	"liuke/shared/lake"
	"liuke/shared/message"
	"liuke/shared/survey"
	"liuke/shared/telemetry"
)

// Store keeps imports, surveys and their answers, and which addresses must not be sent to. See package dynamo for each.
type Store interface {
	Import(ctx context.Context, id string) (*importfile.Import, error)
	AdvanceImport(ctx context.Context, before *importfile.Import, step importfile.Step) (*importfile.Import, error)
	Surveys(ctx context.Context) (survey.Catalogue, error)
	Answer(ctx context.Context, c customer.ID, surveyID, invitation string) (*survey.Answer, error)
	PutAnswer(ctx context.Context, before *survey.Answer, after survey.Answer) error
	MarkHours(ctx context.Context, now time.Time, hours ...survey.Hour) error
	Suppress(ctx context.Context, channel message.Channel, address, reason string, since time.Time) error
	Erased(ctx context.Context, id customer.ID) (bool, error)
	Codes
}

// Lake keeps the uploads and the rows that were refused.
type Lake interface {
	ReadPiece(ctx context.Context, key string, from int64, n int) (lake.Piece, error)
	Put(ctx context.Context, key, contentType string, body []byte) error
}

// Props are what a Handler is made of.
type Props struct {
	Store    Store
	Lake     Lake
	Events   batch.Sender        // the events queue
	Imports  batch.Sender        // the function's own queue
	Settings importfile.Settings // but for the surveys, which the store has
	Now      clock.Now
	Worker   func() string // a name that no other invocation has
	// Left tells how long an invocation may still run; nil reads the context's deadline.
	Left func(ctx context.Context) time.Duration
	// StepRows is how many rows make a step; 0 is 10,000.
	StepRows int
	Counter  *telemetry.Counter
	Log      *slog.Logger
}

// Handler works on uploads.
type Handler struct {
	Props
	runner batch.Runner[task]
}

const (
	defaultStepRows = 10_000
	// margin is how long before its end an invocation begins no further step: one takes some seconds.
	margin = 25 * time.Second
)

// NewHandler returns a handler.
func NewHandler(p Props) *Handler {
	if p.StepRows == 0 {
		p.StepRows = defaultStepRows
	}
	if p.Left == nil {
		p.Left = untilDeadline
	}
	h := &Handler{Props: p}
	h.runner = batch.Runner[task]{Decode: decode, Encode: encode, Handle: h.work, Back: p.Imports, Log: p.Log}
	return h
}

// Handle works on one batch and reports what must be delivered again.
func (h *Handler) Handle(ctx context.Context, in events.SQSEvent) (events.SQSEventResponse, error) {
	return h.runner.Run(ctx, in)
}

// untilDeadline is the time until the context's deadline: the machine's, whatever the suite's clock says.
func untilDeadline(ctx context.Context) time.Duration {
	if deadline, ok := ctx.Deadline(); ok {
		return time.Until(deadline)
	}
	return time.Hour
}

// task names an import to go on with; "" none.
type task struct {
	Import string `json:"import"`
}

// decode reads either of what the queue holds: EventBridge's word that an object was created, or our own message. An
// object that is no upload is none of ours.
func decode(body string) ([]task, error) {
	var m struct {
		task
		DetailType string `json:"detail-type"`
		Detail     struct {
			Object struct {
				Key string `json:"key"`
			} `json:"object"`
		} `json:"detail"`
	}
	if err := json.Unmarshal([]byte(body), &m); err != nil {
		return nil, fault.New(fault.Invalid, "the message is no JSON object") // the cause may quote what it read
	}
	switch {
	case m.DetailType == "Object Created":
		m.Import, _ = importfile.IDOf(m.Detail.Object.Key)
	case !importfile.IsID(m.Import):
		return nil, fault.New(fault.Invalid, "the message is neither of an upload nor of an import")
	}
	return []task{m.task}, nil
}

func encode(m task, _ string) (string, error) {
	body, err := json.Marshal(m)
	return string(body), err
}

// work works on imports one after the other.
func (h *Handler) work(ctx context.Context, tasks []task) []error {
	errs := make([]error, len(tasks))
	for i, m := range tasks {
		if m.Import != "" {
			errs[i] = h.goOn(ctx, m.Import)
		}
	}
	return errs
}

// goOn goes on with an import where it stands. What has ended is left alone.
func (h *Handler) goOn(ctx context.Context, id string) (err error) {
	defer fault.Wrap(&err, "import %s", id)
	i, err := h.Store.Import(ctx, id)
	if fault.CodeOf(err) == fault.NotFound {
		return fault.As(err, fault.Invalid, "the upload is of no import")
	}
	if err != nil || i.State.Ended() {
		return err
	}
	w := &worker{Handler: h, name: h.Worker(), standing: i}
	return w.run(ctx)
}
