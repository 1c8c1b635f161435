package survey_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/fault"
	"liuke/shared/survey"
)

func text(s *survey.Survey, locale string, change func(*survey.Text)) {
	t := s.Texts[locale]
	change(&t)
	s.Texts[locale] = t
}

func words(s *survey.Survey, locale, question string, change func(*survey.QuestionText)) {
	w := s.Texts[locale].Questions[question]
	change(&w)
	s.Texts[locale].Questions[question] = w
}

const key = "0123456789abcdef"

func form(change func(*survey.PublicForm)) func(*survey.Survey) {
	return func(s *survey.Survey) {
		f := survey.PublicForm{Key: key, Origins: []string{"https://shop.example"}}
		change(&f)
		s.Forms = []survey.PublicForm{f}
	}
}

func TestValidateNamesTheFieldThatIsWrong(t *testing.T) {
	at := func(n int) *int { return &n }
	// the questions of the survey: score (nps), comment (text), reason (multiple, of score at most 6)
	for _, c := range []struct {
		name, pointer string
		change        func(*survey.Survey)
	}{
		{"no id", "/id", func(s *survey.Survey) { s.ID = "" }},
		{"an id in capitals", "/id", func(s *survey.Survey) { s.ID = "NPS" }},
		{"an id of 33 characters", "/id", func(s *survey.Survey) { s.ID = strings.Repeat("a", 33) }},
		{"a version of 0", "/version", func(s *survey.Survey) { s.Version = 0 }},
		{"a node that is no word", "/node", func(s *survey.Survey) { s.Node = "after delivery" }},
		{"no question", "/questions", func(s *survey.Survey) { s.Questions = nil }},
		{"31 questions", "/questions", func(s *survey.Survey) { s.Questions = make([]survey.Question, 31) }},
		{"a question without an id", "/questions/0/id", func(s *survey.Survey) { s.Questions[0].ID = "" }},
		{"a question with the id of the trap", "/questions/1/id", func(s *survey.Survey) { s.Questions[1].ID = survey.FieldTrap }},
		{"a question with the id of a field of the form's own", "/questions/1/id", func(s *survey.Survey) { s.Questions[1].ID = survey.FieldAsked }},
		{"two questions of one id", "/questions/1/id", func(s *survey.Survey) { s.Questions[1].ID = "score" }},
		{"a kind that there is not", "/questions/0/kind", func(s *survey.Survey) { s.Questions[0].Kind = "mood" }},
		{"a metric with a range of its own", "/questions/0", func(s *survey.Survey) { s.Questions[0].Max = 5 }},
		{"a scale without a range", "/questions/0", func(s *survey.Survey) { s.Questions[0].Kind = survey.Scale }},
		{"a scale of twelve points", "/questions/0", func(s *survey.Survey) { s.Questions[0] = survey.Question{ID: "score", Kind: survey.Scale, Max: 11} }},
		{"a scale below 0", "/questions/0", func(s *survey.Survey) {
			s.Questions[0] = survey.Question{ID: "score", Kind: survey.Scale, Min: -1, Max: 3}
		}},
		{"a text of more characters than any", "/questions/1/max", func(s *survey.Survey) { s.Questions[1].Max = survey.MaxTextRunes + 1 }},
		{"a text with options", "/questions/1/options", func(s *survey.Survey) { s.Questions[1].Options = []string{"a", "b"} }},
		{"one option", "/questions/2/options", func(s *survey.Survey) { s.Questions[2].Options = []string{"price"} }},
		{"an option that is no word", "/questions/2/options/0", func(s *survey.Survey) { s.Questions[2].Options[0] = "Product!" }},
		{"an option that is there twice", "/questions/2/options/1", func(s *survey.Survey) { s.Questions[2].Options[1] = "product" }},
		{"more choices than options", "/questions/2", func(s *survey.Survey) { s.Questions[2].Max = 7 }},
		{"more choices at least than at most", "/questions/2", func(s *survey.Survey) { s.Questions[2].Min, s.Questions[2].Max = 3, 2 }},
		{"a condition on no question", "/questions/2/when/0/question", func(s *survey.Survey) { s.Questions[2].When[0].Question = "nope" }},
		{"a condition on the question itself", "/questions/2/when/0/question", func(s *survey.Survey) { s.Questions[2].When[0].Question = "reason" }},
		{"a condition on a text", "/questions/2/when/0/question", func(s *survey.Survey) { s.Questions[2].When[0] = survey.Condition{Question: "comment"} }},
		{"a condition on a number that says nothing", "/questions/2/when/0", func(s *survey.Survey) { s.Questions[2].When[0].AtMost = nil }},
		{"a condition on a number by options", "/questions/2/when/0", func(s *survey.Survey) { s.Questions[2].When[0].Is = []string{"a"} }},
		{"a condition beyond the scale", "/questions/2/when/0", func(s *survey.Survey) { s.Questions[2].When[0] = survey.Condition{Question: "score", AtLeast: at(11)} }},
		{"a condition that nothing meets", "/questions/2/when/0", func(s *survey.Survey) { s.Questions[2].When[0].AtLeast = at(7) }},
		{"a condition on options by a number", "/questions/3/when/0", func(s *survey.Survey) {
			s.Questions = append(s.Questions, survey.Question{ID: "more", Kind: survey.FreeText, When: []survey.Condition{{Question: "reason", AtMost: at(1)}}})
		}},
		{"a condition on an option that there is not", "/questions/3/when/0/is/1", func(s *survey.Survey) {
			s.Questions = append(s.Questions, survey.Question{ID: "more", Kind: survey.FreeText, When: []survey.Condition{{Question: "reason", Is: []string{"price", "nope"}}}})
		}},
		{"a recontact after more than 400 days", "/invite/again_after", func(s *survey.Survey) { s.Invite.AgainAfter = 401 * 24 * time.Hour }},
		{"a link that is good for more than 400 days", "/invite/expires", func(s *survey.Survey) { s.Invite.Expires = 401 * 24 * time.Hour }},
		{"a link that is never good", "/invite/expires", func(s *survey.Survey) { s.Invite.Expires = 0 }},
		{"four reminders", "/invite/reminders", func(s *survey.Survey) { s.Invite.Reminders = make([]time.Duration, 4) }},
		{"a reminder at once", "/invite/reminders/0", func(s *survey.Survey) { s.Invite.Reminders = []time.Duration{0} }},
		{"reminders out of order", "/invite/reminders/1", func(s *survey.Survey) { s.Invite.Reminders = []time.Duration{5 * time.Hour, time.Hour} }},
		{"a reminder of a link that has expired", "/invite/reminders/0", func(s *survey.Survey) { s.Invite.Reminders = []time.Duration{s.Invite.Expires} }},
		{"21 forms", "/forms", func(s *survey.Survey) { s.Forms = make([]survey.PublicForm, 21) }},
		{"a short key", "/forms/0/key", form(func(f *survey.PublicForm) { f.Key = "k" })},
		{"two forms of one key", "/forms/1/key", func(s *survey.Survey) {
			form(func(*survey.PublicForm) {})(s)
			s.Forms = append(s.Forms, s.Forms[0])
		}},
		{"a form for every page on earth", "/forms/0/origins", form(func(f *survey.PublicForm) { f.Origins = nil })},
		{"an origin with a path", "/forms/0/origins/0", form(func(f *survey.PublicForm) { f.Origins[0] += "/" })},
		{"an origin in capitals, which no browser sends", "/forms/0/origins/0", form(func(f *survey.PublicForm) { f.Origins[0] = "https://Shop.example" })},
		{"an origin in the clear", "/forms/0/origins/0", form(func(f *survey.PublicForm) { f.Origins[0] = "http://shop.example" })},
		{"any origin", "/forms/0/origins/0", form(func(f *survey.PublicForm) { f.Origins[0] = "*" })},
		{"a page of a script to go back to", "/forms/0/back/0", form(func(f *survey.PublicForm) { f.Back = []string{"javascript:alert(1)"} })},
		{"a page without a host to go back to", "/forms/0/back/0", form(func(f *survey.PublicForm) { f.Back = []string{"/thanks"} })},
		{"21 pages to go back to", "/forms/0/back", form(func(f *survey.PublicForm) { f.Back = make([]string, 21) })},
		{"a form that takes an hour", "/forms/0/min_seconds", form(func(f *survey.PublicForm) { f.MinSeconds = 3600 })},
		{"a form's node that is no word", "/forms/0/node", form(func(f *survey.PublicForm) { f.Node = "A b" })},
		{"a form's channel that is no word", "/forms/0/channel", form(func(f *survey.PublicForm) { f.Channel = "A b" })},
		{"no English", "/texts", func(s *survey.Survey) { delete(s.Texts, "en") }},
		{"41 locales", "/texts", func(s *survey.Survey) {
			for i := range 40 {
				s.Texts[fmt.Sprintf("en-%02d", i)] = s.Texts["en"]
			}
		}},
		{"a locale that is none", "/texts/e", func(s *survey.Survey) { s.Texts["e"] = s.Texts["en"] }},
		{"no title", "/texts/zh-CN/title", func(s *survey.Survey) { text(s, "zh-CN", func(t *survey.Text) { t.Title = " " }) }},
		{"a question that is not asked", "/texts/en/questions/comment/ask", func(s *survey.Survey) { words(s, "en", "comment", func(w *survey.QuestionText) { w.Ask = "" }) }},
		{"a scale whose end has no meaning", "/texts/zh-CN/questions/score/highest", func(s *survey.Survey) { words(s, "zh-CN", "score", func(w *survey.QuestionText) { w.Highest = "" }) }},
		{"an option without a text", "/texts/en/questions/reason/options/price", func(s *survey.Survey) {
			words(s, "en", "reason", func(w *survey.QuestionText) { delete(w.Options, "price") })
		}},
		{"the text of an option that there is not", "/texts/en/questions/reason/options/a~1b", func(s *survey.Survey) {
			words(s, "en", "reason", func(w *survey.QuestionText) { w.Options["a/b"] = "x" })
		}},
		{"the text of a question that there is not", "/texts/en/questions/nope", func(s *survey.Survey) { s.Texts["en"].Questions["nope"] = survey.QuestionText{Ask: "x"} }},
		{"a text over a thousand bytes", "/texts/en/thanks", func(s *survey.Survey) { text(s, "en", func(t *survey.Text) { t.Thanks = strings.Repeat("x", 1001) }) }},
		{"a text that is no UTF-8", "/texts/en/intro", func(s *survey.Survey) { text(s, "en", func(t *survey.Text) { t.Intro = "\xff" }) }},
		{"a survey over 64 KiB", "", func(s *survey.Survey) {
			text(s, "en", func(t *survey.Text) {
				t.Interface = map[string]string{}
				for i := range 70 {
					t.Interface[fmt.Sprint(i)] = strings.Repeat("x", 1000)
				}
			})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := builtIn(t, "nps")
			c.change(s)
			err := s.Validate()
			if e, ok := err.(*fault.Error); !ok || e.Code != fault.Invalid || e.Pointer != c.pointer {
				t.Errorf("got %#v, want the pointer %s", err, c.pointer)
			}
		})
	}
}

func TestParseIsStrict(t *testing.T) {
	raw, err := json.Marshal(builtIn(t, "nps"))
	if err != nil {
		t.Fatal(err)
	}
	with := func(old, new string) string {
		if !strings.Contains(string(raw), old) {
			t.Fatalf("the survey does not hold %s", old)
		}
		return strings.Replace(string(raw), old, new, 1)
	}
	for _, c := range []struct{ name, raw, pointer string }{
		{"nothing", "", ""},
		{"a list", "[]", "/"},
		{"a field that there is not", with(`"version"`, `"verzion"`), ""},
		{"something behind it", string(raw) + "{}", ""},
		{"a version in words", with(`"version":1`, `"version":"one"`), "/version"},
		{"a rule that is misspelled", with(`"again_after"`, `"again_afer"`), "/invite"},
		{"a span of time in months", with(`"90d"`, `"3m"`), "/invite/again_after"},
		{"a span of time below 0", with(`"90d"`, `"-3d"`), "/invite/again_after"},
		{"an empty span of time among reminders", with(`["4d"]`, `["4d",""]`), "/invite/reminders/1"},
		{"a link that is never good", with(`"expires":"30d"`, `"expires":"0d"`), "/invite/expires"},
		{"a sample without a sign", with(`"100%"`, `"0.5"`), "/invite/sample"},
		{"a sample of more than all", with(`"100%"`, `"101%"`), "/invite/sample"},
		{"a sample that is no number", with(`"100%"`, `"NaN%"`), "/invite/sample"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := survey.Parse([]byte(c.raw))
			if e, ok := err.(*fault.Error); !ok || e.Code != fault.Invalid || e.Pointer != c.pointer {
				t.Errorf("got %#v, want invalid at %q", err, c.pointer)
			}
		})
	}
}

func TestWhatIsNotSaidOfInvitationsIsTheDefault(t *testing.T) {
	for _, c := range []struct {
		name, raw string
		want      survey.Invite
	}{
		{"nothing", `{}`, survey.Invite{Sample: 1, Expires: 30 * 24 * time.Hour}},
		{"null", `null`, survey.Invite{Sample: 1, Expires: 30 * 24 * time.Hour}},
		{"everything", `{"again_after":"36h","sample":"29%","reminders":["4d","7d"],"expires":"10d"}`,
			survey.Invite{AgainAfter: 36 * time.Hour, Sample: .29, Reminders: []time.Duration{96 * time.Hour, 168 * time.Hour}, Expires: 240 * time.Hour}},
		{"nobody", `{"sample":"0%"}`, survey.Invite{Expires: 30 * 24 * time.Hour}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got survey.Invite
			if err := json.Unmarshal([]byte(c.raw), &got); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
	raw, err := json.Marshal(survey.Invite{Sample: .29, Expires: 36 * time.Hour})
	if err != nil || string(raw) != `{"sample":"29%","expires":"36h"}` {
		t.Errorf("%s, %v", raw, err)
	}
}

func TestAFormIsFoundByItsKey(t *testing.T) {
	s := builtIn(t, "nps")
	form(func(*survey.PublicForm) {})(s)
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	c := survey.Catalogue{"nps": s, "leaving": builtIn(t, "leaving")}
	if found, f, err := c.Form(key); err != nil || found != s || f.Key != key {
		t.Errorf("%v, %v", f, err)
	}
	if _, _, err := c.Form("0000000000000000"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("%v", err)
	}
}

func TestANewVersionKeepsTheMeaningOfItsQuestions(t *testing.T) {
	for _, c := range []struct {
		name, pointer string
		change        func(*survey.Survey)
	}{
		{"the same again", "", func(*survey.Survey) {}},
		{"an option more", "", func(s *survey.Survey) { s.Questions[1].Options = append(s.Questions[1].Options, "mood") }},
		{"one choice instead of several", "", func(s *survey.Survey) { s.Questions[1].Kind = survey.Single }},
		{"another question", "", func(s *survey.Survey) { s.Questions[0] = survey.Question{ID: "score", Kind: survey.NPS} }},
		{"a text for a choice", "/questions/1/kind", func(s *survey.Survey) { s.Questions[1].Kind = survey.FreeText }},
		{"another scale", "/questions/0", func(s *survey.Survey) { s.Questions[0].Max = 5 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := builtIn(t, "experience")
			c.change(s)
			err := s.Keeps(builtIn(t, "experience"))
			if e, _ := err.(*fault.Error); (err != nil) != (c.pointer != "") || e != nil && e.Pointer != c.pointer {
				t.Errorf("%v", err)
			}
		})
	}
}
