package main

import (
	"maps"
	"math"
	"slices"
)

// fitting are the settings of a fit.
type fitting struct {
	prior     float64 // the logit that a unit of a lexicon's weight is worth before any comment is seen
	lexical   float64 // precision around the prior of words of the lexicon
	other     float64 // precision around nought of all other features
	atLeast   int     // how many comments a feature that is not of the lexicon must be in
	rounds    int     // steps over all comments
	threshold float64 // weights nearer to nought are left out
}

// fit returns the weights of a logistic regression without an intercept, so that a text without evidence is neither
// favourable nor not. The estimate is the most probable one under normal priors: of words in the lexicon around what it
// says of them, of other features around nought. The steps are those of Duchi, Hazan and Singer (2011), all comments in
// each, so that the outcome is the same every time.
func fit(examples []example, lexicon map[string]float64, f fitting) map[string]float64 {
	count := map[string]int{}
	for _, e := range examples {
		for key := range e.features {
			count[key]++
		}
	}
	var keys []string
	for key, n := range count {
		if _, ok := lexicon[key]; ok || n >= f.atLeast {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	index := make(map[string]int, len(keys))
	prior, precision := make([]float64, len(keys)), make([]float64, len(keys))
	for i, key := range keys {
		index[key], precision[i] = i, f.other
		if weight, ok := lexicon[key]; ok {
			prior[i], precision[i] = weight*f.prior, f.lexical
		}
	}
	weights := descend(index, examples, prior, precision, f.rounds)
	out := make(map[string]float64, len(keys)+len(lexicon))
	for key, weight := range lexicon {
		out[key] = weight * f.prior
	}
	for i, key := range keys {
		out[key] = weights[i]
	}
	maps.DeleteFunc(out, func(_ string, weight float64) bool { return math.Abs(weight) < f.threshold })
	return out
}

// descend returns the weights that the log-loss of examples with the priors is least at.
func descend(index map[string]int, examples []example, prior, precision []float64, rounds int) []float64 {
	type entry struct {
		at    int
		value float64
	}
	rows := make([][]entry, len(examples))
	for r, e := range examples {
		for _, key := range slices.Sorted(maps.Keys(e.features)) {
			if i, ok := index[key]; ok {
				rows[r] = append(rows[r], entry{i, e.features[key]})
			}
		}
	}
	weights, gradient, squares := slices.Clone(prior), make([]float64, len(prior)), make([]float64, len(prior))
	for range rounds {
		for i := range gradient {
			gradient[i] = precision[i] * (weights[i] - prior[i])
		}
		for r, row := range rows {
			logit := 0.0
			for _, e := range row {
				logit += weights[e.at] * e.value
			}
			miss := 1/(1+math.Exp(-logit)) - examples[r].target
			for _, e := range row {
				gradient[e.at] += miss * e.value
			}
		}
		for i, g := range gradient {
			if squares[i] += g * g; squares[i] > 0 {
				weights[i] -= 0.3 * g / math.Sqrt(squares[i])
			}
		}
	}
	return weights
}

// folds are in how many parts comments are cut for cross-validation.
const folds = 10

// within returns the share that is told right by models that did not see the tenth that a comment is of.
func within(l language, f fitting) float64 {
	right, all := 0, 0
	for k := range folds {
		r, n := left(l, f, func(i int, _ example) bool { return i%folds == k })
		right, all = right+r, all+n
	}
	return float64(right) / float64(all)
}

// across returns the share that is told right by models that did not see the corpus that a comment is of.
func across(l language, f fitting) float64 {
	right, all := 0, 0
	sources := map[string]bool{}
	for _, e := range l.examples {
		if sources[e.source] || e.source == "" {
			continue
		}
		sources[e.source] = true
		r, n := left(l, f, func(_ int, other example) bool { return other.source == e.source })
		right, all = right+r, all+n
	}
	return float64(right) / float64(max(all, 1))
}

// left fits to all comments but those that are left out, and returns how many of these it tells right, and of how many.
func left(l language, f fitting, out func(i int, e example) bool) (right, all int) {
	var seen, unseen []example
	for i, e := range l.examples {
		switch {
		case !out(i, e):
			seen = append(seen, e)
		case e.target != 0.5:
			unseen = append(unseen, e)
		}
	}
	weights := fit(seen, l.lexicon, f)
	for _, e := range unseen {
		logit := 0.0
		for key, value := range e.features {
			logit += weights[key] * value
		}
		if logit != 0 && logit > 0 == (e.target > 0.5) {
			right++
		}
	}
	return right, len(unseen)
}
