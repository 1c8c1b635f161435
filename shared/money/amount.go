package money

import (
	"math"
	"strconv"

	"liuke/shared/fault"
)

// Amount is money in minor units (cents, fen) of a currency known from its surroundings. It may be negative.
type Amount int64

// maxExponent bounds the exponent of a number such as 1e3: more shifts every int64 away.
const maxExponent = 64

// Parse reads an amount from decimal text: a JSON number as it is spelled (-12, 29.33, 1.5e3). Digits beyond the
// currency's minor unit must be zeros. It returns an Invalid error for other text, for more decimals than the currency
// has, and for an amount beyond int64; the text itself is never repeated.
func (c Currency) Parse(text string) (Amount, error) {
	d, ok := split(text)
	if !ok {
		return 0, fault.New(fault.Invalid, "an amount is a decimal number such as 29.33, without signs, separators or spaces around it")
	}
	exponent := c.Exponent()
	// The digits stand for digits × 10^(shift) minor units.
	shift := exponent + d.exponent - d.fraction
	var n uint64
	for i := 0; i < len(d.digits); i++ {
		if n > (math.MaxUint64-9)/10 {
			return c.parseLong(d, shift)
		}
		n = n*10 + uint64(d.digits[i]-'0')
	}
	return c.scale(n, shift, d.negative)
}

// parseLong handles more digits than fit: trailing zeros may be dropped without loss, the rest is too much either way.
func (c Currency) parseLong(d decimal, shift int) (Amount, error) {
	digits := d.digits
	for len(digits) > 0 && digits[len(digits)-1] == '0' {
		digits, shift = digits[:len(digits)-1], shift+1
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	switch {
	case err == nil:
		return c.scale(n, shift, d.negative)
	case shift < 0:
		return 0, c.tooFine()
	default:
		return 0, tooLarge()
	}
}

func (c Currency) scale(n uint64, shift int, negative bool) (Amount, error) {
	if n == 0 {
		return 0, nil
	}
	for ; shift < 0; shift++ {
		if n%10 != 0 {
			return 0, c.tooFine()
		}
		n /= 10
	}
	for ; shift > 0; shift-- {
		if n > math.MaxInt64/10 {
			return 0, tooLarge()
		}
		n *= 10
	}
	if n > math.MaxInt64 {
		return 0, tooLarge()
	}
	if negative {
		return -Amount(n), nil
	}
	return Amount(n), nil
}

func (c Currency) tooFine() error {
	return fault.New(fault.Invalid, "the amount has more decimals than the %d of %s: round it to the minor unit", c.Exponent(), c)
}

func tooLarge() error {
	return fault.New(fault.Invalid, "the amount is too large")
}

// decimal is a number in its parts: digits (integer and fraction, no point), of which fraction many are behind the
// point, and the exponent.
type decimal struct {
	negative bool
	digits   string
	fraction int
	exponent int
}

// split takes a number of JSON's grammar (RFC 8259, section 6) apart.
func split(text string) (d decimal, ok bool) {
	if len(text) > 0 && text[0] == '-' {
		d.negative, text = true, text[1:]
	}
	whole := countDigits(text)
	if whole == 0 || (whole > 1 && text[0] == '0') {
		return d, false
	}
	rest := text[whole:]
	d.digits = text[:whole]
	if len(rest) > 0 && rest[0] == '.' {
		d.fraction = countDigits(rest[1:])
		if d.fraction == 0 {
			return d, false
		}
		d.digits += rest[1 : 1+d.fraction]
		rest = rest[1+d.fraction:]
	}
	if len(rest) == 0 {
		return d, true
	}
	if rest[0] != 'e' && rest[0] != 'E' {
		return d, false
	}
	rest = rest[1:]
	sign := 1
	if len(rest) > 0 && (rest[0] == '+' || rest[0] == '-') {
		if rest[0] == '-' {
			sign = -1
		}
		rest = rest[1:]
	}
	n := countDigits(rest)
	if n == 0 || n != len(rest) {
		return d, false
	}
	// An exponent beyond any use is held at one that leaves no amount but zero within reach of a minor unit.
	limit := maxExponent + len(d.digits)
	for i := 0; i < n && d.exponent <= limit; i++ {
		d.exponent = d.exponent*10 + int(rest[i]-'0')
	}
	d.exponent = sign * min(d.exponent, limit)
	return d, true
}

func countDigits(s string) int {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n
}

// Format spells an amount with all of the currency's decimals and no separators: "31646.00", "-0.05", "1200" in JPY.
func (c Currency) Format(a Amount) string {
	return string(c.AppendFormat(nil, a))
}

// AppendFormat appends what Format returns.
func (c Currency) AppendFormat(dst []byte, a Amount) []byte {
	n := uint64(a)
	if a < 0 {
		dst = append(dst, '-')
		n = -n // of two's complement: right for the least Amount as well
	}
	exponent := c.Exponent()
	start := len(dst)
	dst = strconv.AppendUint(dst, n, 10)
	if exponent == 0 {
		return dst
	}
	for len(dst)-start <= exponent {
		dst = append(dst, 0)
		copy(dst[start+1:], dst[start:])
		dst[start] = '0'
	}
	point := len(dst) - exponent
	dst = append(dst, 0)
	copy(dst[point+1:], dst[point:])
	dst[point] = '.'
	return dst
}

// Add returns a + b, or an Invalid error where that is beyond an Amount.
func (a Amount) Add(b Amount) (Amount, error) {
	sum := a + b
	if (b > 0) != (sum > a) && b != 0 {
		return 0, tooLarge()
	}
	return sum, nil
}

// Sub returns a − b, or an Invalid error where that is beyond an Amount.
func (a Amount) Sub(b Amount) (Amount, error) {
	difference := a - b
	if (b > 0) != (difference < a) && b != 0 {
		return 0, tooLarge()
	}
	return difference, nil
}
