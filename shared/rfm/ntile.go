package rfm

import (
	"crypto/sha256"
	"encoding/binary"
	"math"

	"liuke/shared/customer"
)

// Tie is a customer's place among those of equal value where tiles part them: the first eight bytes, big endian, of the
// SHA-256 of the id. It is a function of the customer alone, so that nobody changes tile because of how a run was
// split, and in SQL it is the order of substr(sha256(id), 1, 16). Customers whose ties are equal as well share a tile.
func Tie(id customer.ID) uint64 {
	sum := sha256.Sum256([]byte(id))
	return binary.BigEndian.Uint64(sum[:])
}

// Border parts two neighbouring tiles: it is the place of the first customer in the upper one, by value and then by tie.
type Border struct {
	Value int64  `json:"value"`
	Tie   uint64 `json:"tie,string"` // 0 where the border parts no equals
}

// Tiles are the borders of equally large bins, as SQL's NTILE(k) makes them: the customers in the order of value and tie,
// k tiles of n / k customers, the first n mod k of which hold one more. Where there are fewer customers than tiles, the
// upper tiles are empty. Unlike quantiles, tiles part customers of equal value.
//
// The borders of recency are in the order of descending days, so that whoever ordered last is in the highest tile:
//
//	ntile(5) over (order by recency desc, tie)
type Tiles struct {
	Recency   []Border `json:"recency"`
	Frequency []Border `json:"frequency"`
	Monetary  []Border `json:"monetary"`
}

// Score returns the scores of one customer; without an order in the window, 1 in all three.
func (t *Tiles) Score(v Value, tie uint64) Scores {
	if v.Frequency <= 0 {
		return Scores{1, 1, 1}
	}
	s := Scores{1, 1, 1}
	for _, b := range t.Recency {
		if int64(v.Recency) < b.Value || int64(v.Recency) == b.Value && tie >= b.Tie {
			s.R++
		}
	}
	s.F += passed(t.Frequency, int64(v.Frequency), tie)
	s.M += passed(t.Monetary, v.Monetary, tie)
	return s
}

func passed(borders []Border, v int64, tie uint64) (n uint8) {
	for _, b := range borders {
		if v > b.Value || v == b.Value && tie >= b.Tie {
			n++
		}
	}
	return n
}

// Cuts returns the borders' values as ascending cuts, to show and to compare with another run's.
func (t *Tiles) Cuts() Cuts {
	cuts := func(borders []Border) []Cut {
		var out []Cut
		for _, b := range borders {
			out = append(out, Cut{Num: b.Value, Den: 1})
		}
		return out
	}
	c := Cuts{Recency: cuts(t.Recency), Frequency: cuts(t.Frequency), Monetary: cuts(t.Monetary)}
	for i, j := 0, len(c.Recency)-1; i < j; i, j = i+1, j-1 {
		c.Recency[i], c.Recency[j] = c.Recency[j], c.Recency[i]
	}
	return c
}

// Column names one of the three values.
type Column string

// The columns.
const (
	Recency   Column = "recency"
	Frequency Column = "frequency"
	Monetary  Column = "monetary"
)

// Split is a border that runs through customers of equal value: Below of the Equal customers with the value belong to the
// lower tile, those of the least ties. It is settled by a look at the ties from From to To, both among them, between
// which it lies unless the ties are spread very unevenly.
type Split struct {
	Column Column `json:"column"`
	Border int    `json:"border"` // index
	Value  int64  `json:"value"`
	Below  int64  `json:"below"` // 1 to Equal − 1
	Equal  int64  `json:"equal"`
	From   uint64 `json:"from,string"`
	To     uint64 `json:"to,string"`
	Errors int    `json:"errors"` // how many standard errors From and To lie apart from where the border is expected
}

// TilePlan is what is known of tiles: their borders, of which those in Splits lack their tie. It is done when there are
// no Splits; until then every customer is looked at once more (Ties), and Settle takes what was seen.
type TilePlan struct {
	Tiles  Tiles   `json:"tiles"`
	Splits []Split `json:"splits"`
}

// Tiles plans k tiles of the customers that were counted.
func (c *Counts) Tiles(k int) *TilePlan {
	p := &TilePlan{}
	p.Tiles.Recency = p.plan(Recency, &c.Recency, k)
	p.Tiles.Frequency = p.plan(Frequency, &c.Frequency, k)
	p.Tiles.Monetary = p.plan(Monetary, &c.Monetary, k)
	return p
}

func (p *TilePlan) plan(column Column, t *Tally, k int) (borders []Border) {
	t.borders(k, column == Recency, func(r run, below int64) {
		if below > 0 {
			s := Split{Column: column, Border: len(borders), Value: r.value, Below: below, Equal: r.count, Errors: 8}
			s.aim()
			p.Splits = append(p.Splits, s)
		}
		borders = append(borders, Border{Value: r.value})
	})
	return borders
}

// borders yields, for each of k tiles but the first, the run that its first customer is in and how many customers of that
// run are before it.
func (t *Tally) borders(k int, descending bool, yield func(r run, below int64)) {
	t.settle()
	at := func(i int) run {
		if descending {
			return t.runs[len(t.runs)-1-i]
		}
		return t.runs[i]
	}
	n := t.N()
	i, before := 0, int64(0) // the i-th run in the order of the tiles begins at rank before
	for tile := int64(1); tile < int64(k); tile++ {
		rank := tile*(n/int64(k)) + min(tile, n%int64(k))
		if rank >= n {
			return
		}
		for before+at(i).count <= rank {
			before += at(i).count
			i++
		}
		yield(at(i), rank-before)
	}
}

// TileBands adds the bands that the borders of k tiles fall into, as Bands does for ranks: descending for
// recency alone.
func (t *Tally) TileBands(k int, descending bool, into Bands) {
	t.borders(k, descending, func(r run, _ int64) { into.Add(r.value) })
}

// aim sets From and To. Of n evenly spread ties, the share that lies below the one of rank share·n has the standard error
// √(share·(1 − share) / n).
func (s *Split) aim() {
	n := float64(s.Equal)
	share := float64(s.Below) / n
	off := float64(s.Errors) * (math.Sqrt(share*(1-share)/n) + 1/n)
	s.From, s.To = tieAt(share-off), tieAt(share+off)
}

// tieAt returns the tie that a share of all ties lies below, held to their range.
func tieAt(share float64) uint64 {
	switch v := math.Ldexp(share, 64); {
	case v < 1:
		return 0
	case v >= math.MaxUint64: // 2^64 as a float
		return math.MaxUint64
	default:
		return uint64(v)
	}
}

// holds reports whether the split is through customers of this value.
func (s *Split) holds(v Value) bool {
	switch s.Column {
	case Recency:
		return int64(v.Recency) == s.Value
	case Frequency:
		return int64(v.Frequency) == s.Value
	}
	return v.Monetary == s.Value
}
