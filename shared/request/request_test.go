package request_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/fault"
	"liuke/shared/request"
)

type order struct {
	Dish  string            `json:"dish"`
	Spice *int              `json:"spice"`
	Table *table            `json:"table"`
	Ready *time.Time        `json:"ready"`
	Notes map[string]string `json:"notes,omitempty"`
	Sides []side            `json:"sides,omitempty"`
	Price float64           `json:"price,omitempty"`
	Away  bool              `json:"away,omitempty"`
	Guest uint8             `json:"guest,omitempty"`
	Any   any               `json:"any,omitempty"`
}

type side struct {
	Name string `json:"name"`
	Size int8   `json:"size"`
}

type table struct {
	Seats []json.Number `json:"seats"`
}

func TestRequestIsReadAsItWasMeant(t *testing.T) {
	t.Parallel()
	two, ready := 2, time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name, body string
		want       order
	}{
		{"an empty object leaves all out", ` {} `, order{}},
		{"a moment", `{"ready":"2026-01-31T09:00:00Z"}`, order{Ready: &ready}},
		{"members in any order", `{"spice":2,"dish":"豆腐","table":{"seats":[1,2.50]},"notes":{"a":"b"}}`,
			order{Dish: "豆腐", Spice: &two, Table: &table{Seats: []json.Number{"1", "2.50"}}, Notes: map[string]string{"a": "b"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got order
			err := request.Parse([]byte(c.body), &got)
			if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
}

func TestRequestThatIsWrongIsRefusedWhereItIs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, body, pointer, says string }{
		{"nothing", "", "", "empty"},
		{"a word in the place of a moment", `{"ready":"tomorrow"}`, "/ready", "RFC 3339"},
		{"a date in the place of a moment", `{"ready":"2026-01-31"}`, "/ready", "RFC 3339"},
		{"a number in the place of a moment", `{"ready":1}`, "/ready", "RFC 3339"},
		{"no value in the place of a moment", `{"ready":null}`, "/ready", "null"},
		{"white space", " \n", "", "empty"},
		{"null", "null", "", "not a JSON object"},
		{"a list", "[]", "", "not a JSON object"},
		{"a text", `"{}"`, "", "not a JSON object"},
		{"an object cut off", `{"dish":`, "", "not JSON"},
		{"a member without a value", `{"dish"}`, "", "not JSON"},
		{"two objects", `{}{}`, "", "goes on"},
		{"an object and a brace", `{}}`, "", "goes on"},
		{"bytes that are no text", "{\"dish\":\"\xff\"}", "", "UTF-8"},
		{"a member that is not known", `{"meal":"x"}`, "/meal", "dish, spice, table, ready, notes, sides, price, away, guest, any are known"},
		{"a member in another case", `{"Dish":"x"}`, "/Dish", "no such member"},
		{"a member twice", `{"dish":"x","dish":"x"}`, "/dish", "twice"},
		{"a member twice by its escape", `{"dish":"x","d\u0069sh":"x"}`, "/dish", "twice"},
		{"a member that is null", `{"spice":null}`, "/spice", "leave the member out"},
		{"a member of another type", `{"spice":"hot"}`, "/spice", "this takes a whole number, and not a text"},
		{"a part of a whole", `{"spice":1.5}`, "/spice", "this takes a whole number, and not one with decimals"},
		{"a whole number beyond all", `{"spice":100000000000000000000}`, "/spice", "or that large"},
		{"a whole number beyond its range", `{"sides":[{"size":1},{"size":300}]}`, "/sides/1/size", "this takes a whole number, and not one that large"},
		{"a number beyond all", `{"price":1e999}`, "/price", "this takes a number, and not one that large"},
		{"a number in the place of a text, in a list", `{"sides":[{"name":"x"},{"name":5}]}`, "/sides/1/name", "this takes a text, in quotes, and not a number"},
		{"a text in the place of an object, in a list", `{"sides":["rice"]}`, "/sides/0", "this takes an object, in braces, and not a text"},
		{"a list in the place of an object", `{"table":[]}`, "/table", "this takes an object, in braces, and not a list"},
		{"an object in the place of a list", `{"sides":{}}`, "/sides", "this takes a list, in brackets, and not an object"},
		{"a number in a map of texts", `{"notes":{"a/b":1}}`, "/notes/a~1b", "this takes a text, in quotes, and not a number"},
		{"a number in the place of yes or no", `{"away":1}`, "/away", "this takes true or false, and not a number"},
		{"a number below 0 that cannot be", `{"guest":-1}`, "/guest", "this takes a whole number from 0, and not one below it"},
		{"more than there can be", `{"guest":256}`, "/guest", "this takes a whole number from 0, and not one that large"},
		{"yes in the place of a number", `{"price":true}`, "/price", "this takes a number, and not true or false"},
		{"an unknown member inside", `{"table":{"legs":4}}`, "/table/legs", "seats are known"},
		{"a member of another type inside", `{"table":{"seats":4}}`, "/table/seats", "this takes a list, in brackets, and not a number"},
		{"a text in the place of a number", `{"table":{"seats":["1"]}}`, "/table/seats/0", "this takes a number, and not a text"},
		{"null in a list", `{"table":{"seats":[1,null]}}`, "/table/seats/1", "null"},
		{"a name that a pointer escapes", `{"a/b~":1}`, "/a~1b~0", "no such member"},
		{"a member twice in a map", `{"notes":{"a":"b","a":"c"}}`, "/notes/a", "twice"},
		{"nesting without an end", `{"any":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`, "/any" + strings.Repeat("/0", 32), "deep"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got order
			var f *fault.Error
			if err := request.Parse([]byte(c.body), &got); !errors.As(err, &f) || f.Code != fault.Invalid || f.Pointer != c.pointer || !strings.Contains(f.Message, c.says) {
				t.Errorf("%#v", err)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{`{}`, `{"dish":"x","spice":1,"table":{"seats":[1]},"notes":{"a":"b"}}`, `{"dish"`, `{"a":[{"b":null}]}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var got order
		err := request.Parse(body, &got)
		if err != nil && fault.CodeOf(err) != fault.Invalid {
			t.Fatal(err)
		}
		if err == nil && !json.Valid(body) {
			t.Fatalf("%q is no JSON and was read", body)
		}
	})
}
