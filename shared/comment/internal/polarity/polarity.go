// Package polarity says how favourable words are: a linear model of words and pairs of words for each language, whose
// weights the trainer beside this package fits and writes, and a list of emoji. Words that a negation reaches count
// against their own weight.
package polarity

import (
	_ "embed"
	"math"
	"strconv"
	"strings"
	"sync"

	"liuke/shared/comment/internal/token"
)

// Unit is what one step of a weight as written is worth, in the logit of being favourable.
const Unit = 1.0 / 16

var (
	//go:embed data/model_en.txt
	english string
	//go:embed data/model_zh.txt
	chinese string
	//go:embed data/emoji.txt
	emoji string
)

// Weight is what a feature counts for.
type Weight struct {
	Units   int8 // added to the logit
	Opinion bool // the feature says something of favour by itself, and does not merely come up in complaints or praise
}

// Weights are a model: the weight of each feature.
type Weights map[string]Weight

// Model returns the weights of all features, of both languages and of emoji, which have no key in common. It is parsed
// when it is first asked for, once: lines of a feature, its units, and a "*" where it is an opinion.
var Model = sync.OnceValue(func() Weights {
	out := make(Weights, (len(english)+len(chinese)+len(emoji))/11)
	for _, table := range []string{english, chinese, emoji} {
		for line := range strings.Lines(table) {
			key, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			units, opinion := strings.CutSuffix(rest, " *")
			if n, err := strconv.ParseInt(units, 10, 8); err == nil {
				out[key] = Weight{Units: int8(n), Opinion: opinion}
			}
		}
	}
	return out
})

// Evidence is what the features of a text come to.
type Evidence struct {
	Logit    float64 // of being favourable rather than unfavourable, as fitted; 0 without evidence
	Found    int     // features that the model knows
	Opinions int     // of these, opinions
}

// Score maps the logit to -1..1: the probability of favourable less that of unfavourable.
func (e Evidence) Score() float64 { return math.Tanh(e.Logit / 2) }

// settled is the number of known features from which on more of them make a text no surer, only longer.
const settled = 30

// Weigh returns the evidence of tokens.
func (w Weights) Weigh(tokens []token.Token) Evidence {
	var e Evidence
	Features(tokens, func(key []byte, value float64) {
		if weight, ok := w[string(key)]; ok {
			e.Logit += value * float64(weight.Units) * Unit
			e.Found++
			if weight.Opinion {
				e.Opinions++
			}
		}
	})
	if e.Found > settled {
		e.Logit *= math.Sqrt(settled / float64(e.Found))
	}
	return e
}
