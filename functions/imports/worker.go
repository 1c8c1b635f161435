package main

import (
	"context"
	"errors"
	"io"

	"liuke/shared/fault"
	"liuke/shared/importfile"
	"liuke/shared/offer"
	"liuke/shared/queue"
)

// worker reads one import's file, a step at a time. A step is some rows whose bounds are the file's alone; first what they
// say is sent, with ids of its own, then one conditional write moves the import on. A worker that is lost in between has
// repeated sends as its worst effect, and of two workers at once one gives way.
//
// Whoever takes over reads the file from its beginning and passes over the rows that are done: so a compressed file can be
// gone on with, and equal rows are counted as they were the first time.
type worker struct {
	*Handler
	name     string
	standing *importfile.Import // as it is stored
	file     *pieces
	reader   *importfile.Reader
	pool     *offer.Pool // of an import of codes
}

// run reads until the file ends, or the invocation nears its own end and another is asked to go on.
func (w *worker) run(ctx context.Context) error {
	err := w.open(ctx)
	if ended := w.unreadable(err); ended != "" {
		return w.advance(ctx, &step{failure: ended})
	}
	if err != nil {
		return err
	}
	for first := true; !w.standing.State.Ended(); first = false {
		if !first && w.Left(ctx) < margin {
			body, err := encode(task{w.standing.ID}, "")
			if err != nil {
				return fault.As(err, fault.Internal, "the message cannot be encoded")
			}
			return w.Imports.Send(ctx, queue.Message{Body: body})
		}
		s, err := w.read()
		if err != nil {
			return err
		}
		if err := w.settle(ctx, s); err != nil {
			return err
		}
		if err := w.advance(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// open opens the file and passes over the rows that are done.
func (w *worker) open(ctx context.Context) (err error) {
	i := w.standing
	w.file = &pieces{ctx: ctx, lake: w.Lake, key: importfile.UploadKey(i.ID), size: i.Request.Bytes, tag: i.Tag}
	settings := w.Settings
	if i.Request.Kind == importfile.Answers || i.Request.Kind == importfile.Delighted {
		if settings.Surveys, err = w.Store.Surveys(ctx); err != nil {
			return err
		}
	}
	if i.Request.Kind == importfile.Codes {
		if settings.Pool, err = w.findPool(ctx); err != nil {
			return err
		}
	}
	if w.reader, err = importfile.NewReader(w.file, i.Request, settings, i.Created); err != nil {
		return err
	}
	for range i.Progress.Rows {
		var refused *importfile.Refused
		if _, err := w.reader.Next(); errors.Is(err, io.EOF) {
			return fault.New(fault.Internal, "the file ends before the rows that were read")
		} else if err != nil && !errors.As(err, &refused) {
			return err
		}
	}
	return nil
}

// unreadable returns why a file cannot be read at all or any further, "" where that is not so.
func (w *worker) unreadable(err error) string {
	var f *fault.Error
	if errors.As(err, &f) && f.Code == fault.Invalid {
		return f.Message
	}
	return ""
}

// advance makes a step the import's, and counts it.
func (w *worker) advance(ctx context.Context, s *step) error {
	before := w.standing
	next := importfile.Step{
		State: importfile.Reading, Tag: w.file.tag, Worker: w.name, At: w.Now(), Listed: s.listed(before), Taken: s.taken(before.Taken),
		Progress: importfile.Progress{
			Rows:     before.Progress.Rows + int64(s.rows()),
			Accepted: before.Progress.Accepted + int64(s.accepted),
			Refused:  before.Progress.Refused + int64(len(s.refused)),
			Bytes:    w.file.at,
		},
	}
	if w.reader != nil {
		next.Found = w.reader.Columns()
	}
	switch {
	case s.failure != "":
		next.State, next.Reason = importfile.Failed, s.failure
	case s.last:
		next.State = importfile.Done
	}
	if next.State.Ended() {
		if err := w.showCodes(ctx); err != nil {
			return err
		}
	}
	after, err := w.Store.AdvanceImport(ctx, before, next)
	if fault.CodeOf(err) == fault.Conflict {
		return w.overtaken(ctx, next)
	}
	if err != nil {
		return err
	}
	w.standing = after
	w.Counter.Count("ImportRowsAccepted", s.accepted)
	w.Counter.Count("ImportRowsRefused", len(s.refused))
	w.count(ctx, after)
	return nil
}

// overtaken looks who has moved the import on: we ourselves, by a call that seemed to fail, or another worker, to whom we
// leave it. Our message waits in the queue for the case that the other is lost.
func (w *worker) overtaken(ctx context.Context, next importfile.Step) error {
	now, err := w.Store.Import(ctx, w.standing.ID)
	switch {
	case err != nil:
		return err
	case now.Worker == w.name && now.Progress == next.Progress && now.State == next.State:
		w.standing = now
		return nil
	case now.State.Ended():
		w.standing = now
		return nil
	}
	return fault.New(fault.Unavailable, "another worker goes on with the import")
}

func (w *worker) count(ctx context.Context, i *importfile.Import) {
	switch i.State {
	case importfile.Done:
		w.Counter.Count("ImportsDone", 1)
	case importfile.Failed:
		w.Counter.Count("ImportsFailed", 1)
	case importfile.Waiting, importfile.Reading:
		return
	}
	w.Log.InfoContext(ctx, "import ended", "import", i.ID, "state", i.State, "rows", i.Progress.Rows, "refused", i.Progress.Refused)
}
