package holdout

import (
	"math/big"
	"math/bits"
)

// sum is a whole number in two's complement, the low word first. 192 bits hold the squares of as many amounts as there
// can be customers.
type sum [3]uint64

func (s *sum) add(v int64) {
	sign := uint64(v >> 63)
	s.merge(sum{uint64(v), sign, sign})
}

func (s *sum) addSquare(v int64) {
	size := uint64(v)
	if v < 0 {
		size = -size
	}
	high, low := bits.Mul64(size, size)
	s.merge(sum{low, high, 0})
}

func (s *sum) merge(o sum) {
	var carry uint64
	for i := range s {
		s[i], carry = bits.Add64(s[i], o[i], carry)
	}
}

func (s *sum) big() *big.Int {
	n := new(big.Int)
	for i := len(s) - 1; i >= 0; i-- {
		n.Lsh(n, 64).Or(n, new(big.Int).SetUint64(s[i]))
	}
	if s[len(s)-1]>>63 == 1 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), 64*uint(len(s))))
	}
	return n
}
