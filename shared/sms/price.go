package sms

import (
	"strconv"
	"strings"

	"liuke/shared/fault"
)

// Price is money in millionths of a US dollar: prices of single segments have five decimals.
type Price int64

// perDollar is one dollar.
const (
	perDollar = 1_000_000
	decimals  = 6
	maxPrice  = 1_000 * perDollar // far above what any segment costs, so that products don't overflow
)

// ParsePrice reads dollars in decimal, such as "0.00645": at most six decimals, from 0 to 1,000. It returns an Invalid
// error for anything else.
func ParsePrice(text string) (Price, error) {
	bad := fault.New(fault.Invalid, "a price is dollars in decimal, from 0 to 1,000 with at most six decimals, such as 0.00645")
	whole, part, _ := strings.Cut(text, ".")
	if len(whole) > 4 || len(part) > decimals || whole == "" || strings.HasSuffix(text, ".") {
		return 0, bad
	}
	n, err := strconv.ParseUint(whole+part+strings.Repeat("0", decimals-len(part)), 10, 63)
	if err != nil || n > maxPrice {
		return 0, bad
	}
	return Price(n), nil
}

// String returns the dollars in decimal, with two decimals at least.
func (p Price) String() string {
	if p < 0 {
		return "-" + (-p).String()
	}
	digits := strconv.FormatInt(int64(p), 10)
	if len(digits) <= decimals {
		digits = strings.Repeat("0", decimals+1-len(digits)) + digits
	}
	point := len(digits) - decimals
	part := digits[point:]
	for len(part) > 2 && part[len(part)-1] == '0' {
		part = part[:len(part)-1]
	}
	return digits[:point] + "." + part
}

// Cost is what the text costs at a price by segment.
func (s Size) Cost(segment Price) Price { return Price(s.Segments) * segment }
