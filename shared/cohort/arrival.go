package cohort

import (
	"cmp"
	"encoding/binary"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode"

	"liuke/shared/customer"
)

const (
	// Unknown is the channel of customers of whom none is known.
	Unknown = "unknown"
	// Other is the channel that stands for all that are not told apart.
	Other = "other"

	// MaxNames is how many channels are counted apart, MaxChannels how many a report names, the biggest.
	MaxNames    = 256
	MaxChannels = 64

	maxNameBytes = 2 * customer.MaxChannelBytes // lower case may be longer
)

// ChannelName is the name under which a channel counts: in lower case, without spaces around it or control characters;
// Unknown for none.
func ChannelName(s string) string {
	s = strings.ToLower(strings.TrimSpace(strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, s)))
	if s == "" || len(s) > maxNameBytes {
		return Unknown
	}
	return s
}

// Arrival is what the customers of one channel who first ordered in one month came to until the day. Sums wrap around
// at the ends of int64 as a history's do.
type Arrival struct {
	Customers    int64
	FirstRevenue int64 // of the days of their first orders, minor units, net of refunds
	Orders       int64 // to date
	Net          int64 // to date, minor units, net of refunds
	Days         int64 // from each one's first order to the day
	Valued       int64 // customers for whom a model told the value still to come
	Value        int64 // the sum of theirs, each rounded to minor units
}

func (a *Arrival) add(o Arrival) {
	a.Customers += o.Customers
	a.FirstRevenue += o.FirstRevenue
	a.Orders += o.Orders
	a.Net += o.Net
	a.Days += o.Days
	a.Valued += o.Valued
	a.Value += o.Value
}

func (a *Arrival) fields() []*int64 {
	return []*int64{&a.Customers, &a.FirstRevenue, &a.Orders, &a.Net, &a.Days, &a.Valued, &a.Value}
}

// Arrivals are new customers by month and channel. The zero value is of nobody. It counts MaxNames channels apart: where
// there are more, those of the shortest names (of one length, the first in the alphabet; Unknown before all), since
// what has more values than that is no channel but an id, which is long. Which they are depends on the set of all names
// alone, so that arrivals merge in any order and grouping. It is not safe for concurrent use.
type Arrivals struct {
	channels map[string]map[customer.Month]Arrival
	names    []string                   // of channels, by rank
	pooled   map[customer.Month]Arrival // of the names beyond
}

// rank orders names by their claim to be counted apart.
func rank(a, b string) int {
	if a == Unknown || b == Unknown {
		return cmp.Compare(claim(a), claim(b))
	}
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

func claim(name string) int {
	if name == Unknown {
		return 0
	}
	return 1
}

// Add counts a customer who came through a channel by what was ordered until the end of a day; one without an order by
// then has not arrived. The forecast is the value still to come in major units, of which so many minor ones are one;
// NaN where no model tells.
func (a *Arrivals) Add(h *customer.History, channel string, forecast float64, minor int64, asOf customer.Day) {
	var row Arrival
	var first customer.Day
	for p := range h.Days() {
		if p.Day > asOf {
			break
		}
		row.Orders += p.Orders
		row.Net += p.Net
		if row.Customers == 0 && p.Orders > 0 {
			row.Customers, first = 1, p.Day
		}
		if row.Customers == 0 || p.Day == first {
			row.FirstRevenue = row.Net
		}
	}
	if row.Customers == 0 {
		return
	}
	row.Days = int64(asOf - first)
	if value := math.RoundToEven(forecast * float64(minor)); math.Abs(value) < 1<<53 {
		row.Valued, row.Value = 1, int64(value)
	}
	month := customer.MonthOf(first)
	if month <= customer.MonthOf(asOf)-Kept {
		month = Earlier
	}
	a.put(ChannelName(channel), month, row)
}

// put adds a row under a name, or to the pool where the name is beyond those that are counted apart.
func (a *Arrivals) put(name string, month customer.Month, row Arrival) {
	a.init()
	if _, known := a.channels[name]; !known {
		if !a.admit(name) {
			addTo(a.pooled, month, row)
			return
		}
	}
	addTo(a.channels[name], month, row)
}

// admit makes room for a name, and reports whether it is counted apart.
func (a *Arrivals) admit(name string) bool {
	i, _ := slices.BinarySearchFunc(a.names, name, rank)
	if i == MaxNames {
		return false
	}
	a.names = slices.Insert(a.names, i, name)
	a.channels[name] = make(map[customer.Month]Arrival)
	if len(a.names) > MaxNames {
		last := a.names[MaxNames]
		for month, row := range a.channels[last] {
			addTo(a.pooled, month, row)
		}
		delete(a.channels, last)
		a.names = a.names[:MaxNames]
	}
	return true
}

func addTo(rows map[customer.Month]Arrival, month customer.Month, row Arrival) {
	sum := rows[month]
	sum.add(row)
	rows[month] = sum
}

func (a *Arrivals) init() {
	if a.channels == nil {
		a.channels, a.pooled = make(map[string]map[customer.Month]Arrival), make(map[customer.Month]Arrival)
	}
}

// Merge adds what o counts; o stays as it was.
func (a *Arrivals) Merge(o *Arrivals) {
	a.init()
	for name, rows := range o.channels {
		for month, row := range rows {
			a.put(name, month, row)
		}
	}
	for month, row := range o.pooled {
		addTo(a.pooled, month, row)
	}
}

// ArrivalRow is an Arrival with its month, which may be Earlier, and channel.
type ArrivalRow struct {
	Month   customer.Month
	Channel string
	Arrival
}

// Rows lists the arrivals by month and channel. The named channels stay apart; of the others, the MaxChannels with the
// most customers (of two alike, the first in the alphabet), and the rest is Other.
func (a *Arrivals) Rows(named ...string) []ArrivalRow {
	size := make(map[string]int64, len(a.names))
	var others []string
	for _, name := range a.names {
		for _, row := range a.channels[name] {
			size[name] += row.Customers
		}
		if !slices.Contains(named, name) {
			others = append(others, name)
		}
	}
	slices.SortFunc(others, func(x, y string) int { return cmp.Or(cmp.Compare(size[y], size[x]), cmp.Compare(x, y)) })
	small := others[min(MaxChannels, len(others)):]
	type key struct {
		month   customer.Month
		channel string
	}
	sums := make(map[key]Arrival)
	put := func(channel string, rows map[customer.Month]Arrival) {
		for month, row := range rows {
			sum := sums[key{month, channel}]
			sum.add(row)
			sums[key{month, channel}] = sum
		}
	}
	for _, name := range a.names {
		if slices.Contains(small, name) {
			put(Other, a.channels[name])
		} else {
			put(name, a.channels[name])
		}
	}
	put(Other, a.pooled)
	out := make([]ArrivalRow, 0, len(sums))
	for _, k := range sorted(sums, func(x, y key) int { return cmp.Or(cmp.Compare(x.month, y.month), cmp.Compare(x.channel, y.channel)) }) {
		out = append(out, ArrivalRow{Month: k.month, Channel: k.channel, Arrival: sums[k]})
	}
	return out
}

// AppendBinary appends the arrivals in a form that depends on what was counted alone: the channels by rank, each its name
// and its months, then the pool. The error is always nil.
func (a *Arrivals) AppendBinary(b []byte) ([]byte, error) {
	b = binary.AppendUvarint(b, uint64(len(a.names)))
	for _, name := range a.names {
		b = append(binary.AppendUvarint(b, uint64(len(name))), name...)
		b = appendRows(b, a.channels[name])
	}
	return appendRows(b, a.pooled), nil
}

func appendRows(b []byte, rows map[customer.Month]Arrival) []byte {
	b = binary.AppendUvarint(b, uint64(len(rows)))
	for _, month := range slices.Sorted(maps.Keys(rows)) {
		b = binary.AppendVarint(b, int64(month))
		row := rows[month]
		for _, v := range row.fields() {
			b = binary.AppendVarint(b, *v)
		}
	}
	return b
}

// Decode reads arrivals from the front of b and returns the rest. It returns an Internal error for what AppendBinary did
// not write, and then leaves a as it was.
func (a *Arrivals) Decode(b []byte) (rest []byte, err error) {
	r := reader{b: b}
	var out Arrivals
	out.init()
	n := r.entries(2)
	r.require(n <= MaxNames)
	for range n {
		if r.bad {
			break
		}
		name := r.text(maxNameBytes)
		r.require(name == ChannelName(name) && (len(out.names) == 0 || rank(out.names[len(out.names)-1], name) < 0))
		out.names = append(out.names, name)
		out.channels[name] = r.rows()
		r.require(len(out.channels[name]) > 0)
	}
	out.pooled = r.rows()
	r.require(len(out.pooled) == 0 || n == MaxNames)
	if r.bad {
		return nil, errDamaged
	}
	*a = out
	return r.b, nil
}

func (r *reader) rows() map[customer.Month]Arrival {
	rows := make(map[customer.Month]Arrival)
	before := Earlier - 1
	for range r.entries(8) {
		month := r.month()
		r.require(month > before)
		before = month
		var row Arrival
		for _, v := range row.fields() {
			*v = r.varint()
		}
		r.require(row.Customers > 0 && row.Valued >= 0 && row.Valued <= row.Customers && row.Days >= 0)
		if r.bad {
			break
		}
		rows[month] = row
	}
	return rows
}
