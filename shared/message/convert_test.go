package message_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"liuke/shared/message"
)

func TestGoalsCountOnceInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, message.MaxGoals).Draw(t, "goals")
		book := func(order []int) (e message.Entry) {
			for _, i := range order {
				e, _ = e.Convert(fmt.Sprint("order:", i), start.Add(time.Duration(i)*time.Hour), int64(100+i))
			}
			return e
		}
		in := make([]int, n)
		var want int64
		for i := range in {
			in[i] = i
			want += int64(100 + i)
		}
		first := book(in)
		again := book(append(rapid.Permutation(in).Draw(t, "order"), rapid.SliceOf(rapid.IntRange(0, n-1)).Draw(t, "again")...))
		if d := cmp.Diff(first, again); d != "" {
			t.Fatal(d)
		}
		if first.Worth != want || !first.Converted.Equal(start) || len(first.Goals) != n {
			t.Fatalf("%+v, want %d", first, want)
		}
	})
}

func TestAGoalChangesNothingOfTheEntryThatItIsNotBookedOn(t *testing.T) {
	e, _ := message.Entry{State: message.Held}.Convert("order:b", start, 5)
	before := cmp.Diff(e, message.Entry{State: message.Held, Goals: []string{"order:b"}, Worth: 5, Converted: start})
	if _, changed := e.Convert("order:a", start, 7); !changed {
		t.Error("another order isn't booked")
	}
	if after := cmp.Diff(e, message.Entry{State: message.Held, Goals: []string{"order:b"}, Worth: 5, Converted: start}); before != "" || after != "" {
		t.Errorf("%s\n%s", before, after)
	}
}

func TestBeyondTheMostGoalsNoneCounts(t *testing.T) {
	var e message.Entry
	for i := range message.MaxGoals {
		e, _ = e.Convert(fmt.Sprint("order:", i), start, 1)
	}
	if next, changed := e.Convert("order:more", start.Add(-time.Hour), 1); changed || next.Worth != message.MaxGoals || !next.Converted.Equal(start) {
		t.Errorf("%+v, %v", next, changed)
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
