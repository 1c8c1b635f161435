package tally_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/fault"
	"liuke/shared/stats"
	"liuke/shared/survey"
	"liuke/shared/survey/tally"
)

func built(t testing.TB, id string) *survey.Survey {
	t.Helper()
	c, err := survey.BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Find(id)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func metrics(t testing.TB, s *survey.Survey, rollups []tally.Rollup, o tally.Options) tally.Result {
	t.Helper()
	r, err := tally.Metrics(s, rollups, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// scored makes the rollup of an hour in which each score was given so often.
func scored(s *survey.Survey, at time.Time, cell survey.Cell, asked int, scores map[int]int) tally.Rollup {
	var answers []survey.Answer
	for score, n := range scores {
		for range n {
			answers = append(answers, survey.Answer{
				Survey: s.ID, Kind: s.Kind(), Customer: "c", Cell: cell, Locale: "en", Score: score, Complete: true, Answered: at,
				Values: survey.Values{"score": survey.Number(score)},
			})
		}
	}
	invitations := make([]tally.Asked, asked)
	for i := range invitations {
		invitations[i] = tally.Asked{Survey: s.ID, Cell: cell, Locale: "en", Sent: at}
	}
	return tally.Count(s.ID, at, at.Add(time.Hour), answers, invitations)
}

func near(t *testing.T, what string, got *float64, want, within float64) {
	t.Helper()
	if got == nil || math.Abs(*got-want) > within {
		t.Errorf("%s is %v, want %g", what, deref(got), want)
	}
}

func deref(x *float64) any {
	if x == nil {
		return nil
	}
	return *x
}

func TestMetricsGiveThePublishedNumbers(t *testing.T) {
	april := tally.Options{Now: noon.AddDate(0, 1, 0)}
	february := noon.AddDate(0, -1, 0)

	nps := metrics(t, built(t, "nps"), []tally.Rollup{scored(built(t, "nps"), noon, survey.Cell{}, 1000, map[int]int{10: 200, 9: 260, 8: 150, 7: 150, 6: 100, 0: 140})}, april).Total
	near(t, "NPS", nps.Metric.Score, 22, 1e-9)
	near(t, "its margin", nps.Metric.Margin, 5.0031, 5e-5)
	near(t, "its standard error", nps.Metric.StandardError, 5.0031/stats.Z95, 5e-5)
	if nps.Metric.Top.Count != 460 || nps.Metric.Bottom.Count != 240 || nps.Metric.Histogram[6] != (tally.Bin{Score: 6, Answers: 100}) {
		t.Errorf("%+v", nps.Metric)
	}

	csat := built(t, "csat_delivery")
	share := metrics(t, csat, []tally.Rollup{scored(csat, noon, survey.Cell{}, 0, map[int]int{5: 41, 4: 40, 3: 100, 1: 82})}, april).Total.Metric
	near(t, "CSAT", share.Score, 81./263, 1e-6)
	near(t, "its lower end", share.Low, .255289, 1e-6)
	near(t, "its upper end", share.High, .366210, 1e-6)

	moved := metrics(t, csat, []tally.Rollup{scored(csat, noon, survey.Cell{}, 0, map[int]int{5: 5, 3: 78}), scored(csat, february, survey.Cell{}, 0, map[int]int{4: 12, 1: 87})}, april).Trend.Change
	near(t, "p of two proportions", moved.P, .1591812918, 1e-10)
	if moved.Moved || moved.Before != "2026-02" || moved.After != "2026-03" || !strings.HasPrefix(moved.Text, "not enough to say") {
		t.Errorf("%+v", moved)
	}
	moved = metrics(t, csat, []tally.Rollup{scored(csat, noon, survey.Cell{}, 0, map[int]int{5: 56, 3: 14}), scored(csat, february, survey.Cell{}, 0, map[int]int{4: 48, 1: 32})}, april).Trend.Change
	near(t, "Newcombe's lower end", moved.Low, .0524315, 1e-6)
	near(t, "Newcombe's upper end", moved.High, .3338727, 1e-6)
	if !moved.Moved || !strings.HasPrefix(moved.Text, "moved by +20.0 percentage points") {
		t.Errorf("%+v", moved)
	}

	response := metrics(t, csat, []tally.Rollup{scored(csat, noon, survey.Cell{}, 148, map[int]int{5: 15})}, april).Total.Response
	near(t, "the response rate's lower end", &response.Low, .062386, 1e-6)
	near(t, "the response rate's upper end", &response.High, .160487, 1e-6)
}

func TestCustomerEffortIsAMeanWithStudentsInterval(t *testing.T) {
	ces := built(t, "ces_return")
	m := metrics(t, ces, []tally.Rollup{scored(ces, noon, survey.Cell{}, 0, map[int]int{7: 20, 5: 10, 3: 10})}, tally.Options{Now: noon}).Total.Metric
	// variance (20·1.5² + 10·.5² + 10·2.5²)/39; t of 39 degrees of freedom 2.022690901
	stderr := math.Sqrt((20*2.25 + 10*.25 + 10*6.25) / 39 / 40)
	near(t, "CES", m.Score, 5.5, 1e-9)
	near(t, "its margin", m.Margin, 2.022690901*stderr, 1e-6)
	near(t, "the share of 5 to 7", m.Top.Rate, .75, 1e-9)
	near(t, "the share of 1 to 3", m.Bottom.Rate, .25, 1e-9)
	before := scored(ces, noon.AddDate(0, -1, 0), survey.Cell{}, 0, map[int]int{7: 10, 2: 30})
	after := scored(ces, noon, survey.Cell{}, 0, map[int]int{7: 30, 4: 20})
	c := metrics(t, ces, []tally.Rollup{before, after}, tally.Options{Now: noon.AddDate(0, 1, 0)}).Trend.Change
	want := stats.Welch(stats.Sample{Mean: 3.25, Variance: 40 * .75 * .25 * 25 / 39, N: 40}, stats.Sample{Mean: 5.8, Variance: 50 * .6 * .4 * 9 / 49, N: 50})
	near(t, "the difference", c.Difference, 2.55, 1e-9)
	near(t, "its lower end", c.Low, want.Interval.Low, 1e-6)
	near(t, "p", c.P, want.P, 1e-12)
	if !c.Moved || c.Test != "Welch" {
		t.Errorf("%+v", c)
	}
}

func TestWhereThereAreTooFewAnswersItSaysSo(t *testing.T) {
	nps := built(t, "nps")
	none := metrics(t, nps, nil, tally.Options{Now: noon})
	if none.Total.Metric.Score != nil || !none.Total.Metric.TooFew || none.Total.Response.Rate != nil || none.Trend.Change.Difference != nil || !none.Trend.Change.TooFew {
		t.Errorf("%+v", none.Total)
	}
	if raw, err := json.Marshal(none); err != nil || strings.Contains(string(raw), "null,\"groups\"") || !strings.Contains(string(raw), `"groups":[]`) {
		t.Errorf("%s, %v", raw, err)
	}
	few := metrics(t, nps, []tally.Rollup{scored(nps, noon, survey.Cell{}, 0, map[int]int{10: 20, 1: 9})}, tally.Options{Now: noon}).Total.Metric
	if few.Margin != nil || few.Low != nil || !few.TooFew || few.Text != "too few answers to say: 29 of the 30 that it takes" {
		t.Errorf("%+v", few)
	}
	alike := metrics(t, nps, []tally.Rollup{scored(nps, noon, survey.Cell{}, 0, map[int]int{10: 40})}, tally.Options{Now: noon}).Total.Metric
	if alike.Margin != nil || *alike.Score != 100 || !strings.Contains(alike.Text, "alike") {
		t.Errorf("forty scores of 10 are no certainty: %+v", alike)
	}
}

func TestOnlyAFullMonthIsCompared(t *testing.T) {
	nps := built(t, "nps")
	shanghai := time.FixedZone("UTC+8", 8*3600)
	month := func(m time.Month, up, down int) tally.Rollup {
		return scored(nps, time.Date(2026, m, 10, 0, 0, 0, 0, time.UTC), survey.Cell{}, 0, map[int]int{9: up, 0: down})
	}
	rollups := []tally.Rollup{month(1, 50, 50), month(2, 90, 10), month(3, 1, 99)}
	for _, c := range []struct {
		name          string
		now           time.Time
		before, after string
		moved         bool
	}{
		{"in the middle of March", time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC), "2026-01", "2026-02", true},
		{"at its end in Shanghai", time.Date(2026, 3, 31, 16, 0, 0, 0, time.UTC), "2026-02", "2026-03", true},
		{"just before it", time.Date(2026, 3, 31, 15, 59, 0, 0, time.UTC), "2026-01", "2026-02", true},
		{"in January there is nothing to compare", time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC), "2025-11", "2025-12", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := metrics(t, nps, rollups, tally.Options{Now: c.now, Zone: shanghai}).Trend.Change
			if got.Before != c.before || got.After != c.after || got.Moved != c.moved || got.TooFew == c.moved {
				t.Errorf("%+v", got)
			}
		})
	}
	edge := scored(nps, time.Date(2026, 4, 30, 16, 0, 0, 0, time.UTC), survey.Cell{}, 0, map[int]int{9: 1})
	groups := metrics(t, nps, append(rollups, edge), tally.Options{By: tally.ByMonth, Zone: shanghai}).Groups
	var names []string
	for _, g := range groups {
		names = append(names, fmt.Sprintf("%s:%d", g.Name, g.Answers))
	}
	if want := []string{"2026-01:100", "2026-02:100", "2026-03:100", "2026-04:0", "2026-05:1"}; !slices.Equal(names, want) {
		t.Errorf("months %q", names)
	}
}

func TestSegmentsThatAnswerLessAreFlagged(t *testing.T) {
	nps := built(t, "nps")
	segment := func(name string, asked, answered int) tally.Rollup {
		return scored(nps, noon, survey.Cell{Segment: name}, asked, map[int]int{9: answered})
	}
	n := metrics(t, nps, []tally.Rollup{segment("Champions", 400, 120), segment("Loyal", 400, 80), segment("Lost", 400, 12), segment("New", 20, 0)}, tally.Options{Now: noon}).NonResponse
	differs := map[string]bool{}
	for _, s := range n.Segments {
		differs[s.Segment] = s.Differs
	}
	if !n.Biased || !cmp.Equal(differs, map[string]bool{"Champions": true, "Loyal": false, "Lost": true, "New": false}) {
		t.Errorf("%+v", n)
	}
	if want := "the score is not that of all customers; answer less often than the others: Lost (3.0 %); answer more often: Champions (30.0 %)"; n.Text != want {
		t.Errorf("text %q", n.Text)
	}
	near(t, "the overall rate", n.Overall.Rate, 212./1220, 1e-6)
	near(t, "Lost's share of those asked", n.Segments[1].ShareOfAsked, 400./1220, 1e-6)
	near(t, "Lost's share of the answers", n.Segments[1].ShareOfAnswers, 12./212, 1e-6)
	fair := metrics(t, nps, []tally.Rollup{segment("A", 400, 100), segment("B", 400, 96)}, tally.Options{Now: noon}).NonResponse
	if fair.Biased || fair.Text != "no segment is seen to answer more or less often than the others" {
		t.Errorf("%+v", fair)
	}
}

func TestOldVersionsKeepTheirMeaning(t *testing.T) {
	s := built(t, "csat_delivery")
	answers := []survey.Answer{
		{Survey: s.ID, Kind: survey.NPS, Score: 10, Answered: noon, Values: survey.Values{"recommend": survey.Number(10), "problem": {Choices: []string{"weather", "late"}}}},
		{Survey: s.ID, Kind: survey.CSAT, Score: 2, Answered: noon, Values: survey.Values{"score": survey.Number(2), "problem": {Choices: []string{"late"}}}},
	}
	r := metrics(t, s, []tally.Rollup{tally.Count(s.ID, noon, noon, answers, nil)}, tally.Options{Now: noon})
	if r.Total.Answers != 2 || r.Total.Metric.Answers != 1 || *r.Total.Metric.Score != 0 {
		t.Errorf("%+v", r.Total.Metric)
	}
	if len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "1 score given while the survey was measured by NPS") {
		t.Errorf("notes %q", r.Notes)
	}
	var ids []string
	for _, q := range r.Questions {
		ids = append(ids, q.ID)
	}
	if !slices.Equal(ids, []string{"score", "comment", "problem", "recommend"}) {
		t.Errorf("questions %q", ids)
	}
	if comment := r.Questions[1]; comment.Answered != nil || comment.TooFew {
		t.Errorf("texts are not counted: %+v", comment)
	}
	problem := r.Questions[2]
	last := problem.Values[len(problem.Values)-1]
	if *problem.Answered != 2 || problem.Values[0].Value != "late" || problem.Values[0].Count != 2 || last.Value != "weather" || *last.Share != .5 {
		t.Errorf("%+v", problem)
	}
	if q := r.Questions[0]; *q.Answered != 1 || *q.Mean != 2 || q.Low != nil || len(q.Values) != 5 || q.Values[1] != (tally.QuestionPart{Value: 2, Count: 1, Share: q.Values[1].Share}) {
		t.Errorf("%+v", q)
	}
}

func TestCommentsAreSharesOfWhatTheySay(t *testing.T) {
	nps := built(t, "nps")
	say := func(hour time.Time, sentiment string, topics, words []string) survey.Answer {
		return survey.Answer{Survey: "nps", Answered: hour, Insight: survey.Insight{Language: "en", Sentiment: sentiment, Topics: topics, Keywords: words}}
	}
	later := noon.Add(time.Hour)
	answers := []survey.Answer{
		say(noon, "negative", []string{"price"}, []string{"dear"}), say(noon, "negative", []string{"price", "delivery"}, []string{"late", "dear"}),
		say(later, "positive", nil, []string{"late"}), say(later, "", []string{"delivery"}, []string{"dear"}), {Survey: "nps", Answered: noon},
	}
	c := metrics(t, nps, roll(answers, nil), tally.Options{Now: noon}).Comments
	if c.Count != 4 || c.Unsaid != 1 || c.Sentiments[2].Name != "negative" || c.Sentiments[2].Count != 2 || c.Sentiments[2].Of != 3 {
		t.Errorf("%+v", c)
	}
	if c.Topics[0].Name != "delivery" || *c.Topics[0].Rate != .5 || !cmp.Equal(c.Keywords, []tally.Word{{Word: "dear", N: 3}, {Word: "late", N: 2}}) {
		t.Errorf("%+v", c)
	}
}

func TestNothingElseIsGroupedBy(t *testing.T) {
	_, err := tally.Metrics(built(t, "nps"), nil, tally.Options{By: "customer"})
	if e, ok := err.(*fault.Error); !ok || e.Pointer != "/by" {
		t.Errorf("%v", err)
	}
}

// Where all segments answer alike, a flag goes up in about one of twenty surveys, however many segments there are.
func TestNonResponseRaisesFewFalseAlarms(t *testing.T) {
	nps := built(t, "nps")
	random := rand.New(rand.NewPCG(3, 4))
	const surveys = 600
	alarms := 0
	for range surveys {
		r := tally.Rollup{Survey: "nps", Hour: noon}
		for segment := range 10 {
			c := tally.Cell{Key: tally.Key{Cell: survey.Cell{Segment: fmt.Sprint(segment)}}, Asked: 200}
			for range c.Asked {
				if random.IntN(5) == 0 {
					c.Answers++
					c.Invited++
				}
			}
			r.Cells = append(r.Cells, c)
		}
		if metrics(t, nps, []tally.Rollup{r}, tally.Options{Now: noon}).NonResponse.Biased {
			alarms++
		}
	}
	t.Logf("%d false alarms in %d surveys of ten segments", alarms, surveys)
	if alarms > surveys*7/100 || alarms == 0 {
		t.Errorf("%d false alarms in %d surveys", alarms, surveys)
	}
}
