package recalc

import (
	"maps"
	"math"
	"slices"

	"liuke/shared/churn"
	"liuke/shared/clv"
	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/rfm"
	"liuke/shared/segment"
)

// Fit is what a population teaches about each of its customers.
type Fit struct {
	Customers   int64         `json:"customers"`
	Approximate int64         `json:"approximate,omitempty"`
	Cuts        rfm.Cuts      `json:"cuts"`            // of tiles, the values of their borders
	Tiles       *rfm.TilePlan `json:"tiles,omitempty"` // with NTile; whole once it has no splits
	Bins        rfm.Bins      `json:"bins"`            // how the customers fall into the cuts, for the next run to compare with
	Drift       *rfm.Drift    `json:"drift,omitempty"` // since the run that stood; nil where there was none
	Quantiles   []CutPoint    `json:"quantiles"`       // that segment models compare with
	Models      Models        `json:"models"`
	// Since is the day of the run that stood, and After whether there was one: occasions since then are told.
	Since customer.Day `json:"since,omitempty"`
	After bool         `json:"after,omitempty"`
	// Versions are those of the segment models, and Sources a hash of each one's text, for a version may be written twice,
	// and under riskSource of the weights and levels of risk. Edited are those that were others in the run that stood:
	// labels and bands move because they did, which nobody is told.
	Versions map[string]int    `json:"versions"`
	Sources  map[string]string `json:"sources"`
	Edited   []string          `json:"edited,omitempty"`
}

// CutPoint is a quantile that segment models ask for, in the input's own unit.
type CutPoint struct {
	segment.Quantile
	Value float64 `json:"value"`
}

// Models are the fitted models; where one was refused, the reason stands in its place.
type Models struct {
	Customers    int64           `json:"customers"`         // that the models are fitted on; see Population
	Orders       clv.OrdersFit   `json:"orders"`            // the terms' model, else the other one
	Instead      string          `json:"instead,omitempty"` // why Orders is not the terms' model
	Spend        *clv.GammaGamma `json:"spend,omitempty"`
	SpendRefused string          `json:"spend_refused,omitempty"`
	Groups       *clv.GroupFits  `json:"groups,omitempty"` // nil where Ungrouped
	Rhythm       *churn.Prior    `json:"rhythm,omitempty"`
	NoRhythm     string          `json:"rhythm_refused,omitempty"`
	// Before and BeforeSpend are fitted on what was known HoldoutDays before the day, for the calibration.
	Before      clv.OrdersFit   `json:"before"`
	BeforeSpend *clv.GammaGamma `json:"before_spend,omitempty"`
}

// FitOf fits the cuts and models of a population, and compares them with the run that stood, nil for none. A model that
// the data do not determine is refused with its reason; that is no error.
func FitOf(t *Terms, o *Options, s *Summary, stood *Run) (*Fit, error) {
	f := &Fit{Customers: s.Customers, Approximate: s.Approximate, Versions: o.Models.Versions(), Sources: o.sources()}
	switch t.Binning {
	case Fixed:
		f.Cuts = *t.Cuts
	case NTile:
		f.Tiles = s.RFM.Tiles(bins)
		f.Cuts = f.Tiles.Tiles.Cuts()
	default:
		f.Cuts = s.RFM.Quantiles(bins)
	}
	f.Bins = s.RFM.Bins(&f.Cuts)
	if stood != nil && stood.Fit != nil && stood.Terms.AsOf <= t.AsOf {
		f.Since, f.After = stood.Terms.AsOf, true
		for _, name := range slices.Sorted(maps.Keys(f.Sources)) {
			if stood.Fit.Sources[name] != f.Sources[name] {
				f.Edited = append(f.Edited, name)
			}
		}
		now := s.RFM.Bins(&stood.Fit.Cuts)
		d := rfm.DriftOf(&rfm.Reading{Cuts: stood.Fit.Cuts, Bins: stood.Fit.Bins}, &f.Cuts, &now, o.Defaults.Drift)
		f.Drift = &d
	}
	for _, q := range o.Models.Quantiles() {
		if v, ok := quantileOf(&s.RFM, q, minorUnits(t.Currency)); ok {
			f.Quantiles = append(f.Quantiles, CutPoint{q, v})
		}
	}
	var err error
	f.Models, err = modelsOf(t, s)
	return f, err
}

// perMille is how finely segment models name shares: in thousandths of a percent.
const perMille = 100_000

func share(p float64) int { return int(math.Round(p * perMille)) }

func quantileOf(c *rfm.Counts, q segment.Quantile, minor int64) (float64, bool) {
	var tally *rfm.Tally
	over := int64(1)
	switch q.Input {
	case segment.RecencyDays:
		tally = &c.Recency
	case segment.Frequency:
		tally = &c.Frequency
	case segment.Monetary:
		tally, over = &c.Monetary, minor
	default:
		return 0, false
	}
	cut, ok := tally.Quantile(share(q.P), perMille)
	if !ok {
		return 0, false
	}
	return cut.Over(over), true
}

// cuts returns the quantiles as segment models ask for them.
func (f *Fit) cuts() segment.Cuts {
	return func(in segment.Input, p float64) (float64, bool) {
		for _, q := range f.Quantiles {
			if q.Input == in && q.P == p {
				return q.Value, true
			}
		}
		return 0, false
	}
}

func modelsOf(t *Terms, s *Summary) (m Models, err error) {
	all := s.Groups.All()
	m.Customers, _ = all.Customers()
	if m.Orders, m.Instead, err = ordersOf(all, t.Model); err != nil {
		return m, err
	}
	used := t.Model
	if fitted := m.Orders.Orders(); fitted != nil {
		used = fitted.Model()
	}
	if m.Spend, m.SpendRefused, err = refused(clv.FitGammaGamma(all, minorUnits(t.Currency))); err != nil {
		return m, err
	}
	if t.GroupedBy != Ungrouped && t.GroupedBy != "" {
		if m.Groups, err = s.Groups.Fit(used, minorUnits(t.Currency)); err != nil {
			return m, err
		}
	}
	if m.Rhythm, m.NoRhythm, err = refused(churn.FitRhythm(&s.Rhythm)); err != nil {
		return m, err
	}
	if m.Before, err = clv.FitOrders(&s.Before, used); err != nil {
		return m, err
	}
	m.BeforeSpend, _, err = refused(clv.FitGammaGamma(&s.Before, minorUnits(t.Currency)))
	return m, err
}

// ordersOf fits a model of orders, or, where the data do not determine it, the other one, and says why: the two fit most
// populations alike, and whoever was forecast last night is to be forecast tonight. Where neither can be fitted, the
// refusal is that of the model that was asked for.
func ordersOf(c *clv.Counts, model clv.Model) (fit clv.OrdersFit, instead string, err error) {
	if fit, err = clv.FitOrders(c, model); err != nil || fit.Refused == "" {
		return fit, "", err
	}
	other := clv.ModelMBGNBD
	if model == other {
		other = clv.ModelBGNBD
	}
	second, err := clv.FitOrders(c, other)
	if err != nil || second.Refused != "" {
		return fit, "", err
	}
	return second, fit.Refused, nil
}

// refused turns the Conflict of a fit into its reason.
func refused[M any](model M, err error) (fitted *M, reason string, other error) {
	switch {
	case err == nil:
		return &model, "", nil
	case fault.CodeOf(err) == fault.Conflict:
		return nil, err.Error(), nil
	}
	return nil, "", err
}

// Limits of what a worker holds of a population, whatever its size.
const (
	// maxValues is how many different amounts are tallied at once; beyond, cuts take a second look at the parts.
	maxValues = 4_000_000
	// maxModelled is on how many customers models are fitted: of more, on those of parts that are spread evenly.
	// A standard error is then a few thousandths of a parameter, far below what tells populations apart.
	maxModelled = 4_000_000
)

// Population gathers the summaries of all parts of a run in bounded memory. They are added part by part, in the same order
// each time; where Again then says so, all of them must be added once more.
type Population struct {
	Summary
	terms     *Terms
	options   *Options
	stood     *Run
	stride    int // every stride-th part is modelled
	added     int
	second    bool
	collapsed bool
	whole     rfm.Bands
	most      int // maxValues
}

// NewPopulation returns the empty population of a run of so many customers; stood is the run that stands, nil for none.
func NewPopulation(t *Terms, o *Options, stood *Run, customers int) *Population {
	stride := max(1, (customers+maxModelled-1)/maxModelled)
	return &Population{terms: t, options: o, stood: stood, stride: stride, most: maxValues}
}

// Add adds the summary of the next part.
func (p *Population) Add(s *Summary) {
	if p.second {
		p.RFM.Monetary.Merge(&s.RFM.Monetary)
	} else {
		p.mergeScores(s)
		if p.added%p.stride == 0 {
			p.mergeModels(s)
		}
	}
	p.added++
	if p.RFM.Monetary.Len() > p.most {
		p.RFM.Monetary.Collapse(p.whole)
		p.collapsed = true
	}
}

// Again reports whether all parts must be added once more, since there were more different amounts than are tallied at
// once. It is to be asked after each time that all were added.
func (p *Population) Again() bool {
	if p.second || !p.collapsed {
		return false
	}
	p.second, p.added = true, 0
	p.whole = rfm.Bands{}
	n := p.RFM.N()
	for k := 1; k < bins; k++ {
		p.RFM.Monetary.Bands(p.whole, rfm.QuantileRanks(n, k, bins)...)
	}
	p.RFM.Monetary.TileBands(bins, false, p.whole)
	for _, q := range p.options.Models.Quantiles() {
		if q.Input == segment.Monetary {
			p.RFM.Monetary.Bands(p.whole, rfm.QuantileRanks(n, share(q.P), perMille)...)
		}
	}
	if p.terms.Cuts != nil {
		p.whole.AddCuts(p.terms.Cuts.Monetary)
	}
	if p.stood != nil && p.stood.Fit != nil {
		p.whole.AddCuts(p.stood.Fit.Cuts.Monetary)
	}
	p.RFM.Monetary = rfm.Tally{}
	return true
}

// Fit fits the population.
func (p *Population) Fit() (*Fit, error) { return FitOf(p.terms, p.options, &p.Summary, p.stood) }
