package cohort

import (
	"fmt"

	"liuke/shared/customer"
	"liuke/shared/stats"
)

// Estimate is a share with its 95 % interval (Wilson's); all within 0..1.
type Estimate struct {
	Share float64 `json:"share"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// EstimateOf returns the share of so many among n; nil of nobody, for whom there is none.
func EstimateOf(successes, n int64) *Estimate {
	if n <= 0 {
		return nil
	}
	i := stats.Wilson(successes, n)
	return &Estimate{Share: stats.Share{Successes: successes, N: n}.Rate(), Low: i.Low, High: i.High}
}

// Report is what the counts say as of a day, ready for JSON.
type Report struct {
	AsOf      string `json:"as_of"` // YYYY-MM-DD
	Customers int64  `json:"customers"`
	Cohorts   []Row  `json:"cohorts"` // oldest first; those without customers left out
	Span      string `json:"span"`    // of the periods of churn: "month" or "quarter"
	Churn     []Left `json:"churn"`   // oldest first
}

// Row is a cohort.
type Row struct {
	Cohort    string `json:"cohort"` // month of the first order, YYYY-MM, or "earlier"
	Customers int64  `json:"customers"`
	Months    []Age  `json:"months"` // each until the day, from the first order's; of the earlier, those that count apart
}

// Age is a cohort in one month.
type Age struct {
	Age       int       `json:"age"`   // months since that of the first order; 0 throughout for the earlier
	Month     string    `json:"month"` // YYYY-MM
	Active    int64     `json:"active"`
	Retention *Estimate `json:"retention"` // active of all customers of the cohort
	Orders    int64     `json:"orders"`
	Net       int64     `json:"net"`               // minor units, net of refunds
	Revenue   *float64  `json:"revenue_retention"` // net to that of the first month; null where that is not above 0
	Partial   bool      `json:"partial,omitempty"` // the month is not over
}

// Left is how many of a period's customers did not order in the next.
type Left struct {
	Period  string    `json:"period"` // in which they did not: YYYY-MM or YYYY-Qn
	Before  int64     `json:"before"` // customers with an order in the period before
	Stayed  int64     `json:"stayed"` // of them, with an order in this one
	Left    int64     `json:"left"`
	Rate    *Estimate `json:"rate"`              // left of before; null where there was nobody before
	Partial bool      `json:"partial,omitempty"` // the period is not over, and some may yet order
}

// MonthName spells a month as YYYY-MM, and Earlier as "earlier".
func MonthName(m customer.Month) string {
	if m == Earlier {
		return "earlier"
	}
	return fmt.Sprintf("%04d-%02d", 1970+m/12, m%12+1)
}

// ReportOf makes the report of counts that were added as of the day, with churn by months or quarters of the calendar.
func ReportOf(c *Counts, asOf customer.Day, span Span) *Report {
	t := calendar{asOf: asOf, last: customer.MonthOf(asOf)}
	t.oldest = max(0, t.last-Kept+1)
	r := &Report{AsOf: customer.DayTime(asOf).Format("2006-01-02"), Customers: c.Customers(), Cohorts: []Row{}}
	for _, m := range append([]customer.Month{Earlier}, t.months(t.oldest)...) {
		if c.sizes[m] > 0 {
			r.Cohorts = append(r.Cohorts, t.row(c, m))
		}
	}
	r.Span, r.Churn = "month", t.churn(c, Monthly, 1)
	if span == Quarterly {
		r.Span, r.Churn = "quarter", t.churn(c, Quarterly, monthsAQuarter)
	}
	return r
}

// calendar is the months that count apart.
type calendar struct {
	asOf         customer.Day
	oldest, last customer.Month
}

func (t *calendar) months(from customer.Month) (out []customer.Month) {
	for m := from; m <= t.last; m++ {
		out = append(out, m)
	}
	return out
}

// over reports whether the day is, or is behind, the last one before the month.
func (t *calendar) over(before customer.Month) bool { return t.asOf+1 >= customer.FirstDay(before) }

func (t *calendar) row(c *Counts, cohort customer.Month) Row {
	row := Row{Cohort: MonthName(cohort), Customers: c.sizes[cohort]}
	first := at(c.cells, cellKey{cohort, cohort}).Net
	from := max(cohort, t.oldest)
	for _, m := range t.months(from) {
		cell := at(c.cells, cellKey{cohort, m})
		a := Age{Month: MonthName(m), Active: cell.Active, Orders: cell.Orders, Net: cell.Net, Partial: !t.over(m + 1)}
		a.Retention = EstimateOf(cell.Active, row.Customers)
		if cohort != Earlier {
			a.Age = int(m - cohort)
			if first > 0 {
				share := float64(cell.Net) / float64(first)
				a.Revenue = &share
			}
		}
		row.Months = append(row.Months, a)
	}
	return row
}

// churn lists the periods of so many months each that have a whole one before them.
func (t *calendar) churn(c *Counts, span Span, months int32) []Left {
	out := []Left{}
	whole := (t.oldest + months - 1) / months // first period of which every month counts apart
	for index := whole + 1; index <= t.last/months; index++ {
		before, now := at(c.periods, periodKey{span, index - 1}), at(c.periods, periodKey{span, index})
		if before.active == 0 && len(out) == 0 {
			continue // nobody yet
		}
		l := Left{Period: MonthName(index), Before: before.active, Stayed: now.kept, Left: before.active - now.kept}
		if span == Quarterly {
			l.Period = fmt.Sprintf("%04d-Q%d", 1970+index/4, index%4+1)
		}
		l.Rate, l.Partial = EstimateOf(l.Left, l.Before), !t.over((index+1)*months)
		out = append(out, l)
	}
	return out
}
