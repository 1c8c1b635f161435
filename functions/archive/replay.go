package main

import (
	"context"
	"maps"
	"time"

	"liuke/shared/archive"
	"liuke/shared/customer"
	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/lake"
	"liuke/shared/lake/line"
	"liuke/shared/queue"
)

// How many lines, and bytes of them, are opened and sent at a time, and how many keys are kept at hand.
const (
	replayLines = 1000
	replayBytes = 4 << 20
	replayKeys  = 20_000
)

// replay begins a replay, by a message for each of its days, or works on one of those.
func (h *Handler) replay(ctx context.Context, m *archive.Message) error {
	record, err := h.Store.Replay(ctx, m.Job)
	if fault.CodeOf(err) == fault.NotFound {
		return fault.As(err, fault.Invalid, "the message is of no replay")
	}
	if err != nil {
		return err
	}
	done := make(map[archive.Day]bool, len(record.Done))
	for _, d := range record.Done {
		done[d] = true
	}
	if m.Day != "" {
		if done[m.Day] {
			return nil
		}
		return h.replayDay(ctx, record, m)
	}
	var days []archive.Message
	for _, d := range record.Request.Days() {
		if !done[d] {
			days = append(days, archive.Message{Task: archive.Replay, Job: m.Job, Day: d})
		}
	}
	return h.Archive.SendArchive(ctx, days...)
}

// feeding is a day of a replay on its way.
type feeding struct {
	*Handler
	message *archive.Message
	request archive.ReplayRequest
	keys    map[string]customer.Key // by pseudonym; the zero key for those who were erased
	waiting [][]byte                // lines to be sent
	bytes   int
}

// replayDay sends a day's events to be folded again, through all objects in the order in which compaction moves their
// lines, so that none is missed; some may be sent twice. The message is where it goes on: what it names is done.
func (h *Handler) replayDay(ctx context.Context, record *archive.ReplayRecord, m *archive.Message) error {
	day, err := m.Day.Start()
	if err != nil {
		return err
	}
	f := &feeding{Handler: h, message: m, request: record.Request, keys: map[string]customer.Key{}}
	for range maxOvertaken {
		objects, err := f.objects(ctx, day)
		if err != nil {
			return err
		}
		rest, err := f.feed(ctx, objects)
		if fault.CodeOf(err) == fault.NotFound {
			continue // the object's lines have moved on
		}
		if err != nil || rest {
			return err
		}
		h.Counter.Count("EventsReplayed", m.Count.Events)
		return h.Store.FinishReplayDay(ctx, m.Job, m.Day, m.Count, h.Now())
	}
	return fault.New(fault.Conflict, "the day is being compacted")
}

// objects lists what may hold events of the range, in the order of reading: what is pending is listed first, so that what
// moves on meanwhile is found where it goes.
func (f *feeding) objects(ctx context.Context, day time.Time) ([]lake.Object, error) {
	pending, err := f.Lake.Pending(ctx, day)
	if err != nil {
		return nil, err
	}
	compacted, err := f.Lake.Compacted(ctx, day)
	if err != nil {
		return nil, err
	}
	var objects []lake.Object
	for _, o := range append(pending, compacted...) {
		elsewhen := o.Stage == lake.Hours && (!o.Hour.Before(f.request.To) || !o.Hour.Add(time.Hour).After(f.request.From))
		if !elsewhen && f.done(o) >= 0 {
			objects = append(objects, o)
		}
	}
	return objects, nil
}

// done says how many lines of an object have been sent; -1 where all have.
func (f *feeding) done(o lake.Object) int {
	at := f.message.After
	switch stage := lake.Stage(at.Stage); {
	case at.Key == "" || o.Stage > stage:
		return 0
	case o.Stage < stage || o.Key < at.Key:
		return -1
	case o.Key == at.Key:
		return at.Lines
	}
	return 0
}

// feed sends the events of objects. rest says that the invocation is near its end, and that what is left has been queued.
func (f *feeding) feed(ctx context.Context, objects []lake.Object) (rest bool, err error) {
	for _, o := range objects {
		rest, err = f.object(ctx, o)
		if fault.CodeOf(err) == fault.Invalid {
			f.Log.ErrorContext(ctx, "lake object passed over", "key", o.Key, "error", err.Error())
			f.message.Count.Damaged++
			err = nil
		}
		if rest || err != nil {
			return rest, err
		}
		f.message.After = archive.Position{Stage: int(o.Stage), Key: o.Key, Lines: -1}
	}
	return false, nil
}

func (f *feeding) object(ctx context.Context, o lake.Object) (rest bool, err error) {
	if rest, err := f.spent(ctx, f.message); rest || err != nil {
		return rest, err
	}
	skip, n := f.done(o), 0
	f.waiting, f.bytes = nil, 0
	for e, err := range f.Lake.Lines(ctx, o) {
		if fault.CodeOf(err) == fault.Invalid { // what came before the damage is whole
			if failed := f.flush(ctx); failed != nil {
				return false, failed
			}
		}
		if err != nil {
			return false, err
		}
		if n++; n <= skip {
			continue
		}
		switch {
		case e.IsZero():
			f.message.Count.Damaged++
		case f.request.Holds(e.Time()):
			f.waiting = append(f.waiting, append([]byte(nil), e.Raw...))
			f.bytes += len(e.Raw)
		}
		if len(f.waiting) < replayLines && f.bytes < replayBytes {
			continue
		}
		if err := f.flush(ctx); err != nil {
			return false, err
		}
		f.message.After = archive.Position{Stage: int(o.Stage), Key: o.Key, Lines: n}
		if rest, err := f.spent(ctx, f.message); rest || err != nil {
			return rest, err
		}
	}
	return false, f.flush(ctx)
}

// flush opens the lines that wait and sends their events.
func (f *feeding) flush(ctx context.Context) error {
	if err := f.fetchKeys(ctx); err != nil {
		return err
	}
	var count archive.Count
	events := make([]event.Event, 0, len(f.waiting))
	for _, raw := range f.waiting {
		key := f.keys[string(line.HeadOf(raw).Customer)]
		if key.IsZero() {
			count.Erased++
			continue
		}
		e, err := line.Open(raw, key)
		if err != nil {
			count.Damaged++
			continue
		}
		e.Replay = true
		events = append(events, e)
	}
	packs := event.Packs(events)
	messages := make([]queue.Message, len(packs))
	for i, body := range packs {
		messages[i].Body = body
	}
	if err := f.Events.Send(ctx, messages...); err != nil {
		return err
	}
	count.Events = len(events)
	f.message.Count.Add(count)
	f.waiting, f.bytes = f.waiting[:0], 0
	return nil
}

// fetchKeys reads the keys that the waiting lines need.
func (f *feeding) fetchKeys(ctx context.Context) error {
	if len(f.keys) > replayKeys {
		clear(f.keys)
	}
	var missing []string
	for _, raw := range f.waiting {
		pseudonym := string(line.HeadOf(raw).Customer)
		if _, known := f.keys[pseudonym]; !known {
			f.keys[pseudonym] = customer.Key{}
			missing = append(missing, pseudonym)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	found, err := f.Store.Keys(ctx, missing)
	if err != nil {
		for _, p := range missing {
			delete(f.keys, p)
		}
		return err
	}
	maps.Copy(f.keys, found)
	return nil
}
