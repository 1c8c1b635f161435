package message_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"liuke/shared/fault"
	"liuke/shared/message"
)

func stamp(at time.Time) message.Stamp {
	return message.Stamp{Time: at, Scene: "win_back", Channel: message.Email}
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

func TestAFullContactStaysWithinOneKilobyte(t *testing.T) {
	var c message.Contact
	for i := range message.MaxStamps {
		c.Stamps = append(c.Stamps, message.Stamp{
			Time:    start.Add(time.Duration(i) * message.MaxWindow / message.MaxStamps),
			Scene:   fmt.Sprintf("%s%02d", strings.Repeat("s", message.MaxNameBytes-2), i%8),
			Channel: "email",
		})
	}
	b, _ := c.MarshalBinary()
	if keys := 9 + 128 + 7 + 10; len(b)+keys > 1024 {
		t.Errorf("a full record has %d bytes, over the kilobyte that one write unit pays for", len(b)+keys)
	}
}

func TestContactRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := message.Contact{Stamps: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) message.Stamp {
			return message.Stamp{
				Time:    time.Unix(rapid.Int64Range(-1<<33, 1<<33).Draw(t, "unix"), 0).UTC(),
				Scene:   rapid.SampledFrom([]string{"win_back", "order_thanks", "", "生日"}).Draw(t, "scene"),
				Channel: rapid.SampledFrom([]message.Channel{"email", "sms"}).Draw(t, "channel"),
				Service: rapid.Bool().Draw(t, "service"),
			}
		}), 0, message.MaxStamps).Draw(t, "stamps")}
		b, _ := in.MarshalBinary()
		var out message.Contact
		if err := out.UnmarshalBinary(b); err != nil {
			t.Fatal(err)
		}
		if len(in.Stamps) == 0 {
			in.Stamps = nil
		}
		if d := cmp.Diff(in, out); d != "" {
			t.Fatal(d)
		}
	})
}

func FuzzContact(f *testing.F) {
	b, _ := message.Contact{Stamps: []message.Stamp{stamp(start), stamp(start.Add(time.Hour))}}.MarshalBinary()
	f.Add(b)
	f.Add([]byte{1, 255, 255, 255, 255, 15})
	f.Fuzz(func(t *testing.T, b []byte) {
		var c message.Contact
		if err := c.UnmarshalBinary(b); err != nil && fault.CodeOf(err) != fault.Internal {
			t.Errorf("got %v, want internal", err)
		}
	})
}
