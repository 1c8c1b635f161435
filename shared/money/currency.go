// Package money keeps amounts exact: whole minor units of an ISO 4217 currency, read from decimal text digit by digit
// and never through a float. What cannot be said exactly in the currency's minor units is an error, not a rounding.
// Amounts of other currencies are converted to the business's by a dated table of exact decimal rates (Rates), each
// once, rounded half to even. Where a rate is fixed, and which day counts, is left to others.
package money

import (
	"strings"

	"liuke/shared/fault"
)

// Currency is an ISO 4217 alphabetic code in capitals, such as "CNY".
type Currency string

// exponents lists the active currencies of ISO 4217 (list one, 2024) by their number of decimals. Funds codes, metals
// and test codes are left out: nobody pays an order in them.
var exponents = map[int]string{
	0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
	2: "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP " +
		"CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR " +
		"JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN " +
		"NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP " +
		"SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG",
	3: "BHD IQD JOD KWD LYD OMR TND",
	4: "UYW",
}

var exponentOf = func() map[Currency]int {
	m := make(map[Currency]int, 160)
	for exponent, codes := range exponents {
		for code := range strings.FieldsSeq(codes) {
			m[Currency(code)] = exponent
		}
	}
	return m
}()

// ParseCurrency returns the currency of a code, in capitals or not. It returns an Invalid error for a code that is not
// an active one of ISO 4217.
func ParseCurrency(code string) (Currency, error) {
	if len(code) == 3 {
		c := Currency(strings.ToUpper(code))
		if _, ok := exponentOf[c]; ok {
			return c, nil
		}
	}
	return "", fault.New(fault.Invalid, "a currency is an active ISO 4217 code of three letters, such as CNY or EUR")
}

// Exponent returns the number of decimals that the currency's minor unit takes: 2 for EUR, 0 for JPY, 3 for KWD.
// It is 2 for a code that ParseCurrency refuses.
func (c Currency) Exponent() int {
	if e, ok := exponentOf[c]; ok {
		return e
	}
	return 2
}
