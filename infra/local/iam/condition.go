package iam

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
)

// lookup gives the values of a context key, in lower case; none when the call has no such key.
type lookup func(key string) []string

// condition is one operator over one key; the conditions of a statement must all hold.
type condition struct {
	operator string // as the document spells it
	name     string // the key as the document spells it
	key      string // the key in lower case
	values   []string
	test     func(value, have string) bool
	negated  bool
	ifExists bool
	null     bool
	set      string // "", "ForAnyValue" or "ForAllValues"
}

// operators are the comparisons known, without the qualifiers for sets and for absent keys. Not is derived.
var operators = map[string]func(value, have string) bool{
	"StringEquals":           func(v, h string) bool { return v == h },
	"StringEqualsIgnoreCase": strings.EqualFold,
	"StringLike":             func(v, h string) bool { return newPattern(v).match(h) },
	"ArnEquals":              arnLike,
	"ArnLike":                arnLike,
	"Bool":                   strings.EqualFold,
	"NumericEquals":          numeric(func(v, h float64) bool { return h == v }),
	"NumericLessThan":        numeric(func(v, h float64) bool { return h < v }),
	"NumericLessThanEquals":  numeric(func(v, h float64) bool { return h <= v }),
	"NumericGreaterThan":     numeric(func(v, h float64) bool { return h > v }),
	"NumericGreaterThanEquals": numeric(func(v, h float64) bool {
		return h >= v
	}),
}

var negations = map[string]string{
	"StringNotEquals": "StringEquals", "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
	"StringNotLike": "StringLike", "ArnNotEquals": "ArnEquals", "ArnNotLike": "ArnLike",
	"NumericNotEquals": "NumericEquals",
}

func numeric(compare func(value, have float64) bool) func(value, have string) bool {
	return func(value, have string) bool {
		v, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return false
		}
		h, err := strconv.ParseFloat(have, 64)
		return err == nil && compare(v, h)
	}
}

func parseConditions(raw any) ([]condition, error) {
	if raw == nil {
		return nil, nil
	}
	block, ok := raw.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("the condition is %T and not an object", raw)
	}
	var list []condition
	for operator, rawKeys := range block {
		keys, ok := rawKeys.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("the condition %s is %T and not an object", operator, rawKeys)
		}
		for key, rawValues := range keys {
			c, err := newCondition(operator, key, rawValues)
			if err != nil {
				return nil, err
			}
			list = append(list, c)
		}
	}
	sort.Slice(list, func(i, j int) bool {
		return list[i].operator+list[i].key < list[j].operator+list[j].key
	})
	return list, nil
}

func newCondition(operator, key string, rawValues any) (condition, error) {
	c := condition{operator: operator, name: key, key: strings.ToLower(key)}
	var err error
	if c.values, err = textList(rawValues); err != nil {
		return c, fmt.Errorf("the condition %s on %s: %w", operator, key, err)
	}
	name := operator
	if set, rest, ok := strings.Cut(name, ":"); ok {
		if set != "ForAnyValue" && set != "ForAllValues" {
			return c, fmt.Errorf("the condition operator %s is not supported here", operator)
		}
		c.set, name = set, rest
	}
	if name == "Null" {
		c.null = true
		return c, nil
	}
	name, c.ifExists = strings.CutSuffix(name, "IfExists")
	if positive, ok := negations[name]; ok {
		name, c.negated = positive, true
	}
	if c.test = operators[name]; c.test == nil {
		return c, fmt.Errorf("the condition operator %s is not supported here", operator)
	}
	return c, nil
}

// holds evaluates the condition as the IAM user guide has it ("Condition operators", "Multivalued context keys"): an
// absent key fails a positive operator and meets a negated one; the values of the policy are alternatives.
func (c condition) holds(get lookup) bool {
	have := get(c.key)
	if c.null {
		absent := strconv.FormatBool(len(have) == 0)
		for _, v := range c.values {
			if strings.EqualFold(v, absent) {
				return true
			}
		}
		return false
	}
	if len(have) == 0 {
		switch {
		case c.set == "ForAllValues", c.ifExists:
			return true
		case c.set == "ForAnyValue":
			return false
		default:
			return c.negated
		}
	}
	switch c.set {
	case "ForAllValues":
		for _, h := range have {
			if c.any(h) == c.negated {
				return false
			}
		}
		return true
	case "ForAnyValue":
		for _, h := range have {
			if c.any(h) != c.negated {
				return true
			}
		}
		return false
	default:
		for _, h := range have {
			if c.any(h) {
				return !c.negated
			}
		}
		return c.negated
	}
}

// any reports whether one of the policy's values compares true with the value that the call has.
func (c condition) any(have string) bool {
	for _, v := range c.values {
		if c.test(v, have) {
			return true
		}
	}
	return false
}

func (c condition) String() string { return c.operator + " on " + c.name }
