package archive_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"liuke/shared/archive"
	"liuke/shared/customer"
	"liuke/shared/fault"
)

// desk is a store and a queue in memory.
type desk struct {
	exports map[customer.ID]*archive.ExportRecord
	replays map[string]*archive.ReplayRecord
	sent    []archive.Message
	down    bool // the queue
}

func (d *desk) BeginReplay(_ context.Context, r *archive.ReplayRecord) error {
	if d.replays[r.ID] != nil {
		return fault.New(fault.Conflict, "there is one")
	}
	d.replays[r.ID] = r
	return nil
}

func (d *desk) Export(_ context.Context, id customer.ID) (*archive.ExportRecord, error) {
	if r := d.exports[id]; r != nil {
		return r, nil
	}
	return nil, fault.New(fault.NotFound, "none")
}

func (d *desk) PutExport(_ context.Context, id customer.ID, r *archive.ExportRecord) error {
	d.exports[id] = r
	return nil
}

func (d *desk) SendArchive(_ context.Context, messages ...archive.Message) error {
	if d.down {
		return fault.New(fault.Unavailable, "down")
	}
	d.sent = append(d.sent, messages...)
	return nil
}

func newPlanner() (*desk, *archive.Planner, *time.Time) {
	now := time.Date(2026, 3, 5, 1, 2, 3, 0, time.UTC)
	d := &desk{exports: map[customer.ID]*archive.ExportRecord{}, replays: map[string]*archive.ReplayRecord{}}
	return d, &archive.Planner{Store: d, Queue: d, Now: func() time.Time { return now }}, &now
}

func TestAnExportIsMadeOnceAnHour(t *testing.T) {
	d, p, now := newPlanner()
	finish := func() { d.exports["c"].Finished, d.exports["c"].Object = *now, "exports/x" }
	for _, step := range []struct {
		name  string
		after time.Duration
		do    func()
		made  int
		done  bool
	}{
		{"the first", 0, nil, 1, false},
		{"while it is under way", 14 * time.Minute, nil, 1, false},
		{"once it is there", 0, finish, 1, true},
		{"within the hour", 59 * time.Minute, nil, 1, true},
		{"after the hour", time.Minute, nil, 2, false},
		{"after one that was lost", 15 * time.Minute, nil, 3, false},
	} {
		*now = now.Add(step.after)
		if step.do != nil {
			step.do()
		}
		r, err := p.Export(t.Context(), "c")
		if err != nil || len(d.sent) != step.made || r.Done() != step.done {
			t.Fatalf("%s: %+v, %v, %d made", step.name, r, err, len(d.sent))
		}
		if last := d.sent[len(d.sent)-1]; last.Task != archive.Export || last.Customer != "c" || last.Job != r.ID {
			t.Errorf("%s: %+v is not the message of %+v", step.name, last, r)
		}
	}
}

func TestAReplayIsOfEachUTCDayThatItTouches(t *testing.T) {
	d, p, now := newPlanner()
	from := time.Date(2026, 2, 27, 23, 59, 59, 0, time.UTC)
	for _, c := range []struct {
		to   time.Time
		want []archive.Day
	}{
		{from.Add(time.Second), []archive.Day{"2026-02-27"}},
		{from.Add(time.Second + time.Millisecond), []archive.Day{"2026-02-27", "2026-02-28"}},
		{from.Add(36 * time.Hour), []archive.Day{"2026-02-27", "2026-02-28", "2026-03-01"}},
	} {
		*now = now.Add(time.Second)
		r, err := p.Replay(t.Context(), archive.ReplayRequest{From: from, To: c.to})
		if err != nil || !slices.Equal(r.Request.Days(), c.want) || !archive.IsReplayID(r.ID) || d.replays[r.ID] != r {
			t.Errorf("to %s: %+v, %v; want %v", c.to, r, err, c.want)
		}
		if !r.Request.Holds(from) || r.Request.Holds(c.to) {
			t.Error("the range holds its beginning and not its end")
		}
	}
	if archive.IsReplayID("../x") {
		t.Error("any text passes for an id")
	}
}

func TestWhatTheQueueDoesNotTakeIsAnError(t *testing.T) {
	d, p, now := newPlanner()
	d.down = true
	if _, err := p.Replay(t.Context(), archive.ReplayRequest{From: now.Add(-time.Hour), To: *now}); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("replay: %v", err)
	}
	if _, err := p.Export(t.Context(), "c"); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("export: %v", err)
	}
	if err := p.Erase(t.Context(), "c"); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("erasure: %v", err)
	}
}
