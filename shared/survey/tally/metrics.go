package tally

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"liuke/shared/fault"
	"liuke/shared/stats"
	"liuke/shared/survey"
)

// Options say how a survey's answers are put together.
type Options struct {
	By   By             // what they are grouped by, "" for nothing
	Zone *time.Location // of the business: an hour belongs to the month in which it begins there; UTC where nil
	Now  time.Time      // the month in which it lies is not over yet
}

// Sums adds up rollups, one after the other, so that not all need be held at a time.
type Sums struct {
	survey  *survey.Survey
	options Options

	first, through time.Time
	total          *group
	groups         map[string]*group
	segments       map[string]*group
	months         map[int]*group // by year × 12 + month − 1
	values         map[Value]int64
	topics         map[string]int64
	keywords       map[string]int64
	sentiments     [Sentiments]int64
	folded         bool
}

// group is what some of the answers sum to.
type group struct {
	asked, answers, invited, complete int64
	scores                            [Kinds]Histogram
}

func (g *group) add(c *Cell) {
	g.asked += c.Asked
	g.answers += c.Answers
	g.invited += c.Invited
	g.complete += c.Complete
	if c.Answers > 0 {
		for kind := range c.Scores {
			g.scores[kind].add(&c.Scores[kind])
		}
	}
}

// NewSums returns sums of nothing, of a survey. It returns an Invalid error where there is no such thing to group by.
func NewSums(s *survey.Survey, o Options) (*Sums, error) {
	switch o.By {
	case "", BySegment, ByTier, ByNode, ByLocale, ByChannel, ByMonth:
	default:
		return nil, fault.At("/by", "answers are grouped by segment, tier, node, locale, channel or month")
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	return &Sums{
		survey: s, options: o, total: &group{}, groups: map[string]*group{}, segments: map[string]*group{}, months: map[int]*group{},
		values: map[Value]int64{}, topics: map[string]int64{}, keywords: map[string]int64{},
	}, nil
}

// Metrics returns what rollups of a survey, in any order, come to. It returns an Invalid error where there is no such thing
// to group by.
func Metrics(s *survey.Survey, rollups []Rollup, o Options) (Result, error) {
	sums, err := NewSums(s, o)
	if err != nil {
		return Result{}, err
	}
	for i := range rollups {
		sums.Add(&rollups[i])
	}
	return sums.Result(), nil
}

// Add adds a rollup; one of another survey is passed over.
func (s *Sums) Add(r *Rollup) {
	if r.Survey != s.survey.ID {
		return
	}
	if r.Through.After(s.through) {
		s.through = r.Through
	}
	if len(r.Cells) == 0 {
		return
	}
	if s.first.IsZero() || r.Hour.Before(s.first) {
		s.first = r.Hour
	}
	month := in(s.months, monthOf(r.Hour, s.options.Zone))
	values, topics := make([]int64, len(r.Values)), make([]int64, len(r.Topics))
	for i := range r.Cells {
		c := &r.Cells[i]
		s.total.add(c)
		month.add(c)
		in(s.segments, c.Segment).add(c)
		if by, ok := c.part(s.options.By); ok {
			in(s.groups, *by).add(c)
		}
		for i, n := range c.Sentiments {
			s.sentiments[i] += n
		}
		for _, v := range c.Values {
			values[v.Index] += v.N
		}
		for _, t := range c.Topics {
			topics[t.Index] += t.N
		}
		s.folded = s.folded || c.Locale == Other
	}
	for i, n := range values {
		s.values[r.Values[i]] += n
	}
	for i, n := range topics {
		s.topics[r.Topics[i]] += n
	}
	for _, k := range r.Keywords {
		s.keywords[k.Word] += k.N
	}
}

func in[K comparable](groups map[K]*group, key K) *group {
	g, ok := groups[key]
	if !ok {
		g = &group{}
		groups[key] = g
	}
	return g
}

// part returns the part of the key that cells are grouped by; not ok where it is none of the key's.
func (k *Key) part(by By) (part *string, ok bool) {
	switch by {
	case BySegment:
		return &k.Segment, true
	case ByTier:
		return &k.Tier, true
	case ByNode:
		return &k.Node, true
	case ByLocale:
		return &k.Locale, true
	case ByChannel:
		return &k.Channel, true
	}
	return nil, false
}

// Result returns what the sums mean. More may be added afterwards.
func (s *Sums) Result() Result {
	kind := s.survey.Kind()
	r := Result{
		Survey: s.survey.ID, Version: s.survey.Version, Kind: kind, By: s.options.By, Minimum: stats.MinimumAnswers,
		Total: s.total.group("", kind), Groups: s.named(kind), Trend: s.trend(kind), NonResponse: s.nonResponse(),
		Questions: s.questions(), Comments: s.comments(), Notes: s.notes(kind),
	}
	if !s.first.IsZero() {
		r.FirstHour = &s.first
	}
	if !s.through.IsZero() {
		r.Through = &s.through
	}
	return r
}

func (g *group) group(name string, kind survey.Kind) Group {
	out := Group{
		Name: name, Asked: g.asked, Answers: g.answers, Invited: g.invited, Complete: g.complete,
		Response: g.response(), Completed: share(g.complete, g.answers),
	}
	if i := slices.Index(kinds[:], kind); i >= 0 {
		out.Metric = metric(kind, &g.scores[i])
	}
	return out
}

// response is how many of the invitations were answered. Some answers belong to invitations that are counted elsewhere, as
// of the month before, or in another language than the form was read in; so that there may be more of them than
// invitations, and the share is held to all of them.
func (g *group) response() Share { return share(min(g.invited, g.asked), g.asked) }

func share(count, of int64) Share {
	i := stats.Wilson(count, of)
	s := Share{Count: count, Of: of, Low: round(i.Low), High: round(i.High), TooFew: of < stats.MinimumAnswers}
	s.Rate = fraction(count, of)
	return s
}

// fraction is count/of, nil of none.
func fraction(count, of int64) *float64 {
	if of <= 0 {
		return nil
	}
	return rounded(float64(count) / float64(of))
}

// named returns the groups.
func (s *Sums) named(kind survey.Kind) []Group {
	if s.options.By == ByMonth {
		return s.monthly(kind)
	}
	groups := make([]Group, 0, len(s.groups))
	for name, g := range s.groups {
		groups = append(groups, g.group(name, kind))
	}
	slices.SortFunc(groups, func(a, b Group) int {
		return cmp.Or(cmp.Compare(b.Answers, a.Answers), cmp.Compare(b.Asked, a.Asked), strings.Compare(a.Name, b.Name))
	})
	return groups
}

func (s *Sums) comments() Comments {
	c := Comments{Sentiments: []NamedShare{}, Topics: []NamedShare{}, Keywords: []Word{}, Unsaid: s.sentiments[Unsaid]}
	for _, n := range s.sentiments {
		c.Count += n
	}
	for i, n := range s.sentiments[:Unsaid] {
		c.Sentiments = append(c.Sentiments, NamedShare{sentiments[i], share(n, c.Count-c.Unsaid)})
	}
	for _, topic := range most(s.topics, MaxTopics, strings.Compare) {
		c.Topics = append(c.Topics, NamedShare{topic, share(s.topics[topic], c.Count)})
	}
	for _, word := range most(s.keywords, MaxKeywords, strings.Compare) {
		c.Keywords = append(c.Keywords, Word{word, s.keywords[word]})
	}
	return c
}

// notes says what the figures do not show.
func (s *Sums) notes(kind survey.Kind) (notes []string) {
	for i, k := range kinds {
		if n := total(&s.total.scores[i]); k != kind && n > 0 {
			notes = append(notes, plural(n, "score")+" given while the survey was measured by "+name(k)+" are no part of its score today")
		}
	}
	if s.total.invited > s.total.asked {
		notes = append(notes, "there are more answers by invitation than invitations: some were sent before what is counted here, or handed out without a message")
	}
	if s.folded {
		notes = append(notes, "some hours had so many groups that the smallest were put together as "+Other)
	}
	return notes
}

func total(h *Histogram) (n int64) {
	for _, k := range h {
		n += k
	}
	return n
}

func monthOf(t time.Time, zone *time.Location) int {
	y, m, _ := t.In(zone).Date()
	return y*12 + int(m) - 1
}

func monthName(m int) string {
	return time.Date(m/12, time.Month(m%12+1), 1, 0, 0, 0, 0, time.UTC).Format("2006-01")
}

// monthly returns every month from the first to the last with anything.
func (s *Sums) monthly(kind survey.Kind) []Group {
	groups := []Group{}
	if len(s.months) == 0 {
		return groups
	}
	all := slices.Sorted(maps.Keys(s.months))
	for m := all[0]; m <= all[len(all)-1]; m++ {
		g, ok := s.months[m]
		if !ok {
			g = &group{}
		}
		groups = append(groups, g.group(monthName(m), kind))
	}
	return groups
}
