package segment_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"liuke/shared/fault"
	"liuke/shared/segment"
)

// labelsOf reads labels from text that is right.
func labelsOf(t testing.TB, text string) segment.Labels {
	t.Helper()
	l, err := segment.ParseLabels(text)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLabelsAreLinesOfModelAndLabel(t *testing.T) {
	l := labelsOf(t, "abc\tA\nfour\tgold\nrfm10\tCan't Lose Them")
	for model, want := range map[string]segment.Label{"abc": "A", "four": "gold", "rfm10": "Can't Lose Them", "": "", "a": "", "abcd": "", "zzz": ""} {
		if got := l.Get(model); got != want {
			t.Errorf("the label in %q is %q, want %q", model, got, want)
		}
	}
	var models []string
	for model := range l.All() {
		models = append(models, model)
		if len(models) == 2 {
			break
		}
	}
	if !slices.Equal(models, []string{"abc", "four"}) {
		t.Errorf("the first two models are %v", models)
	}
	raw, err := json.Marshal(l)
	var again segment.Labels
	if err != nil || json.Unmarshal(raw, &again) != nil || again != l {
		t.Errorf("%s is read as %q, %v", raw, again, err)
	}
	if (segment.Labels{}) != labelsOf(t, "") {
		t.Error("no labels are not equal to no labels")
	}
}

func TestDamagedLabelsAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"no tab":                "abc",
		"no label":              "abc\t",
		"no model":              "\tA",
		"a model with capitals": "Abc\tA",
		"an empty line":         "abc\tA\n",
		"an empty line between": "abc\tA\n\nfour\tgold",
		"models that descend":   "four\tgold\nabc\tA",
		"a model twice":         "abc\tA\nabc\tA",
		"two tabs":              "abc\tA\tB",
		"a carriage return":     "abc\tA\r\nfour\tgold",
		"broken UTF-8":          "abc\t\xff",
		"a label too long":      "abc\t" + strings.Repeat("A", 49),
		"more than can be":      strings.Repeat("a", 3000),
	} {
		if l, err := segment.ParseLabels(text); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: %q is read as %q, %v", name, text, l, err)
		}
	}
}

func FuzzParseLabels(f *testing.F) {
	f.Add("abc\tA\nfour\tgold")
	f.Add("")
	f.Add("abc\tA\n")
	f.Add("a\t\u00a0\nb\tC")
	set := builtIn(f)
	labeler := set.Compile(shop)
	facts := regular()
	fresh := labeler.Label(&facts, segment.Labels{})
	f.Fuzz(func(t *testing.T, text string) {
		l, err := segment.ParseLabels(text)
		if err != nil {
			return
		}
		if l.String() != text {
			t.Fatalf("%q is written as %q", text, l)
		}
		var lines []string
		for model, label := range l.All() {
			if l.Get(model) != label {
				t.Fatalf("%q has %q in %s and is asked for it in vain", text, label, model)
			}
			lines = append(lines, model+"\t"+string(label))
		}
		if strings.Join(lines, "\n") != text {
			t.Fatalf("%q has the entries %q", text, lines)
		}
		got := labeler.Label(&facts, l)
		for model, label := range got.All() {
			if m, ok := set.Model(model); !ok || len(m.Hold) == 0 && label != fresh.Get(model) {
				t.Fatalf("with %q standing %s is %q", text, model, label)
			}
		}
		tally := set.NewTally()
		tally.Add(l, got, 1, 1)
		for _, m := range tally.Models() {
			if len(m.Moves) > 1 {
				t.Fatalf("one customer moved %v", m.Moves)
			}
		}
	})
}
