package dynamo_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"liuke/infra/local/engine"
	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/fault"
	"liuke/shared/survey"
	"liuke/shared/survey/rollup"
)

var answeredAt = time.Date(2026, 3, 1, 12, 0, 0, 123e6, time.UTC)

func answer(c customer.ID, invitation string, score int) survey.Answer {
	return survey.Answer{
		Survey: "nps", Version: 1, Kind: survey.NPS, Customer: c, Invitation: invitation, Score: score, Complete: true,
		Values: survey.Values{
			"score": survey.Number(score), "reason": {Choices: []string{"price", "needs"}}, "comment": {Text: "很好 👍"},
		},
		Cell: survey.Cell{Segment: "At Risk", Tier: "A", Node: "delivery", Channel: "email"}, Locale: "zh-CN",
		Insight:    survey.Insight{Language: "zh", Sentiment: "positive", Topics: []string{"quality"}, Keywords: []string{"很好"}},
		Tags:       []string{"vip"},
		Properties: map[string]string{"plan": "gold"},
		Revision:   1, Answered: answeredAt, Revised: answeredAt,
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

func TestOfAnswersAtOnceOneStands(t *testing.T) {
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
	second := answer("c1", "i1", 2)
	second.Revision = 2
	if err := store.PutAnswer(ctx, &first, second); err != nil {
		t.Fatal(err)
	}
	if err := store.PutAnswer(ctx, &first, second); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("the same correction again: %v, want a conflict", err)
	}
}

// shown is an answer as the index has it.
func shown(a survey.Answer) survey.Answer {
	_, a.Values = a.Values.Texts()
	a.Tags, a.Properties, a.Revision = nil, nil, 0
	return a
}

func TestAnswersAreListedByTheHour(t *testing.T) {
	store, ctx := answerStore(t), t.Context()
	put := func(c customer.ID, invitation string, at time.Time) survey.Answer {
		a := answer(c, invitation, 7)
		a.Answered, a.Revised = at, at
		if err := store.PutAnswer(ctx, nil, a); err != nil {
			t.Fatal(err)
		}
		return a
	}
	hour := answeredAt.Truncate(time.Hour)
	put("c1", "before", hour.Add(-time.Millisecond))
	first := put("c1", "first", hour)
	nobodys := put("", "web-1", hour.Add(time.Minute))
	last := put("c2", "last", hour.Add(time.Hour-time.Millisecond))
	put("c1", "after", hour.Add(time.Hour))
	for _, c := range []struct {
		name  string
		after time.Time
		want  []survey.Answer
	}{
		{"all of the hour, by time", time.Time{}, []survey.Answer{first, nobodys, last}},
		{"those after a time, and not at it", hour.Add(time.Minute), []survey.Answer{last}},
		{"those after the last", last.Answered, nil},
	} {
		got, err := store.AnswersOfHour(ctx, "nps", hour, c.after)
		var want []survey.Answer
		for _, a := range c.want {
			want = append(want, shown(a))
		}
		if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" || err != nil {
			t.Errorf("%s: %v %s", c.name, err, d)
		}
	}
	page, err := store.Responses(ctx, "nps", hour, "", 2)
	if d := cmp.Diff([]survey.Answer{last, nobodys}, page); d != "" || err != nil {
		t.Errorf("the first page: %v %s", err, d)
	}
	if page, err = store.Responses(ctx, "nps", hour, dynamo.ResponseCursor(&page[1]), 2); err != nil || len(page) != 1 || !cmp.Equal(page[0], first) {
		t.Errorf("the second page: %v %+v", err, page)
	}
	if got, err := store.Answer(ctx, "", "nps", "web-1"); err != nil || !cmp.Equal(*got, nobodys) {
		t.Errorf("nobody's answer: %v %+v", err, got)
	}
}

func TestWriteUnitsOfAnAnswer(t *testing.T) {
	store := answerStore(t)
	marker := rollup.NewMarker(store, func() time.Time { return answeredAt })
	spend := func(before *survey.Answer, after survey.Answer) float64 {
		var m dynamo.Meter
		ctx := dynamo.WithMeter(t.Context(), &m)
		if err := store.PutAnswer(ctx, before, after); err != nil {
			t.Fatal(err)
		}
		if err := marker.Mark(ctx, survey.HourOf(&after)); err != nil {
			t.Fatal(err)
		}
		_, write := m.Units()
		return write
	}
	first := answer("c1", "i1", 9)
	corrected := answer("c1", "i1", 3)
	corrected.Revision = 2
	reworded := answer("c1", "i1", 3)
	reworded.Revision, reworded.Values["comment"] = 3, survey.Value{Text: "better"}
	long := answer("c2", "i2", 5)
	long.Values["comment"] = survey.Value{Text: strings.Repeat("长", survey.MaxTextRunes)}
	for _, c := range []struct {
		name   string
		before *survey.Answer
		after  survey.Answer
		most   float64
	}{
		{"an answer of up to 1 KB, its statistics included", nil, first, 3},
		{"a second of the same hour", nil, answer("c3", "i3", 9), 2},
		{"a correction", &first, corrected, 2},
		{"a correction of the comment", &corrected, reworded, 2},
		{"the longest comment, of 12 KB", nil, long, 14},
	} {
		got := spend(c.before, c.after)
		t.Logf("%s: %g write units", c.name, got)
		if got > c.most {
			t.Errorf("%s: %g write units, over %g", c.name, got, c.most)
		}
	}
}
