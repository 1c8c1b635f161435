package main

import (
	"fmt"
	"strings"
	"testing"
)

func TestRatesAreChecked(t *testing.T) {
	on := func(rate string) any { return map[string]any{"USD": map[string]any{"2026-01-01": rate}} }
	long := map[string]any{}
	for i := range 200 {
		long[fmt.Sprintf("2026-%02d-%02d", i/28+1, i%28+1)] = "0.92"
	}
	cases := []struct {
		name  string
		value any
		wrong string // what is said of it; "" for a value that is right
	}{
		{"a dated rate is taken", on("0.92"), ""},
		{"a whole number is a rate", on("25"), ""},
		{"no rates are none", map[string]any{}, ""},
		{"a rate is no number, whose digits JSON does not keep", map[string]any{"USD": map[string]any{"2026-01-01": 0.92}}, "give rates in quotation marks"},
		{"a rate of nothing would make orders vanish", on("0.00"), `has the rate "0.00"`},
		{"a rate is not below zero", on("-1"), `has the rate "-1"`},
		{"a rate has a point, not a comma", on("0,92"), `has the rate "0,92"`},
		{"a rate has no exponent", on("1e3"), `has the rate "1e3"`},
		{"a rate has digits before its point", on(".92"), `has the rate ".92"`},
		{"a rate has as many digits as are read exactly", on("999999.123456789012"), ""},
		{"a rate has no more of them", on("1000000"), `has the rate "1000000"`},
		{"a currency has a rate", map[string]any{"USD": map[string]any{}}, "has no rate for USD"},
		{"a day is one of the calendar", map[string]any{"USD": map[string]any{"2026-02-29": "1"}}, `has the day "2026-02-29"`},
		{"a currency is written in capitals", map[string]any{"usd": map[string]any{"2026-01-01": "1"}}, `has the currency "usd"`},
		{"the deployment's own currency is worth itself", map[string]any{"CNY": map[string]any{"2026-01-01": "1"}}, "has rates of CNY, which is the deployment's own"},
		{"all rates fit into a function's environment", map[string]any{"USD": long}, "bytes, more than 2560"},
		{"null is no table", nil, "is null; give rates"},
		{"a list is no table", []any{"USD"}, "give rates in quotation marks"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			values := complete()
			values["rates"] = c.value
			_, err := ReadSettings(values, nil)
			switch {
			case c.wrong == "" && err != nil:
				t.Error(err)
			case c.wrong != "" && (err == nil || !strings.HasPrefix(err.Error(), "liuke.rates ") || !strings.Contains(err.Error(), c.wrong)):
				t.Errorf("got %v, want liuke.rates %s", err, c.wrong)
			}
		})
	}
}

func TestRatesAreToldInOneOrder(t *testing.T) {
	values := complete()
	values["rates"] = map[string]any{
		"USD": map[string]any{"2026-07-01": "7.1", "2026-01-01": "7.25"}, "EUR": map[string]any{"2020-01-01": "7.8"},
	}
	got, err := ReadSettings(values, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"EUR":{"2020-01-01":"7.8"},"USD":{"2026-01-01":"7.25","2026-07-01":"7.1"}}`; got.Rates != want {
		t.Errorf("functions are told %s, want %s", got.Rates, want)
	}
}
