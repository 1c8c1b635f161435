package token

import (
	_ "embed"
	"iter"
	"strings"
	"sync"
	"unicode/utf8"
)

// words has the dictionary: lines of a cost and the words that have it. The cost of a word is the tenth of a nat that
// its frequency is worth, -10·ln(frequency).
//
//go:embed data/words_zh.txt
var words string

// Longest is how many characters the longest word of the dictionary has.
const longest = 8

// unknown is the cost of a character that no word of the dictionary begins with or is.
const unknown = 150

// lexicon is the dictionary.
type lexicon struct {
	cost    map[string]uint8
	longest map[rune]uint8 // of the words that begin with a character, in characters
}

var dictionary = sync.OnceValue(func() *lexicon {
	d := &lexicon{cost: make(map[string]uint8, len(words)/7), longest: make(map[rune]uint8, 4000)}
	for line := range strings.Lines(words) {
		var cost uint8
		for i, word := range strings.Fields(line) {
			if i == 0 {
				for _, c := range []byte(word) {
					cost = cost*10 + c - '0'
				}
				continue
			}
			d.cost[word] = cost
			first, _ := utf8.DecodeRuneInString(word)
			d.longest[first] = max(d.longest[first], uint8(utf8.RuneCountInString(word)))
		}
	}
	return d
})

// Known tells whether a Chinese word, in simplified characters, is in the dictionary.
func Known(word string) bool {
	_, ok := dictionary().cost[word]
	return ok
}

// segment cuts a run of Chinese characters where the words cost the least: the unigram model, by dynamic programming
// over places (Chen and Liu 1992 have the problem; the solution is Viterbi's).
func segment(run string) iter.Seq[string] {
	d := dictionary()
	starts := make([]int, 0, len(run)/3+1) // the byte at which each character begins
	for at := range run {
		starts = append(starts, at)
	}
	n := len(starts)
	starts = append(starts, len(run))
	best := make([]int32, n+1) // the least cost from a place to the end
	length := make([]uint8, n) // of the first word there, in characters
	for i := n - 1; i >= 0; i-- {
		first, _ := utf8.DecodeRuneInString(run[starts[i]:])
		best[i], length[i] = unknown+best[i+1], 1
		for k := 1; k <= min(int(d.longest[first]), longest, n-i); k++ {
			cost, ok := d.cost[run[starts[i]:starts[i+k]]]
			if total := int32(cost) + best[i+k]; ok && total < best[i] {
				best[i], length[i] = total, uint8(k)
			}
		}
	}
	return func(yield func(string) bool) {
		for i := 0; i < n; i += int(length[i]) {
			if !yield(run[starts[i]:starts[i+int(length[i])]]) {
				return
			}
		}
	}
}
