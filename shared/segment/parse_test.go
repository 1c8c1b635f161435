package segment_test

import (
	"fmt"
	"math"
	"os"
	"path"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf16"

	"liuke/shared/fault"
	"liuke/shared/segment"
)

const good = `name: mine
version: 1
title: {en: Mine, zh-CN: 我的}
description: {en: What I look at., zh-CN: 我看的。}
inputs: [r, frequency, monetary, risk]
points:
  - {input: monetary, from: 0, to: quantile 90%, weight: 3}
  - {input: risk, from: 100, to: 0, weight: 1}
hold: {risk: 5, frequency: 2%}
labels:
  - name: best
    title: {en: Best, zh-CN: 最好}
    strategy: {en: Keep them., zh-CN: 留住。}
  - {name: good, title: {en: Good, zh-CN: 好}}
  - {name: other, title: {en: Other, zh-CN: 其他}}
rules:
  - {label: best, when: {r: 4 to 5, risk: below 30}}
  - {label: good, when: {points: at least 50}}
  - label: good
    when:
      frequency: top 20%
      risk: at most 70
rest: other
`

// TestAModelThatIsWrongIsRefusedByLine breaks a good model in one place each time.
func TestAModelThatIsWrongIsRefusedByLine(t *testing.T) {
	if _, err := segment.ParseModel([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, old, new, want string }{
		{"a name with capitals", "name: mine", "name: Mine", "line 1: name must begin with a letter"},
		{"a name that is too long", "name: mine", "name: " + strings.Repeat("m", 33), "line 1: name must begin"},
		{"no name", "name: mine\n", "", "name must begin"},
		{"a version of nothing", "version: 1", "version: 0", "line 2: version must be a whole number from 1"},
		{"a version that is none", "version: 1", "version: one", "line 2: "},
		{"a title in Chinese alone", "en: Mine, ", "", "line 3: the title is missing"},
		{"a title that is too long", "Mine", strings.Repeat("m", 121), "line 3: the title in en is too long"},
		{"a description of two lines", "What I look at.", `"a\nb"`, "line 4: the description in en must be one line"},
		{"an input that is none", "inputs: [r,", "inputs: [q,", `line 5: there is no input "q": there are r, f, m, recency_days`},
		{"an input stated twice", "inputs: [r,", "inputs: [r, r,", "line 5: inputs names r twice"},
		{"an input that no rule looks at", "inputs: [r,", "inputs: [r, nps,", "line 5: inputs names nps, which no rule looks at"},
		{"inputs that are not stated", "inputs: [r, frequency,", "inputs: [", "line 5: the rules look at inputs that are not stated: add r, frequency to inputs"},
		{"points as an input", "inputs: [r,", "inputs: [r, points,", "line 5: points are what this model adds up"},
		{"points made of points", "input: monetary", "input: points", "line 7: points are what this model adds up"},
		{"points from nowhere", "from: 0,", "from: far,", `line 7: "far" is no bound: write a number, median or quantile 80%`},
		{"points between nothing", "from: 100, to: 0", "from: 0, to: 0", "line 8: from and to are the same"},
		{"points out of range", "from: 100, to: 0", "from: 101, to: 0", "line 8: 101 is out of range: risk goes from 0 to 100"},
		{"a quantile of what is not tallied", "from: 100, to: 0", "from: median, to: 0", "line 8: risk is not compared with the population, as recency_days, frequency and monetary are"},
		{"a weight of nothing", "weight: 3", "weight: 0", "line 7: weight must be a number greater than 0"},
		{"a hold of nothing", "risk: 5,", "risk: 0,", "line 9: risk: hold needs a number greater than 0"},
		{"a hold of what no rule has", "risk: 5,", "nps: 5,", "line 9: no rule has a bound of nps"},
		{"a hold in numbers of a quantile", "frequency: 2%", "frequency: 2", "line 9: no rule has a bound of frequency that this holds"},
		{"a hold that is a list", "{risk: 5, frequency: 2%}", "[risk]", "line 9: hold needs at least one input"},
		{"a label called unknown", "name: best", "name: Unknown", "line 11: unknown and retired are taken"},
		{"a label with a tab", "name: best", `name: "a\tb"`, "line 11: a label's name has from 1 to 48 bytes that can be seen"},
		{"a label with a space at its end", "name: best", `name: "best "`, "line 11: a label's name"},
		{"a label that is too long", "name: best", "name: " + strings.Repeat("好", 17), "line 11: a label's name"},
		{"a label listed twice", "{name: good,", "{name: Best,", `line 14: the label "Best" is listed before`},
		{"a label without a title", "    title: {en: Best, zh-CN: 最好}\n", "", "line 11: the title is missing"},
		{"a label that is an address of its own", "name: best", "name: ..", "line 11: a label's name has from 1 to 48 bytes that can be seen"},
		{"a label with a slash", "name: best", "name: a/b", "line 11: a label's name has from 1 to 48 bytes that can be seen, no slash"},
		{"a label that turns what follows around", "name: best", "name: \"\\u202e\"", "line 11: a label's name has from 1 to 48 bytes that can be seen"},
		{"a label that no rule gives", "label: best", "label: good", `line 11: no rule gives the label "best"`},
		{"a label that is not listed", "{label: best", "{label: bets", `line 17: labels does not list "bets"`},
		{"a rest that is not listed", "rest: other", "rest: others", `line 23: labels does not list "others"`},
		{"no rest", "rest: other\n", "", "line 1: rest is missing"},
		{"no rules", good[strings.Index(good, "rules:"):strings.Index(good, "rest:")], "", "a model has from 1 to 256 rules, and this one has 0"},
		{"a rule without conditions", "when: {points: at least 50}", "when: {}", "line 18: the rule needs at least one condition"},
		{"a rule without when", ", when: {points: at least 50}", "", "line 18: the rule needs at least one condition"},
		{"an input in a rule that is none", "{r: 4 to 5,", "{recency: 4 to 5,", `line 17: there is no input "recency"`},
		{"an input in a rule twice", "frequency: top 20%", "risk: above 20", "line 22: risk is named twice"},
		{"a span that is a list", "r: 4 to 5", "r: [4, 5]", "line 17: r needs a single value"},
		{"a span that is none", "r: 4 to 5", "r: high", `line 17: r: "high" is no span: write a number, "3 to 5"`},
		{"a span with a dash", "r: 4 to 5", "r: 4-5", `line 17: r: "4-5" is no span`},
		{"an empty span", "r: 4 to 5", "r: 5 to 4", "line 17: r: the span is empty: 5 is more than 4"},
		{"a span beyond the range", "r: 4 to 5", "r: above 5", "line 17: r: the span is empty: r goes from 1 to 5"},
		{"a bound out of range", "r: 4 to 5", "r: 4 to 6", "line 17: r: 6 is out of range: r goes from 1 to 5"},
		{"a score between scores", "r: 4 to 5", "r: at least 3.5", "line 17: r: 3.5 is no whole number, and r counts in whole score"},
		{"a share of what is not tallied", "r: 4 to 5", "r: top 20%", "line 17: r: r is not compared with the population"},
		{"a share of everybody", "top 20%", "top 100%", `line 21: frequency: "top 100%" is no span`},
		{"quantiles in the wrong order", "top 20%", "quantile 80% to median", "line 21: frequency: the span is empty: quantile 80% is not before median"},
		{"points without points", good[strings.Index(good, "points:"):strings.Index(good, "hold:")], "", "line 15: the model has no points"},
		{"points that no rule looks at", "{points: at least 50}", "{risk: at least 50}", "line 7: no rule looks at points"},
		{"a rule that those before it cover", "rest: other", "  - {label: other, when: {r: 5, risk: 10 to 20}}\nrest: other", `line 23: no customer can reach this rule for "other"`},
		{"nobody for the rest", "rest: other", "  - {label: other, when: {r: at least 1}}\nrest: other", `line 24: nobody is left for the rest, "other"`},
		{"an unknown field", "hold:", "holds:", "line 9: field holds not found"},
		{"a field given twice", "version: 1", "version: 1\nversion: 1", `line 3: mapping key "version" already defined`},
		{"broken YAML", "inputs: [r", "inputs: [[r", "line "},
		{"a sign that YAML takes for its own", "top 20%", ">= 20", `(a span such as ">= 1" must be quoted, or written: at least 1)`},
		{"two models", "rest: other", "rest: other\n---\nname: more", "line 1: there is more than one model"},
		{"nothing", good, "", "line 1: the model is empty"},
	} {
		t.Run(c.name, func(t *testing.T) {
			broken := strings.Replace(good, c.old, c.new, 1)
			if broken == good {
				t.Fatal("the case breaks nothing")
			}
			_, err := segment.ParseModel([]byte(broken))
			if fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got:\n%v\nwant: %s", err, c.want)
			}
		})
	}
}

func TestModelsHaveLimits(t *testing.T) {
	var labels, rules, points strings.Builder
	for i := range 65 {
		fmt.Fprintf(&labels, "  - {name: l%d, title: {en: l, zh-CN: l}}\n", i)
		fmt.Fprintf(&points, "  - {input: risk, from: 0, to: %d, weight: 1}\n", i+1)
	}
	for i := range 257 {
		fmt.Fprintf(&rules, "  - {label: l%d, when: {monetary: %d}}\n", i%65, i)
	}
	model := "name: m\nversion: 1\ntitle: {en: t, zh-CN: t}\ndescription: {en: t, zh-CN: t}\ninputs: [monetary]\n" +
		"points:\n" + points.String() + "labels:\n" + labels.String() + "rules:\n" + rules.String() + "rest: l1\n"
	_, err := segment.ParseModel([]byte(model))
	for _, want := range []string{"from 1 to 64 labels, and this one lists 65", "from 1 to 256 rules, and this one has 257", "65 points, and at most 16"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\ndoes not say: %s", err, want)
		}
	}
	_, err = segment.ParseModel([]byte(good + strings.Repeat("#", segment.MaxModelBytes)))
	if fault.CodeOf(err) != fault.TooLarge {
		t.Errorf("a model beyond the limit is %v, want too large", err)
	}
	_, err = segment.ParseModel([]byte(strings.Replace(good, "inputs: [", "inputs: ["+strings.Repeat("x,", 200), 1)))
	if err == nil || !strings.HasSuffix(err.Error(), "\nand 150 more") {
		t.Errorf("200 mistakes are listed as %v", err)
	}
}

func TestLoadNamesTheFile(t *testing.T) {
	if _, err := segment.Load(fstest.MapFS{"m/mine.yaml": {Data: []byte(good)}}, "m"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"yours": "yours.yaml:1: name must be the file's name, yours", "mine": "mine.yaml:2: version must be"} {
		text := good
		if name == "mine" {
			text = strings.Replace(good, "version: 1", "version: -1", 1)
		}
		_, err := segment.Load(fstest.MapFS{"m/" + name + ".yaml": {Data: []byte(text)}}, "m")
		if fault.CodeOf(err) != fault.Invalid || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// parsedSpan returns the span that a condition's text has in a model.
func parsedSpan(t interface{ Fatal(...any) }, in, text string) segment.Span {
	model := fmt.Sprintf("name: m\nversion: 1\ntitle: {en: t, zh-CN: t}\ndescription: {en: t, zh-CN: t}\ninputs: [%s]\n"+
		"labels: [{name: a, title: {en: a, zh-CN: a}}, {name: b, title: {en: b, zh-CN: b}}]\n"+
		"rules: [{label: a, when: {%s: %q}}]\nrest: b\n", in, in, text)
	m, err := segment.ParseModel([]byte(model))
	if err != nil {
		t.Fatal(err)
	}
	return m.Rules[0].When[0].Span
}

func TestSpansAreReadAsTheyAreWritten(t *testing.T) {
	none := segment.Bound{Value: math.Inf(-1)}
	open := segment.Bound{Value: math.Inf(1)}
	at := func(v float64) segment.Bound { return segment.Bound{Value: v} }
	beyond := func(v float64) segment.Bound { return segment.Bound{Value: v, Open: true} }
	share := func(p segment.Percent, outside bool) segment.Bound { return segment.Bound{Percent: p, Open: outside} }
	for text, c := range map[string]struct {
		span segment.Span
		back string
	}{
		"5":                         {segment.Span{From: at(5), To: at(5)}, "5"},
		"-3.5 to 5":                 {segment.Span{From: at(-3.5), To: at(5)}, "-3.5 to 5"},
		"at least 3":                {segment.Span{From: at(3), To: open}, "at least 3"},
		">= 3":                      {segment.Span{From: at(3), To: open}, "at least 3"},
		">3":                        {segment.Span{From: beyond(3), To: open}, "above 3"},
		"at most 3":                 {segment.Span{From: none, To: at(3)}, "at most 3"},
		"<=3":                       {segment.Span{From: none, To: at(3)}, "at most 3"},
		"below  3":                  {segment.Span{From: none, To: beyond(3)}, "below 3"},
		"top 20%":                   {segment.Span{From: share(80_000, true), To: open}, "top 20%"},
		"top 0.125%":                {segment.Span{From: share(99_875, true), To: open}, "top 0.125%"},
		"above quantile 80%":        {segment.Span{From: share(80_000, true), To: open}, "top 20%"},
		"top 60%":                   {segment.Span{From: share(40_000, true), To: open}, "above quantile 40%"},
		"bottom 20%":                {segment.Span{From: none, To: share(20_000, false)}, "bottom 20%"},
		"bottom 80%":                {segment.Span{From: none, To: share(80_000, false)}, "at most quantile 80%"},
		"above median":              {segment.Span{From: share(50_000, true), To: open}, "above median"},
		"at most median":            {segment.Span{From: none, To: share(50_000, false)}, "at most median"},
		"100 to quantile 90%":       {segment.Span{From: at(100), To: share(90_000, false)}, "100 to quantile 90%"},
		"quantile 10% to median":    {segment.Span{From: share(10_000, false), To: share(50_000, false)}, "quantile 10% to median"},
		"below quantile 33.333%":    {segment.Span{From: none, To: share(33_333, true)}, "below quantile 33.333%"},
		"at least quantile 66.667%": {segment.Span{From: share(66_667, false), To: open}, "at least quantile 66.667%"},
	} {
		got := parsedSpan(t, "monetary", text)
		if got != c.span || got.String() != c.back {
			t.Errorf("%q is read as %+v and written as %q, want %+v and %q", text, got, got, c.span, c.back)
		}
		if again := parsedSpan(t, "monetary", got.String()); again != got {
			t.Errorf("%q is written as %q and read again as %+v", text, got, again)
		}
	}
}

func FuzzParseModel(f *testing.F) {
	files, err := os.ReadDir("models")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(path.Join("models", file.Name()))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte(good))
	f.Add([]byte("name: &a m\ninputs: *a\nrules: [{when: {r: *a}}]\nhold: *b\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := segment.ParseModel(raw)
		if err != nil {
			if code := fault.CodeOf(err); code != fault.Invalid && code != fault.TooLarge {
				t.Fatalf("a model is refused as %s: %v", code, err)
			}
			return
		}
		l := m.Compile(shop)
		known, missing := regular(), segment.Missing()
		for _, facts := range []*segment.Facts{&known, &missing} {
			labels := l.Label(facts, segment.Labels{})
			label := labels.Get(m.Name)
			if _, ok := m.Segment(label); !ok && label != segment.Unknown {
				t.Fatalf("the label is %q", label)
			}
			if again, err := segment.ParseLabels(labels.String()); err != nil || again != labels {
				t.Fatalf("the labels %q are read as %q, %v", labels, again, err)
			}
		}
		for _, r := range m.Rules {
			for _, c := range r.When {
				if c.Input != segment.Points && parsedSpan(t, c.Input.String(), c.Span.String()) != c.Span {
					t.Fatalf("%s is read as another span", c)
				}
			}
		}
	})
}

func TestEnglishServesWhereThereIsNoChinese(t *testing.T) {
	m, err := segment.ParseModel([]byte(strings.NewReplacer(", zh-CN: 我的", "", ", zh-CN: 留住。", "", ", zh-CN: 其他", "").Replace(good)))
	if err != nil {
		t.Fatal(err)
	}
	best, _ := m.Segment("best")
	other, _ := m.Segment("other")
	if m.Title.Zh != "Mine" || best.Strategy.Zh != "Keep them." || best.Title.Zh != "最好" || other.Title.Zh != "Other" {
		t.Errorf("the texts are %+v, %+v and %+v", m.Title, best, other)
	}
}

func TestAMistakeInARuleMakesNoOthers(t *testing.T) {
	_, err := segment.ParseModel([]byte(strings.Replace(good, "risk: below 30", "risk: bellow 30", 1)))
	if err == nil || strings.Count(err.Error(), "line ") != 1 || !strings.Contains(err.Error(), "line 17") {
		t.Errorf("got %v", err)
	}
}

func TestAModelIsReadAsItIsStored(t *testing.T) {
	for name, raw := range map[string][]byte{
		"UTF-16, little end first": append([]byte{0xff, 0xfe}, wide(good, false)...),
		"UTF-16, great end first":  append([]byte{0xfe, 0xff}, wide(good, true)...),
		"half of a character":      []byte(strings.Replace(good, "Mine", "\xe6\x88", 1)),
	} {
		if _, err := segment.ParseModel(raw); fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), "UTF-8") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func wide(text string, great bool) (out []byte) {
	for _, u := range utf16.Encode([]rune(text)) {
		if great {
			out = append(out, byte(u>>8), byte(u))
		} else {
			out = append(out, byte(u), byte(u>>8))
		}
	}
	return out
}

// TestManyMistakesTakeNoLongerThanTheyAreLong holds the reader to work in proportion to the text: what it lists, and what it
// allocates.
func TestManyMistakesTakeNoLongerThanTheyAreLong(t *testing.T) {
	broken := func(n int) []byte {
		return []byte("name: dup\nversion: 1\nlabels: [" + strings.Repeat("{},", n) + "{}]\nrules: []\nrest: Z\n")
	}
	_, err := segment.ParseModel(broken(20_000))
	if err == nil || strings.Count(err.Error(), "\n") != 50 || !strings.Contains(err.Error(), "more") {
		t.Errorf("%.200v", err)
	}
	cost := func(n int) float64 { return testing.AllocsPerRun(1, func() { segment.ParseModel(broken(n)) }) }
	if few, many := cost(2_000), cost(20_000); many > 15*few {
		t.Errorf("ten times the labels take %.0f allocations instead of %.0f", many, few)
	}
}
