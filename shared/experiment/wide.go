package experiment

import (
	"math/big"
	"math/bits"

	"liuke/shared/fault"
	"liuke/shared/money"
)

// Wide is a whole number of 128 bits, for sums of squares and products of amounts. It is a JSON number, and fits a number of DynamoDB,
// which has 38 digits. The zero value is 0.
type Wide struct {
	high int64
	low  uint64
}

// Squared is an amount times itself.
func Squared(a money.Amount) Wide { return Product(a, a) }

// Product is an amount times another.
func Product(a, b money.Amount) Wide {
	high, low := bits.Mul64(size(a), size(b))
	w := Wide{int64(high), low}
	if (a < 0) != (b < 0) {
		return Wide{}.Minus(w)
	}
	return w
}

func size(a money.Amount) uint64 {
	if a < 0 {
		return -uint64(a)
	}
	return uint64(a)
}

// Plus is w + o.
func (w Wide) Plus(o Wide) Wide {
	low, carry := bits.Add64(w.low, o.low, 0)
	return Wide{w.high + o.high + int64(carry), low}
}

// Minus is w − o.
func (w Wide) Minus(o Wide) Wide {
	low, borrow := bits.Sub64(w.low, o.low, 0)
	return Wide{w.high - o.high - int64(borrow), low}
}

// Negative reports whether w is below 0.
func (w Wide) Negative() bool { return w.high < 0 }

// String returns the number in decimal digits.
func (w Wide) String() string { return w.big().String() }

// ParseWide reads what String has written. It returns an Invalid error for other text, and for what has more than 38
// digits.
func ParseWide(text string) (Wide, error) {
	digits := text
	if len(digits) > 0 && digits[0] == '-' {
		digits = digits[1:]
	}
	if digits == "" || len(digits) > 38 {
		return Wide{}, errWide
	}
	for _, c := range []byte(digits) {
		if c < '0' || c > '9' {
			return Wide{}, errWide
		}
	}
	n, _ := new(big.Int).SetString(text, 10)
	low := new(big.Int).And(n, new(big.Int).SetUint64(^uint64(0)))
	return Wide{n.Rsh(n, 64).Int64(), low.Uint64()}, nil
}

var errWide = fault.New(fault.Invalid, "a sum of squares or products is a whole number of at most 38 digits")

// MarshalJSON returns the number as a JSON number. The error is always nil.
func (w Wide) MarshalJSON() ([]byte, error) { return []byte(w.String()), nil }

// UnmarshalJSON reads a JSON number of whole digits.
func (w *Wide) UnmarshalJSON(b []byte) (err error) {
	*w, err = ParseWide(string(b))
	return err
}

func (w Wide) big() *big.Int {
	n := big.NewInt(w.high)
	n.Lsh(n, 64)
	return n.Add(n, new(big.Int).SetUint64(w.low))
}
