package tally

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"liuke/shared/stats"
)

// nonResponse compares how often each segment answers with all other segments, which is a test of two independent shares;
// the overall rate would hold the segment itself. As many segments are many chances of a false alarm, the p-values are
// held to their share of the level (Bonferroni).
func (s *Sums) nonResponse() NonResponse {
	out := NonResponse{Segments: []SegmentResponse{}}
	var asked, answered, tested int64
	for _, g := range s.segments {
		asked += g.asked
		answered += min(g.invited, g.asked)
		if g.asked >= stats.MinimumAnswers {
			tested++
		}
	}
	out.Overall = share(answered, asked)
	for name, g := range s.segments {
		if g.asked == 0 {
			continue
		}
		r := SegmentResponse{Segment: name, Response: g.response()}
		own := stats.Share{Successes: r.Response.Count, N: r.Response.Of}
		rest := stats.Share{Successes: answered - own.Successes, N: asked - own.N}
		r.ShareOfAsked, r.ShareOfAnswers = fraction(own.N, asked), fraction(own.Successes, answered)
		if min(own.N, rest.N) >= stats.MinimumAnswers {
			_, p := stats.TwoProportions(own, rest)
			r.P, r.Differs = &p, p*float64(tested) < Level
		}
		out.Biased = out.Biased || r.Differs
		out.Segments = append(out.Segments, r)
	}
	slices.SortFunc(out.Segments, func(a, b SegmentResponse) int {
		return cmp.Or(cmp.Compare(b.Response.Of, a.Response.Of), strings.Compare(a.Segment, b.Segment))
	})
	out.Text = out.text()
	return out
}

func (n *NonResponse) text() string {
	if n.Overall.TooFew {
		return fmt.Sprintf("too few invitations to say: %d of the %d that it takes", n.Overall.Of, stats.MinimumAnswers)
	}
	var less, more []string
	tested := 0
	for _, s := range n.Segments {
		if s.P != nil {
			tested++
		}
		if !s.Differs {
			continue
		}
		said := fmt.Sprintf("%s (%.1f %%)", cmp.Or(s.Segment, "unknown"), 100**s.Response.Rate)
		if *s.ShareOfAnswers < *s.ShareOfAsked {
			less = append(less, said)
		} else {
			more = append(more, said)
		}
	}
	var parts []string
	if len(less) > 0 {
		parts = append(parts, "answer less often than the others: "+strings.Join(less, ", "))
	}
	if len(more) > 0 {
		parts = append(parts, "answer more often: "+strings.Join(more, ", "))
	}
	switch {
	case len(parts) > 0:
		return "the score is not that of all customers; " + strings.Join(parts, "; ")
	case tested == 0:
		return "no two segments have enough invitations to be compared"
	}
	return "no segment is seen to answer more or less often than the others"
}
