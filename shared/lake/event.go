package lake

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"liuke/shared/customer"
	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/lake/line"
)

const gzipType = "application/gzip"

// PutSealed writes events as compressed NDJSON, a line an event in the form of package line, keys[i] sealing events[i]:
// one object for each UTC hour in which any was received, which for a batch is one as a rule. The same events in any
// order make the same objects. No events make none.
func (l *Lake) PutSealed(ctx context.Context, events []event.Event, keys []customer.Key) error {
	return putLines(ctx, l, eventsFolder, events,
		func(i int) ([]byte, error) { return line.Seal(&events[i], keys[i]) },
		func(e *event.Event) time.Time { return e.Received })
}

// PutRejected writes what was refused, with the reasons, as compressed NDJSON, a line an event in event.Rejected's form,
// one object for each UTC hour in which any was received.
func (l *Lake) PutRejected(ctx context.Context, rejected []event.Rejected) error {
	return putLines(ctx, l, rejectedFolder, rejected,
		func(i int) ([]byte, error) { return json.Marshal(&rejected[i]) },
		func(r *event.Rejected) time.Time { return r.Received })
}

func putLines[T any](ctx context.Context, l *Lake, folder string, values []T, encode func(i int) ([]byte, error), received func(*T) time.Time) error {
	hours := map[string][][]byte{}
	for i := range values {
		raw, err := encode(i)
		if err != nil {
			return fault.As(err, fault.Internal, "an event cannot be encoded")
		}
		at := folder + received(&values[i]).UTC().Format(hourLayout)
		hours[at] = append(hours[at], raw)
	}
	for _, at := range slices.Sorted(maps.Keys(hours)) {
		slices.SortFunc(hours[at], bytes.Compare)
		name, object, err := compress(slices.Values(hours[at]))
		if err != nil {
			return err
		}
		if err := l.Put(ctx, at+name, gzipType, object); err != nil {
			return err
		}
	}
	return nil
}

// compress makes an object of lines and names it by a hash of them.
func compress(lines func(yield func([]byte) bool)) (name string, object []byte, err error) {
	hash := sha256.New()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	for raw := range lines {
		for _, piece := range [2][]byte{raw, []byte("\n")} {
			hash.Write(piece)
			if _, err := z.Write(piece); err != nil {
				return "", nil, fault.As(err, fault.Internal, "the events cannot be compressed")
			}
		}
	}
	if err := z.Close(); err != nil {
		return "", nil, fault.As(err, fault.Internal, "the events cannot be compressed")
	}
	return hex.EncodeToString(hash.Sum(nil)[:16]) + suffix, out.Bytes(), nil
}
