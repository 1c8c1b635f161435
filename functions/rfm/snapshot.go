package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"liuke/shared/dynamo"
	"liuke/shared/fault"
	"liuke/shared/recalc"
	"liuke/shared/snapshot"
)

// snapshot scans a slice into parts. Each part is three objects and then one conditional step of the slice's progress,
// which names them, so that a worker that is lost in between leaves nothing that counts. Near its end the invocation
// queues the rest.
func (h *Handler) snapshot(ctx context.Context, run *recalc.Run, m *recalc.Message) error {
	slice, err := h.Store.Slice(ctx, run.ID, m.Slice)
	if err != nil {
		return err
	}
	for !slice.Done {
		if h.Left(ctx) < margin {
			return h.Phases.SendPhases(ctx, *m)
		}
		next, read, err := h.part(ctx, run, slice)
		if err != nil {
			return err
		}
		err = h.Store.AdvanceSlice(ctx, run.ID, slice, next, read)
		if fault.CodeOf(err) == fault.Conflict { // another worker got here first, or our own call that seemed to fail
			next, err = h.Store.Slice(ctx, run.ID, m.Slice)
		}
		if err != nil {
			return err
		}
		slice = next
	}
	landed, err := h.Store.LandSlice(ctx, run.ID, m.Slice, h.lease(run))
	if err != nil {
		return ended(err)
	}
	if landed.Complete(landed.Landed) {
		return h.Phases.SendPhases(ctx, recalc.Message{Phase: recalc.PhaseFit, Run: run.ID})
	}
	return nil
}

// part scans from the slice's cursor until a part is full, writes its objects and returns the progress that it makes,
// with the read units that it took.
func (h *Handler) part(ctx context.Context, run *recalc.Run, slice *recalc.Slice) (next *recalc.Slice, read float64, err error) {
	var rows []recalc.Row
	var size int
	meter := &dynamo.Meter{}
	cursor, done := slice.Cursor, false
	for !done && len(rows) < h.PartRows && size < maxPartBytes && (len(rows) == 0 || h.Left(ctx) > margin) {
		page, after, err := h.Store.ScanCustomers(dynamo.WithMeter(ctx, meter), slice.Number, run.Slices, cursor)
		if err != nil {
			return nil, 0, err
		}
		for i := range page {
			size += len(page[i].ID) + len(page[i].History) + len(page[i].Activity)
		}
		rows = append(rows, page...)
		cursor, done = after, after == ""
	}
	next = &recalc.Slice{Number: slice.Number, Parts: slice.Parts, Cursor: cursor, Done: done}
	if len(rows) > 0 {
		part, err := h.keep(ctx, run, slice, rows)
		if err != nil {
			return nil, 0, err
		}
		next.Parts = append(slice.Parts[:len(slice.Parts):len(slice.Parts)], part)
	}
	read, _ = meter.Units()
	return next, read, nil
}

const parquetType = "application/vnd.apache.parquet"

// keep writes a part's rows, the ids that belong to them, and their summary.
func (h *Handler) keep(ctx context.Context, run *recalc.Run, slice *recalc.Slice, rows []recalc.Row) (recalc.Part, error) {
	var summary recalc.Summary
	unreadable := 0
	for i := range rows {
		if err := summary.Summarize(&run.Terms, &rows[i]); err != nil {
			unreadable++ // the customer keeps what stands; scoring skips the row as well
		}
	}
	if unreadable > 0 {
		h.Log.ErrorContext(ctx, "customers with a damaged history left out", "customers", unreadable, "run", run.ID)
		h.Counter.Count("CustomersUnreadable", unreadable)
	}
	file, err := snapshot.Encode(rows)
	if err != nil {
		return recalc.Part{}, err
	}
	names, err := snapshot.EncodeNames(rows)
	if err != nil {
		return recalc.Part{}, err
	}
	raw, err := summary.MarshalBinary()
	if err != nil {
		return recalc.Part{}, err
	}
	hash := sha256.New()
	hash.Write(file)
	hash.Write(names)
	part := recalc.Part{
		Name: recalc.PartName(slice.Number, len(slice.Parts), hex.EncodeToString(hash.Sum(nil)[:10])),
		Rows: len(rows),
	}
	return part, all(
		func() error { return h.Lake.Put(ctx, recalc.PartKey(run.ID, part), parquetType, file) },
		func() error { return h.Lake.Put(ctx, recalc.NamesKey(run.ID, part), parquetType, names) },
		func() error {
			return h.Lake.Put(ctx, recalc.SummaryKey(run.ID, part), "application/octet-stream", raw)
		},
	)
}
