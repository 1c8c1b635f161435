package webhook

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"
	"strings"

	"liuke/shared/fault"
)

// node is a place in a payload: what stands there, nil where nothing does, and how to get there.
type node struct {
	value any
	path  string // JSON pointer
}

// decode reads a payload, which must be a JSON object. Numbers keep their digits.
func decode(body []byte) (node, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var fields map[string]any
	if err := d.Decode(&fields); err != nil || fields == nil {
		return node{}, fault.New(fault.Invalid, "the body is not a JSON object")
	}
	if _, err := d.Token(); err != io.EOF {
		return node{}, fault.New(fault.Invalid, "there is more behind the JSON object")
	}
	return node{value: fields}, nil
}

// get returns the place that a path of member names and indices, with points between, leads to from here.
func (n node) get(path string) node {
	for step := range strings.SplitSeq(path, ".") {
		n = n.step(step)
	}
	return n
}

func (n node) step(name string) node {
	at := node{path: n.path + "/" + name} // no name in a mapping needs an escape
	switch v := n.value.(type) {
	case map[string]any:
		at.value = v[name]
	case []any:
		if i, err := strconv.Atoi(name); err == nil && i >= 0 && i < len(v) {
			at.value = v[i]
		}
	}
	return at
}

// each returns the elements of the list at a path; where the path leads through lists, those of all of them.
func (n node) each(path string) []node {
	all := []node{n}
	for step := range strings.SplitSeq(path, ".") {
		var next []node
		for _, at := range all {
			at = at.step(step)
			list, _ := at.value.([]any)
			for i := range list {
				next = append(next, at.step(strconv.Itoa(i)))
			}
		}
		all = next
	}
	return all
}

// there reports whether anything but null stands here.
func (n node) there() bool { return n.value != nil }

// text returns what a string, number or truth value says; "" for anything else.
func (n node) text() string {
	switch v := n.value.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// raw returns a number or truth value in JSON, a string as one, nil for anything else.
func (n node) raw() []byte {
	switch v := n.value.(type) {
	case string:
		return quoted(v)
	case json.Number:
		return []byte(v)
	case bool:
		return strconv.AppendBool(nil, v)
	}
	return nil
}
