package dynamo_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/infra/local/engine"
	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/fault"
	"liuke/shared/survey"
)

var answeredAt = time.Date(2026, 3, 1, 12, 0, 0, 123e6, time.UTC)

func answer(c customer.ID, invitation string, score int) survey.Answer {
	return survey.Answer{
		Survey: "nps", Version: 1, Customer: c, Invitation: invitation, Given: survey.Given{Score: score, Comment: "很好 👍"},
		Locale: "zh-CN", Revision: 1, Answered: answeredAt, Revised: answeredAt,
	}
}

func answerStore(t *testing.T) *dynamo.Store {
	t.Helper()
	customers, records := engine.NewTables(t)
	return dynamo.New(engine.Config(engine.StartDynamoDB(t)), customers, records)
}

func TestAnAnswerComesBackAsItWasWritten(t *testing.T) {
	store, ctx := answerStore(t), t.Context()
	if got, err := store.Answer(ctx, "c1", "nps", "i1"); got != nil || err != nil {
		t.Fatalf("before the first: %+v, %v", got, err)
	}
	a := answer("c1", "i1", 9)
	if err := store.PutAnswer(ctx, nil, a); err != nil {
		t.Fatal(err)
	}
	got, err := store.Answer(ctx, "c1", "nps", "i1")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(&a, got); d != "" {
		t.Error(d)
	}
	if err := store.PutAnswer(ctx, nil, answer("c1", "i2", 3)); err != nil {
		t.Fatal(err)
	}
	if err := store.PutAnswer(ctx, nil, answer("c10", "i3", 3)); err != nil {
		t.Fatal(err)
	}
	all, err := store.Answers(ctx, "c1", 10)
	if err != nil || len(all) != 2 {
		t.Errorf("the answers of one customer: %+v, %v", all, err)
	}
}

func TestAnAnswerIsCountedOnceHoweverOftenItIsWritten(t *testing.T) {
	store, ctx := answerStore(t), t.Context()
	var wg sync.WaitGroup
	conflicts := make(chan error, 8)
	for range 8 {
		wg.Go(func() {
			if err := store.PutAnswer(ctx, nil, answer("c1", "i1", 9)); err != nil {
				conflicts <- err
			}
		})
	}
	wg.Wait()
	close(conflicts)
	lost := 0
	for err := range conflicts {
		if fault.CodeOf(err) != fault.Conflict {
			t.Errorf("got %v, want a conflict", err)
		}
		lost++
	}
	if lost != 7 {
		t.Errorf("%d of 8 were refused, want 7", lost)
	}
	first := answer("c1", "i1", 9)
	second := first
	second.Score, second.Revision = 2, 2
	if err := store.PutAnswer(ctx, &first, second); err != nil {
		t.Fatal(err)
	}
	if err := store.PutAnswer(ctx, &first, second); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("the same correction again: %v, want a conflict", err)
	}
	third := second
	third.Comment, third.Revision = "", 3
	if err := store.PutAnswer(ctx, &second, third); err != nil {
		t.Fatal(err)
	}
	for i := range 40 { // more customers than shards
		if err := store.PutAnswer(ctx, nil, answer(customer.ID(fmt.Sprintf("other-%d", i)), "i", i%11)); err != nil {
			t.Fatal(err)
		}
	}
	want := survey.Counts{}
	want[2]++
	for i := range 40 {
		want[i%11]++
	}
	got, err := store.Counts(ctx, "nps")
	if err != nil || got != want {
		t.Errorf("counts %v, %v, want %v", got, err, want)
	}
	if got, err := store.Counts(ctx, "other"); err != nil || got != (survey.Counts{}) {
		t.Errorf("another survey's counts: %v, %v", got, err)
	}
}

func TestWriteUnitsOfAnAnswer(t *testing.T) {
	store := answerStore(t)
	spend := func(before *survey.Answer, after survey.Answer) float64 {
		var m dynamo.Meter
		if err := store.PutAnswer(dynamo.WithMeter(t.Context(), &m), before, after); err != nil {
			t.Fatal(err)
		}
		_, write := m.Units()
		return write
	}
	first := answer("c1", "i1", 9)
	corrected := first
	corrected.Score, corrected.Revision = 3, 2
	reworded := corrected
	reworded.Comment, reworded.Revision = "better", 3
	long := answer("c2", "i2", 5)
	long.Comment = strings.Repeat("长", survey.MaxCommentRunes)
	for _, c := range []struct {
		name   string
		before *survey.Answer
		after  survey.Answer
		most   float64
	}{
		{"an answer of up to 1 KB, its count included", nil, first, 4},
		{"a correction of the score", &first, corrected, 4},
		{"a correction of the comment alone", &corrected, reworded, 1},
		{"the longest comment, of 12 KB", nil, long, 2*12 + 2},
	} {
		got := spend(c.before, c.after)
		t.Logf("%s: %g write units", c.name, got)
		if got > c.most {
			t.Errorf("%s: %g write units, over %g", c.name, got, c.most)
		}
	}
	var m dynamo.Meter
	if _, err := store.Counts(dynamo.WithMeter(t.Context(), &m), "nps"); err != nil {
		t.Fatal(err)
	}
	if read, _ := m.Units(); read > 1 {
		t.Errorf("the counts of a survey cost %g read units, over 1", read)
	}
}
