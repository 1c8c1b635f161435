package rfm_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"liuke/shared/rfm"
)

// shop is a population of n: one in eight has lapsed, many ordered once, money has a long tail and some is owed back.
func shop(n int, seed uint64) *rfm.Table {
	rng := rand.New(rand.NewPCG(seed, 1))
	t := &rfm.Table{Recency: make([]int32, n), Frequency: make([]int32, n), Monetary: make([]int64, n)}
	for i := range n {
		if rng.Uint32()%8 == 0 {
			t.Recency[i] = 365 + rng.Int32N(365)
			continue
		}
		t.Recency[i] = rng.Int32N(365)
		t.Frequency[i] = 1 + int32(rng.ExpFloat64()*3)
		t.Monetary[i] = int64(math.Exp(9+1.2*rng.NormFloat64())) - 1000
	}
	return t
}

// naive returns the type-7 quantiles of a sorted copy, as exact fractions over q.
func naive(values []int64, q int) []rfm.Cut {
	values = slices.Sorted(slices.Values(values))
	n := len(values)
	var out []rfm.Cut
	for k := 1; k < q && n > 0; k++ {
		h := (n - 1) * k
		lo, hi := values[h/q], values[min(h/q+1, n-1)]
		out = append(out, reduced(lo*int64(q)+int64(h%q)*(hi-lo), int64(q)))
	}
	return out
}

func reduced(num, den int64) rfm.Cut {
	a, b := num, den
	for b != 0 {
		a, b = b, a%b
	}
	if a < 0 {
		a = -a
	}
	return rfm.Cut{Num: num / a, Den: den / a}
}

// The columns are long enough for the sample, for several processors and for looking again, and of every shape that
// leads another way: money of every width, numbers too great for a table, values that the sample misses.
func TestColumnsAreCutAndScoredAsOneByOne(t *testing.T) {
	const n = 300_000
	shapes := map[string]func(*rfm.Table){
		"a shop": func(s *rfm.Table) { check(t, s, 2); check(t, s, 10) },
		"everybody is equal": func(s *rfm.Table) {
			fill(s, func(int) rfm.Value { return rfm.Value{Recency: 3, Frequency: 2, Monetary: 500} })
		},
		"everybody has lapsed":      func(s *rfm.Table) { fill(s, func(i int) rfm.Value { return rfm.Value{Recency: int32(i)} }) },
		"numbers too great":         func(s *rfm.Table) { s.Recency[77], s.Frequency[78] = 1<<20, 1<<30 },
		"numbers below zero":        func(s *rfm.Table) { s.Recency[77], s.Frequency[78] = -5, -7 },
		"money of the widest span":  func(s *rfm.Table) { spread(s, math.MinInt64/16, math.MaxInt64/16) },
		"money in two far clusters": func(s *rfm.Table) { clusters(s) },
		"a sample that misses all": func(s *rfm.Table) {
			for i := range s.Monetary {
				if i%(n/1024) != 0 {
					s.Monetary[i] += 1 << 40
				}
			}
		},
	}
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			s := shop(n, 5)
			shape(s)
			check(t, s, 5)
		})
	}
}

func check(t *testing.T, s *rfm.Table, bins int) {
	t.Helper()
	var r, f, m []int64
	for i, n := range s.Frequency {
		if n > 0 {
			r, f, m = append(r, int64(s.Recency[i])), append(f, int64(n)), append(m, s.Monetary[i])
		}
	}
	cuts := s.Quantiles(bins)
	want := rfm.Cuts{Recency: naive(r, bins), Frequency: naive(f, bins), Monetary: naive(m, bins), Above: true}
	if diff := cmp.Diff(want, cuts); diff != "" {
		t.Fatalf("%d bins: %s", bins, diff)
	}
	n := s.Rows()
	rows, columns := make([]rfm.Scores, n), rfm.Columns{R: make([]uint8, n), F: make([]uint8, n), M: make([]uint8, n)}
	s.Score(&cuts, rows)
	s.Columns(&cuts, &columns)
	scorer := cuts.Scorer()
	for i := range rows {
		v := rfm.Value{Recency: s.Recency[i], Frequency: s.Frequency[i], Monetary: s.Monetary[i]}
		want := scorer.Score(v)
		if got := (rfm.Scores{R: columns.R[i], F: columns.F[i], M: columns.M[i]}); rows[i] != want || got != want {
			t.Fatalf("%d bins: %+v scores %+v by row and %+v by column, want %+v", bins, v, rows[i], got, want)
		}
	}
}

func fill(s *rfm.Table, value func(i int) rfm.Value) {
	for i := range s.Rows() {
		v := value(i)
		s.Recency[i], s.Frequency[i], s.Monetary[i] = v.Recency, v.Frequency, v.Monetary
	}
}

func spread(s *rfm.Table, from, to int64) {
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range s.Monetary {
		s.Monetary[i] = from + int64(rng.Uint64N(uint64(to)-uint64(from)))
	}
}

// clusters leaves the thresholds so close together within a wide span that two share a bucket.
func clusters(s *rfm.Table) {
	for i := range s.Monetary {
		s.Monetary[i] = int64(i % 100)
		if i%10 > 5 {
			s.Monetary[i] += 1 << 50
		}
	}
}

func TestFixedCutsScoreColumnsAsOneByOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := func(name string) []rfm.Cut {
			nums := rapid.SliceOfN(rapid.OneOf(rapid.Int64Range(-9, 9), rapid.Int64Range(-1<<33, 1<<33), rapid.Int64()), 0, 9).Draw(t, name)
			slices.Sort(nums)
			var out []rfm.Cut
			for _, n := range nums {
				out = append(out, rfm.Cut{Num: n, Den: 1})
			}
			return out
		}
		cuts := rfm.Cuts{Recency: list("recency"), Frequency: list("frequency"), Monetary: list("monetary"), Above: rapid.Bool().Draw(t, "above")}
		var table rfm.Table
		for _, v := range population(t) {
			table.Append(v)
		}
		table.Append(rfm.Value{Recency: math.MaxInt32, Frequency: 1, Monetary: math.MaxInt64})
		rows := make([]rfm.Scores, table.Rows())
		table.Score(&cuts, rows)
		s := cuts.Scorer()
		for i, got := range rows {
			v := rfm.Value{Recency: table.Recency[i], Frequency: table.Frequency[i], Monetary: table.Monetary[i]}
			if want := s.Score(v); got != want {
				t.Fatalf("%+v scores %+v, want %+v", v, got, want)
			}
		}
	})
}
