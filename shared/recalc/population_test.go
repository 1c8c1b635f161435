package recalc_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/clv"
	"liuke/shared/customer"
	"liuke/shared/recalc"
)

// crowd draws the rows of customers who order and are seen until a day, the same for the same seed.
func crowd(n int, until customer.Day) []recalc.Row {
	rng := rand.New(rand.NewPCG(7, uint64(n)))
	rows := make([]recalc.Row, n)
	for i := range rows {
		var h customer.History
		var a customer.Activity
		var s customer.Signs
		pace, worth, leaves := 20+80*rng.ExpFloat64(), 500+8000*rng.ExpFloat64(), .8*rng.Float64()*rng.Float64()
		for at := float64(until) - 900*rng.Float64(); at <= float64(until); at += 1 + pace*rng.ExpFloat64() {
			h.Add(customer.Day(at), int64(worth*(.2+rng.ExpFloat64())))
			a.Add(customer.MonthOf(customer.Day(at)), 1+int64(rng.IntN(4)))
			if rng.Float64() < leaves {
				break
			}
		}
		if rng.IntN(8) == 0 {
			s.Add(customer.ComplaintFiled, customer.MonthOf(until)-customer.Month(rng.IntN(5)))
		}
		s.Declared = []string{"", "search", "friends", "fair"}[rng.IntN(4)]
		rows[i].ID = customer.ID(fmt.Sprint("c", i))
		rows[i].History, _ = h.MarshalBinary()
		rows[i].Activity, _ = a.MarshalBinary()
		rows[i].Signs, _ = s.MarshalBinary()
	}
	return rows
}

func TestAPopulationInBoundedMemoryHasTheSameFit(t *testing.T) {
	t.Parallel()
	today := customer.Date(2026, time.March, 2)
	rows, opts := crowd(3000, today), options(t)
	for _, binning := range []recalc.Binning{recalc.Quantile, recalc.NTile, recalc.Fixed} {
		terms := recalc.Terms{AsOf: today, WindowDays: 365, Binning: binning, Currency: "CNY", Model: clv.ModelMBGNBD, GroupedBy: recalc.ByChannel}
		if binning == recalc.Fixed {
			c := doneRun().Fit.Cuts
			c.Above = false
			terms.Cuts = &c
		}
		stood := doneRun()
		var whole recalc.Summary
		var parts []*recalc.Summary
		for chunk := range slices.Chunk(rows, 170) {
			s := &recalc.Summary{}
			for i := range chunk {
				if err := s.Summarize(&terms, &chunk[i]); err != nil {
					t.Fatal(err)
				}
			}
			whole.Merge(s)
			parts = append(parts, s)
		}
		want, err := recalc.FitOf(&terms, opts, &whole, stood)
		if err != nil {
			t.Fatal(err)
		}
		all := recalc.NewPopulation(&terms, opts, stood, len(rows))
		all.Hold(100, 1)
		looks := 0
		for again := true; again; again = all.Again() {
			for _, s := range parts {
				all.Add(s)
			}
			looks++
		}
		got, err := all.Fit()
		if diff := cmp.Diff(want, got); diff != "" || err != nil || looks != 2 {
			t.Errorf("%s after %d looks: %v\n%s", binning, looks, err, diff)
		}
		if len(want.Models.Groups.Groups) != 4 || want.Models.Before.Orders() == nil || want.Models.Rhythm == nil || !want.After || want.Drift == nil {
			t.Errorf("%s: the fit lacks something: %+v", binning, want.Models)
		}
	}
}

func TestASampleOfThePartsIsModelled(t *testing.T) {
	t.Parallel()
	today := customer.Date(2026, time.March, 2)
	rows, opts := crowd(4000, today), options(t)
	terms := recalc.Terms{AsOf: today, WindowDays: 365, Binning: recalc.Quantile, Currency: "CNY", Model: clv.ModelBGNBD}
	all := recalc.NewPopulation(&terms, opts, nil, len(rows))
	all.Hold(1000, 4)
	for chunk := range slices.Chunk(rows, 100) {
		s := &recalc.Summary{}
		for i := range chunk {
			if err := s.Summarize(&terms, &chunk[i]); err != nil {
				t.Fatal(err)
			}
		}
		all.Add(s)
	}
	fit, err := all.Fit()
	if err != nil || fit.Customers != 4000 || fit.Models.Customers != 1000 || fit.Models.Orders.Orders() == nil {
		t.Errorf("of %d customers %d are modelled, %v", fit.Customers, fit.Models.Customers, err)
	}
}

// TestShareOfCustomersWhoChangeDayByDay recalculates a shop each day for a month and reports what share of its customers
// is written each day.
func TestShareOfCustomersWhoChangeDayByDay(t *testing.T) {
	t.Parallel()
	opts := options(t)
	end := customer.Date(2026, time.March, 31)
	all := crowd(2500, end)
	standing := make([]customer.Scores, len(all))
	var stood *recalc.Run
	var shares []float64
	for day := end - 30; day <= end; day++ {
		run := &recalc.Run{ID: fmt.Sprint(day), Started: customer.DayTime(day), Terms: recalc.Terms{
			AsOf: day, WindowDays: 365, Binning: recalc.Quantile, Currency: "CNY", Model: clv.ModelMBGNBD, Apply: true,
		}}
		var s recalc.Summary
		for i := range all {
			if err := s.Summarize(&run.Terms, &all[i]); err != nil {
				t.Fatal(err)
			}
		}
		var err error
		if run.Fit, err = recalc.FitOf(&run.Terms, opts, &s, stood); err != nil {
			t.Fatal(err)
		}
		scorer, changed := recalc.NewScorer(run, opts, time.UTC), 0
		for i := range all {
			all[i].Standing = standing[i]
			line, err := scorer.Score(&all[i])
			if err != nil {
				t.Fatal(err)
			}
			if line.Differs() {
				standing[i] = line.Scores
				changed++
			}
		}
		if stood != nil {
			shares = append(shares, 100*float64(changed)/float64(s.Customers))
		}
		stood = run
	}
	t.Logf("of the customers, %% written day by day: %.1f", shares)
	slices.Sort(shares)
	t.Logf("median %.1f %%, most %.1f %%", shares[len(shares)/2], shares[len(shares)-1])
	if shares[len(shares)/2] > 15 || shares[0] == 0 {
		t.Errorf("a median day writes %.1f %% of the customers", shares[len(shares)/2])
	}
}

func TestTheOtherModelStandsInWhereTheDataDoNotDetermineTheOneAskedFor(t *testing.T) {
	t.Parallel()
	today := customer.Date(2026, time.March, 2)
	found := map[clv.Model]int{}
	for seed := range uint64(24) {
		rng := rand.New(rand.NewPCG(seed, 5))
		terms := recalc.Terms{AsOf: today, Binning: recalc.Quantile, Currency: "CNY"}
		var s recalc.Summary
		for i := range 400 {
			var h customer.History
			pace, leaves := 20/(.1+rng.ExpFloat64()), .1+.3*float64(seed%3)*rng.Float64()*rng.Float64()
			for at := float64(today) - 500*rng.Float64(); at <= float64(today); at += 1 + pace*rng.ExpFloat64() {
				h.Add(customer.Day(at), 1000+int64(rng.IntN(9000)))
				if rng.Float64() < leaves {
					break
				}
			}
			raw, _ := h.MarshalBinary()
			if err := s.Summarize(&terms, &recalc.Row{ID: customer.ID(fmt.Sprint(i)), History: raw}); err != nil {
				t.Fatal(err)
			}
		}
		alone := map[clv.Model]clv.OrdersFit{}
		for _, m := range []clv.Model{clv.ModelBGNBD, clv.ModelMBGNBD} {
			f, err := clv.FitOrders(s.Groups.All(), m)
			if err != nil {
				t.Fatal(err)
			}
			alone[m] = f
		}
		for asked, other := range map[clv.Model]clv.Model{clv.ModelBGNBD: clv.ModelMBGNBD, clv.ModelMBGNBD: clv.ModelBGNBD} {
			terms.Model = asked
			fit, err := recalc.FitOf(&terms, options(t), &s, nil)
			if err != nil {
				t.Fatal(err)
			}
			want, instead := alone[asked], ""
			if want.Refused != "" && alone[other].Refused == "" {
				want, instead = alone[other], want.Refused
				found[asked]++
			}
			if diff := cmp.Diff(want, fit.Models.Orders); diff != "" || fit.Models.Instead != instead {
				t.Errorf("seed %d, asked for %s, instead because %q: %s", seed, asked, fit.Models.Instead, diff)
			}
			shown := (&recalc.Run{Terms: terms, Fit: fit}).View().Models
			if fitted := want.Orders(); fitted != nil && shown.Used != fitted.Model() || instead != "" && (shown.BGNBD == nil || shown.MBGNBD == nil) {
				t.Errorf("seed %d, asked for %s: shown are %+v", seed, asked, shown)
			}
		}
	}
	t.Logf("stood in for: %v", found)
	if found[clv.ModelBGNBD]+found[clv.ModelMBGNBD] == 0 {
		t.Error("no model stood in for the other: the test shows nothing")
	}
}
