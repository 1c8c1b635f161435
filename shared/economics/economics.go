// Package economics weighs what customers bring against what it costs to win and to keep them: the cost of acquisition
// and its return by channel, the value of a customer by rule of thumb and by model, the return of retention against a
// holdout, and the spend beyond which one more unit returns less than it costs. Costs are an operator's document
// (Settings); who came, who stayed and who bought is tallied by packages cohort and holdout.
//
// Amounts are whole minor units of the business's currency; what is a mean or an estimate is a float in major units, and
// says so. A figure that the data do not determine is absent, and a reason stands in its place: never an infinity.
package economics

import (
	"math"

	"liuke/shared/customer"
	"liuke/shared/money"
)

// Settings are an operator's document, checked.
type Settings struct {
	Currency    money.Currency
	Margin      float64 // share of net revenue that is earned before the costs below, 0 < Margin ≤ 1
	Monthly     float64 // discount a month, 0..1
	Years       float64 // that a customer is retained, for the simple value, 0 < Years ≤ 50
	Acquisition []AcquisitionCost
	Retention   []RetentionCost
	From        customer.Day // since when the holdout is measured, not before it was last changed; −1 where the document does not say
	History     []Point      // measured before, for the curve
}

// AcquisitionCost is what winning customers through a channel cost in a month.
type AcquisitionCost struct {
	Month      customer.Month
	Channel    string // as cohort.ChannelName has it
	Marketing  money.Amount
	Sales      money.Amount
	Operations money.Amount
}

// Total is the sum of the three.
func (c *AcquisitionCost) Total() money.Amount { return c.Marketing + c.Sales + c.Operations }

// RetentionCost is what keeping customers cost in a month.
type RetentionCost struct {
	Month customer.Month
	Cost  money.Amount
}

// Point is what was spent on retention in a period, and the margin that it brought beyond what would have come anyhow.
// All points are of periods of one length.
type Point struct {
	Spend  money.Amount
	Margin money.Amount // may be negative
}

// Annuity is the present value of one unit a month for so many months, which need not be whole, each paid at the end of
// its month and discounted by d a month: (1 − (1 + d)^−months) / d, and the number of months where d is 0.
func Annuity(months, d float64) float64 {
	if d == 0 {
		return months
	}
	return -math.Expm1(-months*math.Log1p(d)) / d
}

// SimpleCLV is the value of a customer by rule of thumb: the average order times the orders a year times the years that a
// customer is retained, of which the margin is earned, discounted by the month: margin · order · orders / 12 · Annuity.
// It is in the units of the average order, and undiscounted the plain product.
func SimpleCLV(order, ordersAYear, years, monthly, margin float64) float64 {
	return margin * order * ordersAYear / 12 * Annuity(12*years, monthly)
}

// CAC is the cost of acquisition of one customer, cost / customers; it is not ok without customers.
func CAC(cost money.Amount, customers int64) (minor float64, ok bool) {
	if customers <= 0 {
		return 0, false
	}
	return float64(cost) / float64(customers), true
}
