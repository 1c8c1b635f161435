package importfile

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"

	"liuke/shared/fault"
)

// source is a file's text: unpacked, and without a byte order mark. Errors of the file itself are Invalid; those of the
// reader beneath keep what they are.
type source struct {
	below *watched
	text  io.Reader
}

// watched keeps the error that the reader beneath ended with.
type watched struct {
	io.Reader
	err error
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		w.err = err
	}
	return n, err
}

const damagedGzip = "the compressed file is damaged, or was cut short: compress and upload it again"

// newSource looks at a file's first bytes.
func newSource(r io.Reader) (*bufio.Reader, error) {
	s := &source{below: &watched{Reader: r}}
	raw := bufio.NewReaderSize(s.below, chunkBytes)
	head, err := raw.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	s.text = raw
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		if s.text, err = gzip.NewReader(raw); err != nil {
			return nil, s.judge(err)
		}
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return nil, fault.New(fault.Invalid, "the file is a ZIP archive or a workbook: save it as CSV in UTF-8 (gzip may compress it)")
	}
	text := bufio.NewReaderSize(s, chunkBytes)
	head, err = text.Peek(3)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return nil, err
	case bytes.HasPrefix(head, []byte("\uFEFF")):
		_, err = text.Discard(len("\uFEFF"))
		return text, err
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}), bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		return nil, fault.New(fault.Invalid, "the file is UTF-16: save it as UTF-8")
	}
	return text, nil
}

// Read reads the text.
func (s *source) Read(p []byte) (int, error) {
	n, err := s.text.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = s.judge(err)
	}
	return n, err
}

func (s *source) judge(err error) error {
	if s.below.err != nil {
		return s.below.err
	}
	return fault.As(err, fault.Invalid, damagedGzip)
}

// first returns the text's first line that is not blank, for a look: nothing is taken.
func first(text *bufio.Reader) (line string, err error) {
	head, err := text.Peek(chunkBytes)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	for l := range bytes.Lines(head) {
		if l = bytes.TrimSpace(l); len(l) > 0 {
			l, _, _ = bytes.Cut(l, []byte{'\r'}) // other lines may end in CR alone
			return string(l), nil
		}
	}
	return "", fault.New(fault.Invalid, "the file is empty: its first line must name the columns")
}
