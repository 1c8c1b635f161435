package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"liuke/shared/customer"
	"liuke/shared/event"
	"liuke/shared/signal"
	"liuke/shared/survey"
)

// nps is an answer as the survey function stores it.
func nps(c customer.ID, invitation string, score, revision int, at time.Time) survey.Answer {
	return survey.Answer{
		Survey: "nps", Version: 1, Kind: survey.NPS, Customer: c, Invitation: invitation, Score: score, Complete: true, Locale: "en",
		Values:   survey.Values{"score": survey.Number(score), "comment": {Text: "fine"}},
		Revision: revision, Answered: at, Revised: at,
	}
}

// point delivers the pointers to answers as one message each.
func (b *bundle) point(t *testing.T, answers ...survey.Answer) []string {
	t.Helper()
	var in events.SQSEvent
	for i := range answers {
		e, err := answers[i].Pointer()
		if err != nil {
			t.Fatal(err)
		}
		in.Records = append(in.Records, events.SQSMessage{MessageId: fmt.Sprint(i), Body: event.PackOne(e, "")})
	}
	return b.handle(t, in)
}

func (b *bundle) put(t *testing.T, before *survey.Answer, after survey.Answer) {
	t.Helper()
	if err := b.store.PutAnswer(t.Context(), before, after); err != nil {
		t.Fatal(err)
	}
}

func TestAPointerBecomesTheAnswerThatIsStored(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	first := nps("c1", "i1", 3, 1, b.now)
	b.put(t, nil, first)
	for range 2 { // SQS delivers at least once
		if failed := b.point(t, first); len(failed) > 0 {
			t.Fatalf("failed: %v", failed)
		}
	}
	second := nps("c1", "i1", 9, 2, b.now)
	second.Revised = b.now.Add(time.Minute)
	b.put(t, &first, second)
	if failed := b.point(t, second, first); len(failed) > 0 { // the later one first
		t.Fatalf("failed: %v", failed)
	}
	rec := b.customer(t, "c1")
	if got := rec.Signs.Opinion(customer.NPS); got.Score != 9 {
		t.Errorf("the opinion is %+v", got)
	}
	for _, s := range b.signals.signals(t) {
		if s.Kind != signal.AnswerGiven || s.ID != signal.AnswerID("nps", "i1") {
			t.Errorf("signal %+v", s)
		}
	}
	marks, err := b.store.Marks(t.Context(), "nps")
	if err != nil || len(marks) != 1 || !marks[0].Begin.Equal(b.now) {
		t.Errorf("marks %+v, %v", marks, err)
	}
	for _, e := range b.lake.list {
		if e.Name != event.SurveyAnswered || !strings.Contains(string(e.Properties), `"texts":{"comment":"fine"}`) {
			t.Errorf("in the lake: %s %s", e.Name, e.Properties)
		}
	}
}

func TestAPointerWaitsForItsAnswerAndNotForEver(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.now = time.Date(2026, 3, 1, 12, 0, 1, 0, time.UTC)
	never := nps("c1", "i1", 3, 1, b.now.Add(-time.Second))
	if failed := b.point(t, never); len(failed) > 0 || len(b.back.list) != 1 || b.back.list[0].Delay == 0 {
		t.Fatalf("failed %v, back %+v", failed, b.back.list)
	}
	if strings.Contains(b.back.list[0].Body, `"score"`) {
		t.Errorf("the pointer says what was answered: %s", b.back.list[0].Body)
	}
	stored := nps("c2", "i2", 3, 1, b.now)
	b.put(t, nil, stored)
	revised := nps("c2", "i2", 5, 2, b.now)
	if b.point(t, revised); len(b.back.list) != 2 {
		t.Errorf("a pointer to the next revision did not wait: %+v", b.back.list)
	}
	b.now = b.now.Add(pointerFor)
	if failed := b.point(t, never); len(failed) > 0 || len(b.back.list) != 2 || len(b.lake.list) != 0 {
		t.Errorf("failed %v, back %d, lake %+v", failed, len(b.back.list), b.lake.list)
	}
}

func TestNobodysAnswerIsCountedAndFoldsIntoNobody(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	a := nps("", "web-1", 3, 1, b.now)
	b.put(t, nil, a)
	if failed := b.point(t, a); len(failed) > 0 || len(b.back.list)+len(b.lake.list)+len(b.signals.list) != 0 {
		t.Errorf("failed %v, back %+v, lake %+v", failed, b.back.list, b.lake.list)
	}
	if marks, err := b.store.Marks(t.Context(), ""); err != nil || len(marks) != 1 {
		t.Errorf("marks %+v, %v", marks, err)
	}
}
