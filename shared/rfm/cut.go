package rfm

import (
	"math"
	"math/big"

	"liuke/shared/fault"
)

// Cut is a cut point, exact: Num / Den, Den > 0. A quantile lies between two whole values, so that it is a fraction.
type Cut struct {
	Num int64 `json:"num"`
	Den int64 `json:"den"`
}

// Float returns the cut as the nearest float, for people.
func (c Cut) Float() float64 {
	f, _ := new(big.Rat).SetFrac64(c.Num, c.Den).Float64()
	return f
}

// Over returns the cut divided by a positive whole number, such as the minor units of a major one.
func (c Cut) Over(n int64) float64 {
	r := new(big.Rat).SetFrac64(c.Num, c.Den)
	f, _ := r.Quo(r, new(big.Rat).SetInt64(n)).Float64()
	return f
}

// threshold returns the least whole number that is greater than the cut, or, unless above, equal to it; not ok where
// no T is.
func threshold[T int32 | int64](c Cut, above bool) (least T, ok bool) {
	floor := c.Num / c.Den
	if c.Num%c.Den < 0 {
		floor--
	}
	if above || floor*c.Den != c.Num {
		if floor == math.MaxInt64 {
			return 0, false
		}
		floor++
	}
	if int64(T(floor)) != floor { // an int32 and a cut beyond it
		return T(math.MinInt32), floor < 0
	}
	return T(floor), true
}

// thresholds returns the thresholds of those cuts that a value can reach.
func thresholds[T int32 | int64](cuts []Cut, above bool) []T {
	out := make([]T, 0, len(cuts))
	for _, c := range cuts {
		if t, ok := threshold[T](c, above); ok {
			out = append(out, t)
		}
	}
	return out
}

func (c Cut) less(o Cut) bool {
	return new(big.Rat).SetFrac64(c.Num, c.Den).Cmp(new(big.Rat).SetFrac64(o.Num, o.Den)) < 0
}

// ParseCut reads a decimal number exactly and multiplies it by scale, a power of ten: 1 for days and orders, the
// minor units of a major one for money. It returns an Invalid error for what is no number or beyond a Cut.
func ParseCut(text string, scale int64) (Cut, error) {
	if len(text) == 0 || len(text) > 40 {
		return Cut{}, fault.New(fault.Invalid, "a cut is a decimal number")
	}
	for _, b := range []byte(text) { // big.Rat reads fractions, hexadecimals and huge exponents as well
		if (b < '0' || b > '9') && b != '.' && b != '-' {
			return Cut{}, fault.New(fault.Invalid, "a cut is a decimal number without an exponent")
		}
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return Cut{}, fault.New(fault.Invalid, "a cut is a decimal number")
	}
	r.Mul(r, new(big.Rat).SetInt64(scale))
	if !r.Num().IsInt64() || !r.Denom().IsInt64() || r.Num().Int64() == math.MinInt64 {
		return Cut{}, fault.New(fault.Invalid, "a cut has at most 18 digits")
	}
	return Cut{Num: r.Num().Int64(), Den: r.Denom().Int64()}, nil
}

// position says where the k-th of q-quantiles lies among n ascending values: at rank (from 0) plus the fraction
// rest / q of the way to the next (type 7).
func position(n int64, k, q int) (rank, rest int64) {
	hi := new(big.Int).Mul(big.NewInt(n-1), big.NewInt(int64(k)))
	quotient, remainder := hi.QuoRem(hi, big.NewInt(int64(q)), new(big.Int))
	return quotient.Int64(), remainder.Int64()
}

// between returns the point that lies rest / q of the way from lo to hi.
func between(lo, hi, rest int64, q int) Cut {
	if rest == 0 || lo == hi {
		return Cut{Num: lo, Den: 1}
	}
	den := big.NewInt(int64(q))
	num := new(big.Int).Mul(big.NewInt(lo), den)
	step := new(big.Int).Sub(big.NewInt(hi), big.NewInt(lo))
	num.Add(num, step.Mul(step, big.NewInt(rest)))
	r := new(big.Rat).SetFrac(num, den)
	if !r.Num().IsInt64() { // near the ends of int64: the whole number below lies between the same values
		return Cut{Num: num.Div(num, den).Int64(), Den: 1}
	}
	return Cut{Num: r.Num().Int64(), Den: r.Denom().Int64()}
}
