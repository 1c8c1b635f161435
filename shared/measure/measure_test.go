package measure_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"liuke/shared/customer"
	"liuke/shared/experiment"
	"liuke/shared/holdout"
	"liuke/shared/measure"
	"liuke/shared/message"
	"liuke/shared/scene"
)

var begin = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)

func twoVariants(salt string) (*scene.Scene, *scene.Policy) {
	e := &experiment.Experiment{Scene: "win_back", Salt: salt, Variants: []experiment.Variant{{ID: "plain", Weight: 1, Control: true}, {ID: "bold", Weight: 1}}}
	s := &scene.Scene{ID: "win_back", Kind: scene.Marketing, Holdout: .1, Goal: &scene.Goal{Within: 7 * 24 * time.Hour}, Experiment: e}
	return s, &scene.Policy{Holdout: holdout.Holdout{Salt: salt}}
}

// Two variants that say the same are told apart in no more runs than chance allows, though each run is looked at again and
// again; and customers are drawn as the weights say.
func TestVariantsThatAreAlikeAreSeldomToldApart(t *testing.T) {
	const seeds, customers, looks = 100, 1500, 5
	alarms, ratios, lifts := 0, 0, 0
	for seed := range uint64(seeds) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		s, policy := twoVariants(fmt.Sprint("salt", seed))
		terms := measure.Of(s, policy)
		var sum measure.Tally
		told := false
		var last experiment.Result
		for look := range looks {
			var hour measure.Tally
			for i := range customers / looks {
				id := customer.ID(fmt.Sprint("c-", look, "-", i))
				e := terms.Enrolment(id, begin)
				if e.Held = policy.Holdout.Named(s.ID, s.Holdout).Holds(id); e.Held {
					e.Variant = ""
				}
				entry := message.Entry{State: message.Sent}
				if rnd.IntN(5) == 0 {
					entry, _ = entry.Convert(message.Goal{ID: "order:1", At: begin.Add(time.Hour), Worth: 1000})
				}
				hour.Add(&e, []message.Entry{entry})
			}
			text, err := hour.Encode()
			if err != nil {
				t.Fatal(err)
			}
			stored, err := measure.DecodeTally(text)
			if err != nil {
				t.Fatal(err)
			}
			sum.Plus(stored)
			if last, err = terms.Experiment.Analyse(sum.Observed(&terms, "EUR")); err != nil {
				t.Fatal(err)
			}
			told = told || last.Comparisons[0].Conversion.P < .05
		}
		if told {
			alarms++
		}
		if last.SampleRatio.Off {
			ratios++
		}
		if last.Holdout == nil || last.Holdout.SampleRatio.Off {
			lifts++
		}
	}
	t.Logf("of %d: %d told apart, %d with shares that are off, %d with a holdout that is", seeds, alarms, ratios, lifts)
	if alarms > seeds/20 || ratios > 1 || lifts > 1 {
		t.Errorf("%d of %d told apart, %d and %d with shares that are off", alarms, seeds, ratios, lifts)
	}
}

func TestATrialIsAnotherWhereCustomersAreDrawnOtherwise(t *testing.T) {
	id := func(change func(*scene.Scene, *scene.Policy)) string {
		s, p := twoVariants("salt")
		change(s, p)
		terms := measure.Of(s, p)
		return terms.ID
	}
	same := id(func(*scene.Scene, *scene.Policy) {})
	for _, c := range []struct {
		name    string
		another bool
		change  func(*scene.Scene, *scene.Policy)
	}{
		{"the same again", false, func(*scene.Scene, *scene.Policy) {}},
		{"another control", false, func(s *scene.Scene, _ *scene.Policy) { s.Experiment.Variants[1].Control = true }},
		{"another weight", true, func(s *scene.Scene, _ *scene.Policy) { s.Experiment.Variants[1].Weight = 2 }},
		{"another variant", true, func(s *scene.Scene, _ *scene.Policy) { s.Experiment.Variants[1].ID = "bolder" }},
		{"another salt", true, func(s *scene.Scene, _ *scene.Policy) { s.Experiment.Salt = "2" }},
		{"another holdout", true, func(s *scene.Scene, _ *scene.Policy) { s.Holdout = .2 }},
		{"a holdout of all scenes", true, func(_ *scene.Scene, p *scene.Policy) { p.Holdout.Share = .05 }},
		{"another window", true, func(s *scene.Scene, _ *scene.Policy) { s.Goal.Within = time.Hour }},
		{"no variants", true, func(s *scene.Scene, _ *scene.Policy) { s.Experiment = nil }},
	} {
		if got := id(c.change); (got != same) != c.another {
			t.Errorf("%s: %s, and %s before", c.name, got, same)
		}
	}
}

func TestOnlyWhatHappensInTheWindowCounts(t *testing.T) {
	s, p := twoVariants("salt")
	terms := measure.Of(s, p)
	for _, c := range []struct {
		name      string
		at        time.Time
		converted int64
	}{
		{"within", begin.Add(time.Hour), 1},
		{"at the end", begin.Add(terms.Window), 1},
		{"behind it", begin.Add(terms.Window + time.Second), 0},
	} {
		e := terms.Enrolment("ann", begin)
		entry, _ := message.Entry{State: message.Sent}.Convert(message.Goal{ID: "order:1", At: c.at, Worth: 700})
		var sum measure.Tally
		sum.Add(&e, []message.Entry{entry, {State: message.Sent, Clicked: begin}, {State: message.Held}})
		arm := sum.Arms[e.Variant]
		if arm.Assigned != 1 || arm.Sent != 1 || arm.Clicked != 1 || arm.Converted != c.converted || int64(arm.Revenue.Sum) != 700*c.converted {
			t.Errorf("%s: %+v", c.name, arm)
		}
	}
}

func TestResultsAreCompleteUpToTheHourThatWasCountedLongestAgo(t *testing.T) {
	const window = 7 * 24 * time.Hour
	now := begin.Add(50 * time.Hour)
	mark := func(hours int, counted time.Duration, part int) measure.Mark {
		m := measure.Mark{Hour: measure.HourAt("win_back", "t", window, begin.Add(time.Duration(hours)*time.Hour)), Part: part}
		if counted > 0 {
			m.Counted = now.Add(-counted)
		}
		return m
	}
	over := measure.Mark{Hour: measure.HourAt("win_back", "t", window, begin.AddDate(0, 0, -20)), Counted: begin.AddDate(0, 0, -5)}
	fresh := mark(49, 3*time.Minute, 0)
	for _, c := range []struct {
		name  string
		from  time.Time
		marks []measure.Mark
		want  time.Time
	}{
		{"nobody was enrolled", time.Time{}, nil, now},
		{"one hour, but for what the index may lack", time.Time{}, []measure.Mark{fresh}, now.Add(-4 * time.Minute)},
		{"an older one that was counted longer ago", time.Time{}, []measure.Mark{fresh, mark(2, 10*time.Hour, 0)}, now.Add(-10*time.Hour - time.Minute)},
		{"one that is being counted anew", time.Time{}, []measure.Mark{fresh, mark(2, 10*time.Hour, 5)}, now.Add(-10*time.Hour - time.Minute)},
		{"one that was never counted", time.Time{}, []measure.Mark{fresh, mark(40, 0, 0)}, begin.Add(40 * time.Hour)},
		{"one that was counted right as it began", time.Time{}, []measure.Mark{mark(49, 59*time.Minute+30*time.Second, 0)}, begin.Add(49 * time.Hour)},
		{"one that is not asked for", begin.Add(3 * time.Hour), []measure.Mark{fresh, mark(2, 10*time.Hour, 0)}, now.Add(-4 * time.Minute)},
		{"one that was counted for the last time", time.Time{}, []measure.Mark{fresh, over}, now.Add(-4 * time.Minute)},
	} {
		if got := measure.Complete(c.marks, c.from, now, now); !got.Equal(c.want) {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
