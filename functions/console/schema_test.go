package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

// description is the description of the interface, as far as the tests read it.
type description struct {
	OpenAPI string
	Paths   map[string]map[string]operation
	raw     map[string]any
}

type operation struct {
	OperationID string `json:"operationId"`
	Summary     string
	Security    []map[string][]string
	Responses   map[string]map[string]any
}

func describedInterface(t testing.TB) description {
	t.Helper()
	d, err := readDescription()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

var readDescription = sync.OnceValues(func() (d description, err error) {
	err = errors.Join(json.Unmarshal([]byte(openAPI), &d), json.Unmarshal([]byte(openAPI), &d.raw))
	return d, err
})

// resolve follows a reference within the document.
func (d *description) resolve(s map[string]any) map[string]any {
	ref, ok := s["$ref"].(string)
	if !ok {
		return s
	}
	var at any = d.raw
	for _, step := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
		at = at.(map[string]any)[step]
	}
	return d.resolve(at.(map[string]any))
}

// check returns what in a value is not as its schema has it: types, enumerations, what is missing, and what nobody
// described. It knows the part of JSON Schema that the document's answers use.
func (d *description) check(at string, value any, schema map[string]any) []string {
	schema = d.resolve(schema)
	if all, ok := schema["allOf"].([]any); ok {
		merged := map[string]any{"type": "object", "properties": map[string]any{}, "required": []any{}}
		for _, part := range all {
			p := d.resolve(part.(map[string]any))
			for name, s := range p["properties"].(map[string]any) {
				merged["properties"].(map[string]any)[name] = s
			}
			merged["required"] = append(merged["required"].([]any), p["required"].([]any)...)
		}
		schema = merged
	}
	if one, ok := schema["oneOf"].([]any); ok {
		var wrong []string
		for _, option := range one {
			found := d.check(at, value, option.(map[string]any))
			if len(found) == 0 {
				return nil
			}
			wrong = append(wrong, found...)
		}
		return wrong
	}
	kind := kindOf(value)
	if kinds := kindsOf(schema["type"]); !slices.Contains(kinds, kind) && !(kind == "integer" && slices.Contains(kinds, "number")) {
		return []string{fmt.Sprintf("%s is %s, not %v", at, kind, kinds)}
	}
	if values, ok := schema["enum"].([]any); ok && !slices.Contains(values, value) {
		return []string{fmt.Sprintf("%s is %v, not one of %v", at, value, values)}
	}
	var wrong []string
	switch v := value.(type) {
	case map[string]any:
		known, _ := schema["properties"].(map[string]any)
		for _, name := range required(schema) {
			if _, ok := v[name]; !ok {
				wrong = append(wrong, at+"/"+name+" is missing")
			}
		}
		for name, inner := range v {
			s, ok := known[name].(map[string]any)
			if !ok {
				s, ok = schema["additionalProperties"].(map[string]any)
			}
			switch {
			case ok:
				wrong = append(wrong, d.check(at+"/"+name, inner, s)...)
			case known != nil:
				wrong = append(wrong, at+"/"+name+" is not described")
			}
		}
	case []any:
		items, _ := schema["items"].(map[string]any)
		for i, inner := range v {
			wrong = append(wrong, d.check(fmt.Sprintf("%s/%d", at, i), inner, items)...)
		}
	}
	return wrong
}

func required(schema map[string]any) (names []string) {
	list, _ := schema["required"].([]any)
	for _, name := range list {
		names = append(names, name.(string))
	}
	return names
}

func kindsOf(t any) []string {
	if list, ok := t.([]any); ok {
		var kinds []string
		for _, k := range list {
			kinds = append(kinds, k.(string))
		}
		return kinds
	}
	kind, _ := t.(string)
	return []string{kind}
}

func kindOf(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case float64:
		if v == float64(int64(v)) {
			return "integer"
		}
		return "number"
	case []any:
		return "array"
	}
	return "object"
}
