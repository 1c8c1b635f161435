package economics

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"liuke/shared/cohort"
	"liuke/shared/customer"
	"liuke/shared/money"
	"liuke/shared/stats"
)

// AllMonths is the month of a row that sums up a channel.
const AllMonths = "all"

// Acquisition is what the customers who came through one channel in one month cost and are worth. Amounts are in minor
// units; CAC, average order and values are means for each customer in major units. What is absent has its reason.
type Acquisition struct {
	Month        string       `json:"month"` // YYYY-MM; "earlier"; "all" for the months in which the channel has costs
	Channel      string       `json:"channel"`
	Customers    int64        `json:"customers"`
	Marketing    money.Amount `json:"marketing"`
	Sales        money.Amount `json:"sales"`
	Operations   money.Amount `json:"operations"`
	Cost         money.Amount `json:"cost"`
	FirstRevenue money.Amount `json:"first_revenue"` // of the days of first orders
	Net          money.Amount `json:"net"`           // to date
	CAC          *float64     `json:"cac"`
	AverageOrder *float64     `json:"average_order"`
	OrdersAYear  *float64     `json:"orders_a_year"` // beyond the first, which began the time that is observed
	SimpleCLV    *float64     `json:"simple_clv"`
	ModelCLV     *float64     `json:"model_clv"` // margin to date, and that which the model still expects
	SimpleROI    *float64     `json:"simple_roi"`
	ModelROI     *float64     `json:"model_roi"`
	Reason       string       `json:"reason,omitempty"` // why there is no CAC or return
}

// The reasons for which there is no CAC.
const (
	NoNewCustomers = "no new customers"
	NoCosts        = "no costs recorded"
	TooOld         = "customers of this month are no longer told apart"
)

// daysAYear is the mean length of a year.
const daysAYear = 365.25

// AcquisitionOf makes the rows of every month and channel with customers or costs, by month and channel, and behind them
// one of each channel that sums up the months in which it has costs, or all where it has none. The forecasts of the
// arrivals are of an order's worth times forecastMargin, as the run's horizon has it; they are brought to the settings' own.
func AcquisitionOf(s *Settings, arrivals *cohort.Arrivals, forecastMargin float64, asOf customer.Day) []Acquisition {
	rows, sums := tableOf(s, arrivals)
	keys := slices.SortedFunc(maps.Keys(rows), func(a, b place) int {
		return cmp.Or(cmp.Compare(a.month, b.month), cmp.Compare(a.channel, b.channel))
	})
	out := make([]Acquisition, 0, len(keys)+len(sums))
	for _, k := range keys {
		a := rows[k].weigh(s, forecastMargin)
		a.Month, a.Channel = cohort.MonthName(k.month), k.channel
		if k.month != cohort.Earlier && k.month <= customer.MonthOf(asOf)-cohort.Kept {
			a.Reason = TooOld
		}
		out = append(out, a)
	}
	for _, channel := range slices.Sorted(maps.Keys(sums)) {
		a := sums[channel].weigh(s, forecastMargin)
		a.Month, a.Channel = AllMonths, channel
		out = append(out, a)
	}
	return out
}

// place is where a row stands.
type place struct {
	month   customer.Month
	channel string
}

// tableOf joins costs and arrivals by month and channel, and sums up each channel.
func tableOf(s *Settings, arrivals *cohort.Arrivals) (rows map[place]*row, sums map[string]*row) {
	rows, sums = make(map[place]*row), make(map[string]*row)
	paid := make(map[string]bool)
	for _, c := range s.Acquisition {
		entry(rows, place{c.Month, c.Channel}).cost(c)
		paid[c.Channel] = true
	}
	for _, a := range arrivals.Rows(slices.Collect(maps.Keys(paid))...) {
		entry(rows, place{a.Month, a.Channel}).came(a.Arrival)
	}
	for k, r := range rows {
		if r.paid || !paid[k.channel] {
			entry(sums, k.channel).merge(r)
		}
	}
	return rows, sums
}

func entry[K comparable](m map[K]*row, key K) *row {
	if m[key] == nil {
		m[key] = &row{}
	}
	return m[key]
}

// row is what came and what it cost.
type row struct {
	cohort.Arrival
	marketing, sales, operations money.Amount
	paid                         bool
}

func (r *row) cost(c AcquisitionCost) {
	r.paid = true
	r.marketing += c.Marketing
	r.sales += c.Sales
	r.operations += c.Operations
}

func (r *row) came(a cohort.Arrival) {
	r.Customers += a.Customers
	r.FirstRevenue += a.FirstRevenue
	r.Orders += a.Orders
	r.Net += a.Net
	r.Days += a.Days
	r.Valued += a.Valued
	r.Value += a.Value
}

func (r *row) merge(o *row) {
	r.came(o.Arrival)
	r.paid = r.paid || o.paid
	r.marketing += o.marketing
	r.sales += o.sales
	r.operations += o.operations
}

// weigh sets what came against what it cost.
func (r *row) weigh(s *Settings, forecastMargin float64) Acquisition {
	out := Acquisition{
		Customers: r.Customers, Marketing: r.marketing, Sales: r.sales, Operations: r.operations,
		Cost:         r.marketing + r.sales + r.operations,
		FirstRevenue: money.Amount(r.FirstRevenue), Net: money.Amount(r.Net),
	}
	major := 1 / minorUnits(s.Currency)
	if r.Orders > 0 {
		out.AverageOrder = known(float64(r.Net) / float64(r.Orders) * major)
	}
	if float64(r.Days) >= daysAYear { // of all together: less is too little to tell a year from
		out.OrdersAYear = known(float64(r.Orders-r.Customers) / (float64(r.Days) / daysAYear))
	}
	if out.AverageOrder != nil && out.OrdersAYear != nil {
		out.SimpleCLV = known(SimpleCLV(*out.AverageOrder, *out.OrdersAYear, s.Years, s.Monthly, s.Margin))
	}
	if r.Valued > 0 && forecastMargin > 0 {
		earned := s.Margin * float64(r.Net) / float64(r.Customers)
		ahead := s.Margin / forecastMargin * float64(r.Value) / float64(r.Valued)
		out.ModelCLV = known((earned + ahead) * major)
	}
	cac, ok := CAC(out.Cost, r.Customers)
	switch {
	case !ok:
		out.Reason = NoNewCustomers
		return out
	case !r.paid:
		out.Reason = NoCosts
		return out
	}
	out.CAC = known(cac * major)
	if out.Cost == 0 {
		out.Reason = "a cost of 0 has no return"
		return out
	}
	out.SimpleROI, out.ModelROI = returnOf(out.SimpleCLV, *out.CAC), returnOf(out.ModelCLV, *out.CAC)
	return out
}

// returnOf is (clv − cac) / cac; nil where either is not known.
func returnOf(clv *float64, cac float64) *float64 {
	if clv == nil {
		return nil
	}
	roi, ok := stats.ROI(*clv, cac)
	if !ok {
		return nil
	}
	return known(roi)
}

// known returns a number that JSON can say, nil for any other.
func known(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

func minorUnits(c money.Currency) float64 { return math.Pow10(c.Exponent()) }
