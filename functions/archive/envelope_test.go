package main

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/aws/aws-lambda-go/events"
)

// TestEnvelopesAsLambdaDeliversThem plays the files that `sam local invoke` reads as well, in an order in which they follow
// from one another.
func TestEnvelopesAsLambdaDeliversThem(t *testing.T) {
	w := newWorld(t)
	s := newShop(w, 5).sealed()
	s.trade(day, 2, 10)
	play := func(file string) any {
		raw, err := os.ReadFile("../../events/archive/" + file + ".json")
		if err != nil {
			t.Fatal(err)
		}
		out, err := w.handler.Handle(t.Context(), json.RawMessage(raw))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		return out
	}
	done := func(file string) {
		if failed := play(file).(events.SQSEventResponse).BatchItemFailures; len(failed) > 0 {
			t.Errorf("%s is not done: %v", file, failed)
		}
	}
	play("schedule")
	if len(w.archive.bodies) != 1 {
		t.Fatalf("the schedule queued %v, want the one day", w.archive.bodies)
	}
	done("compact")
	w.compacted(day)
	s.whole(true, day)

	w.begin(day, day.AddDate(0, 0, 1)) // at one second past one
	done("replay")
	if n := len(w.archive.bodies); n != 3 {
		t.Errorf("%d messages wait, want the schedule's day, the replay and the replay's day", n)
	}
	done("replay_day")
	record, err := w.store.Replay(t.Context(), "20260305T010001.000Z")
	if err != nil || !record.Complete() || record.Count.Events != len(s.all) || len(s.sent()) != len(s.all)-3 {
		t.Errorf("%+v, %v: want all but the three lines that the message says are done, and those counted", record, err)
	}
	for _, file := range []string{"unknown_task", "undecodable"} {
		if failed := play(file).(events.SQSEventResponse).BatchItemFailures; len(failed) != 1 {
			t.Errorf("%s: failures %v, want the message", file, failed)
		}
	}
}
