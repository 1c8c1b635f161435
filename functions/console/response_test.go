package main

import (
	"encoding/csv"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"liuke/shared/api"
	"liuke/shared/customer"
	"liuke/shared/survey"
	"liuke/shared/survey/tally"
)

// answer stores an answer to the survey nps that was given at a time, and marks its hour.
func (b *testBundle) answer(t *testing.T, c customer.ID, invitation string, at time.Time, change func(*survey.Answer)) survey.Answer {
	t.Helper()
	a := survey.Answer{
		Survey: "nps", Version: 1, Customer: c, Invitation: invitation, Kind: survey.NPS, Score: 9, Complete: true,
		Values: survey.Values{"score": survey.Number(9)}, Locale: "en", Revision: 1, Answered: at, Revised: at,
	}
	if change != nil {
		change(&a)
	}
	must(t, b.store.PutAnswer(t.Context(), nil, a))
	must(t, b.store.MarkHours(t.Context(), now, survey.HourOf(&a)))
	return a
}

// paged asks for a list of answers page by page and returns their invitations, and how many pages there were.
func (b *testBundle) paged(t *testing.T, query map[string]string) (ids []string, pages int) {
	t.Helper()
	for cursor := ""; ; {
		status, body, out := b.do(t, "responses", func(r *api.Request) {
			r.QueryStringParameters = map[string]string{}
			maps.Copy(r.QueryStringParameters, query)
			if cursor != "" {
				r.QueryStringParameters["cursor"] = cursor
			}
		})
		if pages++; status != http.StatusOK || pages > 50 {
			t.Fatalf("page %d: %.300s", pages, out.Body)
		}
		for _, each := range body["responses"].([]any) {
			ids = append(ids, each.(map[string]any)["invitation"].(string))
		}
		if cursor, _ = body["next_cursor"].(string); cursor == "" {
			return ids, pages
		}
	}
}

func TestAnswersAreListedWholeTheLatestFirst(t *testing.T) {
	b := setup(t)
	given := b.answer(t, user, "i1", now.Add(-time.Hour), func(a *survey.Answer) {
		a.Values["comment"] = survey.Value{Text: "<script>alert(1)</script> 很好 😀"}
		a.Cell = survey.Cell{Segment: "Champions", Tier: "A", Node: "delivery", Channel: "email"}
		a.Insight = survey.Insight{Language: "zh", Sentiment: "positive", Topics: []string{"delivery"}}
		a.Tags, a.Properties = []string{"vip"}, map[string]string{"shop": "Berlin"}
		a.Revision, a.Revised = 2, now
	})
	b.answer(t, "", "form-1", now, func(a *survey.Answer) {
		a.Kind, a.Score, a.Complete, a.Values = "", 0, false, survey.Values{}
	})
	status, body, out := b.do(t, "responses", nil)
	all := body["responses"].([]any)
	if status != http.StatusOK || len(all) != 2 || body["next_cursor"] != nil || strings.Contains(out.Body, "<script>") {
		t.Fatal(status, out.Body)
	}
	anonymous, named := all[0].(map[string]any), all[1].(map[string]any)
	if _, ok := anonymous["customer_id"]; ok || anonymous["invitation"] != "form-1" || anonymous["score"] != nil || anonymous["complete"] != false {
		t.Errorf("nobody's answer is %v", anonymous)
	}
	for name, want := range map[string]any{
		"customer_id": string(user), "score": 9.0, "language": "zh", "sentiment": "positive", "revision": 2.0, "revised_at": "2026-03-01T08:31:01Z",
		"answered_at": "2026-03-01T07:31:01Z", "locale": "en", "version": 1.0,
	} {
		if named[name] != want {
			t.Errorf("%s is %v, want %v", name, named[name], want)
		}
	}
	if got := named["answers"].(map[string]any)["comment"]; got != given.Values["comment"].Text {
		t.Errorf("the comment is %v", got)
	}
	must(t, b.store.Erase(t.Context(), user, now))
	if ids, _ := b.paged(t, nil); !slices.Equal(ids, []string{"form-1"}) {
		t.Errorf("after the erasure: %v", ids)
	}
	if status, _, _ := b.do(t, "responses", ofSurvey("mood")); status != http.StatusNotFound {
		t.Errorf("of no survey: %d", status)
	}
	if ids, _ := b.paged(t, map[string]string{"from": "2026-02-01"}); len(ids) != 1 || b.log.Len() > 0 {
		t.Errorf("%v, logged %s", ids, b.log)
	}
}

// TestPagesOfAnswersHoldEachOnce puts answers into a few hours, some counted and some not, and lists them whatever the pages'
// size and bounds: in order, each once, and no other.
func TestPagesOfAnswersHoldEachOnce(t *testing.T) {
	b := setup(t)
	first := now.Truncate(time.Hour).Add(-40 * time.Hour)
	var answers []survey.Answer
	add := func(at time.Time, change func(*survey.Answer)) {
		answers = append(answers, b.answer(t, customer.ID(fmt.Sprint("c", len(answers)%7)), fmt.Sprint("i", len(answers)), at, change))
	}
	for i := range 26 { // an answer an hour, so that there are more hours than are looked up at a time
		add(first.Add(time.Duration(i)*time.Hour), nil) // in the very first millisecond of it
	}
	b.count(t)
	for i := range 12 { // some in one hour, three of them in one millisecond, and one in its last
		add(first.Add(31*time.Hour+time.Duration(i/3)*time.Minute), nil)
	}
	add(first.Add(32*time.Hour-time.Millisecond), func(a *survey.Answer) { a.Customer = "" })
	add(first.Add(32*time.Hour), nil)
	slices.SortFunc(answers, func(a, b survey.Answer) int {
		if c := b.Answered.Compare(a.Answered); c != 0 {
			return c
		}
		return strings.Compare(b.Invitation, a.Invitation)
	})
	rapid.Check(t, func(rt *rapid.T) {
		edge := rapid.Custom(func(rt *rapid.T) time.Time { // on, or beside, the time of an answer
			a := rapid.SampledFrom(answers).Draw(rt, "answer")
			return a.Answered.Add(time.Duration(rapid.IntRange(-1, 1).Draw(rt, "beside")) * time.Millisecond)
		})
		query := map[string]string{"limit": fmt.Sprint(rapid.SampledFrom([]int{13, 40, 100}).Draw(rt, "limit"))}
		from, to := time.Time{}, now.Add(time.Hour)
		if rapid.Bool().Draw(rt, "from") {
			from = edge.Draw(rt, "from")
			query["from"] = from.Format(time.RFC3339Nano)
		}
		if rapid.Bool().Draw(rt, "to") {
			to = edge.Filter(func(at time.Time) bool { return at.After(from) }).Draw(rt, "to")
			query["to"] = to.In(time.FixedZone("", 8*3600)).Format(time.RFC3339Nano)
		}
		var want []string
		for _, a := range answers {
			if !a.Answered.Before(from) && a.Answered.Before(to) {
				want = append(want, a.Invitation)
			}
		}
		if got, _ := b.paged(t, query); !slices.Equal(got, want) {
			rt.Fatalf("%v: %v, want %v", query, got, want)
		}
	})
}

func TestAFullPageOfAnswersOfOneHourIsTheMostThatCanBeAskedFor(t *testing.T) {
	b := setup(t)
	for i := range 101 {
		b.answer(t, user, fmt.Sprintf("i%03d", i), now, nil)
	}
	ids, pages := b.paged(t, map[string]string{"limit": "100"})
	slices.Reverse(ids)
	if len(ids) != 101 || pages != 2 || !slices.IsSorted(ids) || len(slices.Compact(ids)) != 101 {
		t.Errorf("%d on %d pages", len(ids), pages)
	}
}

func TestHoursWithoutAnswersAreGoneThroughAPageAtATime(t *testing.T) {
	b := setup(t)
	b.answer(t, user, "first", now.Add(-600*time.Hour), nil)
	for i := range 500 { // hours in which some were asked and nobody answered
		at := now.Add(-time.Duration(i) * time.Hour)
		r := tally.Count("nps", at, now, nil, []tally.Asked{{Survey: "nps", Sent: at}})
		must(t, b.store.PutRollup(t.Context(), &r))
	}
	if ids, pages := b.paged(t, nil); !slices.Equal(ids, []string{"first"}) || pages != 3 {
		t.Errorf("%v on %d pages", ids, pages)
	}
}

func TestSpansOfTimeAreReadAsTheyWereMeant(t *testing.T) {
	b := setup(t)
	b.handler.business.Zone = time.FixedZone("", 8*3600)
	b.answer(t, user, "before", time.Date(2026, 2, 27, 15, 59, 59, 999e6, time.UTC), nil)
	b.answer(t, user, "at midnight", time.Date(2026, 2, 27, 16, 0, 0, 0, time.UTC), nil)
	b.answer(t, user, "next day", time.Date(2026, 2, 28, 16, 0, 0, 0, time.UTC), nil)
	for _, c := range []struct {
		from, to, want string
	}{
		{"2026-02-28", "2026-03-01", "[at midnight]"},
		{"2026-02-28", "", "[next day at midnight]"},
		{"", "2026-02-28", "[before]"},
		{"0000-01-01", "9999-12-31T23:59:59Z", "[next day at midnight before]"},
		{"2026-03-02", "", "[]"}, // to come
		{"9999-12-31", "", "[]"},
		{"", "1969-12-31", "[]"},
		{"2026-02-27T15:59:59.999Z", "2026-02-27T16:00:00Z", "[before]"},
	} {
		query := map[string]string{"from": c.from, "to": c.to}
		maps.DeleteFunc(query, func(_, value string) bool { return value == "" })
		ids, _ := b.paged(t, query)
		if fmt.Sprint(ids) != c.want {
			t.Errorf("%v: %v, want %s", query, ids, c.want)
		}
		_, body, _ := b.do(t, "metrics", func(r *api.Request) { r.QueryStringParameters = query })
		if n := body["total"].(map[string]any)["answers"]; n != float64(len(ids)) {
			t.Errorf("metrics of %v are of %v answers", query, n)
		}
	}
	for _, sample := range []string{"responses", "metrics"} {
		for _, c := range []struct{ from, to, pointer string }{
			{"yesterday", "", "/from"}, {"", "2026-2-1", "/to"}, {"2026-02-30", "", "/from"}, {"", "", "/from"}, {"2026-02-02", "2026-02-02", "/to"},
			{"2026-02-03", "2026-02-02", "/to"}, {"9999-01-01", "2026-02-02", "/to"}, {"2026-02-01T08:00:00", "", "/from"},
		} {
			query := map[string]string{"from": c.from, "to": c.to}
			if c.from+c.to != "" {
				maps.DeleteFunc(query, func(_, value string) bool { return value == "" })
			}
			status, body, _ := b.do(t, sample, func(r *api.Request) { r.QueryStringParameters = query })
			if status != http.StatusBadRequest || body["pointer"] != c.pointer {
				t.Errorf("%s of %v: %d %v", sample, query, status, body)
			}
		}
	}
}

func TestAListOfAnswersThatCannotBeIsRefused(t *testing.T) {
	b := setup(t)
	for i := range 3 {
		b.answer(t, user, fmt.Sprint("i", i), now, nil)
	}
	_, body, _ := b.do(t, "responses", nil)
	cursor, _ := body["next_cursor"].(string)
	sealed := func(position string) string { return sealCursor(position, "responses", "nps") }
	for name, c := range map[string]struct{ parameter, value, pointer string }{
		"no answers":                     {"limit", "0", "/limit"},
		"too many":                       {"limit", "101", "/limit"},
		"a form that is none":            {"format", "xlsx", "/format"},
		"a parameter that is none":       {"score", "9", "/score"},
		"a cursor that was cut":          {"cursor", cursor[:len(cursor)-1], "/cursor"},
		"a cursor that was altered":      {"cursor", "A" + cursor[1:], "/cursor"},
		"an empty cursor":                {"cursor", "", "/cursor"},
		"a cursor of another survey":     {"cursor", sealCursor("1772352000000|x", "responses", "csat_delivery"), "/cursor"},
		"a cursor of another list":       {"cursor", sealCursor("1772352000000|x", "messages", "nps"), "/cursor"},
		"a cursor without a place":       {"cursor", sealed("1772352000000"), "/cursor"},
		"a cursor without an hour":       {"cursor", sealed("|x"), "/cursor"},
		"a cursor with no whole hour":    {"cursor", sealed("1e9|x"), "/cursor"},
		"a cursor beyond all numbers":    {"cursor", sealed("9999999999999999999|x"), "/cursor"},
		"a cursor that never ends":       {"cursor", strings.Repeat("A", 5000), "/cursor"},
		"what follows a cursor's base64": {"cursor", cursor + "=", "/cursor"},
	} {
		status, body, _ := b.do(t, "responses", asked(c.parameter, c.value))
		if status != http.StatusBadRequest || body["pointer"] != c.pointer {
			t.Errorf("%s: %d %v", name, status, body)
		}
	}
	for _, far := range []string{"9223372036854775807|x", "-9223372036854775808|", "-1|x"} { // sealed by who reads how it is done
		if status, body, _ := b.do(t, "responses", asked("cursor", sealed(far))); status != http.StatusOK {
			t.Errorf("%s: %d %v", far, status, body)
		}
	}
	if b.log.Len() > 0 {
		t.Errorf("logged %s", b.log)
	}
}

func TestAnswersInASpreadsheetAreInert(t *testing.T) {
	b := setup(t)
	texts := []string{
		"=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\tx", "＝1", "|x", "plain, with \"quotes\"", "two\nlines\r\nand three", "<script>alert(1)</script>",
		"😀👩‍👩‍👧", "顾客", "",
	}
	for i, text := range texts {
		b.answer(t, customer.ID("=c"), fmt.Sprintf("-i%02d", len(texts)-i), now, func(a *survey.Answer) {
			a.Locale, a.Tags, a.Insight = "@en", []string{"=tag", "vip"}, survey.Insight{Topics: []string{"price", "delivery"}}
			if text != "" {
				a.Values["comment"] = survey.Value{Text: text}
			}
		})
	}
	status, _, out := b.do(t, "responses", func(r *api.Request) {
		r.QueryStringParameters = map[string]string{"format": "csv"}
	})
	if status != http.StatusOK || out.Headers["content-type"] != "text/csv; charset=utf-8; header=present" || out.Headers["liuke-next-cursor"] != "" {
		t.Fatal(status, out.Headers, out.Body)
	}
	rows, err := csv.NewReader(strings.NewReader(out.Body)).ReadAll()
	if err != nil || len(rows) != len(texts)+1 {
		t.Fatalf("%v: %s", err, out.Body)
	}
	column := func(name string) int { return slices.Index(rows[0], name) }
	for i, text := range texts {
		row := rows[i+1]
		want := strings.ReplaceAll(text, "\r\n", "\n") // as encoding/csv reads it
		if i < 7 {
			want = "'" + want
		}
		if row[column("comment")] != want || row[column("score")] != "9" || row[0] != "'=c" || row[column("locale")] != "'@en" || row[column("tags")] != "'=tag; vip" || row[column("topics")] != "price; delivery" {
			t.Errorf("%q stands in %q", text, row)
		}
		for _, field := range row {
			if strings.HasPrefix(field, "=") || strings.HasPrefix(field, "+") || strings.HasPrefix(field, "-") || strings.HasPrefix(field, "@") {
				t.Errorf("%q is a formula", field)
			}
		}
	}
	_, _, first := b.do(t, "responses", func(r *api.Request) { r.QueryStringParameters["format"] = "csv" })
	cursor := first.Headers["liuke-next-cursor"]
	status, _, second := b.do(t, "responses", func(r *api.Request) {
		r.QueryStringParameters["format"], r.QueryStringParameters["cursor"] = "csv", cursor
	})
	if status != http.StatusOK || !strings.HasPrefix(second.Body, "customer_id,") || strings.Contains(second.Body, "-i13") || !strings.Contains(second.Body, "-i11") {
		t.Errorf("behind %q: %s", cursor, second.Body)
	}
}
