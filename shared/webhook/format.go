package webhook

import (
	"strconv"
	"strings"
	"time"

	"liuke/shared/fault"
	"liuke/shared/money"
)

// text is the text of a string or a number; what is empty is left out.
func text(_ *scope, at node) ([]byte, error) {
	if t := strings.TrimSpace(at.text()); t != "" {
		return quoted(t), nil
	}
	return nil, nil
}

// scalar is a string, a number or a truth value as it stands.
func scalar(_ *scope, at node) ([]byte, error) { return at.raw(), nil }

// code is a text in capitals, such as a currency.
func code(_ *scope, at node) ([]byte, error) {
	if t := at.text(); t != "" {
		return quoted(strings.ToUpper(t)), nil
	}
	return nil, nil
}

// unix is a time in seconds since 1970.
func unix(_ *scope, at node) ([]byte, error) {
	if !at.there() {
		return nil, nil
	}
	seconds, err := strconv.ParseInt(at.text(), 10, 64)
	if err != nil || seconds < 0 || seconds > 1<<37 {
		return nil, fault.At(at.path, "%s must be a time in seconds since 1970", at.path[1:])
	}
	return quoted(time.Unix(seconds, 0).UTC().Format(time.RFC3339)), nil
}

// decimal reads an amount in the main unit of a currency.
func decimal(currency money.Currency, at node) (money.Amount, error) {
	a, err := currency.Parse(at.text())
	if err != nil {
		return 0, fault.At(at.path, "%s must be an amount in %s", at.path[1:], currency)
	}
	return a, nil
}

// stripeExponents are the decimals of Stripe's smallest units where they are not those of ISO 4217
// (docs.stripe.com/currencies: special cases).
var stripeExponents = map[money.Currency]int{"ISK": 2, "UGX": 2, "MGA": 0}

// minor reads an amount in Stripe's smallest units of the currency: whole ones, such as cents, yen and fils.
func minor(currency money.Currency, at node) (money.Amount, error) {
	n, err := strconv.ParseInt(at.text(), 10, 64)
	if err != nil {
		return 0, fault.At(at.path, "%s must be a whole number of the currency's smallest unit", at.path[1:])
	}
	exponent, special := stripeExponents[currency]
	if !special {
		return money.Amount(n), nil
	}
	a, err := currency.Parse(strconv.FormatInt(n, 10) + "e-" + strconv.Itoa(exponent))
	if err != nil {
		return 0, fault.At(at.path, "%s must be a whole number of %s, given in Stripe's smallest unit", at.path[1:], currency)
	}
	return a, nil
}

// currencyAt reads the currency at a path.
func (s *scope) currencyAt(path string) (money.Currency, error) {
	at := s.at(path)
	c, err := money.ParseCurrency(at.text())
	if err != nil {
		return "", fault.At(at.path, "%s must be an ISO 4217 code", at.path[1:])
	}
	return c, nil
}

// formatted spells an amount in the main unit.
func formatted(c money.Currency, a money.Amount) []byte { return quoted(c.Format(a)) }
