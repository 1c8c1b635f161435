package polarity_test

import (
	"maps"
	"testing"

	"liuke/shared/comment/internal/polarity"
	"liuke/shared/comment/internal/token"
)

func features(text string) map[string]float64 {
	out := map[string]float64{}
	polarity.Features(token.Scan(text), func(key []byte, value float64) { out[string(key)] += value })
	return out
}

func TestFeatures(t *testing.T) {
	const turned = polarity.Negated
	for name, c := range map[string]struct {
		text string
		want map[string]float64
	}{
		"words and pairs":                          {"fast courier", map[string]float64{"fast": 1, "courier": 1, "fast_courier": 1}},
		"words that say nothing are in pairs only": {"the courier", map[string]float64{"courier": 1, "the_courier": 1}},
		"punctuation parts pairs":                  {"fast, courier", map[string]float64{"fast": 1, "courier": 1}},
		"a negation turns three words": {"not fast nor cheap", map[string]float64{"not": 1, "not_fast": 1, "fast": turned, "fast_nor": 1,
			"nor": 1, "nor_cheap": 1, "cheap": turned}},
		"a negation ends at punctuation": {"not here. fast", map[string]float64{"not": 1, "not_here": 1, "fast": 1}},
		"a negation ends at a turn":      {"不但", map[string]float64{"不但": 1}},
		"a Chinese negation":             {"没有想象中好", map[string]float64{"没有": 1, "没有_想象中": 1, "想象中": turned, "想象中_好": 1, "好": turned}},
		"a repeated word is one":         {"fast fast fast", map[string]float64{"fast": 1}},
		"emoji stand by themselves":      {"fast 👍", map[string]float64{"fast": 1, "👍": 1}},
		"what is hidden is no feature":   {"fast a@b.com courier", map[string]float64{"fast": 1, "courier": 1, "fast_courier": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := features(c.text); !maps.Equal(got, c.want) {
				t.Errorf("%q gives %v, want %v", c.text, got, c.want)
			}
		})
	}
}

func TestWeigh(t *testing.T) {
	w := polarity.Weights{"good": {Units: 32, Opinion: true}, "courier": {Units: -4}}
	if got := w.Weigh(token.Scan("good courier, unheard of")); got != (polarity.Evidence{Logit: 28 * polarity.Unit, Found: 2, Opinions: 1}) {
		t.Errorf("got %+v", got)
	}
	if got := w.Weigh(token.Scan("not good")).Score(); got >= 0 {
		t.Errorf("what is not good scores %.2f", got)
	}
	if got := w.Weigh(nil).Score(); got != 0 {
		t.Errorf("nothing scores %.2f", got)
	}
}

func TestTheModelHasEveryLineOfItsTables(t *testing.T) {
	w := polarity.Model()
	for _, key := range []string{"excellent", "terrible", "waste_of", "满意", "垃圾", "👍", "👎", ":)"} {
		if w[key].Units == 0 {
			t.Errorf("%q has no weight", key)
		}
	}
	if len(w) < 8000 {
		t.Errorf("%d weights", len(w))
	}
}
