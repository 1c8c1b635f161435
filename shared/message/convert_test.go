package message_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"liuke/shared/message"
)

// Some goals, of each some versions, of which the last stands, whatever comes first, in between and again.
func TestGoalsCountOnceAsTheyStandNowInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []message.Goal
		var worth int64
		var converted time.Time
		for i := range rapid.IntRange(1, message.MaxGoals).Draw(t, "goals") {
			g := message.Goal{ID: fmt.Sprint("order:", i), At: start.Add(time.Duration(rapid.IntRange(0, 50).Draw(t, "hour")) * time.Hour)}
			for g.Version = range int64(rapid.IntRange(1, 4).Draw(t, "versions")) {
				g.Worth, g.Void = int64(rapid.IntRange(-5, 500).Draw(t, "worth")), rapid.IntRange(0, 3).Draw(t, "void") == 0
				all = append(all, g)
			}
			if last := all[len(all)-1]; !last.Void {
				worth += last.Worth
				if converted.IsZero() || last.At.Before(converted) {
					converted = last.At
				}
			}
		}
		book := func(goals []message.Goal) (e message.Entry) {
			for _, g := range goals {
				e, _ = e.Convert(g)
			}
			return e
		}
		first := book(all)
		again := append(rapid.Permutation(all).Draw(t, "order"), rapid.SliceOf(rapid.SampledFrom(all)).Draw(t, "again")...)
		if d := cmp.Diff(first, book(again)); d != "" {
			t.Fatal(d)
		}
		if first.Worth != worth || !first.Converted.Equal(converted) || !first.Met() {
			t.Fatalf("%+v, want %d, %s", first, worth, converted)
		}
		if _, changed := first.Convert(rapid.SampledFrom(all).Draw(t, "once more")); changed {
			t.Fatal("what is booked changes the entry")
		}
	})
}

func TestWhatBecomesOfAnOrderCorrectsTheResult(t *testing.T) {
	placed := message.Goal{ID: "order:a", At: start, Worth: 900, Version: 1}
	other := message.Goal{ID: "order:b", At: start.Add(time.Hour), Worth: 50, Version: 1}
	for _, c := range []struct {
		name      string
		goals     []message.Goal
		worth     int64
		converted time.Time
	}{
		{"given back in part", []message.Goal{placed, {ID: "order:a", At: start, Worth: 600, Version: 2}}, 600, start},
		{"cancelled: no conversion any more", []message.Goal{placed, {ID: "order:a", At: start, Version: 2, Void: true}}, 0, time.Time{}},
		{"the first of two is cancelled: the second converts", []message.Goal{placed, other, {ID: "order:a", At: start, Version: 3, Void: true}}, 50, other.At},
		{"worth nothing is counted of one that was given back", []message.Goal{{ID: "order:a", At: start, Worth: -100, Version: 2, Void: true}}, 0, time.Time{}},
	} {
		var e message.Entry
		for _, g := range c.goals {
			e, _ = e.Convert(g)
		}
		if e.Worth != c.worth || !e.Converted.Equal(c.converted) || !e.Met() {
			t.Errorf("%s: %d at %s, %v", c.name, e.Worth, e.Converted, e.Goals)
		}
	}
}

func TestAGoalChangesNothingOfTheEntryThatItIsNotBookedOn(t *testing.T) {
	b := message.Goal{ID: "order:b", At: start, Worth: 5}
	e, _ := message.Entry{State: message.Held}.Convert(b)
	want := message.Entry{State: message.Held, Goals: []message.Goal{b}, Worth: 5, Converted: start}
	before := cmp.Diff(e, want)
	for _, g := range []message.Goal{{ID: "order:a", At: start, Worth: 7}, {ID: "order:b", At: start, Worth: 4, Version: 1}} {
		if _, changed := e.Convert(g); !changed {
			t.Errorf("%+v isn't booked", g)
		}
	}
	if after := cmp.Diff(e, want); before != "" || after != "" {
		t.Errorf("%s\n%s", before, after)
	}
}

func TestBeyondTheMostGoalsNoneCounts(t *testing.T) {
	var e message.Entry
	for i := range message.MaxGoals {
		e, _ = e.Convert(message.Goal{ID: fmt.Sprint("order:", i), At: start, Worth: 1})
	}
	if next, changed := e.Convert(message.Goal{ID: "order:more", At: start.Add(-time.Hour), Worth: 1}); changed || next.Worth != message.MaxGoals || !next.Converted.Equal(start) {
		t.Errorf("%+v, %v", next, changed)
	}
	if next, changed := e.Convert(message.Goal{ID: "order:3", At: start, Version: 1, Void: true}); !changed || next.Worth != message.MaxGoals-1 {
		t.Errorf("one of them isn't corrected: %+v, %v", next, changed)
	}
}

func TestTheCustomerEntersWhenTheMessageIsDecidedOn(t *testing.T) {
	deferred, err := message.Entry{}.Defer("quiet_hours", "quiet", start.Add(time.Hour), start)
	if err != nil {
		t.Fatal(err)
	}
	claimed, err := deferred.Claim(start.Add(time.Hour))
	if err != nil || !claimed.EnteredAt().Equal(start) {
		t.Errorf("%s, %v", claimed.EnteredAt(), err)
	}
}
