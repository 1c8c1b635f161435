package archive

import (
	"context"
	"time"

	"liuke/shared/clock"
	"liuke/shared/customer"
)

// Store keeps the records of jobs.
type Store interface {
	// BeginReplay writes a replay's record. It returns a Conflict where there is one of that id.
	BeginReplay(ctx context.Context, r *ReplayRecord) error
	// Export reads the record of a customer's latest export; NotFound where there is none.
	Export(ctx context.Context, id customer.ID) (*ExportRecord, error)
	// PutExport writes it, over the one before.
	PutExport(ctx context.Context, id customer.ID, r *ExportRecord) error
}

// Queue takes messages.
type Queue interface {
	SendArchive(ctx context.Context, messages ...Message) error
}

// Planner starts what is asked for.
type Planner struct {
	Store Store
	Queue Queue
	Now   clock.Now
}

// Replay starts a replay and returns its record. It returns an Invalid error where the range is wrong. Where it returns
// another error, the replay may or may not have begun; beginning another does no harm.
func (p *Planner) Replay(ctx context.Context, r ReplayRequest) (*ReplayRecord, error) {
	now := p.Now().UTC()
	if err := r.check(now); err != nil {
		return nil, err
	}
	record := &ReplayRecord{ID: now.Format(idLayout), Request: r, Started: now.Truncate(time.Millisecond)}
	if err := p.Store.BeginReplay(ctx, record); err != nil {
		return nil, err
	}
	return record, p.Queue.SendArchive(ctx, Message{Task: Replay, Job: record.ID})
}

// idLayout makes an id of the moment at which a job starts.
const idLayout = "20060102T150405.000Z"

// IsReplayID reports whether a text may be the id of a replay.
func IsReplayID(id string) bool {
	_, err := time.Parse(idLayout, id)
	return err == nil
}

// Erase has a customer erased, for good, with all whom it absorbed.
func (p *Planner) Erase(ctx context.Context, id customer.ID) error {
	return p.Queue.SendArchive(ctx, Message{Task: Erase, Customer: id})
}

// CompactDays has each of the days compacted.
func CompactDays(ctx context.Context, q Queue, days []time.Time) error {
	messages := make([]Message, len(days))
	for i, d := range days {
		messages[i] = Message{Task: Compact, Day: DayOf(d)}
	}
	return q.SendArchive(ctx, messages...)
}
