package money_test

import (
	"encoding/json"
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"liuke/shared/fault"
	"liuke/shared/money"
)

func TestParse(t *testing.T) {
	cases := []struct {
		name     string
		currency money.Currency
		text     string
		want     money.Amount
		refused  string // part of the reason
	}{
		{"two decimals of a currency with two", "USD", "29.33", 2933, ""},
		{"a whole number", "USD", "32", 3200, ""},
		{"one decimal is filled up", "USD", "29.3", 2930, ""},
		{"zero is an amount", "USD", "0", 0, ""},
		{"negative zero is zero", "USD", "-0.00", 0, ""},
		{"a negative amount", "EUR", "-0.05", -5, ""},
		{"trailing zeros beyond the minor unit change nothing", "EUR", "29.33000", 2933, ""},
		{"a float's artefact is refused, not rounded", "EUR", "0.30000000000000004", 0, "more decimals"},
		{"a tenth of a cent is refused", "EUR", "1.001", 0, "more decimals"},
		{"a fraction of a yen is refused", "JPY", "1200.5", 0, "more decimals than the 0 of JPY"},
		{"a whole yen with a point", "JPY", "1200.0", 1200, ""},
		{"three decimals of a currency with three", "KWD", "1.234", 1234, ""},
		{"an exponent shifts the point exactly", "USD", "1.5e3", 150000, ""},
		{"a negative exponent as well", "USD", "2933E-2", 2933, ""},
		{"a negative exponent beyond the minor unit", "USD", "1e-3", 0, "more decimals"},
		{"zero stays zero whatever the exponent", "USD", "0e999999999999999999999", 0, ""},
		{"an absurd exponent overflows at once", "USD", "1e999999999999999999999", 0, "too large"},
		{"an absurd negative exponent is too fine", "USD", "1e-999999999999999999999", 0, "more decimals"},
		{"the largest amount", "USD", "92233720368547758.07", math.MaxInt64, ""},
		{"one minor unit more", "USD", "92233720368547758.08", 0, "too large"},
		{"more digits than a uint64 that are zeros", "USD", "1.0000000000000000000000000000000", 100, ""},
		{"more digits than a uint64 that are not", "USD", "123456789012345678901234567890", 0, "too large"},
		{"more decimals than a uint64", "USD", "0.00000000000000000000000000000000012345678901234567891234", 0, "more decimals"},
		{"nothing", "USD", "", 0, "decimal number"},
		{"a sign alone", "USD", "-", 0, "decimal number"},
		{"a plus sign", "USD", "+1", 0, "decimal number"},
		{"a leading zero", "USD", "012", 0, "decimal number"},
		{"a point without digits behind", "USD", "12.", 0, "decimal number"},
		{"a point without digits before", "USD", ".5", 0, "decimal number"},
		{"a thousands separator", "USD", "1,200.00", 0, "decimal number"},
		{"a currency sign", "USD", "$12", 0, "decimal number"},
		{"not a number", "USD", "NaN", 0, "decimal number"},
		{"infinity", "USD", "Infinity", 0, "decimal number"},
		{"hexadecimal", "USD", "0x10", 0, "decimal number"},
		{"an exponent without digits", "USD", "1e", 0, "decimal number"},
		{"something behind the exponent", "USD", "1e3x", 0, "decimal number"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.currency.Parse(c.text)
			if c.refused != "" {
				if fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), c.refused) {
					t.Fatalf("Parse(%q) = %d, %v; want an invalid error that says %q", c.text, got, err, c.refused)
				}
				return
			}
			if err != nil || got != c.want {
				t.Fatalf("Parse(%q) = %d, %v; want %d", c.text, got, err, c.want)
			}
		})
	}
}

func TestFormat(t *testing.T) {
	cases := []struct {
		currency money.Currency
		amount   money.Amount
		want     string
	}{
		{"USD", 3164600, "31646.00"},
		{"USD", 5, "0.05"},
		{"USD", -5, "-0.05"},
		{"USD", 0, "0.00"},
		{"USD", 100, "1.00"},
		{"JPY", 1200, "1200"},
		{"JPY", 0, "0"},
		{"KWD", 1, "0.001"},
		{"UYW", -12345, "-1.2345"},
		{"USD", math.MaxInt64, "92233720368547758.07"},
		{"USD", math.MinInt64, "-92233720368547758.08"},
	}
	for _, c := range cases {
		if got := c.currency.Format(c.amount); got != c.want {
			t.Errorf("%s of %d minor units = %q, want %q", c.currency, c.amount, got, c.want)
		}
	}
}

func TestWhatIsFormattedParsesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.SampledFrom([]money.Currency{"JPY", "USD", "KWD", "UYW"}).Draw(t, "currency")
		a := money.Amount(rapid.Int64Range(math.MinInt64+1, math.MaxInt64).Draw(t, "amount"))
		if got, err := c.Parse(c.Format(a)); err != nil || got != a {
			t.Fatalf("%d is formatted %q and parsed %d, %v", a, c.Format(a), got, err)
		}
	})
}

func TestParseCurrency(t *testing.T) {
	for code, want := range map[string]money.Currency{"CNY": "CNY", "usd": "USD", "Kwd": "KWD"} {
		if got, err := money.ParseCurrency(code); err != nil || got != want {
			t.Errorf("ParseCurrency(%q) = %q, %v", code, got, err)
		}
	}
	for _, code := range []string{"", "US", "USDT", "XXX", "XAU", "ABC", "U$D", "¥"} {
		if got, err := money.ParseCurrency(code); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("ParseCurrency(%q) = %q, %v; want an invalid error", code, got, err)
		}
	}
}

func TestSumsAreChecked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		edge := rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{math.MinInt64, -1, 0, 1, math.MaxInt64}))
		a, b := edge.Draw(t, "a"), edge.Draw(t, "b")
		check := func(op string, got money.Amount, err error, exact *big.Int) {
			if exact.IsInt64() != (err == nil) || (err == nil && int64(got) != exact.Int64()) {
				t.Fatalf("%d %s %d = %d, %v; exactly it is %s", a, op, b, got, err, exact)
			}
		}
		sum, err := money.Amount(a).Add(money.Amount(b))
		check("+", sum, err, new(big.Int).Add(big.NewInt(a), big.NewInt(b)))
		difference, err := money.Amount(a).Sub(money.Amount(b))
		check("-", difference, err, new(big.Int).Sub(big.NewInt(a), big.NewInt(b)))
	})
}

// FuzzParse compares with exact rational arithmetic: what parses is exactly the text's value in minor units, and what
// does not is no JSON number, or not whole minor units within int64.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"29.33", "-0", "1e2", "1e-2", "0.1e1", "9e18", "01", "1.", "NaN", "92233720368547758.07", "100e-400", "0e400"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := money.Currency("USD").Parse(text)
		number := json.Valid([]byte(text)) && len(text) > 0 && strings.IndexByte("-0123456789", text[0]) >= 0 &&
			strings.TrimSpace(text) == text
		if !number {
			if err == nil {
				t.Fatalf("%q is no number, and parsed %d", text, got)
			}
			return
		}
		if i := strings.IndexAny(text, "eE"); i >= 0 && len(text)-i > 5 {
			return // big.Rat would take for ever
		}
		exact, ok := new(big.Rat).SetString(text)
		if !ok {
			t.Fatalf("big.Rat does not read the JSON number %q", text)
		}
		exact.Mul(exact, big.NewRat(100, 1))
		fits := exact.IsInt() && exact.Num().IsInt64() && exact.Num().Int64() != math.MinInt64
		if fits != (err == nil) || (fits && exact.Num().Int64() != int64(got)) {
			t.Fatalf("%q is %s cents, and parsed %d, %v", text, exact.RatString(), got, err)
		}
	})
}
