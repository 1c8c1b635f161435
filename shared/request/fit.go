package request

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"

	"liuke/shared/fault"
)

// fits returns an Invalid error where a value cannot be read into a type, in the words of who writes JSON. Types that read
// themselves, and those that are not known, take anything.
func fits(at string, token json.Token, t reflect.Type) error {
	if t == nil || t.Kind() == reflect.Interface || readsItself(t) {
		return nil
	}
	number, _ := token.(json.Number) // "" for what is none
	takes, ok := "", false
	switch t.Kind() {
	case reflect.String:
		if t == reflect.TypeFor[json.Number]() {
			takes, ok = "a number", number != ""
		} else {
			_, ok = token.(string)
			takes = "a text, in quotes"
		}
	case reflect.Bool:
		_, ok = token.(bool)
		takes = "true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		_, err := strconv.ParseInt(string(number), 10, t.Bits())
		takes, ok = "a whole number", err == nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		_, err := strconv.ParseUint(string(number), 10, t.Bits())
		takes, ok = "a whole number from 0", err == nil
	case reflect.Float32, reflect.Float64:
		_, err := strconv.ParseFloat(string(number), t.Bits())
		takes, ok = "a number", err == nil
	case reflect.Slice:
		takes, ok = "a list, in brackets", token == json.Delim('[')
	case reflect.Struct, reflect.Map:
		takes, ok = "an object, in braces", token == json.Delim('{')
	default:
		return nil
	}
	if ok {
		return nil
	}
	return fault.At(at, "this takes %s, and not %s", takes, called(token, takes))
}

// readsItself reports whether a type has a form of its own in JSON.
func readsItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[json.Unmarshaler]()) || p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// called says what a value is that does not fit.
func called(token json.Token, takes string) string {
	switch v := token.(type) {
	case json.Number:
		_, err := strconv.ParseInt(string(v), 10, 64)
		switch {
		case strings.HasPrefix(takes, "a whole number") && err != nil:
			return "one with decimals, or that large"
		case takes == "a whole number from 0" && v[0] == '-':
			return "one below it"
		case strings.HasSuffix(takes, "number"), takes == "a whole number from 0":
			return "one that large"
		}
		return "a number"
	case string:
		return "a text"
	case bool:
		return "true or false"
	}
	if token == json.Delim('[') {
		return "a list"
	}
	return "an object"
}
