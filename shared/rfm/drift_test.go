package rfm_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"liuke/shared/rfm"
)

func reading(values []rfm.Value, bins int) (rfm.Reading, *rfm.Counts) {
	var c rfm.Counts
	for _, v := range values {
		c.Add(v)
	}
	cuts := c.Quantiles(bins)
	return rfm.Reading{Cuts: cuts, Bins: c.Bins(&cuts)}, &c
}

func grown(n int, by int64) (out []rfm.Value) {
	for i := range int64(n) {
		out = append(out, rfm.Value{Recency: int32(1 + i%300), Frequency: int32(1 + i%7), Monetary: (1000 + i*7919%100_000) * by / 100})
	}
	return out
}

func TestDriftOfAPopulation(t *testing.T) {
	before, _ := reading(grown(5000, 100), 5)
	cases := []struct {
		name     string
		now      []rfm.Value
		limits   rfm.Limits
		monetary bool
	}{
		{name: "the same customers have not drifted", now: grown(5000, 100)},
		{name: "a tenth more money is within the limits", now: grown(5000, 110)},
		{name: "a tenth more is beyond a limit of a twentieth", now: grown(5000, 110), limits: rfm.Limits{Shift: .05}, monetary: true},
		{name: "half more is beyond", now: grown(5000, 150), monetary: true},
		{name: "half less is beyond", now: grown(5000, 50), monetary: true},
		{name: "limits are the operator's", now: grown(5000, 150), limits: rfm.Limits{PSI: 9, Shift: .6}},
		{name: "nobody is left to have drifted", now: nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			after, counts := reading(c.now, 5)
			now := counts.Bins(&before.Cuts)
			got := rfm.DriftOf(&before, &after.Cuts, &now, c.limits)
			if got.Monetary.Drifted != c.monetary || got.Drifted != c.monetary || got.Recency.Drifted || got.Frequency.Drifted {
				t.Errorf("got %+v", got)
			}
			if _, err := json.Marshal(got); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestStabilityIndexOfAWorkedExample(t *testing.T) {
	before := rfm.Reading{Cuts: rfm.Cuts{Monetary: []rfm.Cut{cut(10, 1), cut(20, 1)}, Above: true}, Bins: rfm.Bins{Monetary: []int64{999_999, 2_999_999, 5_999_999}}}
	now := rfm.Bins{Monetary: []int64{2_999_999, 2_999_999, 3_999_999}}
	got := rfm.DriftOf(&before, &before.Cuts, &now, rfm.Limits{}).Monetary
	// (.3 − .1)·ln 3 + 0 + (.4 − .6)·ln(4/6)
	if want := .2*math.Log(3) + .2*math.Log(1.5); math.Abs(got.PSI-want) > 1e-6 || !got.Drifted {
		t.Errorf("got %+v, want a PSI of %g", got, want)
	}
}

func TestAFewCustomersAreNoDrift(t *testing.T) {
	before := rfm.Reading{Cuts: rfm.Cuts{Recency: []rfm.Cut{cut(10, 1)}}, Bins: rfm.Bins{Recency: []int64{6, 2}}}
	now := rfm.Bins{Recency: []int64{3, 4}}
	if got := rfm.DriftOf(&before, &before.Cuts, &now, rfm.Limits{}).Recency; got.PSI < .2 || got.Noise < got.PSI || got.Drifted {
		t.Errorf("fifteen customers have drifted: %+v", got)
	}
}

func TestBinsHoldWhatScoresSay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := population(t)
		cutsOf, _ := reading(population(t), rapid.IntRange(2, 10).Draw(t, "bins"))
		_, counts := reading(values, 5)
		cuts := cutsOf.Cuts
		var want, merged rfm.Bins
		zero := func(n int) []int64 { return make([]int64, n) }
		want = rfm.Bins{Recency: zero(len(cuts.Recency) + 1), Frequency: zero(len(cuts.Frequency) + 1), Monetary: zero(len(cuts.Monetary) + 1)}
		s := cuts.Scorer()
		for _, v := range values {
			if v.Frequency == 0 {
				continue
			}
			x := s.Score(v)
			want.Recency[x.R-1]++
			want.Frequency[x.F-1]++
			want.Monetary[x.M-1]++
			var one rfm.Counts
			one.Add(v)
			b := one.Bins(&cuts)
			merged.Merge(&b)
		}
		if diff := cmp.Diff(want, counts.Bins(&cuts)); diff != "" {
			t.Fatal(diff)
		}
		if diff := cmp.Diff(want, merged); diff != "" && counts.N() > 0 {
			t.Fatal("merged: " + diff)
		}
	})
}
