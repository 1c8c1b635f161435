package main

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"liuke/shared/api"
	"liuke/shared/document"
	"liuke/shared/recalc"
	"liuke/shared/segment"
)

// loyal is the model of the sample, of a version, with a label and rest of other names where they are given.
func loyal(version int, labels ...string) string {
	names := append(labels, []string{"regular", "other"}[len(labels):]...)
	return fmt.Sprintf(`name: loyal
version: %d
title: {en: "Loyalty", zh-CN: "忠诚度"}
description: {en: "Who orders often.", zh-CN: "谁常下单。"}
inputs: [frequency]
labels:
  - {name: %q, title: {en: "Regular", zh-CN: "常客"}}
  - {name: %q, title: {en: "Other", zh-CN: "其他"}}
rules:
  - {label: %q, when: {frequency: at least 2}}
rest: %q
`, version, names[0], names[1], names[0], names[1])
}

func withBody(body string) func(*api.Request) {
	return func(r *api.Request) { r.Body = body }
}

func named(name string) func(*api.Request) {
	return func(r *api.Request) { r.PathParameters["name"] = name }
}

// one returns the model of a name in the list.
func (b *testBundle) one(t *testing.T, name string) map[string]any {
	t.Helper()
	_, body, _ := b.do(t, "models", nil)
	for _, m := range body["models"].([]any) {
		if m := m.(map[string]any); m["name"] == name {
			return m
		}
	}
	return nil
}

func TestModelsAreListedWithWhatRulesMayLookAt(t *testing.T) {
	b := setup(t)
	_, body, _ := b.do(t, "models", nil)
	set, err := segment.BuiltIn()
	must(t, err)
	if got := len(body["models"].([]any)); got != len(set.Names()) {
		t.Errorf("%d models, want %v", got, set.Names())
	}
	if got := len(body["inputs"].([]any)); got != len(segment.Inputs()) {
		t.Errorf("%d inputs", got)
	}
	m := b.one(t, "value")
	if m["origin"] != "built_in" || m["edited_at"] != nil || m["run_version"] != nil || len(m["labels"].([]any)) != 3 {
		t.Errorf("%v", m)
	}
	_, body, out := b.do(t, "model", nil)
	if rest := body["rest"]; rest != "potential" || !strings.Contains(out.Body, `"rules":[{"label":"potential","when":[{"input":"frequency","asks":"0"}]}`) || !strings.Contains(out.Body, `"hold":[{"input":"monetary","asks":"1%"}]`) {
		t.Errorf("%s", out.Body)
	}
	_, _, out = b.do(t, "model", func(r *api.Request) { r.QueryStringParameters = nil })
	value, _ := set.Model("value")
	if out.Body != string(value.Source()) || out.Headers["content-type"] != "application/yaml" {
		t.Errorf("%v %s", out.Headers, out.Body)
	}
	b.publish(t)
	if m := b.one(t, "value"); m["run_version"] != 1.0 {
		t.Errorf("%v", m)
	}
}

func TestAModelOfOnesOwnIsWrittenEditedAndDeleted(t *testing.T) {
	b := setup(t)
	status, body, _ := b.do(t, "put_model", nil)
	if status != http.StatusOK || body["takes_effect"] != "with the next recalculation" || body["model"].(map[string]any)["origin"] != "own" {
		t.Fatal(status, body)
	}
	for version, want := range map[int]int{1: 409, 3: 409} {
		if status, body, _ := b.do(t, "put_model", withBody(loyal(version))); status != want || !strings.Contains(body["detail"].(string), "version must be 2") {
			t.Errorf("version %d: %d %v", version, status, body)
		}
	}
	source := loyal(2) + "# a remark, kept with the rest\n"
	if status, body, _ := b.do(t, "put_model", withBody(source)); status != http.StatusOK {
		t.Fatal(status, body)
	}
	_, _, out := b.do(t, "model", func(r *api.Request) { r.PathParameters["name"], r.QueryStringParameters = "loyal", nil })
	if out.Body != source {
		t.Errorf("%s", out.Body)
	}
	if m := b.one(t, "loyal"); m["version"] != 2.0 || m["edited_at"] != "2026-03-01T08:31:01Z" {
		t.Errorf("%v", m)
	}
	if status, body, _ := b.do(t, "delete_model", nil); status != http.StatusOK || body["model"] != nil || b.one(t, "loyal") != nil {
		t.Errorf("%d %v", status, body)
	}
	for _, sample := range []string{"delete_model", "model"} {
		if status, body, _ := b.do(t, sample, named("loyal")); status != http.StatusNotFound {
			t.Errorf("%s of one that is gone: %d %v", sample, status, body)
		}
	}
	if status, body, _ := b.do(t, "put_model", nil); status != http.StatusOK {
		t.Errorf("written again: %d %v", status, body)
	}
}

func TestAnEditOfABuiltInModelIsTakenBack(t *testing.T) {
	b := setup(t)
	set, err := segment.BuiltIn()
	must(t, err)
	value, _ := set.Model("value")
	if status, body, _ := b.do(t, "delete_model", named("value")); status != http.StatusConflict {
		t.Errorf("of one that was never edited: %d %v", status, body)
	}
	for range 2 { // the version goes on from the one that stands
		edit := strings.Replace(string(value.Source()), "version: 1", "version: 2", 1)
		status, body, _ := b.do(t, "put_model", func(r *api.Request) { r.PathParameters["name"], r.Body = "value", edit })
		if status != http.StatusOK || body["model"].(map[string]any)["origin"] != "edited" {
			t.Fatal(status, body)
		}
		status, body, _ = b.do(t, "delete_model", named("value"))
		if m, _ := body["model"].(map[string]any); status != http.StatusOK || m["origin"] != "built_in" || m["version"] != 1.0 || m["edited_at"] != nil {
			t.Errorf("%d %v", status, body)
		}
	}
	if m := b.one(t, "value"); m["origin"] != "built_in" || m["version"] != 1.0 {
		t.Errorf("%v", m)
	}
}

func TestOfTwoWhoEditAtOnceOneIsTold(t *testing.T) {
	b := setup(t)
	var mu sync.Mutex
	var group sync.WaitGroup
	answers := map[int]int{}
	for range 6 {
		group.Go(func() {
			out, err := b.handler.Handle(t.Context(), sampled(t, "put_model"))
			mu.Lock()
			defer mu.Unlock()
			if answers[out.StatusCode]++; err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if answers[200] != 1 || answers[409] != 5 {
		t.Errorf("%v", answers)
	}
}

func TestAModelThatCannotBeReadAnyMoreIsShownAndMended(t *testing.T) {
	b := setup(t)
	old := document.Document{Name: recalc.ModelDocument("loyal"), Version: 1, Body: "name: loyal\nversion: 1\nwas: otherwise\n", Edited: now}
	must(t, b.store.PutDocument(t.Context(), &old, 0))
	_, body, _ := b.do(t, "models", nil)
	if broken := body["broken"].([]any); len(broken) != 1 || broken[0].(map[string]any)["name"] != "loyal" {
		t.Errorf("%v", body["broken"])
	}
	as := func(form string) func(*api.Request) {
		return func(r *api.Request) { r.PathParameters["name"], r.QueryStringParameters["format"] = "loyal", form }
	}
	if status, body, _ := b.do(t, "model", as("json")); status != http.StatusConflict {
		t.Errorf("%d %v", status, body)
	}
	if status, _, out := b.do(t, "model", as("yaml")); status != http.StatusOK || out.Body != old.Body {
		t.Errorf("%d %s", status, out.Body)
	}
	if status, body, _ := b.do(t, "put_model", nil); status != http.StatusOK {
		t.Errorf("%d %v", status, body)
	}
}

// TestAllDocumentsFitIntoARun fills the space that there is, in a way that JSON makes the most of, and starts a run.
func TestAllDocumentsFitIntoARun(t *testing.T) {
	b := setup(t)
	refused := 0
	for i := range 8 {
		name := fmt.Sprintf("model_%d", i)
		body := strings.Replace(loyal(1), "loyal", name, 1) + "#" + strings.Repeat("<", 8_000) + "\n"
		status, problem, _ := b.do(t, "put_model", func(r *api.Request) { r.PathParameters["name"], r.Body = name, body })
		switch {
		case status == http.StatusConflict && strings.Contains(problem["detail"].(string), "262144 are kept at most"):
			refused++
		case status != http.StatusOK:
			t.Fatal(status, problem)
		}
	}
	if refused != 3 { // 48 KB each
		t.Errorf("%d of 8 models were refused", refused)
	}
	if status, body, _ := b.do(t, "put_settings", withBody(`{}`+strings.Repeat(" ", 60_000))); status != http.StatusConflict {
		t.Errorf("settings without room: %d %v", status, body)
	}
	status, body, _ := b.do(t, "start_run", nil)
	if status != http.StatusAccepted {
		t.Fatal(status, body)
	}
	if kept, err := b.store.RunDocuments(t.Context(), body["run_id"].(string)); err != nil || len(kept) != 5 {
		t.Errorf("%d documents, %v", len(kept), err)
	}
}

// TestAModelsLabelsAreShownAndAreNoFormulas follows labels that a spreadsheet would calculate, and a browser run.
func TestAModelsLabelsAreShownAndAreNoFormulas(t *testing.T) {
	for _, labels := range [][]string{{`=HYPERLINK("x")`, "+1"}, {"'quoted", "@sum"}, {"-2+3", "<img src=x onerror=alert(1)>"}, {"a,b\"c;d", "顾客 100%25"}} {
		b := setup(t)
		body := loyal(1, labels...)
		if status, problem, _ := b.do(t, "put_model", withBody(body)); status != http.StatusOK {
			t.Fatal(status, problem)
		}
		documents, err := b.store.Documents(t.Context())
		must(t, err)
		d := b.publish(t, documents...)
		raw, err := b.lake.Get(t.Context(), recalc.ScoresKey(applied))
		must(t, err)
		table, err := csv.NewReader(strings.NewReader(string(raw))).ReadAll()
		must(t, err)
		for _, line := range table {
			for _, field := range line {
				if field != "" && strings.ContainsAny(field[:1], "=+-@\t\r") {
					t.Fatalf("a spreadsheet would calculate %q", field)
				}
			}
		}
		total := 0.0
		_, shown, _ := b.do(t, "segments", func(r *api.Request) { r.QueryStringParameters = map[string]string{"model": "loyal"} })
		for i, s := range shown["segments"].([]any) {
			s := s.(map[string]any)
			if s["name"] != labels[i] {
				t.Errorf("%v, want %s", s, labels[i])
			}
			_, page, _ := b.do(t, "members", func(r *api.Request) {
				r.PathParameters["name"], r.QueryStringParameters = labels[i], map[string]string{"model": "loyal", "limit": "1000"}
			})
			if got := page["customers"].([]any); float64(len(got)) != s["customers"] {
				t.Errorf("%s has %d members, and %v in all", labels[i], len(got), s["customers"])
			}
			total += s["customers"].(float64)
		}
		if total != float64(d.run.Report.Customers) {
			t.Errorf("%v customers have labels, of %d", total, d.run.Report.Customers)
		}
	}
}

// bomb is YAML whose aliases stand for 9^depth values.
func bomb(depth int) string {
	var s strings.Builder
	s.WriteString("name: &a0 [x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i <= depth; i++ {
		fmt.Fprintf(&s, "f%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 9), ", "))
	}
	return s.String()
}

func TestModelsThatAreWrongOrHostileAreRefused(t *testing.T) {
	b := setup(t)
	good := loyal(1)
	swap := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("%q is not in the model", old)
		}
		return strings.Replace(good, old, new, 1)
	}
	for name, c := range map[string]struct {
		body   string
		detail string
	}{
		"nothing":                  {"", "empty"},
		"JSON's null":              {"null", "line 1"},
		"a list":                   {"[1, 2]", "line 1"},
		"a number":                 {"1e999", "line 1"},
		"two models":               {good + "---\n" + good, "more than one"},
		"every mistake":            {swap("version: 1", "version: 0") + "more: 1\n", "line 12"},
		"two mistakes, two lines":  {strings.Replace(swap("version: 1", "version: 0"), "at least 2", "at least -2", 1), "line 2: version must be a whole number from 1, one more with each edit\nline 10"},
		"a version with decimals":  {swap("version: 1", "version: 1.5"), "line 2"},
		"a version beyond numbers": {swap("version: 1", "version: 99999999999999999999"), "line 2"},
		"no number for a bound":    {swap("at least 2", "at least .nan"), "line 10"},
		"infinity for a bound":     {swap("at least 2", "at least Inf"), "line 10"},
		"a bound like 1e400":       {swap("at least 2", "at least 1e400"), "line 10"},
		"another type":             {swap("title: {en", "title: [en"), "line"},
		"a name with a newline":    {swap("name: loyal", `name: "loyal\r\nx"`), "line 1: name must begin"},
		"a name that is a path":    {swap("name: loyal", "name: ../../risk"), "line 1: name must begin"},
		"a label with a newline":   {strings.ReplaceAll(good, `"regular"`, `"a\r\nb"`), "can be seen"},
		"a label with a tab":       {strings.ReplaceAll(good, `"regular"`, `"a\tb"`), "can be seen"},
		"a label that is taken":    {strings.ReplaceAll(good, `"regular"`, `"Unknown"`), "are taken"},
		"a title with a newline":   {swap(`"Regular"`, `"a\nb"`), "one line"},
		"another name":             {swap("name: loyal", "name: royal"), "calls itself royal"},
		"text that is no UTF-8":    {good + "# \xff\xfe\n", "UTF-8"},
		"a NUL":                    {good + "# \x00\n", "line"},
		"aliases that multiply":    {bomb(9), "line"},
		"a list that holds itself": {swap("rules:\n", "rules: &r\n  - *r\n"), "line"},
		"a rule that holds itself": {swap("when: {frequency: at least 2}", "when: &w {frequency: *w}"), "line"},
		"a hold that holds itself": {good + "hold: &h {frequency: *h}\n", "line"},
		"an alias to nothing":      {swap("rules:\n", "rules: *none\n"), "line"},
		"lists within lists":       {strings.Repeat("[", 60_000), "line"},
		"maps within maps":         {strings.Repeat("{a: ", 15_000), "line"},
		"blocks within blocks":     {strings.Repeat("- ", 30_000), "line"},
	} {
		t.Run(name, func(t *testing.T) {
			status, body, out := b.do(t, "put_model", withBody(c.body))
			detail, _ := body["detail"].(string)
			if status != http.StatusBadRequest || !strings.Contains(detail, c.detail) {
				t.Errorf("%d %.300s, want %q", status, out.Body, c.detail)
			}
			if len(out.Body) > 20_000 {
				t.Errorf("a problem of %d bytes", len(out.Body))
			}
		})
	}
	if status, body, _ := b.do(t, "put_model", withBody(good+"#"+strings.Repeat("x", document.MaxBytes))); status != http.StatusRequestEntityTooLarge {
		t.Errorf("64 KB and more: %d %v", status, body)
	}
	for _, name := range []string{"", "..", "../risk", "risk", "loyal\r\n", "LOYAL", "%6coyal", "loyal/", strings.Repeat("x", 5000)} {
		for _, sample := range []string{"model", "delete_model"} {
			if status, body, _ := b.do(t, sample, named(name)); status != http.StatusNotFound {
				t.Errorf("%s %.20q: %d %v", sample, name, status, body)
			}
		}
		if status, body, _ := b.do(t, "put_model", named(name)); status != http.StatusBadRequest || body["pointer"] != "/name" {
			t.Errorf("%.20q: %d %v", name, status, body)
		}
	}
	if documents, err := b.store.Documents(t.Context()); err != nil || len(documents) != 0 {
		t.Errorf("%d documents were written, %v", len(documents), err)
	}
	if status, body, _ := b.do(t, "model", func(r *api.Request) { r.QueryStringParameters["format"] = "xml" }); status != http.StatusBadRequest || body["pointer"] != "/format" {
		t.Errorf("%d %v", status, body)
	}
	if b.log.Len() != 0 {
		t.Errorf("a caller's mistakes were logged: %s", b.log)
	}
}

func TestModelsWrittenAtOnceKeepToWhatIsKeptTogether(t *testing.T) {
	b := setup(t)
	models, err := segment.BuiltIn()
	must(t, err)
	room := segment.MaxModels - len(models.Models())
	var mu sync.Mutex
	var group sync.WaitGroup
	answers := map[int]int{}
	next := make(chan int)
	for range 8 {
		group.Go(func() {
			for i := range next {
				name := fmt.Sprintf("own%d", i)
				r := sampled(t, "put_model")
				r.PathParameters = map[string]string{"name": name}
				r.IsBase64Encoded, r.Body = false, "name: "+name+"\nversion: 1\ntitle: {en: T}\ndescription: {en: D}\ninputs: [r]\n"+
					"labels:\n  - {name: A, title: {en: A}}\n  - {name: Z, title: {en: Z}}\nrules:\n  - {label: A, when: {r: at least 4}}\nrest: Z\n"
				status := 0
				for status == 0 || status == 409 && len(answers) < 1000 { // somebody else was quicker: as a client would
					out, err := b.handler.Handle(t.Context(), r)
					if status = out.StatusCode; err != nil {
						t.Error(err)
					}
				}
				mu.Lock()
				answers[status]++
				mu.Unlock()
			}
		})
	}
	for i := range room + 10 {
		next <- i
	}
	close(next)
	group.Wait()
	documents, err := b.store.Documents(t.Context())
	must(t, err)
	if answers[200] != room || answers[400] != 10 || len(documents) != room {
		t.Errorf("%v, and %d documents, where there is room for %d", answers, len(documents), room)
	}
	for _, name := range []string{"risk", "customer_id", "monetary"} {
		r := sampled(t, "put_model")
		r.PathParameters = map[string]string{"name": name}
		r.IsBase64Encoded, r.Body = false, strings.ReplaceAll("name: own0\nversion: 1\ntitle: {en: T}\ndescription: {en: D}\ninputs: [r]\n"+
			"labels:\n  - {name: A, title: {en: A}}\n  - {name: Z, title: {en: Z}}\nrules:\n  - {label: A, when: {r: at least 4}}\nrest: Z\n", "own0", name)
		if out, _ := b.handler.Handle(t.Context(), r); out.StatusCode != 400 {
			t.Errorf("a model may be called %s: %d", name, out.StatusCode)
		}
	}
}
