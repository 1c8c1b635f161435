package recalc

import (
	"bytes"
	"encoding/csv"
	"math"
	"strconv"

	"liuke/shared/money"
	"liuke/shared/segment"
	"liuke/shared/sheet"
)

// columns head the scores that a run publishes as CSV (RFC 4180, comma, UTF-8), before one column for each segment model,
// headed by its name. Recency is in days, frequency in orders, monetary and clv in major units, risk and health from 0 to
// 100, overdue in usual gaps between orders; what is not known is empty. No field is a formula to a spreadsheet that
// opens the file: what begins like one, or with ', has a ' before it (package sheet); who reads the file takes one leading '
// away.
var columns = []string{
	"customer_id", "recency_days", "frequency", "monetary", "r", "f", "m", "segment", "p_alive", "expected_orders_90d", "clv",
	"risk", "risk_band", "health", "overdue",
}

const columnID = 0

// Header returns the first line of the CSV.
func (o *Options) Header() []byte {
	return encodeCSV([][]string{append(columns[:len(columns):len(columns)], o.Models.Names()...)})
}

// Table returns the lines of customers who are in the run as CSV, without the header.
func (o *Options) Table(lines []Line, c money.Currency) []byte {
	models := o.Models.Names()
	records := make([][]string, 0, len(lines))
	for i := range lines {
		l := &lines[i]
		if !l.In {
			continue
		}
		record := append(make([]string, 0, len(columns)+len(models)),
			sheet.Inert(string(l.ID)),
			strconv.Itoa(int(l.Value.Recency)),
			strconv.Itoa(int(l.Value.Frequency)),
			c.Format(money.Amount(l.Value.Monetary)),
			strconv.Itoa(l.Scores.R),
			strconv.Itoa(l.Scores.F),
			strconv.Itoa(l.Scores.M),
			sheet.Inert(l.Scores.Segment),
			estimate(l.Forecast.Alive, 10),
			estimate(l.Forecast.Orders, 10),
			estimate(l.Forecast.Value, c.Exponent()+4),
			estimate(l.Churn.Risk.Value, 2),
			l.Scores.Risk,
			estimate(l.Churn.Health.Value, 2),
			estimate(l.Churn.Overdue, 4),
		)
		for _, m := range models {
			record = append(record, sheet.Inert(string(l.Labels.Get(m))))
		}
		records = append(records, record)
	}
	return encodeCSV(records)
}

// column returns where the labels of a model stand in the table; false for a model that the table has not.
func (x *Index) column(model string) (int, bool) {
	for i, name := range x.Models {
		if name == model {
			return len(columns) + i, true
		}
	}
	return 0, false
}

func encodeCSV(records [][]string) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	w.WriteAll(records) // a bytes.Buffer takes everything
	return b.Bytes()
}

// estimate formats a number with so many decimals, and what is not known as nothing.
func estimate(v float64, decimals int) string {
	if math.IsNaN(v) {
		return ""
	}
	return strconv.FormatFloat(v, 'f', decimals, 64)
}

// IndexOf returns the empty index of a run's members by these models.
func (o *Options) IndexOf() *Index { return &Index{Models: o.Models.Names()} }

// Add adds a part, by its result.
func (x *Index) Add(slice, part int, r *Result) {
	entry := IndexedPart{Slice: slice, Part: part, Labels: map[string]map[segment.Label]int64{}}
	for _, m := range r.Labels.Models() {
		labels := map[segment.Label]int64{}
		for _, s := range m.Segments {
			if s.Customers > 0 {
				labels[s.Name] = s.Customers
			}
		}
		entry.Labels[m.Model] = labels
	}
	x.Parts = append(x.Parts, entry)
}
