// Package snapshot encodes the rows of a recalculation's snapshot as Parquet, so that a past run can be repeated and the
// files be read by DuckDB, Athena and pandas. Columns: id, history and activity (as package customer encodes them), seen
// and last (Unix seconds), and the scores that stood: r, f, m, segment, risk, value, run (start of the run that
// wrote them, Unix milliseconds); 0 and "" say none. Where the objects lie is package recalc's part.
package snapshot

import (
	"bytes"
	"errors"
	"io"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/recalc"
)

// row is a recalc.Row by column.
type row struct {
	ID       string `parquet:"id"`
	History  []byte `parquet:"history"`
	Activity []byte `parquet:"activity"`
	Seen     int64  `parquet:"seen"`
	Last     int64  `parquet:"last"`
	R        int32  `parquet:"r,dict"`
	F        int32  `parquet:"f,dict"`
	M        int32  `parquet:"m,dict"`
	Segment  string `parquet:"segment,dict"`
	Risk     string `parquet:"risk,dict"`
	Value    string `parquet:"value,dict"`
	Run      int64  `parquet:"run,dict"`
}

// Encode returns rows as a Parquet file, the same bytes for the same rows.
func Encode(rows []recalc.Row) ([]byte, error) {
	out := make([]row, len(rows))
	for i := range rows {
		r := &rows[i]
		s := r.Standing
		out[i] = row{
			ID: string(r.ID), History: r.History, Activity: r.Activity, Seen: r.Seen, Last: r.Last,
			R: int32(s.R), F: int32(s.F), M: int32(s.M), Segment: s.Segment, Risk: s.Risk, Value: s.Value, Run: s.Run,
		}
	}
	var b bytes.Buffer
	w := parquet.NewGenericWriter[row](&b, parquet.Compression(&zstd.Codec{Level: zstd.SpeedDefault}))
	if _, err := w.Write(out); err != nil {
		return nil, fault.As(err, fault.Internal, "the snapshot cannot be encoded")
	}
	if err := w.Close(); err != nil {
		return nil, fault.As(err, fault.Internal, "the snapshot cannot be encoded")
	}
	return b.Bytes(), nil
}

// Decode reads what Encode made. It returns an Internal error for anything else.
func Decode(file []byte) (rows []recalc.Row, err error) {
	defer func() { // the library panics on some damaged files
		if recover() != nil {
			rows, err = nil, fault.New(fault.Internal, "the snapshot is damaged")
		}
	}()
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, fault.As(err, fault.Internal, "the snapshot is damaged")
	}
	r := parquet.NewGenericReader[row](f)
	defer r.Close()
	in := make([]row, r.NumRows())
	n, err := r.Read(in)
	if err != nil && !errors.Is(err, io.EOF) || n != len(in) {
		return nil, fault.As(err, fault.Internal, "the snapshot is damaged")
	}
	rows = make([]recalc.Row, n)
	for i := range in {
		c := &in[i]
		rows[i] = recalc.Row{
			ID: customer.ID(c.ID), History: c.History, Activity: c.Activity, Seen: c.Seen, Last: c.Last,
			Standing: customer.Scores{R: int(c.R), F: int(c.F), M: int(c.M), Segment: c.Segment, Risk: c.Risk, Value: c.Value, Run: c.Run},
		}
	}
	return rows, nil
}
