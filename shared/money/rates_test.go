package money_test

import (
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"liuke/shared/fault"
	"liuke/shared/money"
)

func day(t *testing.T, text string) int32 {
	t.Helper()
	d, err := time.Parse(time.DateOnly, text)
	if err != nil {
		t.Fatal(err)
	}
	return int32(d.Unix() / 86400)
}

func TestRateHoldsFromItsDayOn(t *testing.T) {
	rates, err := money.ParseRates(`{"USD":{"2026-03-01":"7.1","2026-01-01":"7.25"},"JPY":{"2026-01-01":0.0483},"KWD":{"2025-01-01":"23.4"}}`, "CNY")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name     string
		currency money.Currency
		day      string
		want     string // "" where none is known
	}{
		{"before the first day none is known", "USD", "2025-12-31", ""},
		{"on its first day it holds", "USD", "2026-01-01", "7.25"},
		{"until the day before the next", "USD", "2026-02-28", "7.25"},
		{"the next holds from its day", "USD", "2026-03-01", "7.1"},
		{"and ever after", "USD", "2040-01-01", "7.1"},
		{"a yen, which is its own minor unit, is some fen", "JPY", "2026-01-01", "4.83"},
		{"a fils is a thousandth", "KWD", "2026-01-01", "2.34"},
		{"the business's own is one", "CNY", "1990-01-01", "1"},
		{"what the table does not have is not known", "EUR", "2026-01-01", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			rate, ok := rates.On(c.currency, day(t, c.day))
			if ok != (c.want != "") || ok && rate.String() != c.want {
				t.Errorf("%s on %s: %s %t, want %q", c.currency, c.day, rate, ok, c.want)
			}
		})
	}
	if got := rates.Highest("USD").String(); got != "7.25" {
		t.Errorf("the highest is %s", got)
	}
	if rates.Knows("EUR") || !rates.Knows("USD") || !rates.Knows("CNY") || rates.Business() != "CNY" {
		t.Error("what is known is not what the table says")
	}
}

func TestTableOfRatesThatIsWrongSaysWhere(t *testing.T) {
	for _, c := range []struct{ name, table, pointer, message string }{
		{"a list", `[]`, "", "JSON object"},
		{"no JSON", `{"USD":{"2026-01-01"`, "/USD/2026-01-01", "not JSON"},
		{"cut off", `{"USD":{"2026-01-01":"1.5"}`, "", "JSON object"},
		{"something behind", `{} {}`, "", "nothing behind"},
		{"a currency in small letters", `{"usd":{"2026-01-01":"7"}}`, "/usd", "ISO 4217"},
		{"a currency that is none", `{"US/D":{"2026-01-01":"7"}}`, "/US~1D", "ISO 4217"},
		{"the business's own", `{"CNY":{"2026-01-01":"1"}}`, "/CNY", "own currency"},
		{"a currency twice", `{"USD":{"2026-01-01":"7"},"USD":{"2026-01-02":"7"}}`, "/USD", "twice"},
		{"a day twice", `{"USD":{"2026-01-01":"7","2026-01-01":"8"}}`, "/USD/2026-01-01", "twice"},
		{"a currency without a day", `{"USD":{}}`, "/USD", "give the rate"},
		{"a currency with a rate for ever", `{"USD":"7"}`, "/USD", "JSON object"},
		{"a day that the calendar does not have", `{"USD":{"2026-02-30":"7"}}`, "/USD/2026-02-30", "spelled"},
		{"a rate of nothing", `{"USD":{"2026-01-01":"0.00"}}`, "/USD/2026-01-01", "over 0"},
		{"a negative rate", `{"USD":{"2026-01-01":"-1"}}`, "/USD/2026-01-01", "over 0"},
		{"a rate with a comma", `{"USD":{"2026-01-01":"7,1"}}`, "/USD/2026-01-01", "decimal"},
		{"no rate", `{"USD":{"2026-01-01":null}}`, "/USD/2026-01-01", "decimal"},
		{"a rate that nothing is worth", `{"USD":{"2026-01-01":"1e10"}}`, "/USD/2026-01-01", "at most 1000000000"},
		{"a rate that is a little more than the most", `{"USD":{"2026-01-01":"1000000000.5"}}`, "/USD/2026-01-01", "at most 1000000000"},
		{"a rate of too many digits", `{"USD":{"2026-01-01":"0.1234567890123456789"}}`, "/USD/2026-01-01", "18 digits"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := money.ParseRates(c.table, "CNY")
			var f *fault.Error
			if !errors.As(err, &f) || f.Code != fault.Invalid || f.Pointer != c.pointer || !strings.Contains(f.Message, c.message) {
				t.Errorf("%v, want %q at %q", err, c.message, c.pointer)
			}
		})
	}
}

func TestNoTableIsNoRates(t *testing.T) {
	for _, table := range []string{"", " ", "{}"} {
		rates, err := money.ParseRates(table, "EUR")
		if err != nil || rates.Knows("USD") || !rates.Knows("EUR") {
			t.Errorf("%q: %v, %v", table, rates, err)
		}
	}
}

func TestConversionRoundsHalfToEvenOnce(t *testing.T) {
	for _, c := range []struct {
		rate         string
		amount, want money.Amount
	}{
		{"0.5", 1, 0}, {"0.5", 3, 2}, {"0.5", 5, 2}, {"0.5", -1, 0}, {"0.5", -3, -2},
		{"0.92", 12995, 11955}, // 11955.4
		{"1.005", 100, 100}, {"1.005", 300, 302}, {"1.0050000001", 100, 101},
		{"1", math.MinInt64, math.MinInt64},
		{"1000000000", math.MaxInt64, math.MaxInt64}, {"1000000000", math.MinInt64, -math.MaxInt64},
		{"0.000000000000000001", math.MaxInt64, 9},
	} {
		rate, err := money.ParseRate(c.rate)
		if err != nil {
			t.Fatal(err)
		}
		if got := rate.Convert(c.amount); got != c.want {
			t.Errorf("%d at %s is %d, want %d", c.amount, c.rate, got, c.want)
		}
	}
}

// TestConversionIsWhatExactArithmeticSays compares with rational numbers.
func TestConversionIsWhatExactArithmeticSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[1-9][0-9]{0,8}(\.[0-9]{0,8}[1-9])?|0\.[0-9]{0,17}[1-9]`).Draw(t, "rate")
		rate, err := money.ParseRate(text)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := money.ParseRate(rate.String()); err != nil || again != rate || rate.String() != text {
			t.Fatalf("%q is spelled %q: %v", text, rate, err)
		}
		amount := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-1000, 1000)).Draw(t, "amount")
		exact, _ := new(big.Rat).SetString(text)
		exact.Mul(exact, new(big.Rat).SetInt64(amount))
		got := int64(rate.Convert(money.Amount(amount)))
		if got == math.MaxInt64 || got == -math.MaxInt64 {
			if exact.Abs(exact).Cmp(new(big.Rat).SetInt64(math.MaxInt64-1)) <= 0 {
				t.Fatalf("%d at %s is not beyond int64", amount, text)
			}
			return
		}
		off := new(big.Rat).Sub(exact, new(big.Rat).SetInt64(got))
		if half := off.Abs(off).Cmp(big.NewRat(1, 2)); half > 0 || half == 0 && got%2 != 0 {
			t.Fatalf("%d at %s is %s, converted %d", amount, text, exact.FloatString(3), got)
		}
	})
}

func FuzzParseRates(f *testing.F) {
	for _, s := range []string{"", "{}", `{"USD":{"2026-01-01":"0.92"}}`, `{"JPY":{"2026-01-01":1e-9}}`, `{"KWD":{"0001-01-01":"3e300"}}`, `[[[`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rates, err := money.ParseRates(text, "CNY")
		if err != nil {
			if fault.CodeOf(err) != fault.Invalid {
				t.Fatal(err)
			}
			return
		}
		for _, c := range []money.Currency{"USD", "JPY", "KWD", "EUR"} {
			if rate, ok := rates.On(c, math.MaxInt32); ok != rates.Knows(c) || ok && rate.Convert(0) != 0 {
				t.Fatalf("%s at %s, %t", c, rate, ok)
			}
		}
	})
}
