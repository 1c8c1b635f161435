package clv

import (
	"encoding/binary"
	"math"
	"slices"
)

// key is what is counted, ordered by x and then by rest.
type key struct {
	x    uint32
	rest uint64
}

func (k key) less(o key) bool { return k.x < o.x || k.x == o.x && k.rest < o.rest }

// line is how often a key was counted, up to 4 billion times.
type line struct {
	rest uint64
	x, n uint32
}

func (l line) key() key { return key{l.x, l.rest} }

func (l line) plus(n uint32) line {
	l.n = uint32(min(uint64(l.n)+uint64(n), math.MaxUint32))
	return l
}

// tally counts keys. What was added comes to a tail that is sorted into a run as soon as it is as long as what is sorted
// already, so that a tally takes about as much memory as its distinct keys, however much it counts. Runs are merged
// like a binary counter's digits, and never changed once they are made, so that tallies may share them.
type tally struct {
	runs [][]line // each ascending without repetition
	tail []key    // each counted once
}

// minTail is how long a tail may always be.
const minTail = 1 << 16

func (t *tally) add(k key) {
	t.tail = append(t.tail, k)
	if len(t.tail) >= minTail && len(t.tail) >= t.sorted() {
		t.flush()
	}
}

// merge adds what o counts; o counts the same as before.
func (t *tally) merge(o *tally) {
	o.flush()
	for _, r := range o.runs {
		t.push(r)
	}
}

// lines returns what was counted in ascending order.
func (t *tally) lines() []line {
	t.flush()
	for len(t.runs) > 1 {
		t.join()
	}
	if len(t.runs) == 0 {
		return nil
	}
	return t.runs[0]
}

func (t *tally) sorted() (n int) {
	for _, r := range t.runs {
		n += len(r)
	}
	return n
}

func (t *tally) flush() {
	if len(t.tail) == 0 {
		return
	}
	sorted := sortKeys(t.tail)
	distinct := 1
	for i := 1; i < len(sorted); i++ {
		if sorted[i] != sorted[i-1] {
			distinct++
		}
	}
	run := make([]line, 0, distinct)
	for _, k := range sorted {
		if n := len(run); n > 0 && run[n-1].key() == k {
			run[n-1].n++
		} else {
			run = append(run, line{k.rest, k.x, 1})
		}
	}
	t.tail = t.tail[:0]
	t.push(run)
}

// push adds a run, and joins runs until each is at least twice as long as the next.
func (t *tally) push(run []line) {
	if len(run) == 0 {
		return
	}
	t.runs = append(t.runs, run)
	for n := len(t.runs); n > 1 && len(t.runs[n-2]) < 2*len(t.runs[n-1]); n-- {
		t.join()
	}
}

// join makes one run of the last two.
func (t *tally) join() {
	n := len(t.runs)
	t.runs[n-2] = mergeLines(t.runs[n-2], t.runs[n-1])
	t.runs[n-1] = nil
	t.runs = t.runs[:n-1]
}

func mergeLines(a, b []line) []line {
	size := len(a) + len(b)
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i].key() == b[j].key():
			i, j, size = i+1, j+1, size-1
		case a[i].key().less(b[j].key()):
			i++
		default:
			j++
		}
	}
	out := make([]line, 0, size)
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case a[i].key() == b[j].key():
			out = append(out, a[i].plus(b[j].n))
			i, j = i+1, j+1
		case a[i].key().less(b[j].key()):
			out = append(out, a[i])
			i++
		default:
			out = append(out, b[j])
			j++
		}
	}
	return append(append(out, a[i:]...), b[j:]...)
}

const (
	digitBits  = 11
	digitMask  = 1<<digitBits - 1
	restDigits = (64 + digitBits - 1) / digitBits
	digits     = restDigits + (32+digitBits-1)/digitBits
)

// digit returns a key's i-th digit from the least significant one up.
func (k key) digit(i int) uint64 {
	if i < restDigits {
		return k.rest >> (i * digitBits) & digitMask
	}
	return uint64(k.x) >> ((i - restDigits) * digitBits) & digitMask
}

// sortKeys returns keys in ascending order, in their own slice or another; their own is overwritten. It sorts by digits
// from the least significant one up (radix sort; Knuth, The Art of Computer Programming 3, 5.2.5), leaving out those
// in which all keys agree.
func sortKeys(keys []key) []key {
	if len(keys) < digitMask {
		slices.SortFunc(keys, func(a, b key) int {
			switch {
			case a == b:
				return 0
			case a.less(b):
				return -1
			}
			return 1
		})
		return keys
	}
	var varies key
	for _, k := range keys {
		varies.x |= k.x ^ keys[0].x
		varies.rest |= k.rest ^ keys[0].rest
	}
	spare := make([]key, len(keys))
	for d := range digits {
		if varies.digit(d) != 0 {
			scatter(spare, keys, d)
			keys, spare = spare, keys
		}
	}
	return keys
}

// scatter copies keys in the order of one digit and otherwise in the order that they are in.
func scatter(to, from []key, digit int) {
	var next [digitMask + 1]int
	for _, k := range from {
		next[k.digit(digit)]++
	}
	at := 0
	for d, n := range next {
		next[d], at = at, at+n
	}
	for _, k := range from {
		d := k.digit(digit)
		to[next[d]] = k
		next[d]++
	}
}

// decodeLines reads so many lines, each of which it is given by next. It reports a damage where they do not ascend or
// count nothing.
func decodeLines(r *varints, least int, next func() key) (out tally) {
	var run []line
	for range r.next(uint64(len(r.b) / least)) {
		k := next()
		l := line{k.rest, k.x, uint32(r.next(math.MaxUint32))}
		if l.n == 0 || len(run) > 0 && !run[len(run)-1].key().less(k) {
			r.bad = true
		}
		if r.bad {
			return tally{}
		}
		run = append(run, l)
	}
	out.push(run)
	return out
}

// varints reads whole numbers until one is damaged or over its limit.
type varints struct {
	b   []byte
	bad bool
}

func (r *varints) next(limit uint64) uint64 {
	v, n := binary.Uvarint(r.b)
	if r.bad || n <= 0 || v > limit {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}
