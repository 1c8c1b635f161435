package recalc

import (
	"encoding/binary"

	"liuke/shared/clv"
	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/rfm"
)

// Summary is what the fit needs to know of some customers. Summaries merge, in any order and grouping, into that of
// all. The zero value is of nobody.
type Summary struct {
	Customers   int64 // with an order by the day
	Approximate int64 // of those, how many whose history is kept by month in part
	RFM         rfm.Counts
	CLV         clv.Counts
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
	s.Customers++
	if h.Approximate() {
		s.Approximate++
	}
	s.RFM.Add(v)
	x, spend, _ := clv.Of(&h, t.AsOf)
	s.CLV.Add(x, spend)
	return nil
}

func (t *Terms) window() rfm.Window { return rfm.Window{AsOf: t.AsOf, Days: t.WindowDays} }

// Merge adds what o says; o stays as it was.
func (s *Summary) Merge(o *Summary) {
	s.Customers += o.Customers
	s.Approximate += o.Approximate
	s.RFM.Merge(&o.RFM)
	s.CLV.Merge(&o.CLV)
}

const summaryVersion = 1

// MarshalBinary encodes a summary. The error is always nil.
func (s *Summary) MarshalBinary() ([]byte, error) {
	b := binary.AppendUvarint([]byte{summaryVersion}, uint64(s.Customers))
	b = binary.AppendUvarint(b, uint64(s.Approximate))
	b, _ = s.RFM.AppendBinary(b)
	return s.CLV.AppendBinary(b)
}

// UnmarshalBinary decodes what MarshalBinary made. It returns an Internal error for anything else.
func (s *Summary) UnmarshalBinary(b []byte) error {
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
	b, err := out.RFM.Decode(b)
	if err != nil {
		return err
	}
	if b, err = out.CLV.Decode(b); err != nil {
		return err
	}
	if len(b) > 0 {
		return damaged
	}
	*s = out
	return nil
}
