package order

import (
	"cmp"
	"slices"

	"liuke/shared/money"
)

// Union returns the order that several records of the same order id make together: the record that all of their changes
// would have made, applied to one. A change that is in several of them counts once; the order of the records does not
// matter. Its Version is 0, for it is not what is stored; First and Rate are those of the record with the earliest
// placement. Where one event id stands for different things, the larger amount, the earlier day and the lower rate
// count.
//
// Records of different currencies cannot be added up: those in another currency than the earliest placement's give
// their changes' fingerprints, a cancellation and a whole refund, and no money. Without a placement it is the first
// currency in alphabetical order that counts. What is assumed gives way to what is named.
func Union(records ...Record) Record {
	var u Record
	for i := range records {
		if u.ID == "" {
			u.ID = records[i].ID
		}
	}
	u.Currency, u.Assumed = unionCurrency(records)
	for i := range records {
		r := records[i] // a copy
		if r.Assumed && r.Currency != u.Currency {
			r.respell(u.Currency)
		}
		u.Whole, u.Cancelled, u.Told = u.Whole || r.Whole, u.Cancelled || r.Cancelled, u.Told || r.Told
		u.Changes = append(u.Changes, r.Changes...)
		if r.Currency != "" && r.Currency != u.Currency {
			for _, refund := range r.Refunds {
				u.Changes = append(u.Changes, refund.By)
			}
			continue
		}
		u.Refunds = append(u.Refunds, r.Refunds...)
		u.place(&r)
		if r.TotalBy.Kind != 0 {
			u.settle(r.Total, r.TotalBy)
		}
	}
	u.compact()
	return u
}

// place takes another record's placement where it is earlier.
func (r *Record) place(o *Record) {
	switch {
	case !o.Placed:
	case !r.Placed || o.PlacedBy.before(r.PlacedBy):
		r.Placed, r.PlacedBy, r.Day, r.Rate, r.First = true, o.PlacedBy, o.Day, o.Rate, o.First
	case o.PlacedBy == r.PlacedBy: // the same event under two ids
		if o.Day < r.Day || o.Day == r.Day && o.Rate.Less(r.Rate) { // the rates were changed in between
			r.Day, r.Rate = o.Day, o.Rate
		}
		r.First = r.First || o.First
	}
}

// compact sorts what was remembered and keeps each change once.
func (r *Record) compact() {
	slices.SortFunc(r.Refunds, func(a, b Refund) int {
		if c := a.By.compare(b.By); c != 0 {
			return c
		}
		return cmp.Compare(b.Amount, a.Amount)
	})
	r.Refunds = slices.CompactFunc(r.Refunds, func(a, b Refund) bool { return a.By == b.By })
	slices.SortFunc(r.Changes, Fingerprint.compare)
	r.Changes = slices.Compact(r.Changes)
	r.Changes = slices.DeleteFunc(r.Changes, func(mark Fingerprint) bool {
		_, refunds := r.refundOf(mark)
		return refunds
	})
}

// unionCurrency is the currency that counts among several records, and whether it is but assumed.
func unionCurrency(records []Record) (currency money.Currency, assumed bool) {
	var by *Record
	for i := range records {
		r := &records[i]
		if r.Currency != "" && (by == nil || r.leads(by)) {
			by = r
		}
	}
	if by == nil {
		return "", false
	}
	return by.Currency, by.Assumed
}

// leads reports whether the currency of r goes before that of o.
func (r *Record) leads(o *Record) bool {
	if r.Assumed != o.Assumed {
		return o.Assumed
	}
	if r.Placed != o.Placed {
		return r.Placed
	}
	if r.Placed && r.PlacedBy != o.PlacedBy {
		return r.PlacedBy.before(o.PlacedBy)
	}
	return r.Currency < o.Currency
}
