package recalc

import (
	"encoding/json"

	"liuke/shared/clv"
	"liuke/shared/cohort"
	"liuke/shared/economics"
	"liuke/shared/fault"
	"liuke/shared/holdout"
	"liuke/shared/occasion"
	"liuke/shared/segment"
)

// Result is what scoring a part, or merging parts, comes to.
type Result struct {
	Customers   int64
	Approximate int64
	Differing   int64 // whose scores, labels or band are others than stood
	Warnings    int64 // whose risk crossed a level upwards
	Risk        map[string]int64
	Occasions   map[occasion.Kind]int64
	Labels      segment.Tally
	Cohorts     cohort.Counts
	Arrivals    cohort.Arrivals
	Arms        holdout.Arms // in the time that the document of the economics has measured
	Calibration clv.Holdout
}

// Add counts a verdict of the scorer.
func (s *Scorer) Add(r *Result, l *Line) {
	if r.Risk == nil {
		r.Risk, r.Occasions, r.Labels = map[string]int64{}, map[occasion.Kind]int64{}, *s.options.Models.NewTally()
	}
	if l.Differs() {
		r.Differing++
	}
	for _, o := range l.Occasions {
		r.Occasions[o.Kind]++
	}
	if !l.In {
		return
	}
	asOf := s.run.Terms.AsOf
	r.Customers++
	if l.Approximate {
		r.Approximate++
	}
	r.Risk[l.Scores.Risk]++
	if s.warns(l) {
		r.Warnings++
	}
	r.Labels.Add(l.FromLabels, l.Labels, int64(l.Value.Frequency), l.Value.Monetary)
	r.Cohorts.Add(&l.history, asOf)
	r.Arrivals.Add(&l.history, channelOf(l), l.Forecast.Value, s.minor, asOf)
	if s.measured {
		r.Arms.Add(s.heldOut(), l.ID, &l.history, s.from, s.through)
	}
	if s.before != nil && s.split.Of(&l.history, asOf-HoldoutDays, HoldoutDays) {
		r.Calibration.Add(s.before.Of(s.split.Transactions, s.split.Spend, s.minor), &s.split, s.minor)
	}
}

// Merge adds another result; o stays as it was. It returns an Internal error where the two are of other models.
func (r *Result) Merge(o *Result) error {
	if r.Risk == nil {
		r.Risk, r.Occasions = map[string]int64{}, map[occasion.Kind]int64{}
	}
	r.Customers += o.Customers
	r.Approximate += o.Approximate
	r.Differing += o.Differing
	r.Warnings += o.Warnings
	for band, n := range o.Risk {
		r.Risk[band] += n
	}
	for kind, n := range o.Occasions {
		r.Occasions[kind] += n
	}
	r.Cohorts.Merge(&o.Cohorts)
	r.Arrivals.Merge(&o.Arrivals)
	r.Arms.Merge(&o.Arms)
	r.Calibration.Merge(&o.Calibration)
	return r.Labels.Merge(&o.Labels)
}

// resultJSON is a result as an object keeps it.
type resultJSON struct {
	Customers   int64                   `json:"customers"`
	Approximate int64                   `json:"approximate"`
	Differing   int64                   `json:"differing"`
	Warnings    int64                   `json:"warnings"`
	Risk        map[string]int64        `json:"risk"`
	Occasions   map[occasion.Kind]int64 `json:"occasions"`
	Labels      *segment.Tally          `json:"labels"`
	Packed      []byte                  `json:"packed"` // cohorts, arrivals, arms and calibration, one behind the other
}

// MarshalJSON encodes a result.
func (r *Result) MarshalJSON() ([]byte, error) {
	var packed []byte
	var err error
	for _, part := range []interface{ AppendBinary([]byte) ([]byte, error) }{&r.Cohorts, &r.Arrivals, &r.Arms, &r.Calibration} {
		if packed, err = part.AppendBinary(packed); err != nil {
			return nil, err
		}
	}
	return json.Marshal(resultJSON{r.Customers, r.Approximate, r.Differing, r.Warnings, r.Risk, r.Occasions, &r.Labels, packed})
}

// UnmarshalJSON decodes what MarshalJSON made. It returns an error for anything else.
func (r *Result) UnmarshalJSON(raw []byte) error {
	in := resultJSON{Labels: &segment.Tally{}}
	if err := json.Unmarshal(raw, &in); err != nil {
		return err
	}
	out := Result{
		Customers: in.Customers, Approximate: in.Approximate, Differing: in.Differing, Warnings: in.Warnings,
		Risk: in.Risk, Occasions: in.Occasions, Labels: *in.Labels,
	}
	rest := in.Packed
	var err error
	for _, part := range []interface{ Decode([]byte) ([]byte, error) }{&out.Cohorts, &out.Arrivals, &out.Arms, &out.Calibration} {
		if rest, err = part.Decode(rest); err != nil {
			return err
		}
	}
	if len(rest) > 0 {
		return fault.New(fault.Internal, "the result is damaged")
	}
	*r = out
	return nil
}

// Report is what a run that is done publishes in its record, beside its terms and fit; the rest is its Analysis.
type Report struct {
	Customers   int64                   `json:"customers"`
	Approximate int64                   `json:"approximate"`
	Differing   int64                   `json:"differing"`
	Warnings    int64                   `json:"warnings"`
	Risk        map[string]int64        `json:"risk"`
	Occasions   map[occasion.Kind]int64 `json:"occasions"`
	Segments    []segment.LabelTotals   `json:"segments"` // of the default model: those with customers
	Moves       []segment.Move          `json:"moves"`    // of labels that stood, where the run was applied
	Read        float64                 `json:"read_units"`
	Write       float64                 `json:"write_units"`
}

// Analysis is the object of a run that is done with all that its customers come to together.
type Analysis struct {
	Models      []segment.ModelTotals `json:"models"`
	Cohorts     *cohort.Report        `json:"cohorts"`
	Economics   *economics.Report     `json:"economics"`
	Calibration *clv.HoldoutReport    `json:"calibration"` // null without a model of what was known before
}

// ReportOf makes the report of a run from its merged results and what its slices consumed of the table of customers.
func ReportOf(run *Run, r *Result, progress []*Slice) *Report {
	out := &Report{
		Customers: r.Customers, Approximate: r.Approximate, Differing: r.Differing,
		Warnings: r.Warnings, Risk: r.Risk, Occasions: r.Occasions,
	}
	for _, m := range r.Labels.Models() {
		if m.Model != segment.Default {
			continue
		}
		for _, s := range m.Segments {
			if s.Customers > 0 {
				out.Segments = append(out.Segments, s)
			}
		}
		if run.Terms.Apply {
			out.Moves = m.Moves
		}
	}
	for _, s := range progress {
		out.Read += s.Read
		out.Write += s.Write
	}
	return out
}

// AnalysisOf makes the analysis of a run from its merged results.
func AnalysisOf(run *Run, o *Options, r *Result) (*Analysis, error) {
	a := &Analysis{Models: r.Labels.Models(), Cohorts: cohort.ReportOf(&r.Cohorts, run.Terms.AsOf, cohort.Monthly)}
	if !run.Terms.Apply {
		for i := range a.Models {
			a.Models[i].Moves = nil
		}
	}
	if before := run.Fit.Models.Before.Orders(); before != nil {
		c := r.Calibration.Report(before, HoldoutDays, minorUnits(run.Terms.Currency))
		a.Calibration = &c
	}
	var err error
	a.Economics, err = economics.ReportOf(economics.Input{
		Settings: o.Economics, Arrivals: &r.Arrivals, Arms: &r.Arms, AsOf: run.Terms.AsOf, ForecastMargin: o.Horizon().Margin,
	})
	return a, err
}
