package scene

import (
	"slices"
	"strings"
)

// maxNear is the longest word that is compared with others.
const maxNear = 64

// Near asks whether a word that there is not was meant to be one that there is: ", did you mean audience?"; "" where Nearest finds none.
func Near(word string, there []string) string {
	best := Nearest(word, there)
	if best == "" {
		return ""
	}
	return ", did you mean " + best + "?"
}

// Nearest returns which of the words that there are differs from another by the fewest letters: by two at most (added, left out,
// mistaken, or changed about), and by no more than a third of its own. "" for none.
func Nearest(word string, there []string) (best string) {
	least := min(2, len(word)/3) + 1
	if len(word) > maxNear {
		return ""
	}
	for _, other := range there {
		if d := distance(strings.ToLower(word), other); d < least {
			best, least = other, d
		}
	}
	return best
}

// distance is how many letters must be added, left out, replaced or changed about with the next to make one word of another
// (optimal string alignment; Damerau, 1964).
func distance(a, b string) int {
	before, last := []int(nil), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row := slices.Clone(last)
		row[0] = i + 1
		for j := range len(b) {
			replaced := last[j]
			if a[i] != b[j] {
				replaced++
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, replaced)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
