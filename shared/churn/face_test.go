package churn

import (
	"math"
	"testing"

	"liuke/shared/clv"
	"liuke/shared/customer"
)

// shop is a population with the parameters that the CDNOW sample has.
type shop struct {
	name  string
	model clv.Orders // nil for none
}

var shops = []shop{
	{"BG/NBD", &clv.BGNBD{R: .243, Alpha: 4.414, A: .793, B: 2.426}},
	{"MBG/NBD", &clv.MBGNBD{R: .525, Alpha: 6.183, A: .891, B: 1.614}},
	{"no model of orders", nil},
}

var rhythmOfShops = Prior{Shape: 1.05, Rate: .656, Days: 46.8, Customers: 946}

// regular scores a customer who bought some times at equal gaps, days, and then was silent.
func (s *shop) regular(scorer *Scorer, purchases, gap, silence int32) (v Verdict, alive float64) {
	var h customer.History
	for i := range purchases {
		h.Add(today-silence-i*gap, 1000)
	}
	e := Evidence{Alive: math.NaN(), History: &h}
	if s.model != nil {
		const week = 7
		tx := float64((purchases - 1) * gap)
		e.Alive = s.model.Alive(float64(purchases-1), tx/week, (tx+float64(silence))/week)
		e.OneTimersLeave = s.model.Model() == clv.ModelMBGNBD
	}
	return scorer.Of(&e), e.Alive
}

func TestTheBandIsWhatAShopkeeperWouldSay(t *testing.T) {
	scorer := NewScorer(Default(), &rhythmOfShops, today)
	for _, c := range []struct {
		name                    string
		purchases, gap, silence int32
		want                    string
	}{
		{"eight weekly orders, the last today", 8, 7, 0, Low},
		{"eight weekly orders, the last a week ago", 8, 7, 7, Low},
		{"eight weekly orders, the last eleven weeks ago", 8, 7, 77, Medium},
		{"eight weekly orders, the last four months ago", 8, 7, 120, High},
		{"eight weekly orders, the last 400 days ago", 8, 7, 400, High},
		{"fifty weekly orders, the last ten days ago", 50, 7, 10, Low},
		{"fifty weekly orders, the last half a year ago", 50, 7, 180, High},
		{"six monthly orders, the last three weeks ago", 6, 30, 21, Low},
		{"six monthly orders, the last a year ago", 6, 30, 365, High},
		{"an order every half year, the last five months ago", 6, 182, 150, Low},
		{"an order every half year, the last three years ago", 6, 182, 1095, High},
		{"two orders a month apart, the second a week ago", 2, 30, 7, Low},
		{"two orders a month apart, the second four months ago", 2, 30, 120, Medium},
		{"two orders a month apart, the second a year ago", 2, 30, 365, High},
		{"a first order today", 1, 0, 0, Low},
		{"a first order two weeks ago", 1, 0, 14, Low},
		{"a first order two months ago", 1, 0, 60, Medium},
		{"a first order a year ago", 1, 0, 365, High},
	} {
		for _, s := range shops[:2] {
			t.Run(c.name+", "+s.name, func(t *testing.T) {
				v, alive := s.regular(scorer, c.purchases, c.gap, c.silence)
				if got := scorer.Bands().Of(v.Risk.Value, ""); got != c.want {
					t.Errorf("the risk is %.1f, %s, with P(alive) %.3f after %.1f usual gaps; want %s", v.Risk.Value, got, alive, v.Overdue, c.want)
				}
			})
		}
	}
}

// everyPace calls f for customers of many paces, whom two purchases or more have made known.
func everyPace(f func(purchases, gap int32)) {
	for _, gap := range []int32{1, 2, 3, 5, 7, 10, 14, 21, 30, 45, 60, 90, 120, 182, 365} {
		for _, purchases := range []int32{2, 3, 4, 6, 8, 12, 20, 35, 51} {
			f(purchases, gap)
		}
	}
}

func TestWhoeverBoughtWithinTheUsualGapIsAtLowRiskAtAnyPace(t *testing.T) {
	scorer := NewScorer(Default(), &rhythmOfShops, today)
	for _, s := range shops {
		highest := 0.0
		everyPace(func(purchases, gap int32) {
			if s.model == nil && purchases == 2 { // one gap alone, and no model beside it, makes nobody's pace known
				return
			}
			v, _ := s.regular(scorer, purchases, gap, 0)
			for _, share := range []float64{0, .5, 1} {
				silence := int32(share * v.Usual)
				after, _ := s.regular(scorer, purchases, gap, silence)
				highest = max(highest, after.Risk.Value)
				if got := scorer.Bands().Of(after.Risk.Value, ""); got != Low {
					t.Errorf("%s: %d purchases every %d days, %d days of usually %.0f ago, are at %s risk, %.1f", s.name, purchases, gap, silence, v.Usual, got, after.Risk.Value)
				}
			}
		})
		t.Logf("%s: the highest risk within the usual gap is %.1f", s.name, highest)
	}
}

func TestWhoeverIsSilentForEightUsualGapsAndTakenForLostIsAtHighRiskAtAnyPace(t *testing.T) {
	scorer := NewScorer(Default(), &rhythmOfShops, today)
	for _, s := range shops {
		lowest := 100.0
		everyPace(func(purchases, gap int32) {
			v, _ := s.regular(scorer, purchases, gap, 0)
			silence := int32(math.Ceil(8 * v.Usual))
			after, alive := s.regular(scorer, purchases, gap, silence)
			for alive >= .02 {
				silence += max(silence/16, 1)
				after, alive = s.regular(scorer, purchases, gap, silence)
			}
			lowest = min(lowest, after.Risk.Value)
			if got := scorer.Bands().Of(after.Risk.Value, Medium); got != High {
				t.Errorf("%s: %d purchases every %d days, silent for %d of usually %.0f, are at %s risk, %.1f, with P(alive) %.3f", s.name, purchases, gap, silence, v.Usual, got, after.Risk.Value, alive)
			}
		})
		t.Logf("%s: the lowest risk after eight usual gaps is %.1f", s.name, lowest)
	}
}

func TestThePaceCountsAsFarAsTheCustomerHasNotLeft(t *testing.T) {
	scorer, slow := NewScorer(Default(), &prior, today), NewScorer(Default(), &Prior{Shape: 1, Rate: 2, Days: 400}, today)
	once, twice := historyOf(day{today - 40, 1}), historyOf(day{today - 80, 1}, day{today - 40, 1})
	first, second := Rhythm{1.1, 1.5, 60}, Rhythm{1.1, 2.6, 100}
	for _, c := range []struct {
		name   string
		scorer *Scorer
		e      Evidence
		chance float64
		days   float64
	}{
		{"whoever has not left keeps the pace", scorer, Evidence{Alive: 1, History: twice}, second.Chance(40, 90), 90},
		{"whoever has left does not come back", scorer, Evidence{Alive: 0, History: twice}, 0, 90},
		{"the doubt counts by three tenths", scorer, Evidence{Alive: .1, History: twice}, second.Chance(40, 90) * math.Pow(.1, .3), 90},
		{"the silence stands in where no model tells", scorer, Evidence{Alive: math.NaN(), History: twice}, second.Chance(40, 90) * math.Pow(second.Survival(40), .3), 90},
		{"as for whoever bought once under BG/NBD", scorer, Evidence{Alive: 1, History: once}, first.Chance(40, 90) * math.Pow(first.Survival(40), .3), 90},
		{"MBG/NBD tells of them", scorer, Evidence{Alive: .5, OneTimersLeave: true, History: once}, first.Chance(40, 90) * math.Pow(.5, .3), 90},
		{"one and a half usual gaps are waited for", slow, Evidence{Alive: 1, History: twice}, Rhythm{1, 3, 440}.Chance(40, 220), 220},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := c.scorer.Of(&c.e)
			for _, p := range v.Risk.Parts() {
				if p.Kind != PartPace {
					continue
				}
				params := p.Reason.Params()
				if math.Abs(p.Value-(1-c.chance)) > 1e-12 || math.Abs(params["probability"]-c.chance) > 1e-12 || params["horizon_days"] != c.days {
					t.Errorf("the pace is %+v, want a chance of %v within %v days", p, c.chance, c.days)
				}
				return
			}
			t.Error("the pace is not among the parts")
		})
	}
}
