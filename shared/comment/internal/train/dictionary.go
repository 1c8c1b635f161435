package main

import (
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Words of jieba's dictionary are taken when they are this frequent; names of people and places are left out, so that
// the analysis does not know them for words.
const (
	frequentWord      = 300
	frequentCharacter = 1000
	ownWord           = 1000 // the frequency that words of our own lists have at least
)

var names = []string{"nr", "nrt", "nrfg", "ns", "nt", "nz", "x"}

// writeDictionary writes the dictionary for cutting Chinese from jieba's (lines of a word, its frequency and its class)
// and our own lists: lines of a cost and its words, see package token.
func writeDictionary(to, jieba string, own []string) error {
	counts, total := map[string]int{}, 0
	err := eachLine(jieba, func(line string) error {
		columns := strings.Fields(line)
		if len(columns) != 3 {
			return fmt.Errorf("not a word, its frequency and its class: %q", line)
		}
		n, err := strconv.Atoi(columns[1])
		total += n
		length := utf8.RuneCountInString(columns[0])
		enough := frequentWord
		if length == 1 {
			enough = frequentCharacter
		}
		if n >= enough && length <= 4 && isChinese(columns[0]) && !slices.Contains(names, columns[2]) {
			counts[columns[0]] = n
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, word := range own {
		if utf8.RuneCountInString(word) > 1 {
			counts[word] = max(counts[word], ownWord)
		} else {
			counts[word] = max(counts[word], frequentCharacter)
		}
	}
	byCost := map[int][]string{}
	for _, word := range slices.Sorted(maps.Keys(counts)) {
		cost := int(math.Round(10 * math.Log(float64(total)/float64(counts[word]))))
		byCost[cost] = append(byCost[cost], word)
	}
	var b strings.Builder
	for _, cost := range slices.Sorted(maps.Keys(byCost)) {
		fmt.Fprintf(&b, "%d %s\n", cost, strings.Join(byCost[cost], " "))
	}
	return os.WriteFile(to, []byte(b.String()), 0o644)
}

// writeTraditional writes the pairs of a traditional character and its simplified one from OpenCC's table, as npm's
// opencc-js has it: pairs separated by "|". Characters beyond the basic plane and those that stay are left out.
func writeTraditional(to, table string) error {
	data, err := os.ReadFile(table)
	if err != nil {
		return err
	}
	_, text, ok := strings.Cut(string(data), "\"")
	if text, _, _ = strings.Cut(text, "\""); !ok {
		return fmt.Errorf("%s: no quoted table", table)
	}
	var b strings.Builder
	n := 0
	for pair := range strings.SplitSeq(text, "|") {
		from, toward, _ := strings.Cut(pair, " ")
		f, t := []rune(from), []rune(toward)
		if len(f) != 1 || len(t) == 0 || f[0] == t[0] || f[0] > 0xffff || t[0] > 0xffff {
			continue
		}
		b.WriteString(string(f[0]) + string(t[0]))
		if n++; n%40 == 0 {
			b.WriteByte('\n')
		}
	}
	return os.WriteFile(to, []byte(b.String()+"\n"), 0o644)
}

func isChinese(word string) bool {
	for _, r := range word {
		if r < 0x4e00 || r > 0x9fff {
			return false
		}
	}
	return word != ""
}
