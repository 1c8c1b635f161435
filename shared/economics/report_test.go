package economics_test

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"liuke/shared/cohort"
	"liuke/shared/customer"
	"liuke/shared/economics"
	"liuke/shared/holdout"
)

var asOf = customer.Date(2026, 4, 15)

// came adds customers who ordered first on a day and, some, a second time 30 days later, each order for 50.
func came(a *cohort.Arrivals, channel string, day customer.Day, once, twice int, forecast float64) {
	for i := range once + twice {
		var h customer.History
		h.Add(day, 5000)
		if i >= once {
			h.Add(day+30, 5000)
		}
		a.Add(&h, channel, forecast, 100, asOf)
	}
}

func arrivals() *cohort.Arrivals {
	var a cohort.Arrivals
	came(&a, "search", customer.Date(2026, 1, 10), 8, 2, 40)
	came(&a, "search", customer.Date(2026, 2, 1), 5, 0, math.NaN())
	came(&a, "search", customer.Date(2026, 3, 1), 5, 0, 40) // without costs
	came(&a, "", customer.Date(2026, 1, 10), 3, 1, 40)
	return &a
}

func find(t *testing.T, rows []economics.Acquisition, month, channel string) economics.Acquisition {
	t.Helper()
	for _, r := range rows {
		if r.Month == month && r.Channel == channel {
			return r
		}
	}
	t.Fatalf("no row of %s, %s", month, channel)
	return economics.Acquisition{}
}

func TestAcquisitionByMonthAndChannel(t *testing.T) {
	rows := economics.AcquisitionOf(settings(t, documentJSON), arrivals(), 1, asOf)
	near := func(what string, got *float64, want float64) {
		t.Helper()
		if got == nil || math.Abs(*got-want) > 1e-9 {
			t.Errorf("%s is %v, want %g", what, got, want)
		}
	}
	january := find(t, rows, "2026-01", "search")
	if january.Customers != 10 || january.Cost != 16050 || january.Net != 60000 || january.FirstRevenue != 50000 || january.Reason != "" {
		t.Errorf("%+v", january)
	}
	rate := 2 / (10 * 95 / 365.25)
	simple := economics.SimpleCLV(50, rate, 3, .01, .32)
	near("CAC", january.CAC, 16.05)
	near("the average order", january.AverageOrder, 50)
	near("orders a year", january.OrdersAYear, rate)
	near("the simple value", january.SimpleCLV, simple)
	near("its return", january.SimpleROI, (simple-16.05)/16.05)
	near("the model's value", january.ModelCLV, .32*60+.32*40)
	near("its return", january.ModelROI, (.32*100-16.05)/16.05)

	if r := find(t, rows, "2026-02", "search"); r.ModelCLV != nil || r.ModelROI != nil || r.CAC == nil || *r.CAC != 16 {
		t.Errorf("without a model: %+v", r)
	}
	if r := find(t, rows, "2026-02", "fair"); r.Reason != economics.NoNewCustomers || r.CAC != nil || r.SimpleROI != nil || r.Cost != 50000 {
		t.Errorf("costs and nobody came: %+v", r)
	}
	if r := find(t, rows, "2026-01", "unknown"); r.Reason != economics.NoCosts || r.CAC != nil || r.ModelCLV == nil {
		t.Errorf("nobody knows what these cost: %+v", r)
	}
	all := find(t, rows, economics.AllMonths, "search")
	if all.Customers != 15 || all.Cost != 24050 {
		t.Errorf("the months with costs: %+v", all)
	}
	if r := find(t, rows, economics.AllMonths, "unknown"); r.Customers != 4 || r.Reason != economics.NoCosts {
		t.Errorf("%+v", r)
	}
	// a run whose forecasts are of margin already says the same
	if again := find(t, economics.AcquisitionOf(settings(t, documentJSON), arrivals(), .32, asOf), "2026-01", "search"); *again.ModelCLV != .32*60+40 {
		t.Errorf("the model's value is %g", *again.ModelCLV)
	}
}

func TestRetentionIsMeasuredOverWholeMonths(t *testing.T) {
	s := settings(t, documentJSON)
	from, through, ok := s.Measured(asOf)
	if !ok || from != customer.Date(2026, 1, 1) || through != customer.Date(2026, 3, 31) {
		t.Fatalf("%d to %d, %v", from, through, ok)
	}
	if _, through, _ := s.Measured(customer.Date(2026, 4, 30)); through != customer.Date(2026, 4, 30) {
		t.Errorf("on its last day a month is over: %d", through)
	}
	if _, _, ok := s.Measured(customer.Date(2026, 1, 30)); ok {
		t.Error("no month is over yet")
	}
	var arms holdout.Arms
	for i := range 9000 {
		buys := int64(0)
		if i < 720 {
			buys = 1
		}
		arms.Treated.Add(buys, buys*10000)
	}
	for i := range 1000 {
		buys := int64(0)
		if i < 60 {
			buys = 1
		}
		arms.Held.Add(buys, buys*10000)
	}
	r := economics.RetentionOf(s, &arms, asOf)
	if r.Cost != 450000 || r.Reason != "" || r.Treated.Net != "7200000" {
		t.Errorf("%+v", r)
	}
	if b := r.ByBuyers; math.Abs(b.ROI.Value-.28) > 1e-12 || math.Abs(b.Margin.Value-5760) > 1e-9 || !(b.ROI.Low < .28 && .28 < b.ROI.High) {
		t.Errorf("by buyers %+v", b)
	}
	// every buyer spends the same, so that revenue says the same as buyers do
	if b := r.ByRevenue; math.Abs(b.ROI.Value-.28) > 1e-9 || math.Abs(b.Effect.Value-2) > 1e-9 || !(b.Effect.Low > .4 && b.Effect.High < 3.6) {
		t.Errorf("by revenue %+v", b)
	}
}

func TestRetentionSaysWhyThereIsNoReturn(t *testing.T) {
	outcome := func(customers, buyers int) (o holdout.Outcome) {
		for i := range customers {
			n := int64(0)
			if i < buyers {
				n = 1
			}
			o.Add(n, n*100)
		}
		return o
	}
	noCost := strings.Replace(documentJSON, `{"month": "2026-01", "cost": "4000.00"}, {"month": "2026-03", "cost": "500.00"}, `, "", 1)
	for _, c := range []struct {
		name, document string
		arms           holdout.Arms
		want           string
		measured       bool
	}{
		{"nobody at all", documentJSON, holdout.Arms{}, "nobody is held out", false},
		{"nobody held out", documentJSON, holdout.Arms{Treated: outcome(10, 3)}, "nobody is held out", false},
		{"nobody treated", documentJSON, holdout.Arms{Held: outcome(10, 3)}, "nobody is treated", false},
		{"nobody bought", documentJSON, holdout.Arms{Treated: outcome(10, 0), Held: outcome(5, 0)}, "nobody bought", false},
		{"no cost", noCost, holdout.Arms{Treated: outcome(10, 3), Held: outcome(5, 1)}, "no costs recorded", true},
		{"no time", `{"gross_margin": 0.5}`, holdout.Arms{}, "no month is measured", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := economics.RetentionOf(settings(t, c.document), &c.arms, asOf)
			if !strings.Contains(r.Reason, c.want) || (r.ByBuyers != nil) != c.measured || r.ByBuyers != nil && r.ByBuyers.ROI != nil {
				t.Errorf("%+v, want %q", r, c.want)
			}
		})
	}
}

func report(t *testing.T, document string) *economics.Report {
	t.Helper()
	var arms holdout.Arms
	for i := range int64(100) {
		arms.Treated.Add(i%3, i%3*1000)
		arms.Held.Add(i%2, i%2*900)
	}
	r, err := economics.ReportOf(economics.Input{Settings: settings(t, document), Arrivals: arrivals(), ForecastMargin: 1, Arms: &arms, AsOf: asOf})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const history = `{"spend": "500", "incremental_margin": "2500"}, {"spend": "1000", "incremental_margin": "4400"}, {"spend": "2000", "incremental_margin": "6550"},
	{"spend": "3000", "incremental_margin": "7800"}, {"spend": "4500", "incremental_margin": "8500"}, {"spend": "6000", "incremental_margin": "8850"}`

func TestTheReportReadsAsJSONAndAsText(t *testing.T) {
	r := report(t, strings.Replace(documentJSON, `{"spend": "100.00", "incremental_margin": "-20.00"}`, history, 1))
	b, err := r.JSON()
	if err != nil || !strings.Contains(string(b), `"reason":"no new customers"`) || !strings.Contains(string(b), `"break_even":{"value":`) {
		t.Errorf("%s, %v", b, err)
	}
	text := r.Text()
	for _, line := range []string{
		"2026-01  search                      10        160.50     16.05",
		"2026-02  fair                         0        500.00         –           –        –           –        –  no new customers",
		"Retention from 2026-01-01 through 2026-03-31, at a cost of 4500.00",
		"treated            100        66        99          990.00",
		"One more EUR returns less than it costs above a spend of 2",
		"curve would say",
	} {
		if !strings.Contains(text, line) {
			t.Errorf("no %q in\n%s", line, text)
		}
	}
	short := report(t, documentJSON)
	if short.Curve != nil || !strings.Contains(short.Text(), "No curve of marginal returns: the curve needs 4 different spends") {
		t.Errorf("%s", short.Text())
	}
	empty, err := economics.ReportOf(economics.Input{AsOf: asOf})
	if err != nil || !strings.Contains(empty.Text(), "there is no document of costs and margin yet") {
		t.Errorf("%s, %v", empty.Text(), err)
	}
}

func TestTheDrawingIsWellFormedAndSaysWhatItShows(t *testing.T) {
	c := report(t, strings.Replace(documentJSON, `{"spend": "100.00", "incremental_margin": "-20.00"}`, history, 1)).Curve
	svg := c.SVG("EUR")
	var text strings.Builder
	circles := 0
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if token.Name.Local == "circle" {
				circles++
			}
		case xml.CharData:
			text.Write(token)
		}
	}
	if circles != 6 || strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") {
		t.Errorf("%d points in\n%s", circles, svg)
	}
	for _, want := range []string{"Margin that spend on retention brings, in EUR", "One more EUR returns less than it costs above a spend of", "fitted to 6 points"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, svg)
		}
	}
	if again := c.SVG("EUR"); again != svg {
		t.Error("drawn twice, it differs")
	}
}
