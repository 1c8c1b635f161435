package scene

import (
	"encoding/json"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"

	"liuke/shared/signal"
)

// subject is what an audience expression may speak of: these fields and no others.
type subject struct {
	Segment  string `expr:"segment"` // label in rfm10
	Risk     string `expr:"risk"`    // band of churn risk
	Value    string `expr:"value"`   // band of customer value
	R        int    `expr:"r"`
	F        int    `expr:"f"`
	M        int    `expr:"m"`
	Locale   string `expr:"locale"`
	Hours    int    `expr:"hours_since"` // since the cause, whole hours
	Order    order  `expr:"order"`       // of the signal order_placed
	Previous string `expr:"previous"`    // label before the signal segment_changed
	Score    int    `expr:"score"`       // of the signal answer_given
}

type order struct {
	Amount   int    `expr:"amount"` // minor units
	Currency string `expr:"currency"`
	First    bool   `expr:"first"`
}

// maxAudienceNodes bounds an expression. Without functions that loop, its time is bounded by its size.
const maxAudienceNodes = 200

// compileAudience compiles an audience expression. It knows the fields of subject, operators, and no function.
func compileAudience(source string) (*vm.Program, error) {
	return expr.Compile(source,
		expr.Env(subject{}),
		expr.AsBool(),
		expr.DisableAllBuiltins(),
		expr.MaxNodes(maxAudienceNodes),
	)
}

// audienceLine returns the line of an expression's own text, from 1, that its error is about.
func audienceLine(err error) int {
	if e, ok := err.(*file.Error); ok && e.Line > 0 {
		return e.Line
	}
	return 1
}

// inAudience evaluates the audience over a candidate.
func (s *Scene) inAudience(c *Candidate) (bool, error) {
	if s.audience == nil {
		return true, nil
	}
	env := subject{
		Segment: c.Scores.Segment, Risk: c.Scores.Risk, Value: c.Scores.Value,
		R: c.Scores.R, F: c.Scores.F, M: c.Scores.M,
		Locale: c.Profile.Locale(),
		Hours:  int(c.Now.Sub(c.Signal.Time) / time.Hour),
	}
	var err error
	switch c.Signal.Kind {
	case signal.OrderPlaced:
		var d signal.OrderData
		err = json.Unmarshal(c.Signal.Data, &d)
		env.Order = order{Amount: int(d.Amount), Currency: d.Currency, First: d.First}
	case signal.SegmentChanged:
		var d signal.SegmentData
		err = json.Unmarshal(c.Signal.Data, &d)
		env.Previous = d.From
	case signal.AnswerGiven:
		var d signal.AnswerData
		err = json.Unmarshal(c.Signal.Data, &d)
		env.Score = d.Score
	}
	if err != nil {
		return false, err
	}
	out, err := expr.Run(s.audience, env)
	if err != nil {
		return false, err
	}
	in, _ := out.(bool)
	return in, nil
}
