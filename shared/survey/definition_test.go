package survey_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/fault"
	"liuke/shared/survey"
)

func builtIn(t testing.TB, id string) *survey.Survey {
	t.Helper()
	c, err := survey.BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Find(id)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheBuiltInSurveysSpeakChineseAndEnglish(t *testing.T) {
	c, err := survey.BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"ces_return", "csat_delivery", "csat_ticket", "experience", "leaving", "nps"}
	if got := slices.Sorted(maps.Keys(c)); !cmp.Equal(got, want) {
		t.Errorf("surveys %q", got)
	}
	for id, s := range c {
		if got := s.Locales(); !cmp.Equal(got, []string{"en", "zh-CN"}) {
			t.Errorf("%s has the locales %q", id, got)
		}
		for _, q := range s.Questions {
			if en, zh := s.Texts["en"].Questions[q.ID], s.Texts["zh-CN"].Questions[q.ID]; (en.Hint == "") != (zh.Hint == "") {
				t.Errorf("%s: the hint of %s is there in one locale alone", id, q.ID)
			}
		}
		if q := s.Question("comment"); q == nil || q.Kind != survey.FreeText {
			t.Errorf("%s asks for no comment", id)
		}
		if q := s.Metric(); q != nil && q.ID != "score" {
			t.Errorf("%s measures by %s, which other parts know as score", id, q.ID)
		}
	}
	if _, err := c.Find("nope"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("an unknown survey: %v", err)
	}
}

func TestABuiltInSurveyIsAskedAtItsNodeAndMeasuresItsKind(t *testing.T) {
	for _, c := range []struct {
		id, node string
		kind     survey.Kind
		again    int // days
	}{
		{"nps", "", survey.NPS, 90},
		{"csat_delivery", "delivery", survey.CSAT, 30},
		{"csat_ticket", "ticket_resolved", survey.CSAT, 14},
		{"ces_return", "return", survey.CES, 30},
		{"leaving", "", "", 180},
		{"experience", "", "", 180},
	} {
		s := builtIn(t, c.id)
		if s.Node != c.node || s.Kind() != c.kind || int(s.Invite.AgainAfter.Hours()/24) != c.again {
			t.Errorf("%s: node %q, kind %q, again after %s", c.id, s.Node, s.Kind(), s.Invite.AgainAfter)
		}
	}
}

// pages walks a survey, answering as given, and returns the ids that each page shows.
func pages(s *survey.Survey, answers survey.Values) (all [][]string) {
	v := survey.Values{}
	for from := 0; ; {
		page := s.Page(v, from)
		if len(page) == 0 {
			return all
		}
		var ids []string
		for _, q := range page {
			ids = append(ids, q.ID)
			if value, ok := answers[q.ID]; ok {
				v[q.ID] = value
			}
			from = s.Index(q.ID) + 1
		}
		all = append(all, ids)
	}
}

func choice(o string) survey.Value { return survey.Value{Choices: []string{o}} }

func TestWhatIsAskedNextFollowsFromTheAnswers(t *testing.T) {
	for _, c := range []struct {
		name, id string
		answers  survey.Values
		want     [][]string
	}{
		{"a promoter is done after one page", "nps", survey.Values{"score": survey.Number(9)}, [][]string{{"score", "comment"}}},
		{"a passive is done after one page", "nps", survey.Values{"score": survey.Number(7)}, [][]string{{"score", "comment"}}},
		{"a detractor is asked what to improve", "nps", survey.Values{"score": survey.Number(6)}, [][]string{{"score", "comment"}, {"reason"}}},
		{"a score of 0 is a detractor's", "nps", survey.Values{"score": survey.Number(0)}, [][]string{{"score", "comment"}, {"reason"}}},
		{"who gives no score is not asked for the reason of it", "nps", nil, [][]string{{"score", "comment"}}},
		{"who is content with the delivery is done", "csat_delivery", survey.Values{"score": survey.Number(4)}, [][]string{{"score", "comment"}}},
		{"who is not is asked what went wrong", "csat_delivery", survey.Values{"score": survey.Number(3)}, [][]string{{"score", "comment"}, {"problem"}}},
		{"a hard return is asked about", "ces_return", survey.Values{"score": survey.Number(4)}, [][]string{{"score", "comment"}, {"obstacle"}}},
		{"who left for a competitor is asked which", "leaving", survey.Values{"reason": choice("competitor")},
			[][]string{{"reason"}, {"competitor_name", "competitor_better", "come_back", "comment"}}},
		{"who left for the price is asked what of it", "leaving", survey.Values{"reason": choice("price")},
			[][]string{{"reason"}, {"price_issue", "come_back", "comment"}}},
		{"who needs nothing any more is not asked what would help", "leaving", survey.Values{"reason": choice("needs")},
			[][]string{{"reason"}, {"needs_issue", "comment"}}},
		{"who would come again is not asked why not", "experience", survey.Values{"again": choice("yes")},
			[][]string{{"overall", "liked", "improve", "again"}, {"comment"}}},
		{"who hesitates is", "experience", survey.Values{"again": choice("perhaps")},
			[][]string{{"overall", "liked", "improve", "again"}, {"hesitation", "comment"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, pages(builtIn(t, c.id), c.answers)); d != "" {
				t.Error(d)
			}
		})
	}
}
