package economics

import "math"

// family is a shape of falling returns, y = a · g(b · spend): g begins at 0 with slope 1 and rises ever more slowly. So
// a · b is the return of the first unit in all of them.
type family struct {
	name    string
	g       func(u float64) float64
	slope   func(u float64) float64 // g′, which falls from 1
	inverse func(v float64) float64 // the u where g′ is v, 0 < v ≤ 1
	stretch func(u float64) float64 // −v · d(inverse)/dv at v = g′(u)
}

// families are the shapes that are tried: one that saturates fast, one that saturates slowly, and one that does not
// saturate. They have two parameters each, so that whichever leaves the least sum of squares is the likeliest, by
// Akaike's criterion as by any other. The first breaks a tie.
var families = []family{
	{
		name:    "exponential", // a (1 − e^(−b s))
		g:       func(u float64) float64 { return -math.Expm1(-u) },
		slope:   func(u float64) float64 { return math.Exp(-u) },
		inverse: func(v float64) float64 { return -math.Log(v) },
		stretch: func(float64) float64 { return 1 },
	},
	{
		name:    "hyperbolic", // a b s / (1 + b s)
		g:       func(u float64) float64 { return u / (1 + u) },
		slope:   func(u float64) float64 { return 1 / ((1 + u) * (1 + u)) },
		inverse: func(v float64) float64 { return 1/math.Sqrt(v) - 1 },
		stretch: func(u float64) float64 { return (1 + u) / 2 },
	},
	{
		name:    "logarithmic", // a ln(1 + b s)
		g:       math.Log1p,
		slope:   func(u float64) float64 { return 1 / (1 + u) },
		inverse: func(v float64) float64 { return 1/v - 1 },
		stretch: func(u float64) float64 { return 1 + u },
	},
}

// fitted is a family with its parameters, for spends and margins scaled to at most 1.
type fitted struct {
	*family
	a, b    float64
	squares float64    // sum of squared residuals
	spread  [3]float64 // inverse of JᵀJ by (ln a, ln b): the elements aa, ab, bb
}

func (f *fitted) at(s float64) float64 { return f.a * f.g(f.b*s) }

// gradient is by ln a and ln b, which keep both above 0.
func (f *fitted) gradient(s float64) (value, byA, byB float64) {
	value = f.at(s)
	return value, value, f.a * f.b * s * f.slope(f.b*s)
}

const (
	fitSteps  = 500
	fitFine   = 1e-10
	trialsOfB = 61 // over six decades
)

// fit finds the parameters of least squares: the best of a grid over b, of which each has its best a in closed form, and
// from there by Levenberg and Marquardt (Marquardt 1963). It is not ok where there is no least: where the curve straightens
// out, or is flat from the first spend on.
func (fam *family) fit(x, y []float64) (*fitted, bool) {
	best := &fitted{family: fam, squares: math.Inf(1)}
	for i := range trialsOfB {
		f := &fitted{family: fam, b: math.Pow(10, float64(i)/10-3)}
		num, den := 0.0, 0.0
		for k := range x {
			g := fam.g(f.b * x[k])
			num, den = num+g*y[k], den+g*g
		}
		if f.a = num / den; !(f.a > 0) {
			continue
		}
		if f.measure(x, y); f.squares < best.squares {
			best = f
		}
	}
	if math.IsInf(best.squares, 1) {
		return nil, false
	}
	damping := 1e-3
	for range fitSteps {
		aa, ab, bb, ga, gb := best.normal(x, y)
		det := aa*(1+damping)*bb*(1+damping) - ab*ab
		if !(det > 0) {
			return nil, false
		}
		da, db := (bb*(1+damping)*ga-ab*gb)/det, (aa*(1+damping)*gb-ab*ga)/det
		next := &fitted{family: fam, a: best.a * math.Exp(held(da)), b: best.b * math.Exp(held(db))}
		next.measure(x, y)
		if small := math.Abs(da) < fitFine && math.Abs(db) < fitFine; next.squares <= best.squares || small {
			best, damping = next, damping/8
			if small {
				return best.settled(x, y)
			}
			continue
		}
		if damping *= 4; damping > 1e12 {
			return best.settled(x, y) // no step improves what rounding leaves
		}
	}
	return nil, false
}

// held keeps a step in logarithms short.
func held(step float64) float64 { return max(-1, min(step, 1)) }

func (f *fitted) measure(x, y []float64) {
	f.squares = 0
	for k := range x {
		d := y[k] - f.at(x[k])
		f.squares += d * d
	}
}

// normal returns JᵀJ and Jᵀ of the residuals.
func (f *fitted) normal(x, y []float64) (aa, ab, bb, ga, gb float64) {
	for k := range x {
		value, byA, byB := f.gradient(x[k])
		d := y[k] - value
		aa, ab, bb = aa+byA*byA, ab+byA*byB, bb+byB*byB
		ga, gb = ga+byA*d, gb+byB*d
	}
	return aa, ab, bb, ga, gb
}

// settled keeps the inverse of JᵀJ; it is not ok where the two parameters cannot be told apart.
func (f *fitted) settled(x, y []float64) (*fitted, bool) {
	aa, ab, bb, _, _ := f.normal(x, y)
	det := aa*bb - ab*ab
	if !(det > 1e-12*aa*bb) {
		return nil, false
	}
	f.spread = [3]float64{bb / det, -ab / det, aa / det}
	return f, true
}
