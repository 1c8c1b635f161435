package snapshot

import (
	"math"
	"time"

	"liuke/shared/customer"
	"liuke/shared/money"
	"liuke/shared/recalc"
)

// verdict is a recalc.Line by column. What is not known is null.
type verdict struct {
	Customer  string   `parquet:"customer"`
	Recency   int32    `parquet:"recency_days"`
	Frequency int32    `parquet:"frequency"`
	Monetary  int64    `parquet:"monetary"` // minor units
	Currency  string   `parquet:"currency,dict"`
	R         int32    `parquet:"r,dict"`
	F         int32    `parquet:"f,dict"`
	M         int32    `parquet:"m,dict"`
	Segment   string   `parquet:"segment,dict"`
	Labels    string   `parquet:"labels,dict"`
	Channel   string   `parquet:"channel,dict"`
	Alive     *float64 `parquet:"p_alive"`
	Orders    *float64 `parquet:"expected_orders_90d"`
	Value     *float64 `parquet:"clv"` // major units
	RiskBand  string   `parquet:"risk_band,dict"`
	Risk      *float64 `parquet:"risk"`
	Health    *float64 `parquet:"health"`
	Overdue   *float64 `parquet:"overdue"`
	Due       string   `parquet:"next_order_due"` // YYYY-MM-DD; "" where nobody knows
}

// EncodeVerdicts returns what a run says of the customers of a part who are in it as a Parquet file: the columns that the
// run's CSV has, without the ids: customer is the pseudonym.
func EncodeVerdicts(lines []recalc.Line, c money.Currency) ([]byte, error) {
	out := make([]verdict, 0, len(lines))
	for i := range lines {
		l := &lines[i]
		if !l.In {
			continue
		}
		v := verdict{
			Customer: l.Customer, Recency: l.Value.Recency, Frequency: l.Value.Frequency, Monetary: l.Value.Monetary, Currency: string(c),
			R: int32(l.Scores.R), F: int32(l.Scores.F), M: int32(l.Scores.M),
			Segment: l.Scores.Segment, Labels: l.Scores.Labels, Channel: l.Channel, RiskBand: l.Scores.Risk,
			Alive: known(l.Forecast.Alive), Orders: known(l.Forecast.Orders), Value: known(l.Forecast.Value),
			Risk: known(l.Churn.Risk.Value), Health: known(l.Churn.Health.Value), Overdue: known(l.Churn.Overdue),
		}
		if l.Churn.Due != 0 {
			v.Due = customer.DayTime(l.Churn.Due).Format(time.DateOnly)
		}
		out = append(out, v)
	}
	return encode(out)
}

func known(v float64) *float64 {
	if math.IsNaN(v) {
		return nil
	}
	return &v
}
