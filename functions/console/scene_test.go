package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"liuke/shared/api"
	"liuke/shared/document"
	"liuke/shared/outreach"
)

// of names the scene, or the block or template, of a request.
func of(name string) func(*api.Request) {
	return func(r *api.Request) {
		for key := range r.PathParameters {
			r.PathParameters[key] = name
		}
	}
}

// all makes several changes of a request.
func all(changes ...func(*api.Request)) func(*api.Request) {
	return func(r *api.Request) {
		for _, change := range changes {
			change(r)
		}
	}
}

func header(name, value string) func(*api.Request) {
	return func(r *api.Request) { r.Headers[name] = value }
}

// wrapped puts a request's YAML into JSON, with the version that it says was edited.
func wrapped(version int) func(*api.Request) {
	return func(r *api.Request) {
		raw, err := json.Marshal(map[string]any{"version": version, "text": r.Body})
		if err != nil {
			panic(err)
		}
		r.Body, r.Headers["content-type"] = string(raw), "application/json"
	}
}

// listed returns the line of a list whose member has the value.
func listed(t *testing.T, body map[string]any, list, member, value string) map[string]any {
	t.Helper()
	lines, ok := body[list].([]any)
	if !ok {
		t.Fatalf("no list %s in %v", list, body)
	}
	for _, line := range lines {
		if line := line.(map[string]any); line[member] == value {
			return line
		}
	}
	return nil
}

func TestASceneIsWrittenShownAndTakenBack(t *testing.T) {
	b := setup(t)
	_, body, _ := b.do(t, "scenes", nil)
	came := len(body["scenes"].([]any))
	if line := listed(t, body, "scenes", "id", "win_back"); line["origin"] != "built_in" || line["version"] != 0.0 || line["edited_at"] != nil || line["enabled"] != true ||
		line["signal"] != "segment_changed" || line["kind"] != "marketing" || !strings.HasPrefix(line["title"].(string), "For a customer who has just slipped") {
		t.Errorf("%v", line)
	}
	if status, body, _ := b.do(t, "scene", nil); status != http.StatusNotFound || !strings.Contains(body["detail"].(string), "win_back") {
		t.Errorf("before it is written: %d %v", status, body)
	}
	if status, _, out := b.do(t, "put_block", nil); status != http.StatusOK {
		t.Fatal(out.Body)
	}
	status, body, out := b.do(t, "put_scene", nil)
	if status != http.StatusOK || out.Headers["etag"] != `"1"` || body["origin"] != "own" || body["takes_effect"] != "within a minute" || body["title"] != "A word of welcome to who ordered for the first time" {
		t.Fatal(status, out.Body)
	}
	sent := sampled(t, "put_scene").Body
	if _, body, _ := b.do(t, "scene", nil); body["text"] != sent || body["version"] != 1.0 || body["edited_at"] != "2026-03-01T08:31:01Z" {
		t.Errorf("%v", body)
	}
	for name, change := range map[string]func(*api.Request){
		"by the query": func(r *api.Request) { r.QueryStringParameters = map[string]string{"format": "yaml"} },
		"by Accept":    header("accept", "application/yaml"),
	} {
		if _, _, out := b.do(t, "scene", change); out.Headers["content-type"] != "application/yaml" || out.Body != sent {
			t.Errorf("as YAML, %s: %v", name, out)
		}
	}
	_, body, _ = b.do(t, "scenes", nil)
	if len(body["scenes"].([]any)) != came+1 || listed(t, body, "scenes", "id", "greeting")["origin"] != "own" {
		t.Errorf("%v", body)
	}
	_, body, _ = b.do(t, "blocks", nil)
	if line := listed(t, body, "blocks", "name", "thanks"); fmt.Sprint(line["used_by"]) != "[greeting]" || line["title"] != "How letters end" {
		t.Errorf("%v", line)
	}
	status, body, _ = b.do(t, "delete_block", nil)
	if wrong, _ := body["errors"].([]any); status != http.StatusConflict || len(wrong) == 0 || wrong[0].(map[string]any)["document"] != "scene/greeting" {
		t.Errorf("a block that is used is deleted: %d %v", status, body)
	}
	if status, body, _ := b.do(t, "delete_scene", nil); status != http.StatusOK || body["deleted"] != "greeting" {
		t.Errorf("%d %v", status, body)
	}
	if status, body, _ := b.do(t, "delete_block", nil); status != http.StatusOK || body["deleted"] != "thanks" {
		t.Errorf("%d %v", status, body)
	}
	if status, _, _ := b.do(t, "delete_scene", nil); status != http.StatusNotFound {
		t.Errorf("deleted twice: %d", status)
	}
	if _, body, _ := b.do(t, "scenes", nil); len(body["scenes"].([]any)) != came {
		t.Errorf("%v", body)
	}
}

func TestAnEditStandsInThePlaceOfWhatCameWithTheSuite(t *testing.T) {
	b := setup(t)
	came, _ := outreach.Source(outreach.Scene, "win_back")
	if status, body, _ := b.do(t, "delete_scene", of("win_back")); status != http.StatusConflict {
		t.Errorf("it is as it came: %d %v", status, body)
	}
	edited := all(of("win_back"), withBody("# Ours\n"+came+"enabled: false\n"))
	if status, body, out := b.do(t, "put_scene", edited); status != http.StatusOK || body["origin"] != "edited" || body["enabled"] != false || body["title"] != "Ours" {
		t.Fatal(status, out.Body)
	}
	if line := listed(t, b.body(t, "scenes"), "scenes", "id", "win_back"); line["origin"] != "edited" || line["enabled"] != false || line["version"] != 1.0 {
		t.Errorf("%v", line)
	}
	status, body, out := b.do(t, "delete_scene", of("win_back"))
	if status != http.StatusOK || body["origin"] != "built_in" || body["text"] != came || out.Headers["etag"] != `"2"` {
		t.Errorf("%d %v", status, body)
	}
	if status, _, out := b.do(t, "put_scene", edited); status != http.StatusOK || out.Headers["etag"] != `"3"` {
		t.Errorf("versions do not go on: %d %v", status, out.Headers)
	}
}

func (b *testBundle) body(t *testing.T, sample string) map[string]any {
	t.Helper()
	_, body, _ := b.do(t, sample, nil)
	return body
}

func TestAWritingIsWrittenOnlyOverWhatWasRead(t *testing.T) {
	b := setup(t)
	for i, c := range []struct {
		change func(*api.Request)
		status int
	}{
		{header("if-match", `*`), 412}, {header("if-match", `"1"`), 412}, {wrapped(1), 409}, {wrapped(0), 200}, {wrapped(0), 409},
		{header("if-match", `"1"`), 200}, {header("if-match", `"1"`), 412}, {all(wrapped(2), header("if-match", `"2"`)), 200}, {wrapped(3), 200}, {func(*api.Request) {}, 200},
	} {
		if status, body, _ := b.do(t, "put_template", c.change); status != c.status {
			t.Errorf("%d: %d %v", i, status, body)
		}
	}
	for _, c := range []struct {
		tag    string
		status int
	}{{`"1"`, 412}, {`"5"`, 200}, {`"5"`, 404}} {
		if status, body, _ := b.do(t, "delete_template", header("if-match", c.tag)); status != c.status {
			t.Errorf("%s: %d %v", c.tag, status, body)
		}
	}
}

func TestAllMistakesOfASceneAreListedWithTheirLines(t *testing.T) {
	b := setup(t)
	b.do(t, "put_block", nil)
	text := strings.NewReplacer("kind: transactional", "kind: spam", "audience: order.first", "audience: order.last", "{{ order.id }}", "{{ order.number }}").Replace(sampled(t, "put_scene").Body)
	status, body, out := b.do(t, "put_scene", withBody(text))
	if status != http.StatusBadRequest || out.Headers["content-type"] != "application/problem+json" || body["type"] != "urn:liuke:problem:invalid" {
		t.Fatal(status, out.Body)
	}
	var lines []float64
	for _, wrong := range body["errors"].([]any) {
		wrong := wrong.(map[string]any)
		lines = append(lines, wrong["line"].(float64))
		if wrong["document"] != "scene/greeting" || wrong["message"] == "" {
			t.Errorf("%v", wrong)
		}
	}
	if !slices.Equal(lines, []float64{3, 5, 11, 14}) {
		t.Errorf("mistakes in the lines %v: %s", lines, out.Body)
	}
	for name, c := range map[string]struct {
		sample string
		change func(*api.Request)
		status int
	}{
		"nothing":              {"put_scene", withBody(""), 400},
		"blanks":               {"put_block", withBody(" \n"), 400},
		"JSON without a text":  {"put_scene", all(header("content-type", "application/json"), withBody("{}")), 400},
		"JSON of another kind": {"put_scene", all(header("content-type", "application/json; charset=utf-8"), withBody(`{"text":1}`)), 400},
		"a version below 0":    {"put_scene", all(header("content-type", "application/json"), withBody(`{"version":-1,"text":"id: greeting"}`)), 409},
		"over 64 KB":           {"put_scene", withBody(strings.Repeat("#", document.MaxBytes+1)), 413},
		"over 64 KB in JSON":   {"put_scene", func(r *api.Request) { r.Body = strings.Repeat("#", document.MaxBytes+1); wrapped(0)(r) }, 413},
		"the name of another":  {"put_scene", of("goodbye"), 400},
		"the policy":           {"put_scene", of("policy"), 400},
		"a name that is none":  {"put_scene", of("../x"), 400},
		"a name in capitals":   {"put_template", of("Short"), 400},
		"no such scene":        {"scene", of("nobody"), 404},
		"no such block":        {"delete_block", of("a\r\nb"), 404},
		"a form that is none":  {"scene", func(r *api.Request) { r.QueryStringParameters = map[string]string{"format": "xml"} }, 400},
	} {
		if status, body, out := b.do(t, c.sample, c.change); status != c.status || len(out.Body) > 20_000 {
			t.Errorf("%s: %d %v, want %d", name, status, body, c.status)
		}
	}
	if b.log.Len() != 0 {
		t.Errorf("a caller's mistakes were logged: %s", b.log)
	}
}

func TestADocumentThatCannotBeReadAnyMoreIsShownAsBrokenAndCanBeWrittenAnew(t *testing.T) {
	b := setup(t)
	d := document.Document{Name: "scene/greeting", Version: 1, Body: "# Ours\nid: greeting\nof_an_older_suite: true\n", Edited: now}
	must(t, b.store.PutSceneDocument(t.Context(), &d, 0, nil))
	line := listed(t, b.body(t, "scenes"), "scenes", "id", "greeting")
	if wrong, _ := line["broken"].([]any); len(wrong) == 0 || line["enabled"] != false || line["title"] != "Ours" {
		t.Errorf("%v", line)
	}
	if line := listed(t, b.body(t, "scenes"), "scenes", "id", "win_back"); line["broken"] != nil || line["enabled"] != true {
		t.Errorf("it took another down: %v", line)
	}
	if status, body, _ := b.do(t, "scene", nil); status != http.StatusOK || body["text"] != d.Body {
		t.Errorf("%d %v", status, body)
	}
	b.do(t, "put_block", nil)
	if status, body, _ := b.do(t, "put_scene", nil); status != http.StatusOK || body["broken"] != nil || body["version"] != 2.0 {
		t.Errorf("%d %v", status, body)
	}
}

func TestThereIsRoomForSoMuchWriting(t *testing.T) {
	b := setup(t)
	big := "en: {text: " + strings.Repeat("x", document.MaxBytes-200) + ", html: x}\n"
	for i := range maxWritten/document.MaxBytes + 1 {
		status, body, _ := b.do(t, "put_block", all(of(fmt.Sprint("big", i)), withBody(big)))
		if want := map[bool]int{true: 200, false: 409}[(i+1)*len(big) <= maxWritten]; status != want {
			t.Errorf("%d: %d %v", i, status, body)
		}
	}
}

func TestWhatScenesAskToBeToldOfIsKeptWithThem(t *testing.T) {
	b := setup(t)
	text := "id: greeting\nkind: transactional\non: {signal: event, event: Moon Rose}\nchannel: task\ncontent:\n  en: {title: Look, text: Look up}\n"
	if status, body, _ := b.do(t, "put_scene", withBody(text)); status != http.StatusOK {
		t.Fatalf("%d %v", status, body)
	}
	if events, err := b.store.SceneEvents(t.Context()); err != nil || !events["Moon Rose"] {
		t.Errorf("%v, %v", events, err)
	}
	b.do(t, "delete_scene", nil)
	if events, err := b.store.SceneEvents(t.Context()); err != nil || events["Moon Rose"] {
		t.Errorf("%v are still asked for, %v", events, err)
	}
}
