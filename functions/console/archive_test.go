package main

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"liuke/shared/api"
	"liuke/shared/archive"
	"liuke/shared/customer"
	"liuke/shared/event"
)

func TestErasureIsQueuedWhoeverItIsOf(t *testing.T) {
	b := setup(t)
	for _, id := range []string{string(user), "nobody", "anonymous:v-1"} {
		status, body, _ := b.do(t, "erase", func(r *api.Request) { r.PathParameters["id"] = id })
		if status != http.StatusAccepted || body["state"] != "queued" {
			t.Fatalf("%s: %d %v", id, status, body)
		}
		if got := b.archive(); !slices.Equal(got, []string{`{"task":"erase","customer":"` + id + `"}`}) {
			t.Errorf("%s: queued %v", id, got)
		}
	}
	for name, change := range map[string]func(*api.Request){
		"a body":          func(r *api.Request) { r.Body = `{"id":"x"}` },
		"a parameter":     func(r *api.Request) { r.QueryStringParameters = map[string]string{"force": "1"} },
		"an id too long":  func(r *api.Request) { r.PathParameters["id"] = strings.Repeat("x", 129) },
		"an id that is 0": func(r *api.Request) { r.PathParameters["id"] = "\x00" },
	} {
		if status, body, _ := b.do(t, "erase", change); status != http.StatusBadRequest {
			t.Errorf("%s: %d %v", name, status, body)
		}
	}
	if got := b.archive(); len(got) != 0 {
		t.Errorf("what was refused queued %v", got)
	}
}

func TestAnExportIsMadeOnceAndThenGivenOut(t *testing.T) {
	b := setup(t)
	if status, body, _ := b.do(t, "export", nil); status != http.StatusNotFound {
		t.Errorf("of nobody: %d %v", status, body)
	}
	b.fold(t, placed(t, "1", "", "v-1", "1.00"), event.Event{ID: "link", Type: event.Identify, User: string(user), Anonymous: "v-1", Time: started, Received: started, Source: event.SourceSegment})
	for range 2 { // asked for by either id, and again
		for _, id := range []customer.ID{user, customer.Visitor("v-1")} {
			status, body, out := b.do(t, "export", func(r *api.Request) { r.PathParameters["id"] = string(id) })
			if status != http.StatusAccepted || body["state"] != "queued" || out.Headers["retry-after"] == "" {
				t.Fatalf("%s: %d %v %v", id, status, body, out.Headers)
			}
		}
	}
	record, err := b.store.Export(t.Context(), user)
	must(t, err)
	if got := b.archive(); !slices.Equal(got, []string{`{"task":"export","job":"` + record.ID + `","customer":"` + string(user) + `"}`}) {
		t.Fatalf("queued %v", got)
	}
	// As the function archive goes on.
	record.Object, record.Finished = "exports/random", now
	must(t, b.lake.Put(t.Context(), record.Object, "application/json", []byte(`{"all":"of it"}`)))
	must(t, b.store.FinishExport(t.Context(), user, record))
	status, _, out := b.do(t, "export", nil)
	if status != http.StatusSeeOther {
		t.Fatal(status, out.Body)
	}
	got, err := http.Get(out.Headers["location"])
	must(t, err)
	defer got.Body.Close()
	if file, err := io.ReadAll(got.Body); err != nil || string(file) != `{"all":"of it"}` {
		t.Errorf("%s %q %v", got.Status, file, err)
	}
	must(t, b.store.Erase(t.Context(), user, now))
	if status, body, _ := b.do(t, "export", nil); status != http.StatusGone {
		t.Errorf("of the erased: %d %v", status, body)
	}
}

func TestAReplayIsBegunAndFollowed(t *testing.T) {
	b := setup(t)
	status, body, out := b.do(t, "start_replay", nil)
	if status != http.StatusAccepted || body["state"] != "running" || body["days"] != 3.0 || body["to"] != "2026-02-03T04:00:00Z" || body["updated_at"] != nil {
		t.Fatal(status, body)
	}
	id := body["replay_id"].(string)
	if got := b.archive(); out.Headers["location"] != "replays/"+id || !slices.Equal(got, []string{`{"task":"replay","job":"` + id + `"}`}) {
		t.Errorf("at %q, queued %v", out.Headers["location"], got)
	}
	if status, body, _ := b.do(t, "start_replay", nil); status != http.StatusConflict {
		t.Errorf("a second at the same moment: %d %v", status, body)
	}
	for i, day := range []archive.Day{"2026-02-01", "2026-02-02", "2026-02-03"} { // as the function archive goes on
		must(t, b.store.FinishReplayDay(t.Context(), id, day, archive.Count{Events: 10, Erased: 2, Damaged: 1}, now.Add(time.Duration(i)*time.Minute)))
		status, body, _ := b.do(t, "replay", func(r *api.Request) { r.PathParameters["id"] = id })
		want := map[bool]string{false: "running", true: "done"}[i == 2]
		if n := float64(i + 1); status != http.StatusOK || body["state"] != want || body["days_done"] != n || body["events"] != 10*n || body["erased"] != 2*n || body["damaged"] != n {
			t.Errorf("after %s: %d %v", day, status, body)
		}
	}
}

func TestReplaysThatCannotBeAreRefused(t *testing.T) {
	b := setup(t)
	for _, c := range []struct {
		name, body string
		pointer    string
	}{
		{"nothing", "", ""},
		{"null", "null", ""},
		{"no end", `{"from":"2026-02-01T00:00:00Z"}`, "/to"},
		{"a day for a moment", `{"from":"2026-02-01","to":"2026-02-02"}`, "/from"},
		{"a moment without a zone", `{"from":"2026-02-01T00:00:00Z","to":"2026-02-02T00:00:00"}`, "/to"},
		{"an end before the beginning", `{"from":"2026-02-02T00:00:00Z","to":"2026-02-01T00:00:00Z"}`, "/to"},
		{"an end to come", `{"from":"2026-02-02T00:00:00Z","to":"2026-03-01T08:31:02Z"}`, "/to"},
		{"years", `{"from":"2020-01-01T00:00:00Z","to":"2026-01-01T00:00:00Z"}`, "/from"},
		{"a member twice", `{"from":"2026-02-01T00:00:00Z","from":"2026-02-02T00:00:00Z","to":"2026-02-03T00:00:00Z"}`, "/from"},
		{"a member that is not known", `{"from":"2026-02-01T00:00:00Z","to":"2026-02-02T00:00:00Z","quiet":true}`, "/quiet"},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, body, _ := b.do(t, "start_replay", func(r *api.Request) { r.Body = c.body })
			if pointer, _ := body["pointer"].(string); status != http.StatusBadRequest || pointer != c.pointer {
				t.Errorf("%d %v", status, body)
			}
		})
	}
	for _, id := range []string{"20260301T083101.000Z", "../x", ""} {
		if status, body, _ := b.do(t, "replay", func(r *api.Request) { r.PathParameters["id"] = id }); status != http.StatusNotFound {
			t.Errorf("%q: %d %v", id, status, body)
		}
	}
	if got := b.archive(); len(got) != 0 {
		t.Errorf("what was refused queued %v", got)
	}
}

func TestScoresThatHaveExpiredAreGone(t *testing.T) {
	b := setup(t)
	b.publish(t)
	_, body, _ := b.do(t, "members", nil)
	cursor := body["next_cursor"].(string)
	b.handler.now = func() time.Time { return now.Add(29 * 24 * time.Hour) }
	for name, ask := range map[string]func() (int, map[string]any, api.Response){
		"the file":       func() (int, map[string]any, api.Response) { return b.do(t, "scores", nil) },
		"the first page": func() (int, map[string]any, api.Response) { return b.do(t, "members", nil) },
		"the next page": func() (int, map[string]any, api.Response) {
			return b.do(t, "members", func(r *api.Request) { r.QueryStringParameters["cursor"] = cursor })
		},
	} {
		if status, body, _ := ask(); status != http.StatusGone || !strings.Contains(body["detail"].(string), "28 days") {
			t.Errorf("%s: %d %v", name, status, body)
		}
	}
}

func TestErasedMembersAreLeftOutOfASegment(t *testing.T) {
	b := setup(t)
	b.publish(t)
	members := func() []any {
		_, body, _ := b.do(t, "members", func(r *api.Request) { r.QueryStringParameters["limit"] = "1000" })
		return body["customers"].([]any)
	}
	before := members()
	must(t, b.store.Erase(t.Context(), "顾客,2", now))
	after := members()
	if !strings.Contains(fmt.Sprint(before), "顾客,2") || strings.Contains(fmt.Sprint(after), "顾客,2") || len(after) != len(before)-1 {
		t.Errorf("%v, then %v", before, after)
	}
}
