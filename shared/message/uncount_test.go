package message_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"liuke/shared/message"
	"liuke/shared/signal"
)

// claimedAt is a claimed entry of the win-back, with its invitation.
func claimedAt(at time.Time) message.Entry {
	e := message.New("win_back", 0, message.Email, signal.Signal{ID: "s1", Kind: signal.SegmentChanged, Customer: "c1", Time: at})
	e.State, e.Claimed, e.Invitation = message.Claimed, at, message.Invitation{Survey: "leaving", ID: e.ID}
	return e
}

func TestOnlyWhatTheClaimHasCountedIsTakenBack(t *testing.T) {
	at := start.Add(30*time.Second + 400*time.Millisecond)
	contact, err := message.Contact{}.Add(stamp(at))
	if err != nil {
		t.Fatal(err)
	}
	contact = contact.Ask("leaving", at).Enter("win_back", claimedAt(at).ID, at)
	for _, c := range []struct {
		name          string
		change        func(*message.Entry)
		stamps, asked int
	}{
		{"its stamp and its invitation go", func(*message.Entry) {}, 0, 0},
		{"another second's stamp stays, the minute's invitation goes", func(e *message.Entry) { e.Claimed = at.Add(time.Second) }, 1, 0},
		{"of another minute both stay", func(e *message.Entry) { e.Claimed = at.Add(time.Minute) }, 1, 1},
		{"another scene's stamp stays", func(e *message.Entry) { e.Scene = "birthday" }, 1, 0},
		{"and so does another channel's", func(e *message.Entry) { e.Channel = message.SMS }, 1, 0},
		{"the invitation to another survey stays", func(e *message.Entry) { e.Invitation.Survey = "nps" }, 0, 1},
		{"a reminder has noted none", func(e *message.Entry) { e.Step = 1 }, 0, 1},
		{"nor has what asks to none", func(e *message.Entry) { e.Invitation = message.Invitation{} }, 0, 1},
		{"who is asked in spite of an earlier invitation stays asked", func(e *message.Entry) {
			e.Kind, e.Data = signal.Requested, json.RawMessage(`{"survey":"leaving","again":true}`)
		}, 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := claimedAt(at)
			c.change(&e)
			got, ok := contact.Uncount(e)
			if ok != (c.stamps == 0 || c.asked == 0) || len(got.Stamps) != c.stamps || len(got.Asked) != c.asked || len(got.Entered) != 1 || got.Version != contact.Version+1 {
				t.Errorf("%v, %+v", ok, got)
			}
			if len(contact.Stamps) != 1 || len(contact.Asked) != 1 {
				t.Errorf("the record itself was changed: %+v", contact)
			}
		})
	}
}

func TestTakingBackLeavesTheRecordAsItWasBeforeTheClaim(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := start.Add(time.Hour)
		before := message.Contact{}
		for _, minutes := range rapid.SliceOfN(rapid.IntRange(0, 120), 0, 20).Draw(t, "minutes") {
			if minutes == 60 {
				continue // the claim's own minute
			}
			before, _ = before.Add(stamp(start.Add(time.Duration(minutes) * time.Minute)))
			before = before.Ask(fmt.Sprint("survey_", minutes%4), start.Add(time.Duration(minutes)*time.Minute))
		}
		claimed, err := before.Add(stamp(at))
		if err != nil {
			t.Fatal(err)
		}
		after, ok := claimed.Ask("leaving", at).Uncount(claimedAt(at))
		if d := cmp.Diff(before, after, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(message.Contact{}, "Version")); d != "" || !ok || after.Version != before.Version+2 {
			t.Fatalf("%v, version %d after %d: %s", ok, after.Version, before.Version, d)
		}
		if again, ok := after.Uncount(claimedAt(at)); ok {
			t.Fatalf("taken back twice: %+v", again)
		}
	})
}
