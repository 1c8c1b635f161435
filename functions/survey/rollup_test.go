package main

import (
	"context"
	"testing"
	"time"

	"liuke/shared/survey"
	"liuke/shared/survey/tally"
)

func TestTheScheduleCountsWhatWasAnswered(t *testing.T) {
	b := setupReal(t)
	b.do(t, "answer")
	hour := survey.HourAt("nps", b.now)
	store := b.handler.Rollups
	if err := b.store.MarkHours(t.Context(), b.now, hour); err != nil {
		t.Fatal(err)
	}
	b.now = b.now.Add(2 * time.Hour)
	late, cancel := context.WithDeadline(t.Context(), time.Now().Add(margin/2))
	defer cancel()
	for _, c := range []struct {
		name    string
		ctx     context.Context
		rollups int
	}{{"without the time for it, nothing is counted", late, 0}, {"with it, the hour is", t.Context(), 1}} {
		if _, err := b.handler.Invoke(c.ctx, []byte(`{"schedule":"rollup","scheduled_at":"2026-03-01T12:00:00Z"}`)); err != nil {
			t.Fatal(err)
		}
		var all []tally.Rollup
		err := store.Rollups(t.Context(), "nps", hour.Begin, hour.End(), func(r *tally.Rollup) { all = append(all, *r) })
		if err != nil || len(all) != c.rollups || c.rollups == 1 && all[0].Cells[0].Answers != 1 {
			t.Errorf("%s: %+v, %v", c.name, all, err)
		}
	}
	if marks, err := store.Marks(t.Context(), ""); err != nil || len(marks) != 0 {
		t.Errorf("still marked: %+v, %v", marks, err)
	}
	for _, bad := range []string{`{"schedule":"other"}`, `[]`, `{"schedule":1}`} {
		if _, err := b.handler.Invoke(t.Context(), []byte(bad)); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}
