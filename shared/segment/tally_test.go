package segment_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"liuke/shared/fault"
	"liuke/shared/segment"
)

func TestATallyCountsLabelsAndMoves(t *testing.T) {
	s, err := builtIn(t).Without("vast")
	if err != nil {
		t.Fatal(err)
	}
	tally := s.NewTally()
	for _, c := range []struct {
		before, after   string
		orders, revenue int64
	}{
		{"", "abc\tA\nvalue\thigh", 5, 500},
		{"abc\tA\nvalue\thigh", "abc\tA\nvalue\tmid", 3, 200},
		{"abc\tB\nvalue\tmid", "abc\tA\nvalue\tunknown\nvast\tpillar", 1, 100},
		{"abc\tZ\nremoved\tlong ago", "abc\tC", 0, -50},
		{"abc\tunknown", "abc\tC", 1, 10},
		{"abc\tC", "", 1, 10}, // no order by the day any more
	} {
		tally.Add(labelsOf(t, c.before), labelsOf(t, c.after), c.orders, c.revenue)
	}
	var got []segment.ModelTotals
	for _, m := range tally.Models() {
		if m.Model == "abc" || m.Model == "value" {
			got = append(got, m)
		} else if len(m.Moves) > 0 {
			t.Errorf("nobody moved in %s, and it has %v", m.Model, m.Moves)
		}
	}
	want := []segment.ModelTotals{
		{Model: "abc", Version: 1, Segments: []segment.LabelTotals{
			{Name: "A", Totals: segment.Totals{Customers: 3, Orders: 9, Revenue: 800}},
			{Name: "B"},
			{Name: "C", Totals: segment.Totals{Customers: 2, Orders: 1, Revenue: -40}},
		}, Moves: []segment.Move{{From: "B", To: "A", Customers: 1}, {From: segment.Unknown, To: "C", Customers: 1}, {From: segment.Retired, To: "C", Customers: 1}}},
		{Model: "value", Version: 1, Segments: []segment.LabelTotals{
			{Name: "high", Totals: segment.Totals{Customers: 1, Orders: 5, Revenue: 500}},
			{Name: "mid", Totals: segment.Totals{Customers: 1, Orders: 3, Revenue: 200}},
			{Name: "potential"},
			{Name: segment.Unknown, Totals: segment.Totals{Customers: 1, Orders: 1, Revenue: 100}},
		}, Moves: []segment.Move{{From: "high", To: "mid", Customers: 1}, {From: "mid", To: segment.Unknown, Customers: 1}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTalliesOfPartsMergeIntoThatOfTheWhole(t *testing.T) {
	set := builtIn(t)
	type one struct {
		before, after   segment.Labels
		orders, revenue int64
	}
	rapid.Check(t, func(t *rapid.T) {
		l := set.Compile(shop)
		customers := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) one {
			was, is := anyFacts(t), anyFacts(t)
			before := l.Label(&was, segment.Labels{})
			return one{before, l.Label(&is, before), rapid.Int64Range(0, 9).Draw(t, "orders"), rapid.Int64Range(-9, 99).Draw(t, "revenue")}
		}), 0, 12).Draw(t, "customers")
		whole := set.NewTally()
		parts := []*segment.Tally{set.NewTally(), {}, set.NewTally()}
		for _, c := range customers {
			whole.Add(c.before, c.after, c.orders, c.revenue)
			part := 2 * rapid.IntRange(0, 1).Draw(t, "part")
			parts[part].Add(c.before, c.after, c.orders, c.revenue)
		}
		merged := &segment.Tally{}
		for _, i := range rapid.Permutation([]int{0, 1, 2}).Draw(t, "order") {
			raw, err := json.Marshal(parts[i])
			if err != nil {
				t.Fatal(err)
			}
			var read segment.Tally
			if err := json.Unmarshal(raw, &read); err != nil {
				t.Fatalf("%s: %v", raw, err)
			}
			if err := merged.Merge(&read); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(whole.Models(), merged.Models()); diff != "" {
			t.Fatal(diff)
		}
		a, _ := json.Marshal(whole)
		b, _ := json.Marshal(*merged)
		if string(a) != string(b) {
			t.Fatalf("merged is\n%s, and the whole\n%s", b, a)
		}
		for _, m := range whole.Models() {
			n := int64(0)
			for _, s := range m.Segments {
				n += s.Customers
			}
			if n != int64(len(customers)) {
				t.Fatalf("%s counts %d customers of %d", m.Model, n, len(customers))
			}
		}
	})
}

func TestMergingDoesNotTouchWhatIsMerged(t *testing.T) {
	set := builtIn(t)
	part, sum := set.NewTally(), &segment.Tally{}
	part.Add(segment.Labels{}, labelsOf(t, "abc\tA"), 1, 1)
	before := part.Models()
	for range 2 {
		if err := sum.Merge(part); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(before, part.Models()); diff != "" {
		t.Error(diff)
	}
	if got := sum.Models()[0].Segments[0].Customers; got != 2 {
		t.Errorf("merged twice are %d customers", got)
	}
}

func TestTalliesOfDifferentModelsDoNotMerge(t *testing.T) {
	set := builtIn(t)
	next, err := set.With(edited(t, "abc", 2))
	if err != nil {
		t.Fatal(err)
	}
	if err := set.NewTally().Merge(next.NewTally()); fault.CodeOf(err) != fault.Internal {
		t.Errorf("tallies of two versions merge: %v", err)
	}
	for name, raw := range map[string]string{
		"no list":             `{}`,
		"labels and no more":  `[{"name":"a","version":1,"labels":["x","unknown","retired"],"totals":[],"moves":[]}]`,
		"a move from nowhere": `[{"name":"a","version":1,"labels":["unknown","retired"],"totals":[{},{}],"moves":[[4,1]]}]`,
		"a move to before":    `[{"name":"a","version":1,"labels":["unknown","retired"],"totals":[{},{}],"moves":[[-1,1]]}]`,
		"no labels":           `[{"name":"a","version":1,"labels":[],"totals":[],"moves":[]}]`,
	} {
		var tally segment.Tally
		if err := json.Unmarshal([]byte(raw), &tally); fault.CodeOf(err) == "" {
			t.Errorf("%s: %s is read", name, raw)
		}
	}
}
