package survey_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/customer"
	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/survey"
	"liuke/shared/token"
)

var (
	noon = time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)
	to   = token.Survey{Survey: "nps", Customer: "c1", Invitation: "i1", Expires: noon.AddDate(0, 1, 0), Segment: "Lost", Tier: "gold", Node: "delivery", Channel: "email"}
)

func answered(t *testing.T, s *survey.Survey, standing *survey.Answer, sent survey.Sent, now time.Time) survey.Answer {
	t.Helper()
	a, err := s.Answer(to, standing, sent, now)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAnswersAreRevisedWithinTheirWindow(t *testing.T) {
	s := builtIn(t, "nps")
	slow := survey.Sent{Values: survey.Values{"score": number(3), "comment": written("slow")}, Locale: "en", Insight: survey.Insight{Sentiment: "negative"}}
	first := answered(t, s, nil, slow, noon)
	want := survey.Answer{
		Survey: "nps", Version: 1, Kind: survey.NPS, Customer: "c1", Invitation: "i1", Values: slow.Values, Score: 3, Locale: "en", Insight: slow.Insight,
		Cell: survey.Cell{Segment: "Lost", Tier: "gold", Node: "delivery", Channel: "email"}, Revision: 1,
		Answered: noon.Truncate(time.Millisecond), Revised: noon.Truncate(time.Millisecond),
	}
	if d := cmp.Diff(want, first); d != "" {
		t.Fatal(d)
	}
	repeat := slow
	repeat.Locale = "zh-CN"
	if d := cmp.Diff(first, answered(t, s, &first, repeat, noon.Add(time.Hour))); d != "" {
		t.Errorf("the same again: %s", d)
	}
	done := slow
	done.Complete = true
	complete := answered(t, s, &first, done, noon.Add(time.Minute))
	if complete.Revision != 2 || !complete.Complete {
		t.Errorf("that nothing more is to come is something new: %+v", complete)
	}
	s.Version = 2
	better := answered(t, s, &complete, survey.Sent{Values: survey.Values{"score": number(8)}, Locale: "en"}, noon.Add(24*time.Hour-time.Second))
	if better.Revision != 3 || !better.Complete || !better.Answered.Equal(first.Answered) || better.Score != 8 || better.Version != 2 || better.Cell != first.Cell || better.Insight.Sentiment != "" {
		t.Errorf("a correction: %+v", better)
	}
	if standing, err := s.Answer(to, &better, survey.Sent{Values: survey.Values{"score": number(9)}}, noon.Add(24*time.Hour)); fault.CodeOf(err) != fault.Conflict || !cmp.Equal(standing, better) {
		t.Errorf("after the window, which a correction does not extend: %v", err)
	}
}

func TestAnAnswerWithoutAScoreIsOfNoKind(t *testing.T) {
	partial := answered(t, builtIn(t, "nps"), nil, survey.Sent{Values: survey.Values{"comment": written("x")}}, noon)
	if partial.Kind != "" || partial.Score != 0 {
		t.Errorf("no score was given: %+v", partial)
	}
	e, err := partial.Event()
	if err != nil || strings.Contains(string(e.Properties), `"score"`) {
		t.Errorf("%s, %v", e.Properties, err)
	}
	leaving := answered(t, builtIn(t, "leaving"), nil, survey.Sent{Values: survey.Values{"reason": chosen("price")}}, noon)
	if leaving.Kind != "" {
		t.Errorf("the survey measures nothing: %+v", leaving)
	}
}

func TestOnlyAnswersByInvitationAreInvited(t *testing.T) {
	for _, c := range []struct {
		name string
		a    survey.Answer
		want bool
	}{
		{"a link of the suite's", survey.Answer{Customer: "c1", Invitation: "abcdef"}, true},
		{"a public form", survey.Answer{Invitation: "abcdef"}, false},
		{"an import", survey.Answer{Customer: "c1", Invitation: survey.ImportPrefix + "7"}, false},
	} {
		if got := c.a.Invited(); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
}

func TestEventsAreAFunctionOfTheAnswer(t *testing.T) {
	s := builtIn(t, "nps")
	sent := survey.Sent{Values: survey.Values{"score": number(0), "comment": written("slow"), "reason": chosen("price")}, Complete: true, Locale: "en"}
	first := answered(t, s, nil, sent, noon)
	e, err := first.Event()
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := first.Event(); !cmp.Equal(e, again) {
		t.Error("two events of one revision differ")
	}
	want := `{"survey":"nps","version":1,"kind":"nps","invitation":"i1","score":0,"answers":{"reason":["price"],"score":0},"texts":{"comment":"slow"},` +
		`"complete":true,"revision":1,"cell":{"segment":"Lost","tier":"gold","node":"delivery","channel":"email"}}`
	if e.ID != "answer:nps:i1:1" || e.Customer() != "c1" || e.Name != event.SurveyAnswered || !e.Time.Equal(first.Revised) || string(e.Properties) != want {
		t.Errorf("%+v %s", e, e.Properties)
	}
	second := answered(t, s, &first, survey.Sent{Values: survey.Values{"score": number(8)}}, noon.Add(time.Minute))
	if f, _ := second.Event(); f.ID == e.ID {
		t.Error("a correction has the id of what it corrects")
	}
}

func TestAPointerHoldsNothingOfTheAnswer(t *testing.T) {
	a := answered(t, builtIn(t, "nps"), nil, survey.Sent{Values: survey.Values{"score": number(3), "comment": written("slow")}}, noon)
	p, err := a.Pointer()
	if err != nil || string(p.Properties) != `{"survey":"nps","invitation":"i1","revision":1}` {
		t.Errorf("%s, %v", p.Properties, err)
	}
	if e, _ := a.Event(); p.Name == e.Name {
		t.Error("a pointer would be taken for the answer")
	}
}

func TestHoursAreOfTheFirstAnswer(t *testing.T) {
	a := survey.Answer{Survey: "nps", Answered: noon.In(time.FixedZone("", 8*3600)), Revised: noon.Add(3 * time.Hour)}
	h := survey.HourOf(&a)
	if h != (survey.Hour{Survey: "nps", Begin: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}) || h.Open(h.End()) || !h.Open(noon) {
		t.Errorf("%+v", h)
	}
}

func TestAnUnsubscriptionCountsOnceAMinuteAndAgainLater(t *testing.T) {
	u := token.Unsubscribe{Customer: "c1", Channel: "email"}
	at := func(link string, now time.Time) string {
		e, err := survey.Unsubscribed(u, link, customer.Proof{Source: customer.ByOneClick}, now)
		if err != nil || string(e.Properties) != `{"channel":"email","proof":{"source":"one_click"}}` || e.Customer() != "c1" {
			t.Fatalf("%+v, %v", e, err)
		}
		return string(e.ID)
	}
	if at("t", noon) != at("t", noon.Add(30*time.Second)) {
		t.Error("a repeat of the provider is another event")
	}
	if at("t", noon) == at("t", noon.Add(time.Hour)) || at("t", noon) == at("u", noon) {
		t.Error("a later use, or another link, is the same event and would be passed over")
	}
	if strings.Contains(at("secret-token", noon), "secret-token") {
		t.Error("the id holds the link")
	}
}
