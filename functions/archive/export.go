package main

import (
	"bytes"
	"context"
	"encoding/json"
	"iter"
	"slices"
	"sync"
	"time"

	"liuke/shared/archive"
	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/lake"
	"liuke/shared/lake/line"
)

// atOnce is how many objects of the lake an export reads at a time.
const atOnce = 16

// export writes all that is known of a customer into one file: what the tables hold, and every event of the lake. It goes
// through the lake day by day; each invocation leaves the events that it found as a piece, named after its days, and the
// last one puts the pieces together. An export that nobody asks for any more, or of a customer who was erased meanwhile,
// ends without a file.
func (h *Handler) export(ctx context.Context, m *archive.Message) error {
	record, err := h.Store.Export(ctx, m.Customer)
	switch {
	case fault.CodeOf(err) == fault.NotFound, err == nil && (record.ID != m.Job || record.Done()):
		return nil
	case err != nil:
		return err
	}
	rec, err := h.Store.Root(ctx, m.Customer)
	if fault.CodeOf(err) == fault.Gone {
		return nil
	}
	if err != nil {
		return err
	}
	ids, err := h.everyone(ctx, rec.ID, m.Customer)
	if err != nil {
		return err
	}
	x := exporting{Handler: h, message: m, keys: map[string]customer.Key{}, folder: "exports/" + rec.Key.Pseudonym() + "/" + m.Job + "/"}
	if err := x.fetchKeys(ctx, ids); err != nil {
		return err
	}
	rest, err := x.events(ctx)
	if rest || err != nil {
		return err
	}
	return x.finish(ctx, record, &rec, ids)
}

// exporting is an export on its way.
type exporting struct {
	*Handler
	message *archive.Message
	keys    map[string]customer.Key // the customer's, by pseudonym
	folder  string
}

func (x *exporting) fetchKeys(ctx context.Context, ids []customer.ID) error {
	for _, id := range ids {
		rec, err := x.Store.Customer(ctx, id)
		if err != nil {
			return err
		}
		if !rec.Key.IsZero() {
			x.keys[rec.Key.Pseudonym()] = rec.Key
		}
	}
	return nil
}

// days lists the days of the lake that are not done.
func (x *exporting) days(ctx context.Context) ([]time.Time, error) {
	pending, err := x.Lake.PendingDays(ctx, x.Now().AddDate(0, 0, 2))
	if err != nil {
		return nil, err
	}
	compacted, err := x.Lake.CompactedDays(ctx)
	if err != nil {
		return nil, err
	}
	days := append(pending, compacted...)
	slices.SortFunc(days, time.Time.Compare)
	days = slices.CompactFunc(days, time.Time.Equal)
	return slices.DeleteFunc(days, func(d time.Time) bool { return archive.DayOf(d) <= x.message.Day }), nil
}

// events finds the customer's events, and leaves those of the days that this invocation came through as a piece. rest
// says that the invocation is near its end, and that what is left has been queued.
func (x *exporting) events(ctx context.Context) (rest bool, err error) {
	days, err := x.days(ctx)
	if err != nil {
		return false, err
	}
	var found bytes.Buffer
	first := x.message.Day
	for _, day := range days {
		if rest = x.Left(ctx) < margin; rest {
			break
		}
		lines, err := x.day(ctx, day)
		if err != nil {
			return false, err
		}
		for _, l := range lines {
			found.Write(l)
			found.WriteByte('\n')
		}
		x.message.Day = archive.DayOf(day)
		x.message.Count.Events += len(lines)
		if rest = found.Len() > maxPiece; rest {
			break
		}
	}
	if found.Len() > 0 {
		key := x.folder + "after-" + string(first) + "-to-" + string(x.message.Day) + ".ndjson"
		if err := x.Lake.Put(ctx, key, "application/x-ndjson", found.Bytes()); err != nil {
			return false, err
		}
		x.message.Pieces = append(x.message.Pieces, key)
	}
	if rest {
		return true, x.Archive.SendArchive(ctx, *x.message)
	}
	return false, nil
}

// maxPiece is how many bytes of events one invocation gathers before it leaves the rest to another.
const maxPiece = 64 << 20

// day finds the customer's events of one day: as JSON, each once, in the order of the lake.
func (x *exporting) day(ctx context.Context, day time.Time) ([][]byte, error) {
	for range maxOvertaken {
		lines, err := x.read(ctx, day)
		if fault.CodeOf(err) != fault.NotFound { // else compaction has moved the lines of an object on
			return lines, err
		}
	}
	return nil, fault.New(fault.Conflict, "the day is being compacted")
}

func (x *exporting) read(ctx context.Context, day time.Time) ([][]byte, error) {
	pending, err := x.Lake.Pending(ctx, day)
	if err != nil {
		return nil, err
	}
	objects, err := x.Lake.Compacted(ctx, day)
	if err != nil {
		return nil, err
	}
	objects = slices.DeleteFunc(append(pending, objects...), func(o lake.Object) bool { return !x.mayHold(o) })
	var all []line.Entry
	for some := range slices.Chunk(objects, atOnce) {
		found, errs := make([][]line.Entry, len(some)), make([]error, len(some))
		var group sync.WaitGroup
		for i, o := range some {
			group.Go(func() { found[i], errs[i] = x.object(ctx, o) })
		}
		group.Wait()
		for i, err := range errs {
			if err != nil {
				return nil, err
			}
			all = append(all, found[i]...)
		}
	}
	return x.open(line.Sort(all))
}

func (x *exporting) mayHold(o lake.Object) bool {
	for pseudonym := range x.keys {
		if o.Holds(pseudonym) {
			return true
		}
	}
	return false
}

// object finds the customer's lines in an object. What is damaged is passed over.
func (x *exporting) object(ctx context.Context, o lake.Object) (lines []line.Entry, err error) {
	for e, err := range x.Lake.Lines(ctx, o) {
		if fault.CodeOf(err) == fault.Invalid {
			x.Log.ErrorContext(ctx, "lake object passed over", "key", o.Key, "error", err.Error())
			return lines, nil
		}
		if err != nil {
			return nil, err
		}
		if _, own := x.keys[string(e.Customer)]; own {
			lines = append(lines, line.EntryOf(bytes.Clone(e.Raw)))
		}
	}
	return lines, nil
}

// open returns the events of sorted lines as JSON, each once.
func (x *exporting) open(lines []line.Entry) (events [][]byte, err error) {
	for i, l := range lines {
		if i > 0 && line.Same(lines[i-1], l) {
			continue
		}
		e, err := line.Open(l.Raw, x.keys[string(l.Customer)])
		if err != nil {
			x.message.Count.Damaged++
			continue
		}
		raw, err := json.Marshal(&e)
		if err != nil {
			return nil, fault.As(err, fault.Internal, "an event cannot be encoded")
		}
		events = append(events, raw)
	}
	return events, nil
}

// finish puts the file together, notes where it is, and deletes the pieces.
func (x *exporting) finish(ctx context.Context, record *archive.ExportRecord, rec *customer.Record, ids []customer.ID) error {
	head, err := x.document(ctx, rec, ids)
	if err != nil {
		return err
	}
	record.Object, record.Finished = x.folder+"customer.json", x.Now().UTC().Truncate(time.Millisecond)
	if err := x.Lake.PutStream(ctx, record.Object, "application/json", x.file(ctx, head)); err != nil {
		return err
	}
	switch err := x.Store.FinishExport(ctx, x.message.Customer, record); {
	case fault.CodeOf(err) == fault.Conflict: // asked for anew, or erased
		return x.Lake.Delete(ctx, append(x.message.Pieces, record.Object)...)
	case err != nil:
		return err
	}
	x.Counter.Count("CustomersExported", 1)
	if len(x.message.Pieces) == 0 {
		return nil
	}
	return x.Lake.Delete(ctx, x.message.Pieces...)
}

// file yields the file: the document, which ends before the events, and then these, piece by piece.
func (x *exporting) file(ctx context.Context, head []byte) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		if !yield(append(bytes.TrimSuffix(head, []byte("}")), `,"events":[`...), nil) {
			return
		}
		for i, key := range x.message.Pieces {
			piece, err := x.Lake.Get(ctx, key)
			piece = bytes.ReplaceAll(bytes.TrimSuffix(piece, []byte("\n")), []byte("\n"), []byte(",\n"))
			if i > 0 {
				piece = append([]byte(",\n"), piece...)
			}
			if !yield(piece, err) || err != nil {
				return
			}
		}
		yield([]byte("]}\n"), nil)
	}
}
