package churn

import (
	"math"

	"liuke/shared/customer"
)

// Scorer scores customers as of the end of a day. It is safe for concurrent use.
type Scorer struct {
	settings Settings
	prior    *Prior
	bands    Bands
	asOf     customer.Day
	month    customer.Month
	recent   float64 // months of which events are recent, of the current one what has passed

	complaints, answers, engagement decay
}

// NewScorer returns a scorer for a day. The settings are valid; the prior is nil where the population has no rhythm,
// whose parts are then missing.
func NewScorer(s Settings, prior *Prior, asOf customer.Day) *Scorer {
	month := customer.MonthOf(asOf)
	first, next := customer.FirstDay(month), customer.FirstDay(month+1)
	return &Scorer{
		settings:   s,
		prior:      prior,
		bands:      s.Levels.Bands(),
		asOf:       asOf,
		month:      month,
		recent:     recentMonths - 1 + float64(asOf-first+1)/float64(next-first),
		complaints: decayOf(s.ComplaintHalfLife),
		answers:    decayOf(s.AnswerHalfLife),
		engagement: decayOf(s.EngagementHalfLife),
	}
}

// Verdict is what a scorer says of a customer.
type Verdict struct {
	Bought  bool // by the scorer's day; what follows is known only then
	Pattern Pattern
	Silence int32 // days since the last purchase

	Usual   float64      // the customer's usual gap in days; NaN where the population has no rhythm
	Overdue float64      // the silence in usual gaps; NaN as well
	Due     customer.Day // when the next purchase is expected; 0 where Usual is NaN

	Risk   Score // of losing the customer: 100 is the worst
	Health Score // of the relation: 100 is the best
}

// Bands returns the bands of the risk.
func (s *Scorer) Bands() *Bands { return &s.bands }

// Of scores a customer. Whoever did not buy by the day is no customer to lose: their scores are unknown.
func (s *Scorer) Of(e *Evidence) (v Verdict) {
	v.Usual, v.Overdue = math.NaN(), math.NaN()
	if e.History != nil {
		v.Pattern, v.Bought = PatternOf(e.History, s.asOf, s.settings.HorizonDays)
	}
	if !v.Bought {
		v.Risk.settle(false)
		v.Health.settle(false)
		return v
	}
	v.Silence = s.asOf - v.Pattern.Last
	var rhythm Rhythm
	if s.prior != nil {
		rhythm = s.prior.Of(v.Pattern)
		v.Usual, v.Overdue, v.Due = rhythm.Usual(), rhythm.Overdue(v.Silence), rhythm.Due(v.Pattern.Last)
	}
	opinion := s.opinion(e.Signs)
	s.risk(e, &v, rhythm, &opinion)
	s.health(e, &v, &opinion)
	return v
}

// risk scores the risk. Complaints and open tickets have the value 1 and a weight that grows with them, so that more of
// them never lower a risk and none of them do not dilute it; they add to the other parts and are no risk by themselves.
func (s *Scorer) risk(e *Evidence, v *Verdict, rhythm Rhythm, opinion *opinion) {
	w, r := &s.settings.Risk, &v.Risk
	told := !math.IsNaN(e.Alive) && (e.OneTimersLeave || v.Pattern.Purchases > 1)
	if told {
		r.add(PartAlive, w.Alive, 1-e.Alive, because(ReasonAlive, e.Alive))
	}
	if s.prior != nil {
		survival := rhythm.Survival(v.Silence)
		stays := survival
		if told {
			stays = e.Alive
		}
		chance, days := s.chance(rhythm, v, stays)
		r.add(PartPace, w.Pace, 1-chance, because(ReasonPace, float64(v.Pattern.Purchases), float64(s.asOf-v.Pattern.First), float64(days), chance))
		r.add(PartRhythm, w.Rhythm, 1-survival, because(ReasonSilence, float64(v.Silence), v.Usual, survival))
	}
	if events, expected, ok := s.activity(e, v.Pattern.First); ok {
		r.add(PartActivity, w.Activity, 1-(events+1)/(expected+1), because(ReasonActivity, events, expected))
	}
	if opinion.known {
		r.add(PartAnswers, w.Answers*opinion.weight, 1-opinion.value, opinion.reason)
	}
	based := r.n > 0
	if e.Signs != nil {
		complaints := e.Signs.Of(customer.ComplaintFiled)
		if n := s.decayed(complaints, &s.complaints); n > 0 {
			r.add(PartComplaints, w.Complaints*n/(n+1), 1, because(ReasonComplaints, float64(s.year(complaints)), float64(s.since(complaints))))
		}
		if n := float64(s.until(e.Signs.Of(customer.TicketOpened)) - s.until(e.Signs.Of(customer.TicketResolved))); n > 0 {
			r.add(PartTickets, w.Tickets*n/(n+1), 1, because(ReasonTickets, n))
		}
	}
	r.settle(based)
}

const (
	// leaving is the weight, 0 to 1, of the forecast by which a customer may have left. With less of it the CDNOW sample
	// would be ranked a little better still. With this much, and the default weights and levels, everybody comes to a high
	// risk who has been silent for eight usual gaps and is a customer with less than 2 % probability: .02^.3 is .31, so
	// that the pace's value is .69 or more, whatever the pace.
	leaving = .3
	// gapsAhead is how many usual gaps the pace looks ahead at least: within a shorter time no purchase of a slow customer
	// is to be expected, however loyal. So whoever bought within the usual gap is at low risk at any pace.
	gapsAhead = 1.5
)

// chance returns the probability, 0 to 1, that another purchase comes, and within how many days: the horizon's, or
// gapsAhead where those are more. Given is the probability that the customer has not left.
//
// It is the logarithmic pool (Genest & Zidek 1986, "Combining Probability Distributions") of two forecasts: the pace's
// own, c, by which nobody leaves, and c · stays, by which whoever left never comes back: c^(1−w) (c · stays)^w = c · stays^w.
// As in every such pool the one that is certain of no purchase prevails. The second alone would be too sure: purchases come
// in bursts (Zhang, Bradlow & Small 2015, "Predicting Customer Value Using Clumpiness"), and of the ten customers of the
// sample whom BG/NBD gave less than 2 % five came back.
func (s *Scorer) chance(rhythm Rhythm, v *Verdict, stays float64) (p float64, days int32) {
	days = int32(min(max(float64(s.settings.HorizonDays), math.Ceil(gapsAhead*v.Usual)), math.MaxInt32))
	return rhythm.Chance(v.Silence, days) * math.Exp(leaving*math.Log(stays)), days
}

// halfEngaged is how many events of this month give engagement half of its weight.
const halfEngaged = 3

// health scores the health: that the customer stays, how the purchases go by the customer's own rhythm, engagement and
// advocacy, and answers. Engagement and advocacy have the value 1 and a weight that grows with them: more of either
// never lowers a health, and who shows none is judged by the rest.
func (s *Scorer) health(e *Evidence, v *Verdict, opinion *opinion) {
	w, h := &s.settings.Health, &v.Health
	if v.Risk.Known() {
		h.add(PartStay, w.Stay, 1-v.Risk.Value/100, because(ReasonStay, v.Risk.Value))
	}
	if s.prior != nil && s.asOf > v.Pattern.First { // of who began today there is no trend
		days := float64(min(s.asOf-v.Pattern.First, s.settings.HorizonDays))
		lately, expected := float64(v.Pattern.Lately), days/v.Usual
		h.add(PartTrend, w.Trend, (lately+1)/(lately+expected+2), because(ReasonTrend, lately, days, expected))
	}
	if opinion.known {
		h.add(PartAnswers, w.Answers*opinion.weight, opinion.value, opinion.reason)
	}
	based := h.n > 0
	s.engage(e, h)
	if e.Signs != nil {
		referrals, reviews := e.Signs.Of(customer.Referral), e.Signs.Of(customer.Review)
		if n := s.decayed(referrals, &s.answers) + s.decayed(reviews, &s.answers); n > 0 {
			h.add(PartAdvocacy, w.Advocacy*n/(n+1), 1, because(ReasonAdvocacy, float64(s.year(referrals)), float64(s.year(reviews))))
		}
	}
	h.settle(based)
}

// engage adds engagement: what the customer did of late, but for trouble, and check-ins once more.
func (s *Scorer) engage(e *Evidence, h *Score) {
	if e.Activity == nil {
		return
	}
	n, events, checkIns := s.decayed(e.Activity, &s.engagement), s.year(e.Activity), int64(0)
	if e.Signs != nil {
		for _, sign := range trouble {
			n -= s.decayed(e.Signs.Of(sign), &s.engagement)
			events -= s.year(e.Signs.Of(sign))
		}
		n = max(n, 0) + s.decayed(e.Signs.Of(customer.CheckIn), &s.engagement)
		checkIns = s.year(e.Signs.Of(customer.CheckIn))
	}
	if n > 0 {
		h.add(PartEngagement, s.settings.Health.Engagement*n/(n+halfEngaged), 1, because(ReasonEngagement, float64(max(events, 0)), float64(checkIns)))
	}
}
