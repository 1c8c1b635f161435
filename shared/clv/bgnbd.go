package clv

import (
	"math"

	"liuke/shared/fault"
)

// daysAWeek turns the days of the counts into the weeks of the models.
const daysAWeek = 7

// MinRepeaters is how many customers must have bought again before a model is fitted.
const MinRepeaters = 30

// FitBGNBD returns the parameters of greatest likelihood (Fader, Hardie & Lee 2005, equation 6) with their standard errors.
// It returns a Conflict that says why where the data do not determine them.
func FitBGNBD(c *Counts) (BGNBD, error) {
	return fitOrders(c.transactions.lines(), 1./daysAWeek, chancesBGNBD)
}

// FitMBGNBD returns the parameters of greatest likelihood (Batislam, Denizel & Filiztekin 2007) with their standard
// errors. It returns a Conflict that says why where the data do not determine them.
func FitMBGNBD(c *Counts) (MBGNBD, error) {
	m, err := fitOrders(c.transactions.lines(), 1./daysAWeek, chancesMBGNBD)
	return MBGNBD(m), err
}

// fitOrders fits lines of Transactions, whose times are in units of so many weeks, by customers who had so many chances
// of leaving beside their repeat purchases.
func fitOrders(lines []line, unit float64, chances int) (BGNBD, error) {
	var all, repeaters, purchases, total float64
	for _, l := range lines {
		n := float64(l.n)
		all += n
		purchases += n * float64(l.x)
		total += n * float64(l.transactions().T)
		if l.x > 0 {
			repeaters += n
		}
	}
	if repeaters < MinRepeaters {
		return BGNBD{}, fault.New(fault.Conflict, "too few customers bought again: %.0f of %.0f, and the model needs %d", repeaters, all, MinRepeaters)
	}
	if total == 0 {
		return BGNBD{}, fault.New(fault.Conflict, "every customer's first purchase is on the day of the run")
	}
	// Times are measured in the population's mean, so that the fit is the same in days and in years.
	scale := total / all
	names := []string{"r", "alpha", "a", "b"}
	starts := []vector{{0.5, 0.5 * all / purchases, 1, 2}, {1, all / purchases, 0.3, 3}, {2, 2 * all / purchases, 1, 10}}
	if few := thin(lines); few != nil {
		if e, err := estimateBy(newOrdersLikelihood(few, scale, chances).at, names, starts...); err == nil {
			starts = append([]vector{e.at}, starts...)
		}
	}
	e, err := estimateBy(newOrdersLikelihood(lines, scale, chances).at, names, starts...)
	if err != nil {
		return BGNBD{}, err
	}
	weeks := scale * unit
	return BGNBD{
		R: e.at[0], Alpha: e.at[1] * weeks, A: e.at[2], B: e.at[3],
		LogLikelihood: e.value - purchases*math.Log(weeks), // a density of times changes with their unit
		Errors:        OrderErrors{R: e.errors[0], Alpha: e.errors[1] * weeks, A: e.errors[2], B: e.errors[3]},
	}, nil
}

// thin returns one in 64 of many lines, evenly over their order, whose fit is a good start for that of all; nil where
// there are not so many that this saves time.
func thin(lines []line) (few []line) {
	const many, oneIn = 1 << 18, 64
	if len(lines) < many {
		return nil
	}
	for i := 0; i < len(lines); i += oneIn {
		few = append(few, lines[i])
	}
	return few
}
