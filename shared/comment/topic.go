package comment

import (
	"cmp"
	_ "embed"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"liuke/shared/comment/internal/token"
)

// topicTable has lines of a topic and terms: a word, two joined by "_" that follow each other, or the beginning of words
// with a "*" after it. A term may be of several topics.
//
//go:embed topics.txt
var topicTable string

// terms are the words of the topics.
type terms struct {
	exact, prefix map[string][]Topic
}

var topicTerms = sync.OnceValue(func() terms {
	t := terms{exact: map[string][]Topic{}, prefix: map[string][]Topic{}}
	for line := range strings.Lines(topicTable) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] == "#" {
			continue
		}
		for _, term := range fields[1:] {
			if stem, ok := strings.CutSuffix(term, "*"); ok {
				t.prefix[stem] = append(t.prefix[stem], Topic(fields[0]))
			} else {
				t.exact[term] = append(t.exact[term], Topic(fields[0]))
			}
		}
	}
	return t
})

// The beginning of words has so many letters.
const shortestStem, longestStem = 4, 12

// topicOf returns the topics that a word, or two joined by "_", are of.
func topicOf(word string) []Topic {
	t := topicTerms()
	if topics, ok := t.exact[word]; ok {
		return topics
	}
	if word == "" || word[0] >= utf8.RuneSelf {
		return nil // Chinese words have no stems
	}
	for n := shortestStem; n <= min(len(word), longestStem); n++ {
		if topics, ok := t.prefix[word[:n]]; ok {
			return topics
		}
	}
	return nil
}

// topics returns what most words are about; of topics with as many, the one that comes up first.
func topics(tokens []token.Token) []Topic {
	type tally struct {
		topic Topic
		words int
	}
	var tallies []tally
	count := func(topics []Topic) {
		for _, topic := range topics {
			i := slices.IndexFunc(tallies, func(t tally) bool { return t.topic == topic })
			if i < 0 {
				i, tallies = len(tallies), append(tallies, tally{topic: topic})
			}
			tallies[i].words++
		}
	}
	last := ""
	for i := range tokens {
		t := &tokens[i]
		if t.Kind != token.Latin && t.Kind != token.Han {
			last = ""
			continue
		}
		count(topicOf(t.Text))
		if last != "" {
			count(topicTerms().exact[last+"_"+t.Text])
		}
		last = t.Text
	}
	slices.SortStableFunc(tallies, func(a, b tally) int { return cmp.Compare(b.words, a.words) })
	var out []Topic
	for _, t := range tallies[:min(len(tallies), MaxTopics)] {
		out = append(out, t.topic)
	}
	return out
}
