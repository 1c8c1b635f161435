package tally

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"liuke/shared/stats"
	"liuke/shared/survey"
)

// questions returns what was answered to each question of the survey, and to those of old versions. A value keeps its
// meaning by its name: an option that is no more offered comes behind those that are.
func (s *Sums) questions() []Question {
	given := map[string][]Value{}
	for v := range s.values {
		given[v.Question] = append(given[v.Question], v)
	}
	all := make([]Question, 0, len(s.survey.Questions))
	for i := range s.survey.Questions {
		q := &s.survey.Questions[i]
		all = append(all, s.question(q.ID, q, given[q.ID]))
		delete(given, q.ID)
	}
	for _, id := range slices.Sorted(maps.Keys(given)) {
		all = append(all, s.question(id, &survey.Question{ID: id}, given[id]))
	}
	return all
}

func (s *Sums) question(id string, q *survey.Question, given []Value) Question {
	out := Question{ID: id, Kind: q.Kind, Values: []QuestionPart{}}
	if q.Kind == survey.FreeText && len(given) == 0 {
		return out
	}
	answered := int64(0)
	for _, v := range given {
		if v.Kind != Chosen {
			answered += s.values[v]
		}
	}
	out.Answered, out.TooFew = &answered, answered < stats.MinimumAnswers
	part := func(value any, n int64) {
		out.Values = append(out.Values, QuestionPart{value, n, fraction(n, answered)})
	}
	slices.SortFunc(given, Value.Compare)
	s.numbers(&out, q, given, part)
	for _, o := range q.Options {
		part(o, s.values[Value{Question: id, Kind: Chosen, Option: o}])
	}
	old := slices.DeleteFunc(given, func(v Value) bool { return v.Kind != Chosen || slices.Contains(q.Options, v.Option) })
	slices.SortFunc(old, func(a, b Value) int {
		return cmp.Or(cmp.Compare(s.values[b], s.values[a]), strings.Compare(a.Option, b.Option))
	})
	for _, v := range old {
		part(v.Option, s.values[v])
	}
	return out
}

// numbers adds what was answered in numbers, ascending, and all numbers of the question's range.
func (s *Sums) numbers(out *Question, q *survey.Question, given []Value, part func(any, int64)) {
	counted := map[int]int64{}
	if q.Numeric() {
		lowest, highest := q.Range()
		for n := lowest; n <= highest; n++ {
			counted[n] = 0
		}
	}
	for _, v := range given {
		if v.Kind == Numbered {
			counted[int(v.Number)] += s.values[v]
		}
	}
	var mean stats.Pairs
	for _, n := range slices.Sorted(maps.Keys(counted)) {
		part(n, counted[n])
		mean.Merge(&stats.Pairs{N: counted[n], MeanY: float64(n)})
	}
	if mean.N == 0 {
		return
	}
	sample := mean.Adjusted(0, 0)
	out.Mean = rounded(sample.Mean)
	if i, ok := sample.Interval(); ok && sample.N >= stats.MinimumAnswers && sample.Variance > 0 {
		out.Low, out.High = rounded(i.Low), rounded(i.High)
	}
}
