package tally_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"liuke/shared/customer"
	"liuke/shared/survey"
	"liuke/shared/survey/tally"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestCountTakesTheHourUpToThrough(t *testing.T) {
	through := noon.Add(30 * time.Minute)
	for _, c := range []struct {
		name string
		at   time.Time
		want int64
	}{
		{"the hour's first instant", noon, 1},
		{"an instant before it", noon.Add(-time.Millisecond), 0},
		{"the last instant that is counted", through, 1},
		{"an instant after it", through.Add(time.Millisecond), 0},
		{"the next hour", noon.Add(time.Hour), 0},
		{"the same instant elsewhere on earth", noon.In(time.FixedZone("", 8*3600)), 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := tally.Count("nps", noon.Add(59*time.Minute), through,
				[]survey.Answer{{Survey: "nps", Answered: c.at}, {Survey: "other", Answered: c.at}},
				[]tally.Asked{{Survey: "nps", Sent: c.at}, {Survey: "other", Sent: c.at}})
			var answers, asked int64
			for _, cell := range r.Cells {
				answers, asked = answers+cell.Answers, asked+cell.Asked
			}
			if answers != c.want || asked != c.want || !r.Hour.Equal(noon) || !r.Through.Equal(through) {
				t.Errorf("%d answers and %d invitations of the hour %s through %s", answers, asked, r.Hour, r.Through)
			}
		})
	}
	end := tally.Count("nps", noon, noon.Add(3*time.Hour), []survey.Answer{{Survey: "nps", Answered: noon.Add(time.Hour)}}, nil)
	if len(end.Cells) != 0 {
		t.Errorf("the next hour's first answer counts in this: %+v", end.Cells)
	}
}

func TestACellSaysWhatItsAnswersAre(t *testing.T) {
	cell := survey.Cell{Segment: "At Risk", Tier: "gold", Node: "delivery", Channel: "email"}
	given := func(a survey.Answer) survey.Answer {
		a.Survey, a.Kind, a.Cell, a.Locale, a.Answered = "nps", survey.NPS, cell, "en", noon
		return a
	}
	r := tally.Count("nps", noon, noon.Add(time.Hour), []survey.Answer{
		given(survey.Answer{Customer: "c1", Invitation: "i1", Score: 3, Complete: true,
			Values:  survey.Values{"score": survey.Number(3), "reason": {Choices: []string{"price", "service"}}, "comment": {Text: "slow"}},
			Insight: survey.Insight{Language: "en", Sentiment: "negative", Topics: []string{"service"}, Keywords: []string{"slow", "queue"}}}),
		given(survey.Answer{Customer: "c2", Invitation: survey.ImportPrefix + "7", Score: 10, Complete: true,
			Values:  survey.Values{"score": survey.Number(10)},
			Insight: survey.Insight{Language: "", Sentiment: "", Keywords: []string{"slow", "slow"}}}),
		given(survey.Answer{Invitation: "of a form", Score: 10,
			Values: survey.Values{"score": survey.Number(10), "reason": {Choices: []string{"price"}}}}),
	}, []tally.Asked{{Survey: "nps", Invitation: "i1", Customer: "c1", Cell: cell, Locale: "en", Sent: noon}, {Survey: "nps", Invitation: "i9", Customer: "c9", Cell: cell, Locale: "en", Sent: noon}})
	want := tally.Rollup{
		Survey: "nps", Hour: noon, Through: noon.Add(time.Hour),
		Values: []tally.Value{{Question: "reason"}, {Question: "reason", Kind: tally.Chosen, Option: "price"}, {Question: "reason", Kind: tally.Chosen, Option: "service"},
			{Question: "score", Kind: tally.Numbered, Number: 3}, {Question: "score", Kind: tally.Numbered, Number: 10}},
		Topics:   []string{"service"},
		Keywords: []tally.Word{{Word: "slow", N: 2}, {Word: "queue", N: 1}},
		Cells: []tally.Cell{{
			Key: tally.Key{Cell: cell, Locale: "en"}, Asked: 2, Answers: 3, Invited: 1, Complete: 2,
			Scores:     [tally.Kinds]tally.Histogram{{3: 1, 10: 2}},
			Sentiments: [tally.Sentiments]int64{tally.Negative: 1, tally.Unsaid: 1},
			Values:     []tally.Counted{{Index: 0, N: 2}, {Index: 1, N: 2}, {Index: 2, N: 1}, {Index: 3, N: 1}, {Index: 4, N: 2}},
			Topics:     []tally.Counted{{Index: 0, N: 1}},
		}},
	}
	if d := cmp.Diff(want, r); d != "" {
		t.Error(d)
	}
}

// drawAnswers draws answers of a few cells over some days, and the invitations behind most of them.
func drawAnswers(t *rapid.T) (answers []survey.Answer, asked []tally.Asked) {
	one := func(label string, of ...string) string { return rapid.SampledFrom(of).Draw(t, label) }
	for i := range rapid.IntRange(0, 40).Draw(t, "invitations") {
		cell := survey.Cell{
			Segment: one("segment", "Champions", "Can't Lose Them", ""), Tier: one("tier", "gold", ""),
			Node: one("node", "delivery", "return"), Channel: one("channel", "email", "web"),
		}
		at := noon.Add(time.Duration(rapid.IntRange(0, 80*24*60).Draw(t, "minute")) * time.Minute)
		a := survey.Answer{
			Survey: "nps", Kind: survey.NPS, Cell: cell, Locale: one("locale", "en", "zh-CN"), Invitation: fmt.Sprint(i),
			Customer: customer.ID(one("customer", "", "c")), Complete: rapid.Bool().Draw(t, "complete"),
			Score: rapid.IntRange(0, 10).Draw(t, "score"), Answered: at.Add(time.Duration(rapid.IntRange(0, 300).Draw(t, "later")) * time.Minute),
		}
		a.Values = survey.Values{"score": survey.Number(a.Score)}
		if reasons := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"price", "service", "other"}), 0, 3, rapid.ID).Draw(t, "reasons"); len(reasons) > 0 {
			a.Values["reason"] = survey.Value{Choices: reasons}
		}
		if rapid.Bool().Draw(t, "comments") {
			a.Insight = survey.Insight{Language: "zh", Sentiment: one("sentiment", "positive", "neutral", "negative", ""),
				Topics: []string{one("topic", "price", "delivery")}, Keywords: []string{one("word", "贵", "快", "慢")}}
		}
		if a.Customer != "" {
			asked = append(asked, tally.Asked{Survey: "nps", Invitation: a.Invitation, Customer: a.Customer, Cell: cell, Locale: a.Locale, Sent: at})
		}
		if rapid.IntRange(0, 3).Draw(t, "answered") > 0 {
			answers = append(answers, a)
		}
	}
	return answers, asked
}

// roll makes the rollups of all hours in which there is anything.
func roll(answers []survey.Answer, asked []tally.Asked) (all []tally.Rollup) {
	hours := map[time.Time]bool{}
	for _, a := range answers {
		hours[a.Answered.Truncate(time.Hour)] = true
	}
	for _, a := range asked {
		hours[a.Sent.Truncate(time.Hour)] = true
	}
	for hour := range hours {
		all = append(all, tally.Count("nps", hour, hour.Add(time.Hour), answers, asked))
	}
	return all
}

func TestARollupDependsOnNoOrderAndComesBackFromItsBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		answers, asked := drawAnswers(t)
		for i := range answers { // all within one hour
			answers[i].Answered = noon.Add(answers[i].Answered.Sub(noon) % time.Hour)
		}
		r := tally.Count("nps", noon, noon.Add(time.Hour), answers, asked)
		other := tally.Count("nps", noon, noon.Add(time.Hour), rapid.Permutation(answers).Draw(t, "order"), rapid.Permutation(asked).Draw(t, "asked"))
		if d := cmp.Diff(r, other); d != "" {
			t.Fatal(d)
		}
		raw, err := r.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		var back tally.Rollup
		if err := back.UnmarshalBinary(raw); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(r, back); d != "" {
			t.Fatal(d)
		}
	})
}

func TestATypicalHourTakesAKilobyte(t *testing.T) {
	var answers []survey.Answer
	var asked []tally.Asked
	words := strings.Fields("delivery courier late parcel refund quality price support 物流 客服 质量 价格 包装 退款 速度 态度 fast kind helpful broken 便宜 满意 失望 推荐")
	for i := range 200 {
		cell := survey.Cell{Segment: []string{"Champions", "At Risk", "Loyal Customers", "Need Attention", "Lost"}[i%5], Tier: "gold", Node: "delivery", Channel: "email"}
		asked = append(asked, tally.Asked{Survey: "nps", Cell: cell, Locale: "zh-CN", Sent: noon})
		if i%4 == 0 {
			answers = append(answers, survey.Answer{Survey: "nps", Kind: survey.NPS, Customer: "c", Cell: cell, Locale: "zh-CN", Answered: noon, Score: i % 11, Complete: true,
				Values:  survey.Values{"score": survey.Number(i % 11), "reason": {Choices: []string{[]string{"price", "service", "delivery"}[i%3]}}},
				Insight: survey.Insight{Language: "zh", Sentiment: "positive", Topics: []string{"delivery", "price"}, Keywords: []string{words[i%len(words)], words[(i*7+1)%len(words)]}}})
		}
	}
	raw, err := tally.Count("nps", noon, noon.Add(time.Hour), answers, asked).MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("200 invitations and 50 answers of 5 cells take %d bytes", len(raw))
	if len(raw) > 1024 {
		t.Errorf("%d bytes", len(raw))
	}
}

func TestTheWorstHourStaysWithinBoundsAndLosesNoAnswer(t *testing.T) {
	long := func(i, j int) string { return fmt.Sprintf("%s%06d_%06d", strings.Repeat("x", 49), i, j) }
	var answers []survey.Answer
	var asked []tally.Asked
	for i := range 200 {
		key := survey.Cell{Segment: long(i, 1), Tier: long(i, 2), Node: long(i, 3), Channel: long(i, 4)}
		a := survey.Answer{Survey: "nps", Kind: survey.NPS, Cell: key, Locale: long(i, 5), Answered: noon, Score: i % 11, Complete: true, Values: survey.Values{}}
		for q := range 30 {
			var options []string
			for o := range 30 {
				options = append(options, fmt.Sprintf("an_option_of_quite_some_le%02d%02d%02d", i%4, q, o))
			}
			a.Values[fmt.Sprintf("a_question_of_quite_some_len%02d%02d", i%4, q)] = survey.Value{Choices: options}
		}
		for w := range 20 {
			a.Insight.Topics, a.Insight.Keywords = append(a.Insight.Topics, long(i, w)), append(a.Insight.Keywords, long(w, i))
		}
		answers, asked = append(answers, a), append(asked, tally.Asked{Survey: "nps", Cell: key, Locale: a.Locale, Sent: noon})
	}
	answers[0].Locale = strings.Repeat("y", tally.MaxWordBytes+1)
	r := tally.Count("nps", noon, noon.Add(time.Hour), answers, asked)
	raw, err := r.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes in %d cells", len(raw), len(r.Cells))
	if len(raw) >= tally.MaxBytes || len(r.Cells) > tally.MaxCells+1 {
		t.Errorf("%d bytes in %d cells", len(raw), len(r.Cells))
	}
	var back tally.Rollup
	if err := back.UnmarshalBinary(raw); err != nil || !cmp.Equal(back, r) {
		t.Errorf("it does not come back: %v", err)
	}
	var n, invitations, scored int64
	for _, c := range r.Cells {
		n, invitations = n+c.Answers, invitations+c.Asked
		for _, k := range c.Scores[0] {
			scored += k
		}
	}
	if n != 200 || invitations != 200 || scored != 200 {
		t.Errorf("%d answers, %d of them with a score, and %d invitations", n, scored, invitations)
	}
	other := survey.Cell{Segment: tally.Other, Tier: tally.Other, Node: tally.Other, Channel: tally.Other}
	if !slices.ContainsFunc(r.Cells, func(c tally.Cell) bool { return c.Key == tally.Key{Cell: other, Locale: tally.Other} }) {
		t.Error("there is no folded cell")
	}
}

func FuzzRollup(f *testing.F) {
	for _, r := range []tally.Rollup{
		tally.Count("nps", noon, noon, nil, nil),
		tally.Count("nps", noon, noon.Add(time.Hour), []survey.Answer{{Survey: "nps", Kind: survey.CES, Score: 7, Answered: noon, Locale: "en",
			Values:  survey.Values{"score": survey.Number(7), "reason": {Choices: []string{"price", "other"}}},
			Insight: survey.Insight{Sentiment: "positive", Topics: []string{"price"}, Keywords: []string{"贵", "b"}}}},
			[]tally.Asked{{Survey: "nps", Sent: noon, Locale: "zh-CN"}}),
	} {
		raw, err := r.MarshalBinary()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var r, back tally.Rollup
		if r.UnmarshalBinary(raw) != nil {
			if r.Survey != "" || r.Cells != nil {
				t.Fatalf("a refused rollup was changed: %+v", r)
			}
			return
		}
		again, err := r.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if err := back.UnmarshalBinary(again); err != nil || !cmp.Equal(r, back) {
			t.Fatalf("%+v comes back as %+v, %v", r, back, err)
		}
	})
}
