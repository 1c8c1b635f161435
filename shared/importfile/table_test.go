package importfile

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// all reads a CSV text's records, and the lines that are passed over, as text.
func all(t *testing.T, r io.Reader, width int) (records []string) {
	t.Helper()
	table := newTable(r)
	table.width = width
	for n := 0; ; n++ {
		if n > 100_000 {
			t.Fatal("the file does not end")
		}
		fields, line, err := table.next()
		var bad *syntax
		switch {
		case errors.Is(err, io.EOF):
			return records
		case errors.As(err, &bad):
			records = append(records, fmt.Sprintf("%d: REFUSED at %d", bad.line, bad.column))
		case err != nil:
			t.Fatal(err)
		default:
			records = append(records, fmt.Sprintf("%d: %s", line, strings.Join(fields, "|")))
		}
	}
}

func TestRecordsOfATable(t *testing.T) {
	for name, c := range map[string]struct {
		file string
		want []string
	}{
		"fields are as they are written":                      {"a, b ,c\n1,,3\n", []string{"1: a| b |c", "2: 1||3"}},
		"the last line needs no end":                          {"a,b\nc,d", []string{"1: a|b", "2: c|d"}},
		"the last field may be empty":                         {"a,\n\"b\",\n,\n", []string{"1: a|", "2: b|", "3: |"}},
		"lines may end as on Windows":                         {"a,b\r\n\"c\",\"d\"\r\n", []string{"1: a|b", "2: c|d"}},
		"blank lines count, and hold nothing":                 {"\n\na\n\r\nb\n", []string{"3: a", "5: b"}},
		"quotes hold separators, quotes and line ends":        {"\"a,\"\"x\"\"\",\"b\nc\r\nd\"\ne,f\n", []string{"1: a,\"x\"|b\nc\r\nd", "4: e|f"}},
		"an empty quoted field":                               {"\"\",b\n", []string{"1: |b"}},
		"a quote that is never closed costs its line alone":   {"a,b\n1,\"2\n3,4\n5,6\n", []string{"1: a|b", "2: REFUSED at 1", "3: 3|4", "4: 5|6"}},
		"a quote that the next row's quote seems to close":    {"a,b\n1,\"2\n3,\"4\"\n5,6\n", []string{"1: a|b", "2: REFUSED at 1", "3: 3|4", "4: 5|6"}},
		"a quote that closes at a separator rows later":       {"a,b\n1,\"2\n\",4\n5,6\n", []string{"1: a|b", "2: REFUSED at -1", "3: REFUSED at 0", "4: 5|6"}},
		"a quote in a field without quotes":                   {"a,5\" nail\nb,c\n", []string{"1: REFUSED at 1", "2: b|c"}},
		"text behind a closing quote":                         {"\"a\"b,c\nd,e\n", []string{"1: REFUSED at 0", "2: d|e"}},
		"text that is no UTF-8":                               {"a,\xff\nb,\"\xff\"\nc,d\n", []string{"1: REFUSED at -1", "2: REFUSED at 1", "3: c|d"}},
		"lines may end in CR alone, one as the other":         {"a,b\r\"c\",\"d\"\r\re,\r\nf,g\nh,i\r", []string{"1: a|b", "2: c|d", "4: e|", "5: f|g", "6: h|i"}},
		"a CR in quotes is the field's, and counts as a line": {"\"a\rb\r\n\",c\rd,e\r", []string{"1: a\rb\r\n|c", "4: d|e"}},
		"an open quote costs a line that ends in CR":          {"a,b\r1,\"2\r3,4\r", []string{"1: a|b", "2: REFUSED at 1", "3: 3|4"}},
		"text behind a closing quote, on a line that ends so": {"\"a\"b,c\r\"d\",e\r", []string{"1: REFUSED at 0", "2: d|e"}},
		"nothing":      {"", nil},
		"a line only":  {"\n", nil},
		"an open file": {"a,\"", []string{"1: REFUSED at 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(c.want, all(t, strings.NewReader(c.file), 2)); d != "" {
				t.Errorf("at once (-want +got):\n%s", d)
			}
			if d := cmp.Diff(c.want, all(t, iotest.OneByteReader(strings.NewReader(c.file)), 2)); d != "" {
				t.Errorf("byte by byte (-want +got):\n%s", d)
			}
		})
	}
}

func TestRowsBeyondTheBoundAreRefusedAlone(t *testing.T) {
	for name, long := range map[string]string{
		"a long line":                strings.Repeat("x", 3*maxRecordBytes),
		"a line just over the bound": strings.Repeat("x", maxRecordBytes+1),
		"an open quote over many lines, which are read by themselves": "\"" + strings.Repeat("a,b\n", maxRecordBytes/2),
	} {
		t.Run(name, func(t *testing.T) {
			got := all(t, strings.NewReader("a,b\n"+long+"\nc,d\n"), 2)
			if len(got) < 3 || got[1][:10] != "2: REFUSED" || !strings.HasSuffix(got[len(got)-1], ": c|d") {
				t.Errorf("%d records, %v … %v", len(got), got[:min(2, len(got))], got[len(got)-1])
			}
			if lines := strings.Count(long, "\n"); len(got) != 3+max(0, lines-1) && lines > 0 {
				t.Errorf("%d records of %d lines", len(got), lines)
			}
		})
	}
}

func TestATableHoldsOneRecordInMemory(t *testing.T) {
	row := strings.Repeat("x", 1000) + ",y\n"
	table := newTable(io.LimitReader(endless(row), 200<<20))
	for {
		if _, _, err := table.next(); err != nil {
			break
		}
	}
	if cap(table.buf) > 4*maxRecordBytes {
		t.Errorf("%d KB are held", cap(table.buf)>>10)
	}
}

// endless repeats a text.
type endless string

func (e endless) Read(p []byte) (int, error) {
	n := 0
	for n+len(e) <= len(p) {
		n += copy(p[n:], e)
	}
	if n == 0 {
		return 0, io.ErrShortBuffer
	}
	return n, nil
}

func TestAReaderThatFailsIsNoMistakeOfTheFile(t *testing.T) {
	broken := errors.New("broken")
	for _, rest := range []string{"c,", "\"c", "\"c\"", "\"c\",d", "\"c\"\r", "c,d\r", "\"c\nd\"\r"} {
		table := newTable(io.MultiReader(strings.NewReader("a,b\n"+rest), iotest.ErrReader(broken)))
		if _, _, err := table.next(); err != nil {
			t.Fatal(err)
		}
		if _, _, err := table.next(); !errors.Is(err, broken) {
			t.Errorf("%q: got %v, want the reader's error", rest, err)
		}
	}
}
