// Package apitest holds what the functions answer, in their tests, against the description of the interface. It knows the
// part of OpenAPI and of JSON Schema that the description uses.
package apitest

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"liuke/shared/api"
)

// Description is the description of the interface, as far as tests read it.
type Description struct {
	OpenAPI string
	Paths   map[string]map[string]Operation // by path and method, in lower case
	Raw     map[string]any                  // the whole document
}

// Operation is what one route does.
type Operation struct {
	OperationID string `json:"operationId"`
	Summary     string
	Security    []map[string][]string
	Responses   map[string]map[string]any // by status
}

// Parse reads a description in JSON.
func Parse(raw []byte) (*Description, error) {
	d := &Description{}
	return d, errors.Join(json.Unmarshal(raw, d), json.Unmarshal(raw, &d.Raw))
}

// Wrong returns what in a response is not as the description of its route, such as "GET /v1/tasks", has it: a status or
// content type that is not described, a body where there is none, and what Check returns of one in JSON.
func (d *Description) Wrong(route string, out api.Response) (wrong []string) {
	method, path, _ := strings.Cut(route, " ")
	at := fmt.Sprintf("%s, %d: ", route, out.StatusCode)
	response, ok := d.Paths[path][strings.ToLower(method)].Responses[fmt.Sprint(out.StatusCode)]
	if !ok {
		return []string{at + "not described: " + out.Body}
	}
	kinds, _ := d.Resolve(response)["content"].(map[string]any)
	kind := out.Headers["content-type"]
	content, ok := kinds[kind].(map[string]any)
	switch {
	case !ok && len(kinds) == 0 && out.Body == "":
		return nil
	case !ok:
		return []string{at + "not described as " + kind}
	}
	var value any = out.Body
	if strings.HasSuffix(kind, "json") {
		if err := json.Unmarshal([]byte(out.Body), &value); err != nil {
			return []string{at + err.Error() + " in " + out.Body}
		}
	}
	schema, _ := content["schema"].(map[string]any)
	for _, w := range d.Check("", value, schema) {
		wrong = append(wrong, at+w)
	}
	return wrong
}

// Resolve follows a reference within the document; nil where it leads nowhere.
func (d *Description) Resolve(s map[string]any) map[string]any {
	ref, ok := s["$ref"].(string)
	if !ok {
		return s
	}
	at := d.Raw
	for _, step := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
		at, _ = at[step].(map[string]any)
	}
	if at == nil {
		return nil
	}
	return d.Resolve(at)
}

// Check returns what in a value is not as its schema has it: types, enumerations, what is missing, and what nobody
// described. At is where the value stands, "" for the whole.
func (d *Description) Check(at string, value any, schema map[string]any) (wrong []string) {
	schema = d.merged(d.Resolve(schema))
	if one, ok := schema["oneOf"].([]any); ok {
		for _, option := range one {
			found := d.Check(at, value, option.(map[string]any))
			if len(found) == 0 {
				return nil
			}
			wrong = append(wrong, found...)
		}
		return wrong
	}
	kind := kindOf(value)
	if kinds := texts(schema["type"]); !slices.Contains(kinds, kind) && !(kind == "integer" && slices.Contains(kinds, "number")) {
		return []string{fmt.Sprintf("%s is %s, not %v", at, kind, kinds)}
	}
	if values, ok := schema["enum"].([]any); ok && !slices.Contains(values, value) {
		return []string{fmt.Sprintf("%s is %v, not one of %v", at, value, values)}
	}
	switch v := value.(type) {
	case map[string]any:
		return d.checkObject(at, v, schema)
	case []any:
		items, _ := schema["items"].(map[string]any)
		for i, inner := range v {
			wrong = append(wrong, d.Check(fmt.Sprintf("%s/%d", at, i), inner, items)...)
		}
	}
	return wrong
}

func (d *Description) checkObject(at string, value, schema map[string]any) (wrong []string) {
	known, _ := schema["properties"].(map[string]any)
	for _, name := range texts(schema["required"]) {
		if _, ok := value[name]; !ok {
			wrong = append(wrong, at+"/"+name+" is missing")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(value)) {
		s, ok := known[name].(map[string]any)
		if !ok {
			s, ok = schema["additionalProperties"].(map[string]any)
		}
		switch {
		case ok:
			wrong = append(wrong, d.Check(at+"/"+name, value[name], s)...)
		case known != nil:
			wrong = append(wrong, at+"/"+name+" is not described")
		}
	}
	return wrong
}

// merged puts the parts of a schema that is all of them together.
func (d *Description) merged(schema map[string]any) map[string]any {
	all, ok := schema["allOf"].([]any)
	if !ok {
		return schema
	}
	properties, required := map[string]any{}, []any{}
	for _, part := range all {
		p := d.Resolve(part.(map[string]any))
		of, _ := p["properties"].(map[string]any)
		maps.Copy(properties, of)
		names, _ := p["required"].([]any)
		required = append(required, names...)
	}
	return map[string]any{"type": "object", "properties": properties, "required": required}
}

// texts returns a text, or the texts of a list.
func texts(v any) (all []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, each := range v {
			text, _ := each.(string)
			all = append(all, text)
		}
	}
	return all
}

// kindOf names the type of a value as JSON Schema does.
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
