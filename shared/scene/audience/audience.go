// Package audience compiles the expressions that say for whom a scene is. It stands apart from package scene so that
// what decides on nobody links no compiler.
package audience

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"

	"liuke/shared/fault"
	"liuke/shared/scene"
	"liuke/shared/segment"
	"liuke/shared/signal"
)

// subject is what an audience expression may speak of: these fields and no others.
type subject struct {
	Segment  string `expr:"segment"` // label in rfm10
	Risk     string `expr:"risk"`    // band of churn risk
	Value    string `expr:"value"`   // label in the model value
	Labels   labels `expr:"labels"`  // in every segment model, by its name, as labels.lifecycle; "" for none
	R        int    `expr:"r"`
	F        int    `expr:"f"`
	M        int    `expr:"m"`
	Locale   string `expr:"locale"`
	Hours    int    `expr:"hours_since"` // since the cause, whole hours
	Order    order  `expr:"order"`       // of the signal order_placed
	Previous string `expr:"previous"`    // label, or band, before the signal segment_changed, or risk_changed
	Score    int    `expr:"score"`       // of the signal answer_given
	Number   int    `expr:"number"`      // of the signal occasion: how many years, orders or days

	// Of a journey's later steps: why it is decided now, and what became of the first message.
	Came      bool   `expr:"came"` // the event that the step waits for
	Sent      bool   `expr:"sent"`
	Delivered bool   `expr:"delivered"`
	Opened    bool   `expr:"opened"`
	Clicked   bool   `expr:"clicked"`
	Variant   string `expr:"variant"` // the customer's, in a scene with variants
}

type labels map[string]string

type order struct {
	Amount   int    `expr:"amount"` // minor units of Currency, the order's own
	Worth    int    `expr:"worth"`  // minor units of the business's currency
	Currency string `expr:"currency"`
	First    bool   `expr:"first"`
}

type program struct{ vm *vm.Program }

// options are what the compiler is told of the language. It leaves to inspect what it cannot be told: predicates, ranges,
// variables and the size of patterns.
var options = []expr.Option{expr.Env(subject{}), expr.AsBool(), expr.DisableAllBuiltins(), expr.MaxNodes(maxNodes)}

// Compile compiles an expression. It knows the fields of subject, operators, and no function. It is a
// scene.CompileAudience.
func Compile(source string) (scene.Audience, []scene.Flaw) {
	if len(source) > maxBytes {
		return nil, []scene.Flaw{{Line: 1, Text: fmt.Sprintf("the expression is too long: it has more than %d KB", maxBytes>>10)}}
	}
	config := conf.CreateNew()
	for _, option := range options {
		option(config)
	}
	tree, err := parser.ParseWithConfig(source, config)
	if err != nil {
		return nil, flawOf(err)
	}
	if flaw := inspect(tree.Node, tree.Source); flaw != nil {
		return nil, []scene.Flaw{*flaw}
	}
	compiled, err := expr.Compile(source, options...)
	if err != nil {
		return nil, unnamed(tree, flawOf(err))
	}
	return &program{compiled}, nil
}

// flawOf is what the compiler says of an expression.
func flawOf(err error) []scene.Flaw {
	flaw := scene.Flaw{Line: 1}
	text, _, _ := strings.Cut(err.Error(), "\n")
	flaw.Text = plainly(text)
	if e, ok := err.(*file.Error); ok && e.Line > 0 {
		flaw.Line = e.Line
	}
	return []scene.Flaw{flaw}
}

// Includes implements scene.Audience.
func (p *program) Includes(c *scene.Candidate) (bool, error) {
	standing, err := segment.ParseLabels(c.Scores.Labels)
	if err != nil {
		return false, err
	}
	env := subject{
		Segment: c.Scores.Segment, Risk: c.Scores.Risk, Value: string(standing.Get("value")), Labels: labels{},
		R: c.Scores.R, F: c.Scores.F, M: c.Scores.M,
		Locale: c.Profile.Locale(),
		Hours:  int(c.Now.Sub(c.Signal.Time) / time.Hour),
		Came:   c.Came, Sent: c.First.Sent, Delivered: c.First.Delivered, Opened: c.First.Opened, Clicked: c.First.Clicked,
		Variant: c.Variant,
	}
	for model, label := range standing.All() {
		env.Labels[model] = string(label)
	}
	switch c.Signal.Kind {
	case signal.OrderPlaced:
		var d signal.OrderData
		err = json.Unmarshal(c.Signal.Data, &d)
		env.Order = order{Amount: int(d.Amount), Worth: int(d.Worth), Currency: d.Currency, First: d.First}
	case signal.SegmentChanged:
		var d signal.SegmentData
		err = json.Unmarshal(c.Signal.Data, &d)
		env.Previous = d.From
	case signal.AnswerGiven:
		var d signal.AnswerData
		err = json.Unmarshal(c.Signal.Data, &d)
		env.Score = d.Score
	case signal.RiskChanged:
		var d signal.RiskData
		err = json.Unmarshal(c.Signal.Data, &d)
		env.Previous = d.From
	case signal.Occasion:
		var d signal.OccasionData
		err = json.Unmarshal(c.Signal.Data, &d)
		env.Number = int(d.Number)
	}
	if err != nil {
		return false, fault.As(err, fault.Invalid, "the signal's data do not fit its kind")
	}
	out, err := expr.Run(p.vm, env)
	if err != nil {
		return false, fault.As(err, fault.Invalid, "the audience cannot be judged")
	}
	in, _ := out.(bool)
	return in, nil
}
