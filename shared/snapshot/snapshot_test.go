package snapshot_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/recalc"
	"liuke/shared/snapshot"
)

func rows(n int) []recalc.Row {
	out := make([]recalc.Row, n)
	for i := range out {
		var h customer.History
		for k := range i % 7 {
			h.Add(customer.Day(10000+i+k*30), int64(1000*k-i))
		}
		history, _ := h.MarshalBinary()
		out[i] = recalc.Row{ID: customer.ID(fmt.Sprintf("客户-%d", i)), Customer: fmt.Sprintf("%032x", i), History: history, Seen: int64(i), Last: int64(2 * i)}
		if i%5 == 0 {
			s := customer.Signs{Birthday: customer.Birthday{Month: 2, Day: 29}}
			out[i].Signs, _ = s.MarshalBinary()
		}
		if i%3 == 0 {
			out[i].Standing = customer.Scores{R: 5, F: 1 + i%5, M: 3, Segment: "At Risk", Risk: "high", Labels: "abc=B;four=gold", Run: 1_700_000_000_000}
		}
	}
	return out
}

func TestRowsComeBackAsTheyWere(t *testing.T) {
	for _, n := range []int{0, 1, 5000} {
		in := rows(n)
		file, names := encoded(t, in)
		out, err := snapshot.Decode(file, names)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(in, out, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%d rows: %s", n, diff)
		}
		again, named := encoded(t, in)
		if !bytes.Equal(file, again) || !bytes.Equal(names, named) {
			t.Errorf("%d rows are encoded otherwise the second time", n)
		}
	}
}

func encoded(t *testing.T, rows []recalc.Row) (file, names []byte) {
	t.Helper()
	file, err := snapshot.Encode(rows)
	if err != nil {
		t.Fatal(err)
	}
	if names, err = snapshot.EncodeNames(rows); err != nil {
		t.Fatal(err)
	}
	return file, names
}

func TestWhatIsKeptNamesNobody(t *testing.T) {
	file, names := encoded(t, []recalc.Row{{ID: "ann@example.com", Customer: "00"}})
	if bytes.Contains(file, []byte("ann@")) || !bytes.Contains(names, []byte("ann@")) {
		t.Error("the id stands in the rows, or not among the names")
	}
}

func TestADamagedFileIsAnError(t *testing.T) {
	file, names := encoded(t, rows(50))
	_, others := encoded(t, rows(49))
	if _, err := snapshot.Decode(file, others); fault.CodeOf(err) != fault.Internal {
		t.Errorf("the names of other rows: %v, want an internal error", err)
	}
	for name, bad := range map[string][]byte{
		"nothing":            nil,
		"cut short":          file[:len(file)/2],
		"no Parquet":         []byte("customer_id,recency_days"),
		"a footer of zeroes": append(bytes.Clone(file[:len(file)-40]), make([]byte, 40)...),
	} {
		if _, err := snapshot.Decode(bad, names); fault.CodeOf(err) != fault.Internal {
			t.Errorf("%s: %v, want an internal error", name, err)
		}
		if _, err := snapshot.Decode(file, bad); fault.CodeOf(err) != fault.Internal {
			t.Errorf("%s for names: %v, want an internal error", name, err)
		}
	}
}
