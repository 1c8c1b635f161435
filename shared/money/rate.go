package money

import (
	"math"
	"math/bits"
	"strconv"
	"strings"

	"liuke/shared/fault"
)

// Rate says how many minor units of the business's currency one minor unit of another is worth, exactly: a decimal of up
// to 18 decimals. For two currencies of as many decimals each that is the rate as it is usually quoted. The zero Rate is
// 1: the business's currency itself.
type Rate struct {
	units    uint64 // the rate × 10^decimals, without trailing zeros; 0 stands for the rate 1
	decimals uint8
}

// Bounds of a rate. One minor unit of the dearest currency is worth some hundred thousands of the cheapest.
const (
	maxRateDecimals = 18
	maxRate         = 1_000_000_000
)

var powers = func() (p [maxRateDecimals + 1]uint64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = p[i-1] * 10
	}
	return p
}()

// ParseRate reads what String has written: a decimal over 0 and up to a thousand million, of at most 18 decimals. It
// returns an Invalid error for other text.
func ParseRate(text string) (Rate, error) { return parseRate(text, 0) }

// parseRate reads a decimal and shifts its point to the right, or to the left where shift is negative.
func parseRate(text string, shift int) (Rate, error) {
	d, ok := split(text)
	if !ok || d.negative {
		return Rate{}, fault.New(fault.Invalid, "a rate is a decimal number over 0 such as 0.92")
	}
	digits := strings.TrimLeft(d.digits, "0")
	trimmed := strings.TrimRight(digits, "0")
	// The digits stand for trimmed × 10^-decimals.
	decimals := d.fraction - d.exponent - shift - (len(digits) - len(trimmed))
	if trimmed == "" {
		return Rate{}, fault.New(fault.Invalid, "a rate is over 0")
	}
	if len(trimmed)-decimals > len(strconv.Itoa(maxRate)) {
		return Rate{}, rateTooLarge()
	}
	if decimals > maxRateDecimals || len(trimmed) > maxRateDecimals {
		return Rate{}, fault.New(fault.Invalid, "a rate has at most %d digits, of minor unit to minor unit: round it", maxRateDecimals)
	}
	units, err := strconv.ParseUint(trimmed, 10, 64)
	if err != nil {
		return Rate{}, fault.As(err, fault.Internal, "a rate of decimal digits is no number")
	}
	for ; decimals < 0; decimals++ {
		units *= 10
	}
	r := Rate{units: units, decimals: uint8(decimals)}
	if units/powers[decimals] > maxRate || units/powers[decimals] == maxRate && units%powers[decimals] != 0 {
		return Rate{}, rateTooLarge()
	}
	if r == (Rate{units: 1}) {
		return Rate{}, nil
	}
	return r, nil
}

func rateTooLarge() error {
	return fault.New(fault.Invalid, "a rate is at most %d, of minor unit to minor unit", maxRate)
}

// String returns the rate as a decimal without an exponent: "0.92"; "1" for the zero Rate.
func (r Rate) String() string {
	if r.units == 0 {
		return "1"
	}
	text := strconv.FormatUint(r.units, 10)
	n := int(r.decimals)
	if n == 0 {
		return text
	}
	if len(text) <= n {
		text = strings.Repeat("0", n-len(text)+1) + text
	}
	return text[:len(text)-n] + "." + text[len(text)-n:]
}

// Equal reports whether two rates are the same number.
func (r Rate) Equal(o Rate) bool { return r == o }

// Convert returns an amount of the other currency in the business's, rounded half to even to its minor unit: exactly
// once, by 128-bit arithmetic. Beyond int64 it is the end of int64.
func (r Rate) Convert(a Amount) Amount {
	if r.units == 0 {
		return a
	}
	n := uint64(a)
	if a < 0 {
		n = -n // of two's complement: right for the least Amount as well
	}
	converted := r.convert(n)
	if a < 0 {
		return -converted
	}
	return converted
}

func (r Rate) convert(n uint64) Amount {
	divisor := powers[r.decimals]
	hi, lo := bits.Mul64(n, r.units)
	if hi >= divisor {
		return math.MaxInt64
	}
	quotient, remainder := bits.Div64(hi, lo, divisor)
	if quotient >= math.MaxInt64 {
		return math.MaxInt64
	}
	if half := divisor - remainder; remainder > half || remainder == half && quotient%2 == 1 {
		quotient++
	}
	return Amount(quotient)
}

// Less reports whether r is the lower rate, exactly.
func (r Rate) Less(o Rate) bool {
	if r.units == 0 {
		r.units = 1
	}
	if o.units == 0 {
		o.units = 1
	}
	rHi, rLo := bits.Mul64(r.units, powers[o.decimals])
	oHi, oLo := bits.Mul64(o.units, powers[r.decimals])
	return rHi < oHi || rHi == oHi && rLo < oLo
}
