package importfile_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/importfile"
	"liuke/shared/money"
	"liuke/shared/survey"
)

var now = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// settings are of a business in Shanghai that counts in euros and knows what a dollar is worth.
func settings(t testing.TB) importfile.Settings {
	t.Helper()
	rates, err := money.ParseRates(`{"USD":{"2020-01-01":"0.9"}}`, "EUR")
	if err != nil {
		t.Fatal(err)
	}
	surveys, err := survey.BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	return importfile.Settings{Rates: rates, Zone: zone, Surveys: surveys}
}

// contents is what a file holds: its rows in a spelling of the test's own, and its refused rows.
type contents struct {
	rows    []string
	refused []string
	events  []event.Event
	answers []survey.Answer
}

func read(t testing.TB, r importfile.Request, file io.Reader) (contents, error) {
	t.Helper()
	var c contents
	f, err := importfile.NewReader(file, r, settings(t), now)
	if err != nil {
		return c, err
	}
	for {
		row, err := f.Next()
		var bad *importfile.Refused
		switch {
		case errors.Is(err, io.EOF):
			return c, nil
		case errors.As(err, &bad):
			c.refused = append(c.refused, bad.Error())
		case err != nil:
			return c, err
		default:
			for i := range row.Events {
				e := &row.Events[i]
				if !e.Import || e.Source != event.SourceImport || !e.Received.Equal(now) || e.ID == "" {
					t.Fatalf("the event does not say that it is history: %+v", e)
				}
				c.events = append(c.events, *e)
				c.rows = append(c.rows, fmt.Sprintf("%d %s %s %s %s%s", row.Number, e.Type, e.Customer(), e.Time.Format(time.RFC3339), e.Properties, e.Traits))
			}
			if row.Answer != nil {
				c.answers = append(c.answers, *row.Answer)
			}
		}
	}
}

func mustRead(t testing.TB, r importfile.Request, file string) contents {
	t.Helper()
	c, err := read(t, r, strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func expect(t *testing.T, what string, got, want []string) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func TestHowFilesMayBeEncoded(t *testing.T) {
	plain := "customer_id,date,amount,order_id\nc1,2024-01-05,29.33,o1\nc2,2024-01-06,5,o2\n"
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte(plain)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	want := []string{
		`2 track c1 2024-01-05T12:00:00Z {"order_id":"o1","total":29.33,"currency":"EUR","date":"2024-01-05"}`,
		`3 track c2 2024-01-06T12:00:00Z {"order_id":"o2","total":5.00,"currency":"EUR","date":"2024-01-06"}`,
	}
	for name, file := range map[string]string{
		"as it is":             plain,
		"with a mark":          "\uFEFF" + plain,
		"as on Windows":        strings.ReplaceAll(plain, "\n", "\r\n"),
		"as on old Macs":       strings.ReplaceAll(plain, "\n", "\r"),
		"each line otherwise":  strings.Replace(strings.Replace(plain, "\n", "\r", 1), "\n", "\r\n", 1),
		"Mac, with semicolons": strings.ReplaceAll(strings.ReplaceAll(plain, ",", ";"), "\n", "\r"),
		"with semicolons":      strings.ReplaceAll(plain, ",", ";"),
		"with tabs":            strings.ReplaceAll(plain, ",", "\t"),
		"in quotes":            "\"customer_id\",\"date\",\"amount\",\"order_id\"\n\"c1\",\"2024-01-05\",\"29.33\",\"o1\"\n\"c2\",\"2024-01-06\",\"5\",\"o2\"",
		"with other words":     strings.Replace(plain, "customer_id,date,amount,order_id", "Customer ID,Order Date,Revenue,Order Number", 1),
		"compressed":           packed.String(),
		"compressed, in parts": packed.String()[:packed.Len()],
	} {
		t.Run(name, func(t *testing.T) {
			c := mustRead(t, importfile.Request{Kind: importfile.Orders}, file)
			expect(t, "rows", c.rows, want)
			expect(t, "refused rows", c.refused, nil)
		})
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	fmt.Fprint(z, "customer_id,date,amount\n"+strings.Repeat("c1,2024-01-05,29.33\n", 1000))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		kind         importfile.Kind
		columns      map[string]string
		file, reason string
	}{
		"an empty file":                                           {file: "", reason: "the file is empty"},
		"blank lines alone":                                       {file: "\n\n", reason: "the file is empty"},
		"a column is missing":                                     {file: "customer_id,day,total,Preis\n", reason: "the file has no column date. It has: customer_id, day, total, Preis. Say which one it is, such as -columns date=day"},
		"all columns are other fields'":                           {file: "customer_id,total\n", reason: "the file has no column date. It has: customer_id, total. Say which one it is, such as -columns date=COLUMN"},
		"a line end in a column's name":                           {file: "customer_id,date,amount,\"order\rid\"\nc,2024-01-05,5,o\n", reason: "the name of column 4, order id, has a line end or another control character in it"},
		"a mapped column is missing":                              {columns: map[string]string{"date": "when"}, file: "customer_id,day,total\n", reason: "the file has no column when (for date). It has: customer_id, day, total"},
		"an optional one that was mapped":                         {columns: map[string]string{"order_id": "nr"}, file: "customer_id,date,total\n", reason: "no column nr (for order_id)"},
		"a row where the header should be, which is not repeated": {file: "c1@example.com,2024-01-05,5\n", reason: "its first line does not look like the names of columns"},
		"a column occurs twice":                                   {file: "customer_id,date,amount,Amount\n", reason: "two columns named amount"},
		"two columns could be the one":                            {file: "customer_id,date,total,revenue\n", reason: "the columns total and revenue could both be amount: say which, such as -columns amount=total"},
		"a header with a quote that is open":                      {file: "customer_id,\"date,amount\nc,2024-01-05,5\n", reason: "the first line, which must name the columns, cannot be read: the quote that opens"},
		"UTF-16":                                                  {file: "\xff\xfec\x00", reason: "the file is UTF-16: save it as UTF-8"},
		"a workbook":                                              {file: "PK\x03\x04....", reason: "save it as CSV"},
		"a compressed file that was cut short":                    {file: packed.String()[:packed.Len()-9], reason: "the compressed file is damaged"},
		"what only begins as a compressed file":                   {file: "\x1f\x8b\x00\x00\x00", reason: "the compressed file is damaged"},
		"an export of Pinpoint's that is one array":               {kind: importfile.Pinpoint, file: "[{\n", reason: "the file has no column ChannelType"},
		"customers whose consent is mapped to nothing":            {kind: importfile.Customers, columns: map[string]string{"plan": "Plan"}, file: "customer_id\n", reason: "no column Plan (for plan)"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.kind == "" {
				c.kind = importfile.Orders
			}
			_, err := read(t, importfile.Request{Kind: c.kind, Columns: c.columns}, strings.NewReader(c.file))
			if fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), c.reason) {
				t.Fatalf("got %v, want an invalid error that says %q", err, c.reason)
			}
			if strings.Contains(err.Error(), "@example.com") {
				t.Error("the error repeats a row")
			}
		})
	}
}

func TestTroubleWithReadingIsNoMistakeOfTheFile(t *testing.T) {
	broken := fault.New(fault.Unavailable, "broken")
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	fmt.Fprint(z, "customer_id,date,amount\nc,2024-01-05,5\n")
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"", "customer_id,da", "customer_id,date,amount\nc1,2024", packed.String()[:5], packed.String()[:30]} {
		_, err := read(t, importfile.Request{Kind: importfile.Orders}, io.MultiReader(strings.NewReader(file), iotest.ErrReader(broken)))
		if fault.CodeOf(err) != fault.Unavailable {
			t.Errorf("%q: got %v, want the reader's error", file, err)
		}
	}
}

// TestReferenceOrders reads the public file of orders as the issue says, where it is at hand; the one that comes with the
// suite always.
func TestReferenceOrders(t *testing.T) {
	for _, c := range []struct {
		path    string
		columns string
		rows    int
	}{
		{"../../testdata/orders.csv", "", 181},
		{filepath.Join(os.Getenv("LIUKE_REFERENCE_DATA"), "orders_995.csv"), "customer_id=id,amount=revenue", 4906},
	} {
		file, err := os.Open(c.path)
		if errors.Is(err, os.ErrNotExist) && os.Getenv("LIUKE_REFERENCE_DATA") == "" {
			t.Logf("%s is not at hand", filepath.Base(c.path))
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		columns, err := importfile.ParseColumns(c.columns)
		if err != nil {
			t.Fatal(err)
		}
		got, err := read(t, importfile.Request{Kind: importfile.Orders, Columns: columns}, file)
		if err != nil || len(got.refused) > 0 || len(got.events) != c.rows {
			t.Errorf("%s: %d orders, %d refused, %v", c.path, len(got.events), len(got.refused), err)
		}
		orders, messages := map[string]bool{}, map[event.MessageID]bool{}
		for i, e := range got.events {
			orders[string(e.Properties)], messages[e.ID] = true, true
			if len(messages) != i+1 || len(orders) != i+1 {
				t.Fatalf("%s: the id of order %d is another's", c.path, i+1)
			}
		}
	}
}

func TestColumnsAsTheyAreTyped(t *testing.T) {
	got, err := importfile.ParseColumns(" customer_id = id ,amount=Net Revenue")
	if d := cmp.Diff(map[string]string{"customer_id": "id", "amount": "Net Revenue"}, got); d != "" || err != nil {
		t.Errorf("%v %s", err, d)
	}
	for _, wrong := range []string{"customer_id", "=id", "a=", "a=b,,c=d", "a=b,a=c"} {
		if _, err := importfile.ParseColumns(wrong); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%q: got %v, want an invalid error", wrong, err)
		}
	}
}
