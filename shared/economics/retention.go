package economics

import (
	"encoding/json"

	"liuke/shared/customer"
	"liuke/shared/holdout"
	"liuke/shared/money"
	"liuke/shared/stats"
)

// Range is an estimate with its 95 % interval.
type Range struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

func (r Range) times(factor float64) Range {
	if factor < 0 {
		r.Low, r.High = r.High, r.Low
	}
	return Range{r.Value * factor, r.Low * factor, r.High * factor}
}

// Return is what treatment brought beyond what the holdout shows would have come anyhow. The intervals carry the chance
// of who was drawn and of what they did; margins are taken as exact.
type Return struct {
	Effect      Range   `json:"effect"`      // for each treated customer: a share of buyers, or major units of net revenue
	P           float64 `json:"p"`           // two-sided, of no effect
	Incremental Range   `json:"incremental"` // for all treated: buyers, or major units of net revenue
	Margin      Range   `json:"margin"`      // major units
	ROI         *Range  `json:"roi"`         // (margin − cost) / cost; null without a cost
}

// against sets the margin against a cost.
func (r *Return) against(cost float64) {
	value, ok := stats.ROI(r.Margin.Value, cost)
	if !ok {
		return
	}
	low, _ := stats.ROI(r.Margin.Low, cost)
	high, _ := stats.ROI(r.Margin.High, cost)
	r.ROI = &Range{value, low, high}
}

// ReturnByBuyers measures by who bought at all, where each buyer earns a margin; margin and cost are in major units. The
// interval is Newcombe's of the difference of two shares. It is nil where either arm is empty.
func ReturnByBuyers(treated, held stats.Share, margin, cost float64) *Return {
	if treated.N <= 0 || held.N <= 0 {
		return nil
	}
	l := stats.HoldoutLift(treated, held)
	r := &Return{Effect: Range{l.Value, l.Interval.Low, l.Interval.High}, P: l.P}
	r.Incremental = r.Effect.times(float64(treated.N))
	r.Incremental.Value = l.Incremental
	r.Margin = r.Incremental.times(margin)
	r.against(cost)
	return r
}

// ReturnByRevenue measures by what each customer spent, of which a share is margin; the samples and the cost are in major
// units. The interval is Welch's. It is nil where an arm has fewer than two customers.
func ReturnByRevenue(treated, held stats.Sample, margin, cost float64) *Return {
	d := stats.Welch(held, treated)
	if d.Unknown {
		return nil
	}
	r := &Return{Effect: Range{d.Value, d.Interval.Low, d.Interval.High}, P: d.P}
	r.Incremental = r.Effect.times(float64(treated.N))
	r.Margin = r.Incremental.times(margin)
	r.against(cost)
	return r
}

// Arm is one side of the comparison.
type Arm struct {
	Customers int64       `json:"customers"`
	Buyers    int64       `json:"buyers"`
	Orders    int64       `json:"orders"`
	Net       json.Number `json:"net"` // minor units, of all
}

// Retention is what retention returned in the months that are measured.
type Retention struct {
	From      string       `json:"from"`    // first day, YYYY-MM-DD
	Through   string       `json:"through"` // last day
	Treated   Arm          `json:"treated"`
	Held      Arm          `json:"held_out"`
	Cost      money.Amount `json:"cost"` // of these months, minor units
	ByBuyers  *Return      `json:"by_buyers"`
	ByRevenue *Return      `json:"by_revenue"`
	Reason    string       `json:"reason,omitempty"` // why there is no return
}

// Measured is the time over which the holdout is measured as of a day: from the document's holdout_from until the end of
// the last month that is over, so that costs and orders are of the same months. It is not ok where the document says no
// holdout_from, or no month since is over.
func (s *Settings) Measured(asOf customer.Day) (from, through customer.Day, ok bool) {
	through = customer.FirstDay(customer.MonthOf(asOf+1)) - 1
	return s.From, through, s.From >= 0 && s.From <= through
}

// RetentionOf sets the margin that treatment brought in the time of Measured, for which the arms were added, against what
// retention cost in its months.
func RetentionOf(s *Settings, arms *holdout.Arms, asOf customer.Day) *Retention {
	r := &Retention{Treated: armOf(&arms.Treated), Held: armOf(&arms.Held)}
	from, through, ok := s.Measured(asOf)
	if !ok {
		r.Reason = "no month is measured: holdout_from says since when, and a month since must be over"
		return r
	}
	r.From, r.Through = customer.DayTime(from).Format("2006-01-02"), customer.DayTime(through).Format("2006-01-02")
	for _, c := range s.Retention {
		if c.Month >= customer.MonthOf(from) && c.Month <= customer.MonthOf(through) {
			r.Cost += c.Cost
		}
	}
	minor := minorUnits(s.Currency)
	cost := float64(r.Cost) / minor
	treated, held := arms.Treated.Spend(), arms.Held.Spend()
	if buyers := r.Treated.Buyers + r.Held.Buyers; buyers > 0 {
		net := float64(treated.N)*treated.Mean + float64(held.N)*held.Mean
		r.ByBuyers = ReturnByBuyers(arms.Treated.Share(), arms.Held.Share(), s.Margin*net/float64(buyers)/minor, cost)
	}
	for _, sample := range []*stats.Sample{&treated, &held} {
		sample.Mean /= minor
		sample.Variance /= minor * minor
	}
	r.ByRevenue = ReturnByRevenue(treated, held, s.Margin, cost)
	switch {
	case r.Held.Customers == 0:
		r.Reason = "nobody is held out: set a holdout in the policy of scenes"
	case r.Treated.Customers == 0:
		r.Reason = "nobody is treated"
	case r.Treated.Buyers+r.Held.Buyers == 0:
		r.Reason = "nobody bought"
	case r.Cost == 0:
		r.Reason = NoCosts
	}
	return r
}

func armOf(o *holdout.Outcome) Arm {
	return Arm{Customers: o.Customers, Buyers: o.Buyers, Orders: o.Orders, Net: json.Number(o.Net().String())}
}
