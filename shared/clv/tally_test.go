package clv

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestATallyCountsLikeAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.Custom(func(t *rapid.T) key {
			return key{rapid.Uint32().Draw(t, "x"), rapid.Uint64().Draw(t, "rest")}
		})
		pool := rapid.SliceOfN(keys, 1, 50).Draw(t, "pool")
		tallies := make([]tally, 3)
		want := make(map[key]uint32)
		for range rapid.IntRange(0, 200).Draw(t, "adds") {
			k := pool[rapid.IntRange(0, len(pool)-1).Draw(t, "key")]
			at := &tallies[rapid.IntRange(0, 2).Draw(t, "tally")]
			at.add(k)
			want[k]++
			if rapid.IntRange(0, 9).Draw(t, "flush") == 0 {
				at.flush()
			}
		}
		for i := range tallies {
			before := len(tallies[i].lines())
			tallies[(i+1)%3].merge(&tallies[i])
			if len(tallies[i].lines()) != before {
				t.Fatal("merging changed what was merged")
			}
			if i == 1 {
				break
			}
		}
		got := make(map[key]uint32)
		lines := tallies[2].lines()
		for i, l := range lines {
			got[l.key()] = l.n
			if i > 0 && !lines[i-1].key().less(l.key()) {
				t.Fatalf("%v comes before %v", lines[i-1], l)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestATallyTakesTheMemoryOfWhatIsDistinct(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 3))
	var c tally
	const distinct, adds = 3000, 40 * minTail
	want := make([]uint32, distinct)
	for range adds {
		i := rng.IntN(distinct)
		want[i]++
		c.add(key{uint32(i % 7), uint64(i) << 20})
		if len(c.tail) > minTail || len(c.runs) > 2 {
			t.Fatalf("a tail of %d and %d runs for %d keys", len(c.tail), len(c.runs), distinct)
		}
	}
	for _, l := range c.lines() {
		if i := l.rest >> 20; l.n != want[i] || l.x != uint32(i%7) {
			t.Fatalf("%v was counted %d times", l, want[i])
		}
	}
	if len(c.lines()) != distinct {
		t.Fatalf("%d lines for %d keys", len(c.lines()), distinct)
	}
}

// Keys that differ in every digit are sorted by digits, which needs more of them than other tests have.
func TestSortingByDigits(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 4))
	keys := make([]key, 10_000)
	for i := range keys {
		keys[i] = key{rng.Uint32(), rng.Uint64()}
	}
	keys[9] = keys[7]
	sorted := sortKeys(keys)
	for i := 1; i < len(sorted); i++ {
		if sorted[i].less(sorted[i-1]) {
			t.Fatalf("%v comes after %v", sorted[i], sorted[i-1])
		}
	}
}
