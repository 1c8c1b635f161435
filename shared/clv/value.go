package clv

import "math"

// Horizon is the future that a customer's value is summed over.
type Horizon struct {
	Months  int     // periods of 4.345 weeks
	Monthly float64 // discount rate a month, as a fraction
	Margin  float64 // share of an order's worth that is earned, as a fraction
}

const weeksAMonth = 4.345

// Forecaster forecasts customers one by one. It remembers what depends on (x, T) alone, which many customers share.
// It is not safe for concurrent use.
type Forecaster struct {
	orders  Orders
	spend   *GammaGamma
	horizon Horizon
	weeks   float64
	known   map[[2]int32]outlook
}

// outlook is what is expected of a customer who is alive.
type outlook struct {
	orders     float64 // in the weeks that were asked for
	some       float64 // probability that there are any
	discounted float64 // over the horizon
}

// NewForecaster returns a forecaster of the orders in the next days, and, where spend is not nil, of their worth and of
// the value over the horizon.
func NewForecaster(orders Orders, spend *GammaGamma, days float64, horizon Horizon) *Forecaster {
	return &Forecaster{orders: orders, spend: spend, horizon: horizon, weeks: days / daysAWeek, known: make(map[[2]int32]outlook)}
}

// Forecast is what is expected of a customer.
type Forecast struct {
	Alive  float64 // probability that the customer has not left
	Orders float64 // purchases expected in the days that the forecaster was made for
	Some   float64 // probability of at least one of them
	Spend  float64 // their worth, in major units; NaN where there is no model of spend
	Value  float64 // discounted worth over the horizon, in major units; NaN where there is no model of spend
}

// NoForecast is the forecast where there is no model: NaN throughout.
func NoForecast() Forecast {
	nan := math.NaN()
	return Forecast{Alive: nan, Orders: nan, Some: nan, Spend: nan, Value: nan}
}

// Model says by which model of orders the forecasts are made.
func (f *Forecaster) Model() Model { return f.orders.Model() }

// Of returns the forecast for a customer. The spend's total is in minor units, so many to a major one.
func (f *Forecaster) Of(t Transactions, s Spend, minor int64) Forecast {
	key := [2]int32{t.X, t.T}
	ahead, ok := f.known[key]
	if !ok {
		ahead = f.ahead(float64(t.X), float64(t.T)/daysAWeek)
		f.known[key] = ahead
	}
	out := Forecast{Alive: f.orders.Alive(float64(t.X), float64(t.TX)/daysAWeek, float64(t.T)/daysAWeek), Spend: math.NaN(), Value: math.NaN()}
	out.Orders = out.Alive * ahead.orders
	out.Some = out.Alive * ahead.some
	if f.spend == nil {
		return out
	}
	mean := 0.0
	if s.X > 0 {
		mean = float64(s.Total) / float64(s.X) / float64(minor)
	}
	if worth, ok := f.spend.Mean(float64(s.X), mean); ok {
		out.Spend = out.Orders * worth
		out.Value = out.Alive * ahead.discounted * worth * f.horizon.Margin
	}
	return out
}

func (f *Forecaster) ahead(x, t float64) outlook {
	out := outlook{orders: f.orders.OrdersIfAlive(f.weeks, x, t), some: 1 - f.orders.NoneIfAlive(f.weeks, x, t)}
	if f.spend == nil {
		return out
	}
	before, discount := 0.0, 1.0
	for month := 1; month <= f.horizon.Months; month++ {
		until := f.orders.OrdersIfAlive(float64(month)*weeksAMonth, x, t)
		discount /= 1 + f.horizon.Monthly
		out.discounted += (until - before) * discount
		before = until
	}
	return out
}

// Worth returns the discounted worth over a horizon of a customer of x repeat purchases of the given mean worth, the
// last t_x weeks after the first, T weeks after the first; NaN where the model of spend has no mean.
func Worth(orders Orders, spend GammaGamma, horizon Horizon, x, tx, t, mean float64) float64 {
	f := NewForecaster(orders, &spend, 0, horizon)
	worth, ok := spend.Mean(x, mean)
	if !ok {
		return math.NaN()
	}
	return orders.Alive(x, tx, t) * f.ahead(x, t).discounted * worth * horizon.Margin
}
