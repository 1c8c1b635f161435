package importfile

import (
	"strings"
	"unicode"

	"liuke/shared/customer"
	"liuke/shared/event"
	"liuke/shared/money"
)

// The fields of an order.
const (
	fieldCustomer = "customer_id"
	fieldOrder    = "order_id"
	fieldDate     = "date"
	fieldAmount   = "amount"
	fieldCurrency = "currency"
)

// customerNames are other names of the column of customers' ids.
var customerNames = []string{"customer", "customerid", "user_id", "userid"}

func orderColumns() []column {
	return []column{
		{field: fieldCustomer, required: true, others: customerNames},
		{field: fieldDate, required: true, others: []string{"order_date", "ordered_at", "created_at", "placed_at", "purchase_date"}},
		{field: fieldAmount, required: true, others: []string{"total", "revenue", "order_total", "order_amount"}},
		{field: fieldOrder, others: []string{"orderid", "order_number"}},
		{field: fieldCurrency, others: []string{"currency_code"}},
	}
}

// order reads an order.
func (f *Reader) order(fields []string, row *Row) error {
	e, err := f.person(fields)
	if err != nil {
		return err
	}
	currency, total, err := f.amount(fields)
	if err != nil {
		return err
	}
	at, err := f.date(fields, fieldDate)
	if err != nil {
		return err
	}
	day := customer.DayOf(at.time, f.settings.Zone)
	if at.day != "" {
		day = customer.Day(at.time.Unix() / (24 * 60 * 60))
	}
	rates := f.settings.Rates
	if rate, ok := rates.On(currency, day); !ok {
		return f.refuse(fieldCurrency, "no rate of %s is known on the order's day: add it to the setting rates, or convert the amount to %s",
			currency, rates.Business())
	} else if rate.Convert(total) > event.MaxTotal {
		return f.refuse(fieldAmount, "an amount is at most %s %s", rates.Business().Format(event.MaxTotal), rates.Business())
	}
	spelled := currency.AppendFormat(nil, total)
	when := at.spelled()
	content := [][]byte{[]byte(e.User), []byte(when), spelled, []byte(currency)}
	id := f.columns.get(fields, fieldOrder)
	if id == "" {
		id = f.rowID(content...)
	} else if !isWord(id, event.MaxOrderIDBytes) {
		return f.refuse(fieldOrder, "an order id is at most %d bytes long, without control characters", event.MaxOrderIDBytes)
	}
	e.ID = event.MessageID(event.ContentID("import-", append(content, []byte(id))...))
	e.Type, e.Name, e.Time = event.Track, event.OrderCompleted, at.time
	p := make([]byte, 0, 96+len(id))
	p = append(appendJSON(append(p, `{"order_id":`...), id), `,"total":`...)
	p = append(append(append(p, spelled...), `,"currency":"`...), currency...)
	if at.day != "" {
		p = append(append(p, `","date":"`...), at.day...)
	}
	e.Properties = append(p, `"}`...)
	row.Events = append(row.Events, e)
	return nil
}

// person begins the event of the customer whom a row names.
func (f *Reader) person(fields []string) (e event.Event, err error) {
	id, err := customer.ParseID(f.columns.get(fields, fieldCustomer))
	switch {
	case err != nil:
		return e, f.refuse(fieldCustomer, "%s", sentence(err))
	case strings.HasPrefix(string(id), visitorPrefix):
		return e, f.refuse(fieldCustomer, "a customer id must not begin with %q: that is kept for visitors without one", visitorPrefix)
	}
	return f.event(string(id)), nil
}

// visitorPrefix begins the ids of the customers that anonymous visitors are; see event.Event.Customer.
const visitorPrefix = "anonymous:"

func (f *Reader) event(user string) event.Event {
	return event.Event{User: user, Received: f.received, Source: event.SourceImport, Import: true}
}

// amount reads an amount and its currency: the row's, the import's, or the business's.
func (f *Reader) amount(fields []string) (money.Currency, money.Amount, error) {
	currency := f.request.Currency
	if currency == "" {
		currency = f.settings.Rates.Business()
	}
	if code := f.columns.get(fields, fieldCurrency); code != "" && code != string(currency) {
		c, err := money.ParseCurrency(code)
		if err != nil {
			return "", 0, f.refuse(fieldCurrency, "%s", sentence(err))
		}
		currency = c
	}
	if !f.settings.Rates.Knows(currency) {
		return "", 0, f.refuse(fieldCurrency, "no rate of %s is known: add it to the setting rates, or convert the amount to %s",
			currency, f.settings.Rates.Business())
	}
	text := f.columns.get(fields, fieldAmount)
	total, err := currency.Parse(text)
	switch {
	case err != nil && hasDecimalComma(text):
		return "", 0, f.refuse(fieldAmount, "an amount has a decimal point and no separators: write 1234.50 for 1.234,50")
	case err != nil:
		return "", 0, f.refuse(fieldAmount, "%s", sentence(err))
	case total < 0:
		return "", 0, f.refuse(fieldAmount, "an amount must not be negative: leave refunds out, or take them off their orders' amounts")
	case total > event.MaxTotal:
		return "", 0, f.refuse(fieldAmount, "an amount is at most %s %s", currency.Format(event.MaxTotal), currency)
	}
	return currency, total, nil
}

// hasDecimalComma reports whether a number seems to be written as much of the world does: 12,50 or 1.234,50 or 1,234.50.
func hasDecimalComma(text string) bool {
	return strings.ContainsRune(text, ',') && strings.Trim(text, "0123456789.,-") == ""
}

// isWord reports whether text is 1 to most bytes without control characters.
func isWord(text string, most int) bool {
	return text != "" && len(text) <= most && !strings.ContainsFunc(text, unicode.IsControl)
}
