package importfile_test

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"testing"

	"liuke/shared/importfile"
)

// shop makes a file of orders as it is read, so that the file itself takes no memory.
type shop struct {
	rows, row int
	ids       bool
	line      bytes.Buffer
}

func (s *shop) Read(p []byte) (int, error) {
	for s.line.Len() < len(p) && s.row <= s.rows {
		switch {
		case s.row == 0 && s.ids:
			s.line.WriteString("customer_id,date,amount,order_id\n")
		case s.row == 0:
			s.line.WriteString("customer_id,date,amount\n")
		default:
			fmt.Fprintf(&s.line, "C%06d,20%02d-%02d-%02d,%d.%02d", s.row%200_000, 10+s.row%15, 1+s.row%12, 1+s.row%28, 1+s.row%500, s.row%100)
			if s.ids {
				fmt.Fprintf(&s.line, ",o%d", s.row)
			}
			s.line.WriteByte('\n')
		}
		s.row++
	}
	return s.line.Read(p)
}

// BenchmarkReader reads a million orders a round and reports rows a second and the memory that the reader holds at the end.
func BenchmarkReader(b *testing.B) {
	const rows = 1_000_000
	for _, ids := range []bool{true, false} {
		name := "without an id"
		if ids {
			name = "with ids"
		}
		b.Run(name, func(b *testing.B) {
			s := settings(b)
			var before, after runtime.MemStats
			for b.Loop() {
				runtime.GC()
				runtime.ReadMemStats(&before)
				r, err := importfile.NewReader(&shop{rows: rows, ids: ids}, importfile.Request{Kind: importfile.Orders}, s, now)
				if err != nil {
					b.Fatal(err)
				}
				n := 0
				for ; ; n++ {
					if _, err = r.Next(); err != nil {
						break
					}
				}
				if err != io.EOF || n != rows {
					b.Fatal(n, err)
				}
				runtime.GC()
				runtime.ReadMemStats(&after)
				runtime.KeepAlive(r)
			}
			b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MB-held")
			b.ReportMetric(0, "ns/op")
		})
	}
}
