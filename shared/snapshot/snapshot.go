// Package snapshot encodes what a recalculation read of its customers, and what it says of them, as Parquet, so that a
// past run can be repeated and the files be read by DuckDB, Athena and pandas. Where the objects lie is package recalc's
// part.
//
// A part of a snapshot (runs/<run>/parts/) has the columns customer (the pseudonym by which the lake's events name the
// customer, so that both can be joined), history, activity and signs (as package customer encodes them), seen and last
// (Unix seconds), and the scores that stood: r, f, m, segment, risk, labels (in all segment models, as package segment
// encodes them), run (start of the run that wrote them, Unix milliseconds); 0 and "" say none. Of personal data the signs
// hold a birthday, as month and day alone, and the name of the channel that the customer came through. The ids stand in a
// file of their own with one column, id, in the same order: it is needed while the run is under way and expires soon, so
// that what is kept of a run names nobody and, once a customer is erased and the key with it, cannot be told to be theirs.
//
// The verdicts on a part (runs/<run>/verdicts/) have a row for each customer in the run. To Athena they are
//
//	CREATE EXTERNAL TABLE verdicts (
//	  customer string, recency_days int, frequency int, monetary bigint, currency string, r int, f int, m int,
//	  segment string, labels string, channel string, p_alive double, expected_orders_90d double, clv double,
//	  risk_band string, risk double, health double, overdue double, next_order_due string)
//	STORED AS PARQUET LOCATION 's3://<lake>/runs/<run>/verdicts/'
//
// and to DuckDB
//
//	SELECT segment, count(*), avg(risk), sum(clv) FROM 's3://<lake>/runs/<run>/verdicts/*.parquet' GROUP BY segment
//
// A label of one model is regexp_extract(labels, 'lifecycle\t([^\n]*)', 1) to either.
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
	Customer string `parquet:"customer"`
	History  []byte `parquet:"history"`
	Activity []byte `parquet:"activity"`
	Signs    []byte `parquet:"signs"`
	Seen     int64  `parquet:"seen"`
	Last     int64  `parquet:"last"`
	R        int32  `parquet:"r,dict"`
	F        int32  `parquet:"f,dict"`
	M        int32  `parquet:"m,dict"`
	Segment  string `parquet:"segment,dict"`
	Risk     string `parquet:"risk,dict"`
	Labels   string `parquet:"labels,dict"`
	Run      int64  `parquet:"run,dict"`
}

// Encode returns rows as a Parquet file, the same bytes for the same rows.
func Encode(rows []recalc.Row) ([]byte, error) {
	out := make([]row, len(rows))
	for i := range rows {
		r := &rows[i]
		s := r.Standing
		out[i] = row{
			Customer: r.Customer, History: r.History, Activity: r.Activity, Signs: r.Signs, Seen: r.Seen, Last: r.Last,
			R: int32(s.R), F: int32(s.F), M: int32(s.M), Segment: s.Segment, Risk: s.Risk, Labels: s.Labels, Run: s.Run,
		}
	}
	return encode(out)
}

// name is the id of a row.
type name struct {
	ID string `parquet:"id"`
}

// EncodeNames returns the ids of rows as a Parquet file, the same bytes for the same rows.
func EncodeNames(rows []recalc.Row) ([]byte, error) {
	out := make([]name, len(rows))
	for i := range rows {
		out[i].ID = string(rows[i].ID)
	}
	return encode(out)
}

func encode[T any](rows []T) ([]byte, error) {
	var b bytes.Buffer
	w := parquet.NewGenericWriter[T](&b, parquet.Compression(&zstd.Codec{Level: zstd.SpeedDefault}))
	if _, err := w.Write(rows); err != nil {
		return nil, fault.As(err, fault.Internal, "the snapshot cannot be encoded")
	}
	if err := w.Close(); err != nil {
		return nil, fault.As(err, fault.Internal, "the snapshot cannot be encoded")
	}
	return b.Bytes(), nil
}

// Decode reads the files that Encode and EncodeNames made of the same rows. It returns an Internal error for anything
// else.
func Decode(file, names []byte) ([]recalc.Row, error) {
	in, err := decode[row](file)
	if err != nil {
		return nil, err
	}
	ids, err := decode[name](names)
	if err != nil {
		return nil, err
	}
	if len(ids) != len(in) {
		return nil, fault.New(fault.Internal, "the snapshot has %d rows and %d names", len(in), len(ids))
	}
	rows := make([]recalc.Row, len(in))
	for i := range in {
		c := &in[i]
		rows[i] = recalc.Row{
			ID: customer.ID(ids[i].ID), Customer: c.Customer, History: c.History, Activity: c.Activity, Signs: c.Signs, Seen: c.Seen, Last: c.Last,
			Standing: customer.Scores{R: int(c.R), F: int(c.F), M: int(c.M), Segment: c.Segment, Risk: c.Risk, Labels: c.Labels, Run: c.Run},
		}
	}
	return rows, nil
}

func decode[T any](file []byte) (rows []T, err error) {
	defer func() { // the library panics on some damaged files
		if recover() != nil {
			rows, err = nil, fault.New(fault.Internal, "the snapshot is damaged")
		}
	}()
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, fault.As(err, fault.Internal, "the snapshot is damaged")
	}
	r := parquet.NewGenericReader[T](f)
	defer r.Close()
	rows = make([]T, r.NumRows())
	n, err := r.Read(rows)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fault.As(err, fault.Internal, "the snapshot is damaged")
	}
	if n != len(rows) {
		return nil, fault.New(fault.Internal, "the snapshot has %d rows of %d", n, len(rows))
	}
	return rows, nil
}
