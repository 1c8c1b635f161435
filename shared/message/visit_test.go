package message_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"liuke/shared/message"
)

var handed = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

func TestPeopleAndPrograms(t *testing.T) {
	type visit struct {
		after   time.Duration // since the message was handed over
		link    string
		program bool
	}
	const minute = time.Minute
	for name, c := range map[string]struct {
		visits              []visit
		clicked, prefetched time.Duration // 0 for never
	}{
		"a person's click":                                {[]visit{{minute, "a", false}}, minute, 0},
		"the first click stays":                           {[]visit{{minute, "a", false}, {2 * minute, "b", false}}, minute, 0},
		"a program that says so":                          {[]visit{{minute, "a", true}}, 0, minute},
		"a scanner before a person":                       {[]visit{{minute, "a", true}, {5 * minute, "a", false}}, 5 * minute, minute},
		"a click within seconds of the sending":           {[]visit{{4 * time.Second, "a", false}}, 0, 4 * time.Second},
		"several links at once":                           {[]visit{{minute, "a", false}, {minute + 500*time.Millisecond, "b", false}}, 0, minute + 500*time.Millisecond},
		"several links, and the first of them again":      {[]visit{{minute, "a", false}, {minute + 300*time.Millisecond, "b", false}, {minute + 600*time.Millisecond, "a", false}}, 0, minute + 300*time.Millisecond},
		"a person after several links at once":            {[]visit{{minute, "a", false}, {minute + 300*time.Millisecond, "b", false}, {3 * minute, "b", false}}, 3 * minute, minute + 300*time.Millisecond},
		"one link twice at once":                          {[]visit{{minute, "a", false}, {minute + 300*time.Millisecond, "a", false}}, minute, 0},
		"two links by one person, one after the other":    {[]visit{{minute, "a", false}, {minute + 2*time.Second, "b", false}}, minute, 0},
		"a scanner that looks where a person has just":    {[]visit{{minute, "a", true}, {minute + 200*time.Millisecond, "a", false}}, minute + 200*time.Millisecond, minute},
		"a scanner long after a person's click":           {[]visit{{minute, "a", false}, {9 * minute, "a", false}, {9*minute + time.Second, "b", false}}, minute, 0},
		"each link by its head and then as a person does": {[]visit{{minute, "a", true}, {minute + 100*time.Millisecond, "a", false}, {minute + 200*time.Millisecond, "b", true}, {minute + 300*time.Millisecond, "b", false}}, 0, minute + 200*time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			e := message.Entry{State: message.Sent, Channel: message.Email, Sent: handed}
			for _, v := range c.visits {
				e, _ = e.Visit(message.Visit{Time: handed.Add(v.after), Link: v.link, Program: v.program})
			}
			at := func(d time.Duration) time.Time {
				if d == 0 {
					return time.Time{}
				}
				return handed.Add(d)
			}
			if e.Clicked != at(c.clicked) || e.Prefetched != at(c.prefetched) {
				t.Errorf("clicked %v, prefetched %v", e.Clicked, e.Prefetched)
			}
		})
	}
}

func TestWhatWasNeverSentIsClickedByNobody(t *testing.T) {
	e, changed := message.Entry{State: message.Claimed, Channel: message.Email}.Visit(message.Visit{Time: handed, Link: "a"})
	if !e.Clicked.IsZero() || e.Prefetched != handed || !changed {
		t.Errorf("%+v", e)
	}
}

// TestScanners holds that whoever follows one link after the other, in any order and as often as it likes, none later than a
// second after the one before, counts as no person, and costs few writes.
func TestScanners(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := message.Entry{State: message.Sent, Channel: message.Email, Sent: handed}
		begin := handed.Add(time.Hour)
		at, writes, links := begin, 0, []string{"a", "b", "c"}
		now := rapid.IntRange(0, 2).Draw(t, "link")
		for range rapid.IntRange(2, 20).Draw(t, "visits") {
			at = at.Add(time.Duration(rapid.IntRange(1, 999).Draw(t, "milliseconds")) * time.Millisecond)
			now = (now + rapid.IntRange(1, 2).Draw(t, "other")) % 3
			var changed bool
			if e, changed = e.Visit(message.Visit{Time: at, Link: links[now], Program: rapid.Bool().Draw(t, "program")}); changed {
				writes++
			}
		}
		if !e.Clicked.IsZero() || e.Prefetched.IsZero() {
			t.Fatalf("counted as a click: %+v", e)
		}
		if most := 2 + int(at.Sub(begin)/(message.BurstWindow/2)); writes > most {
			t.Fatalf("%d writes, and %d at most", writes, most)
		}
	})
}
