package importfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

const (
	quoteOpen   = "the quote that opens on this line is not closed within the %d KB that a row may have, or before the file ends: close it, or write a quote that is meant twice"
	quoteInside = "a quote stands inside a field that does not begin with one: put the field into quotes, and write each quote in it twice"
	quoteBehind = "text stands behind a closing quote: write a quote that is meant twice, or close one that is open on this line"
	quoteWidth  = "the row has %d fields over %d lines, and the first line of the file has %d: a quote on this line is not closed"
)

// quoted reads the record at hand, in which there are quotes, so that it may go on over line ends.
func (t *table) quoted() (fields []string, line int, err error) {
	line = t.line
	t.fields = t.fields[:0]
	at, lines := 0, 0
	for more := true; more; {
		if len(t.fields) == maxColumns {
			return nil, line, t.refuse(-1, tooManyColumns)
		}
		column := len(t.fields)
		var field, reason string
		if c, ok := t.at(at); ok && c == '"' {
			field, at, lines, reason = t.quotedField(at, lines)
		} else {
			field, at, reason = t.bareField(at)
		}
		if reason == "" && !utf8.ValidString(field) {
			reason = notUTF8
		}
		if err := t.failed(at); err != nil {
			return nil, line, err
		}
		if reason != "" {
			return nil, line, t.refuse(column, reason)
		}
		t.fields = append(t.fields, field)
		if at, more, reason = t.behind(at); reason != "" {
			return nil, line, t.refuse(column, reason)
		}
		if err := t.halved(at); err != nil {
			return nil, line, err
		}
	}
	if lines > 0 && t.width > 0 && len(t.fields) != t.width {
		return nil, line, t.refuse(-1, fmt.Sprintf(quoteWidth, len(t.fields), lines+1, t.width))
	}
	t.consume(at, lines+1)
	return t.fields, line, nil
}

// failed returns the reader's error where it has cut the record short at the offset.
func (t *table) failed(at int) error {
	if t.err != nil && !errors.Is(t.err, io.EOF) && t.start+at >= t.end {
		return t.err
	}
	return nil
}

// at returns the byte at an offset from the record's start; false behind the end of the file.
func (t *table) at(offset int) (byte, bool) {
	for t.start+offset >= t.end {
		if !t.fill() {
			return 0, false
		}
	}
	return t.buf[t.start+offset], true
}

// quotedField reads the field whose opening quote is at the offset. It returns the offset behind the closing quote and
// how many line ends the record has so far.
func (t *table) quotedField(at, lines int) (field string, next, seen int, reason string) {
	at++
	from, doubled := at, false
	for {
		i := bytes.IndexByte(t.buf[t.start+at:t.end], '"')
		if i < 0 {
			at = t.end - t.start
			if at > maxRecordBytes || !t.fill() {
				return "", at, lines, fmt.Sprintf(quoteOpen, maxRecordBytes>>10)
			}
			continue
		}
		at += i + 1
		if c, ok := t.at(at); !ok || c != '"' {
			break
		}
		doubled = true
		at++
	}
	raw := t.buf[t.start+from : t.start+at-1]
	lines += countLineEnds(raw)
	field = string(raw)
	if doubled {
		field = strings.ReplaceAll(field, `""`, `"`)
	}
	return field, at, lines, ""
}

// bareField reads the field at the offset up to the separator or the end of the line.
func (t *table) bareField(at int) (field string, next int, reason string) {
	from := at
	for {
		c, ok := t.at(at)
		switch {
		case ok && c == '"':
			return "", at, quoteInside
		case !ok || c == t.separator || c == '\n' || c == '\r':
			return string(t.buf[t.start+from : t.start+at]), at, ""
		}
		at++
	}
}

// behind judges what stands behind a field: the separator, or the end of the record.
func (t *table) behind(at int) (next int, more bool, reason string) {
	c, ok := t.at(at)
	switch {
	case !ok:
		return at, false, ""
	case c == t.separator:
		return at + 1, true, ""
	case c == '\n' || c == '\r':
		return t.behindEnd(at), false, ""
	}
	return at, false, quoteBehind
}
