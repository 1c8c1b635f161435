package tally_test

import (
	"encoding/json"
	"flag"
	"os"
	"testing"
	"time"

	"liuke/shared/survey"
	"liuke/shared/survey/tally"
)

var update = flag.Bool("update", false, "write the golden file anew")

// What the metrics look like to those who read them is kept in a file, so that no field changes unseen.
func TestTheResultReadsAsItIsKept(t *testing.T) {
	nps := built(t, "nps")
	february := noon.AddDate(0, -1, 0)
	at := func(segment string) survey.Cell {
		return survey.Cell{Segment: segment, Tier: "gold", Node: "delivery", Channel: "email"}
	}
	said := survey.Answer{Survey: "nps", Kind: survey.NPS, Customer: "c", Invitation: "i", Cell: at("Lost"), Locale: "zh-CN", Score: 2, Answered: noon.Add(time.Hour),
		Values:  survey.Values{"score": survey.Number(2), "reason": {Choices: []string{"price", "delivery"}}},
		Insight: survey.Insight{Language: "zh", Sentiment: "negative", Topics: []string{"price"}, Keywords: []string{"太贵"}}}
	r := metrics(t, nps, []tally.Rollup{
		scored(nps, february, at("Champions"), 100, map[int]int{10: 10, 9: 10, 8: 10, 3: 10}),
		scored(nps, noon, at("Champions"), 100, map[int]int{10: 30, 9: 10, 7: 8, 5: 2}),
		scored(nps, noon, at("Lost"), 100, map[int]int{9: 1, 0: 4}),
		tally.Count("nps", said.Answered, said.Answered, []survey.Answer{said}, nil),
	}, tally.Options{By: tally.BySegment, Now: noon.AddDate(0, 1, 0)})
	got, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	const name = "testdata/result.json"
	if *update {
		if err := os.WriteFile(name, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if string(got)+"\n" != string(want) {
		t.Errorf("the result is no more as it was; if that is meant, run the test with -update and read the change:\n%s", got)
	}
}
