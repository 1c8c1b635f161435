package segment_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/segment"
)

var update = flag.Bool("update", false, "write testdata/labels.txt anew")

func builtIn(t testing.TB) *segment.Set {
	t.Helper()
	s, err := segment.BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// shop is a population of which half bought within 60 days, half twice or more, and half for 100 or more.
func shop(in segment.Input, p float64) (float64, bool) {
	switch in {
	case segment.RecencyDays:
		return 120 * p, true
	case segment.Frequency:
		return float64(int(4*p*p)) + 1, true
	case segment.Monetary:
		return 100 * p / (1.001 - p), true
	}
	return 0, false
}

// person is a customer in a sentence, and the facts that are not those of a regular.
type person struct {
	is    string
	facts map[segment.Input]float64
}

// regular is someone of whom everything is known and nothing stands out.
func regular() segment.Facts {
	f := segment.Missing()
	for in, v := range map[segment.Input]float64{
		segment.R: 3, segment.F: 3, segment.M: 3, segment.RecencyDays: 50, segment.Frequency: 2, segment.Monetary: 110,
		segment.Orders: 3, segment.TenureDays: 300, segment.Alive: .8, segment.ExpectedOrders: .6, segment.CLV: 90,
		segment.Risk: 30, segment.Health: 70, segment.Overdue: .7, segment.Activity: 4, segment.ActivityTrend: 1,
		segment.Tickets: 0, segment.OpenTickets: 0, segment.Complaints: 0, segment.NPS: 8, segment.CSAT: 4, segment.CES: 5,
		segment.Referrals: 0, segment.Reviews: 0, segment.CheckIns: 0,
	} {
		f[in] = v
	}
	return f
}

func (p person) with() segment.Facts {
	f := regular()
	for in, v := range p.facts {
		f[in] = v
	}
	return f
}

type facts = map[segment.Input]float64

var people = []person{
	{"buys now and then, and is content", nil},
	{"buys every other week for four years, spends most of all, and brings friends", facts{
		segment.R: 5, segment.F: 5, segment.M: 5, segment.RecencyDays: 4, segment.Frequency: 26, segment.Monetary: 20000, segment.Orders: 104,
		segment.TenureDays: 1500, segment.Risk: 2, segment.Overdue: .3, segment.Activity: 40, segment.Referrals: 4, segment.Reviews: 9}},
	{"spends well, and has stayed away for five times the usual gap", facts{
		segment.R: 1, segment.F: 4, segment.M: 5, segment.RecencyDays: 110, segment.Frequency: 4, segment.Monetary: 900, segment.Orders: 12,
		segment.TenureDays: 700, segment.Risk: 88, segment.Overdue: 5, segment.Activity: 0}},
	{"ordered for the first time last week", facts{
		segment.R: 5, segment.F: 1, segment.M: 1, segment.RecencyDays: 7, segment.Frequency: 1, segment.Monetary: 30, segment.Orders: 1,
		segment.TenureDays: 7, segment.Overdue: nan, segment.Activity: 2}},
	{"ordered once, four months ago", facts{
		segment.R: 2, segment.F: 1, segment.M: 2, segment.RecencyDays: 120, segment.Frequency: 1, segment.Monetary: 60, segment.Orders: 1,
		segment.TenureDays: 120, segment.Risk: 60, segment.Overdue: nan, segment.Activity: 0}},
	{"came back last month for the second time, and has complained", facts{
		segment.R: 4, segment.F: 3, segment.M: 2, segment.RecencyDays: 30, segment.Orders: 2, segment.TenureDays: 80, segment.Monetary: 70,
		segment.Complaints: 1, segment.Tickets: 2, segment.OpenTickets: 1, segment.NPS: 3}},
	{"is among the most recent of a shop that sold nothing for two years", facts{
		segment.R: 5, segment.F: 1, segment.M: 1, segment.RecencyDays: 740, segment.Frequency: 0, segment.Monetary: 0, segment.Orders: 6,
		segment.TenureDays: 1200, segment.Risk: 95, segment.Overdue: 12, segment.Activity: 0}},
	{"has been gone for the longest", facts{
		segment.R: 1, segment.F: 1, segment.M: 1, segment.RecencyDays: 2000, segment.Frequency: 0, segment.Monetary: 0, segment.Orders: 1,
		segment.TenureDays: 2000, segment.Risk: 99, segment.Overdue: nan, segment.Activity: 0}},
	{"buys often and cheaply, and asks the service a lot", facts{
		segment.R: 4, segment.F: 5, segment.M: 1, segment.RecencyDays: 12, segment.Frequency: 9, segment.Monetary: 40, segment.Orders: 20,
		segment.TenureDays: 500, segment.Tickets: 4, segment.Activity: 15}},
	{"bought once for a lot, and talks about it", facts{
		segment.R: 4, segment.F: 1, segment.M: 5, segment.RecencyDays: 25, segment.Frequency: 1, segment.Monetary: 500, segment.Orders: 1,
		segment.TenureDays: 25, segment.Overdue: nan, segment.Referrals: 3, segment.Reviews: 1}},
	{"is a regular whose risk no model could tell", facts{segment.Risk: nan, segment.Health: nan, segment.Alive: nan}},
	{"is a regular of whom only orders are known", facts{
		segment.Activity: nan, segment.ActivityTrend: nan, segment.Tickets: nan, segment.OpenTickets: nan, segment.Complaints: nan,
		segment.Referrals: nan, segment.Reviews: nan}},
}

func TestTypicalCustomersHaveTheLabelsThatOneExpects(t *testing.T) {
	l := builtIn(t).Compile(shop)
	var b strings.Builder
	for _, p := range people {
		f := p.with()
		fmt.Fprintf(&b, "Who %s:\n", p.is)
		for model, label := range l.Label(&f, segment.Labels{}).All() {
			fmt.Fprintf(&b, "  %-10s %s\n", model, label)
		}
	}
	const golden = "testdata/labels.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Error(diff)
	}
}

func TestBuiltInModelsHaveTheLabelsOfTheField(t *testing.T) {
	want := map[string]string{
		"rfm10":     "Champions, Potential Loyalist, Loyal Customers, Promising, New Customers, Can't Lose Them, At Risk, Need Attention, About To Sleep, Lost, Others",
		"rfm8":      "Key Value, Key Development, Key Retention, Key Win-back, General Value, General Development, General Retention, General Win-back",
		"abc":       "A, B, C",
		"four":      "gold, developing, potential, forgotten",
		"value":     "high, mid, potential",
		"behaviour": "loyal, intermittent, churn-risk",
		"needs":     "high-service, standard, self-service",
		"strategic": "core, important, ordinary",
		"lifecycle": "new, growing, mature, dormant, lost",
		"pyramid":   "top-1, top-5, top-20, other-80",
		"vast":      "pillar, strong, regular, marginal",
	}
	got := make(map[string]string)
	var told []string
	for _, m := range builtIn(t).Models() {
		var names []string
		for _, label := range m.Labels() {
			names = append(names, string(label))
			if _, ok := m.Segment(label); !ok {
				t.Errorf("%s has no segment for its label %s", m.Name, label)
			}
		}
		got[m.Name] = strings.Join(names, ", ")
		if m.Signals {
			told = append(told, m.Name)
		}
		again, err := segment.ParseModel(m.Source())
		if err != nil || again.Name != m.Name {
			t.Errorf("the source of %s is read as %v, %v", m.Name, again, err)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !slices.Equal(told, []string{"lifecycle", "rfm10"}) {
		t.Errorf("outreach is told of %v, want lifecycle and rfm10 alone", told)
	}
}

// The eight of rfm8 are the eight sides of three medians, in the order in which the field lists them.
func TestTheEightAreTheSidesOfThreeMedians(t *testing.T) {
	m, _ := builtIn(t).Model("rfm8")
	l := m.Compile(func(segment.Input, float64) (float64, bool) { return 10, true })
	for i, want := range m.Labels() {
		f := segment.Missing()
		f[segment.RecencyDays], f[segment.Frequency], f[segment.Monetary] = 10, 11, 11
		if i&2 != 0 {
			f[segment.RecencyDays] = 11
		}
		if i&1 != 0 {
			f[segment.Frequency] = 10
		}
		if i&4 != 0 {
			f[segment.Monetary] = 10
		}
		if got := l.Label(&f, segment.Labels{}).Get("rfm8"); got != want {
			t.Errorf("R %v, F %v, M %v is %s, want %s", f[segment.RecencyDays], f[segment.Frequency], f[segment.Monetary], got, want)
		}
	}
}

func TestStrategiesAreThoseOfTheSegmentsThatHaveOne(t *testing.T) {
	for _, c := range []struct{ model, label, en, zh string }{
		{"abc", "A", "15 minutes", "15 分钟"}, {"four", "gold", "15 minutes", "专属客户经理"}, {"rfm10", "Champions", "birthday gift", "生日礼"},
		{"abc", "B", "points", "满减"}, {"four", "potential", "coupon", "优惠券"}, {"rfm10", "At Risk", "win-back", "挽留"},
		{"rfm10", "Lost", "free trial", "免费体验"}, {"rfm10", "New Customers", "welcome", "首单"}, {"lifecycle", "new", "welcome", "首单"},
		{"rfm10", "Others", "", ""},
	} {
		m, _ := builtIn(t).Model(c.model)
		s, ok := m.Segment(segment.Label(c.label))
		if !ok || !strings.Contains(s.Strategy.En, c.en) || !strings.Contains(s.Strategy.Zh, c.zh) || (c.en == "") != (s.Strategy == segment.Text{}) {
			t.Errorf("%s of %s gets %+v, %v; want %s and %s", c.label, c.model, s.Strategy, ok, c.en, c.zh)
		}
	}
}
