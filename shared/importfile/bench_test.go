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

// moving makes an export of Delighted's responses as it is read.
type moving struct {
	rows, row int
	ids       bool
	line      bytes.Buffer
}

func (m *moving) Read(p []byte) (int, error) {
	for m.line.Len() < len(p) && m.row <= m.rows {
		if m.row == 0 {
			m.line.WriteString("Survey Type,Score,Comment,Created At,Person Email,Tags,Delighted Source,Plan,Why?,Response ID\n")
		} else {
			id := ""
			if m.ids {
				id = fmt.Sprint("r", m.row)
			}
			fmt.Fprintf(&m.line, "NPS,%d,\"物流很快, number %d\",20%02d-%02d-%02d %02d:00:00 UTC,c%d@example.com,\"a,b%d\",Email,gold,so,%s\n",
				m.row%11, m.row, 10+m.row%15, 1+m.row%12, 1+m.row%28, m.row%24, m.row%50_000, m.row%7, id)
		}
		m.row++
	}
	return m.line.Read(p)
}

// BenchmarkResponses reads 100,000 responses a round, as a dry run does, and reports the same of them.
func BenchmarkResponses(b *testing.B) {
	const rows = 100_000
	for _, ids := range []bool{true, false} {
		b.Run(fmt.Sprint("with ids ", ids), func(b *testing.B) {
			s := settings(b)
			var before, after runtime.MemStats
			for b.Loop() {
				runtime.GC()
				runtime.ReadMemStats(&before)
				r, err := importfile.NewReader(&moving{rows: rows, ids: ids}, importfile.Request{Kind: importfile.Delighted, DryRun: true}, s, now)
				n := 0
				for ; err == nil; n++ {
					_, err = r.Next()
				}
				if err != io.EOF || n != rows+1 {
					b.Fatal(n, err)
				}
				runtime.GC()
				runtime.ReadMemStats(&after)
				runtime.KeepAlive(r)
			}
			b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(float64(int64(after.HeapAlloc)-int64(before.HeapAlloc))/(1<<20), "MB-held")
			b.ReportMetric(0, "ns/op")
		})
	}
}
