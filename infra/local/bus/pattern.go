package bus

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// Pattern is an event pattern of EventBridge ("Amazon EventBridge event patterns", User Guide): an object in the shape of
// the events that match it, whose leaves are lists of the values that will do, or of comparisons.
type Pattern struct{ node node }

// node is a part of a pattern, held against the values that an event has at its place: none where the event lacks the
// field, one, or, below a list, each of its items.
type node interface{ match(values []any) bool }

// ParsePattern reads a pattern, as a template has it or as JSON. Comparisons that are not known here are an error.
func ParsePattern(document any) (*Pattern, error) {
	raw, err := json.Marshal(document)
	if text, ok := document.(string); ok {
		raw, err = []byte(text), nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the event pattern: %w", err)
	}
	var tree any
	if err := unmarshal(raw, &tree); err != nil {
		return nil, fmt.Errorf("read the event pattern: %w", err)
	}
	fields, ok := tree.(map[string]any)
	if !ok || len(fields) == 0 {
		return nil, errors.New("read the event pattern: it is not an object with fields")
	}
	n, err := parseFields(fields, "")
	if err != nil {
		return nil, fmt.Errorf("read the event pattern: %w", err)
	}
	return &Pattern{n}, nil
}

// Match reports whether the event, a JSON object, matches.
func (p *Pattern) Match(event []byte) bool {
	var tree any
	return unmarshal(event, &tree) == nil && p.node.match([]any{tree})
}

func unmarshal(raw []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	return d.Decode(into)
}

// fields must all match; of the alternatives ($or), where there are any, one must.
type fields struct {
	byName       map[string]node
	alternatives []node
}

func (f fields) match(values []any) bool {
	for name, n := range f.byName {
		if !n.match(member(values, name)) {
			return false
		}
	}
	for _, n := range f.alternatives {
		if n.match(values) {
			return true
		}
	}
	return len(f.alternatives) == 0
}

// member collects the values of a field; those of a list are its items.
func member(values []any, name string) []any {
	var found []any
	for _, v := range values {
		object, _ := v.(map[string]any)
		switch v, ok := object[name]; items := v.(type) {
		case []any:
			found = append(found, items...)
		default:
			if ok {
				found = append(found, v)
			}
		}
	}
	return found
}

func parseFields(document map[string]any, path string) (node, error) {
	f := fields{byName: map[string]node{}}
	for name, v := range document {
		here := path + "/" + name
		if name == "$or" {
			list, _ := v.([]any)
			if len(list) < 2 {
				return nil, fmt.Errorf("%s is not a list of alternatives", here)
			}
			for _, item := range list {
				object, ok := item.(map[string]any)
				if !ok {
					return nil, fmt.Errorf("%s holds an alternative that is no object", here)
				}
				n, err := parseFields(object, here)
				if err != nil {
					return nil, err
				}
				f.alternatives = append(f.alternatives, n)
			}
			continue
		}
		n, err := parseField(v, here)
		if err != nil {
			return nil, err
		}
		f.byName[name] = n
	}
	return f, nil
}

func parseField(v any, path string) (node, error) {
	switch v := v.(type) {
	case map[string]any:
		return parseFields(v, path)
	case []any:
		if len(v) == 0 {
			return nil, fmt.Errorf("%s is an empty list, which nothing matches", path)
		}
		var any anyOf
		for _, item := range v {
			test, err := parseTest(item)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			any = append(any, test)
		}
		return any, nil
	default:
		return nil, fmt.Errorf("%s is neither an object nor a list of values", path)
	}
}

// test is one entry of a list: it is true of the values at its place, or not.
type test func(values []any) bool

type anyOf []test

func (a anyOf) match(values []any) bool {
	for _, t := range a {
		if t(values) {
			return true
		}
	}
	return false
}

// one makes a test that is true where it is true of any of the values.
func one(f func(v any) bool) test {
	return func(values []any) bool {
		for _, v := range values {
			if f(v) {
				return true
			}
		}
		return false
	}
}

func ofText(f func(s string) bool) test {
	return one(func(v any) bool {
		s, ok := v.(string)
		return ok && f(s)
	})
}

// equal compares scalars as EventBridge does: numbers by their value, texts and the literals exactly.
func equal(a, b any) bool {
	x, numeric := a.(json.Number)
	if y, ok := b.(json.Number); ok && numeric {
		return compare(x, y) == 0
	}
	return a == b
}

func parseTest(item any) (test, error) {
	object, ok := item.(map[string]any)
	if !ok {
		if _, list := item.([]any); list {
			return nil, errors.New("a list stands within a list")
		}
		return one(func(v any) bool { return scalar(v) && equal(item, v) }), nil
	}
	if len(object) != 1 {
		return nil, errors.New("a comparison is an object of one member")
	}
	for name, value := range object {
		build, ok := comparisons[name]
		if !ok {
			return nil, fmt.Errorf("the comparison %q is not known here", name)
		}
		t, err := build(value)
		if err != nil {
			return nil, fmt.Errorf("the comparison %q: %w", name, err)
		}
		return t, nil
	}
	panic("unreachable: the object has one member")
}

func scalar(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return false
	default:
		return true
	}
}

func cidr(value any) (test, error) {
	text, _ := value.(string)
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return nil, err
	}
	return ofText(func(s string) bool {
		a, err := netip.ParseAddr(s)
		return err == nil && prefix.Contains(a)
	}), nil
}

// wildcard makes a test for a text in which * stands for any characters, none included; \* and \\ are themselves.
func wildcard(pattern string) (func(string) bool, error) {
	var parts []string
	var part strings.Builder
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\' && i+1 < len(pattern) && (pattern[i+1] == '*' || pattern[i+1] == '\\'):
			i++
			part.WriteByte(pattern[i])
		case c == '\\':
			return nil, errors.New(`a \ stands before neither * nor \`)
		case c == '*' && i > 0 && pattern[i-1] == '*':
			return nil, errors.New("two * stand side by side")
		case c == '*':
			parts = append(parts, part.String())
			part.Reset()
		default:
			part.WriteByte(c)
		}
	}
	parts = append(parts, part.String())
	return func(s string) bool { return matchParts(parts, s) }, nil
}

// matchParts reports whether s is made of the parts in their order, with anything between them.
func matchParts(parts []string, s string) bool {
	last := len(parts) - 1
	s, ok := strings.CutPrefix(s, parts[0])
	if last == 0 || !ok {
		return ok && s == ""
	}
	for _, p := range parts[1:last] {
		_, after, found := strings.Cut(s, p)
		if !found {
			return false
		}
		s = after
	}
	return strings.HasSuffix(s, parts[last])
}
