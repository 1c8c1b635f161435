package browser

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/runtime"

	"liuke/infra/local/project"
)

// Problem is something that keeps people from using a page.
type Problem struct {
	Rule  string // axe's name of the rule, or "overflow", "target", "text at 200 %", "focus"
	Where string // the element, as a CSS selector or in words
	What  string // what is wrong with it
}

func (p Problem) String() string { return fmt.Sprintf("%s: %s: %s", p.Rule, p.Where, p.What) }

// Check fails the test for each problem that Violations, Overflow, SmallTargets, Enlarged and HiddenFocus find.
func (p *Page) Check() {
	p.t.Helper()
	for _, find := range []func() []Problem{p.Violations, p.Overflow, p.SmallTargets, p.Enlarged, p.HiddenFocus} {
		for _, problem := range find() {
			p.t.Errorf("%s", problem)
		}
	}
	p.tell()
}

// axe is the source of axe-core as infra/local/browser/npm/axe pins it.
var axe = sync.OnceValues(func() (string, error) {
	root, err := project.Root()
	if err != nil {
		return "", err
	}
	dir, err := installPackage(context.Background(), root, "axe", "axe-core")
	if err != nil {
		return "", err
	}
	source, err := os.ReadFile(filepath.Join(dir, "axe.min.js"))
	return string(source), err
})

// Violations returns what axe-core finds against WCAG 2.2 at the levels A and AA.
func (p *Page) Violations() []Problem {
	p.t.Helper()
	source, err := axe()
	if err != nil {
		p.t.Fatalf("axe-core: %v", err)
	}
	if !evaluate[bool](p, `() => typeof axe === "object"`) {
		call(p, runtime.Evaluate, runtime.EvaluateParams{Expression: source, ContextID: p.isolated()})
	}
	if !p.options.JavaScript { // axe waits by timers, which rest with the page's scripts; those did not run when they could
		p.scripts(true)
		defer p.scripts(false)
	}
	type node struct {
		Target         []any
		FailureSummary string
	}
	type violation struct {
		ID, Help string
		Nodes    []node
	}
	found := evaluate[[]violation](p, `() => axe.run(document, {
		runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"],
		rules: {"target-size": {enabled: true}},
		resultTypes: ["violations"],
	}).then(r => r.violations.map(v => ({id: v.id, help: v.help, nodes: v.nodes.map(n => ({target: n.target, failureSummary: n.failureSummary}))})))`)
	var problems []Problem
	for _, v := range found {
		for _, n := range v.Nodes {
			problems = append(problems, Problem{v.ID, fmt.Sprint(n.Target...), v.Help + ". " + strings.Join(strings.Fields(n.FailureSummary), " ")})
		}
	}
	return problems
}

// Overflow returns what makes people scroll sideways at the width that the page is looked at (WCAG 2.2, 1.4.10).
func (p *Page) Overflow() []Problem {
	p.t.Helper()
	return ruled("overflow", evaluate[[]Problem](p, `() => liuke.overflow()`))
}

// SmallTargets returns what is hard to hit with a finger: links, buttons and fields under 24 × 24 CSS pixels, unless a label
// of that size stands for them or they are links in a sentence (WCAG 2.2, 2.5.8, without the exception for targets that
// stand apart, which axe's target-size grants).
func (p *Page) SmallTargets() []Problem {
	p.t.Helper()
	return ruled("target", evaluate[[]Problem](p, `() => liuke.smallTargets()`))
}

// Enlarged returns what is cut off or makes people scroll sideways when all text is twice as large (WCAG 2.2, 1.4.4). What
// stood out before is Overflow's.
func (p *Page) Enlarged() []Problem {
	p.t.Helper()
	const rule = "text at 200 %"
	if evaluate[int](p, `() => liuke.overflow().length`) > 0 {
		return nil
	}
	evaluate[bool](p, `() => liuke.enlarge(2)`)
	problems := ruled(rule, evaluate[[]Problem](p, `() => [...liuke.overflow(), ...liuke.clipped()]`))
	evaluate[bool](p, `() => liuke.restore()`)
	return problems
}

func ruled(rule string, problems []Problem) []Problem {
	for i := range problems {
		problems[i].Rule = rule
	}
	return problems
}
