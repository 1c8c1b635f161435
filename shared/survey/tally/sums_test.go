package tally_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"liuke/shared/survey"
	"liuke/shared/survey/tally"
)

func TestMetricsAreThoseOfTheAnswersWhateverTheOrder(t *testing.T) {
	nps := built(t, "nps")
	zone := time.FixedZone("UTC+8", 8*3600)
	rapid.Check(t, func(t *rapid.T) {
		answers, asked := drawAnswers(t)
		o := tally.Options{By: rapid.SampledFrom([]tally.By{tally.BySegment, tally.ByTier, tally.ByNode, tally.ByLocale, tally.ByChannel, tally.ByMonth}).Draw(t, "by"),
			Zone: zone, Now: noon.AddDate(0, 2, 0)}
		rollups := roll(answers, asked)
		r, err := tally.Metrics(nps, rollups, o)
		if err != nil {
			t.Fatal(err)
		}
		other, _ := tally.Metrics(nps, rapid.Permutation(rollups).Draw(t, "order"), o)
		if d := cmp.Diff(r, other); d != "" {
			t.Fatal(d)
		}
		model(t, answers, asked, o, r)
	})
}

// model counts the plain way what the result says of groups and questions.
func model(t *rapid.T, answers []survey.Answer, asked []tally.Asked, o tally.Options, r tally.Result) {
	name := func(c survey.Cell, locale string, at time.Time) string {
		return map[tally.By]string{tally.BySegment: c.Segment, tally.ByTier: c.Tier, tally.ByNode: c.Node, tally.ByChannel: c.Channel,
			tally.ByLocale: locale, tally.ByMonth: at.Truncate(time.Hour).In(o.Zone).Format("2006-01")}[o.By]
	}
	type sums struct{ Asked, Answers, Invited, Complete, Up, Down int64 }
	want, got := map[string]sums{}, map[string]sums{}
	price := int64(0)
	for _, a := range answers {
		key := name(a.Cell, a.Locale, a.Answered)
		s := want[key]
		s.Answers++
		if a.Customer != "" {
			s.Invited++
		}
		if a.Complete {
			s.Complete++
		}
		if a.Score >= 9 {
			s.Up++
		}
		if a.Score <= 6 {
			s.Down++
		}
		want[key] = s
		if slices.Contains(a.Values["reason"].Choices, "price") {
			price++
		}
	}
	for _, a := range asked {
		key := name(a.Cell, a.Locale, a.Sent)
		s := want[key]
		s.Asked++
		want[key] = s
	}
	var total sums
	for _, g := range r.Groups {
		s := sums{g.Asked, g.Answers, g.Invited, g.Complete, g.Metric.Top.Count, g.Metric.Bottom.Count}
		if s != (sums{}) { // a month of nothing in between
			got[g.Name] = s
		}
		total = sums{total.Asked + s.Asked, total.Answers + s.Answers, total.Invited + s.Invited, total.Complete + s.Complete, total.Up + s.Up, total.Down + s.Down}
	}
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Fatal(d)
	}
	if g := r.Total; total != (sums{g.Asked, g.Answers, g.Invited, g.Complete, g.Metric.Top.Count, g.Metric.Bottom.Count}) {
		t.Fatalf("the groups sum to %+v, and the total is %+v", total, g)
	}
	if q := r.Questions[2]; q.Values[2].Value != "price" || q.Values[2].Count != price {
		t.Fatalf("price was chosen %d times: %+v", price, q)
	}
	if len(answers) > 0 {
		if want := 100 * float64(total.Up-total.Down) / float64(len(answers)); math.Abs(*r.Total.Metric.Score-want) > 1e-6 {
			t.Fatalf("a score of %g, want %g", *r.Total.Metric.Score, want)
		}
	}
}

// An hour may be counted in parts, as where what came after a stored rollup is counted on its own.
func TestPartsOfAnHourAddUp(t *testing.T) {
	nps := built(t, "nps")
	rapid.Check(t, func(t *rapid.T) {
		answers, asked := drawAnswers(t)
		o := tally.Options{By: tally.BySegment, Now: noon.AddDate(0, 2, 0)}
		whole, err := tally.Metrics(nps, roll(answers, asked), o)
		if err != nil {
			t.Fatal(err)
		}
		n, k := rapid.IntRange(0, len(answers)).Draw(t, "answers before"), rapid.IntRange(0, len(asked)).Draw(t, "asked before")
		parts, _ := tally.Metrics(nps, append(roll(answers[n:], asked[:k]), roll(answers[:n], asked[k:])...), o)
		if d := cmp.Diff(whole, parts); d != "" {
			t.Fatal(d)
		}
	})
}
