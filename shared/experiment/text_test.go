package experiment_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"liuke/shared/experiment"
)

// bought is an arm of n customers, of whom every so many-th bought for about so much.
func bought(n, every int, amount int64) (c experiment.Counters) {
	for i := range n {
		j := spender(int64(i*37%900), 0)
		if j.Sent = true; i%every == 0 {
			j.Converted, j.Net = true, moneyOf(amount+int64(i))
		}
		c.Add(j)
	}
	return c
}

func held(n, every int, amount int64) *experiment.Held {
	c := bought(n, every, amount)
	return &experiment.Held{Share: .1, Assigned: c.Assigned, Converted: c.Converted, Revenue: c.Revenue, Before: c.Before}
}

func TestTheTextSaysWhatAMarketerAsksFirst(t *testing.T) {
	for _, c := range []struct {
		name   string
		begins string
		has    []string
		not    []string
		o      experiment.Observed
	}{
		{
			"customers were lost", "!!! DO NOT USE THESE RESULTS !!!\n\nwin_back: sample ratio is off", []string{"\na (control) "}, []string{"Against", "revenue", "chance best"},
			experiment.Observed{Variants: []experiment.Counters{bought(400, 9, 4800), bought(600, 5, 4800)}, Holdout: held(110, 9, 4800), Currency: "EUR"},
		},
		{
			"it is early", "win_back: too early to tell: each variant needs 30 customers", []string{"Against the 6 held out: too early to tell"}, []string{"!!!"},
			experiment.Observed{Variants: []experiment.Counters{bought(20, 9, 4800), bought(22, 9, 4800)}, Holdout: held(6, 9, 4800), Currency: "EUR"},
		},
		{
			"nothing differs yet", "win_back: too early to tell: the differences are no more than chance makes", []string{" EUR", "b, adjusted ", "held out "}, []string{"!!!", "NaN"},
			experiment.Observed{Variants: []experiment.Counters{bought(500, 9, 4800), bought(490, 9, 4800)}, Holdout: held(110, 9, 4800), Currency: "EUR"},
		},
		{
			"the holdout is of the wrong size", "win_back: b is better than a", []string{"!!! Against the 900 held out: the share held out is not what it should be"}, []string{"What the scene brings about", "note:"},
			experiment.Observed{Variants: []experiment.Counters{bought(2000, 10, 4800), bought(2010, 5, 4800)}, Holdout: held(900, 9, 4800), Currency: "EUR"},
		},
		{
			"nobody is held out yet, nor of the other variant", "win_back: too early to tell", []string{"Against the 0 held out: too early"}, []string{"Against a", "What the scene"},
			experiment.Observed{Variants: []experiment.Counters{bought(1, 1, 4800), {}}, Holdout: &experiment.Held{Share: .1}, Currency: "JPY"},
		},
		{
			"of some it is not known what they had spent", "win_back: b is better than a", []string{"(not adjusted: of some"}, []string{", adjusted "},
			experiment.Observed{Variants: []experiment.Counters{arm(300, 3000), arm(500, 3000)}, Currency: "EUR"},
		},
	} {
		r := analyse(t, of(1, 1), c.o)
		text := r.Text()
		if !strings.HasPrefix(text, c.begins) {
			t.Errorf("%s: begins with %q", c.name, text[:min(len(text), 80)])
		}
		for _, has := range c.has {
			if !strings.Contains(text, has) {
				t.Errorf("%s: has no %q in\n%s", c.name, has, text)
			}
		}
		for _, not := range c.not {
			if strings.Contains(text, not) {
				t.Errorf("%s: has %q in\n%s", c.name, not, text)
			}
		}
		aligned(t, c.name, text)
	}
}

// aligned holds that no line is wider than a terminal, and that all rows of a table end where its head does.
func aligned(t *testing.T, name, text string) {
	t.Helper()
	wide := 0
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		n := utf8.RuneCountInString(line)
		if n > 100 {
			t.Errorf("%s: %d columns: %s", name, n, line)
		}
		switch {
		case strings.HasPrefix(line, "variant ") || strings.HasPrefix(line, "what "):
			wide = n
		case line == "" || strings.HasPrefix(line, "Against") || strings.HasPrefix(line, "!!!"):
			wide = 0
		case wide != 0 && n != wide:
			t.Errorf("%s: %d columns where the head has %d: %s", name, n, wide, line)
		}
	}
}
