package money

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"liuke/shared/fault"
)

// Rates is the business's currency and what others are worth in it, by the day from which on.
type Rates struct {
	business Currency
	dated    map[Currency][]datedRate // ascending by day
	highest  map[Currency]Rate
}

type datedRate struct {
	from int32 // days since 1970-01-01
	rate Rate
}

// Only returns the rates of a business that takes its own currency alone.
func Only(business Currency) *Rates { return &Rates{business: business} }

// ParseRates reads a table of rates: {"USD":{"2026-01-01":"0.92"}} says that one unit of the currency is worth 0.92 of
// the business's from that day on. "" is a table without rates. It returns an Invalid error with the pointer into the
// table for anything else: what is no JSON object, members that occur twice, currencies that ISO 4217 does not have or
// that are the business's own, days that the calendar does not have, and rates that are not decimals over 0.
func ParseRates(text string, business Currency) (*Rates, error) {
	r := Only(business)
	if strings.TrimSpace(text) == "" {
		return r, nil
	}
	r.dated, r.highest = map[Currency][]datedRate{}, map[Currency]Rate{}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	err := members(d, "", func(code, pointer string) error {
		c, err := ParseCurrency(code)
		switch {
		case err != nil || string(c) != code:
			return fault.At(pointer, "a currency is an active ISO 4217 code of three capital letters")
		case c == business:
			return fault.At(pointer, "%s is the business's own currency: its rate is 1 by definition", c)
		}
		if err := members(d, pointer, func(day, pointer string) error { return r.read(d, c, day, pointer) }); err != nil {
			return err
		}
		if len(r.dated[c]) == 0 {
			return fault.At(pointer, "give the rate and the day from which on it holds: {\"2026-01-01\":\"0.92\"}")
		}
		slices.SortFunc(r.dated[c], func(a, b datedRate) int { return cmp.Compare(a.from, b.from) })
		return nil
	})
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fault.At("", "the rates are one JSON object, with nothing behind it")
	}
	return r, nil
}

// members reads an object and calls with each member's name and pointer, the decoder standing before its value.
func members(d *json.Decoder, at string, read func(name, pointer string) error) error {
	damaged := func() error {
		return fault.At(at, "the rates are a JSON object such as {\"USD\":{\"2026-01-01\":\"0.92\"}}")
	}
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return damaged()
	}
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return damaged()
		}
		pointer := at + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
		if seen[name] {
			return fault.At(pointer, "the member occurs twice")
		}
		seen[name] = true
		if err := read(name, pointer); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return damaged()
	}
	return nil
}

// read takes one dated rate of a currency.
func (r *Rates) read(d *json.Decoder, c Currency, day, pointer string) error {
	from, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return fault.At(pointer, "the day from which on a rate holds is spelled 2026-01-31")
	}
	t, err := d.Token()
	if err != nil {
		return fault.At(pointer, "the rates are not JSON")
	}
	var text string
	switch v := t.(type) {
	case string:
		text = v
	case json.Number:
		text = v.String()
	}
	rate, err := parseRate(text, r.business.Exponent()-c.Exponent())
	if err != nil {
		var f *fault.Error
		if errors.As(err, &f) {
			return fault.At(pointer, "%s", f.Message)
		}
		return err
	}
	if len(r.dated[c]) == 0 || r.highest[c].Less(rate) {
		r.highest[c] = rate
	}
	r.dated[c] = append(r.dated[c], datedRate{from: int32(from.Unix() / int64(24*time.Hour/time.Second)), rate: rate})
	return nil
}

// Business is the currency that the business counts in.
func (r *Rates) Business() Currency { return r.business }

// Knows reports whether a rate of the currency is known for any day.
func (r *Rates) Knows(c Currency) bool { return c == r.business || len(r.dated[c]) > 0 }

// Highest is the highest rate that is known of a currency on any day; the zero Rate, 1, where none is.
func (r *Rates) Highest(c Currency) Rate { return r.highest[c] }

// On returns the rate of a currency on a day, which is counted in whole days since 1970-01-01; false where the table
// begins later or does not have the currency. The business's own is 1 on every day.
func (r *Rates) On(c Currency, day int32) (Rate, bool) {
	if c == r.business {
		return Rate{}, true
	}
	dated := r.dated[c]
	i, found := slices.BinarySearchFunc(dated, day, func(d datedRate, day int32) int { return cmp.Compare(d.from, day) })
	if !found {
		i--
	}
	if i < 0 {
		return Rate{}, false
	}
	return dated[i].rate, true
}
