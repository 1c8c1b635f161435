package main

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/signal"
	"liuke/shared/survey"
	"liuke/shared/token"
)

// asks makes of the sample's entry a check-in, or one of its reminders.
func asks(step int) func(*message.Entry) {
	return func(e *message.Entry) {
		e.Scene, e.Kind, e.Data = "nps_check_in", signal.Occasion, json.RawMessage(`{"kind":"check_in","day":"2026-03-01"}`)
		e.Step = step
		e.Invitation = message.Invitation{Survey: "nps", ID: "the-first-entry", Cell: survey.Cell{Segment: "Champions", Tier: "A", Channel: "email"}}
	}
}

// mail returns the one mail that was taken, its HTML as it was written.
func (b *bundle) mail() string {
	b.t.Helper()
	mails := b.provider.mails()
	if len(mails) != 1 {
		b.t.Fatalf("%d mails, and the entry is %+v", len(mails), b.entry())
	}
	return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&", `\"`, `"`).Replace(mails[0])
}

func TestOneTapAnswers(t *testing.T) {
	for _, c := range []struct{ locale, question, lowest string }{
		{"en-GB", "How likely are you to recommend us", "0: not at all likely"},
		{"zh-CN", "您有多大可能把我们推荐给朋友或同事", "0：完全不可能"},
	} {
		b := setup(t)
		b.profile(map[string]string{customer.TraitEmail: "li@example.com", customer.ConsentTrait("email"): "true", customer.TraitLocale: c.locale})
		b.claimWith(asks(0))
		b.deliver()
		mail := b.mail()
		links := regexp.MustCompile(base+`/s/([A-Za-z0-9_-]+)\?score=(\d+)"`).FindAllStringSubmatch(mail, -1)
		if len(links) != 11 || links[0][2] != "0" || links[10][2] != "10" || !strings.Contains(mail, c.question) || !strings.Contains(mail, c.lowest) {
			t.Fatalf("%d scores can be tapped in %s", len(links), mail)
		}
		var to token.Survey
		if err := b.ring.Open(token.PurposeSurvey, links[7][1], &to); err != nil {
			t.Fatal(err)
		}
		want := token.Survey{Survey: "nps", Customer: "user-0001", Invitation: "the-first-entry", Expires: arrival.AddDate(0, 0, 30), Segment: "Champions", Tier: "A", Channel: "email"}
		if to != want {
			t.Errorf("%+v, want %+v", to, want)
		}
	}
}

func TestAReminderAsksWithTheSameInvitation(t *testing.T) {
	b := setup(t)
	b.claimWith(asks(1))
	failures, write := b.deliver()
	if mail := b.mail(); failures != 0 || write != 2 || !strings.Contains(mail, "Reminder: ") || !strings.Contains(mail, "we asked you a few days ago") {
		t.Errorf("%d failures, %g write units, %s", failures, write, mail)
	}
	var to token.Survey
	found := regexp.MustCompile(base + `/s/([A-Za-z0-9_-]+)\?`).FindStringSubmatch(b.mail())
	if err := b.ring.Open(token.PurposeSurvey, found[1], &to); err != nil || to.Invitation != "the-first-entry" {
		t.Errorf("%+v, %v", to, err)
	}
	if marks, err := b.store.Marks(t.Context(), ""); err != nil || len(marks) != 0 {
		t.Errorf("a reminder is counted: %v, %v", marks, err)
	}
}

func TestWhatChangedOfTheSurveySinceTheClaimHoldsTheMessage(t *testing.T) {
	answer := func(b *bundle) {
		a := survey.Answer{Survey: "nps", Version: 1, Customer: "user-0001", Invitation: "the-first-entry", Revision: 1, Answered: arrival, Revised: arrival}
		if err := b.store.PutAnswer(b.t.Context(), nil, a); err != nil {
			b.t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name         string
		step         int
		change       func(*bundle)
		gate, reason string
	}{
		{"the survey was closed", 0, func(b *bundle) { closed := *b.surveys["nps"]; closed.Closed = true; b.surveys["nps"] = &closed }, "closed", "survey_closed"},
		{"the survey is gone", 0, func(b *bundle) { delete(b.surveys, "nps") }, "closed", "no_survey"},
		{"a reminder of what has been answered", 1, answer, "answered", "answered"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			b.claimWith(asks(c.step))
			c.change(b)
			failures, write := b.deliver()
			if e := b.entry(); failures != 0 || write != 4 || e.State != message.Held || e.Gate != c.gate || e.Reason != c.reason || b.provider.asked() != 0 {
				t.Errorf("%d failures, %g write units, %d calls, %+v", failures, write, b.provider.asked(), e)
			}
		})
	}
}

// unread is surveys that cannot be read.
type unread struct{}

func (unread) Surveys(context.Context) (survey.Catalogue, error) {
	return nil, fault.New(fault.Unavailable, "nobody there")
}

func TestWithoutTheSurveysAnInvitationWaits(t *testing.T) {
	b := setup(t)
	b.claimWith(asks(0))
	b.handler.Surveys = unread{}.Surveys
	failures, write := b.deliver()
	if e := b.entry(); failures != 0 || write != 0 || e.State != message.Claimed || len(b.queue.back) != 1 {
		t.Errorf("%d failures, %g write units, %d back, %+v", failures, write, len(b.queue.back), e)
	}
}

// marker is a store that counts marks, or refuses them.
type marker struct {
	*dynamo.Store
	hours []survey.Hour
	err   error
}

func (m *marker) MarkHours(_ context.Context, _ time.Time, hours ...survey.Hour) error {
	if m.err == nil {
		m.hours = append(m.hours, hours...)
	}
	return m.err
}

func TestNothingIsSentThatNobodyCounts(t *testing.T) {
	b := setup(t)
	b.claimWith(asks(0))
	b.handler.Store = &marker{Store: b.store, err: fault.New(fault.Throttled, "slower")}
	b.deliver()
	if e := b.entry(); e.State != message.Claimed || len(b.queue.back) != 1 || b.provider.asked() != 0 {
		t.Errorf("%d back, %d calls, %+v", len(b.queue.back), b.provider.asked(), e)
	}
}

func TestAnHourIsMarkedOnceWhileItIsYoungAndOnceAsItEnds(t *testing.T) {
	b := setup(t)
	m := &marker{Store: b.store}
	b.handler.Store = m
	at := func(clock string) time.Time {
		moment, err := time.Parse("15:04:05", clock)
		if err != nil {
			t.Fatal(err)
		}
		return arrival.Truncate(24 * time.Hour).Add(moment.Sub(moment.Truncate(24 * time.Hour)))
	}
	for _, c := range []struct {
		at, survey string
		step       int
		marks      int // in all by then
	}{
		{"08:00:00", "nps", 0, 1},
		{"08:00:00", "nps", 0, 1},
		{"08:57:59", "nps", 0, 1},
		{"08:57:59", "leaving", 0, 2},
		{"08:58:00", "nps", 0, 3},
		{"08:59:59", "nps", 0, 3},
		{"08:59:59", "leaving", 0, 4},
		{"09:00:00", "nps", 1, 4}, // a reminder
		{"09:00:00", "", 0, 4},    // no invitation
		{"09:58:30", "nps", 0, 5},
		{"09:59:00", "nps", 0, 5},
	} {
		e := message.Entry{Step: c.step, Invitation: message.Invitation{Survey: c.survey}}
		if err := b.handler.markFor(t.Context(), e, at(c.at)); err != nil || len(m.hours) != c.marks {
			t.Errorf("at %s for %q: %d marks, want %d, %v", c.at, c.survey, len(m.hours), c.marks, err)
		}
	}
	if last := m.hours[len(m.hours)-1]; last != survey.HourAt("nps", at("09:00:00")) {
		t.Errorf("%+v", last)
	}
}

func TestAnInvitationCostsOneUnitMoreAndItsHourIsMarked(t *testing.T) {
	b := setup(t)
	b.claimWith(asks(0))
	if _, write := b.deliver(); write != 4 {
		t.Errorf("the first of its hour took %g write units, want 4", write)
	}
	marks, err := b.store.Marks(t.Context(), "nps")
	if err != nil || len(marks) != 1 || marks[0].Hour != survey.HourAt("nps", arrival) {
		t.Errorf("%+v, %v", marks, err)
	}
	asked, err := b.store.AskedOfHour(t.Context(), "nps", arrival.Truncate(time.Hour), time.Time{})
	if err != nil || len(asked) != 1 || asked[0].Invitation != "the-first-entry" || asked[0].Locale != "en" || asked[0].Cell.Tier != "A" {
		t.Errorf("%+v, %v", asked, err)
	}
	e, err := message.New("nps_check_in", 0, message.Email, signal.Signal{
		ID: "occasion:check_in:2026-03-02", Kind: signal.Occasion, Customer: "user-0001", Time: arrival, Data: json.RawMessage(`{"kind":"check_in"}`),
	}).Claim(arrival)
	if err != nil {
		t.Fatal(err)
	}
	e.Invitation = message.Invitation{Survey: "nps", ID: e.ID}
	if _, err := b.store.WriteEntry(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	meter := &dynamo.Meter{}
	if errs := b.handler.handle(dynamo.WithMeter(t.Context(), meter), []message.Job{{Customer: "user-0001", Entry: e.ID}}); errs[0] != nil {
		t.Fatal(errs[0])
	}
	if _, write := meter.Units(); write != 3 {
		t.Errorf("the next of the hour took %g write units, want 3", write)
	}
}
