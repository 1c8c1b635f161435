package bus

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
)

// comparisons make tests of the values that patterns give them ("Comparison operators", EventBridge User Guide).
var comparisons map[string]func(value any) (test, error)

func init() { // anything-but makes others
	comparisons = map[string]func(any) (test, error){
		"prefix": affix(strings.HasPrefix), "suffix": affix(strings.HasSuffix),
		"equals-ignore-case": withText(func(want string) (func(string) bool, error) {
			return func(s string) bool { return strings.EqualFold(s, want) }, nil
		}),
		"wildcard": withText(wildcard), "exists": exists, "numeric": numeric, "anything-but": anythingBut, "cidr": cidr,
	}
}

func withText(build func(string) (func(string) bool, error)) func(any) (test, error) {
	return func(value any) (test, error) {
		text, ok := value.(string)
		if !ok {
			return nil, errors.New("its value is no text")
		}
		f, err := build(text)
		return ofText(f), err
	}
}

// affix makes prefix and suffix of a function that tells whether a text has one; {"equals-ignore-case": …} may stand in
// for the text.
func affix(has func(s, affix string) bool) func(any) (test, error) {
	return func(value any) (test, error) {
		if object, ok := value.(map[string]any); ok {
			text, ok := object["equals-ignore-case"].(string)
			if !ok || len(object) != 1 {
				return nil, errors.New("its value is neither a text nor equals-ignore-case")
			}
			return ofText(func(s string) bool { return has(strings.ToLower(s), strings.ToLower(text)) }), nil
		}
		return withText(func(want string) (func(string) bool, error) {
			return func(s string) bool { return has(s, want) }, nil
		})(value)
	}
}

func exists(value any) (test, error) {
	want, ok := value.(bool)
	if !ok {
		return nil, errors.New("its value is neither true nor false")
	}
	return func(values []any) bool { return (len(values) > 0) == want }, nil
}

// anythingBut makes a test that is true where there are values, and of none of them what the value says.
func anythingBut(value any) (test, error) {
	items, ok := value.([]any)
	if !ok {
		items = []any{value}
	}
	var none anyOf
	for _, item := range items {
		tests := []any{item}
		if object, ok := item.(map[string]any); ok && len(object) == 1 { // {"prefix": ["a","b"]}
			for name, v := range object {
				if list, ok := v.([]any); ok && name != "numeric" {
					tests = nil
					for _, each := range list {
						tests = append(tests, map[string]any{name: each})
					}
				}
			}
		}
		for _, each := range tests {
			t, err := parseTest(each)
			if err != nil {
				return nil, err
			}
			none = append(none, t)
		}
	}
	return func(values []any) bool { return len(values) > 0 && !none.match(values) }, nil
}

var orders = map[string]func(int) bool{
	"=": func(c int) bool { return c == 0 }, "<": func(c int) bool { return c < 0 }, "<=": func(c int) bool { return c <= 0 },
	">": func(c int) bool { return c > 0 }, ">=": func(c int) bool { return c >= 0 },
}

// numeric makes a test of pairs of an order and a number, all of which must hold: [">", 0, "<=", 5].
func numeric(value any) (test, error) {
	list, _ := value.([]any)
	if len(list) == 0 || len(list)%2 != 0 {
		return nil, errors.New("its value is not a list of orders and numbers")
	}
	type bound struct {
		holds func(int) bool
		limit json.Number
	}
	var bounds []bound
	for i := 0; i < len(list); i += 2 {
		name, _ := list[i].(string)
		limit, ok := list[i+1].(json.Number)
		if orders[name] == nil || !ok {
			return nil, fmt.Errorf("%v %v is not an order and a number", list[i], list[i+1])
		}
		bounds = append(bounds, bound{orders[name], limit})
	}
	return one(func(v any) bool {
		n, ok := v.(json.Number)
		for _, b := range bounds {
			ok = ok && b.holds(compare(n, b.limit))
		}
		return ok
	}), nil
}

// compare orders two numbers, exactly within the range that EventBridge compares in (±5·10⁹, 15 digits).
func compare(a, b json.Number) int {
	x, xok := new(big.Rat).SetString(a.String())
	y, yok := new(big.Rat).SetString(b.String())
	if !xok || !yok {
		return strings.Compare(a.String(), b.String())
	}
	return x.Cmp(y)
}
