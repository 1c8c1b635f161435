package audience

import (
	"regexp/syntax"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/expr-lang/expr/vm"
	"pgregory.net/rapid"

	"liuke/shared/scene"
	"liuke/shared/signal"
)

// nested wraps an expression so many times in one that has a hole.
func nested(around, inner string, times int) string {
	for range times {
		inner = strings.Replace(around, "_", inner, 1)
	}
	return inner
}

func TestTheLanguageOfAudiences(t *testing.T) {
	for _, c := range []struct {
		name, source, want string // "" where it is in the language
	}{
		{"a comparison", `r >= 3 and segment != "Lost"`, ""},
		{"a list", `segment in ["Champions", "Lost"] || r not in [1, -2]`, ""},
		{"a label by its name", `labels.abc == "A" or labels["needs"] == "b"`, ""},
		{"a chain of comparisons", `2 <= r < 5`, ""},
		{"reckoning", `(order.worth - order.amount) * 2 ** 3 + r % 7 + -r / 2 > 1.5`, ""},
		{"a condition within", `came ? r > 2 : f > 2`, ""},
		{"a pattern", `locale matches "^(en|de)(-[A-Z]{2})?$" and not (segment matches "x")`, ""},
		{"what a text begins with", `locale startsWith "zh" and segment contains "o"`, ""},

		{"loops within loops", nested(`all([0,1,2,3,4,5,6,7,8,9], {_})`, "r > 0", 9), "unknown name all"},
		{"a loop over a text's own", `any(["a"], # == segment)`, "unknown name any"},
		{"a loop that is hidden in a list", `r in [count([1], true)]`, "a list has values alone"},
		{"a loop that is hidden in a place", `labels[find(["a"], true)] == "x"`, "called by its name"},
		{"a sum", `sum([1, 2]) > 1`, "unknown name sum"},
		{"a function", `len(segment) > 1`, "unknown name len"},
		{"a pipe", `[1] | filter(true) == []`, "unknown name filter"},
		{"a method", `segment.x() == 1`, "calls no functions"},
		{"a range", `r in 1..999999`, "there are no ranges"},
		{"a variable", `let a = segment + segment; a == "x"`, "neither let nor ;"},
		{"a sequence", `r > 1; r > 2`, "neither let nor ;"},
		{"if and else", `if came { true } else { false }`, "a ? b : c"},
		{"a list by itself", `[1, 2] == [1, 2]`, "a list stands behind in alone"},
		{"fields", `{"a": 1} == {}`, "names, values and operators alone"},
		{"a part of a text", `segment[1:2] == "x"`, "names, values and operators alone"},
		{"everything there is", `"segment" in $env`, "unknown name $env"},
		{"comparisons that are judged twice, again and again", nested(`1 < (_ ? 1 : 2) < 3`, "came", 20), "the expression is too long"},
		{"conditions that are judged twice, again and again", nested(`(_ ?: true)`, "came", 60), "the expression is too long"},
		{"very many parentheses", strings.Repeat("(", 4<<20), "more than 4 KB"},
		{"a number beyond all", "order.worth > 99999999999999999999", "the number is too large"},
		{"a fraction beyond all", "order.worth > 1e999", "the number is too large"},
		{"very many values", "r in [" + strings.Repeat("1,", 300) + "1]", "the expression is too long"},

		{"a pattern of the customer's", `locale matches segment`, "a text that is written out"},
		{"a pattern that is put together", `locale matches ("a" + "b")`, "a text that is written out"},
		{"a pattern of very many letters", `locale matches "` + strings.Repeat("a", 101) + `"`, "at most 100 bytes"},
		{"a pattern that repeats too much", `locale matches "(a{1,1000}){1}b{1,1000}"`, "too large with what it repeats"},
		{"a pattern that repeats classes", `locale matches "` + strings.Repeat(`\\pL{999}`, 12) + `"`, "too large with what it repeats"},
		{"a pattern that repeats what repeats", `locale matches "((a{99}){99}){99}"`, "cannot be read"},
		{"a pattern that is none", `locale matches "("`, "the pattern cannot be read"},
		{"patterns without end", strings.Repeat(`locale matches "a" or `, 4) + `locale matches "a"`, "matches is allowed 4 times"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, flaws := Compile(c.source)
			switch {
			case c.want == "" && len(flaws) > 0:
				t.Errorf("refused: %v", flaws)
			case c.want != "" && (len(flaws) == 0 || !strings.Contains(flaws[0].Text, c.want)):
				t.Errorf("%v, want %q", flaws, c.want)
			}
		})
	}
}

func TestFlawsStandInTheirLine(t *testing.T) {
	if _, flaws := Compile("r > 1 and\nr in 1..5"); len(flaws) != 1 || flaws[0].Line != 2 {
		t.Errorf("%v", flaws)
	}
}

func TestAPatternsProgramIsNoLongerThanReckoned(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`((\(a|b\)|\(\?i:x|y\)|\[a-c\]|\.|abc)(\{1,[1-9]\}|\{[2-9],\}|\{0,9\}|\*|\?|\+)?\|?){1,6}`).Draw(t, "pattern")
		parsed, err := syntax.Parse(text, syntax.Perl)
		if err != nil {
			t.Skip()
		}
		reckoned := instructions(parsed) + 2 // where it begins to fail, and its match
		made, err := syntax.Compile(parsed.Simplify())
		if err != nil {
			t.Fatal(err)
		}
		if len(made.Inst) > reckoned {
			t.Errorf("%q: %d instructions, and %d reckoned", text, len(made.Inst), reckoned)
		}
	})
}

// looping are the instructions that could make an expression's time grow beyond its size.
var looping = []vm.Opcode{vm.OpJumpBackward, vm.OpBegin, vm.OpRange, vm.OpCall, vm.OpCall0, vm.OpCallN, vm.OpCallFast, vm.OpCallSafe, vm.OpCallTyped, vm.OpCallBuiltin1}

func FuzzCompile(f *testing.F) {
	for _, source := range []string{
		`r >= 3 and segment in ["a", "b"]`, `locale matches "a+" ? 1 < r < 3 : came`, `all([1], {any([2], # > 1)})`, `labels.abc ?? "x" == "y"`,
		`let a = 1; a == r`, `"a" | len() > 1`, `r in 1..9`, `1 < (came ? 1 : 2) < 3`,
	} {
		f.Add(source)
	}
	f.Fuzz(func(t *testing.T, source string) {
		compiled, flaws := Compile(source)
		if (compiled == nil) == (len(flaws) == 0) {
			t.Fatalf("%v, %v", compiled, flaws)
		}
		if compiled == nil {
			return
		}
		code := compiled.(*program).vm.Bytecode
		if len(code) > 5*maxNodes {
			t.Errorf("%d instructions", len(code))
		}
		for _, op := range code {
			if slices.Contains(looping, op) {
				t.Errorf("%s loops or calls: %v", source, op)
			}
		}
		now := time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)
		_, _ = compiled.Includes(&scene.Candidate{Now: now, Signal: signal.Signal{Kind: signal.Campaign, Time: now}})
	})
}
