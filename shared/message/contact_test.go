package message_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"liuke/shared/fault"
	"liuke/shared/message"
)

func stamp(at time.Time) message.Stamp {
	return message.Stamp{Time: at, Scene: message.SceneMarkOf("win_back"), Channel: message.Email}
}

func any(message.Stamp) bool { return true }

func TestCountSlides(t *testing.T) {
	c := message.Contact{Stamps: []message.Stamp{stamp(start)}}
	for _, k := range []struct {
		name string
		now  time.Time
		want int
	}{
		{"it counts when it was made", start, 1},
		{"it counts up to a second before the window ends", start.Add(24*time.Hour - time.Second), 1},
		{"it counts no more when it is as old as the window", start.Add(24 * time.Hour), 0},
		{"it counts when the clock was set back", start.Add(-time.Hour), 1},
	} {
		if got := c.Count(k.now, 24*time.Hour, any); got != k.want {
			t.Errorf("%s: got %d, want %d", k.name, got, k.want)
		}
	}
}

func TestContactForgetsAndFills(t *testing.T) {
	var c message.Contact
	var err error
	for i := range message.MaxStamps {
		if c, err = c.Add(stamp(start.Add(time.Duration(i) * time.Minute))); err != nil {
			t.Fatal(err)
		}
	}
	last := start.Add(message.MaxStamps * time.Minute)
	if _, err := c.Add(stamp(last)); fault.CodeOf(err) != fault.Conflict || !c.Full(last) {
		t.Errorf("a full record: got %v, want a conflict", err)
	}
	if c, err = c.Add(stamp(start.Add(message.MaxWindow))); err != nil {
		t.Fatalf("the oldest has left the window: %v", err)
	}
	if len(c.Stamps) != message.MaxStamps || c.Stamps[0].Time.Equal(start) {
		t.Errorf("%d stamps from %s on", len(c.Stamps), c.Stamps[0].Time)
	}
	if c.Version != message.MaxStamps+1 {
		t.Errorf("version %d after %d claims", c.Version, message.MaxStamps+1)
	}
}

func TestInvitationsAreForgottenAfterTheLongestWait(t *testing.T) {
	var c message.Contact
	if c.AskedWithin(start, message.MaxAskedAge, "") {
		t.Error("nobody was asked")
	}
	c = c.Ask("nps", start.Add(30*time.Second)) // kept to the minute
	for _, k := range []struct {
		name, survey string
		now          time.Time
		want         bool
	}{
		{"the same survey at once", "nps", start, true},
		{"the same survey just before the wait is over", "nps", start.Add(90*24*time.Hour - time.Second), true},
		{"the same survey when it is over", "nps", start.Add(90 * 24 * time.Hour), false},
		{"another survey", "leaving", start, false},
		{"any survey", "", start, true},
		{"when the clock was set back", "nps", start.Add(-time.Hour), true},
	} {
		if got := c.AskedWithin(k.now, 90*24*time.Hour, k.survey); got != k.want {
			t.Errorf("%s: %v", k.name, got)
		}
	}
	if back := c.Ask("nps", start.Add(-time.Hour)); !back.Asked[message.MarkOf("nps")].Equal(start) {
		t.Errorf("an earlier invitation replaced a later one: %v", back.Asked)
	}
	if later := c.Ask("leaving", start.Add(message.MaxAskedAge)); len(later.Asked) != 1 || len(c.Asked) != 1 {
		t.Errorf("after the longest wait %v, and the record before is %v", later.Asked, c.Asked)
	}
	for i := range message.MaxAsked {
		c = c.Ask(fmt.Sprint("survey_", i), start.Add(time.Duration(i+1)*time.Hour))
	}
	if len(c.Asked) != message.MaxAsked || c.AskedWithin(start, time.Hour, "nps") || !c.AskedWithin(start, time.Hour, "survey_0") {
		t.Errorf("of too many the last stay: %v", c.Asked)
	}
	next, err := c.Add(stamp(start))
	if err != nil || len(next.Asked) != message.MaxAsked {
		t.Errorf("another message lost the invitations: %v, %v", next.Asked, err)
	}
}

func TestJoinKeepsTheLastInvitationOfEach(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) (c message.Contact, last map[string]time.Time) {
			last = map[string]time.Time{}
			for range rapid.IntRange(0, 6).Draw(t, name) {
				survey := rapid.SampledFrom([]string{"nps", "leaving", "csat_ticket"}).Draw(t, "survey")
				at := start.Add(time.Duration(rapid.IntRange(0, 300*24*60).Draw(t, "minute")) * time.Minute)
				c = c.Ask(survey, at)
				if at.After(last[survey]) {
					last[survey] = at
				}
			}
			return c, last
		}
		a, ofA := draw("a")
		b, ofB := draw("b")
		for survey, at := range ofB {
			if at.After(ofA[survey]) {
				ofA[survey] = at
			}
		}
		joined := a.Join(b)
		if len(joined.Asked) != len(ofA) || len(ofA) > 0 != !joined.Empty() {
			t.Fatalf("%v, want %v", joined.Asked, ofA)
		}
		for survey, at := range ofA {
			if !joined.Asked[message.MarkOf(survey)].Equal(at) {
				t.Fatalf("%s: %v, want %s", survey, joined.Asked, at)
			}
		}
	})
}

func TestRecordsOfOlderFormatsAreRead(t *testing.T) {
	// one stamp of win_back by e-mail on 2026-03-01 12:00:00 UTC
	stamps := "\x02\x08win_back\x05email\x80\xd3\xa1\x9a\x0d\x00\x02"
	var c message.Contact
	if err := c.UnmarshalBinary([]byte("\x01" + stamps)); err != nil || len(c.Stamps) != 1 || c.Asked != nil || c.Stamps[0].Scene != message.SceneMarkOf("win_back") {
		t.Fatalf("%+v, %v", c, err)
	}
	asked := "\x02\x01\x01\x02\x03\x04\x90\xa1\x0f"
	if err := c.UnmarshalBinary([]byte(asked + stamps)); err != nil || len(c.Stamps) != 1 || len(c.Asked) != 1 || c.Stamps[0].Channel != message.Email {
		t.Fatalf("%+v, %v", c, err)
	}
}

func TestAFullContactStaysWithinOneKilobyte(t *testing.T) {
	const scenes = 24
	channels := []message.Channel{"email", "sms", "push", "webhook", "task"}
	var c message.Contact
	for i := range message.MaxAsked {
		c = c.Ask(fmt.Sprint("survey_", i), start.Add(-time.Duration(i)*28*24*time.Hour))
	}
	for i := range message.MaxEntered {
		c = c.Enter(fmt.Sprint("scene_", i), entryID(i), start.Add(time.Duration(i)*33*24*time.Hour))
	}
	for i := range message.MaxStamps {
		c.Stamps = append(c.Stamps, message.Stamp{
			Time:    start.Add(time.Duration(i) * message.MaxWindow / message.MaxStamps),
			Scene:   message.SceneMarkOf(fmt.Sprint("scene_", i%scenes)),
			Channel: channels[i%len(channels)],
		})
	}
	b, err := c.MarshalBinary()
	if keys := 9 + 128 + 7 + 10; err != nil || len(b)+keys > 1024 || len(c.Entered) != message.MaxEntered {
		t.Errorf("a full record has %d bytes, over the kilobyte that one write unit pays for, %v", len(b)+keys, err)
	}
}

func TestContactRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := message.Contact{Stamps: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) message.Stamp {
			return message.Stamp{
				Time:    time.Unix(rapid.Int64Range(-1<<33, 1<<33).Draw(t, "unix"), 0).UTC(),
				Scene:   rapid.SampledFrom([]message.SceneMark{0, 7, message.SceneMarkOf("win_back"), 1<<32 - 1}).Draw(t, "scene"),
				Channel: rapid.SampledFrom([]message.Channel{"email", "sms", "推送"}).Draw(t, "channel"),
				Service: rapid.Bool().Draw(t, "service"),
			}
		}), 0, message.MaxStamps).Draw(t, "stamps")}
		moment := rapid.Int64Range(-1<<33, 1<<33)
		for i := range rapid.IntRange(0, message.MaxAsked+2).Draw(t, "surveys") {
			in = in.Ask(fmt.Sprint("survey_", i), time.Unix(moment.Draw(t, "asked"), 0))
		}
		for i := range rapid.IntRange(0, message.MaxEntered+2).Draw(t, "entered") {
			in = in.Enter(fmt.Sprint("scene_", i%8), entryID(i), time.Unix(moment.Draw(t, "at"), 0))
		}
		b, err := in.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		var out message.Contact
		if err := out.UnmarshalBinary(b); err != nil {
			t.Fatal(err)
		}
		if len(in.Stamps) == 0 {
			in.Stamps = nil
		}
		if d := cmp.Diff(in, out, cmpopts.EquateEmpty()); d != "" {
			t.Fatal(d)
		}
	})
}

func FuzzContact(f *testing.F) {
	b, _ := message.Contact{Stamps: []message.Stamp{stamp(start), stamp(start.Add(time.Hour))}}.MarshalBinary()
	f.Add(b)
	b, _ = message.Contact{Stamps: []message.Stamp{stamp(start)}}.Ask("nps", start).MarshalBinary()
	f.Add(b)
	b, _ = message.Contact{}.Enter("win_back", entryID(1), start).MarshalBinary()
	f.Add(b)
	f.Add([]byte{1, 255, 255, 255, 255, 15})
	f.Add([]byte{3, 255, 255, 255, 255, 15})
	f.Add([]byte{3, 0, 0, 1, 1, 2, 3, 4, 0, 2, 2})
	f.Add([]byte{2, 255, 255, 255, 255, 15})
	f.Fuzz(func(t *testing.T, b []byte) {
		var c message.Contact
		if err := c.UnmarshalBinary(b); err != nil && fault.CodeOf(err) != fault.Internal {
			t.Errorf("got %v, want internal", err)
		}
	})
}
