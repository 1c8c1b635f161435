package recalc

import (
	"encoding/json"
	"time"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/money"
	"liuke/shared/request"
	"liuke/shared/rfm"
)

// Binning says where cut points come from.
type Binning string

// The binnings.
const (
	Quantile Binning = "quantile" // quintiles of the population
	Fixed    Binning = "fixed"    // the request's cuts
)

// bins is how many scores there are; the segment models name scores of 1 to 5.
const bins = 5

// DefaultWindowDays is the window of a run that names none.
const DefaultWindowDays = 365

const maxWindowDays = 36_525

// Request is what an operator asks for. What is absent is as the settings have it.
type Request struct {
	AsOf       string       `json:"as_of"`       // YYYY-MM-DD; the end of that day
	WindowDays *int         `json:"window_days"` // 0 is the whole history
	Binning    Binning      `json:"binning"`
	Cuts       *RequestCuts `json:"cuts"` // with binning fixed alone: four ascending numbers each
	Apply      *bool        `json:"apply"`
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
}

// Terms are a request with everything settled.
type Terms struct {
	AsOf       customer.Day   `json:"as_of"`
	WindowDays int32          `json:"window_days"`
	Binning    Binning        `json:"binning"`
	Cuts       *rfm.Cuts      `json:"cuts,omitempty"` // with Fixed
	Apply      bool           `json:"apply"`          // whether standing scores and signals follow
	Currency   money.Currency `json:"currency"`
}

// Terms settles a request at a moment. It returns an Invalid error at the field that is wrong.
func (r *Request) Terms(now time.Time, s Settings) (Terms, error) {
	today := customer.DayOf(now, s.Zone)
	t := Terms{AsOf: today, WindowDays: DefaultWindowDays, Binning: Quantile, Currency: s.Currency}
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
	if r.WindowDays != nil {
		if *r.WindowDays < 0 || *r.WindowDays > maxWindowDays {
			return Terms{}, fault.At("/window_days", "window_days is 0 for the whole history, or at most %d", maxWindowDays)
		}
		t.WindowDays = int32(*r.WindowDays)
	}
	t.Apply = t.AsOf == today
	if r.Apply != nil {
		t.Apply = *r.Apply
	}
	var err error
	t.Binning, t.Cuts, err = r.binning(s.Currency)
	return t, err
}

func (r *Request) binning(c money.Currency) (Binning, *rfm.Cuts, error) {
	switch r.Binning {
	case "", Quantile:
		if r.Cuts != nil {
			return "", nil, fault.At("/cuts", "cuts go with binning fixed")
		}
		return Quantile, nil, nil
	case "ntile":
		return "", nil, fault.At("/binning", "binning ntile is not available yet: quantile and fixed are")
	case Fixed:
	default:
		return "", nil, fault.At("/binning", "binning is quantile or fixed")
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
