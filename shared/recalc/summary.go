package recalc

import (
	"encoding/binary"
	"fmt"

	"liuke/shared/churn"
	"liuke/shared/clv"
	"liuke/shared/cohort"
	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/rfm"
)

// HoldoutDays is how many of the last days a run's calibration holds out: it fits the models on what was known before
// them, and compares what they expected with what came.
const HoldoutDays = 90

// Summary is what the fit needs to know of some customers. Summaries merge, in any order and grouping, into that of
// all. The zero value is of nobody.
type Summary struct {
	Customers   int64 // with an order by the day
	Approximate int64 // of those, how many whose history is kept by month in part
	RFM         rfm.Counts
	Groups      clv.Groups         // by Terms.GroupedBy; one group where it is Ungrouped
	Before      clv.Counts         // as of HoldoutDays before the day
	Rhythm      churn.RhythmCounts // of purchases
}

// Summarize adds a row as of the terms' day.
func (s *Summary) Summarize(t *Terms, r *Row) error {
	var h customer.History
	if err := h.UnmarshalBinary(r.History); err != nil {
		return err
	}
	v, ok := t.window().Of(&h)
	if !ok {
		return nil
	}
	group, err := t.group(&h, r.Signs)
	if err != nil {
		return err
	}
	s.Customers++
	if h.Approximate() {
		s.Approximate++
	}
	s.RFM.Add(v)
	x, spend, _ := clv.Of(&h, t.AsOf)
	s.Groups.Add(group, x, spend)
	if x, spend, ok := clv.Of(&h, t.AsOf-HoldoutDays); ok {
		s.Before.Add(x, spend)
	}
	if p, ok := churn.PatternOf(&h, t.AsOf, 0); ok {
		s.Rhythm.Add(p)
	}
	return nil
}

func (t *Terms) window() rfm.Window { return rfm.Window{AsOf: t.AsOf, Days: t.WindowDays} }

// group returns the group of a customer who ordered by the day.
func (t *Terms) group(h *customer.History, signs []byte) (string, error) {
	switch t.GroupedBy {
	case ByQuarter:
		first, _ := firstOrder(h)
		return quarter(first), nil
	case ByChannel:
		var s customer.Signs
		err := s.UnmarshalBinary(signs)
		return cohort.ChannelName(s.Channel()), err
	}
	return "", nil
}

// firstOrder returns the first day with an order; false where there is none.
func firstOrder(h *customer.History) (first customer.Day, ok bool) {
	for p := range h.Days() {
		if p.Orders > 0 && (!ok || p.Day < first) {
			first, ok = p.Day, true
		}
	}
	return first, ok
}

func quarter(d customer.Day) string {
	y, m, _ := customer.DayTime(d).Date()
	return fmt.Sprintf("%dQ%d", y, (int(m)+2)/3)
}

// Merge adds what o says; o stays as it was.
func (s *Summary) Merge(o *Summary) {
	s.mergeScores(o)
	s.mergeModels(o)
}

// mergeScores adds what cuts depend on.
func (s *Summary) mergeScores(o *Summary) {
	s.Customers += o.Customers
	s.Approximate += o.Approximate
	s.RFM.Merge(&o.RFM)
}

// mergeModels adds what models depend on.
func (s *Summary) mergeModels(o *Summary) {
	s.Groups.Merge(&o.Groups)
	s.Before.Merge(&o.Before)
	s.Rhythm.Merge(&o.Rhythm)
}

const summaryVersion = 2

// MarshalBinary encodes a summary. The error is always nil.
func (s *Summary) MarshalBinary() ([]byte, error) {
	b := binary.AppendUvarint([]byte{summaryVersion}, uint64(s.Customers))
	b = binary.AppendUvarint(b, uint64(s.Approximate))
	b, _ = s.RFM.AppendBinary(b)
	b, _ = s.Groups.AppendBinary(b)
	b, _ = s.Before.AppendBinary(b)
	return s.Rhythm.AppendBinary(b)
}

// UnmarshalBinary decodes what MarshalBinary made. It returns an Internal error for anything else.
func (s *Summary) UnmarshalBinary(b []byte) (err error) {
	damaged := fault.New(fault.Internal, "the summary is cut short or damaged")
	if len(b) == 0 || b[0] != summaryVersion {
		return damaged
	}
	b = b[1:]
	var out Summary
	for _, to := range []*int64{&out.Customers, &out.Approximate} {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			return damaged
		}
		*to, b = int64(v), b[n:]
	}
	for _, part := range []interface {
		Decode([]byte) ([]byte, error)
	}{&out.RFM, &out.Groups, &out.Before, &out.Rhythm} {
		if b, err = part.Decode(b); err != nil {
			return err
		}
	}
	if len(b) > 0 {
		return damaged
	}
	*s = out
	return nil
}
