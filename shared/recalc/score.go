package recalc

import (
	"encoding/json"

	"liuke/shared/clv"
	"liuke/shared/customer"
	"liuke/shared/rfm"
	"liuke/shared/segment"
	"liuke/shared/signal"
)

// Scorer scores the rows of a run. It is not safe for concurrent use.
type Scorer struct {
	run      *Run
	scorer   *rfm.Scorer
	model    *segment.Model
	labeler  *segment.Labeler
	terciles []rfm.Cut
	forecast *clv.Forecaster // nil without BG/NBD
	minor    int64
}

// NewScorer returns the scorer of a run that has its fit.
func NewScorer(run *Run) *Scorer {
	s := &Scorer{
		run:      run,
		scorer:   run.Fit.Cuts.Scorer(),
		model:    segment.RFM10(),
		labeler:  segment.RFM10().Compile(nil),
		terciles: run.Fit.Terciles.Monetary,
		minor:    minorUnits(run.Terms.Currency),
	}
	if m := run.Fit.Models; m.BGNBD != nil {
		s.forecast = clv.NewForecaster(m.BGNBD, m.GammaGamma, ForecastDays, horizon())
	}
	return s
}

// Line is a run's verdict on a customer.
type Line struct {
	ID       customer.ID
	In       bool // had an order by the day; value, scores and forecast are only then set
	Value    rfm.Value
	Scores   customer.Scores
	Forecast clv.Forecast // NaN throughout without BG/NBD
	// Approximate says that the history is kept by month in part.
	Approximate bool
	From        customer.Scores // what stood at the snapshot
}

// Score returns the verdict on a row. It returns an Internal error where the row is damaged.
func (s *Scorer) Score(r *Row) (Line, error) {
	var h customer.History
	if err := h.UnmarshalBinary(r.History); err != nil {
		return Line{}, err
	}
	line := Line{ID: r.ID, From: r.Standing, Approximate: h.Approximate(), Forecast: clv.NoForecast()}
	line.Value, line.In = s.run.Terms.window().Of(&h)
	line.Scores.Run = s.run.Started.UnixMilli()
	if !line.In {
		return line, nil
	}
	x, spend, _ := clv.Of(&h, s.run.Terms.AsOf)
	if s.forecast != nil {
		line.Forecast = s.forecast.Of(x, spend, s.minor)
	}
	scores := s.scorer.Score(line.Value)
	facts := segment.Missing()
	facts[segment.R], facts[segment.F], facts[segment.M] = float64(scores.R), float64(scores.F), float64(scores.M)
	facts[segment.Frequency] = float64(line.Value.Frequency)
	line.Scores = customer.Scores{
		R: int(scores.R), F: int(scores.F), M: int(scores.M),
		Segment: string(s.labeler.Label(&facts, segment.Labels{}).Get(s.model.Name)),
		Risk:    risk(line.Forecast.Alive, x.X, r.Standing.Risk),
		Value:   value(line.Value.Monetary, s.terciles, r.Standing.Value),
		Run:     line.Scores.Run,
	}
	return line, nil
}

// Differs reports whether the verdict is another than the one that stood, by whichever run it was given. A customer who
// has no order any more differs while scores stand.
func (l *Line) Differs() bool {
	a, b := l.Scores, l.From
	a.Run, b.Run = 0, 0
	return a != b
}

// Moved reports whether the label is another than the one that stood, where one stood.
func (l *Line) Moved() bool {
	return l.In && l.From.Segment != "" && l.From.Segment != l.Scores.Segment
}

// Signal returns what outreach is told of a customer who moved. Run and model make its id, so that it is the same when
// it is sent again.
func (s *Scorer) Signal(l *Line) (signal.Signal, error) {
	data, err := json.Marshal(signal.SegmentData{Run: s.run.ID, Model: s.model.Name, From: l.From.Segment, To: l.Scores.Segment})
	return signal.Signal{
		ID:       signal.SegmentID(s.run.ID, s.model.Name),
		Kind:     signal.SegmentChanged,
		Customer: l.ID,
		Time:     s.run.Started,
		Data:     data,
	}, err
}
