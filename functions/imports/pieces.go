package main

import (
	"context"
	"io"

	"liuke/shared/fault"
)

// pieceBytes is how much of a file one call reads and memory holds.
const pieceBytes = 4 << 20

// pieces reads an upload from its beginning, a piece at a time, as the invocation goes: a connection that stays open while
// the rows are sent would be closed.
type pieces struct {
	ctx   context.Context
	lake  Lake
	key   string
	size  int64  // that the upload must have
	tag   string // that it must have; "" before the first piece
	at    int64  // how much has been read
	piece []byte
}

// Read reads on. An upload that is not what the import was opened for is Invalid.
func (p *pieces) Read(b []byte) (int, error) {
	if len(p.piece) == 0 {
		if p.at == p.size {
			return 0, io.EOF
		}
		if err := p.fetch(); err != nil {
			return 0, err
		}
	}
	n := copy(b, p.piece)
	p.piece, p.at = p.piece[n:], p.at+int64(n)
	return n, nil
}

func (p *pieces) fetch() error {
	piece, err := p.lake.ReadPiece(p.ctx, p.key, p.at, pieceBytes)
	switch {
	case fault.CodeOf(err) == fault.NotFound:
		return fault.As(err, fault.Invalid, "the upload is not there any more: open another import")
	case err != nil:
		return err
	case piece.Size != p.size:
		return fault.New(fault.Invalid, "the upload has %d bytes, and the import was opened for %d", piece.Size, p.size)
	case p.tag != "" && piece.Tag != p.tag:
		return fault.New(fault.Invalid, "another file was uploaded while this one was read: open another import")
	}
	p.piece, p.tag = piece.Body, piece.Tag
	return nil
}
