package stats

// Lift is what was done to the treated brought about, measured against those who were held out.
type Lift struct {
	Value       float64  // rate of the treated less that of the held out
	Interval    Interval // 95 %, Newcombe's
	Incremental float64  // successes among the treated that there would not have been; may be negative
	P           float64  // of the two-proportion test
}

// HoldoutLift compares the treated with the held out. With either arm empty nothing is known: the interval spans what
// the other leaves open, P is 1, and Value and Incremental are 0.
func HoldoutLift(treated, held Share) Lift {
	l := Lift{Interval: Newcombe(treated, held), P: 1}
	if treated.N <= 0 || held.N <= 0 {
		return l
	}
	l.Value = treated.Rate() - held.Rate()
	l.Incremental = float64(treated.Successes) - float64(treated.N)*held.Rate()
	_, l.P = TwoProportions(treated, held)
	return l
}

// ROI is (gain − cost) / cost; it is not ok where the cost is not above 0.
func ROI(gain, cost float64) (roi float64, ok bool) {
	if !(cost > 0) {
		return 0, false
	}
	return (gain - cost) / cost, true
}
