package survey_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"liuke/shared/fault"
	"liuke/shared/survey"
)

// drawSurvey draws a valid survey of any questions and branches.
func drawSurvey(t *rapid.T) *survey.Survey {
	s := &survey.Survey{ID: "drawn", Version: rapid.IntRange(1, 9).Draw(t, "version"), Texts: map[string]survey.Text{}}
	words := map[string]survey.QuestionText{}
	for i := range rapid.IntRange(1, 8).Draw(t, "questions") {
		q := survey.Question{
			ID:       fmt.Sprintf("q%d", i),
			Kind:     rapid.SampledFrom([]survey.Kind{survey.NPS, survey.CSAT, survey.CES, survey.Scale, survey.Single, survey.Multiple, survey.FreeText}).Draw(t, "kind"),
			Required: rapid.Bool().Draw(t, "required"),
		}
		w := survey.QuestionText{Ask: "?", Lowest: "bad", Highest: "good", Options: map[string]string{}}
		switch q.Kind {
		case survey.Scale:
			q.Min = rapid.IntRange(0, 3).Draw(t, "min")
			q.Max = q.Min + rapid.IntRange(1, 10).Draw(t, "points")
		case survey.FreeText:
			q.Max = rapid.IntRange(0, 9).Draw(t, "characters")
		case survey.Single, survey.Multiple:
			for o := range rapid.IntRange(2, 5).Draw(t, "options") {
				q.Options = append(q.Options, fmt.Sprintf("o%d", o))
				w.Options[q.Options[o]] = rapid.StringN(1, 9, -1).Filter(func(s string) bool { return strings.TrimSpace(s) != "" && !strings.ContainsFunc(s, unicode.IsControl) }).Draw(t, "text")
			}
			if q.Kind == survey.Multiple {
				q.Max = rapid.IntRange(0, len(q.Options)).Draw(t, "most")
				q.Min = rapid.IntRange(0, max(q.Max, 1)).Draw(t, "least")
			}
		}
		for range rapid.IntRange(0, 2).Draw(t, "conditions") {
			if c, ok := drawCondition(t, s.Questions); ok {
				q.When = append(q.When, c)
			}
		}
		s.Questions = append(s.Questions, q)
		words[q.ID] = w
	}
	s.Texts["en"] = survey.Text{Title: "T", Questions: words}
	s.Invite = survey.Invite{
		AgainAfter: time.Duration(rapid.IntRange(0, 9600).Draw(t, "again")) * time.Hour,
		Sample:     float64(rapid.IntRange(0, 1e6).Draw(t, "sample")) / 1e6, Expires: time.Duration(rapid.IntRange(1, 9600).Draw(t, "expires")) * time.Hour,
	}
	if err := s.Validate(); err != nil {
		t.Fatalf("a drawn survey is not valid: %v", err)
	}
	return s
}

func drawCondition(t *rapid.T, earlier []survey.Question) (c survey.Condition, ok bool) {
	var on []survey.Question
	for _, q := range earlier {
		if q.Kind != survey.FreeText {
			on = append(on, q)
		}
	}
	if len(on) == 0 {
		return c, false
	}
	q := rapid.SampledFrom(on).Draw(t, "depends on")
	c.Question = q.ID
	if !q.Numeric() {
		c.Is = rapid.SliceOfNDistinct(rapid.SampledFrom(q.Options), 1, 2, rapid.ID).Draw(t, "is")
		return c, true
	}
	lowest, highest := q.Range()
	n := rapid.IntRange(lowest, highest).Draw(t, "bound")
	if rapid.Bool().Draw(t, "at least") {
		c.AtLeast = &n
	} else {
		c.AtMost = &n
	}
	return c, true
}

// drawTyped draws what a customer types who makes no mistake: an answer to every question that must have one.
func drawTyped(t *rapid.T, s *survey.Survey) map[string][]string {
	typed := map[string][]string{}
	for _, q := range s.Questions {
		if !q.Required && rapid.Bool().Draw(t, "pass over") {
			continue
		}
		switch {
		case q.Numeric():
			lowest, highest := q.Range()
			typed[q.ID] = []string{strconv.Itoa(rapid.IntRange(lowest, highest).Draw(t, "number"))}
		case q.Kind == survey.FreeText:
			typed[q.ID] = []string{rapid.StringMatching(`[a-z长]`).Draw(t, "text")}
		case q.Kind == survey.Single:
			typed[q.ID] = []string{rapid.SampledFrom(q.Options).Draw(t, "option")}
		default:
			most := q.Max
			if most == 0 {
				most = len(q.Options)
			}
			typed[q.ID] = rapid.SliceOfNDistinct(rapid.SampledFrom(q.Options), max(q.Min, 1), most, rapid.ID).Draw(t, "options")
		}
	}
	return typed
}

func TestWalkingThePagesIsSendingTheWholeForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSurvey(t)
		typed := drawTyped(t, s)
		whole, complete, wrong := s.Check(survey.Form{Fields: typed}, nil)
		if len(wrong) > 0 || !complete {
			t.Fatalf("complete is %t, mistakes %v", complete, found(wrong))
		}
		walked, asked := survey.Values{}, map[string]bool{}
		done := false
		for from := 0; ; {
			page := s.Page(walked, from)
			if len(page) == 0 {
				break
			}
			f := survey.Form{Fields: map[string][]string{}}
			for _, q := range page {
				if asked[q.ID] || s.Index(q.ID) < from {
					t.Fatalf("%s is asked again", q.ID)
				}
				asked[q.ID] = true
				f.Asked = append(f.Asked, q.ID)
				f.Fields[q.ID] = typed[q.ID]
				from = s.Index(q.ID) + 1
			}
			if done {
				t.Fatalf("the answer was said to be complete, and there is a page of %v", f.Asked)
			}
			if walked, done, wrong = s.Check(f, walked); len(wrong) > 0 {
				t.Fatalf("mistakes %v", found(wrong))
			}
		}
		if !done || !walked.Equal(whole) {
			t.Fatalf("complete is %t, and page by page it is %v, at once %v", done, walked, whole)
		}
		for i := range s.Questions {
			if q := &s.Questions[i]; q.Shown(whole) != asked[q.ID] {
				t.Fatalf("%s is shown: %t, was asked: %t", q.ID, q.Shown(whole), asked[q.ID])
			}
		}
		if s.Resume(whole) != 0 {
			if q := s.Questions[s.Resume(whole)]; q.Required || len(typed[q.ID]) > 0 {
				t.Fatalf("%s is left to be asked", q.ID)
			}
		}
	})
}

// retyped returns values as a customer would type them.
func retyped(v survey.Values) survey.Form {
	f := survey.Form{Fields: map[string][]string{}}
	for id, value := range v {
		switch {
		case value.Number != nil:
			f.Fields[id] = []string{strconv.Itoa(*value.Number)}
		case value.Text != "":
			f.Fields[id] = []string{value.Text}
		default:
			f.Fields[id] = value.Choices
		}
	}
	return f
}

func TestCheckingWhatWasCheckedChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSurvey(t)
		f := survey.Form{Fields: map[string][]string{}, Partial: true}
		for _, q := range s.Questions {
			f.Fields[q.ID] = rapid.SliceOfN(rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"0", "3", "o0", "o1", " a ", ""})), 0, 2).Draw(t, q.ID)
		}
		once, _, wrong := s.Check(f, nil)
		again, _, mistakes := s.Check(survey.Form{Fields: retyped(once).Fields, Partial: true}, nil)
		if len(wrong) == 0 && (!again.Equal(once) || len(mistakes) > 0) {
			t.Fatalf("%v, then %v %v", once, again, found(mistakes))
		}
		kept, _, _ := s.Check(survey.Form{Asked: []string{"nothing"}}, once)
		if len(wrong) == 0 && !kept.Equal(once) {
			t.Fatalf("what stands was %v and is %v", once, kept)
		}
	})
}

func TestTheThreeEncodingsOfAnAnswerSayTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := map[string][]string{
			"score":   {"8"},
			"comment": {rapid.String().Draw(t, "comment")},
			"reason":  rapid.SliceOfN(rapid.SampledFrom([]string{"price", "other", "nonsense"}), 1, 3).Draw(t, "reasons"),
		}
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		for name, values := range want {
			for _, v := range values {
				if err := w.WriteField(name, v); err != nil {
					t.Fatal(err)
				}
			}
		}
		w.Close()
		raw, err := json.Marshal(map[string]any{"score": 8, "comment": want["comment"][0], "reason": want["reason"]})
		if err != nil {
			t.Fatal(err)
		}
		for kind, body := range map[string][]byte{encoded: []byte(url.Values(want).Encode()), w.FormDataContentType(): body.Bytes(), object: raw} {
			got, err := survey.Decode(kind, body)
			if d := cmp.Diff(survey.Form{Fields: want}, got); d != "" || err != nil {
				t.Fatalf("%s: %v %s", kind, err, d)
			}
		}
	})
}

func TestASurveyComesBackFromItsJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSurvey(t)
		raw, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		back, err := survey.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(s, back, cmpopts.EquateEmpty()); d != "" {
			t.Fatal(d)
		}
	})
}

func TestValuesComeBackFromTheirJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSurvey(t)
		v, _, _ := s.Check(survey.Form{Fields: drawTyped(t, s)}, nil)
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var back survey.Values
		if err := json.Unmarshal(raw, &back); err != nil || !back.Equal(v) {
			t.Fatalf("%s comes back as %v, %v", raw, back, err)
		}
	})
	for _, raw := range []string{`{"q":1.5}`, `{"q":{}}`, `{"q":true}`, `{"q":[1]}`} {
		var v survey.Values
		if err := json.Unmarshal([]byte(raw), &v); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: %v", raw, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(encoded, []byte("score=3&comment=ok&reason=price&_asked=score&_version=2"))
	f.Add(parts, []byte(multi(`name="score"`, "7", `name="comment"`, "a")))
	f.Add(object, []byte(`{"score":1,"comment":"ok","reason":["price","other"],"_partial":true}`))
	f.Add(object, []byte(`{"score":"\u0000"}`))
	s := builtIn(f, "nps")
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		form, err := survey.Decode(kind, body)
		if err != nil {
			if fault.CodeOf(err) != fault.Invalid {
				t.Fatalf("the code of %v is not invalid", err)
			}
			return
		}
		v, complete, wrong := s.Check(form, nil)
		if len(wrong) > 0 {
			if complete {
				t.Fatal("an answer with mistakes is complete")
			}
			return
		}
		if n := v["score"].Number; n != nil && (*n < 0 || *n > 10) || complete && n == nil {
			t.Fatalf("passed the check: %+v", v)
		}
		comment := v["comment"].Text
		if !utf8.ValidString(comment) || utf8.RuneCountInString(comment) > survey.MaxTextRunes {
			t.Fatalf("passed the check: %q", comment)
		}
		if i := strings.IndexFunc(comment, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }); i >= 0 {
			t.Fatalf("a control character passed: %q", comment)
		}
		for _, o := range v["reason"].Choices {
			if !slices.Contains(s.Question("reason").Options, o) {
				t.Fatalf("passed the check: %q", o)
			}
		}
		if again, _, wrong := s.Check(survey.Form{Fields: retyped(v).Fields, Partial: form.Partial, Asked: form.Asked}, nil); !again.Equal(v) || wrong != nil {
			t.Fatalf("checking what was checked changes it: %+v, then %+v %v", v, again, found(wrong))
		}
	})
}

func FuzzParse(f *testing.F) {
	// small ones, which mutate and shrink fast
	f.Add([]byte(`{"id":"n","version":2,"questions":[{"id":"q","kind":"nps"},{"id":"r","kind":"single","options":["a","b"],"when":[{"question":"q","at_most":6}]}],"invite":{"again_after":"9d","reminders":["4h"]},"forms":[{"key":"0123456789abcdef","origins":["https://a.b"]}],"texts":{"en":{"title":"t","questions":{"q":{"ask":"?","lowest":"0","highest":"9"},"r":{"ask":"?","options":{"a":"A","b":"B"}}}}}}`))
	f.Add([]byte(`{"id":"a","version":1,"questions":[{"id":"q","kind":"text"}],"invite":{"sample":"33.3%"},"texts":{"en":{"title":"t","questions":{"q":{"ask":"?"}}}}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := survey.Parse(raw)
		if err != nil {
			if fault.CodeOf(err) != fault.Invalid {
				t.Fatalf("the code of %v is not invalid", err)
			}
			return
		}
		again, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		back, err := survey.Parse(again)
		if err != nil {
			t.Fatalf("%s cannot be read again: %v", again, err)
		}
		if d := cmp.Diff(s, back, cmpopts.EquateEmpty()); d != "" {
			t.Fatal(d)
		}
		if page := s.Page(nil, 0); len(page) == 0 {
			t.Fatal("a survey without a first page")
		}
	})
}
