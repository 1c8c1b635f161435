package recalc

import (
	"encoding/json"
	"math"
	"slices"
	"time"

	"liuke/shared/churn"
	"liuke/shared/clv"
	"liuke/shared/cohort"
	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/holdout"
	"liuke/shared/occasion"
	"liuke/shared/rfm"
	"liuke/shared/segment"
	"liuke/shared/signal"
)

// Scorer scores the rows of a run. It is not safe for concurrent use.
type Scorer struct {
	run      *Run
	options  *Options
	scorer   *rfm.Scorer
	labeler  *segment.Labeler
	churn    *churn.Scorer
	bands    *churn.Bands
	forecast map[string]*clv.Forecaster // by group; nil of one without a model
	before   *clv.Forecaster            // of what was known HoldoutDays before; nil without a model
	split    clv.Split
	since    customer.Day // of the run that stood
	from     customer.Day // since when the holdout is measured
	through  customer.Day
	measured bool
	zone     *time.Location
	minor    int64
}

// NewScorer returns the scorer of a run that has its fit, in the business's time zone.
func NewScorer(run *Run, o *Options, zone *time.Location) *Scorer {
	m := &run.Fit.Models
	s := &Scorer{
		run: run, options: o, zone: zone,
		scorer:   run.Fit.Cuts.Scorer(),
		labeler:  o.Models.Compile(run.Fit.cuts()),
		churn:    churn.NewScorer(o.Risk, m.Rhythm, run.Terms.AsOf),
		forecast: map[string]*clv.Forecaster{},
		since:    run.Terms.AsOf - 1,
		minor:    minorUnits(run.Terms.Currency),
	}
	s.bands = s.churn.Bands()
	if before := m.Before.Orders(); before != nil {
		s.before = clv.NewForecaster(before, m.BeforeSpend, HoldoutDays, s.options.Horizon())
	}
	if run.Fit.After {
		s.since = run.Fit.Since
	}
	if o.Economics != nil {
		s.from, s.through, s.measured = o.Economics.Measured(run.Terms.AsOf)
	}
	return s
}

// forecaster returns the forecaster of a group: by its own models, where it has such, else by those of all. It is nil
// where there is no model of orders.
func (s *Scorer) forecaster(group string) *clv.Forecaster {
	f, known := s.forecast[group]
	if known {
		return f
	}
	m := &s.run.Fit.Models
	orders, spend := m.Orders.Orders(), m.Spend
	if m.Groups != nil {
		own, ownSpend := m.Groups.Of(group)
		if own != nil {
			orders = own
		}
		if ownSpend != nil {
			spend = ownSpend
		}
	}
	if orders != nil {
		f = clv.NewForecaster(orders, spend, ForecastDays, s.options.Horizon())
	}
	s.forecast[group] = f
	return f
}

// Line is a run's verdict on a customer.
type Line struct {
	ID       customer.ID
	Customer string // the pseudonym
	In       bool   // had an order by the day; value, scores and forecast are only then set
	Value    rfm.Value
	Scores   customer.Scores
	Labels   segment.Labels
	Forecast clv.Forecast // NaN throughout without a model of orders
	Facts    segment.Facts
	Churn    churn.Verdict
	Channel  string // through which the customer came, "" for none that is known
	// Approximate says that the history is kept by month in part.
	Approximate bool
	From        customer.Scores // what stood at the snapshot
	FromLabels  segment.Labels
	Occasions   []occasion.Occasion // since the run that stood

	history customer.History
	group   string // by Terms.GroupedBy
}

// parsed is a row, decoded.
type parsed struct {
	history  customer.History
	activity customer.Activity
	signs    customer.Signs
	labels   segment.Labels // that stand
}

func parse(r *Row) (p parsed, err error) {
	if err = p.history.UnmarshalBinary(r.History); err != nil {
		return p, err
	}
	if err = p.activity.UnmarshalBinary(r.Activity); err != nil {
		return p, err
	}
	if err = p.signs.UnmarshalBinary(r.Signs); err != nil {
		return p, err
	}
	p.labels, err = segment.ParseLabels(r.Standing.Labels)
	return p, err
}

// Score returns the verdict on a row. It returns an Internal error where the row is damaged.
func (s *Scorer) Score(r *Row) (Line, error) {
	p, err := parse(r)
	if err != nil {
		return Line{}, fault.As(err, fault.Internal, "the customer's item is damaged")
	}
	line := Line{
		ID: r.ID, Customer: r.Customer, From: r.Standing, FromLabels: p.labels, Channel: p.signs.Channel(),
		Approximate: p.history.Approximate(), Forecast: clv.NoForecast(), Facts: segment.Missing(), history: p.history,
	}
	line.Scores.Run = s.run.Started.UnixMilli()
	if line.Value, line.In = s.run.Terms.window().Of(&p.history); line.In {
		if err := s.judge(&line, r, &p); err != nil {
			return Line{}, err
		}
	}
	if s.run.Terms.Apply {
		line.Occasions = occasion.Due(&occasion.Facts{
			Customer: r.ID, History: &p.history, Birthday: p.signs.Birthday, Seen: s.day(r.Last), Repurchase: line.Churn.Due,
		}, s.since, s.run.Terms.AsOf, &s.options.Occasions)
	}
	return line, nil
}

// day returns the day of a moment in Unix seconds; 0 for none.
func (s *Scorer) day(second int64) customer.Day {
	if second == 0 {
		return 0
	}
	return customer.DayOf(time.Unix(second, 0), s.zone)
}

// judge fills in what the run says of a customer who ordered by the day.
func (s *Scorer) judge(line *Line, r *Row, p *parsed) error {
	t := &s.run.Terms
	group, err := t.group(&p.history, r.Signs)
	if err != nil {
		return err
	}
	line.group = group
	scores := s.scores(line.Value, r.ID)
	x, spend, _ := clv.Of(&p.history, t.AsOf)
	evidence := churn.Evidence{Alive: math.NaN(), Seen: r.Seen, History: &p.history, Activity: &p.activity, Signs: &p.signs}
	if f := s.forecaster(group); f != nil {
		line.Forecast = f.Of(x, spend, s.minor)
		evidence.Alive, evidence.OneTimersLeave = line.Forecast.Alive, f.Model() == clv.ModelMBGNBD
	}
	line.Churn = s.churn.Of(&evidence)
	line.Facts = s.facts(line, scores, x, p, evidence.OneTimersLeave)
	line.Labels = s.labeler.Label(&line.Facts, p.labels)
	line.Scores = customer.Scores{
		R: int(scores.R), F: int(scores.F), M: int(scores.M),
		Segment: string(line.Labels.Get(segment.Default)),
		Labels:  line.Labels.String(),
		Risk:    s.bands.Of(line.Churn.Risk.Value, r.Standing.Risk),
		Run:     line.Scores.Run,
	}
	return nil
}

func (s *Scorer) scores(v rfm.Value, id customer.ID) rfm.Scores {
	if tiles := s.run.Fit.Tiles; tiles != nil {
		return tiles.Tiles.Score(v, rfm.Tie(id))
	}
	return s.scorer.Score(v)
}

// recentMonths is how many months count as lately: the day's own and those before it, of which the facts of 90 days are
// made, since activity is kept by month.
const recentMonths = 3

// facts are what segment models look at.
func (s *Scorer) facts(line *Line, scores rfm.Scores, x clv.Transactions, p *parsed, oneTimersLeave bool) segment.Facts {
	f := segment.Missing()
	asOf := s.run.Terms.AsOf
	month := customer.MonthOf(asOf)
	f[segment.R], f[segment.F], f[segment.M] = float64(scores.R), float64(scores.F), float64(scores.M)
	f[segment.RecencyDays], f[segment.Frequency] = float64(line.Value.Recency), float64(line.Value.Frequency)
	f[segment.Monetary] = float64(line.Value.Monetary) / float64(s.minor)
	f[segment.TenureDays] = float64(x.T)
	f[segment.Orders] = float64(ordersBy(&p.history, asOf))
	if x.X > 0 || oneTimersLeave { // BG/NBD lets nobody leave who ordered once, and so knows nothing of them
		f[segment.Alive] = line.Forecast.Alive
	}
	f[segment.ExpectedOrders], f[segment.CLV] = line.Forecast.Orders, line.Forecast.Value
	f[segment.Risk], f[segment.Health], f[segment.Overdue] = line.Churn.Risk.Value, line.Churn.Health.Value, line.Churn.Overdue
	recent, earlier := months(&p.activity, month)
	f[segment.Activity] = float64(recent)
	if earlier > 0 {
		f[segment.ActivityTrend] = float64(recent) / recentMonths / (float64(earlier) / (12 - recentMonths))
	}
	lately := func(sign customer.Sign) float64 {
		n, _ := months(p.signs.Of(sign), month)
		return float64(n)
	}
	f[segment.Tickets], f[segment.Complaints] = lately(customer.TicketOpened), lately(customer.ComplaintFiled)
	f[segment.OpenTickets] = float64(p.signs.OpenTickets())
	for in, metric := range map[segment.Input]customer.Metric{segment.NPS: customer.NPS, segment.CSAT: customer.CSAT, segment.CES: customer.CES} {
		if o := p.signs.Opinion(metric); o.Time != 0 {
			f[in] = float64(o.Score)
		}
	}
	f[segment.Referrals] = float64(p.signs.Of(customer.Referral).Total())
	f[segment.Reviews] = float64(p.signs.Of(customer.Review).Total())
	f[segment.CheckIns] = float64(p.signs.Of(customer.CheckIn).Total())
	return f
}

// months counts the events of the last recentMonths and of the rest of twelve, the given month the last.
func months(a *customer.Activity, last customer.Month) (recent, earlier int64) {
	for c := range a.Months() {
		switch age := last - c.Month; {
		case age < 0 || age >= 12:
		case age < recentMonths:
			recent += c.Events
		default:
			earlier += c.Events
		}
	}
	return recent, earlier
}

func ordersBy(h *customer.History, asOf customer.Day) (n int64) {
	for p := range h.Days() {
		if p.Day <= asOf {
			n += p.Orders
		}
	}
	return n
}

// Differs reports whether the verdict is another than the one that stood, by whichever run it was given. A customer who
// has no order any more differs while scores stand.
func (l *Line) Differs() bool {
	a, b := l.Scores, l.From
	a.Run, b.Run = 0, 0
	return a != b
}

// Signals returns what outreach is told of a customer whose verdict is written: labels that changed, a risk that crossed a
// level, occasions that came. Ids are made from the run and the cause, so that they are the same when they are sent
// again. Who has a verdict for the first time, or lost it, did not move.
func (s *Scorer) Signals(l *Line) (out []signal.Signal, err error) {
	add := func(kind signal.Kind, id string, data any) {
		raw, failed := json.Marshal(data)
		if failed != nil {
			err = fault.As(failed, fault.Internal, "the signal cannot be encoded")
		}
		out = append(out, signal.Signal{ID: id, Kind: kind, Customer: l.ID, Time: s.run.Started, Data: raw})
	}
	if l.In {
		for _, c := range s.options.Models.Changes(l.FromLabels, l.Labels) {
			if slices.Contains(s.run.Fit.Edited, c.Model) {
				continue
			}
			add(signal.SegmentChanged, signal.SegmentID(s.run.ID, c.Model),
				signal.SegmentData{Run: s.run.ID, Model: c.Model, From: string(c.From), To: string(c.To)})
		}
		if s.warns(l) {
			add(signal.RiskChanged, signal.RiskID(s.run.ID), signal.RiskData{Run: s.run.ID, From: l.From.Risk, To: l.Scores.Risk})
		}
	}
	for i := range l.Occasions {
		told, failed := l.Occasions[i].Signal(l.ID, s.zone)
		if failed != nil {
			return nil, failed
		}
		out = append(out, told)
	}
	return out, err
}

// warns reports whether a customer's risk has crossed a level upwards since the run that stood, and by the same settings.
func (s *Scorer) warns(l *Line) bool {
	_, crossed := s.bands.Crossing(l.From.Risk, l.Scores.Risk)
	return crossed && !slices.Contains(s.run.Fit.Edited, riskSource)
}

// heldOut is the holdout as the run has it.
func (s *Scorer) heldOut() holdout.Holdout { return holdout.Holdout(s.run.Terms.Holdout) }

// channelOf is the name under which a customer's channel counts.
func channelOf(l *Line) string { return cohort.ChannelName(l.Channel) }
