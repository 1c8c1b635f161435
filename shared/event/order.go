package event

import (
	"errors"
	"strings"
	"time"

	"liuke/shared/fault"
	"liuke/shared/money"
)

// Limits of an order.
const (
	MaxOrderIDBytes = 100
	// MaxTotal is the most that one order event may say, in minor units: millions of such orders still sum up within
	// an int64.
	MaxTotal money.Amount = 1_000_000_000_000
)

// Order is what an order event says.
type Order struct {
	ID string
	// Total is the order's worth where it was completed or updated, and what was given back where it was refunded; 0
	// where it was cancelled, or refunded as a whole. Between 0 and MaxTotal, in the business's currency as well.
	Total money.Amount
	// Currency is what Total is in; "" where the event names no amount.
	Currency money.Currency
	// Assumed says that an edit or a refund names no currency: it is in the order's, and Total is read as if that were
	// the business's, until it is known.
	Assumed bool
	// Whole says that the whole order was refunded: the event names no amount, which in Segment's specification is a
	// full refund.
	Whole bool
	// Day is the order's day (YYYY-MM-DD) where an imported event says it; "" means the day of the event's Time in
	// the business's time zone.
	Day string
}

// IsOrder reports whether track events of the name are about orders.
func IsOrder(name string) bool {
	switch name {
	case OrderCompleted, OrderUpdated, OrderRefunded, OrderCancelled:
		return true
	}
	return false
}

// OrderOf reads what an order event says, by Segment's Ecommerce specification: order_id; total, or revenue where
// there is no total; currency: where it is absent, an order is in the business's, and an edit or a refund in its
// order's. An imported event's property date is the order's
// day. It returns an Invalid error with the pointer to the property ("/properties/total"), for a currency without a
// rate too. Where an order's day is not said it depends on the business's time zone, which is not known here: a
// placement passes where a rate is known for the latest day that it can be.
func OrderOf(e *Event, rates *money.Rates) (Order, error) {
	s := newScanner(e.Properties)
	v, err := s.value()
	if err == nil {
		err = s.end()
	}
	if err != nil {
		return Order{}, err
	}
	return s.order(v, e, rates)
}

// orderDraft is the properties of an order event, not judged yet.
type orderDraft struct {
	id, total, revenue, currency, date value
}

func (s *scanner) order(properties value, e *Event, rates *money.Rates) (o Order, err error) {
	var d orderDraft
	if err := s.inside(properties, func(name string, v value) {
		switch name {
		case "order_id":
			d.id = v
		case "total":
			d.total = v
		case "revenue":
			d.revenue = v
		case "currency":
			d.currency = v
		case "date":
			d.date = v
		}
	}); err != nil {
		return o, err
	}
	if o.ID, err = s.orderID(d.id); err != nil {
		return o, err
	}
	currency, err := s.currency(d.currency, rates.Business())
	if err != nil {
		return o, err
	}
	if e.Import && !d.date.absent() {
		if o.Day, err = s.day(d.date, e.Time); err != nil {
			return o, err
		}
	}
	if e.Name == OrderRefunded {
		if err := d.unsaid(); err != nil {
			return o, err
		}
	}
	o.Whole = e.Name == OrderRefunded && d.total.absent() && d.revenue.absent()
	if e.Name == OrderCancelled || o.Whole {
		return o, nil // which names no amount, in whatever currency
	}
	if currency != rates.Business() && !rated(e, o.Day, currency, rates) {
		return o, UnknownRate(currency, rates)
	}
	o.Currency, o.Assumed = currency, d.currency.absent() && e.Name != OrderCompleted
	o.Total, err = s.total(d, currency, rates)
	return o, err
}

// unsaid returns an Invalid error where a refund's amount is null, which is what a calculation that failed becomes in
// JSON: only a refund that has no amount at all is of the whole order.
func (d *orderDraft) unsaid() error {
	if d.total.absent() && d.revenue.absent() && (d.total.kind != absentKind || d.revenue.kind != absentKind) {
		return fault.At("/properties/total", "total must be a number: leave it out where the whole order was given back")
	}
	return nil
}

// rated reports whether a rate is known for an order: of a placement for its day, of its edits, whose placement is not
// known here, for any day.
func rated(e *Event, day string, currency money.Currency, rates *money.Rates) bool {
	if e.Name != OrderCompleted {
		return rates.Knows(currency)
	}
	at := e.Time.Add(latestZone)
	if day != "" {
		at, _ = time.Parse(time.DateOnly, day) // which has been judged
	}
	_, known := rates.On(currency, int32(at.Unix()/secondsADay))
	return known
}

const (
	latestZone  = 14 * time.Hour // a day begins nowhere earlier than this before it does in UTC
	secondsADay = 24 * 60 * 60
)

// UnknownRate is the Invalid error of an order in a currency that no rate is known of for its day.
func UnknownRate(currency money.Currency, rates *money.Rates) error {
	if rates.Knows(currency) {
		return fault.At("/properties/currency", "no rate of %s is known for the order's day: the table in the setting \"rates\" begins later; add an earlier day, or convert the amount to %s",
			currency, rates.Business())
	}
	return fault.At("/properties/currency", "no rate of %s is known: add it to the setting \"rates\", or convert the amount to %s, which this business counts in",
		currency, rates.Business())
}

func (s *scanner) orderID(v value) (string, error) {
	const pointer = "/properties/order_id"
	if v.absent() {
		return "", fault.At(pointer, "an order event needs an order_id")
	}
	if v.kind == numberKind {
		if id, ok := wholeNumber(s.string(v)); ok {
			return id, nil
		}
	}
	id, err := s.word(v, MaxOrderIDBytes, pointer, "order_id")
	if err == nil && padded(id) {
		err = fault.At(pointer, "order_id must not begin or end with white space: trim it, or one order becomes two")
	}
	return id, err
}

// currency reads an event's currency, the business's own where it names none.
func (s *scanner) currency(v value, own money.Currency) (money.Currency, error) {
	const pointer = "/properties/currency"
	if v.absent() {
		return own, nil
	}
	if v.kind != '"' {
		return "", fault.At(pointer, "currency must be a string")
	}
	text := s.string(v)
	if len(text) == len(own) && strings.EqualFold(text, string(own)) {
		return own, nil
	}
	currency, err := money.ParseCurrency(text)
	if err != nil {
		return "", fault.At(pointer, "currency must be an active ISO 4217 code of three letters, such as %s", own)
	}
	return currency, nil
}

func (s *scanner) total(d orderDraft, currency money.Currency, rates *money.Rates) (money.Amount, error) {
	v, pointer, field := d.total, "/properties/total", "total"
	if v.absent() && !d.revenue.absent() {
		v, pointer, field = d.revenue, "/properties/revenue", "revenue"
	}
	switch {
	case v.absent():
		return 0, fault.At(pointer, "an order event needs a total (or revenue)")
	case v.kind != '"' && v.kind != numberKind:
		return 0, fault.At(pointer, "%s must be a number, or a string of one", field)
	}
	amount, err := currency.Parse(s.string(v))
	var f *fault.Error
	switch {
	case errors.As(err, &f):
		return 0, fault.At(pointer, "%s: %s", field, f.Message)
	case err != nil:
		return 0, err
	case amount < 0:
		return 0, fault.At(pointer, "%s must not be negative: money given back is an %s", field, OrderRefunded)
	case amount > MaxTotal:
		return 0, fault.At(pointer, "%s is over the most that an order may be worth, %s %s", field, currency.Format(MaxTotal), currency)
	case rates.Highest(currency).Convert(amount) > MaxTotal:
		return 0, fault.At(pointer, "%s is over the most that an order may be worth, %s %s", field, rates.Business().Format(MaxTotal), rates.Business())
	}
	return amount, nil
}

// day reads an imported order's day. It must be the timestamp's, give or take the time zones, so that no order is
// filed under a day that its time denies.
func (s *scanner) day(v value, happened time.Time) (string, error) {
	const pointer = "/properties/date"
	text := s.string(v)
	day, err := time.Parse(time.DateOnly, text)
	if v.kind != '"' || err != nil {
		return "", fault.At(pointer, "date must be a day such as \"2026-01-31\"")
	}
	if distance := happened.Sub(day); distance < -24*time.Hour || distance >= 48*time.Hour {
		return "", fault.At(pointer, "date must be the day of the timestamp, which must not lie in the future")
	}
	return text, nil
}
