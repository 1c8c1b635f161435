package survey

import (
	"strings"
	"testing"
)

func TestWhatStandsIsKeptWhereItFitsTheVersion(t *testing.T) {
	s := &Survey{Questions: []Question{
		{ID: "score", Kind: NPS}, {ID: "stars", Kind: Scale, Min: 1, Max: 3}, {ID: "why", Kind: Single, Options: []string{"price", "other"}},
		{ID: "what", Kind: Multiple, Max: 2, Options: []string{"a", "b", "c"}}, {ID: "text", Kind: FreeText, Max: 5},
	}}
	good := Values{"score": Number(10), "stars": Number(1), "why": {Choices: []string{"other"}}, "what": {Choices: []string{"a", "c"}}, "text": {Text: "short"}}
	if got := s.Fit(good); !got.Equal(good) {
		t.Errorf("%v is left of %v", got, good)
	}
	bad := Values{
		"score": {Text: "10 of them"}, "stars": Number(4), "why": {Choices: []string{"gone"}}, "what": {Choices: []string{"a", "b", "c"}},
		"text": {Text: strings.Repeat("x", 6)}, "gone": Number(1),
	}
	if got := s.Fit(bad); len(got) > 0 {
		t.Errorf("%v does not fit", got)
	}
}
