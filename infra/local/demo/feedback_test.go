package demo

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"liuke/infra/local/engine"
	"liuke/infra/local/suite"
	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/message"
	"liuke/shared/signal"
	"liuke/shared/survey"
	"liuke/shared/survey/tally"
)

// feedback is what a play leaves of questions and answers, by customer, without times and what is made of a run's id.
type feedback struct {
	store    *dynamo.Store
	answers  map[string][]string
	tasks    map[string][]string
	contacts map[string]string   // the messages that are counted in all windows, and the surveys that were asked to
	waiting  map[string][]string // what will become due, each once
	handed   map[string][]string // invitations that others send
	counted  []survey.Answer     // all answers
	asked    []tally.Asked       // all invitations
	now      time.Time
}

func newFeedback(t *testing.T, s *suite.Suite) feedback {
	t.Helper()
	tables, _, _ := s.Engines()
	return feedback{
		store:   dynamo.New(engine.Config(tables), "", s.Named("AWS::DynamoDB::GlobalTable", "records")),
		answers: map[string][]string{}, tasks: map[string][]string{}, contacts: map[string]string{},
		waiting: map[string][]string{}, handed: map[string][]string{}, now: s.Clock.Now(),
	}
}

// take takes one item of the records.
func (f *feedback) take(t *testing.T, kind string, item map[string]any) {
	t.Helper()
	pk, sk := item["pk"].(string), item["sk"].(string)
	id := strings.TrimPrefix(pk, "CUSTOMER#")
	switch {
	case kind == "ANSWER":
		f.answer(t, id, item)
	case kind == "TASK":
		f.task(t, id, strings.TrimPrefix(sk, "TASK#"), item)
	case kind == "CONTACT":
		var c message.Contact
		if err := c.UnmarshalBinary(item["stamps"].([]byte)); err != nil {
			t.Fatal(err)
		}
		stamps := []string{}
		for _, s := range c.Stamps {
			if f.now.Sub(s.Time) < message.MaxWindow { // an older one is forgotten by whichever claim comes next
				stamps = append(stamps, fmt.Sprint(s.Scene, s.Channel, s.Service))
			}
		}
		slices.Sort(stamps)
		f.contacts[id] = fmt.Sprint(stamps, slices.Sorted(maps.Keys(c.Asked)))
	case kind == "INVITATION":
		f.invited(t, item)
		f.handed[id] = append(f.handed[id], sk+fmt.Sprint(item["c"]))
	case strings.HasPrefix(pk, "DUE#"):
		var sig signal.Signal
		if err := json.Unmarshal([]byte(item["signal"].(string)), &sig); err != nil {
			t.Fatal(err)
		}
		if sig.Kind == signal.ClaimsDue {
			return // filed by the batch, and batches are others where functions die
		}
		what := fmt.Sprint(sig.Kind, " for ", sig.Scene, sig.Step)
		if of := string(sig.Customer); !slices.Contains(f.waiting[of], what) { // one that was filed again stands there twice
			f.waiting[of] = append(f.waiting[of], what)
		}
	case pk == "ROLLUPS":
		t.Errorf("the hour %s is still marked", sk)
	}
}

// listed sees to it that an item stands in the index where its attributes say that it belongs.
func listed(t *testing.T, item map[string]any, want dynamo.Key) {
	t.Helper()
	if item["ipk"] != want.PK || item["isk"] != want.SK {
		t.Errorf("%s %s is listed as %v %v, not %v", item["pk"], item["sk"], item["ipk"], item["isk"], want)
	}
}

// invited takes an invitation: an entry of the ledger, or one that others send.
func (f *feedback) invited(t *testing.T, item map[string]any) {
	t.Helper()
	surveyID, _ := item["survey"].(string)
	entry, isEntry := strings.CutPrefix(item["sk"].(string), "MESSAGE#")
	if isEntry && (surveyID == "" || item["st"] != "sent" || item["step"] != nil) {
		if item["ipk"] != nil {
			t.Errorf("%s %s has invited nobody, and is listed", item["pk"], item["sk"])
		}
		return
	}
	a := tally.Asked{
		Survey: surveyID, Invitation: item["inv"].(string), Customer: customer.ID(strings.TrimPrefix(item["pk"].(string), "CUSTOMER#")),
	}
	a.Locale, _ = item["locale"].(string)
	if cell, ok := item["c"].(string); ok {
		if err := json.Unmarshal([]byte(cell), &a.Cell); err != nil {
			t.Fatal(err)
		}
	}
	if isEntry {
		a.Sent = at(t, item["t_tried"])
		listed(t, item, dynamo.AskedIndex(surveyID, a.Sent, entry))
	} else {
		ms, _, _ := strings.Cut(item["isk"].(string), "#")
		a.Sent = at(t, ms)
		listed(t, item, dynamo.AskedIndex(surveyID, a.Sent, a.Invitation))
	}
	f.asked = append(f.asked, a)
}

func at(t *testing.T, ms any) time.Time {
	t.Helper()
	n, err := strconv.ParseInt(fmt.Sprint(ms), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return time.UnixMilli(n).UTC()
}

func (f *feedback) answer(t *testing.T, id string, item map[string]any) {
	t.Helper()
	surveyID, invitation, _ := strings.Cut(strings.TrimPrefix(item["sk"].(string), "ANSWER#"), "#")
	a, err := f.store.Answer(t.Context(), customer.ID(id), surveyID, invitation)
	if err != nil || a == nil {
		t.Fatalf("an answer of %s: %v", id, err)
	}
	listed(t, item, dynamo.AnswersIndex(surveyID, invitation, a.Answered))
	f.counted = append(f.counted, *a)
	f.answers[id] = append(f.answers[id], text(t, []any{
		a.Survey, origin(invitation), a.Version, a.Kind, a.Score, a.Values, a.Complete, a.Cell, a.Locale, a.Insight, a.Revision,
	}))
}

// origin says how an invitation came about: what an entry's is called is made of the signal, and so of the run.
func origin(invitation string) string {
	kind, _, ok := strings.Cut(invitation, "-")
	if !ok {
		return "a message"
	}
	return kind
}

func (f *feedback) task(t *testing.T, id, entry string, item map[string]any) {
	t.Helper()
	k, err := f.store.Task(t.Context(), customer.ID(id), entry)
	if err != nil {
		t.Fatalf("a task about %s: %v", id, err)
	}
	want := dynamo.OpenTaskIndex(k.Due, entry)
	if k.State.Closed() {
		want = dynamo.ClosedTaskIndex(k.Closed, entry)
	}
	listed(t, item, want)
	escalations := []string{}
	for _, e := range k.Escalations {
		escalations = append(escalations, e.From+" → "+e.To)
	}
	f.tasks[id] = append(f.tasks[id], text(t, []any{
		k.Scene, k.Survey, origin(k.Invitation), k.Metric, k.Score, k.Title, k.Text, k.Tier, k.Owner, k.State, k.Outcome, k.Note, escalations,
		!k.Started.IsZero(), !k.Closed.IsZero(), !k.Alarm.IsZero(),
	}))
}

// compare compares what two plays left, but for some customers. Of those that are compared, so many must have answered, and
// so many must have a task.
func (f *feedback) compare(t *testing.T, other *feedback, but map[string]bool, leastAnswers, leastTasks int) {
	t.Helper()
	flat := func(lists map[string][]string) map[string]string {
		out := map[string]string{}
		for id, list := range lists {
			out[id] = text(t, slices.Sorted(slices.Values(list)))
		}
		return without(out, but)
	}
	if n, tasks := len(flat(f.answers)), len(flat(f.tasks)); n < leastAnswers || tasks < leastTasks {
		t.Errorf("%d customers who answered and %d with a task are too few to compare", n, tasks)
	}
	same(t, "answers", flat(f.answers), flat(other.answers))
	same(t, "tasks", flat(f.tasks), flat(other.tasks))
	same(t, "contacts", without(f.contacts, but), without(other.contacts, but))
	same(t, "what waits", flat(f.waiting), flat(other.waiting))
	same(t, "invitations that others send", flat(f.handed), flat(other.handed))
}

// zone is the business's time zone, as the functions are told it.
func zone(t *testing.T, s *suite.Suite) *time.Location {
	t.Helper()
	functions, err := s.App.Functions()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range functions {
		if name, ok := f.Environment["LIUKE_TIME_ZONE"]; ok {
			zone, err := time.LoadLocation(name)
			if err != nil {
				t.Fatal(err)
			}
			return zone
		}
	}
	t.Fatal("no function is told the time zone")
	return nil
}

// metrics compares what the suite says of each survey, from its rollups, with what all of its answers and invitations come to.
func (f *feedback) metrics(t *testing.T, s *suite.Suite, d *play) {
	t.Helper()
	surveys, err := f.store.Surveys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	zone := zone(t, s)
	answers, asked := 0, 0
	for _, id := range sorted(surveys) {
		hours := map[time.Time]bool{}
		for i := range f.counted {
			if f.counted[i].Survey == id {
				hours[f.counted[i].Answered.Truncate(time.Hour)] = true
			}
		}
		for i := range f.asked {
			if f.asked[i].Survey == id {
				hours[f.asked[i].Sent.Truncate(time.Hour)] = true
			}
		}
		var rollups []tally.Rollup
		for hour := range hours {
			rollups = append(rollups, tally.Count(id, hour, hour.Add(time.Hour), f.counted, f.asked))
		}
		slices.SortFunc(rollups, func(a, b tally.Rollup) int { return cmp.Compare(a.Hour.Unix(), b.Hour.Unix()) })
		for _, by := range []tally.By{"", tally.BySegment, tally.ByTier, tally.ByChannel, tally.ByLocale, tally.ByMonth} {
			want, err := tally.Metrics(surveys[id], rollups, tally.Options{By: by, Zone: zone, Now: s.Clock.Now()})
			if err != nil {
				t.Fatal(err)
			}
			var got tally.Result
			path := "/v1/surveys/" + id + "/metrics"
			if by != "" {
				path += "?by=" + string(by)
			}
			if err := d.call(t.Context(), operator, "GET", path, nil, &got); err != nil {
				t.Fatal(err)
			}
			got.Through, want.Through = nil, nil
			if g, w := text(t, got), text(t, want); g != w {
				t.Errorf("the survey %s by %q comes to\n  %s\nand its answers to\n  %s", id, by, g, w)
			}
			if by == "" {
				answers, asked = answers+int(got.Total.Answers), asked+int(got.Total.Asked)
			}
		}
	}
	if answers != len(f.counted) || asked != len(f.asked) || answers == 0 || asked < answers {
		t.Errorf("%d answers and %d invitations are stored, and %d and %d counted", len(f.counted), len(f.asked), answers, asked)
	}
	t.Logf("%d answers to %d invitations are counted as they are stored", answers, asked)
}
