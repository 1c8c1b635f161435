package survey_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/fault"
	"liuke/shared/survey"
)

// fields makes a form of pairs of a name and a value.
func fields(pairs ...string) survey.Form {
	f := survey.Form{Fields: map[string][]string{}}
	for i := 0; i < len(pairs); i += 2 {
		f.Fields[pairs[i]] = append(f.Fields[pairs[i]], pairs[i+1])
	}
	return f
}

type mistake struct {
	Question string
	Reason   survey.Reason
}

func found(wrong []survey.Mistake) (all []mistake) {
	for _, m := range wrong {
		all = append(all, mistake{m.Question.ID, m.Reason})
	}
	return all
}

func number(n int) survey.Value { return survey.Number(n) }

func written(s string) survey.Value { return survey.Value{Text: s} }

func chosen(o ...string) survey.Value { return survey.Value{Choices: o} }

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name, id string
		form     survey.Form
		values   survey.Values
		complete bool
		wrong    []mistake
	}{
		{"a score alone is an answer", "nps", fields("score", "9"), survey.Values{"score": number(9)}, true, nil},
		{"0 is a score", "nps", fields("score", " 0 "), survey.Values{"score": number(0)}, true, nil},
		{"no score is a mistake", "nps", fields("comment", "x"), nil, false, []mistake{{"score", survey.Missing}}},
		{"an empty score is none", "nps", fields("score", " "), nil, false, []mistake{{"score", survey.Missing}}},
		{"11 is off the scale", "nps", fields("score", "11"), nil, false, []mistake{{"score", survey.OutOfScale}}},
		{"−1 is off the scale", "nps", fields("score", "-1"), nil, false, []mistake{{"score", survey.OutOfScale}}},
		{"0 is off a scale from 1", "csat_ticket", fields("score", "0"), nil, false, []mistake{{"score", survey.OutOfScale}}},
		{"half a point is off the scale", "nps", fields("score", "9.5"), nil, false, []mistake{{"score", survey.OutOfScale}}},
		{"an enormous score is off the scale", "nps", fields("score", strings.Repeat("9", 400)), nil, false, []mistake{{"score", survey.OutOfScale}}},
		{"two scores are one too many", "nps", fields("score", "9", "score", "1"), nil, false, []mistake{{"score", survey.TooMany}}},
		{"line ends become one character and edges are trimmed", "nps", fields("score", "9", "comment", " a\r\nb\rc \n"), survey.Values{"score": number(9), "comment": written("a\nb\nc")}, true, nil},
		{"control characters and marks of direction go", "nps", fields("score", "9", "comment", "a\x00b\x1b[31mc\u202ed\u2066e\u0085"), survey.Values{"score": number(9), "comment": written("ab[31mcde")}, true, nil},
		{"joined emoji stay whole", "nps", fields("score", "9", "comment", "👩‍👩‍👧"), survey.Values{"score": number(9), "comment": written("👩‍👩‍👧")}, true, nil},
		{"4,000 Chinese characters fit", "nps", fields("score", "9", "comment", strings.Repeat("长", 4000)), survey.Values{"score": number(9), "comment": written(strings.Repeat("长", 4000))}, true, nil},
		{"4,001 are too long", "nps", fields("score", "9", "comment", strings.Repeat("长", 4001)), nil, false, []mistake{{"comment", survey.TooLong}}},
		{"a question may take a shorter text", "leaving", fields("reason", "competitor", "competitor_name", strings.Repeat("长", 101)), nil, false, []mistake{{"competitor_name", survey.TooLong}}},
		{"bytes that are no text", "nps", fields("score", "9", "comment", "\xff"), nil, false, []mistake{{"comment", survey.NotText}}},
		{"two comments", "nps", fields("score", "9", "comment", "a", "comment", "b"), nil, false, []mistake{{"comment", survey.TooMany}}},
		{"every mistake is found", "nps", fields("score", "x", "comment", "\xff"), nil, false, []mistake{{"score", survey.OutOfScale}, {"comment", survey.NotText}}},
		{"choices come in the order of the options, each once", "nps", fields("score", "3", "reason", "price", "reason", "product", "reason", "price"), survey.Values{"score": number(3), "reason": chosen("product", "price")}, true, nil},
		{"what is not asked is passed over", "nps", fields("score", "9", "reason", "price", "utm", "x"), survey.Values{"score": number(9)}, true, nil},
		{"however wrong it is", "nps", fields("score", "9", "reason", "nonsense"), survey.Values{"score": number(9)}, true, nil},
		{"an option that there is not", "nps", fields("score", "3", "reason", "nonsense"), nil, false, []mistake{{"reason", survey.NoOption}}},
		{"two of one choice", "leaving", fields("reason", "price", "reason", "other"), nil, false, []mistake{{"reason", survey.TooMany}}},
		{"four of three choices", "experience", fields("overall", "5", "improve", "range", "improve", "quality", "improve", "prices", "improve", "website"), nil, false, []mistake{{"improve", survey.TooMany}}},
		{"a page with more to come misses nothing", "nps", survey.Form{Fields: map[string][]string{"comment": {"x"}}, Partial: true}, survey.Values{"comment": written("x")}, false, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			values, complete, wrong := builtIn(t, c.id).Check(c.form, nil)
			if d := cmp.Diff(c.wrong, found(wrong)); d != "" {
				t.Fatal(d)
			}
			if d := cmp.Diff(c.values, values); d != "" && c.wrong == nil {
				t.Error(d)
			}
			if complete != c.complete {
				t.Errorf("complete is %t", complete)
			}
			for _, m := range wrong {
				if e, ok := m.Err().(*fault.Error); !ok || e.Code != fault.Invalid || e.Pointer != "/"+m.Question.ID || e.Message == "" {
					t.Errorf("a client is told %#v", m.Err())
				}
			}
		})
	}
}

func TestTooFewChoicesAreAMistake(t *testing.T) {
	s := builtIn(t, "experience")
	s.Question("liked").Min = 2
	if _, _, wrong := s.Check(fields("overall", "5", "liked", "range"), nil); !cmp.Equal(found(wrong), []mistake{{"liked", survey.TooFew}}) {
		t.Errorf("%v", found(wrong))
	}
	if _, _, wrong := s.Check(fields("overall", "5"), nil); wrong != nil {
		t.Errorf("who chooses none has passed the question over: %v", found(wrong))
	}
}

func TestAPageChangesWhatItAskedAlone(t *testing.T) {
	stands := survey.Values{"score": number(3), "comment": written("slow"), "reason": chosen("price")}
	page := func(f survey.Form, asked ...string) survey.Form {
		f.Asked = asked
		return f
	}
	for _, c := range []struct {
		name     string
		form     survey.Form
		values   survey.Values
		complete bool
	}{
		{"the first page again leads to the second", page(fields("score", "2", "comment", "slow"), "score", "comment"),
			survey.Values{"score": number(2), "comment": written("slow"), "reason": chosen("price")}, false},
		{"a better score is asked no more, and what was answered goes", page(fields("score", "9", "comment", "fine"), "score", "comment"),
			survey.Values{"score": number(9), "comment": written("fine")}, true},
		{"the last page leaves the first as it is", page(fields("reason", "service"), "reason"),
			survey.Values{"score": number(3), "comment": written("slow"), "reason": chosen("service")}, true},
		{"what is left empty goes", page(fields("score", "3"), "score", "comment"),
			survey.Values{"score": number(3), "reason": chosen("price")}, false},
		{"a form that names no page is the whole answer", fields("score", "3"), survey.Values{"score": number(3)}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			values, complete, wrong := builtIn(t, "nps").Check(c.form, stands)
			if d := cmp.Diff(c.values, values); d != "" || wrong != nil {
				t.Errorf("%v %s", found(wrong), d)
			}
			if complete != c.complete {
				t.Errorf("complete is %t", complete)
			}
		})
	}
}

// Answers may be corrected for a day, in which the survey may be edited.
func TestWhatAnOldVersionTookGoesWhereItIsNoAnswerAnyMore(t *testing.T) {
	stands := survey.Values{"score": chosen("price"), "comment": number(3), "reason": chosen("price", "product"), "gone": number(1)}
	s := builtIn(t, "nps")
	s.Question("score").Required = false
	s.Question("reason").When = nil
	f := fields("x", "y")
	f.Asked = []string{"nothing"}
	values, _, wrong := s.Check(f, stands)
	if d := cmp.Diff(survey.Values{"reason": chosen("product", "price")}, values); d != "" || wrong != nil {
		t.Errorf("%v %s", found(wrong), d)
	}
}

func TestALinkMayHaveChosenWhatHasAnswers(t *testing.T) {
	got := builtIn(t, "nps").Preselect(map[string]string{"score": "9", "comment": "not by a link", "reason": "nonsense", "other": "1"})
	if !cmp.Equal(got, survey.Values{"score": number(9)}) {
		t.Errorf("%v", got)
	}
}

func TestResumeFindsThePageThatIsLeft(t *testing.T) {
	for _, c := range []struct {
		name string
		v    survey.Values
		want int
	}{
		{"nothing was answered", nil, 0},
		{"the comment is left", survey.Values{"score": number(9)}, 1},
		{"the reason is left", survey.Values{"score": number(3), "comment": written("x")}, 2},
		{"everything that is asked was answered", survey.Values{"score": number(9), "comment": written("x")}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := builtIn(t, "nps").Resume(c.v); got != c.want {
				t.Errorf("page of %d, want %d", got, c.want)
			}
		})
	}
}

func TestCommentsStandInTheOrderOfTheQuestions(t *testing.T) {
	s := builtIn(t, "leaving")
	v := survey.Values{"comment": written("bye"), "competitor_name": written("they"), "reason": chosen("competitor")}
	if got := s.Comment(v); got != "they\nbye" {
		t.Errorf("%q", got)
	}
	texts, rest := v.Texts()
	if !cmp.Equal(texts, map[string]string{"comment": "bye", "competitor_name": "they"}) || !cmp.Equal(rest, survey.Values{"reason": chosen("competitor")}) {
		t.Errorf("%v, %v", texts, rest)
	}
}
