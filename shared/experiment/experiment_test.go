package experiment_test

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"liuke/shared/customer"
	"liuke/shared/experiment"
	"liuke/shared/fault"
	"liuke/shared/holdout"
)

func id(i int) customer.ID { return customer.ID(fmt.Sprint("customer-", i)) }

func of(weights ...int) *experiment.Experiment {
	e := &experiment.Experiment{Scene: "win_back", Salt: "1"}
	for i, w := range weights {
		e.Variants = append(e.Variants, experiment.Variant{ID: string(rune('a' + i)), Weight: w, Control: i == 0})
	}
	return e
}

func TestVariantsTakeTheirShares(t *testing.T) {
	const n = 60_000
	for _, weights := range [][]int{{1, 1}, {9, 1}, {1, 0, 3}, {5, 3, 1, 1}, {10_000, 1}} {
		e, sum, got := of(weights...), 0, make([]int, len(weights))
		for _, w := range weights {
			sum += w
		}
		for i := range n {
			got[e.Assign(id(i))]++
		}
		for i, w := range weights {
			p := float64(w) / float64(sum)
			if margin := 4 * math.Sqrt(p*(1-p)*n); math.Abs(float64(got[i])-p*n) > margin {
				t.Errorf("weights %v: variant %d has %d of %d, want %.0f ± %.0f", weights, i, got[i], n, p*n, margin)
			}
		}
	}
}

// Of two draws that are independent, the joint counts are the products of their shares: χ² of (2−1)(2−1) = 1 degree.
func TestAssignmentIsIndependentOfEveryOtherDraw(t *testing.T) {
	const n = 40_000
	e := of(1, 1)
	scene, salt, renamed := *e, *e, of(1, 1)
	scene.Scene, salt.Salt = "birthday", "2"
	renamed.Variants[0].ID, renamed.Variants[1].ID = "c", "d"
	all := holdout.Holdout{Salt: "1", Share: .5}
	for name, other := range map[string]func(customer.ID) bool{
		"another scene":        func(c customer.ID) bool { return scene.Assign(c) == 1 },
		"another salt":         func(c customer.ID) bool { return salt.Assign(c) == 1 },
		"new variants":         func(c customer.ID) bool { return renamed.Assign(c) == 1 },
		"the holdout":          all.Holds,
		"the scene's holdout":  all.Named("win_back", .5).Holds,
		"a holdout of no salt": holdout.Holdout{Share: .5}.Holds,
	} {
		var joint [2][2]float64
		for i := range n {
			row, column := e.Assign(id(i)), 0
			if other(id(i)) {
				column = 1
			}
			joint[row][column]++
		}
		chi := 0.0
		for row := range 2 {
			for column := range 2 {
				expected := (joint[row][0] + joint[row][1]) * (joint[0][column] + joint[1][column]) / n
				chi += (joint[row][column] - expected) * (joint[row][column] - expected) / expected
			}
		}
		if chi > 15.1 { // once in 10,000 draws
			t.Errorf("%s: χ² is %.1f", name, chi)
		}
	}
}

func TestWhereOneWeightChangesCustomersMoveOnlyToOrFromItsVariant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		weights := rapid.SliceOfN(rapid.IntRange(1, 100), 2, 5).Draw(t, "weights")
		before, after := of(weights...), of(weights...)
		changed := rapid.IntRange(0, len(weights)-1).Draw(t, "changed")
		after.Variants[changed].Weight = rapid.IntRange(0, 200).Draw(t, "to")
		grew := after.Variants[changed].Weight > weights[changed]
		for i := range 50 {
			from, to := before.Assign(id(i)), after.Assign(id(i))
			if from != to && (grew && to != changed || !grew && from != changed) {
				t.Fatalf("variant %d went from %d to %d, and a customer from %d to %d", changed, weights[changed], after.Variants[changed].Weight, from, to)
			}
		}
	})
}

func TestNoMoreCustomersMoveThanTheSharesDo(t *testing.T) {
	const n = 40_000
	for _, c := range []struct {
		name          string
		before, after []int
		share         float64 // that the shares move
	}{
		{"a variant grows from a tenth to a half", []int{9, 1}, []int{1, 1}, .4},
		{"the same weights at another scale", []int{9, 1}, []int{90, 10}, 0},
		{"a third variant takes its part of both", []int{1, 1, 0}, []int{1, 1, 1}, 1. / 3},
		{"a variant that is given up leaves its own alone", []int{1, 1, 2}, []int{1, 1, 0}, .5},
	} {
		before, after, moved := of(c.before...), of(c.after...), 0
		for i := range n {
			if before.Assign(id(i)) != after.Assign(id(i)) {
				moved++
			}
		}
		if math.Abs(float64(moved)-c.share*n) > 4*math.Sqrt(c.share*(1-c.share)*n) {
			t.Errorf("%s: %d of %d moved, want some %.0f", c.name, moved, n, c.share*n)
		}
	}
}

func TestTheOrderOfVariantsDoesNotMatter(t *testing.T) {
	e, turned := of(3, 2, 1), of(3, 2, 1)
	turned.Variants[0], turned.Variants[2] = turned.Variants[2], turned.Variants[0]
	for i := range 500 {
		if a, b := e.Variants[e.Assign(id(i))].ID, turned.Variants[turned.Assign(id(i))].ID; a != b {
			t.Fatalf("%s and %s", a, b)
		}
	}
}

// The customers are named here for good: another draw would move standing customers between the variants.
func TestTheDrawIsAsItWas(t *testing.T) {
	e, got := of(2, 1, 1), ""
	for i := range 40 {
		got += e.Variants[e.Assign(id(i))].ID
	}
	if want := "babbaaaabaaccabacabacabbbaabcccccaaaaabb"; got != want {
		t.Errorf("assigned %s, want %s", got, want)
	}
}

func TestExperimentsThatAreRefused(t *testing.T) {
	for _, c := range []struct {
		name, pointer string
		with          func(*experiment.Experiment)
	}{
		{"no scene", "/scene", func(e *experiment.Experiment) { e.Scene = "" }},
		{"no variants", "/variants", func(e *experiment.Experiment) { e.Variants = nil }},
		{"too many variants", "/variants", func(e *experiment.Experiment) { *e = *of(make([]int, 11)...) }},
		{"weights of 0 alone", "/variants", func(e *experiment.Experiment) { *e = *of(0, 0) }},
		{"a name with capitals", "/variants/1/id", func(e *experiment.Experiment) { e.Variants[1].ID = "B" }},
		{"the same name twice", "/variants/1/id", func(e *experiment.Experiment) { e.Variants[1].ID = "a" }},
		{"a weight below 0", "/variants/0/weight", func(e *experiment.Experiment) { e.Variants[0].Weight = -1 }},
		{"two controls", "/variants/1/control", func(e *experiment.Experiment) { e.Variants[1].Control = true }},
		{"a difference that is no number", "/expected", func(e *experiment.Experiment) { e.Expected = math.NaN() }},
		{"a difference below 0", "/expected_revenue", func(e *experiment.Experiment) { e.ExpectedRevenue = -1 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := of(1, 1)
			c.with(e)
			var f *fault.Error
			if err := e.Validate(); !asFault(err, &f) || f.Code != fault.Invalid || f.Pointer != c.pointer {
				t.Errorf("got %#v, want invalid at %s", err, c.pointer)
			}
		})
	}
	if err := of(1, 0, 3).Validate(); err != nil {
		t.Error(err)
	}
}
