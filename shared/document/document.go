// Package document is the form in which the suite keeps what operators edit: a text under a name, with a version that
// each edit raises by one, so that two who edit at once do not overwrite each other unawares. What a document says is the
// part of who reads it.
package document

import "time"

// MaxBytes is the longest body.
const MaxBytes = 64 << 10 // of a body

// Document is one text.
type Document struct {
	Name    string
	Version int64 // +1 with each edit; 0 for one that was never edited
	Body    string
	Edited  time.Time
}

// Edits is how many edits made these documents: what they are like together is known by it.
func Edits(all []Document) (n int64) {
	for i := range all {
		n += all[i].Version
	}
	return n
}
