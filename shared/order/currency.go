package order

import (
	"slices"

	"liuke/shared/fault"
	"liuke/shared/money"
)

// Check returns the Invalid error with which Apply refuses a change for its currency: its amounts and the order's cannot
// be added up.
func (r *Record) Check(c Change) error {
	after := *r
	_, err := after.agree(c)
	return err
}

// agree brings a change and the record to one currency: what was assumed gives way to what is named. It returns the
// change as it is then.
func (r *Record) agree(c Change) (Change, error) {
	if c.Currency == "" {
		return c, nil
	}
	switch {
	case r.Currency == "" || r.Currency == c.Currency:
	case c.Assumed:
		total, ok := respell(c.Total, c.Currency, r.Currency)
		if !ok {
			return c, fault.At("/properties/total", "the order is in %s, and the amount has more decimals than that takes: name the currency", r.Currency)
		}
		c.Total, c.Currency = total, r.Currency
	case r.Assumed && r.respell(c.Currency):
	case c.Kind == Placed && !r.Placed:
		r.setAside()
	case r.Assumed:
		return c, fault.At("/properties/currency", "an earlier change of the order has more decimals than %s takes", c.Currency)
	default:
		return c, fault.At("/properties/currency", "the order is in %s: give this change's amount in %s as well, and name it", r.Currency, r.Currency)
	}
	r.Assumed = c.Assumed && (r.Currency == "" || r.Assumed)
	r.Currency = c.Currency
	return c, nil
}

// setAside lets the amounts that came before the order, in a currency that it turns out not to be in, count for nothing:
// they would be refused if they came after it. Their changes stay known.
func (r *Record) setAside() {
	r.Changes = slices.Clone(r.Changes)
	for _, refund := range r.Refunds {
		r.Changes = append(r.Changes, refund.By)
	}
	slices.SortFunc(r.Changes, Fingerprint.compare)
	r.Refunds, r.Total, r.TotalBy = nil, 0, Stamp{}
}

// respell takes the record's amounts, as they were written, for amounts of another currency. It reports whether each is
// one, and changes nothing where one is not.
func (r *Record) respell(to money.Currency) bool {
	total, ok := respell(r.Total, r.Currency, to)
	refunds := slices.Clone(r.Refunds)
	for i := range refunds {
		var fits bool
		refunds[i].Amount, fits = respell(refunds[i].Amount, r.Currency, to)
		ok = ok && fits
	}
	if ok {
		r.Total, r.Refunds, r.Currency = total, refunds, to
	}
	return ok
}

// respell returns the amount of another currency that is written with the same digits; false where that currency has
// too few decimals, or the amount is too large.
func respell(a money.Amount, from, to money.Currency) (money.Amount, bool) {
	for n := to.Exponent() - from.Exponent(); n != 0; {
		if n > 0 {
			if a*10/10 != a {
				return 0, false
			}
			a, n = a*10, n-1
			continue
		}
		if a%10 != 0 {
			return 0, false
		}
		a, n = a/10, n+1
	}
	return a, true
}
