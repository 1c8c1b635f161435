package duckdb_test

import (
	"database/sql"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"liuke/shared/customer"
	"liuke/shared/rfm"
)

// shop is a population of n: one in eight has lapsed, many ordered once, money has a long tail and some is owed back.
func shop(n int) *rfm.Table {
	rng := rand.New(rand.NewPCG(1, 1))
	t := &rfm.Table{Recency: make([]int32, n), Frequency: make([]int32, n), Monetary: make([]int64, n)}
	for i := range n {
		if rng.Uint32()%8 == 0 {
			t.Recency[i] = 365 + rng.Int32N(365)
			continue
		}
		t.Recency[i] = rng.Int32N(365)
		t.Frequency[i] = 1 + int32(rng.ExpFloat64()*3)
		t.Monetary[i] = int64(math.Exp(9+1.2*rng.NormFloat64())) - 1000
	}
	return t
}

func loadShop(t testing.TB, conn *sql.Conn, s *rfm.Table) {
	load(t, conn, "customers", s.Rows(),
		columnOf("recency", duckdb.TYPE_INTEGER, s.Recency),
		columnOf("frequency", duckdb.TYPE_INTEGER, s.Frequency),
		columnOf("monetary", duckdb.TYPE_BIGINT, s.Monetary))
}

// score is the query that scores customers by cuts that SQL gives as r1 to r4, f1 to f4 and m1 to m4.
const score = `create or replace table scores as %s select
	case when frequency <= 0 or recency > r4 then 1 when recency > r3 then 2 when recency > r2 then 3 when recency > r1 then 4 else 5 end::utinyint r,
	case when frequency > f4 then 5 when frequency > f3 then 4 when frequency > f2 then 3 when frequency > f1 then 2 else 1 end::utinyint f,
	case when frequency <= 0 then 1 when monetary > m4 then 5 when monetary > m3 then 4 when monetary > m2 then 3 when monetary > m1 then 2 else 1 end::utinyint m
	from customers %s`

// byQuantiles is the cut-point query as one writes it.
func byQuantiles(t testing.TB, conn *sql.Conn) {
	exec(t, conn, fmt.Sprintf(score, `with q as (
		select quantile_cont(recency, [.2, .4, .6, .8]) r, quantile_cont(frequency, [.2, .4, .6, .8]) f, quantile_cont(monetary, [.2, .4, .6, .8]) m
		from customers where frequency > 0
	), cuts as materialized (
		select r[1] r1, r[2] r2, r[3] r3, r[4] r4, f[1] f1, f[2] f2, f[3] f3, f[4] f4, m[1] m1, m[2] m2, m[3] m3, m[4] m4 from q
	)`, ", cuts"))
}

// byCounts is the fastest exact formulation that is known: it counts equal values, takes from the running counts the
// values at or below the cuts, which part customers as the cuts do, and writes them into the query that scores.
func byCounts(t testing.TB, conn *sql.Conn) {
	query := score
	total := number(t, conn, `select count(*) from customers where frequency > 0`)
	for _, column := range []string{"recency", "frequency", "monetary"} {
		var cuts [4]any
		var into [4]int64
		ranks := make([]string, 4)
		for k := range 4 {
			cuts[k] = &into[k]
			ranks[k] = fmt.Sprintf("min(v) filter (where n > %d)", (total-1)*int64(k+1)/5)
		}
		row := conn.QueryRowContext(t.Context(), fmt.Sprintf(`select %s from (
			select %s v, sum(count(*)) over (order by %[2]s) n from customers where frequency > 0 group by %[2]s)`, strings.Join(ranks, ", "), column))
		if err := row.Scan(cuts[:]...); err != nil {
			t.Fatal(err)
		}
		for k, cut := range into {
			query = strings.ReplaceAll(query, fmt.Sprintf("> %c%d ", column[0], k+1), fmt.Sprintf("> %d ", cut))
		}
	}
	exec(t, conn, fmt.Sprintf(query, "", ""))
}

func ours(s *rfm.Table) rfm.Columns {
	n := s.Rows()
	out := rfm.Columns{R: make([]uint8, n), F: make([]uint8, n), M: make([]uint8, n)}
	cuts := s.Quantiles(5)
	s.Columns(&cuts, &out)
	return out
}

// expectEqual compares the table scores with ours, row by row.
func expectEqual(t testing.TB, conn *sql.Conn, name string, c rfm.Columns) {
	t.Helper()
	load(t, conn, "ours", len(c.R),
		columnOf("ro", duckdb.TYPE_UTINYINT, c.R), columnOf("fo", duckdb.TYPE_UTINYINT, c.F), columnOf("mo", duckdb.TYPE_UTINYINT, c.M))
	if n := number(t, conn, "select count(*) from scores positional join ours where r = ro and f = fo and m = mo"); n != int64(len(c.R)) {
		t.Fatalf("%s: %d of %d customers have the same scores", name, n, len(c.R))
	}
}

func TestScoresAreThoseOfTheCutPointQuery(t *testing.T) {
	for _, n := range []int{1, 4, 5, 300_001} {
		s := shop(n)
		s.Frequency[0], s.Monetary[0] = 1, 77 // quantiles of nobody are null in SQL
		conn := open(t)
		loadShop(t, conn, s)
		byQuantiles(t, conn)
		expectEqual(t, conn, "quantiles", ours(s))
		byCounts(t, conn)
		expectEqual(t, conn, "counts", ours(s))
	}
}

func TestTilesAreThoseOfNtile(t *testing.T) {
	for _, n := range []int{1, 4, 23, 50_000} {
		s := shop(n)
		ids := make([]string, n)
		var counts rfm.Counts
		value := func(i int) rfm.Value {
			return rfm.Value{Recency: s.Recency[i], Frequency: s.Frequency[i], Monetary: s.Monetary[i]}
		}
		for i := range n {
			ids[i] = "customer-" + strconv.Itoa(i)
			s.Monetary[i] /= 5000 // equals at every border
			counts.Add(value(i))
		}
		plan := counts.Tiles(5)
		for len(plan.Splits) > 0 {
			ties := plan.Ties()
			for i, id := range ids {
				ties.Add(plan, value(i), rfm.Tie(customer.ID(id)))
			}
			var err error
			if plan, err = plan.Settle(ties); err != nil {
				t.Fatal(err)
			}
		}
		out := rfm.Columns{R: make([]uint8, n), F: make([]uint8, n), M: make([]uint8, n)}
		for i, id := range ids {
			x := plan.Tiles.Score(value(i), rfm.Tie(customer.ID(id)))
			out.R[i], out.F[i], out.M[i] = x.R, x.F, x.M
		}
		conn := open(t)
		load(t, conn, "customers", n,
			columnOf("id", duckdb.TYPE_VARCHAR, ids), columnOf("recency", duckdb.TYPE_INTEGER, s.Recency),
			columnOf("frequency", duckdb.TYPE_INTEGER, s.Frequency), columnOf("monetary", duckdb.TYPE_BIGINT, s.Monetary))
		exec(t, conn, `create table tiles as select id,
			ntile(5) over (order by recency desc, substr(sha256(id), 1, 16)) r,
			ntile(5) over (order by frequency, substr(sha256(id), 1, 16)) f,
			ntile(5) over (order by monetary, substr(sha256(id), 1, 16)) m from customers where frequency > 0`)
		exec(t, conn, `create table scores as select coalesce(r, 1) r, coalesce(f, 1) f, coalesce(m, 1) m
			from (select row_number() over () place, id from customers) left join tiles using (id) order by place`)
		expectEqual(t, conn, fmt.Sprintf("%d customers", n), out)
	}
}

// Both sides take the same columns in memory to a new table of scores in memory, alternating, and the medians are
// compared. The processor time is compared as well: it is what remains of the figure on a machine that others use.
func BenchmarkTable10MAgainstDuckDB(b *testing.B) {
	const n, rounds = 10_000_000, 5
	s := shop(n)
	conn := open(b)
	loadShop(b, conn, s)
	sides := []struct {
		name string
		run  func()
	}{
		{"liuke", func() { ours(s) }},
		{"quantiles", func() { byQuantiles(b, conn) }},
		{"counts", func() { byCounts(b, conn) }},
		{"ntile", func() {
			exec(b, conn, `create or replace table tiles as select ntile(5) over (order by recency desc)::utinyint r, ntile(5) over (order by frequency)::utinyint f,
				ntile(5) over (order by monetary)::utinyint m from customers where frequency > 0`)
		}},
	}
	for b.Loop() {
		wall, cpu := make(map[string][]float64), make(map[string][]float64)
		for round := range rounds {
			for _, side := range sides {
				if side.name == "ntile" && round > 0 { // it takes long, and is a second figure alone
					continue
				}
				at, spent := time.Now(), processor(b)
				side.run()
				wall[side.name] = append(wall[side.name], time.Since(at).Seconds())
				cpu[side.name] = append(cpu[side.name], processor(b)-spent)
			}
		}
		for _, side := range sides {
			w, c := median(wall[side.name]), median(cpu[side.name])
			fmt.Printf("%-10s %8.1f ms, %5.1f × liuke   %8.1f ms of processors, %5.1f × liuke\n",
				side.name, w*1e3, w/median(wall["liuke"]), c*1e3, c/median(cpu["liuke"]))
			b.ReportMetric(w/median(wall["liuke"]), side.name+"×")
		}
	}
	byQuantiles(b, conn)
	expectEqual(b, conn, "quantiles", ours(s))
	byCounts(b, conn)
	expectEqual(b, conn, "counts", ours(s))
	b.ReportMetric(0, "ns/op")
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

// processor returns the seconds of processor time that this process has used.
func processor(t testing.TB) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}
