package cohort

import (
	"fmt"
	"strings"
)

// shownAges is how many months of age the plain table has room for; the report has all.
const shownAges = 12

// Text renders the report as plain tables, for a terminal: percent of each cohort's customers with an order in each month
// since the first, then churn by period with its interval. What is not over yet is marked by a star.
func (r *Report) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Retention by month of first order, as of %s: %% of customers with an order, by months since\n\n%-9s%10s", r.AsOf, "cohort", "customers")
	ages := 0
	for _, row := range r.Cohorts {
		if row.Cohort != MonthName(Earlier) {
			ages = max(ages, min(len(row.Months), shownAges+1))
		}
	}
	for age := range ages {
		fmt.Fprintf(&b, "%7d", age)
	}
	b.WriteString("\n")
	for _, row := range r.Cohorts {
		fmt.Fprintf(&b, "%-9s%10d", row.Cohort, row.Customers)
		for i := range min(len(row.Months), ages) {
			if row.Cohort == MonthName(Earlier) {
				break // its customers are of many ages
			}
			fmt.Fprintf(&b, "%7s", percent(row.Months[i].Retention, row.Months[i].Partial))
		}
		b.WriteString("\n")
	}
	b.WriteString("* the month is not over")
	if ages > shownAges {
		fmt.Fprintf(&b, "; what is over %d months old is in the JSON", shownAges)
	}
	fmt.Fprintf(&b, "\n\nChurn by %s: of those who ordered in the one before, %% without an order\n\n%-9s%10s%10s%8s%18s\n", r.Span, r.Span, "before", "left", "churn", "95 % interval")
	for _, l := range r.Churn {
		interval := ""
		if l.Rate != nil {
			interval = fmt.Sprintf("%.1f – %.1f", 100*l.Rate.Low, 100*l.Rate.High)
		}
		fmt.Fprintf(&b, "%-9s%10d%10d%8s%18s\n", l.Period, l.Before, l.Left, percent(l.Rate, l.Partial), interval)
	}
	return b.String()
}

func percent(e *Estimate, partial bool) string {
	if e == nil {
		return "–"
	}
	star := ""
	if partial {
		star = "*"
	}
	return fmt.Sprintf("%.1f%s", 100*e.Share, star)
}
