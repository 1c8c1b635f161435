package clv

import "math"

// HoldoutReport says how a model's forecasts at a cut compare with what came of them in the days after.
type HoldoutReport struct {
	Model       Model    `json:"model"`
	Days        int32    `json:"days"`           // of the holdout
	Customers   int64    `json:"customers"`      // who had ordered by the cut
	Purchases   Compared `json:"purchases"`      // of all of them, in the holdout
	Spend       Compared `json:"spend,omitzero"` // in major units, of those for whom it was forecast
	MAE         float64  `json:"mae"`            // mean absolute error of a customer's purchases
	RMSE        float64  `json:"rmse"`           // root of the mean squared error of a customer's purchases
	Brier       float64  `json:"brier"`          // mean squared error of the probability of any purchase (Brier 1950)
	Correlation *float64 `json:"correlation"`    // of forecast and actual purchases; null where either is the same for all
	// ByFrequency has a row for 0, 1, … 7 or more repeat purchases until the cut (as in Fader, Hardie & Lee 2005).
	ByFrequency []ByFrequency `json:"by_frequency"`
	// ByAlive has a row for every tenth of P(alive) that customers are in.
	ByAlive []ByAlive `json:"by_alive"`
	// Tracking has a row for each week, up to two years before the cut.
	Tracking []Tracked `json:"tracking"`
}

// Compared is a number as it came and as it was forecast.
type Compared struct {
	Actual    float64 `json:"actual"`
	Predicted float64 `json:"predicted"`
}

// ByFrequency compares the customers of one number of repeat purchases until the cut; the last row takes all above.
type ByFrequency struct {
	Frequency int      `json:"frequency"`
	Customers int64    `json:"customers"`
	Purchases Compared `json:"purchases"`      // the sum
	Spend     Compared `json:"spend,omitzero"` // the sum, in major units
}

// ByAlive compares the customers whose P(alive) lies from one bound to less than the other. Whether a customer has left
// is never seen, and one who has not may still not purchase: what can be checked is the probability of any purchase.
type ByAlive struct {
	From      float64 `json:"from"`
	To        float64 `json:"to"`
	Customers int64   `json:"customers"`
	Alive     float64 `json:"alive"` // mean P(alive)
	// Some compares the share of them with any purchase in the holdout.
	Some Compared `json:"some"`
}

// Tracked compares the repeat purchases of all customers from their first purchases until the end of a week.
type Tracked struct {
	Week      int     `json:"week"` // 0 ends with the cut, 1 is the first after it
	Actual    int64   `json:"actual"`
	Predicted float64 `json:"predicted"` // as for new customers, from the days of their first purchases alone
}

// trackedWeeks is how many weeks before the cut a report tracks.
const trackedWeeks = 104

// Report returns the comparison of a model over a holdout of so many days, with so many minor units to a major one.
func (h *Holdout) Report(m Orders, days int32, minor int64) HoldoutReport {
	r := HoldoutReport{Model: m.Model(), Days: days, ByFrequency: []ByFrequency{}, ByAlive: []ByAlive{}}
	for i, b := range h.bins {
		row := ByFrequency{
			Frequency: i, Customers: b.customers,
			Purchases: Compared{float64(b.actual), float64(b.predicted) / one},
			Spend:     Compared{float64(b.spent) / float64(minor), float64(b.worth) / float64(minor)},
		}
		r.Customers += row.Customers
		r.Purchases.add(row.Purchases)
		r.Spend.add(row.Spend)
		r.ByFrequency = append(r.ByFrequency, row)
	}
	for i, b := range h.alive {
		if n := float64(b.customers); n > 0 {
			r.ByAlive = append(r.ByAlive, ByAlive{
				From: float64(i) / aliveBins, To: float64(i+1) / aliveBins, Customers: b.customers,
				Alive: float64(b.alive) / one / n, Some: Compared{float64(b.bought) / n, float64(b.some) / one / n},
			})
		}
	}
	r.Tracking = h.track(m, days)
	if r.Customers == 0 {
		return r
	}
	n := float64(r.Customers)
	squares, product, actual2 := float64(h.squares)/oneSquare, float64(h.product)/oneSquare, float64(h.actual2)
	r.MAE = float64(h.absolute) / one / n
	r.RMSE = math.Sqrt(max(squares-2*product+actual2, 0) / n)
	r.Brier = float64(h.brier) / one / n
	varied := squares - r.Purchases.Predicted*r.Purchases.Predicted/n
	differed := actual2 - r.Purchases.Actual*r.Purchases.Actual/n
	if varied > 2*n/oneSquare && differed > 0 { // more than rounding made of it
		correlation := (product - r.Purchases.Predicted*r.Purchases.Actual/n) / math.Sqrt(varied*differed)
		r.Correlation = &correlation
	}
	return r
}

func (c *Compared) add(o Compared) {
	c.Actual += o.Actual
	c.Predicted += o.Predicted
}

// track sums up by weeks: what was purchased, and what all customers together are expected to purchase from the days of
// their first purchases on.
func (h *Holdout) track(m Orders, days int32) []Tracked {
	out := []Tracked{}
	ages, repeats := h.ages.lines(), h.repeats.lines()
	if len(ages) == 0 {
		return out
	}
	oldest := int32(ages[len(ages)-1].rest)
	expected := make(map[int64]float64) // by days since the first purchase
	done, actual := 0, int64(0)
	for week := max(weekOf(-oldest), 1-trackedWeeks); week <= weekOf(days); week++ {
		for ; done < len(repeats) && int64(repeats[done].rest)+firstWeek <= int64(week); done++ {
			actual += int64(repeats[done].n)
		}
		end := min(7*week, days)
		row := Tracked{Week: int(week), Actual: actual}
		for _, l := range ages {
			age := int64(l.rest) + int64(end)
			if age <= 0 {
				continue
			}
			e, ok := expected[age]
			if !ok {
				e = m.NewOrders(float64(age) / daysAWeek)
				expected[age] = e
			}
			row.Predicted += float64(l.n) * e
		}
		out = append(out, row)
	}
	return out
}
