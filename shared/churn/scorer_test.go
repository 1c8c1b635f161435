package churn

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"liuke/shared/customer"
)

var (
	today = customer.Date(2025, 6, 15)
	prior = Prior{Shape: 1.1, Rate: 1.5, Days: 60, Customers: 1000}
)

func kinds(s *Score) string {
	var list []string
	for _, p := range s.Parts() {
		list = append(list, string(p.Kind))
	}
	return strings.Join(list, " ")
}

func signsOf(f func(s *customer.Signs)) *customer.Signs {
	var s customer.Signs
	f(&s)
	return &s
}

func activityOf(perMonth int64, from, until customer.Month) *customer.Activity {
	var a customer.Activity
	for m := from; m <= until; m++ {
		a.Add(m, perMonth)
	}
	return &a
}

func milli(d customer.Day) int64 { return customer.DayTime(d).UnixMilli() }

func TestWhatIsMissingHasNoSay(t *testing.T) {
	month := customer.MonthOf(today)
	once := historyOf(day{today - 40, 1})
	twice := historyOf(day{today - 80, 1}, day{today - 40, 1})
	seen := customer.DayTime(today - 600).Unix()
	for _, c := range []struct {
		name         string
		e            Evidence
		prior        *Prior
		risk, health string // the parts that have a say
	}{
		{"nobody bought", Evidence{Alive: .5}, &prior, "", ""},
		{"the first order is yet to come", Evidence{Alive: .5, History: historyOf(day{today + 1, 1})}, &prior, "", ""},
		{"an order alone, and no population", Evidence{Alive: math.NaN(), History: once}, nil, "", ""},
		{"BG/NBD knows nothing of whoever bought once", Evidence{Alive: 1, History: once}, &prior, "pace rhythm", "stay trend"},
		{"MBG/NBD does", Evidence{Alive: .6, OneTimersLeave: true, History: once}, &prior, "alive pace rhythm", "stay trend"},
		{"and BG/NBD of whoever bought twice", Evidence{Alive: .6, History: twice}, nil, "alive", "stay"},
		{"complaints, tickets and engagement are no score by themselves", Evidence{
			Alive: math.NaN(), History: once, Activity: activityOf(2, month-1, month),
			Signs: signsOf(func(s *customer.Signs) {
				s.Add(customer.ComplaintFiled, month)
				s.Add(customer.TicketOpened, month)
				s.Add(customer.Referral, month)
			}),
		}, nil, "", ""},
		{"tickets that were resolved are none", Evidence{Alive: .6, History: twice, Signs: signsOf(func(s *customer.Signs) {
			s.Add(customer.TicketOpened, month-2)
			s.Add(customer.TicketResolved, month-1)
		})}, nil, "alive", "stay"},
		{"what comes after the day is not known yet", Evidence{
			Alive: .6, History: twice, Activity: activityOf(2, month+1, month+2),
			Signs: signsOf(func(s *customer.Signs) {
				s.Add(customer.TicketOpened, month+1)
				s.Add(customer.ComplaintFiled, month+1)
				s.Add(customer.Review, month+1)
				s.Answered(customer.NPS, customer.Opinion{Score: 3, Time: milli(today + 2)})
			}),
		}, nil, "alive", "stay"},
		{"an answer of long ago is none", Evidence{Alive: .6, History: twice, Signs: signsOf(func(s *customer.Signs) {
			s.Answered(customer.NPS, customer.Opinion{Score: 3, Time: milli(today - 1000)})
		})}, nil, "alive", "stay"},
		{"activity has a trend after more than three months", Evidence{Alive: .6, History: twice, Seen: seen, Activity: activityOf(2, month-2, month)}, nil, "alive", "stay engagement"},
		{"everything", Evidence{
			Alive: .6, History: twice, Seen: seen, Activity: activityOf(2, month-8, month),
			Signs: signsOf(func(s *customer.Signs) {
				s.Add(customer.TicketOpened, month)
				s.Add(customer.ComplaintFiled, month-1)
				s.Add(customer.Review, month-3)
				s.Answered(customer.CSAT, customer.Opinion{Score: 4, Time: milli(today)})
			}),
		}, &prior, "alive pace rhythm activity answers complaints tickets", "stay trend answers engagement advocacy"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := NewScorer(Default(), c.prior, today).Of(&c.e)
			if got := kinds(&v.Risk); got != c.risk || v.Risk.Known() != (c.risk != "") {
				t.Errorf("the risk of %v has the parts %q, want %q", v.Risk.Value, got, c.risk)
			}
			if got := kinds(&v.Health); got != c.health || v.Health.Known() != (c.health != "") {
				t.Errorf("the health of %v has the parts %q, want %q", v.Health.Value, got, c.health)
			}
		})
	}
}

func TestAPartWithoutInputLeavesItsWeightToTheOthers(t *testing.T) {
	s := Default()
	s.Risk = RiskWeights{Alive: 30, Pace: 10, Rhythm: 20}
	v := NewScorer(s, &prior, today).Of(&Evidence{Alive: math.NaN(), History: historyOf(day{today - 40, 1})})
	if p := v.Risk.Parts(); len(p) != 2 || !near(p[0].Weight, 1./3, 1e-15) || !near(p[1].Weight, 2./3, 1e-15) {
		t.Errorf("without alive, pace and rhythm weigh %+v; want a third and two", p)
	}
}

func TestTheContributionsAddUpToTheScore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, settings := draw(t), drawSettings(t)
		v := NewScorer(settings, &prior, today).Of(d.evidence(0))
		for name, s := range map[string]*Score{"risk": &v.Risk, "health": &v.Health} {
			report := s.Report()
			if !s.Known() {
				if report.Score != nil || len(report.Parts) != 0 || len(s.Parts()) != 0 {
					t.Fatalf("an unknown %s is reported as %+v", name, report)
				}
				continue
			}
			sum, weight, points := 0.0, 0.0, 0
			for i, p := range s.Parts() {
				sum += p.Points
				weight += p.Weight
				points += report.Parts[i].Points
				if math.Abs(float64(report.Parts[i].Points)-p.Points) >= 1 || report.Parts[i].Text == "" || len(report.Parts[i].Params) == 0 {
					t.Fatalf("%+v is reported as %+v", p, report.Parts[i])
				}
			}
			if sum != s.Value || !(s.Value >= 0 && s.Value < 100+1e-9) || math.Abs(weight-1) > 1e-9 {
				t.Fatalf("the %s is %v, its parts come to %v with weights of %v", name, s.Value, sum, weight)
			}
			if points != *report.Score || math.Abs(float64(points)-s.Value) > .5+1e-9 {
				t.Fatalf("the %s %v is reported as %d with parts of %d", name, s.Value, *report.Score, points)
			}
		}
	})
}

// slack is what rounding may turn a score by.
const slack = 1e-9

func TestScoresMoveWithWhatMovesThem(t *testing.T) {
	more := func(sign customer.Sign) func(*rapid.T, *drawn) {
		return func(t *rapid.T, d *drawn) {
			d.signs[sign] = append(d.signs[sign], rapid.Int32Range(0, 30).Draw(t, "months ago"))
		}
	}
	for _, c := range []struct {
		name   string
		change func(*rapid.T, *drawn)
		longer bool
		risk   float64 // 1 where the risk may only rise, −1 where only fall
		health float64
	}{
		{name: "a longer silence", longer: true, risk: 1, health: -1},
		{name: "a complaint more", change: more(customer.ComplaintFiled), risk: 1, health: -1},
		{name: "a ticket more", change: more(customer.TicketOpened), risk: 1, health: -1},
		{name: "a ticket resolved", change: more(customer.TicketResolved), risk: -1, health: 1},
		{name: "a referral this month", change: func(_ *rapid.T, d *drawn) {
			d.signs[customer.Referral] = append(d.signs[customer.Referral], 0)
		}, risk: -1, health: 1},
		{name: "activity this month", change: func(_ *rapid.T, d *drawn) { d.activity = append(d.activity, 0) }, risk: -1, health: 1},
		{name: "less alive", change: func(_ *rapid.T, d *drawn) { d.alive /= 2 }, risk: 1, health: -1},
		{name: "a worse answer", change: func(_ *rapid.T, d *drawn) {
			for m, a := range d.answers {
				d.answers[m] = [2]int32{max(a[0]-2, 0), a[1]}
			}
		}, risk: 1, health: -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				d := draw(t)
				scorer := NewScorer(drawSettings(t), &prior, today)
				start, longer := int32(0), int32(0)
				if c.longer {
					longer = rapid.Int32Range(1, 400).Draw(t, "longer")
					if slices.Max(d.ago) == 0 {
						start = 1 // on the first day there is no trend yet, and one that is neither good nor bad may raise what else is bad
					}
				}
				before := scorer.Of(d.evidence(start))
				longer += start
				if c.change != nil {
					c.change(t, &d)
				}
				after := scorer.Of(d.evidence(longer))
				if (after.Risk.Value-before.Risk.Value)*c.risk < -slack {
					t.Fatalf("the risk goes from %v to %v:\n%+v\n%+v", before.Risk.Value, after.Risk.Value, before.Risk.Parts(), after.Risk.Parts())
				}
				if (after.Health.Value-before.Health.Value)*c.health < -slack {
					t.Fatalf("the health goes from %v to %v:\n%+v\n%+v", before.Health.Value, after.Health.Value, before.Health.Parts(), after.Health.Parts())
				}
			})
		})
	}
}

func TestReasonsAreSentencesWithTheirNumbers(t *testing.T) {
	month := customer.MonthOf(today)
	v := NewScorer(Default(), &Prior{Shape: 1, Rate: 1, Days: 20}, today).Of(&Evidence{
		Alive: .625, History: historyOf(day{today - 80, 1}, day{today - 40, 1}), Seen: customer.DayTime(today - 600).Unix(),
		Activity: activityOf(3, month-14, month-3),
		Signs: signsOf(func(s *customer.Signs) {
			s.Add(customer.TicketOpened, month)
			s.Add(customer.ComplaintFiled, month-1)
			s.Add(customer.Review, month)
			s.Answered(customer.NPS, customer.Opinion{Score: 4, Time: milli(today - 1)})
		}),
	})
	var got []string
	for _, s := range []*Score{&v.Risk, &v.Health} {
		for _, p := range s.Report().Parts {
			got = append(got, p.Text)
		}
	}
	want := []string{
		"With 62.5 % probability the customer has not left.",
		"2 purchases in 80 days: at this pace, and unless the customer has left, another comes within 90 days with 62.8 % probability.",
		"40 days since the last purchase, where 30 are usual: so long a gap comes with 36 % probability.",
		"0 events of activity in this month and the two before, where 7.5 were to be expected.",
		"The customer would recommend us with 4 of 10, said 1 day ago.",
		"1 complaint in twelve months, the last 1 month ago.",
		"1 ticket not resolved.",
	}
	for i, w := range want {
		if i >= len(got) || got[i] != w {
			t.Errorf("reason %d is %q, want %q", i, got[i], w)
		}
	}
	for _, text := range got {
		if text == "" {
			t.Errorf("a reason without a sentence among %q", got)
		}
	}
	if v.Usual != 30 || !near(v.Overdue, 4./3, 1e-12) || v.Due != today-10 || v.Silence != 40 {
		t.Errorf("40 of usually %v days, %v overdue, due on %d", v.Usual, v.Overdue, v.Due-today)
	}
	if p, ok := v.Risk.Leading(); !ok || p.Points != maxPoints(v.Risk.Parts()) {
		t.Errorf("%+v leads", p)
	}
}

func maxPoints(parts []Part) (most float64) {
	for _, p := range parts {
		most = max(most, p.Points)
	}
	return most
}

func TestScoringAllocatesNothing(t *testing.T) {
	d := drawn{ago: []int32{400, 300, 200, 90, 20}, activity: []int32{0, 1, 5, 9, 12}, signs: map[customer.Sign][]int32{customer.ComplaintFiled: {1}}, alive: .7}
	e, scorer := d.evidence(0), NewScorer(Default(), &prior, today)
	if n := testing.AllocsPerRun(100, func() { _ = scorer.Of(e) }); n > 0 {
		t.Errorf("%v allocations a customer", n)
	}
}

func BenchmarkScore(b *testing.B) {
	d := drawn{
		ago: []int32{400, 300, 200, 90, 20}, activity: []int32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12}, alive: .7,
		signs:   map[customer.Sign][]int32{customer.ComplaintFiled: {1}, customer.TicketOpened: {1, 2}, customer.Review: {3}},
		answers: map[customer.Metric][2]int32{customer.NPS: {6, 40}},
	}
	e, scorer := d.evidence(0), NewScorer(Default(), &prior, today)
	for b.Loop() {
		_ = scorer.Of(e)
	}
}
