package tally

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"liuke/shared/survey"
)

// Count returns the rollup of a survey's hour: of the answers first given, and the invitations sent, within the hour that
// begins at hour (UTC; cut to the hour) and at or before through. Others are passed over, so that more may be handed in.
// Each answer and each invitation is to be there once; their order does not matter. Texts are not looked at.
func Count(surveyID string, hour, through time.Time, answers []survey.Answer, asked []Asked) Rollup {
	hour = hour.UTC().Truncate(time.Hour)
	through = through.UTC().Truncate(time.Millisecond)
	if through.Before(hour) {
		through = hour.Add(-time.Millisecond) // nothing yet
	}
	within := func(t time.Time) bool {
		return !t.Before(hour) && !t.After(through) && t.Before(hour.Add(time.Hour))
	}
	c := counter{cells: map[Key]*count{}, keywords: map[string]int64{}}
	for i := range asked {
		if a := &asked[i]; a.Survey == surveyID && within(a.Sent) {
			c.cell(a.Cell, a.Locale).Asked++
		}
	}
	for i := range answers {
		if a := &answers[i]; a.Survey == surveyID && within(a.Answered) {
			c.answer(a)
		}
	}
	r := c.rollup()
	r.Survey, r.Hour, r.Through = surveyID, hour, through
	return r
}

// count is a cell that is being counted.
type count struct {
	Cell
	values map[Value]int64
	topics map[string]int64
}

type counter struct {
	cells    map[Key]*count
	keywords map[string]int64
}

func (c *counter) cell(of survey.Cell, locale string) *count {
	key := Key{survey.Cell{Segment: part(of.Segment), Tier: part(of.Tier), Node: part(of.Node), Channel: part(of.Channel)}, part(locale)}
	cell, ok := c.cells[key]
	if !ok {
		cell = &count{Cell: Cell{Key: key}, values: map[Value]int64{}, topics: map[string]int64{}}
		c.cells[key] = cell
	}
	return cell
}

// part bounds a part of a key.
func part(s string) string {
	if len(s) > MaxWordBytes {
		return Other
	}
	return s
}

func (c *counter) answer(a *survey.Answer) {
	cell := c.cell(a.Cell, a.Locale)
	cell.Answers++
	if a.Invited() {
		cell.Invited++
	}
	if a.Complete {
		cell.Complete++
	}
	if kind := slices.Index(kinds[:], a.Kind); kind >= 0 && a.Score >= 0 && a.Score < len(Histogram{}) {
		cell.Scores[kind][a.Score]++
	}
	for id, v := range a.Values {
		cell.value(id, v)
	}
	if in := &a.Insight; in.Language != "" || in.Sentiment != "" || len(in.Topics) > 0 || len(in.Keywords) > 0 {
		s := slices.Index(sentiments[:], in.Sentiment)
		if s < 0 {
			s = Unsaid
		}
		cell.Sentiments[s]++
		each(in.Topics, MaxWordBytes, func(topic string) { cell.topics[topic]++ })
		each(in.Keywords, MaxWordBytes, func(word string) { c.keywords[word]++ })
	}
}

func (c *count) value(question string, v survey.Value) {
	if len(question) > maxIDBytes {
		return // of no survey
	}
	switch {
	case v.Number != nil && *v.Number >= -math.MaxInt32 && *v.Number <= math.MaxInt32:
		c.values[Value{Question: question, Kind: Numbered, Number: int32(*v.Number)}]++
	case len(v.Choices) > 0:
		c.values[Value{Question: question, Kind: Answered}]++
		each(v.Choices, maxIDBytes, func(o string) { c.values[Value{Question: question, Kind: Chosen, Option: o}]++ })
	}
}

// each calls f once for each different word of at most so many bytes.
func each(words []string, limit int, f func(string)) {
	for i, w := range words {
		if w != "" && len(w) <= limit && !slices.Contains(words[:i], w) {
			f(w)
		}
	}
}

// rollup makes the rollup of what was counted.
func (c *counter) rollup() Rollup {
	values, topics := map[Value]int64{}, map[string]int64{}
	for _, cell := range c.cells {
		sum(values, cell.values)
		sum(topics, cell.topics)
	}
	r := Rollup{
		Values: slices.SortedFunc(slices.Values(most(values, MaxValues, Value.Compare)), Value.Compare),
		Topics: slices.Sorted(slices.Values(most(topics, MaxTopics, strings.Compare))),
	}
	for _, word := range most(c.keywords, MaxKeywords, strings.Compare) {
		r.Keywords = append(r.Keywords, Word{word, c.keywords[word]})
	}
	for _, cell := range c.cells {
		cell.Values = counts(r.Values, cell.values, Value.Compare)
		cell.Topics = counts(r.Topics, cell.topics, strings.Compare)
		r.Cells = append(r.Cells, cell.Cell)
	}
	r.fold()
	return r
}

func sum[K comparable](into, from map[K]int64) {
	for k, n := range from {
		into[k] += n
	}
}

// most returns up to limit keys, the most frequent first, and of equals the first in order.
func most[K comparable](counted map[K]int64, limit int, compare func(a, b K) int) []K {
	all := slices.SortedFunc(maps.Keys(counted), func(a, b K) int {
		return cmp.Or(cmp.Compare(counted[b], counted[a]), compare(a, b))
	})
	return all[:min(len(all), limit)]
}

// counts returns what was counted of those that are in the list, by index.
func counts[K comparable](list []K, counted map[K]int64, compare func(a, b K) int) (out []Counted) {
	for k, n := range counted {
		if i, ok := slices.BinarySearchFunc(list, k, compare); ok {
			out = append(out, Counted{int32(i), n})
		}
	}
	slices.SortFunc(out, byIndex)
	return out
}

// moreFrequent orders words by how often they occur, and equals by the words.
func moreFrequent(a, b Word) int {
	return cmp.Or(cmp.Compare(b.N, a.N), strings.Compare(a.Word, b.Word))
}

func byIndex(a, b Counted) int { return cmp.Compare(a.Index, b.Index) }
