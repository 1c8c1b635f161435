package segment_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"liuke/shared/segment"
)

// TestRulesThatNoScoresReachAreFound compares the check of a model with a look at all 125 triples of scores.
func TestRulesThatNoScoresReachAreFound(t *testing.T) {
	type span struct{ from, to int }
	rapid.Check(t, func(t *rapid.T) {
		one := rapid.Custom(func(t *rapid.T) span {
			from := rapid.IntRange(1, 5).Draw(t, "from")
			return span{from, rapid.IntRange(from, 5).Draw(t, "to")}
		})
		rules := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) [3]span {
			return [3]span{one.Draw(t, "r"), one.Draw(t, "f"), one.Draw(t, "m")}
		}), 1, 12).Draw(t, "rules")
		var b strings.Builder
		b.WriteString("name: m\nversion: 1\ntitle: {en: t, zh-CN: t}\ndescription: {en: t, zh-CN: t}\ninputs: [r, f, m]\n" +
			"labels: [{name: a, title: {en: a, zh-CN: a}}, {name: b, title: {en: b, zh-CN: b}}]\nrules:\n")
		reached := make([]bool, len(rules)+1)
		for _, r := range rules {
			fmt.Fprintf(&b, "  - {label: a, when: {r: %d to %d, f: %d to %d, m: %d to %d}}\n", r[0].from, r[0].to, r[1].from, r[1].to, r[2].from, r[2].to)
		}
		b.WriteString("rest: b\n")
		for n := range 125 {
			score := [3]int{1 + n/25, 1 + n/5%5, 1 + n%5}
			first := len(rules)
			for i, r := range rules {
				if inside := func(k int) bool { return r[k].from <= score[k] && score[k] <= r[k].to }; inside(0) && inside(1) && inside(2) {
					first = i
					break
				}
			}
			reached[first] = true
		}
		_, err := segment.ParseModel([]byte(b.String()))
		for i, ok := range reached {
			what := fmt.Sprintf("line %d: no customer can reach this rule", 8+i)
			if i == len(rules) {
				what = "nobody is left for the rest"
			}
			if found := err != nil && strings.Contains(err.Error(), what); found == ok {
				t.Fatalf("rule %d can be reached: %v, and the error is %v", i, ok, err)
			}
		}
	})
}

func TestCoveringLooksThroughQuantilesAndGaps(t *testing.T) {
	const model = "name: m\nversion: 1\ntitle: {en: t, zh-CN: t}\ndescription: {en: t, zh-CN: t}\ninputs: [%s]\n" +
		"labels: [{name: a, title: {en: a, zh-CN: a}}, {name: b, title: {en: b, zh-CN: b}}]\nrules:\n%srest: b\n"
	for _, c := range []struct {
		name, inputs string
		rules        []string
		dead         int // the line within rules of the dead one, from 1; 0 for none
	}{
		{"the top tenth is among the top fifth in every population", "monetary", []string{"monetary: top 20%", "monetary: top 10%"}, 2},
		{"the top fifth is more than the top tenth", "monetary", []string{"monetary: top 10%", "monetary: top 20%"}, 0},
		{"a number may lie on either side of a quantile", "monetary", []string{"monetary: top 20%", "monetary: above 1000"}, 0},
		{"no whole number lies between neighbours", "orders", []string{"orders: at most 2", "orders: at least 4", "orders: 3", "orders: 1 to 4"}, 4},
		{"a number that is not whole may lie between them", "overdue", []string{"overdue: at most 2", "overdue: at least 3", "overdue: 1 to 2.5"}, 0},
		{"an open end leaves its bound", "overdue", []string{"overdue: below 2", "overdue: at most 2", "overdue: 2"}, 3},
		{"two halves cover what lies across them", "nps, risk", []string{"nps: at least 5", "nps: below 5, risk: above 50", "risk: above 60"}, 3},
	} {
		var b strings.Builder
		for _, r := range c.rules {
			fmt.Fprintf(&b, "  - {label: a, when: {%s}}\n", r)
		}
		_, err := segment.ParseModel([]byte(fmt.Sprintf(model, c.inputs, b.String())))
		switch {
		case c.dead == 0 && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.dead > 0 && (err == nil || !strings.HasPrefix(err.Error(), fmt.Sprintf("line %d: no customer can reach", 7+c.dead))):
			t.Errorf("%s: got %v, want rule %d found", c.name, err, c.dead)
		}
	}
}
