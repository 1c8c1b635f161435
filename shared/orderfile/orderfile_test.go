package orderfile_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/money"
	"liuke/shared/orderfile"
)

var now = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// read returns a file's rows, and its refusals as text.
func read(t *testing.T, file string) (rows []orderfile.Row, refused []string) {
	t.Helper()
	r, err := orderfile.NewReader(strings.NewReader(file), "USD")
	if err != nil {
		t.Fatal(err)
	}
	for {
		row, err := r.Next()
		var bad *orderfile.Refused
		switch {
		case errors.Is(err, io.EOF):
			return rows, refused
		case errors.As(err, &bad):
			refused = append(refused, bad.Error())
		case err != nil:
			t.Fatal(err)
		default:
			rows = append(rows, row)
		}
	}
}

// take sends rows through the tracking API's decoder.
func take(t *testing.T, rows []orderfile.Row) *event.Intake {
	t.Helper()
	body := []byte(`{"batch":[`)
	for i := range rows {
		if i > 0 {
			body = append(body, ',')
		}
		body = rows[i].AppendEvent(body)
	}
	in, err := event.Tracking{Money: money.Only("USD")}.Batch(append(body, "]}"...), now)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func TestEachRowBecomesAnOrder(t *testing.T) {
	rows, refused := read(t, "\uFEFFCustomer_ID, date ,units,amount,order_id,currency\n"+
		"c1,1997-01-01,2,29.33,,\n"+
		"\"c \"\"2\"\"\",2026-02-01T00:30:00+08:00,1,5,A-17,usd\n"+
		"c3,1997-01-18,1,0,o3,USD\n")
	if len(refused) > 0 {
		t.Fatal(refused)
	}
	in := take(t, rows)
	type order struct {
		customer, id, day, time string
		total                   int64
	}
	var got []order
	for i := range in.Events {
		e := &in.Events[i]
		o, err := event.OrderOf(e, money.Only("USD"))
		if err != nil || !e.Import || e.Name != event.OrderCompleted {
			t.Fatalf("event %d: %v, import %v, name %q", i, err, e.Import, e.Name)
		}
		got = append(got, order{e.User, o.ID, o.Day, e.Time.Format(time.RFC3339), int64(o.Total)})
	}
	want := []order{
		{"c1", rows[0].Order, "1997-01-01", "1997-01-01T12:00:00Z", 2933},
		{`c "2"`, "A-17", "", "2026-01-31T16:30:00Z", 500},
		{"c3", "o3", "1997-01-18", "1997-01-18T12:00:00Z", 0},
	}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(order{})); d != "" {
		t.Fatalf("orders differ (-want +got):\n%s\nfates %v", d, in.Fates)
	}
	if !strings.HasPrefix(rows[0].Order, "row-") || !strings.HasSuffix(rows[0].Order, "-1") {
		t.Errorf("the order id made from the content is %q", rows[0].Order)
	}
}

func TestEqualRowsAreOrdersOfTheirOwnAndTheSameEachTime(t *testing.T) {
	file := "customer_id,date,amount\nc1,1997-01-01,29.33\nc2,1997-01-01,29.33\nc1,1997-01-01,29.330\nc1,1997-01-01,29.33\n"
	rows, _ := read(t, file)
	orders, messages := map[string]bool{}, map[event.MessageID]bool{}
	in := take(t, rows)
	for i, row := range rows {
		orders[row.Order] = true
		messages[in.Events[i].ID] = true
	}
	if len(orders) != 4 || len(messages) != 4 {
		t.Fatalf("four rows made %d order ids and %d message ids", len(orders), len(messages))
	}
	again, _ := read(t, file+"c1,1997-01-01,29.33\n")
	if d := cmp.Diff(rows, again[:4]); d != "" {
		t.Fatalf("a second reading differs:\n%s", d)
	}
	if orders[again[4].Order] {
		t.Fatal("a further equal row is the same order as one before it")
	}
	for i, e := range take(t, again[:4]).Events {
		if e.ID != in.Events[i].ID {
			t.Fatalf("the message id of row %d changed from %s to %s", i, in.Events[i].ID, e.ID)
		}
	}
}

func TestRefusedRowsAreNamedAndTheOthersRead(t *testing.T) {
	long := strings.Repeat("x", 129)
	file := "customer_id,date,amount,currency,order_id\n" +
		"ok1,1997-01-01,1,,\n" + // line 2
		",1997-01-01,1,,\n" +
		long + ",1997-01-01,1,,\n" +
		"c,01/02/1997,1,,\n" +
		"c,1997-02-30,1,,\n" +
		"c,1997-01-01T10:00:00,1,,\n" +
		"c,1969-12-31,1,,\n" +
		"c,1997-01-01,\"1,000\",,\n" +
		"c,1997-01-01,1.005,,\n" +
		"c,1997-01-01,-1,,\n" +
		"c,1997-01-01,1e30,,\n" +
		"c,1997-01-01,1,EUR,\n" +
		"c,1997-01-01,1,," + long + "\n" +
		"c,1997-01-01\n" +
		"c,19\"97,1,,\n" +
		"\n" +
		"ok2,1997-01-01,1,,\n"
	rows, refused := read(t, file)
	var ids []string
	for _, r := range rows {
		ids = append(ids, fmt.Sprint(r.Line, " ", r.Customer))
	}
	if d := cmp.Diff([]string{"2 ok1", "18 ok2"}, ids); d != "" {
		t.Errorf("rows that were read (-want +got):\n%s", d)
	}
	date := "a date is a day such as 2026-01-31, or a time with its zone such as 2026-01-31T08:00:00+08:00, since 1970"
	want := []string{
		"line 3, column customer_id: a customer id must not be empty",
		"line 4, column customer_id: a customer id is at most 128 bytes long, and this one has 129",
		"line 5, column date: " + date,
		"line 6, column date: " + date,
		"line 7, column date: " + date,
		"line 8, column date: " + date,
		"line 9, column amount: an amount is a decimal number such as 29.33, without signs, separators or spaces around it",
		"line 10, column amount: the amount has more decimals than the 2 of USD: round it to the minor unit",
		"line 11, column amount: an amount is between 0 and 10000000000.00",
		"line 12, column amount: the amount is too large",
		"line 13, column currency: orders are counted in USD here: convert the amount",
		"line 14, column order_id: an order id is at most 100 bytes long, without control characters",
		"line 15: the row has 2 fields, and the first line 5",
		"line 16: not valid CSV: bare \" in non-quoted-field",
	}
	if d := cmp.Diff(want, refused); d != "" {
		t.Errorf("refusals (-want +got):\n%s", d)
	}
}

func TestHeadersThatCannotBeRead(t *testing.T) {
	for name, c := range map[string]struct{ file, reason string }{
		"an empty file":         {"", "the file is empty"},
		"a column is missing":   {"customer_id,order_date,revenue\n", "does not name the column date, amount"},
		"a column occurs twice": {"customer_id,date,amount,Amount\n", "two columns named amount"},
		"a header that no CSV":  {"customer_id,\"da\"te,amount\n", "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := orderfile.NewReader(strings.NewReader(c.file), "USD")
			if fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), c.reason) {
				t.Fatalf("got %v, want an invalid error that says %q", err, c.reason)
			}
		})
	}
}

// FuzzReader holds what rows are made of to what the tracking API takes: whatever the file, each row that is read is
// an order that is accepted, unless its customer or its date are such that only the API can know.
func FuzzReader(f *testing.F) {
	f.Add("1,1997-01-01,29.33,,o1")
	f.Add("\"a,b\",2026-01-31T08:00:00.5+08:00,1e2,usd,")
	f.Add("c,2999-01-01,1,,\nc,1997-01-01,1,USD,\"x\ny\"")
	f.Fuzz(func(t *testing.T, lines string) {
		rows, _ := read(t, "customer_id,date,amount,currency,order_id\n"+lines)
		if len(rows) == 0 || len(rows) > 100 {
			return
		}
		in := take(t, rows)
		for i, fate := range in.Fates {
			row := rows[i]
			if fate.Outcome == event.Refused && row.Time.Before(now) && !strings.HasPrefix(string(row.Customer), "anonymous:") {
				t.Fatalf("%+v: %v", row, fate.Err)
			}
		}
	})
}
