package economics

import (
	"cmp"
	"math"
	"slices"

	"liuke/shared/fault"
	"liuke/shared/money"
	"liuke/shared/stats"
)

// MinSpends is how many different spends above 0 a curve needs: two for its parameters and two to judge them by.
const MinSpends = 4

// Curve is the margin that a spend on retention brings, and where one more unit of it returns less than it costs. All
// amounts are in major units.
type Curve struct {
	Family       string      `json:"family"` // see Margin for the forms
	A            float64     `json:"a"`
	B            float64     `json:"b"`
	First        float64     `json:"first_return"`  // a · b: margin that the first unit of spend brings
	Stderr       float64     `json:"stderr"`        // of one point about the curve
	BreakEven    Range       `json:"break_even"`    // spend where the marginal return is 1, with its 95 % interval
	Beyond       bool        `json:"beyond"`        // the break-even is over the greatest spend of the points: extrapolated
	Points       []Measured  `json:"points"`        // by spend
	Alternatives []Candidate `json:"alternatives"`  // the families that fit less well
	P            float64     `json:"p_of_straight"` // chance of such a bend where returns do not fall
}

// Measured is a point in major units.
type Measured struct {
	Spend  float64 `json:"spend"`
	Margin float64 `json:"margin"`
}

// Candidate is a family that was fitted, and lost.
type Candidate struct {
	Family     string  `json:"family"`
	Stderr     float64 `json:"stderr"`
	Likelihood float64 `json:"likelihood"` // relative to the family that won, 0..1
	BreakEven  Range   `json:"break_even"`
}

// Margin is what the curve says of a spend: a (1 − e^(−b s)) where exponential, a b s / (1 + b s) where hyperbolic, and
// a ln(1 + b s) where logarithmic.
func (c *Curve) Margin(spend float64) float64 { return c.A * c.family().g(c.B*spend) }

// Marginal is the margin that one more unit brings at a spend.
func (c *Curve) Marginal(spend float64) float64 { return c.First * c.family().slope(c.B*spend) }

func (c *Curve) family() *family {
	for i := range families {
		if families[i].name == c.Family {
			return &families[i]
		}
	}
	return &families[0]
}

// FitCurve fits the curve to measured points by nonlinear least squares, of each family, and keeps the one that leaves
// least. The interval of the break-even is by the delta method on its logarithm with Student's t of n − 2 degrees, and
// spans those of all families that are not much less likely: without them it would hold the truth far too seldom. It
// returns a Conflict that says why where the points do not determine a curve: too few different spends, no gain, or no bend
// that could not as well be chance (F test against a straight line, 5 %).
func FitCurve(points []Point, currency money.Currency) (*Curve, error) {
	c := &Curve{Points: make([]Measured, 0, len(points)), Alternatives: []Candidate{}}
	minor := minorUnits(currency)
	for _, p := range points {
		c.Points = append(c.Points, Measured{float64(p.Spend) / minor, float64(p.Margin) / minor})
	}
	slices.SortFunc(c.Points, func(a, b Measured) int {
		return cmp.Or(cmp.Compare(a.Spend, b.Spend), cmp.Compare(a.Margin, b.Margin))
	})
	spends, width, height := extent(c.Points)
	switch {
	case spends < MinSpends:
		return nil, refused("the curve needs %d different spends above 0, and there are %d", MinSpends, spends)
	case height == 0:
		return nil, refused("no spend brought any margin")
	}
	x, y := make([]float64, len(c.Points)), make([]float64, len(c.Points))
	for i, p := range c.Points {
		x[i], y[i] = p.Spend/width, p.Margin/height
	}
	fits, straight := fitAll(x, y)
	if straight.slope <= 0 {
		return nil, refused("the margin does not rise with the spend")
	}
	if len(fits) == 0 {
		return nil, refused("no curve of falling returns fits: the points rise in a straight line or faster, or not at all behind the least spend")
	}
	best, degrees := fits[0], float64(len(x)-2)
	c.P = straight.p(best, degrees)
	if !(c.P < .05) {
		return nil, refused("the points do not bend enough to say where the return falls: a straight line fits them nearly as well (p = %.2f)", c.P)
	}
	c.take(best, width, height, degrees)
	for _, f := range fits[1:] {
		other := Candidate{Family: f.name, Stderr: height * math.Sqrt(f.squares/degrees), BreakEven: f.breakEven(width, height, degrees)}
		if other.Likelihood = 1; f.squares > 0 {
			other.Likelihood = math.Pow(best.squares/f.squares, float64(len(x))/2)
		}
		c.Alternatives = append(c.Alternatives, other)
		if other.Likelihood >= plausible {
			c.BreakEven.Low = min(c.BreakEven.Low, other.BreakEven.Low)
			c.BreakEven.High = max(c.BreakEven.High, other.BreakEven.High)
		}
	}
	return c, nil
}

// plausible is how likely, relative to the best, a family must be to have its say in the interval: the evidence ratio of
// 20 (Burnham & Anderson 2002, section 2.9).
const plausible = .05

func refused(format string, args ...any) error { return fault.New(fault.Conflict, format, args...) }

// extent returns how many different spends above 0 there are, the greatest, and the greatest margin either way.
func extent(points []Measured) (spends int, width, height float64) {
	for _, p := range points { // by spend
		if p.Spend > width {
			spends, width = spends+1, p.Spend
		}
		height = max(height, math.Abs(p.Margin))
	}
	return spends, width, height
}

// fitAll fits every family, the best first, and a straight line.
func fitAll(x, y []float64) (fits []*fitted, straight line) {
	for i := range families {
		if f, ok := families[i].fit(x, y); ok {
			fits = append(fits, f)
		}
	}
	slices.SortStableFunc(fits, func(a, b *fitted) int { return cmp.Compare(a.squares, b.squares) })
	return fits, lineOf(x, y)
}

// line is the straight line through 0 that fits best: what each family becomes where b goes to 0.
type line struct{ slope, squares float64 }

func lineOf(x, y []float64) (l line) {
	xy, xx := 0.0, 0.0
	for i := range x {
		xy, xx = xy+x[i]*y[i], xx+x[i]*x[i]
	}
	l.slope = xy / xx
	for i := range x {
		d := y[i] - l.slope*x[i]
		l.squares += d * d
	}
	return l
}

// p is the chance that a straight line leaves so much more than the curve: F of 1 and n − 2 degrees is the square of t.
func (l line) p(f *fitted, degrees float64) float64 {
	gain := l.squares - f.squares
	if gain <= 0 {
		return 1
	}
	return stats.StudentTail(math.Sqrt(gain/(f.squares/degrees)), degrees)
}

// breakEven is the spend where the marginal return is 1, with its interval, for a greatest spend and margin in major
// units; 0 where not even the first unit returns what it costs.
func (f *fitted) breakEven(width, height, degrees float64) Range {
	first := f.a * f.b * height / width
	if first <= 1 {
		return Range{}
	}
	u := f.inverse(1 / first)
	value := u / f.b * width
	byA := f.stretch(u) / u // d ln value / d ln a
	byB := byA - 1
	spread := f.squares / degrees * (byA*byA*f.spread[0] + 2*byA*byB*f.spread[1] + byB*byB*f.spread[2])
	half := stats.StudentQuantile(.05, degrees) * math.Sqrt(spread)
	return Range{value, value * math.Exp(-half), min(value*math.Exp(half), math.MaxFloat64)}
}

// take keeps a fit in the points' own units.
func (c *Curve) take(f *fitted, width, height, degrees float64) {
	c.Family, c.A, c.B = f.name, f.a*height, f.b/width
	c.Stderr = height * math.Sqrt(f.squares/degrees)
	c.First = c.A * c.B
	c.BreakEven = f.breakEven(width, height, degrees)
	c.Beyond = c.BreakEven.Value > width
}
