package duckdb_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"liuke/shared/clv"
	"liuke/shared/customer"
	"liuke/shared/recalc"
	"liuke/shared/snapshot"
)

func TestDuckDBReadsASnapshot(t *testing.T) {
	const n = 5000
	rows := make([]recalc.Row, n)
	for i := range rows {
		var h customer.History
		for k := range i % 7 {
			h.Add(customer.Day(10_000+i+k*30), int64(1000*k-i))
		}
		history, err := h.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		rows[i] = recalc.Row{ID: customer.ID(fmt.Sprintf("客户-%d", i)), Customer: fmt.Sprintf("%032x", i), History: history, Seen: int64(i), Last: int64(2 * i)}
		if i%3 == 0 {
			rows[i].Standing = customer.Scores{R: 5, F: 1 + i%5, M: 3, Segment: "Can't Lose Them", Risk: "high", Labels: "rfm10\tCan't Lose Them\nvalue\tmid", Run: 1_700_000_000_000}
		}
	}
	file, err := snapshot.Encode(rows)
	if err != nil {
		t.Fatal(err)
	}
	names, err := snapshot.EncodeNames(rows)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, raw := range map[string][]byte{"rows.parquet": file, "names.parquet": names} {
		if err := os.WriteFile(filepath.Join(dir, name), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	conn := open(t)
	found, err := conn.QueryContext(t.Context(), fmt.Sprintf(`
		select id, customer, history, seen, last, r, f, m, segment, risk, labels, run
		from read_parquet('%s/names.parquet') positional join read_parquet('%[1]s/rows.parquet')`, dir))
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	i := 0
	for ; found.Next(); i++ {
		var got recalc.Row
		s := &got.Standing
		if err := found.Scan(&got.ID, &got.Customer, &got.History, &got.Seen, &got.Last, &s.R, &s.F, &s.M, &s.Segment, &s.Risk, &s.Labels, &s.Run); err != nil {
			t.Fatal(err)
		}
		if want := rows[i]; got.ID != want.ID || got.Customer != want.Customer || !bytes.Equal(got.History, want.History) ||
			got.Seen != want.Seen || got.Last != want.Last || got.Standing != want.Standing {
			t.Fatalf("row %d is %+v, want %+v", i, got, want)
		}
	}
	if err := found.Err(); err != nil || i != n {
		t.Fatalf("%d rows of %d: %v", i, n, err)
	}
	// What one asks such a file in SQL.
	if got := number(t, conn, fmt.Sprintf(`select count(*) from '%s/rows.parquet' where segment = 'Can''t Lose Them' and r = 5`, dir)); got != (n+2)/3 {
		t.Errorf("%d customers are in the segment, want %d", got, (n+2)/3)
	}
}

func TestDuckDBReadsVerdictsByTheDocumentedQuery(t *testing.T) {
	options, err := recalc.DefaultOptions()
	if err != nil {
		t.Fatal(err)
	}
	today := customer.Date(2026, time.March, 1)
	run := &recalc.Run{ID: "r", Terms: recalc.Terms{AsOf: today, WindowDays: 365, Binning: recalc.Quantile, Currency: "EUR", Model: clv.ModelBGNBD}}
	var summary recalc.Summary
	var rows []recalc.Row
	for i := range 2000 {
		var h customer.History
		for k := range 1 + i%6 {
			h.Add(today-customer.Day(10*k+i%300), int64(1000+i))
		}
		history, _ := h.MarshalBinary()
		row := recalc.Row{ID: customer.ID(fmt.Sprint(i)), Customer: fmt.Sprintf("%032x", i), History: history}
		if err := summary.Summarize(&run.Terms, &row); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	if run.Fit, err = recalc.FitOf(&run.Terms, options, &summary, nil); err != nil {
		t.Fatal(err)
	}
	scorer := recalc.NewScorer(run, options, time.UTC)
	var lines []recalc.Line
	var champions, grown int64
	for i := range rows {
		line, err := scorer.Score(&rows[i])
		if err != nil {
			t.Fatal(err)
		}
		if line.Scores.Segment == "Champions" {
			champions++
		}
		if line.Labels.Get("lifecycle") == "growing" {
			grown++
		}
		lines = append(lines, line)
	}
	file, err := snapshot.EncodeVerdicts(lines, "EUR")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "0-0.parquet")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	conn := open(t)
	if got := number(t, conn, fmt.Sprintf(`select count(*) from (select segment, count(*), avg(risk), sum(clv) from '%s' group by segment) where segment = 'Champions'`, path)); got != 1 {
		t.Errorf("%d segments of the name", got)
	}
	if got := number(t, conn, fmt.Sprintf(`select count(*) from '%s' where segment = 'Champions' and risk between 0 and 100`, path)); got != champions || champions == 0 {
		t.Errorf("%d champions, want %d", got, champions)
	}
	if got := number(t, conn, fmt.Sprintf(`select count(*) from '%s' where regexp_extract(labels, 'lifecycle\t([^\n]*)', 1) = 'growing'`, path)); got != grown || grown == 0 {
		t.Errorf("%d are growing, want %d", got, grown)
	}
}
