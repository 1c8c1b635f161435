package audience

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"liuke/shared/pattern"
	"liuke/shared/scene"
)

// plain are what the compiler says of expressions, and the same in an operator's words. $1 and $2 are put in their places, as kindOf has
// them where they are types.
var plain = []struct {
	said func() *regexp.Regexp
	says string
}{
	{pattern.New(`^unexpected token EOF`), "the expression ends too early: a value, a quote or a closing bracket is missing"},
	{pattern.New(`^unexpected token Operator\("="\)`), "there is no =: compare with =="},
	{pattern.New(`^unexpected token Operator\("\|"\)`), "there are no filters: an expression only compares, as in segment == \"Lost\""},
	{pattern.New(`^unexpected token Identifier\("(?:AND|OR|NOT|IN|And|Or|Not|In)"\)`), "write and, or, not and in in lower-case letters"},
	{pattern.New(`^unexpected token \w+\("(.*)"\)`), "$1 does not belong here: join conditions with and, or, and compare with ==, !=, <, >, <=, >=, in or contains"},
	{pattern.New(`^literal not terminated`), "a quote is never closed"},
	{pattern.New(`^type audience\.order has no field (.*)`), "order has no field $1"},
	{pattern.New(`^type (.*) has no field .*`), "only order and labels have fields, and this is $1"},
	{pattern.New(`^invalid operation: (?:not|!|-|\+) \(mismatched type (.*)\)`), "what stands behind not, - or + must suit it, and this is $1"},
	{pattern.New(`^invalid operation: in `), `in looks a value up in a list, as in segment in ["Lost", "At Risk"]`},
	{pattern.New(`^invalid operation: (\S+) \(mismatched types (.*) and (.*)\)`), "$1 joins what is of one kind, and here are $2 and $3"},
	{pattern.New(`^expected bool, but got (.*)`), "the expression must be true or false, and is $1: compare it, as in order.worth >= 10000"},
	{pattern.New(`^non-bool expression \(type (.*)\) used as condition`), "what stands before ? must be true or false, and is $1"},
	{pattern.New(`^cannot use (.*) as type (.*) in array`), "the list holds $2, and what is looked up in it is $1"},
	{pattern.New(`^cannot use (.*) as (?:a field|argument)`), "$1 cannot stand here"},
	{pattern.New(`^bad number syntax: (.*)`), "$1 is no number"},
	{pattern.New(`^invalid (?:integer|float|hexadecimal|octal|binary) literal`), "the number is too large"},
	{pattern.New(`^unrecognized character: \S+ '(.*)'`), "the character $1 does not belong here"},
	{pattern.New(`^invalid char escape`), `behind \ stands what is no escape: write \\ for a \ itself`},
	{pattern.New(`^expected name`), "behind the dot belongs a name, as in order.worth"},
	{pattern.New(`^integer divide by zero`), "this divides by 0"},
	{pattern.New(`^(unknown name \S+)`), "$1"},
	{pattern.New(`exceeds maximum allowed nodes`), fmt.Sprintf("the expression is too long: it has more than %d names, values and operators", maxNodes)},
}

var (
	// place is where the compiler says that something is: line and character, from 0.
	place = pattern.New(` \((\d+):(\d+)\)$`)
	hole  = pattern.New(`\$\d`)

	kindOf = map[string]string{"int": "a whole number", "float64": "a number", "string": "a text", "bool": "true or false", "nil": "nothing",
		"audience.order": "the order", "audience.labels": "the labels", "array": "a list", "[]interface {}": "a list", "interface {}": "something"}
)

// plainly says what the compiler found wrong without its words.
func plainly(text string) string {
	where := ""
	if m := place().FindStringSubmatch(text); m != nil {
		text, where = strings.TrimSuffix(text, m[0]), " (near character "+m[2]+" of the line)"
	}
	for _, p := range plain {
		m := p.said().FindStringSubmatch(text)
		if m == nil {
			continue
		}
		says := hole().ReplaceAllStringFunc(p.says, func(n string) string {
			part := m[n[1]-'0']
			if kind, ok := kindOf[part]; ok {
				return kind
			}
			return part
		})
		if name, ok := strings.CutPrefix(says, "order has no field "); ok {
			says += near(name)
		}
		if strings.HasPrefix(says, "unknown name") {
			where = ""
		}
		return says + where
	}
	return "the expression cannot be read" + where
}

// near names the field of an order that was meant, or all of them.
func near(name string) string {
	var there []string
	for i := range reflect.TypeFor[order]().NumField() {
		there = append(there, reflect.TypeFor[order]().Field(i).Tag.Get("expr"))
	}
	if meant := scene.Near(name, there); meant != "" {
		return meant
	}
	return ": there are " + strings.Join(there, ", ")
}
