package rfm_test

import (
	"cmp"
	"slices"
	"strconv"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"liuke/shared/customer"
	"liuke/shared/rfm"
)

// member is a customer as SQL's NTILE sees one.
type member struct {
	value rfm.Value
	tie   uint64
}

// ntile is NTILE(k) over rows in order, written as the standard says it.
func ntile(members []member, k int, order func(a, b member) int) map[uint64]uint8 {
	rows := slices.Clone(members)
	slices.SortFunc(rows, func(a, b member) int { return cmp.Or(order(a, b), cmp.Compare(a.tie, b.tie)) })
	out := make(map[uint64]uint8)
	size, more := len(rows)/k, len(rows)%k
	for tile := 1; tile <= k && len(rows) > 0; tile++ {
		n := size
		if tile <= more {
			n++
		}
		for _, m := range rows[:n] {
			out[m.tie] = uint8(tile)
		}
		rows = rows[n:]
	}
	return out
}

func naiveTiles(members []member, k int) map[uint64]rfm.Scores {
	var in []member
	for _, m := range members {
		if m.value.Frequency > 0 {
			in = append(in, m)
		}
	}
	r := ntile(in, k, func(a, b member) int { return cmp.Compare(b.value.Recency, a.value.Recency) })
	f := ntile(in, k, func(a, b member) int { return cmp.Compare(a.value.Frequency, b.value.Frequency) })
	m := ntile(in, k, func(a, b member) int { return cmp.Compare(a.value.Monetary, b.value.Monetary) })
	out := make(map[uint64]rfm.Scores)
	for _, c := range members {
		out[c.tie] = rfm.Scores{R: 1, F: 1, M: 1}
	}
	for _, c := range in {
		out[c.tie] = rfm.Scores{R: r[c.tie], F: f[c.tie], M: m[c.tie]}
	}
	return out
}

// settle plans tiles from parts of a population, looks at the parts again as often as the plan asks for, and says how
// often that was. Everything goes through its binary form.
func settle(t interface{ Fatal(...any) }, parts [][]member, k int) (tiles rfm.Tiles, looks int) {
	var counts rfm.Counts
	for _, part := range parts {
		var c rfm.Counts
		for _, m := range part {
			c.Add(m.value)
		}
		counts.Merge(&c)
	}
	plan := counts.Tiles(k)
	for ; len(plan.Splits) > 0; looks++ {
		seen := plan.Ties()
		for _, part := range parts {
			one := plan.Ties()
			for _, m := range part {
				one.Add(plan, m.value, m.tie)
			}
			raw, err := one.AppendBinary(nil)
			if err != nil {
				t.Fatal(err)
			}
			var back rfm.Ties
			if rest, err := back.Decode(raw); err != nil || len(rest) != 0 {
				t.Fatal("ties do not come back", err)
			}
			seen.Merge(&back)
		}
		next, err := plan.Settle(seen)
		if err != nil {
			t.Fatal(err)
		}
		plan = next
	}
	return plan.Tiles, looks
}

func compare(t interface{ Fatalf(string, ...any) }, members []member, tiles *rfm.Tiles, k int) {
	want := naiveTiles(members, k)
	for _, m := range members {
		if got := tiles.Score(m.value, m.tie); got != want[m.tie] {
			t.Fatalf("%d tiles: %+v scores %+v, want %+v", k, m, got, want[m.tie])
		}
	}
}

func TestTilesAreThoseOfSQLHoweverThePopulationIsSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := population(t)
		k := rapid.IntRange(2, 10).Draw(t, "tiles")
		ties := rapid.SliceOfNDistinct(rapid.OneOf(rapid.Uint64Range(0, 200), rapid.Uint64()), len(values), len(values), rapid.ID[uint64]).Draw(t, "ties")
		members := make([]member, len(values))
		for i, v := range values {
			members[i] = member{v, ties[i]}
		}
		parts := make([][]member, rapid.IntRange(1, 4).Draw(t, "parts"))
		for _, m := range rapid.Permutation(members).Draw(t, "order") {
			i := rapid.IntRange(0, len(parts)-1).Draw(t, "part")
			parts[i] = append(parts[i], m)
		}
		tiles, _ := settle(t, parts, k)
		compare(t, members, &tiles, k)
		whole, _ := settle(t, [][]member{members}, k)
		if diff := gocmp.Diff(whole, tiles); diff != "" {
			t.Fatal("parts give other tiles than the whole: " + diff)
		}
	})
}

func TestTilesOfEdgePopulations(t *testing.T) {
	for _, n := range []int{0, 1, 4, 5, 23} {
		t.Run(strconv.Itoa(n)+" equal customers", func(t *testing.T) {
			var members []member
			for i := range n {
				members = append(members, member{rfm.Value{Recency: 9, Frequency: 1}, rfm.Tie(customer.ID(strconv.Itoa(i)))})
			}
			tiles, _ := settle(t, [][]member{members}, 5)
			compare(t, members, &tiles, 5)
			if want := max(min(n, 5)-1, 0); len(tiles.Monetary) != want || len(tiles.Recency) != want {
				t.Errorf("%d customers have the borders %+v", n, tiles)
			}
		})
	}
}

// Most customers of a shop ordered once, so that all borders of frequency run through the same value.
func TestOneLookSettlesTilesOfManyEquals(t *testing.T) {
	const n = 20_000
	members := make([]member, n)
	for i := range members {
		members[i] = member{rfm.Value{Recency: int32(i % 300), Frequency: int32(1 + i%20/19), Monetary: int64(i % 2)}, rfm.Tie(customer.ID(strconv.Itoa(i)))}
	}
	tiles, looks := settle(t, [][]member{members[:n/3], members[n/3:]}, 10)
	compare(t, members, &tiles, 10)
	if looks != 1 {
		t.Errorf("took %d looks, want 1", looks)
	}
	plan := countsOf(members).Tiles(10)
	seen := plan.Ties()
	for _, m := range members {
		seen.Add(plan, m.value, m.tie)
	}
	raw, _ := seen.AppendBinary(nil)
	if len(raw) > n*9 {
		t.Errorf("%d splits of %d customers took %d bytes", len(plan.Splits), n, len(raw))
	}
}

func countsOf(members []member) *rfm.Counts {
	var c rfm.Counts
	for _, m := range members {
		c.Add(m.value)
	}
	return &c
}

func TestTilesOfBandsAreThoseOfTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var whole, first, second rfm.Counts
		values := population(t)
		for i := range values {
			values[i].Monetary = rapid.Int64Range(-1<<20, 1<<20).Draw(t, "money")
			whole.Add(values[i])
			first.Add(values[i])
			second.Add(values[i])
		}
		k := rapid.IntRange(2, 10).Draw(t, "tiles")
		bands := make(rfm.Bands)
		first.Monetary.Collapse(nil)
		first.Monetary.TileBands(k, false, bands)
		second.Monetary.Collapse(bands)
		if diff := gocmp.Diff(whole.Tiles(k), second.Tiles(k)); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestTiesOfOtherCustomersAreRefused(t *testing.T) {
	members := []member{{rfm.Value{Frequency: 1}, 1}, {rfm.Value{Frequency: 1}, 2}, {rfm.Value{Frequency: 1}, 3}}
	plan := countsOf(members).Tiles(2)
	seen := plan.Ties()
	for _, m := range members[1:] {
		seen.Add(plan, m.value, m.tie)
	}
	if _, err := plan.Settle(seen); err == nil {
		t.Error("a customer was not seen, and nobody noticed")
	}
	if _, err := plan.Settle(&rfm.Ties{}); err == nil {
		t.Error("the ties of another plan were taken")
	}
}

func TestTieIsTheFirstBytesOfTheHash(t *testing.T) {
	if got := rfm.Tie("abc"); got != 0xba7816bf8f01cfea { // FIPS 180-4, SHA-256 of "abc"
		t.Errorf("got %x", got)
	}
}

func FuzzDecodeTies(f *testing.F) {
	plan := countsOf([]member{{rfm.Value{Frequency: 1}, 1}, {rfm.Value{Frequency: 1}, 2}}).Tiles(2)
	seen := plan.Ties()
	seen.Add(plan, rfm.Value{Frequency: 1}, 1)
	raw, _ := seen.AppendBinary(nil)
	f.Add(raw)
	f.Fuzz(func(t *testing.T, b []byte) {
		var ties rfm.Ties
		rest, err := ties.Decode(b)
		if err != nil {
			return
		}
		again, _ := ties.AppendBinary(nil)
		var back rfm.Ties
		if _, err := back.Decode(again); err != nil {
			t.Fatalf("%d bytes decode, and not again: %v", len(b)-len(rest), err)
		}
	})
}
