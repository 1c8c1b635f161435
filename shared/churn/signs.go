package churn

import (
	"math"

	"liuke/shared/customer"
)

// trouble are the signs that are counted as activity too and show no engagement.
var trouble = [...]customer.Sign{customer.TicketOpened, customer.TicketResolved, customer.ComplaintFiled, customer.DeviceAlert}

// The trend of activity compares this month and the two before with the year before those.
const (
	recentMonths = 3
	baseMonths   = 12
)

// activity returns how many events there were of late, trouble left out, and how many there would be had it gone on as in
// the year before; that is known where there was activity then.
func (s *Scorer) activity(e *Evidence, first customer.Day) (events, expected float64, ok bool) {
	if e.Activity == nil {
		return 0, 0, false
	}
	if e.Seen > 0 {
		first = min(first, customer.Day(min(e.Seen/secondsADay, math.MaxInt32)))
	}
	until := s.month - recentMonths
	from := max(until-baseMonths+1, customer.MonthOf(first))
	if from > until {
		return 0, 0, false
	}
	lately, base := between(e.Activity, until+1, s.month), between(e.Activity, from, until)
	if e.Signs != nil {
		for _, sign := range trouble {
			lately -= between(e.Signs.Of(sign), until+1, s.month)
			base -= between(e.Signs.Of(sign), from, until)
		}
	}
	return float64(max(lately, 0)), float64(base) / float64(until-from+1) * s.recent, base > 0
}

const secondsADay = 24 * 60 * 60

// between counts the events of some months, the last included.
func between(a *customer.Activity, from, until customer.Month) (n int64) {
	for c := range a.Months() {
		if c.Month >= from && c.Month <= until {
			n += c.Events
		}
	}
	return n
}

// year counts the events of this month and the eleven before.
func (s *Scorer) year(a *customer.Activity) int64 { return between(a, s.month-11, s.month) }

// until counts all events until this month.
func (s *Scorer) until(a *customer.Activity) int64 {
	return a.Total() - between(a, s.month+1, math.MaxInt32)
}

// since is how many months ago the last event was; 0 where there was none.
func (s *Scorer) since(a *customer.Activity) (months customer.Month) {
	for c := range a.Months() {
		if c.Month <= s.month {
			months = s.month - c.Month
		}
	}
	return months
}

// decayed counts the events until this month, each the less the longer ago it was.
func (s *Scorer) decayed(a *customer.Activity, d *decay) (n float64) {
	for c := range a.Months() {
		if ago := int64(s.month) - int64(c.Month); ago >= 0 && ago < decayMonths {
			n += d[ago] * float64(c.Events)
		}
	}
	return n
}

// opinion is what a customer thinks by the last answer on each metric.
type opinion struct {
	known  bool
	value  float64 // 0 to 1, the best
	weight float64 // that of the newest answer: 1 for one of today
	reason Reason  // the newest answer
}

// scales are the metrics' worst and best answers.
var scales = [...]struct {
	metric      customer.Metric
	worst, best float64
	code        Code
}{
	{customer.NPS, 0, 10, ReasonNPS},
	{customer.CSAT, 1, 5, ReasonCSAT},
	{customer.CES, 1, 7, ReasonCES},
}

// staleHalfLives is how many half-lives old an answer may be that still has a say.
const staleHalfLives = 5

// opinion returns the mean of the answers, weighted by their age. Answers of after the scorer's day are not known; the
// day of an answer is that of its moment in UTC, so that one of the day's evening is not taken for one of the next day
// west of it, one day more is let in.
func (s *Scorer) opinion(signs *customer.Signs) (o opinion) {
	if signs == nil {
		return o
	}
	var sum float64
	for i := range scales {
		scale := &scales[i]
		answer := signs.Opinion(scale.metric)
		ago := int64(s.asOf) - answer.Time/(1000*secondsADay)
		halfLives := float64(max(ago, 0)) / float64(s.settings.AnswerHalfLife)
		if answer.Time <= 0 || ago < -1 || halfLives > staleHalfLives {
			continue
		}
		ago = max(ago, 0)
		weight := math.Exp2(-halfLives)
		sum += weight
		o.value += weight * min(max((float64(answer.Score)-scale.worst)/(scale.best-scale.worst), 0), 1)
		if weight > o.weight {
			o.weight, o.reason = weight, because(scale.code, float64(answer.Score), float64(ago))
		}
	}
	if sum > 0 {
		o.known = true
		o.value /= sum
	}
	return o
}
