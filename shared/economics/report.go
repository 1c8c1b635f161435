package economics

import (
	"encoding/json"

	"liuke/shared/cohort"
	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/holdout"
	"liuke/shared/money"
)

// Input is what a report is made from.
type Input struct {
	Settings       *Settings        // nil where there is no document
	Arrivals       *cohort.Arrivals // of all customers, as of the day
	ForecastMargin float64          // the margin that the arrivals' forecasts were made with
	Arms           *holdout.Arms    // over the time of Settings.Measured; zero where nothing is measured
	AsOf           customer.Day
}

// Report is the economics of the business as of a day, ready for JSON.
type Report struct {
	AsOf        string         `json:"as_of"`
	Currency    money.Currency `json:"currency"`
	Margin      float64        `json:"gross_margin"`
	Acquisition []Acquisition  `json:"acquisition"`
	Retention   *Retention     `json:"retention"`
	Curve       *Curve         `json:"curve"`
	NoCurve     string         `json:"no_curve,omitempty"` // why there is no curve
	Reason      string         `json:"reason,omitempty"`   // why there is no report
}

// ReportOf makes the report. Without settings there is nothing to weigh, and it says so.
func ReportOf(in Input) (*Report, error) {
	r := &Report{AsOf: customer.DayTime(in.AsOf).Format("2006-01-02"), Acquisition: []Acquisition{}}
	s := in.Settings
	if s == nil {
		r.Reason = "there is no document of costs and margin yet"
		return r, nil
	}
	r.Currency, r.Margin = s.Currency, s.Margin
	r.Acquisition = AcquisitionOf(s, in.Arrivals, in.ForecastMargin, in.AsOf)
	r.Retention = RetentionOf(s, in.Arms, in.AsOf)
	curve, err := FitCurve(s.History, s.Currency)
	switch {
	case fault.CodeOf(err) == fault.Conflict:
		r.NoCurve = err.Error()
	case err != nil:
		return nil, err
	default:
		r.Curve = curve
	}
	return r, nil
}

// JSON encodes the report.
func (r *Report) JSON() ([]byte, error) { return json.Marshal(r) }
