package tally_test

import (
	"fmt"
	"time"

	"liuke/shared/survey"
	"liuke/shared/survey/tally"
)

// An hour's answers are counted and stored; of what was stored, any day, metrics are made.
func Example() {
	surveys, err := survey.BuiltIn()
	if err != nil {
		fmt.Println(err)
		return
	}
	var answers []survey.Answer
	var asked []tally.Asked
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for i := range 120 {
		cell := survey.Cell{Segment: "Champions", Channel: "email"}
		asked = append(asked, tally.Asked{Survey: "nps", Cell: cell, Sent: at})
		if i < 40 {
			score := 6 + i%5
			answers = append(answers, survey.Answer{Survey: "nps", Kind: survey.NPS, Customer: "c", Cell: cell, Score: score, Answered: at})
		}
	}
	stored, err := tally.Count("nps", at, at.Add(time.Hour), answers, asked).MarshalBinary()
	if err != nil {
		fmt.Println(err)
		return
	}

	sums, err := tally.NewSums(surveys["nps"], tally.Options{By: tally.BySegment, Now: at})
	if err != nil {
		fmt.Println(err)
		return
	}
	var r tally.Rollup
	if err := r.UnmarshalBinary(stored); err != nil {
		fmt.Println(err)
		return
	}
	sums.Add(&r)
	result := sums.Result()
	fmt.Println(result.Total.Metric.Text)
	fmt.Printf("%d of %d answered\n", result.Total.Response.Count, result.Total.Response.Of)
	fmt.Println(result.Trend.Change.Text)
	// Output:
	// NPS +20.0, between -3.2 and +43.2 with 95 % confidence, from 40 answers
	// 40 of 120 answered
	// not enough to say: 2026-01 and 2026-02 need 30 answers each
}
