package main

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

// units returns the weights of a model as written.
func units(t *testing.T, table string) map[string]int {
	t.Helper()
	out := map[string]int{}
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		n, err := strconv.Atoi(fields[1])
		if err != nil {
			t.Fatal(err)
		}
		out[fields[0]] = n
	}
	return out
}

// A unit more or less is left to processors that round otherwise.
func TestTheChineseModelIsWhatItsTextsGive(t *testing.T) {
	l, err := trainer{at: ".."}.chinese()
	if err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile("../polarity/data/model_zh.txt")
	if err != nil {
		t.Fatal(err)
	}
	got, want := units(t, l.table()), units(t, string(kept))
	for key := range got {
		if _, ok := want[key]; !ok && (got[key] < -2 || got[key] > 2) {
			t.Errorf("%s: %d, but the model that is kept has none", key, got[key])
		}
	}
	for key, n := range want {
		if d := got[key] - n; d < -2 || d > 2 {
			t.Errorf("%s: %d, but the model that is kept has %d", key, got[key], n)
		}
	}
}

func TestAFitMovesFromWhatTheLexiconSaysToWhatCommentsSay(t *testing.T) {
	lexicon := map[string]float64{"sick": -2, "unseen": 1}
	var examples []example
	for range 20 {
		examples = append(examples, newExample("sick beat", 1), newExample("the dull hall", 0))
	}
	f := fitting{prior: 1, lexical: 1, other: 1, atLeast: 2, rounds: 200, threshold: 0.01}
	weights := fit(examples, lexicon, f)
	if weights["sick"] <= -1 || weights["beat"] <= 0 || weights["dull"] >= 0 {
		t.Errorf("got %v", weights)
	}
	if weights["unseen"] != 1 {
		t.Errorf("a word that no comment has weighs %v, want what the lexicon says", weights["unseen"])
	}
	if share := within(language{examples: examples, lexicon: lexicon}, f); share != 1 {
		t.Errorf("%.2f are told right in cross-validation", share)
	}
}

func TestNamesAreLeftOut(t *testing.T) {
	examples := []example{newExample("Ask for Jenny there", 1), newExample("ask for Good help", 1)}
	withoutNames(examples, map[string]float64{"good": 2})
	if _, ok := examples[0].features["jenny"]; ok {
		t.Error("a name is a feature")
	}
	if _, ok := examples[0].features["jenny_there"]; ok {
		t.Error("a pair with a name is a feature")
	}
	if _, ok := examples[1].features["good"]; !ok {
		t.Error("a word of the lexicon is left out")
	}
}

func TestNoCommentIsBothFittedToAndTestedOn(t *testing.T) {
	fitted := map[string]bool{}
	for _, name := range []string{"shopping.tsv", "neutral_zh.tsv", "neutral_en.tsv"} {
		if err := eachLine("data/"+name, func(line string) error { fitted[text(line)] = true; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"shopping.tsv", "neutral.tsv", "yelp.tsv"} {
		if err := eachLine("../../testdata/"+name, func(line string) error {
			if fitted[text(line)] {
				t.Errorf("%s: %q is fitted to", name, text(line))
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
}

func text(line string) string {
	_, after, _ := strings.Cut(line, "\t")
	return after
}
