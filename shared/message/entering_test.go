package message_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"liuke/shared/customer"
	"liuke/shared/message"
)

// entryID is the id of some entry.
func entryID(i int) string {
	return message.ID(customer.ID("c"), "scene", fmt.Sprint("occasion-", i), 0, message.Email)
}

func TestAnEnteringIsFoundByItsScene(t *testing.T) {
	var c message.Contact
	if _, ok := c.EnteredLast("welcome"); ok || !c.Empty() {
		t.Error("nothing was entered")
	}
	c = c.Enter("welcome", entryID(1), start.Add(30*time.Second)).Enter("win_back", entryID(2), start.Add(time.Hour))
	c = c.Enter("welcome", entryID(3), start.Add(2*time.Hour))
	last, ok := c.EnteredLast("welcome")
	if !ok || last.Entry != entryID(3) || !last.At.Equal(start.Add(2*time.Hour)) || c.Empty() {
		t.Errorf("%+v, %v", last, ok)
	}
	if all := c.EnteredOf("welcome"); len(all) != 2 || all[0].Entry != entryID(1) || !all[0].At.Equal(start) {
		t.Errorf("the one before the last stays, to the minute: %+v", all)
	}
	if again := c.Enter("welcome", entryID(1), start.Add(5*time.Hour)); len(again.Entered) != 3 || again.EnteredOf("welcome")[0].Entry != entryID(1) {
		t.Errorf("what is noted already is noted again: %+v", again.Entered)
	}
	c = c.Enter("welcome", entryID(4), start.Add(3*time.Hour))
	if all := c.EnteredOf("welcome"); len(all) != 2 || all[0].Entry != entryID(3) {
		t.Errorf("of a scene the last two stay: %+v", all)
	}
	if later := c.Enter("festival", entryID(5), start.Add(message.MaxEnteredAge+time.Hour)); len(later.EnteredOf("win_back")) != 0 || len(later.Entered) != 3 {
		t.Errorf("what is too old stays: %+v", later.Entered)
	}
}

func TestOfTooManyEnteringsTheLastOfEachSceneStay(t *testing.T) {
	var c message.Contact
	c = c.Enter("once", entryID(0), start)
	for i := range 2 * message.MaxEntered {
		c = c.Enter(fmt.Sprint("scene_", i%(message.MaxEntered-1)), entryID(i+1), start.Add(time.Duration(i+1)*time.Hour))
	}
	if len(c.Entered) != message.MaxEntered || len(c.EnteredOf("once")) != 1 {
		t.Errorf("%d stay, and of the scene that was entered once %+v", len(c.Entered), c.EnteredOf("once"))
	}
	for i := range message.MaxEntered - 1 {
		if _, ok := c.EnteredLast(fmt.Sprint("scene_", i)); !ok {
			t.Errorf("scene %d is forgotten", i)
		}
	}
}

func TestJoinedEnteringsAreThoseOfBoth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var both [2]message.Contact
		var all []message.Entering
		for i := range rapid.IntRange(0, 5).Draw(t, "enterings") {
			scene, at := fmt.Sprint("scene_", i), start.Add(time.Duration(rapid.IntRange(0, 1000).Draw(t, "minute"))*time.Minute)
			who := rapid.IntRange(0, 1).Draw(t, "who")
			both[who] = both[who].Enter(scene, entryID(i), at)
			all = append(all, message.Entering{Scene: message.SceneMarkOf(scene), At: at, Entry: entryID(i)})
		}
		joined := both[0].Join(both[1])
		other := both[1].Join(both[0])
		if len(joined.Entered) != len(all) || !slices.Equal(joined.Entered, other.Entered) {
			t.Fatalf("%+v and %+v, want %+v", joined.Entered, other.Entered, all)
		}
		for _, e := range all {
			if !slices.Contains(joined.Entered, e) {
				t.Fatalf("%+v, want %+v", joined.Entered, all)
			}
		}
	})
}
