package importfile

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"liuke/shared/fault"
)

// column is a field that a kind of file may have, and by which names its column goes unless the file's owner says.
type column struct {
	field    string
	required bool
	others   []string // other names, in the form that plainName makes
	ranked   bool     // whether the first of them that is there will do; else there must be one alone
}

// header is which column of a file holds which field.
type header struct {
	names  []string       // as the file spells them
	at     map[string]int // by field
	others []int          // columns that are no field's
}

// maxColumnName is the longest name of a column that is repeated to people, in characters.
const maxColumnName = 60

// plainName is a column's name as it is compared: "Order Date", "order-date" and "order_date" are one.
func plainName(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ' || r == '-' || r == '\u00a0':
			return '_'
		}
		return unicode.ToLower(r)
	}, strings.TrimSpace(name))
}

// readHeader reads the first record and finds the fields' columns, by mapping (field → column) first and by their names
// otherwise. It returns an Invalid error that says what is missing and what is there.
func readHeader(t *table, columns []column, mapping map[string]string) (*header, error) {
	names, _, err := t.next()
	var bad *syntax
	switch {
	case errors.Is(err, io.EOF):
		return nil, fault.New(fault.Invalid, "the file is empty: its first line must name the columns")
	case errors.As(err, &bad):
		return nil, fault.New(fault.Invalid, "the first line, which must name the columns, cannot be read: %s", bad.reason)
	case err != nil:
		return nil, err
	}
	h := &header{names: slices.Clone(names), at: make(map[string]int, len(columns))}
	t.width = len(names)
	index := make(map[string][]int, len(names))
	for i, name := range h.names {
		h.names[i] = strings.TrimSpace(name)
		if strings.ContainsFunc(h.names[i], unicode.IsControl) {
			return nil, fault.New(fault.Invalid, "the name of column %d, %s, has a line end or another control character in it: name each column on the file's first line, without any", i+1, show(h.names[i]))
		}
		index[plainName(name)] = append(index[plainName(name)], i)
	}
	taken := make([]bool, len(names))
	missing := ""
	for _, c := range columns {
		i, err := h.find(c, index, mapping)
		if err != nil {
			return nil, err
		}
		if i >= 0 {
			h.at[c.field], taken[i] = i, true
		} else if missing == "" && (c.required || mapping[c.field] != "") {
			missing = c.field
		}
	}
	if missing != "" {
		return nil, h.missing(missing, mapping[missing], taken)
	}
	for i, name := range h.names {
		if !taken[i] && name != "" {
			h.others = append(h.others, i)
		}
	}
	return h, nil
}

// find returns the column of a field, -1 where it has none.
func (h *header) find(c column, index map[string][]int, mapping map[string]string) (int, error) {
	candidates := append([]string{c.field}, c.others...)
	if name, mapped := mapping[c.field]; mapped {
		// A mapping that the file does not know is no mistake where the field's own name is there.
		candidates = []string{plainName(name), c.field}
	}
	var found []int
	for n, name := range candidates {
		at := index[name]
		if len(at) > 1 {
			return 0, fault.New(fault.Invalid, "the file has two columns named %s", show(h.names[at[0]]))
		}
		if len(at) == 1 && (n == 0 || !slices.Contains(found, at[0])) {
			found = append(found, at[0])
		}
		if len(found) > 0 && (n == 0 || c.ranked || mapping[c.field] != "") {
			return found[0], nil // its own name, or the mapped one, beats the others
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return 0, fault.New(fault.Invalid, "the columns %s and %s could both be %s: say which, such as -columns %s=%s",
			show(h.names[found[0]]), show(h.names[found[1]]), c.field, c.field, show(h.names[found[0]]))
	}
	return -1, nil
}

// missing says which column is missing, what there is, and how to say which it is: by the example of the first column that
// is not taken by another field.
func (h *header) missing(field, mapped string, taken []bool) error {
	name := field
	if mapped != "" {
		name = show(mapped) + " (for " + field + ")"
	}
	if !h.plausible() {
		return fault.New(fault.Invalid, "the file has no column %s: its first line does not look like the names of columns, and it must name them", name)
	}
	there := make([]string, 0, 12)
	for _, n := range h.names {
		if len(there) == 12 {
			there = append(there, fmt.Sprintf("%d more", len(h.names)-12))
			break
		}
		there = append(there, show(n))
	}
	example := "COLUMN"
	for i, n := range h.names {
		if !taken[i] && n != "" {
			example = show(n)
			break
		}
	}
	return fault.New(fault.Invalid, "the file has no column %s. It has: %s. Say which one it is, such as -columns %s=%s",
		name, strings.Join(there, ", "), field, example)
}

// plausible reports whether a first line names columns, rather than being a customer's row: no name of a column has a digit
// first or an @ in it.
func (h *header) plausible() bool {
	for _, name := range h.names {
		r, _ := utf8.DecodeRuneInString(name)
		if unicode.IsDigit(r) || strings.ContainsRune(name, '@') || utf8.RuneCountInString(name) > maxColumnName {
			return false
		}
	}
	return true
}

// show is a column's name for people.
func show(name string) string {
	runes := []rune(name)
	if len(runes) > maxColumnName {
		runes = runes[:maxColumnName]
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, string(runes))
}

// get returns a record's field without the space around it, "" where the file has no column for it.
func (h *header) get(record []string, field string) string {
	if i, ok := h.at[field]; ok {
		return strings.TrimSpace(record[i])
	}
	return ""
}

// has reports whether the file has a column for the field.
func (h *header) has(field string) bool {
	_, ok := h.at[field]
	return ok
}

// column is how people know the field: the name of its column in the file.
func (h *header) column(field string) string {
	if i, ok := h.at[field]; ok {
		return show(h.names[i])
	}
	return field
}

// separatorOf guesses what separates the columns, by the first line: what occurs in it most outside quotes.
func separatorOf(line string) byte {
	counts := map[byte]int{}
	quoted := false
	for i := range len(line) {
		switch c := line[i]; {
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ',' || c == ';' || c == '\t'):
			counts[c]++
		}
	}
	best := byte(',')
	for _, c := range []byte{';', '\t'} {
		if counts[c] > counts[best] {
			best = c
		}
	}
	return best
}

// ParseColumns reads a mapping as people type it: "customer_id=id,amount=revenue", field=column.
func ParseColumns(text string) (map[string]string, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	m := map[string]string{}
	for pair := range strings.SplitSeq(text, ",") {
		field, name, ok := strings.Cut(pair, "=")
		field, name = strings.TrimSpace(field), strings.TrimSpace(name)
		switch _, twice := m[field]; {
		case !ok || field == "" || name == "":
			return nil, fault.At("/columns", "columns are pairs of a field and the column that holds it, such as customer_id=id,amount=revenue")
		case twice:
			return nil, fault.At("/columns", "the field %s is mapped twice", show(field))
		}
		m[field] = name
	}
	return m, nil
}

// fieldNames are the kind's fields, for people.
func fieldNames(columns []column) string {
	names := make(map[string]bool, len(columns))
	for _, c := range columns {
		names[c.field] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(names)), ", ")
}
