package economics

import (
	"fmt"
	"time"

	"liuke/shared/cohort"
	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/money"
	"liuke/shared/request"
)

// MaxEntries is how many entries each list of the document holds at most.
const MaxEntries = 10_000

// The defaults of what a document leaves out.
const (
	DefaultMonthly = .01
	DefaultYears   = 3
)

// document is the shape that operators write. Amounts are decimal text in major units, months YYYY-MM.
type document struct {
	Margin      *float64          `json:"gross_margin"`
	Monthly     *float64          `json:"monthly_discount"`
	Years       *float64          `json:"years_retained"`
	From        *string           `json:"holdout_from"`
	Acquisition []acquisitionCost `json:"acquisition"`
	Retention   []retentionCost   `json:"retention"`
	History     []point           `json:"history"`
}

type acquisitionCost struct {
	Month      string  `json:"month"`
	Channel    string  `json:"channel"`
	Marketing  *string `json:"marketing"`
	Sales      *string `json:"sales"`
	Operations *string `json:"operations"`
}

type retentionCost struct {
	Month string  `json:"month"`
	Cost  *string `json:"cost"`
}

type point struct {
	Spend  *string `json:"spend"`
	Margin *string `json:"incremental_margin"`
}

// ParseSettings reads an operator's document, strictly, with amounts in the business's currency. It returns an Invalid
// error that says what to change, with the pointer to the member at fault. The caller bounds its length.
func ParseSettings(body []byte, currency money.Currency) (*Settings, error) {
	var d document
	if err := request.Parse(body, &d); err != nil {
		return nil, err
	}
	p := parser{currency: currency}
	s := &Settings{Currency: currency, From: -1}
	if d.Margin == nil {
		p.fail("/gross_margin", "gross_margin is missing: the share of net revenue that is earned, such as 0.32")
	}
	s.Margin = p.number("/gross_margin", d.Margin, 0, "a share above 0 and at most 1", func(v float64) bool { return v > 0 && v <= 1 })
	s.Monthly = p.number("/monthly_discount", d.Monthly, DefaultMonthly, "a share from 0 to 1", func(v float64) bool { return v >= 0 && v <= 1 })
	s.Years = p.number("/years_retained", d.Years, DefaultYears, "above 0 and at most 50", func(v float64) bool { return v > 0 && v <= 50 })
	if d.From != nil {
		date, err := time.Parse(time.DateOnly, *d.From)
		if s.From = customer.DayOf(date, time.UTC); err != nil || s.From < 0 || date.Day() != 1 {
			p.fail("/holdout_from", "holdout_from is the first day of a month, since costs are by month, such as 2026-09-01")
		}
	}
	for i, n := range []int{len(d.Acquisition), len(d.Retention), len(d.History)} {
		if n > MaxEntries {
			p.fail([]string{"/acquisition", "/retention", "/history"}[i], "the list has %d entries: at most %d are kept", n, MaxEntries)
		}
	}
	p.costs(s, &d)
	if p.err != nil {
		return nil, p.err
	}
	return s, nil
}

// parser keeps the first mistake.
type parser struct {
	currency money.Currency
	err      error
}

func (p *parser) fail(at, format string, args ...any) {
	if p.err == nil {
		p.err = fault.At(at, format, args...)
	}
}

// number returns a number that is ok, or what it is where none is given.
func (p *parser) number(at string, v *float64, otherwise float64, form string, ok func(float64) bool) float64 {
	if v == nil {
		return otherwise
	}
	if !ok(*v) {
		p.fail(at, "%s is %s", at[1:], form)
	}
	return *v
}

func (p *parser) costs(s *Settings, d *document) {
	type key struct {
		month   customer.Month
		channel string
	}
	seen := make(map[key]int)
	for i, c := range d.Acquisition {
		at := fmt.Sprintf("/acquisition/%d", i)
		out := AcquisitionCost{Month: p.month(at+"/month", c.Month), Channel: cohort.ChannelName(c.Channel)}
		switch {
		case c.Channel == "":
			p.fail(at+"/channel", "channel is missing: name one, or %q for customers of whom none is known", cohort.Unknown)
		case len(c.Channel) > customer.MaxChannelBytes:
			p.fail(at+"/channel", "a channel's name is at most %d bytes long", customer.MaxChannelBytes)
		}
		k := key{out.Month, out.Channel}
		if first, twice := seen[k]; twice {
			p.fail(at, "this month and channel have their costs in entry %d already: add them up", first)
		}
		seen[k] = i
		out.Marketing = p.cost(at+"/marketing", c.Marketing)
		out.Sales = p.cost(at+"/sales", c.Sales)
		out.Operations = p.cost(at+"/operations", c.Operations)
		if c.Marketing == nil && c.Sales == nil && c.Operations == nil {
			p.fail(at, "the entry has no cost: give marketing, sales or operations, as text such as \"1200.00\"")
		}
		s.Acquisition = append(s.Acquisition, out)
	}
	months := make(map[customer.Month]int)
	for i, c := range d.Retention {
		at := fmt.Sprintf("/retention/%d", i)
		out := RetentionCost{Month: p.month(at+"/month", c.Month), Cost: p.needed(at+"/cost", c.Cost)}
		if first, twice := months[out.Month]; twice {
			p.fail(at, "this month has its cost in entry %d already: add them up", first)
		}
		months[out.Month] = i
		if out.Cost < 0 {
			p.fail(at+"/cost", "a cost is not below 0")
		}
		s.Retention = append(s.Retention, out)
	}
	for i, c := range d.History {
		at := fmt.Sprintf("/history/%d", i)
		out := Point{Spend: p.needed(at+"/spend", c.Spend), Margin: p.needed(at+"/incremental_margin", c.Margin)}
		if out.Spend < 0 {
			p.fail(at+"/spend", "a spend is not below 0")
		}
		s.History = append(s.History, out)
	}
}

func (p *parser) month(at, text string) customer.Month {
	t, err := time.Parse("2006-01", text)
	if err != nil || t.Year() < 1970 {
		p.fail(at, "a month is written as 2026-11")
		return 0
	}
	return customer.MonthOf(customer.DayOf(t, time.UTC))
}

// maxAmount bounds an amount, so that no sum of a document's amounts leaves an int64: 10 billion of a currency with
// four decimals.
const maxAmount = 1e14

// cost reads an amount that is not below 0; none is 0.
func (p *parser) cost(at string, text *string) money.Amount {
	if text == nil {
		return 0
	}
	a := p.needed(at, text)
	if a < 0 {
		p.fail(at, "a cost is not below 0")
	}
	return a
}

func (p *parser) needed(at string, text *string) money.Amount {
	if text == nil {
		p.fail(at, "the amount is missing: give it as text such as \"1200.00\"")
		return 0
	}
	a, err := p.currency.Parse(*text)
	if err != nil {
		p.fail(at, "%s", err)
	}
	if a > maxAmount || a < -maxAmount {
		p.fail(at, "the amount is too large")
	}
	return a
}
