// Package orderfile reads orders from CSV files, as shops export them, and makes each row an "Order Completed" event of
// Segment's tracking API that says it is history. Columns are found by name: customer_id, date and amount, and where
// there are any, order_id and currency; others are passed over.
//
// A row without an order id gets one from its content and from its count among the equal rows of its file, and every
// event's message id is made from its content. Importing a file again, or a longer edition of it, therefore changes
// nothing for the rows that have been imported. Rows that share an order_id are editions of one order, not its lines.
//
// Memory does not grow with the file, but for some forty bytes a row without an order id.
package orderfile

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"liuke/shared/customer"
	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/money"
)

// The columns' names. Case and white space around them do not count.
const (
	columnCustomer = "customer_id"
	columnOrder    = "order_id"
	columnDate     = "date"
	columnAmount   = "amount"
	columnCurrency = "currency"
)

var required = []string{columnCustomer, columnDate, columnAmount}

// Row is an order.
type Row struct {
	Line     int // where the row begins in the file, the header being line 1
	Customer customer.ID
	Order    string // as the file has it, or made from the content
	Total    money.Amount
	Currency money.Currency
	Day      string    // YYYY-MM-DD in the business's time zone, where the file says no more; else ""
	Time     time.Time // UTC; noon in UTC of Day where that is all that is known
}

// Refused is the error of a row that cannot be imported. The reason repeats nothing of the row.
type Refused struct {
	Line   int
	Column string // "" where the row as a whole is refused
	Reason string
}

// Error says where and why.
func (r *Refused) Error() string {
	if r.Column == "" {
		return fmt.Sprintf("line %d: %s", r.Line, r.Reason)
	}
	return fmt.Sprintf("line %d, column %s: %s", r.Line, r.Column, r.Reason)
}

// Reader reads the rows of one file. It is not safe for concurrent use.
type Reader struct {
	csv      *csv.Reader
	currency money.Currency
	columns  map[string]int
	width    int
	equal    map[[16]byte]int // how often a row without an order id has been seen
}

// NewReader reads the header. Amounts are in the currency. It returns an Invalid error where there is no header or a
// column is missing, that names what is missing.
func NewReader(r io.Reader, currency money.Currency) (*Reader, error) {
	c := csv.NewReader(r)
	c.FieldsPerRecord = -1
	c.ReuseRecord = true
	header, err := c.Read()
	if errors.Is(err, io.EOF) {
		return nil, fault.New(fault.Invalid, "the file is empty: its first line must name the columns")
	}
	if err != nil {
		return nil, fault.As(err, fault.Invalid, "the first line, which names the columns, cannot be read")
	}
	f := &Reader{csv: c, currency: currency, columns: make(map[string]int), width: len(header), equal: make(map[[16]byte]int)}
	for i, name := range header {
		name = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\uFEFF")))
		if _, twice := f.columns[name]; twice && isKnown(name) {
			return nil, fault.New(fault.Invalid, "the file has two columns named %s", name)
		}
		f.columns[name] = i
	}
	var missing []string
	for _, name := range required {
		if _, ok := f.columns[name]; !ok {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return nil, fault.New(fault.Invalid, "the first line does not name the column %s: it must name customer_id, date and amount, "+
			"and may name order_id and currency", strings.Join(missing, ", "))
	}
	return f, nil
}

func isKnown(name string) bool {
	return slices.Contains(required, name) || name == columnOrder || name == columnCurrency
}

// Next returns the next row. It returns io.EOF at the end, a *Refused for a row that cannot be imported (the next call
// goes on behind it), and the reader's own error where that fails.
func (f *Reader) Next() (Row, error) {
	record, err := f.csv.Read()
	var syntax *csv.ParseError
	switch {
	case errors.As(err, &syntax):
		return Row{}, &Refused{Line: syntax.StartLine, Reason: "not valid CSV: " + syntax.Err.Error()}
	case err != nil:
		return Row{}, err
	}
	line, _ := f.csv.FieldPos(0)
	if len(record) != f.width {
		return Row{}, &Refused{Line: line, Reason: fmt.Sprintf("the row has %d fields, and the first line %d", len(record), f.width)}
	}
	row := Row{Line: line, Currency: f.currency}
	if err := f.fill(&row, record); err != nil {
		return Row{}, err
	}
	return row, nil
}

func (f *Reader) field(record []string, column string) string {
	if i, ok := f.columns[column]; ok {
		return strings.TrimSpace(record[i])
	}
	return ""
}

// fill reads a record's fields into the row.
func (f *Reader) fill(row *Row, record []string) error {
	refuse := func(column, reason string) error { return &Refused{Line: row.Line, Column: column, Reason: reason} }

	id, err := customer.ParseID(strings.Clone(f.field(record, columnCustomer)))
	if err != nil {
		return refuse(columnCustomer, err.Error())
	}
	row.Customer = id

	if code := f.field(record, columnCurrency); code != "" && !strings.EqualFold(code, string(f.currency)) {
		return refuse(columnCurrency, "orders are counted in "+string(f.currency)+" here: convert the amount")
	}
	if row.Total, err = f.currency.Parse(f.field(record, columnAmount)); err != nil {
		return refuse(columnAmount, err.Error())
	}
	if row.Total < 0 || row.Total > event.MaxTotal {
		return refuse(columnAmount, "an amount is between 0 and "+f.currency.Format(event.MaxTotal))
	}

	if !row.date(f.field(record, columnDate)) {
		return refuse(columnDate, "a date is a day such as 2026-01-31, or a time with its zone such as 2026-01-31T08:00:00+08:00, since 1970")
	}

	row.Order = strings.Clone(f.field(record, columnOrder))
	if len(row.Order) > event.MaxOrderIDBytes || strings.ContainsFunc(row.Order, isControl) {
		return refuse(columnOrder, "an order id is at most "+strconv.Itoa(event.MaxOrderIDBytes)+" bytes long, without control characters")
	}
	if row.Order == "" {
		row.Order = f.orderID(row)
	}
	return nil
}

// date reads a day or an RFC 3339 time.
func (r *Row) date(text string) (ok bool) {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		// The business's zone is the suite's to know: the day travels as it is written, and noon in UTC, which is
		// within a day of it everywhere, as the time.
		r.Day, r.Time = strings.Clone(text), day.Add(12*time.Hour)
		return day.Year() >= 1970
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	r.Time = at.UTC()
	return err == nil && r.Time.Year() >= 1970
}

func isControl(r rune) bool { return r < 0x20 || (r >= 0x7F && r < 0xA0) }
