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

// decided is the score, either way, from which on a text is not Neutral.
const decided = 0.35

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
	switch {
	case evidence.Found == 0 && language == Unknown:
		return Undetermined, 0
	case score >= decided:
		return Positive, score
	case score <= -decided:
		return Negative, score
	}
	return Neutral, score
}
