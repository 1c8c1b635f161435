package economics_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"liuke/shared/cohort"
	"liuke/shared/customer"
	"liuke/shared/economics"
	"liuke/shared/fault"
	"liuke/shared/holdout"
	"liuke/shared/stats"
)

const documentJSON = `{
	"gross_margin": 0.32, "monthly_discount": 0.01, "years_retained": 3, "holdout_from": "2026-01-01",
	"acquisition": [
		{"month": "2026-01", "channel": "Search", "marketing": "120.00", "sales": "30", "operations": "10.50"},
		{"month": "2026-02", "channel": "search", "marketing": "80.00"},
		{"month": "2026-02", "channel": "fair", "sales": "500.00"}
	],
	"retention": [{"month": "2026-01", "cost": "4000.00"}, {"month": "2026-03", "cost": "500.00"}, {"month": "2026-04", "cost": "9999.00"}],
	"history": [{"spend": "100.00", "incremental_margin": "-20.00"}]
}`

func settings(t testing.TB, text string) *economics.Settings {
	t.Helper()
	s, err := economics.ParseSettings([]byte(text), "EUR")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func month(year int, m time.Month) customer.Month { return customer.MonthOf(customer.Date(year, m, 1)) }

func TestParseSettingsKeepsMoneyExact(t *testing.T) {
	want := &economics.Settings{
		Currency: "EUR", Margin: .32, Monthly: .01, Years: 3, From: customer.Date(2026, 1, 1),
		Acquisition: []economics.AcquisitionCost{
			{Month: month(2026, 1), Channel: "search", Marketing: 12000, Sales: 3000, Operations: 1050},
			{Month: month(2026, 2), Channel: "search", Marketing: 8000},
			{Month: month(2026, 2), Channel: "fair", Sales: 50000},
		},
		Retention: []economics.RetentionCost{{month(2026, 1), 400000}, {month(2026, 3), 50000}, {month(2026, 4), 999900}},
		History:   []economics.Point{{Spend: 10000, Margin: -2000}},
	}
	if diff := cmp.Diff(want, settings(t, documentJSON)); diff != "" {
		t.Error(diff)
	}
	least := settings(t, `{"gross_margin": 1}`)
	if diff := cmp.Diff(&economics.Settings{Currency: "EUR", Margin: 1, Monthly: .01, Years: 3, From: -1}, least); diff != "" {
		t.Error(diff)
	}
}

func TestParseSettingsPointsToTheMistake(t *testing.T) {
	for _, c := range []struct{ name, old, new, pointer, want string }{
		{"no margin", `"gross_margin": 0.32, `, ``, "/gross_margin", "missing"},
		{"a margin in percent", `0.32`, `32`, "/gross_margin", "a share"},
		{"a margin of nothing", `0.32`, `0`, "/gross_margin", "a share"},
		{"a negative discount", `0.01,`, `-0.01,`, "/monthly_discount", "0 to 1"},
		{"no year", `"years_retained": 3`, `"years_retained": 0`, "/years_retained", "above 0"},
		{"a day within a month", `2026-01-01`, `2026-01-02`, "/holdout_from", "first day"},
		{"a date that is none", `2026-01-01`, `2026-13-01`, "/holdout_from", "first day"},
		{"a month that is none", `"month": "2026-01", "channel"`, `"month": "January", "channel"`, "/acquisition/0/month", "2026-11"},
		{"a month before 1970", `"month": "2026-01", "cost"`, `"month": "1969-12", "cost"`, "/retention/0/month", "2026-11"},
		{"no channel", `"channel": "fair", `, ``, "/acquisition/2/channel", "missing"},
		{"a channel's name that no customer can have", `"fair"`, `"the fair of all fairs in all the land"`, "/acquisition/2/channel", "at most 32 bytes"},
		{"a month and channel twice", `"channel": "fair"`, `"channel": "SEARCH"`, "/acquisition/2", "entry 1 already"},
		{"a month of retention twice", `"month": "2026-03"`, `"month": "2026-01"`, "/retention/1", "entry 0 already"},
		{"an entry without cost", `, "sales": "500.00"`, ``, "/acquisition/2", "no cost"},
		{"more decimals than the currency has", `"120.00"`, `"120.001"`, "/acquisition/0/marketing", "more decimals"},
		{"a cost below 0", `"30"`, `"-30"`, "/acquisition/0/sales", "not below 0"},
		{"a cost of retention below 0", `"500.00"}, {"month": "2026-04"`, `"-500.00"}, {"month": "2026-04"`, "/retention/1/cost", "not below 0"},
		{"no cost of retention", `"month": "2026-01", "cost": "4000.00"`, `"month": "2026-01"`, "/retention/0/cost", "missing"},
		{"a spend below 0", `"spend": "100.00"`, `"spend": "-100.00"`, "/history/0/spend", "not below 0"},
		{"a point without margin", `, "incremental_margin": "-20.00"`, ``, "/history/0/incremental_margin", "missing"},
		{"an amount beyond all sums", `"120.00"`, `"1000000000000.01"`, "/acquisition/0/marketing", "too large"},
		{"an unknown member", `"years_retained"`, `"years"`, "/years", "no such member"},
		{"money as a number", `"120.00"`, `120.00`, "/acquisition/0/marketing", "this takes a text, in quotes, and not a number"},
		{"null", `"fair"`, `null`, "/acquisition/2/channel", "null"},
	} {
		t.Run(c.name, func(t *testing.T) {
			broken := strings.Replace(documentJSON, c.old, c.new, 1)
			if broken == documentJSON {
				t.Fatal("the case breaks nothing")
			}
			_, err := economics.ParseSettings([]byte(broken), "EUR")
			var f *fault.Error
			if !errors.As(err, &f) || f.Code != fault.Invalid || c.pointer != "" && f.Pointer != c.pointer || !strings.Contains(f.Message, c.want) {
				t.Errorf("got %+v, want %s: %s", err, c.pointer, c.want)
			}
		})
	}
	many := `{"gross_margin": 1, "retention": [` + strings.TrimSuffix(strings.Repeat(`{"month":"2026-01","cost":"1"},`, economics.MaxEntries+1), ",") + `]}`
	if _, err := economics.ParseSettings([]byte(many), "EUR"); fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), "entries") {
		t.Errorf("too many entries: %v", err)
	}
}

func FuzzParseSettings(f *testing.F) {
	f.Add(documentJSON)
	f.Add(`{"gross_margin": 1e-320}`)
	f.Fuzz(func(t *testing.T, text string) {
		s, err := economics.ParseSettings([]byte(text), "JPY")
		if err != nil {
			if fault.CodeOf(err) != fault.Invalid {
				t.Error(err)
			}
			return
		}
		r, err := economics.ReportOf(economics.Input{Settings: s, Arrivals: &cohort.Arrivals{}, ForecastMargin: 1, Arms: &holdout.Arms{}, AsOf: customer.Date(2026, 11, 30)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.JSON(); err != nil {
			t.Error(err)
		}
		r.Text()
	})
}

func TestTheFormulasGiveThePublishedNumbers(t *testing.T) {
	near := func(what string, got, want, within float64) {
		t.Helper()
		if !(math.Abs(got-want) <= within) {
			t.Errorf("%s is %.10g, want %.10g", what, got, want)
		}
	}
	r := economics.ReturnByBuyers(stats.Share{Successes: 720, N: 9000}, stats.Share{Successes: 60, N: 1000}, 32, 4500)
	near("incremental", r.Incremental.Value, 180, 1e-9)
	near("margin", r.Margin.Value, 5760, 1e-8)
	near("ROI", r.ROI.Value, .28, 1e-12)
	near("the lift's lower end", r.Effect.Low, .002658, 5e-7)
	near("the lift's upper end", r.Effect.High, .034324, 5e-7)
	near("the ROI's lower end", r.ROI.Low, (r.Effect.Low*9000*32-4500)/4500, 1e-12)
	near("the ROI's upper end", r.ROI.High, (r.Effect.High*9000*32-4500)/4500, 1e-12)

	near("an annuity without discount", economics.Annuity(36, 0), 36, 0)
	near("an annuity at 1 %", economics.Annuity(36, .01), 30.107505, 1e-6) // of the usual tables
	near("the plain product", economics.SimpleCLV(50, 4, 3, 0, 1), 600, 1e-9)
	near("the discounted value", economics.SimpleCLV(50, 4, 3, .01, .5), .5*200/12*30.107505, 1e-5)
	if _, ok := economics.CAC(100, 0); ok {
		t.Error("no customers have no cost of acquisition")
	}
}

func TestAnnuityIsTheSumOfTheDiscountedMonths(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, months := rapid.Float64Range(0, 1).Draw(t, "discount"), rapid.IntRange(0, 600).Draw(t, "months")
		want := 0.0
		for m := range months {
			want += math.Pow(1+d, -float64(m+1))
		}
		if got := economics.Annuity(float64(months), d); math.Abs(got-want) > 1e-9*(1+want) {
			t.Fatalf("%g, want %g", got, want)
		}
	})
}
