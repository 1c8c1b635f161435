package survey_test

import (
	"bytes"
	"mime/multipart"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"liuke/shared/fault"
	"liuke/shared/survey"
	"liuke/shared/token"
)

func nps(t testing.TB) *survey.Survey {
	t.Helper()
	c, err := survey.BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Find("nps")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheBuiltInSurveysSpeakChineseAndEnglish(t *testing.T) {
	if got := nps(t).Locales(); !cmp.Equal(got, []string{"en", "zh-CN"}) {
		t.Errorf("locales %q", got)
	}
	c, err := survey.BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Find("nope"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("an unknown survey: %v", err)
	}
}

func TestValidateNamesTheFieldThatIsWrong(t *testing.T) {
	for _, c := range []struct {
		name, pointer string
		change        func(*survey.Survey)
	}{
		{"no id", "/id", func(s *survey.Survey) { s.ID = "" }},
		{"a version of 0", "/version", func(s *survey.Survey) { s.Version = 0 }},
		{"a kind that there is not", "/kind", func(s *survey.Survey) { s.Kind = "mood" }},
		{"no English", "/texts", func(s *survey.Survey) { delete(s.Texts, "en") }},
		{"a text that is missing", "/texts/zh-CN/highest", func(s *survey.Survey) {
			zh := s.Texts["zh-CN"]
			zh.Highest = ""
			s.Texts["zh-CN"] = zh
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := nps(t)
			c.change(s)
			err := s.Validate()
			if e, ok := err.(*fault.Error); !ok || e.Pointer != c.pointer {
				t.Errorf("got %v, want the pointer %s", err, c.pointer)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name  string
		form  survey.Form
		given survey.Given
		wrong []survey.Mistake
	}{
		{"a score alone is an answer", survey.Form{Score: "9"}, survey.Given{Score: 9}, nil},
		{"0 is a score", survey.Form{Score: " 0 "}, survey.Given{Score: 0}, nil},
		{"no score is a mistake", survey.Form{Comment: "x"}, survey.Given{Comment: "x"}, []survey.Mistake{{Field: survey.Score, Reason: survey.ScoreMissing}}},
		{"11 is off the scale", survey.Form{Score: "11"}, survey.Given{Score: 11}, []survey.Mistake{{Field: survey.Score, Reason: survey.ScoreOutOfRange}}},
		{"half a point is off the scale", survey.Form{Score: "9.5"}, survey.Given{}, []survey.Mistake{{Field: survey.Score, Reason: survey.ScoreOutOfRange}}},
		{"an enormous score is off the scale", survey.Form{Score: strings.Repeat("9", 400)}, survey.Given{Score: 127}, []survey.Mistake{{Field: survey.Score, Reason: survey.ScoreOutOfRange}}},
		{"line ends become one character and edges are trimmed", survey.Form{Score: "1", Comment: " a\r\nb\rc \n"}, survey.Given{Score: 1, Comment: "a\nb\nc"}, nil},
		{"control characters and marks of direction go", survey.Form{Score: "1", Comment: "a\x00b\x1b[31mc\u202ed\u2066e\u0085"}, survey.Given{Score: 1, Comment: "ab[31mcde"}, nil},
		{"joined emoji stay whole", survey.Form{Score: "1", Comment: "👩‍👩‍👧"}, survey.Given{Score: 1, Comment: "👩‍👩‍👧"}, nil},
		{"4,000 Chinese characters fit", survey.Form{Score: "1", Comment: strings.Repeat("长", 4000)}, survey.Given{Score: 1, Comment: strings.Repeat("长", 4000)}, nil},
		{"4,001 are too long", survey.Form{Score: "1", Comment: strings.Repeat("长", 4001)}, survey.Given{Score: 1, Comment: strings.Repeat("长", 4001)}, []survey.Mistake{{Field: survey.Comment, Reason: survey.CommentTooLong}}},
		{"bytes that are no text", survey.Form{Score: "1", Comment: "\xff"}, survey.Given{Score: 1}, []survey.Mistake{{Field: survey.Comment, Reason: survey.CommentNotText}}},
		{"both fields may be wrong", survey.Form{Score: "x", Comment: "\xff"}, survey.Given{}, []survey.Mistake{{Field: survey.Score, Reason: survey.ScoreOutOfRange}, {Field: survey.Comment, Reason: survey.CommentNotText}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			given, wrong := nps(t).Check(c.form)
			if d := cmp.Diff(c.wrong, wrong); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff(c.given, given); d != "" && len(c.wrong) == 0 {
				t.Error(d)
			}
		})
	}
}

func multi(fields ...string) string {
	var b strings.Builder
	for i := 0; i < len(fields); i += 2 {
		b.WriteString("--x\r\nContent-Disposition: form-data; " + fields[i] + "\r\n\r\n" + fields[i+1] + "\r\n")
	}
	return b.String() + "--x--\r\n"
}

func TestDecode(t *testing.T) {
	const form, json, parts = "application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=x"
	for _, c := range []struct {
		name, kind, body string
		want             survey.Form
		fails            bool
		pointer          string
	}{
		{name: "a plain form", kind: form + "; charset=UTF-8", body: "score=9&comment=g%C3%BCnstig+%26+gut", want: survey.Form{Score: "9", Comment: "günstig & gut"}},
		{name: "a form with fields of others", kind: form, body: "utm=1&score=9&utm=2", want: survey.Form{Score: "9"}},
		{name: "a form with two scores", kind: form, body: "score=9&score=1", fails: true, pointer: "/score"},
		{name: "a form that is not escaped", kind: form, body: "score=%zz", fails: true},
		{name: "a form of a thousand fields", kind: form, body: strings.Repeat("a=1&", 1000), fails: true},
		{name: "a form in parts", kind: parts, body: multi(`name="score"`, "7", `name="comment"`, "两行\r\n"), want: survey.Form{Score: "7", Comment: "两行\r\n"}},
		{name: "parts with a file", kind: parts, body: multi(`name="comment"; filename="a.txt"`, "7"), fails: true},
		{name: "parts cut short", kind: parts, body: multi(`name="score"`, "7")[:30], fails: true},
		{name: "parts without a boundary", kind: "multipart/form-data", body: multi(), fails: true},
		{name: "too many parts", kind: parts, body: multi(strings.Split(strings.Repeat(`name="a"|1|`, 40)+`name="b"|1`, "|")...), fails: true},
		{name: "JSON with a number", kind: json, body: `{"score":10,"comment":"ok"}`, want: survey.Form{Score: "10", Comment: "ok"}},
		{name: "JSON with a number in a string", kind: json, body: `{"score":"10"}`, want: survey.Form{Score: "10"}},
		{name: "JSON with null", kind: json, body: `{"score":null,"comment":null}`},
		{name: "JSON with a fraction is decoded and left to the check", kind: json, body: `{"score":9.5}`, want: survey.Form{Score: "9.5"}},
		{name: "JSON with a comment of numbers", kind: json, body: `{"score":1,"comment":2}`, fails: true, pointer: "/comment"},
		{name: "a JSON list", kind: json, body: `[1]`, fails: true},
		{name: "an empty body said to be JSON", kind: json, fails: true},
		{name: "another type", kind: "text/plain", body: "score=9", fails: true},
		{name: "no type", body: "score=9", fails: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := survey.Decode(c.kind, []byte(c.body))
			if (err != nil) != c.fails {
				t.Fatalf("got %+v, %v", got, err)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
			if e, ok := err.(*fault.Error); c.fails && (!ok || e.Code != fault.Invalid || e.Pointer != c.pointer) {
				t.Errorf("got %#v, want invalid at %q", err, c.pointer)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("application/x-www-form-urlencoded", []byte("score=9&comment=ok"))
	f.Add("multipart/form-data; boundary=x", []byte(multi(`name="score"`, "7", `name="comment"`, "a")))
	f.Add("application/json", []byte(`{"score":10,"comment":"ok"}`))
	f.Add("application/json", []byte(`{"score":"\u0000"}`))
	s := nps(f)
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		form, err := survey.Decode(kind, body)
		if err != nil {
			if fault.CodeOf(err) != fault.Invalid {
				t.Fatalf("the code of %v is not invalid", err)
			}
			return
		}
		given, wrong := s.Check(form)
		if len(wrong) > 0 {
			return
		}
		if given.Score < 0 || given.Score > 10 || !utf8.ValidString(given.Comment) || utf8.RuneCountInString(given.Comment) > survey.MaxCommentRunes {
			t.Fatalf("passed the check: %+v", given)
		}
		for _, r := range given.Comment {
			if unicode.IsControl(r) && r != '\n' && r != '\t' {
				t.Fatalf("a control character passed: %q", given.Comment)
			}
		}
		if again, wrong := s.Check(survey.Form{Score: form.Score, Comment: given.Comment}); again != given || wrong != nil {
			t.Fatalf("checking what was checked changes it: %+v, then %+v %v", given, again, wrong)
		}
	})
}

func TestTheThreeEncodingsOfAnAnswerSayTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		comment := rapid.String().Draw(t, "comment")
		var parts bytes.Buffer
		w := multipart.NewWriter(&parts)
		w.WriteField("score", "8")
		w.WriteField("comment", comment)
		w.Close()
		a, errA := survey.Decode("application/x-www-form-urlencoded", []byte(url.Values{"score": {"8"}, "comment": {comment}}.Encode()))
		b, errB := survey.Decode(w.FormDataContentType(), parts.Bytes())
		if errA != nil || errB != nil || a != b || a.Comment != comment {
			t.Fatalf("%+v %v, %+v %v", a, errA, b, errB)
		}
	})
}

var (
	noon = time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)
	to   = token.Survey{Survey: "nps", Customer: "c1", Invitation: "i1", Expires: noon.AddDate(0, 1, 0)}
)

func TestAnswersAreRevisedWithinTheirWindow(t *testing.T) {
	s := nps(t)
	first, err := s.Answer(to, nil, survey.Given{Score: 3, Comment: "slow"}, "en", noon)
	if err != nil || first.Revision != 1 || !first.Answered.Equal(noon.Truncate(time.Millisecond)) {
		t.Fatalf("%+v, %v", first, err)
	}
	same, err := s.Answer(to, &first, first.Given, "zh-CN", noon.Add(time.Hour))
	if err != nil || same != first {
		t.Errorf("the same again: %+v, %v", same, err)
	}
	second, err := s.Answer(to, &first, survey.Given{Score: 8}, "en", noon.Add(24*time.Hour-time.Second))
	if err != nil || second.Revision != 2 || !second.Answered.Equal(first.Answered) || second.Score != 8 || second.Given.Comment != "" {
		t.Errorf("a correction: %+v, %v", second, err)
	}
	if _, err := s.Answer(to, &second, survey.Given{Score: 9}, "en", noon.Add(24*time.Hour)); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("after the window, which a correction does not extend: %v", err)
	}
}

func TestEventsAreAFunctionOfTheAnswer(t *testing.T) {
	s := nps(t)
	first, _ := s.Answer(to, nil, survey.Given{Score: 3, Comment: "slow"}, "en", noon)
	e, err := first.Event(survey.NPS)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := first.Event(survey.NPS); !cmp.Equal(e, again) {
		t.Error("two events of one revision differ")
	}
	if e.ID != "answer:nps:i1:1" || e.Customer() != "c1" || !e.Time.Equal(first.Revised) ||
		string(e.Properties) != `{"survey":"nps","kind":"nps","invitation":"i1","score":3,"comment":"slow","revision":1}` {
		t.Errorf("%+v %s", e, e.Properties)
	}
	second, _ := s.Answer(to, &first, survey.Given{Score: 8}, "en", noon.Add(time.Minute))
	if f, _ := second.Event(survey.NPS); f.ID == e.ID {
		t.Error("a correction has the id of what it corrects")
	}
}

func TestAnUnsubscriptionCountsOnceAMinuteAndAgainLater(t *testing.T) {
	u := token.Unsubscribe{Customer: "c1", Channel: "email"}
	at := func(link string, now time.Time) string {
		e, err := survey.Unsubscribed(u, link, now)
		if err != nil || string(e.Properties) != `{"channel":"email"}` || e.Customer() != "c1" {
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

func TestCountsOfAnyHistoryEqualTheAnswersThatStand(t *testing.T) {
	s := nps(t)
	rapid.Check(t, func(t *rapid.T) {
		var counted survey.Counts
		var want survey.Counts
		for range rapid.IntRange(0, 20).Draw(t, "customers") {
			var standing *survey.Answer
			for i, score := range rapid.SliceOfN(rapid.IntRange(0, 10), 1, 5).Draw(t, "scores") {
				next, err := s.Answer(to, standing, survey.Given{Score: score}, "en", noon.Add(time.Duration(i)*time.Hour))
				if err != nil {
					t.Fatal(err)
				}
				counted = counted.Plus(survey.Change(standing, next))
				standing = &next
			}
			want[standing.Score]++
		}
		if counted != want {
			t.Fatalf("counted %v, the answers are %v", counted, want)
		}
	})
	var thousand survey.Counts
	thousand[10], thousand[9], thousand[8], thousand[7], thousand[6], thousand[0] = 400, 60, 100, 200, 200, 40
	if up, mid, down := thousand.Split(); up != 460 || mid != 300 || down != 240 {
		t.Errorf("split %d/%d/%d", up, mid, down)
	}
	if got := thousand.NPS(); got.Score < .2199 || got.Score > .2201 {
		t.Errorf("NPS %v", got)
	}
}
