package archive

import (
	"context"
	"time"

	"liuke/shared/customer"
	"liuke/shared/fault"
)

// ExportRecord is what is kept of a customer's export; there is one a customer, the latest.
type ExportRecord struct {
	ID       string
	Asked    time.Time
	Finished time.Time // the zero time while it is under way
	Object   string    // key in the lake, once finished
}

// How long an export that is finished is given out again, one that is not is waited for, and the record of either is
// kept: as long as its object is.
const (
	exportFresh = time.Hour
	exportLost  = 15 * time.Minute
	ExportKept  = 7 * 24 * time.Hour
)

// Done reports whether the file is there.
func (r *ExportRecord) Done() bool { return !r.Finished.IsZero() }

func (r *ExportRecord) serves(now time.Time) bool {
	if r.Done() {
		return now.Before(r.Finished.Add(exportFresh))
	}
	return now.Before(r.Asked.Add(exportLost))
}

// Export returns the customer's export: one that was finished within the hour, or is under way, or else a new one, which
// it starts. The customer must be known and named by the id that its records stand under.
func (p *Planner) Export(ctx context.Context, id customer.ID) (*ExportRecord, error) {
	now := p.Now().UTC()
	last, err := p.Store.Export(ctx, id)
	switch {
	case err == nil && last.serves(now):
		return last, nil
	case err != nil && fault.CodeOf(err) != fault.NotFound:
		return nil, err
	}
	record := &ExportRecord{ID: now.Format(idLayout), Asked: now.Truncate(time.Millisecond)}
	if err := p.Store.PutExport(ctx, id, record); err != nil {
		return nil, err
	}
	return record, p.Queue.SendArchive(ctx, Message{Task: Export, Job: record.ID, Customer: id})
}
