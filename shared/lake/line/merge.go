package line

import (
	"bytes"
	"cmp"
	"iter"
	"slices"
)

// Entry is a line and its head.
type Entry struct {
	Head
	Raw []byte // without an end of line
}

// EntryOf reads a line's head.
func EntryOf(raw []byte) Entry { return Entry{Head: HeadOf(raw), Raw: raw} }

// Compare orders lines by customer, id, order and time of receipt, so that all of one customer's stand together and duplicates
// side by side, the first of them first. What is no line of an event comes before all others.
func Compare(a, b Entry) int {
	return cmp.Or(
		bytes.Compare(a.Customer, b.Customer),
		bytes.Compare(a.ID, b.ID),
		bytes.Compare(a.Order, b.Order),
		bytes.Compare(a.Received, b.Received),
		bytes.Compare(a.Raw, b.Raw),
	)
}

// Same reports whether two lines are of the same event. What is no line of an event is itself alone.
func Same(a, b Entry) bool {
	if a.IsZero() || b.IsZero() {
		return bytes.Equal(a.Raw, b.Raw)
	}
	return bytes.Equal(a.Customer, b.Customer) && bytes.Equal(a.ID, b.ID) && bytes.Equal(a.Order, b.Order)
}

// Sort sorts lines and drops duplicates; the one received first stays. It works in place.
func Sort(lines []Entry) []Entry {
	slices.SortFunc(lines, Compare)
	return slices.CompactFunc(lines, Same)
}

// Merge yields sorted lines and further sorted lines in one order without duplicates; of duplicates the one received
// first. fresh counts the lines of more that were not among lines. It ends with the first error of lines. An entry is
// valid until the next one.
func Merge(lines iter.Seq2[Entry, error], more []Entry, fresh *int) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		rest := more
		for e, err := range lines {
			if err != nil {
				yield(Entry{}, err)
				return
			}
			for len(rest) > 0 && !Same(rest[0], e) && Compare(rest[0], e) < 0 {
				*fresh++
				if !yield(rest[0], nil) {
					return
				}
				rest = rest[1:]
			}
			if len(rest) > 0 && Same(rest[0], e) {
				if Compare(rest[0], e) < 0 {
					e = rest[0]
				}
				rest = rest[1:]
			}
			if !yield(e, nil) {
				return
			}
		}
		for _, e := range rest {
			*fresh++
			if !yield(e, nil) {
				return
			}
		}
	}
}
