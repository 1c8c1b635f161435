package scene_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/scene"
	"liuke/shared/signal"
	"liuke/shared/survey"
)

const day = 24 * time.Hour

// invited is a candidate for the win-back, which asks to the survey leaving, whom every gate lets pass.
func invited(t testing.TB, s *scene.Scene) scene.Candidate {
	c := reachable(t, s)
	c.Signal = moved(t, "Champions", "At Risk")
	c.Person, c.Ask = "c", s.Ask(c.Signal)
	c.Survey = &survey.Survey{ID: "leaving", Invite: survey.Invite{AgainAfter: 90 * day, Sample: 1, Reminders: []time.Duration{4 * day, 9 * day}}}
	return c
}

func TestTheGatesOfSurveys(t *testing.T) {
	scenes := builtIn(t)
	rules := rulesOf(t, scenes.Policy)
	held := func(gate, reason string) scene.Verdict {
		return scene.Verdict{Outcome: scene.Hold, Gate: gate, Reason: reason}
	}
	asked := func(survey string, ago time.Duration) func(*scene.Candidate) {
		return func(c *scene.Candidate) { c.Contact = c.Contact.Ask(survey, now.Add(-ago)) }
	}
	with := func(all ...func(*scene.Candidate)) func(*scene.Candidate) {
		return func(c *scene.Candidate) {
			for _, each := range all {
				each(c)
			}
		}
	}
	again := func(c *scene.Candidate) { c.Ask.Again = true }
	reminder := func(c *scene.Candidate) { c.Step, c.Invited = 1, true }
	nobody := func(c *scene.Candidate) { c.Survey.Invite.Sample = 0 }
	busy := func(c *scene.Candidate) {
		c.Contact.Stamps = []message.Stamp{{Time: now, Scene: message.SceneMarkOf("festival"), Channel: message.Email}}
	}
	elsewhere := func(ago time.Duration) func(*scene.Candidate) {
		return func(c *scene.Candidate) { set(&c.Profile, customer.TraitSurveyed, now.Add(-ago).Format(time.RFC3339)) }
	}
	for _, c := range []struct {
		name string
		with func(*scene.Candidate)
		want scene.Verdict
	}{
		{"whom every gate lets pass is asked", with(), scene.Verdict{}},
		{"a survey that there is no more", func(c *scene.Candidate) { c.Survey = nil }, held("closed", "no_survey")},
		{"a survey that takes no answers", func(c *scene.Candidate) { c.Survey.Closed = true }, held("closed", "survey_closed")},
		{"asked to it up to the last minute of the wait", asked("leaving", 90*day-time.Minute), held("recontact", "asked_before")},
		{"once that is over", asked("leaving", 90*day), scene.Verdict{}},
		{"asked to another survey up to the last minute of the policy's wait", asked("nps", 14*day-time.Minute), held("recontact", "asked_lately")},
		{"once that is over, too", asked("nps", 14*day), scene.Verdict{}},
		{"asked by another tool up to the last minute of the wait", elsewhere(90*day - time.Minute), held("recontact", "asked_elsewhere")},
		{"and once that is over as well", elsewhere(90 * day), scene.Verdict{}},
		{"asked again, once, at any time", with(asked("leaving", 0), again), scene.Verdict{}},
		{"a reminder follows its invitation", with(asked("leaving", 4*day), reminder), scene.Verdict{}},
		{"the sample is of nobody", nobody, held("sample", "not_in_sample")},
		{"asked again is who was asked", with(nobody, again), scene.Verdict{}},
		{"reminded is who was asked", with(nobody, reminder), scene.Verdict{}},
		{"who has answered is not reminded", with(reminder, func(c *scene.Candidate) { c.Answered = true }), held("answered", "answered")},
		{"who was not invited is not reminded", func(c *scene.Candidate) { c.Step = 1 }, held("answered", "not_invited")},
		{"that is asked before anything else", with(reminder, busy, func(c *scene.Candidate) {
			c.Answered = true
			set(&c.Profile, customer.ConsentTrait("email"), "false")
		}), held("answered", "answered")},
		{"a reminder keeps the caps", with(reminder, busy), held("frequency_cap", "cap_channel")},
		{"the caps are asked before the survey", with(busy, func(c *scene.Candidate) { c.Survey.Closed = true }), held("frequency_cap", "cap_channel")},
		{"closing is asked before the wait", with(asked("leaving", 0), func(c *scene.Candidate) { c.Survey.Closed = true }), held("closed", "survey_closed")},
		{"the wait is asked before the sample", with(asked("leaving", 0), nobody), held("recontact", "asked_before")},
		{"all are asked before the quiet hours", with(nobody, func(c *scene.Candidate) { c.Now = now.Add(8 * time.Hour) }), held("sample", "not_in_sample")},
		{"a reminder waits for the morning", with(reminder, func(c *scene.Candidate) { c.Now = now.Add(8 * time.Hour) }),
			scene.Verdict{Outcome: scene.Defer, Gate: "quiet_hours", Reason: "quiet", Until: time.Date(2026, 1, 16, 0, 0, 0, 0, time.UTC)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			candidate := invited(t, scenes.Scene("win_back"))
			c.with(&candidate)
			if got := rules.Decide(candidate); got != c.want {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
	plain := reachable(t, scenes.Scene("order_thanks"))
	plain.Contact = plain.Contact.Ask("nps", now)
	if got := rules.Decide(plain); got != (scene.Verdict{}) {
		t.Errorf("what asks nothing is held: %+v", got)
	}
}

// A customer is asked by a stream of occasions; a list of when that was, kept beside, says what the gates must say.
func TestNobodyIsAskedBeforeTheWaitIsOver(t *testing.T) {
	scenes := builtIn(t)
	rapid.Check(t, func(rt *rapid.T) {
		policy := scenes.Policy
		policy.Caps = nil
		policy.AskAgainAfter = time.Duration(rapid.IntRange(0, 30).Draw(rt, "all")) * day
		rules := rulesOf(t, policy)
		s := *scenes.Scene("win_back")
		s.Caps, s.Quiet = nil, false
		waits := map[string]time.Duration{}
		for _, id := range []string{"nps", "leaving", "csat_ticket"} {
			waits[id] = time.Duration(rapid.IntRange(0, 90).Draw(rt, id)) * day
		}
		last := map[string]time.Time{}
		c := invited(t, &s)
		for i := range rapid.IntRange(1, 30).Draw(rt, "occasions") {
			c.Now = c.Now.Add(time.Duration(rapid.IntRange(0, 20*24*60).Draw(rt, "minutes")) * time.Minute)
			c.Ask.Survey = rapid.SampledFrom([]string{"nps", "leaving", "csat_ticket"}).Draw(rt, "survey")
			c.Ask.Again = rapid.IntRange(0, 5).Draw(rt, "again") == 0
			c.Survey = &survey.Survey{Invite: survey.Invite{AgainAfter: waits[c.Ask.Survey], Sample: 1}}
			c.Signal.ID = fmt.Sprint("signal-", i)
			want := true
			for id, at := range last {
				wait := policy.AskAgainAfter
				if id == c.Ask.Survey {
					wait = max(wait, waits[id])
				}
				want = want && (c.Now.Sub(at) >= wait || c.Ask.Again)
			}
			v := rules.Decide(c)
			if (v.Outcome == scene.Pass) != want || !want && v.Gate != scene.GateRecontact {
				rt.Fatalf("occasion %d: %+v, and asked before at %v", i, v, last)
			}
			if want {
				last[c.Ask.Survey] = c.Now
				c.Contact = c.Contact.Ask(c.Ask.Survey, c.Now)
			}
		}
	})
}

func TestTheSampleIsStableAndOfItsShare(t *testing.T) {
	scenes := builtIn(t)
	rules := rulesOf(t, scenes.Policy)
	c := invited(t, scenes.Scene("win_back"))
	in := func(person int, share float64, survey, occasion string) bool {
		c.Person, c.Ask.Survey, c.Signal.ID = customer.ID(fmt.Sprint("person-", person)), survey, occasion
		c.Survey.Invite.Sample = share
		return rules.Decide(c).Outcome == scene.Pass
	}
	const people = 4000
	quarter, otherOccasion, otherSurvey := 0, 0, 0
	for i := range people {
		was := in(i, .25, "nps", "a")
		if was != in(i, .25, "nps", "a") || was && !in(i, .5, "nps", "a") || in(i, 0, "nps", "a") || !in(i, 1, "nps", "a") {
			t.Fatalf("person %d is in a sample and out of it", i)
		}
		if was {
			quarter++
			if in(i, .25, "nps", "b") {
				otherOccasion++
			}
			if in(i, .25, "leaving", "a") {
				otherSurvey++
			}
		}
	}
	// 1000 and 250 are expected, with standard deviations of 27 and 14 at most.
	if quarter < 890 || quarter > 1110 || otherOccasion < 190 || otherOccasion > 310 || otherSurvey < 190 || otherSurvey > 310 {
		t.Errorf("a quarter of %d is %d, of whom %d at another occasion and %d for another survey", people, quarter, otherOccasion, otherSurvey)
	}
}

func TestRecheckLooksAtTheSurveyAgain(t *testing.T) {
	c := invited(t, builtIn(t).Scene("win_back"))
	c.Contact = c.Contact.Ask("leaving", now)
	if v := scene.Recheck(c); v.Outcome != scene.Pass {
		t.Errorf("its own claim holds an invitation: %+v", v)
	}
	c.Survey.Closed = true
	if v := scene.Recheck(c); v.Gate != scene.GateClosed {
		t.Errorf("closed meanwhile: %+v", v)
	}
	c.Step, c.Invited, c.Answered = 1, true, true
	if v := scene.Recheck(c); v.Gate != scene.GateAnswered {
		t.Errorf("answered meanwhile: %+v", v)
	}
}

func TestRemindersComeOneAfterTheOther(t *testing.T) {
	c := invited(t, builtIn(t).Scene("win_back"))
	for step, want := range []time.Duration{4 * day, 5 * day, 0} {
		c.Step = step
		if got, ok := c.Reminder(); got != want || ok != (want > 0) {
			t.Errorf("after step %d: %s, %v", step, got, ok)
		}
	}
	c.Step, c.Survey = 0, nil
	if _, ok := c.Reminder(); ok {
		t.Error("a survey that is gone reminds")
	}
}

func TestLoadReadsThePolicyOfSurveys(t *testing.T) {
	read := func(policy string) (*scene.Set, error) {
		return scene.Load(fstest.MapFS{"policy.yaml": {Data: []byte(policyYAML + policy)}}, compilers)
	}
	set, err := read("surveys: {again_after: 14d}\n")
	if err != nil || set.Policy.AskAgainAfter != 14*day {
		t.Errorf("%+v, %v", set, err)
	}
	if set, err = read(""); err != nil || set.Policy.AskAgainAfter != 0 {
		t.Errorf("%+v, %v", set, err)
	}
	for policy, want := range map[string]string{
		"surveys: {again_after: soon}\n": `policy.yaml:5: "soon" is not a duration`,
		"surveys: {again_after: 500d}\n": "policy.yaml:5: again_after is at most 400 days",
	} {
		if _, err := read(policy); fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", policy, err)
		}
	}
}

func TestARequestOfDamagedDataAsksNothing(t *testing.T) {
	s := builtIn(t).Scene("survey_request")
	damaged := signal.Signal{ID: "request:x", Kind: signal.Requested, Customer: "c", Data: []byte(`[]`)}
	if s.SetOff(damaged) || s.Ask(damaged).Survey != "" {
		t.Errorf("%+v", s.Ask(damaged))
	}
}
