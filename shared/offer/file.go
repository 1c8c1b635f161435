package offer

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"liuke/shared/fault"
)

// Limits of a file.
const (
	MaxBytes = 64 << 20
	MaxRows  = 1_000_000
	maxLine  = 4 << 10
)

// Refused is the error of a row whose code is not taken.
type Refused struct {
	Number int    `json:"number"` // the line, the file's first being 1
	Reason string `json:"reason"` // what to change; it repeats nothing of the row
}

// Error says where and why.
func (r *Refused) Error() string { return fmt.Sprintf("line %d: %s", r.Number, r.Reason) }

// Row is a code of a file.
type Row struct {
	Number int
	Code   string
}

// File reads the codes of a CSV file, one a row: of the column named code where the first row names one, else of the only
// column. Columns end at commas, semicolons or tabs; what stands around a code, blanks and quotes, is dropped. It holds one
// row, and some 30 bytes for each code that it has seen. It is not safe for concurrent use.
type File struct {
	pool   *Pool
	in     *bufio.Reader
	bytes  int64
	line   int
	rows   int
	column int // -1 before the first row
	seen   map[[16]byte]int32
}

// NewFile reads a file for the pool.
func NewFile(r io.Reader, p *Pool) *File {
	return &File{pool: p, in: bufio.NewReaderSize(r, maxLine), column: -1, seen: map[[16]byte]int32{}}
}

// Next returns the next code. It returns io.EOF at the end, a *Refused for a row that is not taken (the next call goes on
// behind it), a TooLarge error where the file has too many rows or bytes, an Invalid error where it has no column of codes,
// and the reader's own error.
func (f *File) Next() (Row, error) {
	for {
		line, tooLong, err := f.readLine()
		if err != nil {
			return Row{}, err
		}
		cells := split(line)
		if f.column < 0 {
			header, err := f.header(cells)
			if err != nil {
				return Row{}, err
			}
			if header {
				continue
			}
		}
		if f.rows++; f.rows > MaxRows {
			return Row{}, fault.New(fault.TooLarge, "a file has at most %d codes", MaxRows)
		}
		if tooLong {
			return Row{}, &Refused{f.line, fmt.Sprintf("the line is longer than %d bytes", maxLine)}
		}
		return f.row(cells)
	}
}

func (f *File) row(cells []string) (Row, error) {
	if f.column >= len(cells) {
		return Row{}, &Refused{f.line, "the row has no cell in the column of codes"}
	}
	code := cells[f.column]
	if err := f.pool.Check(code); err != nil {
		return Row{}, &Refused{f.line, err.Error()}
	}
	sum := digest("code", f.pool.ID, fold(code))
	key := [16]byte(sum[:16])
	if first, ok := f.seen[key]; ok {
		return Row{}, &Refused{f.line, fmt.Sprintf("the code stands on line %d already", first)}
	}
	f.seen[key] = int32(f.line)
	return Row{f.line, code}, nil
}

// header looks at the first row, and reports whether it names columns.
func (f *File) header(cells []string) (bool, error) {
	for i, cell := range cells {
		if strings.EqualFold(cell, "code") {
			f.column = i
			return true, nil
		}
	}
	if len(cells) > 1 {
		return false, fault.New(fault.Invalid, "a file of several columns names them in its first row, the codes' %q", "code")
	}
	f.column = 0
	return false, nil
}

// readLine returns the next line without its end; of one that is too long, the beginning.
func (f *File) readLine() (line []byte, tooLong bool, err error) {
	line, err = f.in.ReadSlice('\n')
	f.bytes += int64(len(line))
	for errors.Is(err, bufio.ErrBufferFull) {
		if !tooLong {
			line, tooLong = bytes.Clone(line), true
		}
		var tail []byte
		tail, err = f.in.ReadSlice('\n')
		f.bytes += int64(len(tail))
		if f.bytes > MaxBytes {
			break
		}
	}
	switch {
	case f.bytes > MaxBytes:
		return nil, false, fault.New(fault.TooLarge, "a file of codes has at most %d MB", MaxBytes>>20)
	case err != nil && !errors.Is(err, io.EOF):
		return nil, false, err
	case len(line) == 0:
		return nil, false, io.EOF
	}
	if f.line++; f.line == 1 {
		line = bytes.TrimPrefix(line, []byte("\ufeff"))
	}
	return bytes.TrimRight(line, "\r\n"), tooLong, nil
}

// split returns the cells of a line.
func split(line []byte) (cells []string) {
	for {
		i := bytes.IndexAny(line, ",;\t")
		if i < 0 {
			return append(cells, strings.Trim(string(line), " \"'"))
		}
		cells = append(cells, strings.Trim(string(line[:i]), " \"'"))
		line = line[i+1:]
	}
}
