package customer

import (
	"encoding/binary"
	"iter"
	"math"
	"slices"
)

// ActivityMonths is for how many months back from the latest an Activity keeps counts by month.
const ActivityMonths = 60

// MonthCount is how many events a customer caused in one month.
type MonthCount struct {
	Month  Month
	Events int64
}

// Activity counts what a customer did other than order, by month of the business's time zone. What is older than
// ActivityMonths before the latest month is one sum. It depends on the sum of what was added alone, never on the order.
// The zero value is no activity.
type Activity struct {
	earlier int64
	months  []MonthCount // ascending
}

// Add counts n events, more than none, in a month.
func (a *Activity) Add(m Month, n int64) {
	if n <= 0 {
		return
	}
	i, found := slices.BinarySearchFunc(a.months, m, func(c MonthCount, m Month) int { return int(c.Month) - int(m) })
	if found {
		a.months[i].Events += n
	} else {
		a.months = slices.Insert(a.months, i, MonthCount{m, n})
	}
	latest := a.months[len(a.months)-1].Month
	for a.months[0].Month <= latest-ActivityMonths {
		a.earlier += a.months[0].Events
		a.months = slices.Delete(a.months, 0, 1)
	}
}

// Merge adds what another activity counts. What is one sum in it is in the sum as well.
func (a *Activity) Merge(o *Activity) {
	for _, c := range o.months {
		a.Add(c.Month, c.Events)
	}
	a.earlier += o.earlier
}

// Months yields the counts of the months that have any, oldest first.
func (a *Activity) Months() iter.Seq[MonthCount] { return slices.Values(a.months) }

// In returns the count of one month; 0 where it is too long ago.
func (a *Activity) In(m Month) int64 {
	for _, c := range a.months {
		if c.Month == m {
			return c.Events
		}
	}
	return 0
}

// Total is the count of all that was ever added.
func (a *Activity) Total() int64 {
	n := a.earlier
	for _, c := range a.months {
		n += c.Events
	}
	return n
}

// Clone returns a copy that shares nothing with a.
func (a *Activity) Clone() Activity { return Activity{a.earlier, slices.Clone(a.months)} }

// Equal reports whether two activities count the same.
func (a *Activity) Equal(o *Activity) bool {
	return a.earlier == o.earlier && slices.Equal(a.months, o.months)
}

// MarshalBinary encodes an activity; none is no bytes at all. The error is always nil.
func (a *Activity) MarshalBinary() ([]byte, error) {
	if a.earlier == 0 && len(a.months) == 0 {
		return nil, nil
	}
	b := binary.AppendUvarint([]byte{encodingVersion}, uint64(a.earlier))
	b = binary.AppendUvarint(b, uint64(len(a.months)))
	var before int64
	for _, c := range a.months {
		b = binary.AppendVarint(b, int64(c.Month)-before)
		b = binary.AppendUvarint(b, uint64(c.Events))
		before = int64(c.Month)
	}
	return b, nil
}

// UnmarshalBinary decodes what MarshalBinary made. It returns an Internal error for anything else and then leaves a
// as it was.
func (a *Activity) UnmarshalBinary(b []byte) error {
	if len(b) == 0 {
		*a = Activity{}
		return nil
	}
	r := reader{b: b}
	r.version()
	earlier := r.uvarint()
	out := Activity{earlier: int64(earlier)}
	n := r.count(ActivityMonths)
	var at int64
	for i := range n {
		step, events := r.varint(), r.uvarint()
		if at += step; i > 0 && (step <= 0 || step >= ActivityMonths) || at < math.MinInt32 || at > math.MaxInt32 || events == 0 || events > math.MaxInt64 {
			r.fail()
		}
		if r.bad {
			break
		}
		out.months = append(out.months, MonthCount{Month(at), int64(events)})
	}
	if earlier > math.MaxInt64 || earlier > 0 && n == 0 || len(out.months) > 0 && at-int64(out.months[0].Month) >= ActivityMonths {
		r.fail()
	}
	if err := r.end("activity"); err != nil {
		return err
	}
	*a = out
	return nil
}
