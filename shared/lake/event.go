package lake

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"liuke/shared/event"
	"liuke/shared/fault"
)

const gzipType = "application/gzip"

// PutEvents writes a batch of events as one object of compressed NDJSON, a line an event in event.Event's form, under
// the hour in which the last of them was received. The same events in any order make the same object. No events make
// none.
func (l *Lake) PutEvents(ctx context.Context, events []event.Event) error {
	return putLines(ctx, l, "events", events, func(e *event.Event) time.Time { return e.Received })
}

// PutRejected writes what was refused, with the reasons, as one object of compressed NDJSON, a line an event in
// event.Rejected's form.
func (l *Lake) PutRejected(ctx context.Context, rejected []event.Rejected) error {
	return putLines(ctx, l, "rejected", rejected, func(r *event.Rejected) time.Time { return r.Received })
}

func putLines[T any](ctx context.Context, l *Lake, folder string, values []T, received func(*T) time.Time) error {
	if len(values) == 0 {
		return nil
	}
	lines := make([][]byte, len(values))
	var last time.Time
	for i := range values {
		line, err := json.Marshal(&values[i])
		if err != nil {
			return fault.As(err, fault.Internal, "an event cannot be encoded")
		}
		lines[i] = append(line, '\n')
		if t := received(&values[i]); t.After(last) {
			last = t
		}
	}
	slices.SortFunc(lines, bytes.Compare)
	hash := sha256.New()
	var object bytes.Buffer
	z := gzip.NewWriter(&object)
	for _, line := range lines {
		hash.Write(line)
		if _, err := z.Write(line); err != nil {
			return fault.As(err, fault.Internal, "the events cannot be compressed")
		}
	}
	if err := z.Close(); err != nil {
		return fault.As(err, fault.Internal, "the events cannot be compressed")
	}
	key := folder + last.UTC().Format("/2006/01/02/15/") + hex.EncodeToString(hash.Sum(nil)[:16]) + ".ndjson.gz"
	return l.Put(ctx, key, gzipType, object.Bytes())
}
