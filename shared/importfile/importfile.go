// Package importfile reads what a business brings along from where it was before: orders, customers, past survey
// answers and coupon codes as CSV, Pinpoint's export of endpoints (CSV or a JSON object a line) and Delighted's exports of responses and of
// people, each plain or compressed by gzip. A row becomes canonical events that say that they are history, and for an answer the
// answer itself, or is refused with its line, its column and the reason. What a file's row says is never repeated in a
// reason.
//
// A row without an id of its own gets one from its content, and where equal rows are things of their own (orders,
// answers) from its count among them. Importing a file again, or a longer edition of it, therefore changes nothing for
// the rows that have been imported. Rows that share an order id are editions of one order, not its lines.
//
// Files are streamed: memory holds one row, and some forty bytes for each row without an id of its own. A row that
// cannot be read costs its line alone, even where a quote in it is never closed.
//
// The package also says what an import is (Request, Import, View): its transport, storage and clock are left to others.
package importfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/money"
	"liuke/shared/offer"
	"liuke/shared/survey"
)

// Kind is what a file's rows are.
type Kind string

// The kinds.
const (
	Orders    Kind = "orders"    // CSV: customer_id, date, amount; order_id?, currency?
	Customers Kind = "customers" // CSV: customer_id; traits and consent by column
	Answers   Kind = "answers"   // CSV: customer_id, score, date; answer_id?, survey?, comment?, locale?, tags?, channel?, updated_at?
	Pinpoint  Kind = "pinpoint"  // Amazon Pinpoint's export of endpoints, CSV or newline-delimited JSON
	Delighted Kind = "delighted" // Delighted's CSV export of responses, or of people
	Codes     Kind = "codes"     // CSV: coupon codes of one pool, one a row
)

// Kinds returns all kinds.
func Kinds() []Kind { return []Kind{Orders, Customers, Answers, Pinpoint, Delighted, Codes} }

// Settings are the business's own.
type Settings struct {
	Rates   *money.Rates // the business's currency, and what others are worth in it
	Zone    *time.Location
	Surveys survey.Catalogue
	Pool    *offer.Pool // of codes: the one that they are imported into
}

// Row is a row that can be imported. Its events are valid until the next is read; nobody's answer has none.
type Row struct {
	Number     int // the line that it begins on, the file's first being 1
	Events     []event.Event
	Answer     *survey.Answer // of a row that is one: what stands after it is for Over to say
	Type       string         // of the survey that was answered: Delighted's own word for it, and else the survey's metric
	Suppressed *Suppression   // of a row that says that an address must not be sent to
	Code       string         // of a row of codes
}

// Suppression is an address that must not be sent to.
type Suppression struct {
	Channel message.Channel
	Address string
	Reason  string // message.SuppressedImportBounce or message.SuppressedImportLeft
	Since   time.Time
}

// Refused is the error of a row that cannot be imported.
type Refused struct {
	Number int    `json:"number"`           // the line that the row begins on, the file's first being 1
	Column string `json:"column,omitempty"` // as the file names it; "" where the row as a whole is refused
	Reason string `json:"reason"`           // what to change; it repeats nothing of the row
}

// Error says where and why.
func (r *Refused) Error() string {
	if r.Column == "" {
		return fmt.Sprintf("line %d: %s", r.Number, r.Reason)
	}
	return fmt.Sprintf("line %d, column %s: %s", r.Number, r.Column, r.Reason)
}

// MaxRows is how many rows a file may have. Whoever goes on with a file reads it from its beginning.
const MaxRows = 10_000_000

// Reader reads the rows of one file. It is not safe for concurrent use.
type Reader struct {
	request  Request
	settings Settings
	received time.Time // when the import was asked for: the time at which its events were taken in
	columns  *header   // nil where the file has none
	rows     int
	records  func() (fields []string, number int, err error)
	read     func(fields []string, row *Row) error
	forms    map[string]*form // by survey
	loose    []int            // the columns that may be an answer's properties
	seen     counter
	events   [3]event.Event
	codes    *offer.File // nil but for codes
}

// NewReader looks at the file and reads its header. It returns an Invalid error for a file that cannot be read at all, and
// the reader's own where that fails. The request must be valid.
func NewReader(r io.Reader, request Request, s Settings, received time.Time) (*Reader, error) {
	text, err := newSource(r)
	if err != nil {
		return nil, err
	}
	f := &Reader{request: request, settings: s, received: received.UTC()}
	line, err := first(text)
	if err != nil {
		return nil, err
	}
	if request.Kind == Codes {
		f.codes = offer.NewFile(text, s.Pool)
		return f, nil
	}
	if request.Kind == Pinpoint && strings.HasPrefix(line, "{") {
		f.readLines(text)
		return f, nil
	}
	return f, f.readTable(text, line)
}

// readTable makes the reader one of a CSV file's rows.
func (f *Reader) readTable(text *bufio.Reader, line string) error {
	t := newTable(text)
	t.separator = separatorOf(line)
	columns, err := f.request.columns()
	if err != nil {
		return err
	}
	if f.columns, err = readHeader(t, columns, f.request.Columns); err != nil {
		return err
	}
	f.records = func() ([]string, int, error) {
		fields, number, err := t.next()
		if err == nil && len(fields) != t.width {
			err = &syntax{number, -1, fmt.Sprintf("the row has %d fields, and the first line of the file %d", len(fields), t.width)}
		}
		return fields, number, err
	}
	switch f.request.Kind {
	case Orders:
		f.read = f.order
	case Customers:
		f.read = f.customer
	case Answers:
		f.read, f.loose = f.answer, f.columns.others
	case Pinpoint:
		f.read = f.endpointRecord
	case Delighted:
		return f.delighted()
	}
	return nil
}

// Next returns the next row. It returns io.EOF at the end, a *Refused for a row that cannot be imported (the next call
// goes on behind it), an Invalid error for a file that ends there, damaged or too long, and the reader's own error.
func (f *Reader) Next() (Row, error) {
	if f.rows++; f.rows > MaxRows {
		return Row{}, fault.New(fault.Invalid, "the file has more than %d rows: import it in parts", MaxRows)
	}
	if f.codes != nil {
		return f.code()
	}
	fields, number, err := f.records()
	row := Row{Number: number, Events: f.events[:0]}
	if err == nil {
		err = f.read(fields, &row)
	}
	var bad *syntax
	var refused *Refused
	switch {
	case errors.As(err, &bad):
		refused = &Refused{Number: bad.line, Reason: bad.reason}
		if f.columns != nil && bad.column >= 0 && bad.column < len(f.columns.names) {
			refused.Column = show(f.columns.names[bad.column])
		}
		return Row{}, refused
	case errors.As(err, &refused):
		refused.Number = number
		return Row{}, refused
	case err != nil:
		return Row{}, err
	}
	return row, nil
}

// Columns returns which column of the file holds which field.
func (f *Reader) Columns() map[string]string {
	if f.columns == nil {
		return nil
	}
	out := make(map[string]string, len(f.columns.at))
	for field := range f.columns.at {
		out[field] = f.columns.column(field)
	}
	return out
}

// refuse is the error of a row, about a field of it.
func (f *Reader) refuse(field, format string, args ...any) error {
	column := field
	if f.columns != nil && field != "" {
		column = f.columns.column(field)
	}
	return &Refused{Column: column, Reason: fmt.Sprintf(format, args...)}
}

// sentence is that of an error that is safe to show.
func sentence(err error) string {
	var at *fault.Error
	if errors.As(err, &at) {
		return at.Message
	}
	return "the value cannot be read"
}
