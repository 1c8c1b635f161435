// Package request reads the JSON of an operator's request strictly, so that what it does is what its sender meant: the
// body is one JSON object; a member that is not known, that occurs twice, differs in case, is null or has another type is
// refused with its JSON pointer, never passed over. What the values may be is left to others.
package request

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"liuke/shared/fault"
)

// maxDepth is how deep objects and arrays may be nested. No request needs more than a few levels.
const maxDepth = 32

// Parse reads a body into a struct, whose members are named by their json tags. It returns an Invalid error that says
// what to change, with the pointer to the member at fault. The caller bounds the body's length.
func Parse(body []byte, into any) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return fault.New(fault.Invalid, "the body is empty: send a JSON object, with the members that are required, or {} where none is")
	}
	if !utf8.Valid(body) {
		return fault.New(fault.Invalid, "the body is not valid UTF-8")
	}
	w := walker{d: json.NewDecoder(bytes.NewReader(body))}
	w.d.UseNumber()
	if first := bytes.TrimSpace(body)[0]; first != '{' {
		return fault.New(fault.Invalid, "the body is not a JSON object: send one, in braces")
	}
	if err := w.value("", reflect.TypeOf(into), 0); err != nil {
		if errors.Is(err, errDamaged) {
			line := 1 + bytes.Count(body[:min(int(w.d.InputOffset()), len(body))], []byte("\n"))
			return fault.New(fault.Invalid, "the body is not JSON: look at line %d", line)
		}
		return err
	}
	if _, err := w.d.Token(); !errors.Is(err, io.EOF) {
		return fault.New(fault.Invalid, "the body goes on after the request: send one JSON object")
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fault.As(err, fault.Invalid, "the body is not a JSON object with the members that this request knows")
	}
	return nil
}

// walker goes through a body in step with the type that it is for.
type walker struct{ d *json.Decoder }

func (w *walker) value(at string, t reflect.Type, depth int) error {
	if depth > maxDepth {
		return fault.At(at, "objects and arrays are nested more than %d deep", maxDepth)
	}
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	token, err := w.d.Token()
	if err != nil {
		return damaged(err)
	}
	if token != nil && t == reflect.TypeFor[time.Time]() {
		return moment(at, token)
	}
	if token == nil {
		return fault.At(at, "null says nothing: leave the member out, or give it a value")
	}
	if err := fits(at, token, t); err != nil {
		return err
	}
	switch token {
	case json.Delim('{'):
		return w.object(at, t, depth)
	case json.Delim('['):
		var element reflect.Type
		if t != nil && t.Kind() == reflect.Slice {
			element = t.Elem()
		}
		for i := 0; w.d.More(); i++ {
			if err := w.value(fmt.Sprintf("%s/%d", at, i), element, depth+1); err != nil {
				return err
			}
		}
		_, err := w.d.Token()
		return damaged(err)
	}
	return nil
}

// moment checks what stands in the place of a moment.
func moment(at string, token json.Token) error {
	text, _ := token.(string)
	var read time.Time
	if read.UnmarshalText([]byte(text)) != nil {
		return fault.At(at, "this is no moment: write one as RFC 3339 does, like 2026-01-31T09:00:00+08:00")
	}
	return nil
}

func (w *walker) object(at string, t reflect.Type, depth int) error {
	known, names := members(t)
	seen := map[string]bool{}
	for w.d.More() {
		token, err := w.d.Token()
		if err != nil {
			return damaged(err)
		}
		name, _ := token.(string) // the decoder lets nothing else stand here
		pointer := at + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
		if seen[name] {
			return fault.At(pointer, "the member occurs twice: say it once")
		}
		seen[name] = true
		inner := known[name]
		if t != nil && t.Kind() == reflect.Map {
			inner = t.Elem()
		}
		if known != nil && inner == nil {
			if len(names) == 0 {
				return fault.At(pointer, "there is no such member: none is known here")
			}
			return fault.At(pointer, "there is no such member: %s are known", strings.Join(names, ", "))
		}
		if err := w.value(pointer, inner, depth+1); err != nil {
			return err
		}
	}
	_, err := w.d.Token()
	return damaged(err)
}

// members returns the types of a struct's members by name, and the names; nil for what is no struct.
func members(t reflect.Type) (known map[string]reflect.Type, names []string) {
	if t == nil || t.Kind() != reflect.Struct {
		return nil, nil
	}
	known = map[string]reflect.Type{}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		known[name] = t.Field(i).Type
		names = append(names, name)
	}
	return known, names
}

// errDamaged is the error of what is no JSON.
var errDamaged = errors.New("damaged")

func damaged(err error) error {
	if err == nil {
		return nil
	}
	return errDamaged
}
