package clv

import (
	"math"

	"liuke/shared/fault"
)

// dims is the most parameters that a model has.
const dims = 4

type (
	// vector holds a number by parameter.
	vector [dims]float64
	matrix [dims][dims]float64
)

// objective returns a log-likelihood, its gradient and its Hessian at the logarithms of the parameters.
type objective func(theta vector) (value float64, gradient vector, hessian matrix)

const (
	maxSteps  = 200
	maxStride = 1.5  // in logarithms: no step changes a parameter more than 4.5-fold
	farAway   = 16.0 // in logarithms: no population's parameters lie beyond 9 million times its own scale
	fineStep  = 1e-9
)

// estimate is a maximum of a likelihood.
type estimate struct {
	at     vector // the parameters
	errors vector // their standard errors
	value  float64
}

// estimateBy maximizes a likelihood of the named parameters from the first start that leads to a maximum, and otherwise
// returns the Conflict that the last ended in.
func estimateBy(f objective, names []string, starts ...vector) (e estimate, err error) {
	n := len(names)
	for _, start := range starts {
		for i := range n {
			start[i] = math.Log(start[i])
		}
		var theta vector
		var hessian matrix
		if theta, e.value, hessian, err = maximize(f, names, start); err != nil {
			continue
		}
		for i := range n {
			e.at[i] = math.Exp(theta[i])
		}
		if e.errors, err = standardErrors(hessian, e.at, n); err == nil {
			return e, nil
		}
	}
	return estimate{}, err
}

// standardErrors returns those of the parameters at a maximum: the roots of the diagonal of the inverse of the observed
// information, the negative Hessian (Efron & Hinkley 1978). The gradient being 0 there, the information on the
// parameters is the one on their logarithms with each side divided by the parameters, and the delta method is exact.
func standardErrors(hessian matrix, at vector, n int) (errors vector, err error) {
	for i := range n {
		column, ok := solve(hessian, unit(i), n, 0)
		if !ok || !(column[i] > 0) {
			return errors, fault.New(fault.Conflict, "the likelihood is flat at its maximum: the data do not determine the parameters")
		}
		errors[i] = at[i] * math.Sqrt(column[i])
	}
	return errors, nil
}

// maximize climbs from start by Newton's method, damped where the surface is not concave or a step would not climb
// (Levenberg and Marquardt). It returns the maximum with the Hessian there, or a Conflict where the likelihood still
// rises far out, where no parameters are best.
func maximize(f objective, names []string, start vector) (vector, float64, matrix, error) {
	n := len(names)
	at := start
	value, gradient, hessian := f(at)
	damping := 0.0
	for range maxSteps {
		step, ok := solve(hessian, gradient, n, damping)
		if !ok {
			damping = max(4*damping, 1e-3)
			if damping > 1e12 {
				break
			}
			continue
		}
		stride, _ := longest(step, n)
		if stride > maxStride {
			for i := range n {
				step[i] *= maxStride / stride
			}
		}
		next := at
		for i := range n {
			next[i] += step[i]
		}
		if far, i := longest(next, n); far > farAway {
			way := "grows without bound"
			if next[i] < 0 {
				way = "shrinks towards 0"
			}
			return at, value, hessian, fault.New(fault.Conflict, "the likelihood keeps rising as %s %s: the data do not determine the model", names[i], way)
		}
		v, g, h := f(next)
		if finite := !math.IsNaN(v) && !math.IsInf(v, 0); !finite || v < value-1e-10*math.Abs(value) {
			damping = max(4*damping, 1e-3)
			if damping > 1e12 {
				break
			}
			continue
		}
		at, value, gradient, hessian = next, v, g, h
		if stride < fineStep && damping == 0 {
			return at, value, hessian, nil
		}
		if damping /= 8; damping < 1e-6 {
			damping = 0
		}
	}
	return at, value, hessian, fault.New(fault.Conflict, "the fit did not converge in %d steps", maxSteps)
}

// longest returns the greatest of the first n numbers in size, and its place.
func longest(v vector, n int) (far float64, place int) {
	for i := range n {
		if size := math.Abs(v[i]); size > far {
			far, place = size, i
		}
	}
	return far, place
}

// solve returns the step (−H + damping · |diag H| + damping)⁻¹ g; it is not ok where that matrix is not positive definite.
func solve(h matrix, g vector, n int, damping float64) (step vector, ok bool) {
	var l matrix // Cholesky factor
	for i := range n {
		for j := range i + 1 {
			sum := -h[i][j]
			if i == j {
				sum += damping * (1 + math.Abs(h[i][i]))
			}
			for k := range j {
				sum -= l[i][k] * l[j][k]
			}
			if i != j {
				l[i][j] = sum / l[j][j]
			} else if sum > 1e-12*(1+math.Abs(h[i][i])) {
				l[i][i] = math.Sqrt(sum)
			} else {
				return step, false
			}
		}
	}
	for i := range n {
		sum := g[i]
		for k := range i {
			sum -= l[i][k] * step[k]
		}
		step[i] = sum / l[i][i]
	}
	for i := n - 1; i >= 0; i-- {
		sum := step[i]
		for k := i + 1; k < n; k++ {
			sum -= l[k][i] * step[k]
		}
		step[i] = sum / l[i][i]
	}
	return step, true
}

// inLogs turns derivatives by the parameters into derivatives by their logarithms.
func inLogs(parameters vector, gradient vector, hessian matrix, n int) (vector, matrix) {
	for i := range n {
		gradient[i] *= parameters[i]
		for j := range n {
			hessian[i][j] *= parameters[i] * parameters[j]
		}
	}
	for i := range n {
		hessian[i][i] += gradient[i]
	}
	return gradient, hessian
}

func unit(i int) (v vector) {
	v[i] = 1
	return v
}
