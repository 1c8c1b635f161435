package tally_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"liuke/shared/survey"
	"liuke/shared/survey/tally"
)

// year makes the rollups of a year of hours, in their binary form, of a million answers in sixty cells.
func year(b *testing.B) (stored [][]byte) {
	random := rand.New(rand.NewPCG(1, 2))
	const hours = 365 * 24
	begin := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	pick := func(of ...string) string { return of[random.IntN(len(of))] }
	for h := range hours {
		at := begin.Add(time.Duration(h) * time.Hour)
		answers := make([]survey.Answer, 1_000_000/hours+1)
		asked := make([]tally.Asked, 4*len(answers))
		for i := range asked {
			cell := survey.Cell{Segment: pick("Champions", "Loyal Customers", "At Risk", "Lost", "New Customers"), Tier: pick("gold", "silver", ""), Node: "delivery", Channel: pick("email", "sms")}
			locale := pick("en", "zh-CN")
			asked[i] = tally.Asked{Survey: "nps", Cell: cell, Locale: locale, Sent: at}
			if i < len(answers) {
				score := random.IntN(11)
				answers[i] = survey.Answer{Survey: "nps", Kind: survey.NPS, Customer: "c", Cell: cell, Locale: locale, Answered: at, Score: score, Complete: true,
					Values:  survey.Values{"score": survey.Number(score), "reason": {Choices: []string{pick("price", "service", "product")}}},
					Insight: survey.Insight{Sentiment: pick("positive", "negative"), Topics: []string{pick("price", "delivery")}, Keywords: []string{fmt.Sprint("word", random.IntN(100))}}}
			}
		}
		raw, err := tally.Count("nps", at, at.Add(time.Hour), answers, asked).MarshalBinary()
		if err != nil {
			b.Fatal(err)
		}
		stored = append(stored, raw)
	}
	return stored
}

// BenchmarkAMillionAnswers decodes a year's rollups and makes metrics of them; "x-decode" is its time over that of the mere
// decoding.
func BenchmarkAMillionAnswers(b *testing.B) {
	nps := built(b, "nps")
	stored := year(b)
	size := 0
	for _, raw := range stored {
		size += len(raw)
	}
	var decoding, all time.Duration
	var answers int64
	for b.Loop() {
		begin := time.Now()
		var r tally.Rollup
		for _, raw := range stored {
			if err := r.UnmarshalBinary(raw); err != nil {
				b.Fatal(err)
			}
		}
		decoding += time.Since(begin)
		begin = time.Now()
		sums, err := tally.NewSums(nps, tally.Options{By: tally.BySegment, Now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)})
		if err != nil {
			b.Fatal(err)
		}
		for _, raw := range stored {
			if err := r.UnmarshalBinary(raw); err != nil {
				b.Fatal(err)
			}
			sums.Add(&r)
		}
		answers = sums.Result().Total.Answers
		all += time.Since(begin)
	}
	b.ReportMetric(float64(all)/float64(decoding), "x-decode")
	b.ReportMetric(float64(answers), "answers")
	b.ReportMetric(float64(size)/float64(len(stored)), "B/hour")
}
