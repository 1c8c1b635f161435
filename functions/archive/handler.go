package main

import (
	"context"
	"encoding/json"
	"iter"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"liuke/shared/archive"
	"liuke/shared/batch"
	"liuke/shared/clock"
	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/lake"
	"liuke/shared/lake/line"
	"liuke/shared/telemetry"
)

// Store keeps customers' keys and the records of jobs. See package dynamo for each.
type Store interface {
	Keys(ctx context.Context, pseudonyms []string) (map[string]customer.Key, error)
	Replay(ctx context.Context, id string) (*archive.ReplayRecord, error)
	FinishReplayDay(ctx context.Context, id string, day archive.Day, count archive.Count, at time.Time) error
	Person
}

// Lake keeps events. See package lake for each.
type Lake interface {
	CompactedDays(ctx context.Context) ([]time.Time, error)
	PendingDays(ctx context.Context, before time.Time) ([]time.Time, error)
	Pending(ctx context.Context, day time.Time) ([]lake.Object, error)
	Compacted(ctx context.Context, day time.Time) ([]lake.Object, error)
	Lines(ctx context.Context, o lake.Object) iter.Seq2[line.Entry, error]
	Entries(ctx context.Context, o lake.Object) (entries []line.Entry, size int, err error)
	Digits(ctx context.Context, day time.Time, size int64) (int, error)
	PutPart(ctx context.Context, day time.Time, shard lake.Shard, lines []line.Entry) error
	MergeShard(ctx context.Context, day time.Time, shard lake.Shard, lines []line.Entry) (fresh int, err error)
	Get(ctx context.Context, key string) ([]byte, error)
	Put(ctx context.Context, key, contentType string, body []byte) error
	PutStream(ctx context.Context, key, contentType string, chunks iter.Seq2[[]byte, error]) error
	Delete(ctx context.Context, keys ...string) error
}

// Queue is the archive's own.
type Queue interface {
	archive.Queue
	batch.Sender
}

// Props are what a Handler is made of.
type Props struct {
	Store   Store
	Lake    Lake
	Archive Queue
	Events  batch.Sender // what profile folds
	Now     clock.Now
	// Left tells how long an invocation may still run; nil reads the context's deadline.
	Left func(ctx context.Context) time.Duration
	// BatchBytes is about how many bytes of lines a worker holds in memory at a time; 0 is 96 MB.
	BatchBytes int
	Counter    *telemetry.Counter
	Log        *slog.Logger
}

// Handler works on the archive.
type Handler struct {
	Props
	runner batch.Runner[archive.Message]
}

const (
	defaultBatchBytes = 96 << 20
	// margin is how long before its end an invocation begins nothing more: what takes longest is to rewrite a full shard.
	margin = 35 * time.Second
)

// NewHandler returns a handler.
func NewHandler(p Props) *Handler {
	if p.BatchBytes == 0 {
		p.BatchBytes = defaultBatchBytes
	}
	if p.Left == nil {
		p.Left = untilDeadline
	}
	h := &Handler{Props: p}
	h.runner = batch.Runner[archive.Message]{Decode: decode, Encode: encode, Handle: h.work, Back: p.Archive, Log: p.Log}
	return h
}

// untilDeadline is the time until the context's deadline: the machine's, whatever the suite's clock says.
func untilDeadline(ctx context.Context) time.Duration {
	if deadline, ok := ctx.Deadline(); ok {
		return time.Until(deadline)
	}
	return time.Hour
}

// trigger is either of what invokes the function.
type trigger struct {
	Records     json.RawMessage `json:"Records"`
	Schedule    string          `json:"schedule"`
	ScheduledAt time.Time       `json:"scheduled_at"`
}

// Handle works on a batch of messages, or, as the schedule asks, has every day compacted that is over and is not yet.
func (h *Handler) Handle(ctx context.Context, raw json.RawMessage) (any, error) {
	var t trigger
	if err := json.Unmarshal(raw, &t); err != nil {
		return nil, fault.As(err, fault.Invalid, "the event is neither a batch nor a schedule's")
	}
	if t.Records != nil {
		var in events.SQSEvent
		if err := json.Unmarshal(raw, &in); err != nil {
			return nil, fault.As(err, fault.Invalid, "the batch is not SQS's")
		}
		return h.runner.Run(ctx, in)
	}
	if t.Schedule != "compact" || t.ScheduledAt.IsZero() {
		return nil, fault.New(fault.Invalid, "the schedule is not this function's, or names no time")
	}
	days, err := h.Lake.PendingDays(ctx, t.ScheduledAt)
	if err != nil {
		return nil, err
	}
	return nil, archive.CompactDays(ctx, h.Archive, days)
}

func decode(body string) ([]archive.Message, error) {
	var m archive.Message
	if json.Unmarshal([]byte(body), &m) != nil {
		return nil, fault.New(fault.Invalid, "the message is none of the archive's") // the cause may quote it
	}
	return []archive.Message{m}, nil
}

func encode(m archive.Message, _ string) (string, error) {
	body, err := json.Marshal(m)
	return string(body), err
}

// work works on messages one after the other. A message tells how far its work is, which is what is sent back where it
// does not come to its end.
func (h *Handler) work(ctx context.Context, messages []archive.Message) []error {
	errs := make([]error, len(messages))
	for i := range messages {
		errs[i] = h.task(ctx, &messages[i])
	}
	return errs
}

func (h *Handler) task(ctx context.Context, m *archive.Message) (err error) {
	defer fault.Wrap(&err, "%s", m.Task)
	switch m.Task {
	case archive.Compact:
		return h.compact(ctx, m)
	case archive.Replay:
		return h.replay(ctx, m)
	case archive.Erase:
		return h.erase(ctx, m)
	case archive.Export:
		return h.export(ctx, m)
	}
	return fault.New(fault.Invalid, "there is no such task")
}

// spent reports whether the invocation is too near its end to begin anything; then it has queued the rest.
func (h *Handler) spent(ctx context.Context, m *archive.Message) (bool, error) {
	if h.Left(ctx) >= margin {
		return false, nil
	}
	return true, h.Archive.SendArchive(ctx, *m)
}
