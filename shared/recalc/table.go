package recalc

import (
	"bytes"
	"encoding/csv"
	"math"
	"strconv"
	"strings"

	"liuke/shared/customer"
	"liuke/shared/money"
)

// Columns heads the scores that a run publishes as CSV (RFC 4180, comma, UTF-8). Recency is in days, frequency in orders,
// monetary and clv in major units; what no model could tell is empty. No field is a formula to a spreadsheet that opens
// the file: a customer id that begins with = + - @, a tab or a carriage return has ' before it, and so has one that
// begins with ' itself; who reads the file takes one leading ' away.
var Columns = []string{"customer_id", "recency_days", "frequency", "monetary", "r", "f", "m", "segment", "p_alive", "expected_orders_90d", "clv"}

const (
	columnID      = 0
	columnSegment = 7
)

// Header returns the first line of the CSV.
func Header() []byte { return encodeCSV([][]string{Columns}) }

// Table returns the lines of customers who are in the run as CSV, without the header.
func Table(lines []Line, c money.Currency) []byte {
	records := make([][]string, 0, len(lines))
	for i := range lines {
		l := &lines[i]
		if !l.In {
			continue
		}
		records = append(records, []string{
			inert(l.ID),
			strconv.Itoa(int(l.Value.Recency)),
			strconv.Itoa(int(l.Value.Frequency)),
			c.Format(money.Amount(l.Value.Monetary)),
			strconv.Itoa(l.Scores.R),
			strconv.Itoa(l.Scores.F),
			strconv.Itoa(l.Scores.M),
			l.Scores.Segment,
			estimate(l.Forecast.Alive, 10),
			estimate(l.Forecast.Orders, 10),
			estimate(l.Forecast.Value, c.Exponent()+4),
		})
	}
	return encodeCSV(records)
}

// inert returns an id as no spreadsheet reads it as a formula.
func inert(id customer.ID) string {
	if id != "" && strings.IndexByte("=+-@\t\r'", id[0]) >= 0 {
		return "'" + string(id)
	}
	return string(id)
}

// plain returns the id that inert was given.
func plain(field string) customer.ID { return customer.ID(strings.TrimPrefix(field, "'")) }

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
