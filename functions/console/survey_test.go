package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"liuke/shared/api"
	"liuke/shared/survey"
)

// ofSurvey lets a request name a survey.
func ofSurvey(id string, changes ...func(*api.Request)) func(*api.Request) {
	return func(r *api.Request) {
		r.PathParameters["survey"] = id
		for _, change := range changes {
			change(r)
		}
	}
}

// editing changes the survey in a request's body.
func editing(t *testing.T, change func(s map[string]any)) func(*api.Request) {
	return func(r *api.Request) {
		var s map[string]any
		must(t, json.Unmarshal([]byte(r.Body), &s))
		change(s)
		var body strings.Builder
		e := json.NewEncoder(&body)
		e.SetEscapeHTML(false)
		must(t, e.Encode(s))
		r.Body = body.String()
	}
}

// put writes the sample survey, changed.
func (b *testBundle) put(t *testing.T, changes ...func(*api.Request)) (int, map[string]any, api.Response) {
	t.Helper()
	return b.do(t, "put_survey", func(r *api.Request) {
		for _, change := range changes {
			change(r)
		}
	})
}

func ifMatch(tag string) func(*api.Request) {
	return func(r *api.Request) { r.Headers["if-match"] = tag }
}

// line returns what the list of surveys says of one.
func (b *testBundle) line(t *testing.T, id string) map[string]any {
	t.Helper()
	_, body, _ := b.do(t, "surveys", nil)
	var ids []string
	var found map[string]any
	for _, each := range body["surveys"].([]any) {
		line := each.(map[string]any)
		ids = append(ids, line["survey"].(string))
		if line["survey"] == id {
			found = line
		}
	}
	if !slices.IsSorted(ids) {
		t.Errorf("the list is %v", ids)
	}
	return found
}

func TestSurveysThatComeWithTheSuiteAreListedAndShown(t *testing.T) {
	b := setup(t)
	builtIn, err := survey.BuiltIn()
	must(t, err)
	for id, s := range builtIn {
		line := b.line(t, id)
		if line["origin"] != "built_in" || line["version"] != float64(s.Version) || line["questions"] != float64(len(s.Questions)) || line["title"] != s.Texts["en"].Title || line["closed"] != false {
			t.Errorf("%s is listed as %v", id, line)
		}
		status, body, out := b.do(t, "survey", ofSurvey(id))
		if status != http.StatusOK || body["id"] != id || out.Headers["etag"] != fmt.Sprintf(`"%d"`, s.Version) {
			t.Errorf("%s: %d %v", id, status, out.Headers)
		}
	}
	for _, id := range []string{"mood", "", "NPS", "../nps", "nps#1", strings.Repeat("x", 5000)} {
		for _, version := range []string{"", "1"} {
			status, body, _ := b.do(t, "survey", ofSurvey(id, func(r *api.Request) {
				if version != "" {
					r.QueryStringParameters = map[string]string{"version": version}
				}
			}))
			if status != http.StatusNotFound {
				t.Errorf("%.20q, version %q: %d %v", id, version, status, body)
			}
		}
	}
}

func TestASurveyIsWrittenVersionByVersion(t *testing.T) {
	b := setup(t)
	status, body, out := b.put(t)
	if status != http.StatusOK || body["id"] != "unpacking" || body["version"] != 1.0 || out.Headers["etag"] != `"1"` {
		t.Fatal(status, out.Body)
	}
	if line := b.line(t, "unpacking"); line["origin"] != "own" || line["kind"] != "csat" || fmt.Sprint(line["locales"]) != "[en zh-CN]" {
		t.Errorf("listed as %v", line)
	}
	_, _, shown := b.do(t, "survey", ofSurvey("unpacking"))
	if shown.Body != out.Body {
		t.Errorf("written %s, shown %s", out.Body, shown.Body)
	}
	status, body, out = b.put(t, withBody(shown.Body), ifMatch(`"1"`), editing(t, func(s map[string]any) { s["closed"] = true }))
	if status != http.StatusOK || body["version"] != 2.0 || body["closed"] != true {
		t.Fatal(status, out.Body)
	}
	if line := b.line(t, "unpacking"); line["version"] != 2.0 || line["closed"] != true {
		t.Errorf("listed as %v", line)
	}
	for version, want := range map[string]string{"1": shown.Body, "2": out.Body} {
		status, _, old := b.do(t, "survey", ofSurvey("unpacking", asked("version", version)))
		if status != http.StatusOK || old.Body != want || old.Headers["etag"] != `"`+version+`"` {
			t.Errorf("version %s: %d %s", version, status, old.Body)
		}
	}
	for version, want := range map[string]int{"3": 404, "0": 400, "-1": 400, "x": 400, "": 400, "1.5": 400, "99999999999": 400} {
		status, body, _ := b.do(t, "survey", ofSurvey("unpacking", asked("version", version)))
		if status != want || want == 400 && body["pointer"] != "/version" {
			t.Errorf("version %q: %d %v", version, status, body)
		}
	}
}

func TestASurveyOfTheSuiteIsEditedAndItsFirstVersionStays(t *testing.T) {
	b := setup(t)
	_, _, came := b.do(t, "survey", nil)
	edit := editing(t, func(s map[string]any) { s["invite"] = map[string]any{"sample": "10%"} })
	status, body, out := b.put(t, ofSurvey("nps"), withBody(came.Body), edit)
	if status != http.StatusOK || body["version"] != 2.0 || !strings.Contains(out.Body, `"invite":{"sample":"10%","expires":"30d"}`) {
		t.Fatal(status, out.Body)
	}
	if line := b.line(t, "nps"); line["origin"] != "edited" || line["version"] != 2.0 {
		t.Errorf("listed as %v", line)
	}
	if _, _, old := b.do(t, "survey", asked("version", "1")); old.Body != came.Body {
		t.Errorf("version 1 is %s", old.Body)
	}
}

func TestASurveyIsWrittenOnlyOverWhatWasRead(t *testing.T) {
	b := setup(t)
	version := func(n int) func(*api.Request) {
		return editing(t, func(s map[string]any) { s["version"] = n })
	}
	for i, c := range []struct {
		change func(*api.Request)
		status int
	}{
		{ifMatch(`"1"`), 409}, {ifMatch(`*`), 409}, {version(1), 409}, {version(7), 409}, {ifMatch(`"0"`), 200}, // the first
		{ifMatch(`"0"`), 409}, {version(2), 409}, {ifMatch(`W/"1"`), 409}, {ifMatch(`1`), 409}, {version(1), 200}, // the second
		{version(1), 409}, {ifMatch(`"7", "2"`), 200}, {ifMatch(`*`), 200}, {func(*api.Request) {}, 200},
	} {
		status, body, out := b.put(t, c.change)
		if status != c.status || status == 409 && out.Headers["content-type"] != "application/problem+json" {
			t.Errorf("%d: %d %v", i, status, body)
		}
	}
	if line := b.line(t, "unpacking"); line["version"] != 5.0 {
		t.Errorf("listed as %v", line)
	}
	if status, body, _ := b.put(t, version(-1)); status != 400 || body["pointer"] != "/version" {
		t.Errorf("version -1: %d %v", status, body)
	}
}

func TestManyMayWriteASurveyAtOnce(t *testing.T) {
	b := setup(t)
	var group sync.WaitGroup
	for range 3 {
		group.Go(func() {
			if out, err := b.handler.Handle(t.Context(), sampled(t, "put_survey")); err != nil || out.StatusCode != 200 {
				t.Error(err, out.StatusCode, out.Body)
			}
		})
	}
	group.Wait()
	if all, err := b.store.SurveyVersions(t.Context(), "unpacking"); err != nil || len(all) != 3 || all[2].Version != 3 {
		t.Errorf("%v, %v", all, err)
	}
}

func TestAQuestionKeepsItsMeaningThroughAllVersions(t *testing.T) {
	b := setup(t)
	questions := func(all ...string) func(*api.Request) {
		return func(r *api.Request) {
			texts := map[string]any{}
			var list []any
			for _, each := range all {
				id, kind, _ := strings.Cut(each, " ")
				q, text := map[string]any{"id": id, "kind": kind}, map[string]any{"ask": "?", "lowest": "0", "highest": "9"}
				if from, to, ok := strings.Cut(kind, ".."); ok {
					q = map[string]any{"id": id, "kind": "scale", "min": json.Number(from), "max": json.Number(to)}
				}
				if kind == "single" || kind == "multiple" {
					q["options"], text = []string{"a", "b"}, map[string]any{"ask": "?", "options": map[string]any{"a": "A", "b": "B"}}
				}
				if kind == "text" {
					text = map[string]any{"ask": "?"}
				}
				list, texts[id] = append(list, q), text
			}
			raw, err := json.Marshal(map[string]any{"questions": list, "texts": map[string]any{"en": map[string]any{"title": "T", "questions": texts}}})
			must(t, err)
			r.Body = string(raw)
		}
	}
	for i, c := range []struct {
		survey    string
		questions []string
		pointer   string // "" where it is written
	}{
		{"mood", []string{"a nps", "b 1..5", "c single"}, ""},
		{"mood", []string{"d text"}, ""},
		{"mood", []string{"d text", "a csat"}, "/questions/1/kind"}, // of version 1, which is not the one before
		{"mood", []string{"b 1..7"}, "/questions/0"},
		{"mood", []string{"d csat"}, "/questions/0/kind"},
		{"mood", []string{"c multiple", "b 1..5", "e ces"}, ""},
		{"nps", []string{"mood text"}, ""},
		{"nps", []string{"score ces"}, "/questions/0/kind"}, // of the one that comes with the suite
		{"nps", []string{"score nps"}, ""},
	} {
		status, body, _ := b.put(t, ofSurvey(c.survey), questions(c.questions...))
		pointer, _ := body["pointer"].(string)
		if want := map[bool]int{true: 200, false: 400}[c.pointer == ""]; status != want || pointer != c.pointer {
			t.Errorf("%d: %d %v", i, status, body)
		}
	}
}

func TestASurveyThatIsWrongSaysWhatToChange(t *testing.T) {
	b := setup(t)
	set := func(name string, value any) func(*api.Request) {
		return editing(t, func(s map[string]any) { s[name] = value })
	}
	form := map[string]any{"key": "unpacking-form-5e0b2a", "origins": []string{"https://shop.example"}}
	with := func(name string, value any) map[string]any {
		other := maps.Clone(form)
		other[name] = value
		return other
	}
	if status, body, _ := b.put(t, ofSurvey("earlier"), editing(t, func(s map[string]any) { delete(s, "id"); s["forms"] = []any{with("key", "a-key-of-another-survey")} })); status != 200 {
		t.Fatal(status, body)
	}
	for name, c := range map[string]struct {
		change  func(*api.Request)
		pointer string
		status  int
	}{
		"nothing":                        {withBody(""), "", 400},
		"a list":                         {withBody("[]"), "", 400},
		"an object that is cut":          {withBody(`{"questions":`), "", 400},
		"objects within objects":         {withBody(strings.Repeat(`{"texts":`, 5000)), "/texts", 400},
		"text that is no UTF-8":          {withBody("{\"node\":\"\xff\"}"), "", 400},
		"a coding that is none":          {func(r *api.Request) { r.Headers["content-encoding"] = "br" }, "", 415},
		"over 64 KB":                     {withBody(strings.Repeat(" ", survey.MaxBytes+1)), "", 413},
		"texts that come to over 64 KB":  {set("texts", manyTexts()), "", 400},
		"another id than the address":    {set("id", "unboxing"), "/id", 400},
		"an address that is no id":       {ofSurvey("Un packing", editing(t, func(s map[string]any) { delete(s, "id") })), "/id", 400},
		"an address without an end":      {ofSurvey(strings.Repeat("x", 5000), editing(t, func(s map[string]any) { delete(s, "id") })), "/id", 400},
		"a member that is none":          {set("title", "x"), "/title", 400},
		"a member in capitals":           {set("Node", "x"), "/Node", 400},
		"a member that is null":          {set("forms", nil), "/forms", 400},
		"a member twice":                 {func(r *api.Request) { r.Body = `{"closed":true,"closed":false,` + r.Body[1:] }, "/closed", 400},
		"a member of another type":       {set("closed", "yes"), "/closed", 400},
		"no question":                    {set("questions", []any{}), "/questions", 400},
		"a kind that is none":            {set("questions", []any{map[string]any{"id": "score", "kind": "stars"}}), "/questions/0/kind", 400},
		"a member of a question":         {set("questions", []any{map[string]any{"id": "score", "kind": "nps", "scale": 5}}), "/questions/0/scale", 400},
		"a question of the form's own":   {set("questions", []any{map[string]any{"id": "website", "kind": "text"}}), "/questions/0/id", 400},
		"a condition on what comes":      {set("questions", []any{map[string]any{"id": "score", "kind": "nps", "when": []any{map[string]any{"question": "x"}}}}), "/questions/0/when/0/question", 400},
		"no English":                     {editing(t, func(s map[string]any) { delete(s["texts"].(map[string]any), "en") }), "/texts", 400},
		"a text that is missing":         {editing(t, func(s map[string]any) { s["texts"].(map[string]any)["de"] = map[string]any{"title": "Paket"} }), "/texts/de/questions/score/ask", 400},
		"a span of time that is none":    {set("invite", map[string]any{"expires": "a month"}), "/invite/expires", 400},
		"a sample of more than all":      {set("invite", map[string]any{"sample": "101%"}), "/invite/sample", 400},
		"reminders that go back":         {set("invite", map[string]any{"reminders": []string{"4d", "2d"}}), "/invite/reminders/1", 400},
		"a member of the invitation":     {set("invite", map[string]any{"every": "90d"}), "/invite/every", 400},
		"a key that can be guessed":      {set("forms", []any{with("key", "form")}), "/forms/0/key", 400},
		"two forms with a key":           {set("forms", []any{form, form}), "/forms/1/key", 400},
		"a form with another's key":      {set("forms", []any{form, with("key", "a-key-of-another-survey")}), "/forms/1/key", 400},
		"an origin with a path":          {set("forms", []any{with("origins", []string{"https://shop.example/"})}), "/forms/0/origins/0", 400},
		"a page to go back to in script": {set("forms", []any{with("back", []string{"javascript:alert(1)"})}), "/forms/0/back/0", 400},
	} {
		t.Run(name, func(t *testing.T) {
			status, body, out := b.put(t, c.change)
			pointer, _ := body["pointer"].(string)
			if status != c.status || !strings.HasPrefix(pointer, c.pointer) || c.pointer == "" && pointer != "" || len(out.Body) > 20_000 {
				t.Errorf("%d %.300s, want %d and a mistake at %q", status, out.Body, c.status, c.pointer)
			}
		})
	}
	if line := b.line(t, "unpacking"); line != nil {
		t.Errorf("written: %v", line)
	}
	if status, _, _ := b.put(t, ofSurvey("earlier"), editing(t, func(s map[string]any) { delete(s, "id"); s["forms"] = []any{with("key", "a-key-of-another-survey")} })); status != 200 {
		t.Errorf("a survey may keep its own key: %d", status)
	}
	if b.log.Len() != 0 {
		t.Errorf("a caller's mistakes were logged: %s", b.log)
	}
}

// manyTexts are texts of 60 KB, which JSON with its escapes makes longer.
func manyTexts() map[string]any {
	all := map[string]any{}
	for _, locale := range []string{"en", "de", "fr", "es", "it", "nl", "pl", "sv", "da", "fi", "pt"} {
		words := strings.Repeat("<", 980)
		all[locale] = map[string]any{"title": words, "intro": words, "thanks": words, "questions": map[string]any{
			"score": map[string]any{"ask": words, "lowest": "0", "highest": "9"}, "comment": map[string]any{"ask": words},
			"trouble": map[string]any{"ask": "?", "options": map[string]any{"torn": "x", "wet": "x", "missing": "x"}},
		}}
	}
	return all
}
