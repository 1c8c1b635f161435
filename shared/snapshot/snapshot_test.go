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
		out[i] = recalc.Row{ID: customer.ID(fmt.Sprintf("客户-%d", i)), History: history, Seen: int64(i), Last: int64(2 * i)}
		if i%3 == 0 {
			out[i].Standing = customer.Scores{R: 5, F: 1 + i%5, M: 3, Segment: "At Risk", Risk: "high", Value: "mid", Run: 1_700_000_000_000}
		}
	}
	return out
}

func TestRowsComeBackAsTheyWere(t *testing.T) {
	for _, n := range []int{0, 1, 5000} {
		in := rows(n)
		file, err := snapshot.Encode(in)
		if err != nil {
			t.Fatal(err)
		}
		out, err := snapshot.Decode(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(in, out, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%d rows: %s", n, diff)
		}
		again, _ := snapshot.Encode(in)
		if !bytes.Equal(file, again) {
			t.Errorf("%d rows are encoded otherwise the second time", n)
		}
	}
}

func TestADamagedFileIsAnError(t *testing.T) {
	file, err := snapshot.Encode(rows(50))
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string][]byte{
		"nothing":            nil,
		"cut short":          file[:len(file)/2],
		"no Parquet":         []byte("customer_id,recency_days"),
		"a footer of zeroes": append(bytes.Clone(file[:len(file)-40]), make([]byte, 40)...),
	} {
		if _, err := snapshot.Decode(bad); fault.CodeOf(err) != fault.Internal {
			t.Errorf("%s: %v, want an internal error", name, err)
		}
	}
}
