package rfm

import "iter"

// Table holds a population's values by column, for scoring it in memory. The columns are of one length, less than 2^32.
// Its methods use all processors, and their results depend on the values alone.
type Table struct {
	Recency   []int32
	Frequency []int32
	Monetary  []int64
}

// Columns are scores by column, for those who store them so.
type Columns struct{ R, F, M []uint8 }

// Quantiles returns the cuts that divide each column into bins: the same as Counts.Quantiles, from the raw columns, and
// in time proportional to their length.
func (t *Table) Quantiles(bins int) Cuts {
	money := selection{values: t.Monetary, frequency: t.Frequency, grid: guess(t.Monetary, bins)}
	rows := t.countRows(money.grid)
	money.counts = rows.monetary
	c := Cuts{Monetary: money.quantiles(bins), Above: true}
	if rows.any>>16 == 0 {
		c.Recency, c.Frequency = small(&rows.recency).Quantiles(bins), small(&rows.frequency).Quantiles(bins)
		return c
	}
	for _, column := range []struct {
		cuts   *[]Cut
		values []int32
	}{{&c.Recency, t.Recency}, {&c.Frequency, t.Frequency}} {
		s := selection{values: wide(column.values), frequency: t.Frequency}
		s.grid = guess(s.values, bins)
		s.count()
		*column.cuts = s.quantiles(bins)
	}
	return c
}

// Columns writes each row's scores by valid cuts to out, whose columns are as long as the table's.
func (t *Table) Columns(c *Cuts, out *Columns) {
	l := lookupsOf(c)
	parallel(t.Rows(), func(pieces iter.Seq2[int, int]) {
		for from, to := range pieces {
			for ; from < to; from += blockRows {
				upto := min(from+blockRows, to)
				l.write(out.R[from:upto], out.F[from:upto], out.M[from:upto], t, from)
			}
		}
	})
}

// Score writes each row's scores by valid cuts to out, which is as long as the columns.
func (t *Table) Score(c *Cuts, out []Scores) {
	l := lookupsOf(c)
	parallel(len(out), func(pieces iter.Seq2[int, int]) {
		var r, f, m [blockRows]uint8
		for from, to := range pieces {
			for ; from < to; from += blockRows {
				rows := out[from:min(from+blockRows, to)]
				l.write(r[:len(rows)], f[:len(rows)], m[:len(rows)], t, from)
				for i := range rows {
					rows[i] = Scores{r[i%blockRows], f[i%blockRows], m[i%blockRows]}
				}
			}
		}
	})
}

// Rows returns the number of rows, or −1 where the columns differ in length.
func (t *Table) Rows() int {
	if len(t.Recency) != len(t.Frequency) || len(t.Recency) != len(t.Monetary) {
		return -1
	}
	return len(t.Recency)
}

// Append adds a row.
func (t *Table) Append(v Value) {
	t.Recency = append(t.Recency, v.Recency)
	t.Frequency = append(t.Frequency, v.Frequency)
	t.Monetary = append(t.Monetary, v.Monetary)
}
