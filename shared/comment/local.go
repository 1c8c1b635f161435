package comment

import (
	"context"
	"math"

	"liuke/shared/comment/internal/polarity"
	"liuke/shared/comment/internal/token"
	"liuke/shared/fault"
)

// Local is the Analyzer that works within the program. The zero value is ready, and safe for use by many at a time.
type Local struct{}

var _ Analyzer = Local{}

// A text is not Neutral from these scores on, either way: one with an opinion in it, and one whose words merely come up
// more often in praise or in complaints.
const (
	decided = 0.3
	implied = 0.45
)

// Analyze says what a text says, in time linear in its first MaxRunes characters. It fails only where ctx is over, as
// Unavailable.
func (Local) Analyze(ctx context.Context, text string) (Insight, error) {
	if err := ctx.Err(); err != nil {
		return Insight{}, fault.As(err, fault.Unavailable, "the comment was not analysed in time")
	}
	tokens := token.Scan(text)
	out := Insight{Language: language(tokens)}
	out.Sentiment, out.Score = sentiment(tokens, out.Language)
	if out.Language != Unknown {
		out.Topics = topics(tokens)
		out.Keywords = keywords(tokens, out.Language)
	}
	return out, nil
}

// sentiment returns how favourable tokens are. Of a language that is not known, the emoji alone are looked at.
func sentiment(tokens []token.Token, language string) (Sentiment, float64) {
	if language == Unknown {
		var faces []token.Token
		for _, t := range tokens {
			if t.Kind == token.Emoji {
				faces = append(faces, t)
			}
		}
		tokens = faces
	}
	evidence := polarity.Model().Weigh(tokens)
	score := math.Round(evidence.Score()*1000) / 1000
	enough := decided
	if evidence.Opinions == 0 {
		enough = implied
	}
	switch {
	case evidence.Found == 0 && language == Unknown:
		return Undetermined, 0
	case score >= enough:
		return Positive, score
	case score <= -enough:
		return Negative, score
	}
	return Neutral, score
}
