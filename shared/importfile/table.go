package importfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Limits of a file's lines.
const (
	maxRecordBytes = 128 << 10 // of one row, the line ends in its quotes included
	maxColumns     = 1000
	chunkBytes     = 64 << 10
)

// table reads the records of a CSV file (RFC 4180) with "," or another separator. A line ends in LF, CRLF or CR alone, as
// some spreadsheets write it, whichever the lines before ended in. The table holds one record in memory. A record
// that cannot be read costs the line that it begins on and nothing more: reading goes on at the next line, so that a
// quote that is never closed hides no rows.
type table struct {
	in         io.Reader
	err        error // of in; io.EOF at its end
	buf        []byte
	start, end int // what is buffered and not read yet
	line       int // of buf[start], from 1
	separator  byte
	width      int // how many fields a record has, once the header is known; 0 before
	fields     []string
}

func newTable(in io.Reader) *table { return &table{in: in, line: 1, separator: ','} }

// fill reads on and reports whether there is more behind buf[start:end] than before.
func (t *table) fill() bool {
	if t.err != nil {
		return false
	}
	if t.start > 0 {
		t.end = copy(t.buf, t.buf[t.start:t.end])
		t.start = 0
	}
	if len(t.buf)-t.end < chunkBytes {
		t.buf = append(t.buf, make([]byte, max(chunkBytes, len(t.buf)))...)
	}
	before := t.end
	for empty := 0; t.end == before && t.err == nil; empty++ {
		n, err := t.in.Read(t.buf[t.end:])
		t.end += n
		if t.err = err; err == nil && empty > 100 {
			t.err = io.ErrNoProgress
		}
	}
	return t.end > before
}

const lineEnds = "\r\n"

// lineEnd returns where the line at hand ends (counted from start), and where the next begins; ok is false where it has
// no end within a record's bounds, the file, or what could be read of it.
func (t *table) lineEnd() (at, next int, ok bool) {
	for {
		if i := bytes.IndexAny(t.buf[t.start+at:t.end], lineEnds); i >= 0 {
			at += i
			next = t.behindEnd(at)
			return at, next, t.halved(next) == nil
		}
		at = t.end - t.start
		if at > maxRecordBytes || !t.fill() {
			at = t.end - t.start
			return at, at, false
		}
	}
}

// behindEnd returns the offset behind the line end at the offset at.
func (t *table) behindEnd(at int) int {
	if t.buf[t.start+at] == '\r' {
		if c, ok := t.at(at + 1); ok && c == '\n' {
			return at + 2
		}
	}
	return at + 1
}

// halved returns the reader's error where that came behind a CR, at the offset next: an LF might have followed.
func (t *table) halved(next int) error {
	if t.buf[t.start+next-1] != '\r' {
		return nil
	}
	return t.failed(next)
}

// countLineEnds counts the line ends in a text.
func countLineEnds(text []byte) int {
	n := bytes.Count(text, []byte{'\n'})
	if cr := bytes.Count(text, []byte{'\r'}); cr > 0 {
		n += cr - bytes.Count(text, []byte(lineEnds))
	}
	return n
}

// consume goes on behind n bytes, which hold the given number of line ends.
func (t *table) consume(n, lines int) {
	t.start += n
	t.line += lines
}

// syntax is why a record cannot be read. Column counts from 0; -1 where it is the row as a whole.
type syntax struct {
	line, column int
	reason       string
}

func (s *syntax) Error() string { return fmt.Sprintf("line %d: %s", s.line, s.reason) }

// next reads a record and returns the line that it begins on. The fields are valid until the next call; what they hold
// stays. It returns io.EOF at the end, a *syntax for a line that is passed over, and the reader's own error.
func (t *table) next() (fields []string, line int, err error) {
	for {
		end, behind, found := t.lineEnd()
		switch {
		case !found && t.err != nil && !errors.Is(t.err, io.EOF):
			return nil, t.line, t.err
		case !found && end == 0:
			return nil, t.line, io.EOF
		case end > maxRecordBytes:
			return nil, t.line, t.refuse(-1, tooLong)
		}
		text := t.buf[t.start : t.start+end]
		if len(text) == 0 {
			t.consume(behind, 1)
			continue
		}
		if bytes.IndexByte(text, '"') >= 0 {
			return t.quoted()
		}
		line = t.line
		whole := string(text)
		t.consume(behind, 1)
		fields, err = t.split(whole, line)
		return fields, line, err
	}
}

func (t *table) split(whole string, line int) ([]string, error) {
	if !utf8.ValidString(whole) {
		return nil, &syntax{line, -1, notUTF8} // the line is consumed
	}
	t.fields = t.fields[:0]
	for len(t.fields) < maxColumns {
		i := strings.IndexByte(whole, t.separator)
		if i < 0 {
			t.fields = append(t.fields, whole)
			return t.fields, nil
		}
		t.fields = append(t.fields, whole[:i])
		whole = whole[i+1:]
	}
	return nil, &syntax{line, -1, tooManyColumns}
}

const (
	notUTF8        = "the row is not UTF-8: save the file as UTF-8"
	tooManyColumns = "the row has more than 1000 columns"
	tooLong        = "the row is longer than 128 KB"
)

// refuse passes over the line at hand.
func (t *table) refuse(column int, reason string) error {
	s := &syntax{t.line, column, reason}
	t.line++
	for {
		if i := bytes.IndexAny(t.buf[t.start:t.end], lineEnds); i >= 0 {
			t.start += i
			t.consume(t.behindEnd(0), 0)
			return s
		}
		t.start = t.end
		if !t.fill() {
			return s
		}
	}
}
