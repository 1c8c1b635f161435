package dynamo_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/infra/local/engine"
	"liuke/shared/archive"
	"liuke/shared/dynamo"
	"liuke/shared/fault"
)

func TestAReplaysRecordCountsEachDayOnce(t *testing.T) {
	t.Parallel()
	customers, records := engine.NewTables(t)
	s := dynamo.New(engine.Config(engine.StartDynamoDB(t)), customers, records)
	at := time.Date(2026, 3, 5, 1, 2, 3, 4_000_000, time.UTC)
	want := &archive.ReplayRecord{ID: "20260305T010203.004Z", Started: at,
		Request: archive.ReplayRequest{From: at.AddDate(0, 0, -3), To: at.AddDate(0, 0, -1)}}
	if _, err := s.Replay(t.Context(), want.ID); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("what is not there reads as %v", err)
	}
	if err := s.FinishReplayDay(t.Context(), want.ID, "2026-03-03", archive.Count{Events: 1}, at); err != nil {
		t.Error(err)
	}
	if err := s.BeginReplay(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	if err := s.BeginReplay(t.Context(), want); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("a second replay of one id: %v, want Conflict", err)
	}
	for range 2 { // the second is a duplicate of the message
		for i, day := range []archive.Day{"2026-03-03", "2026-03-02", "2026-03-04"} {
			if err := s.FinishReplayDay(t.Context(), want.ID, day, archive.Count{Events: 10 + i, Erased: 1, Damaged: i}, at.Add(time.Minute)); err != nil {
				t.Fatal(err)
			}
		}
	}
	want.Done, want.Updated = []archive.Day{"2026-03-02", "2026-03-03", "2026-03-04"}, at.Add(time.Minute)
	want.Count = archive.Count{Events: 33, Erased: 3, Damaged: 3}
	got, err := s.Replay(t.Context(), want.ID)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" || !got.Complete() {
		t.Errorf("complete %v, record (-want +got):\n%s", got.Complete(), d)
	}
}

func TestACustomerHasTheLatestExport(t *testing.T) {
	t.Parallel()
	customers, records := engine.NewTables(t)
	s := dynamo.New(engine.Config(engine.StartDynamoDB(t)), customers, records)
	at := time.Date(2026, 3, 5, 1, 2, 3, 0, time.UTC)
	if _, err := s.Export(t.Context(), "c"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("what is not there reads as %v", err)
	}
	first := &archive.ExportRecord{ID: "1", Asked: at}
	second := &archive.ExportRecord{ID: "2", Asked: at.Add(time.Hour)}
	finished := *first
	finished.Finished, finished.Object = at.Add(time.Minute), "exports/x"
	for _, step := range []struct {
		name string
		do   func() error
		code fault.Code
		want *archive.ExportRecord
	}{
		{"finished without a record", func() error { return s.FinishExport(t.Context(), "c", &finished) }, fault.Conflict, nil},
		{"asked for", func() error { return s.PutExport(t.Context(), "c", first) }, "", first},
		{"finished", func() error { return s.FinishExport(t.Context(), "c", &finished) }, "", &finished},
		{"finished again", func() error { return s.FinishExport(t.Context(), "c", &finished) }, "", &finished},
		{"asked for again", func() error { return s.PutExport(t.Context(), "c", second) }, "", second},
		{"the first one finished late", func() error { return s.FinishExport(t.Context(), "c", &finished) }, fault.Conflict, second},
	} {
		if err := step.do(); fault.CodeOf(err) != step.code {
			t.Fatalf("%s: %v, want %q", step.name, err, step.code)
		}
		if step.want == nil {
			continue
		}
		got, err := s.Export(t.Context(), "c")
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(step.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", step.name, d)
		}
	}
}
