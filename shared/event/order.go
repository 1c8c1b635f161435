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
	// where it was cancelled, or refunded as a whole. Between 0 and MaxTotal.
	Total money.Amount
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
// there is no total; currency, the business's where it is absent. An imported event's property date is the order's
// day. It returns an Invalid error with the pointer to the property ("/properties/total").
func OrderOf(e *Event, currency money.Currency) (Order, error) {
	s := newScanner(e.Properties)
	v, err := s.value()
	if err == nil {
		err = s.end()
	}
	if err != nil {
		return Order{}, err
	}
	return s.order(v, e, currency)
}

// orderDraft is the properties of an order event, not judged yet.
type orderDraft struct {
	id, total, revenue, currency, date value
}

func (s *scanner) order(properties value, e *Event, currency money.Currency) (o Order, err error) {
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
	if err := s.sameCurrency(d.currency, currency); err != nil {
		return o, err
	}
	o.Whole = e.Name == OrderRefunded && d.total.absent() && d.revenue.absent()
	if e.Name != OrderCancelled && !o.Whole {
		if o.Total, err = s.total(d, currency); err != nil {
			return o, err
		}
	}
	if e.Import && !d.date.absent() {
		o.Day, err = s.day(d.date, e.Time)
	}
	return o, err
}

func (s *scanner) orderID(v value) (string, error) {
	const pointer = "/properties/order_id"
	switch {
	case v.absent():
		return "", fault.At(pointer, "an order event needs an order_id")
	case v.kind == numberKind && isWhole(s.string(v)):
		return s.string(v), nil
	}
	return s.word(v, MaxOrderIDBytes, pointer, "order_id")
}

func (s *scanner) sameCurrency(v value, want money.Currency) error {
	const pointer = "/properties/currency"
	if v.absent() {
		return nil
	}
	if v.kind != '"' {
		return fault.At(pointer, "currency must be a string")
	}
	if text := s.string(v); len(text) != len(want) || !strings.EqualFold(text, string(want)) {
		return fault.At(pointer, "currency must be %s, the one that this business counts in: convert the amount, or leave the event out", want)
	}
	return nil
}

func (s *scanner) total(d orderDraft, currency money.Currency) (money.Amount, error) {
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

// track judges what a track event says.
func (t Tracking) track(s *scanner, d *draft, e *Event) (err error) {
	if e.Name, err = s.word(d.name, MaxNameBytes, "/event", "event"); err != nil {
		return err
	}
	switch {
	case e.Name == SurveyAnswered, e.Name == Unsubscribed:
		return fault.At("/event", "the event %q is kept for the suite itself: choose another name", e.Name)
	case IsOrder(e.Name):
		if d.properties.absent() {
			return fault.At("/properties", "an order event needs properties")
		}
		_, err = s.order(d.properties, e, t.Currency)
	}
	return err
}
