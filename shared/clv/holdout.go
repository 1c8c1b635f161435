package clv

import (
	"encoding/binary"
	"math"

	"liuke/shared/customer"
)

// Split is a customer's history on both sides of a cut: what a model may know, and what came of it in the holdout, the
// days after the cut.
type Split struct {
	Transactions Transactions // until the end of the day of the cut
	Spend        Spend        // until the end of the day of the cut
	Purchases    int32        // days with an order in the holdout
	Total        int64        // what the holdout came to, net of refunds, in minor units
	Repeats      []int32      // the day of every repeat purchase until the end of the holdout, in days after the cut, ascending
}

// Of splits a history at the end of the day of the cut, with a holdout of so many days. It is ok where there was an
// order by then. It uses the space of what was split before.
func (s *Split) Of(h *customer.History, cut customer.Day, days int32) (ok bool) {
	*s = Split{Repeats: s.Repeats[:0]}
	if s.Transactions, s.Spend, ok = Of(h, cut); !ok {
		return false
	}
	first := cut - s.Transactions.T
	for p := range h.Days() {
		held := p.Day > cut && p.Day <= cut+days
		if held {
			s.Total += p.Net
		}
		if p.Orders <= 0 || p.Day <= first || p.Day > cut+days {
			continue
		}
		if n := len(s.Repeats); n > 0 && s.Repeats[n-1] == p.Day-cut {
			continue
		}
		s.Repeats = append(s.Repeats, p.Day-cut)
		if held {
			s.Purchases++
		}
	}
	return true
}

// Holdout compares what a model expected at a cut with what came of it in the days after. A run over many parts makes
// it in two passes: it counts all customers as of the cut (Counts), fits, and then adds each part's customers with the
// forecasts of that fit to a Holdout of the part; those merge, in any order and grouping, into exactly that of all. It
// is small whatever the number of customers. The zero value is empty. It is not safe for concurrent use.
type Holdout struct {
	bins     [frequencyBins]frequencyBin
	alive    [aliveBins]aliveBin
	absolute int64 // sum of |predicted − actual|, in units of 1/one
	squares  int64 // sum of predicted², in units of 1/oneSquare
	product  int64 // sum of predicted · actual, in units of 1/oneSquare
	actual2  int64 // sum of actual²
	brier    int64 // sum of (P(some purchase) − whether there was one)², in units of 1/one
	ages     tally // T
	repeats  tally // the weeks of repeat purchases, week 1 being the first after the cut, less firstWeek
}

const (
	frequencyBins = 8 // repeat purchases until the cut: 0, 1, … 7 or more
	aliveBins     = 10
)

// Sums of forecasts are kept as whole multiples of these fractions, so that they do not depend on the order in which
// they are added up. A customer's forecast is rounded to a billionth, its square to a millionth.
const (
	one       = 1 << 30
	oneSquare = 1 << 20
)

// maxPrediction is the most purchases that a forecast is taken to mean; no model that was fitted to days expects as many.
const maxPrediction = 1 << 20

type frequencyBin struct {
	customers, actual, predicted int64 // purchases; predicted in units of 1/one
	priced, spent, worth         int64 // customers with a forecast of spend, what they spent and were expected to, in minor units
}

type aliveBin struct {
	customers, alive, some, bought int64 // sums of probabilities, in units of 1/one
}

// firstWeek makes numbers of weeks before the cut positive.
const firstWeek = -1 << 31

// Add compares a customer's forecast, made for the days of the holdout from what was known at the cut, with what came
// of it. Money is in so many minor units to a major one. Where there is no forecast, nothing is compared.
func (h *Holdout) Add(f Forecast, s *Split, minor int64) {
	if math.IsNaN(f.Orders) {
		return
	}
	predicted := min(max(f.Orders, 0), maxPrediction)
	actual := float64(s.Purchases)
	bin := &h.bins[min(max(s.Transactions.X, 0), frequencyBins-1)]
	bin.customers++
	bin.actual += int64(s.Purchases)
	bin.predicted += whole(predicted, one)
	if worth := f.Spend * float64(minor); math.Abs(worth) < 1<<53 { // not where it is NaN
		bin.priced++
		bin.spent += s.Total
		bin.worth += whole(worth, 1)
	}
	alive := &h.alive[min(max(int(f.Alive*aliveBins), 0), aliveBins-1)]
	alive.customers++
	alive.alive += whole(f.Alive, one)
	alive.some += whole(f.Some, one)
	miss := f.Some
	if s.Purchases > 0 {
		alive.bought++
		miss = 1 - f.Some
	}
	h.absolute += whole(math.Abs(predicted-actual), one)
	h.squares += whole(predicted*predicted, oneSquare)
	h.product += whole(predicted*actual, oneSquare)
	h.actual2 += int64(s.Purchases) * int64(s.Purchases)
	h.brier += whole(miss*miss, one)
	h.ages.add(key{rest: uint64(max(s.Transactions.T, 0))})
	for _, day := range s.Repeats {
		h.repeats.add(key{rest: uint64(int64(weekOf(day)) - firstWeek)})
	}
}

func whole(v float64, of float64) int64 { return int64(math.Round(v * of)) }

// weekOf returns the week of a day after the cut: 1 for days 1 to 7, 0 for the seven days that end with the cut.
func weekOf(day int32) int32 { return int32((int64(day)+6+7*(1<<29))/7) - 1<<29 }

// Merge adds what o compares; o stays as it was.
func (h *Holdout) Merge(o *Holdout) {
	from := o.numbers()
	for i, v := range h.numbers() {
		*v += *from[i]
	}
	h.ages.merge(&o.ages)
	h.repeats.merge(&o.repeats)
}

// numbers are the sums of a holdout, in the order in which they are encoded.
func (h *Holdout) numbers() []*int64 {
	out := []*int64{&h.absolute, &h.squares, &h.product, &h.actual2, &h.brier}
	for i := range h.bins {
		b := &h.bins[i]
		out = append(out, &b.customers, &b.actual, &b.predicted, &b.priced, &b.spent, &b.worth)
	}
	for i := range h.alive {
		b := &h.alive[i]
		out = append(out, &b.customers, &b.alive, &b.some, &b.bought)
	}
	return out
}

// AppendBinary appends the holdout in a form that depends on what was added alone. The error is always nil.
func (h *Holdout) AppendBinary(b []byte) ([]byte, error) {
	for _, v := range h.numbers() {
		b = binary.AppendVarint(b, *v)
	}
	for _, t := range []*tally{&h.ages, &h.repeats} {
		lines := t.lines()
		b = binary.AppendUvarint(b, uint64(len(lines)))
		for _, l := range lines {
			b = binary.AppendUvarint(binary.AppendUvarint(b, l.rest), uint64(l.n))
		}
	}
	return b, nil
}

// Decode reads a holdout from the front of b and returns the rest. It returns an Internal error for what AppendBinary
// did not write.
func (h *Holdout) Decode(b []byte) ([]byte, error) {
	r := varints{b: b}
	var out Holdout
	for _, v := range out.numbers() {
		u := r.next(math.MaxUint64)
		*v = int64(u>>1) ^ -int64(u&1) // as encoding/binary has it
	}
	upTo := func(limit uint64) func() key { return func() key { return key{rest: r.next(limit)} } }
	out.ages = decodeLines(&r, 2, upTo(math.MaxInt32))
	out.repeats = decodeLines(&r, 2, upTo(math.MaxUint32))
	if r.bad {
		return nil, errDamaged
	}
	*h = out
	return r.b, nil
}
