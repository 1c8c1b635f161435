// Package duckdb_test measures the suite against DuckDB and lets DuckDB read what the suite writes. It is a module of its
// own, since DuckDB comes as a C++ library: the suite does not depend on it.
package duckdb_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/duckdb/duckdb-go/v2"
)

// open returns a connection to a new DuckDB in memory that has two threads.
func open(t testing.TB) *sql.Conn {
	t.Helper()
	connector, err := duckdb.NewConnector("", func(c driver.ExecerContext) error {
		_, err := c.ExecContext(context.Background(), "set threads = 2", nil)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	t.Cleanup(func() { db.Close() })
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func exec(t testing.TB, conn *sql.Conn, query string) {
	t.Helper()
	if _, err := conn.ExecContext(context.Background(), query); err != nil {
		t.Fatalf("%s\n%v", query, err)
	}
}

// number returns the one number that a query answers.
func number(t testing.TB, conn *sql.Conn, query string) (n int64) {
	t.Helper()
	if err := conn.QueryRowContext(context.Background(), query).Scan(&n); err != nil {
		t.Fatalf("%s\n%v", query, err)
	}
	return n
}

// column is one column of a table that is loaded.
type column struct {
	name string
	kind duckdb.Type
	set  func(chunk duckdb.DataChunk, column, row, of int) error
}

func columnOf[T any](name string, kind duckdb.Type, values []T) column {
	return column{name, kind, func(chunk duckdb.DataChunk, column, row, of int) error {
		return duckdb.SetChunkValue(chunk, column, row, values[of])
	}}
}

var sources atomic.Int64

// load creates a table of so many rows, in their order.
func load(t testing.TB, conn *sql.Conn, table string, rows int, columns ...column) {
	t.Helper()
	source := fmt.Sprintf("source%d", sources.Add(1)) // a function is registered once
	err := duckdb.RegisterTableUDF(conn, source, duckdb.ChunkTableFunction{
		BindArguments: func(map[string]any, ...any) (duckdb.ChunkTableSource, error) {
			return &loading{rows: rows, columns: columns}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	exec(t, conn, fmt.Sprintf("create or replace table %s as from %s()", table, source))
}

type loading struct {
	rows, done int
	columns    []column
}

func (l *loading) ColumnInfos() (out []duckdb.ColumnInfo) {
	for _, c := range l.columns {
		info, err := duckdb.NewTypeInfo(c.kind)
		if err != nil {
			panic(err)
		}
		out = append(out, duckdb.ColumnInfo{Name: c.name, T: info})
	}
	return out
}

func (l *loading) Init() {}

func (l *loading) Cardinality() *duckdb.CardinalityInfo {
	return &duckdb.CardinalityInfo{Cardinality: uint(l.rows), Exact: true}
}

func (l *loading) FillChunk(chunk duckdb.DataChunk) error {
	n := min(duckdb.GetDataChunkCapacity(), l.rows-l.done)
	for i, c := range l.columns {
		for row := range n {
			if err := c.set(chunk, i, row, l.done+row); err != nil {
				return err
			}
		}
	}
	l.done += n
	return chunk.SetSize(n)
}
