package segment_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/fault"
	"liuke/shared/segment"
)

// edited returns the good model of the tests with a name and a version.
func edited(t testing.TB, name string, version int) *segment.Model {
	t.Helper()
	text := strings.Replace(good, "name: mine\nversion: 1", fmt.Sprintf("name: %s\nversion: %d", name, version), 1)
	m, err := segment.ParseModel([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestAnEditMakesTheNextVersion(t *testing.T) {
	s := builtIn(t)
	for _, c := range []struct {
		name    string
		model   string
		version int
		want    fault.Code
	}{
		{"the next version of one that is built in", "abc", 2, ""},
		{"the same version again", "abc", 1, fault.Conflict},
		{"a version that skips one", "abc", 3, fault.Conflict},
		{"the first of a new one", "mine", 1, ""},
		{"a new one that begins later", "mine", 2, fault.Conflict},
	} {
		got, err := s.With(edited(t, c.model, c.version))
		if fault.CodeOf(err) != c.want {
			t.Errorf("%s: %v", c.name, err)
		}
		if err != nil {
			continue
		}
		if m, ok := got.Model(c.model); !ok || m.Version != c.version || got.Versions()[c.model] != c.version {
			t.Errorf("%s: the set has %+v", c.name, m)
		}
	}
	if s.Versions()["abc"] != 1 || slices.Contains(s.Names(), "mine") {
		t.Error("an edit changed the set that it was made from")
	}
	kept, err := segment.NewSet(append(s.Models(), edited(t, "abc", 7), edited(t, "mine", 3))...)
	if err != nil || kept.Versions()["abc"] != 7 || kept.Versions()["mine"] != 3 || len(kept.Models()) != 12 {
		t.Errorf("what was edited does not stand over what is built in: %v, %v", kept.Versions(), err)
	}
}

func TestAModelIsRemovedUnlessItIsTheDefault(t *testing.T) {
	s := builtIn(t)
	got, err := s.Without("vast")
	if err != nil || slices.Contains(got.Names(), "vast") || len(got.Names()) != 10 || len(s.Names()) != 11 {
		t.Errorf("without vast there are %v of %v, %v", got.Names(), s.Names(), err)
	}
	if _, err := s.Without("none"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("removing what is not there: %v", err)
	}
	if _, err := s.Without(segment.Default); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("removing the default: %v", err)
	}
}

func TestASetHasAtMostThirtyTwoModels(t *testing.T) {
	var models []*segment.Model
	for i := range 32 {
		models = append(models, edited(t, fmt.Sprintf("m%d", i), 1))
	}
	s, err := segment.NewSet(models...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.With(edited(t, "more", 1)); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("a model too many: %v", err)
	}
	f := regular()
	if got := labelsOf(t, s.Compile(shop).Label(&f, segment.Labels{}).String()); got.Get("m31") == "" {
		t.Errorf("the labels of 32 models are %q", got)
	}
}

func TestQuantilesAreWhatModelsNeedOnceEach(t *testing.T) {
	s, err := segment.NewSet(edited(t, "a", 1), edited(t, "b", 1))
	if err != nil {
		t.Fatal(err)
	}
	want := []segment.Quantile{{Input: segment.Frequency, P: .78}, {Input: segment.Frequency, P: .8}, {Input: segment.Monetary, P: .9}}
	if diff := cmp.Diff(want, s.Quantiles()); diff != "" {
		t.Error(diff)
	}
	asked := make(map[segment.Quantile]bool)
	s.Compile(func(in segment.Input, p float64) (float64, bool) {
		asked[segment.Quantile{Input: in, P: p}] = true
		return 0, true
	})
	for _, q := range want {
		if !asked[q] {
			t.Errorf("%v is never asked for", q)
		}
	}
	if len(asked) != len(want) {
		t.Errorf("asked for %v, want %v", asked, want)
	}
}

func TestOutreachIsToldOfMovesBetweenLabelsOfModelsWithSignals(t *testing.T) {
	s := builtIn(t)
	for _, c := range []struct {
		name, before, after string
		want                []segment.Change
	}{
		{"a move in the two models that tell, and one that does not", "abc\tA\nlifecycle\tgrowing\nrfm10\tPromising", "abc\tC\nlifecycle\tdormant\nrfm10\tLost",
			[]segment.Change{{Model: "lifecycle", From: "growing", To: "dormant"}, {Model: "rfm10", From: "Promising", To: "Lost"}}},
		{"no move", "rfm10\tLost", "rfm10\tLost", nil},
		{"a first label", "", "rfm10\tLost", nil},
		{"what was unknown", "rfm10\tunknown", "rfm10\tLost", nil},
		{"what becomes unknown", "rfm10\tLost", "rfm10\tunknown", nil},
		{"a label that was edited away", "rfm10\tSleepers", "rfm10\tLost", nil},
		{"a customer without orders any more", "rfm10\tLost", "", nil},
	} {
		if diff := cmp.Diff(c.want, s.Changes(labelsOf(t, c.before), labelsOf(t, c.after))); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func TestInputsAreNamedAndDescribed(t *testing.T) {
	seen := make(map[string]bool)
	for _, in := range append(segment.Inputs(), segment.Points) {
		info := in.Info()
		again, ok := segment.ParseInput(in.String())
		text, err := in.MarshalText()
		if !ok || again != in || err != nil || string(text) != info.Name || seen[info.Name] {
			t.Errorf("the input %d is %q, which is read as %d, %v, %v", in, info.Name, again, ok, err)
		}
		seen[info.Name] = true
		if !strings.HasSuffix(info.Doc, ".") || info.Unit == "" || !(info.Min < info.Max) {
			t.Errorf("%s is described as %+v", in, info)
		}
		if in != segment.Points && !math.IsNaN(segment.Missing()[in]) {
			t.Errorf("%s is not missing where everything is", in)
		}
	}
	if _, ok := segment.ParseInput(""); ok {
		t.Error("there is an input without a name")
	}
	if _, err := segment.Input(200).MarshalText(); fault.CodeOf(err) != fault.Internal {
		t.Errorf("an input that is none is written: %v", err)
	}
}
