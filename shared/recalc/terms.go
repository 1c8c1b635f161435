package recalc

import (
	"cmp"
	"encoding/json"
	"time"

	"liuke/shared/clv"
	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/holdout"
	"liuke/shared/money"
	"liuke/shared/request"
	"liuke/shared/rfm"
)

// Binning says where cut points come from.
type Binning string

// The binnings.
const (
	Quantile Binning = "quantile" // quintiles of the population: equal values share a score
	NTile    Binning = "ntile"    // fifths of the population, as SQL's NTILE has them
	Fixed    Binning = "fixed"    // the request's cuts
)

// bins is how many scores there are; the segment models name scores of 1 to 5.
const bins = 5

// DefaultWindowDays is the window of a run that names none.
const DefaultWindowDays = 365

const maxWindowDays = 36_525

// Request is what an operator asks for. What is absent is as the document "recalculation" has it, else as here.
type Request struct {
	AsOf       string       `json:"as_of"`       // YYYY-MM-DD; the end of that day; today
	WindowDays *int         `json:"window_days"` // 0 is the whole history; DefaultWindowDays
	Binning    Binning      `json:"binning"`     // quantile
	Cuts       *RequestCuts `json:"cuts"`        // with binning fixed alone: four ascending numbers each
	Model      clv.Model    `json:"model"`       // of orders; bg_nbd
	GroupedBy  GroupedBy    `json:"grouped_by"`  // none
	Apply      *bool        `json:"apply"`       // true for today, false for the past
}

// RequestCuts are cut points as the operator writes them: days, orders, and major units of money.
type RequestCuts struct {
	RecencyDays []json.Number `json:"recency_days"`
	Frequency   []json.Number `json:"frequency"`
	Monetary    []json.Number `json:"monetary"`
}

// ParseRequest reads a request's JSON, strictly: a JSON object, {} for the defaults. It returns an Invalid error that says
// what to change, with the pointer to the member at fault.
func ParseRequest(body []byte) (Request, error) {
	var r Request
	if err := request.Parse(body, &r); err != nil {
		return Request{}, err
	}
	return r, nil
}

// Settings are the business's own.
type Settings struct {
	Zone     *time.Location
	Currency money.Currency
	Holdout  holdout.Holdout // who gets no marketing, so that what it brings can be measured; operators may set another
}

// Terms are a request with everything settled.
type Terms struct {
	AsOf       customer.Day   `json:"as_of"`
	WindowDays int32          `json:"window_days"`
	Binning    Binning        `json:"binning"`
	Cuts       *rfm.Cuts      `json:"cuts,omitempty"` // with Fixed
	Apply      bool           `json:"apply"`          // whether standing scores and signals follow
	Currency   money.Currency `json:"currency"`
	Model      clv.Model      `json:"model"`
	GroupedBy  GroupedBy      `json:"grouped_by"`
	Holdout    Held           `json:"holdout,omitzero"`
}

// Held is the holdout as a run keeps it.
type Held struct {
	Salt  string  `json:"salt"`
	Share float64 `json:"share"`
}

// Terms settles a request at a moment. It returns an Invalid error at the field that is wrong.
func (r Request) Terms(now time.Time, s Settings, d Defaults) (Terms, error) {
	if err := r.check(d); err != nil {
		return Terms{}, err
	}
	today := customer.DayOf(now, s.Zone)
	t := Terms{
		AsOf: today, WindowDays: DefaultWindowDays, Currency: s.Currency,
		Model:     cmp.Or(r.Model, d.Model, clv.ModelBGNBD),
		GroupedBy: cmp.Or(r.GroupedBy, d.GroupedBy, Ungrouped),
		Holdout:   Held(s.Holdout),
	}
	if r.AsOf != "" {
		date, err := time.Parse(time.DateOnly, r.AsOf)
		if err != nil {
			return Terms{}, fault.At("/as_of", "as_of is a date such as 1998-06-30")
		}
		t.AsOf = customer.DayOf(date, time.UTC)
		if t.AsOf > today {
			return Terms{}, fault.At("/as_of", "as_of lies in the future: today is %s in the business's time zone", customer.DayTime(today).Format(time.DateOnly))
		}
		if t.AsOf < 0 {
			return Terms{}, fault.At("/as_of", "as_of lies before 1970")
		}
	}
	for _, days := range []*int{d.WindowDays, r.WindowDays} {
		if days != nil {
			t.WindowDays = int32(*days)
		}
	}
	t.Apply = t.AsOf == today
	if r.Apply != nil {
		t.Apply = *r.Apply
	}
	var err error
	t.Binning, t.Cuts, err = r.binning(s.Currency, d.Binning)
	return t, err
}

// check returns an Invalid error at a field that is wrong whenever it is asked.
func (r *Request) check(d Defaults) error {
	if r.WindowDays != nil && (*r.WindowDays < 0 || *r.WindowDays > maxWindowDays) {
		return fault.At("/window_days", "window_days is 0 for the whole history, or at most %d", maxWindowDays)
	}
	switch r.Model {
	case "", clv.ModelBGNBD, clv.ModelMBGNBD:
	default:
		return fault.At("/model", "model is %s or %s", clv.ModelBGNBD, clv.ModelMBGNBD)
	}
	switch r.GroupedBy {
	case "", Ungrouped, ByQuarter, ByChannel:
	default:
		return fault.At("/grouped_by", "grouped_by is %s, %s or %s", Ungrouped, ByQuarter, ByChannel)
	}
	switch cmp.Or(r.Binning, d.Binning) {
	case "", Quantile, NTile, Fixed:
		return nil
	}
	return fault.At("/binning", "binning is quantile, ntile or fixed")
}

func (r *Request) binning(c money.Currency, byDefault Binning) (Binning, *rfm.Cuts, error) {
	if r.Binning != Fixed {
		if r.Cuts != nil {
			return "", nil, fault.At("/cuts", "cuts go with binning fixed")
		}
		return cmp.Or(r.Binning, byDefault, Quantile), nil, nil
	}
	if r.Cuts == nil {
		return "", nil, fault.At("/cuts", "binning fixed needs cuts: recency_days, frequency and monetary")
	}
	var cuts rfm.Cuts
	for _, list := range []struct {
		name    string
		numbers []json.Number
		scale   int64
		to      *[]rfm.Cut
	}{
		{"recency_days", r.Cuts.RecencyDays, 1, &cuts.Recency},
		{"frequency", r.Cuts.Frequency, 1, &cuts.Frequency},
		{"monetary", r.Cuts.Monetary, minorUnits(c), &cuts.Monetary},
	} {
		if len(list.numbers) != bins-1 {
			return "", nil, fault.At("/cuts/"+list.name, "%s takes %d ascending numbers, and there are %d", list.name, bins-1, len(list.numbers))
		}
		for _, n := range list.numbers {
			cut, err := rfm.ParseCut(n.String(), list.scale)
			if err != nil {
				return "", nil, fault.At("/cuts/"+list.name, "%s", err.Error())
			}
			*list.to = append(*list.to, cut)
		}
	}
	return Fixed, &cuts, cuts.Validate()
}

// minorUnits is how many minor units make a major one.
func minorUnits(c money.Currency) int64 {
	n := int64(1)
	for range c.Exponent() {
		n *= 10
	}
	return n
}
