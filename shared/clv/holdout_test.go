package clv

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"liuke/shared/customer"
)

func TestSplitsOfAHistory(t *testing.T) {
	type order struct {
		day customer.Day
		net int64
	}
	cases := []struct {
		name   string
		orders []order
		want   Split
		none   bool
	}{
		{name: "no order", none: true},
		{name: "a customer who began after the cut is not compared", orders: []order{{101, 5}}, none: true},
		{name: "nothing in the holdout", orders: []order{{60, 500}, {90, 40}}, want: Split{Transactions{1, 30, 40}, Spend{1, 40}, 0, 0, []int32{-10}}},
		{name: "the day of the cut is before it", orders: []order{{60, 500}, {100, 40}}, want: Split{Transactions{1, 40, 40}, Spend{1, 40}, 0, 0, []int32{0}}},
		{name: "orders of one day are one purchase", orders: []order{{60, 500}, {101, 40}, {101, 2}}, want: Split{Transactions{0, 0, 40}, Spend{}, 1, 42, []int32{1}}},
		{name: "the last day of the holdout counts, the next does not", orders: []order{{60, 500}, {114, 7}, {115, 9}}, want: Split{Transactions{0, 0, 40}, Spend{}, 1, 7, []int32{14}}},
	}
	var s Split
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var h customer.History
			for _, o := range c.orders {
				h.Add(o.day, o.net)
			}
			if ok := s.Of(&h, 100, 14); ok == c.none {
				t.Fatalf("ok is %v", ok)
			}
			if diff := cmp.Diff(c.want, s, cmpopts.EquateEmpty()); !c.none && diff != "" {
				t.Fatal(diff)
			}
		})
	}
}

func TestWeeksAfterACut(t *testing.T) {
	for day, want := range map[int32]int32{1: 1, 7: 1, 8: 2, 273: 39, 0: 0, -6: 0, -7: -1, -13: -1, -14: -2, math.MinInt32: -306783378, math.MaxInt32: 306783379} {
		if got := weekOf(day); got != want {
			t.Errorf("day %d is in week %d, want %d", day, got, want)
		}
	}
}

// anySplit draws a customer with any forecast.
func anySplit(t *rapid.T) (Forecast, Split) {
	alive := rapid.Float64Range(0, 1).Draw(t, "alive")
	f := Forecast{Alive: alive, Orders: rapid.Float64Range(0, 30).Draw(t, "orders"), Some: alive * rapid.Float64Range(0, 1).Draw(t, "some"), Spend: math.NaN()}
	if rapid.Bool().Draw(t, "priced") {
		f.Spend = rapid.Float64Range(0, 500).Draw(t, "spend")
	}
	age := rapid.Int32Range(0, 2000).Draw(t, "T")
	s := Split{Transactions: Transactions{T: age}}
	s.Repeats = rapid.SliceOfNDistinct(rapid.Int32Range(1-age, 28), 0, 12, rapid.ID[int32]).Draw(t, "repeats")
	slices.Sort(s.Repeats)
	for _, day := range s.Repeats {
		if day > 0 {
			s.Purchases++
			s.Total += int64(day) * 100
		} else {
			s.Transactions.X++
		}
	}
	return f, s
}

func TestAHoldoutIsItsDefinition(t *testing.T) {
	m := &MBGNBD{R: .6, Alpha: 9, A: .9, B: 3}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 30).Draw(t, "customers")
		var whole Holdout
		parts := make([]Holdout, 3)
		var absolute, squares, brier, p, a, pp, aa, pa, spent, worth float64
		for range n {
			f, s := anySplit(t)
			whole.Add(f, &s, 100)
			parts[rapid.IntRange(0, 2).Draw(t, "part")].Add(f, &s, 100)
			actual, some := float64(s.Purchases), 0.0
			if actual > 0 {
				some = 1
			}
			p, a, pp, aa, pa = p+f.Orders, a+actual, pp+f.Orders*f.Orders, aa+actual*actual, pa+f.Orders*actual
			absolute += math.Abs(f.Orders - actual)
			squares += (f.Orders - actual) * (f.Orders - actual)
			brier += (f.Some - some) * (f.Some - some)
			if !math.IsNaN(f.Spend) {
				spent += float64(s.Total) / 100
				worth += f.Spend
			}
		}
		var merged Holdout
		for _, i := range rapid.Permutation(indices(3)).Draw(t, "order") {
			raw, _ := parts[i].AppendBinary(nil)
			var back Holdout
			if rest, err := back.Decode(raw); err != nil || len(rest) > 0 {
				t.Fatalf("decoded with %d bytes left: %v", len(rest), err)
			}
			merged.Merge(&back)
		}
		x, _ := whole.AppendBinary(nil)
		y, _ := merged.AppendBinary(nil)
		if !bytes.Equal(x, y) {
			t.Fatal("merged parts are encoded otherwise than the whole")
		}
		r := merged.Report(m, 28, 100)
		if _, err := json.Marshal(r); err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			if r.Customers != 0 || len(r.Tracking) != 0 {
				t.Fatalf("of nobody it is %+v", r)
			}
			return
		}
		size := float64(n)
		check := func(name string, got, want, tolerance float64) {
			if !(math.Abs(got-want) <= tolerance*(1+math.Abs(want))) {
				t.Fatalf("%s is %.9f, want %.9f", name, got, want)
			}
		}
		check("customers", float64(r.Customers), size, 0)
		check("actual", r.Purchases.Actual, a, 0)
		check("predicted", r.Purchases.Predicted, p, 1e-8)
		check("MAE", r.MAE, absolute/size, 1e-8)
		check("the square of RMSE", r.RMSE*r.RMSE, squares/size, 1e-5)
		check("Brier's score", r.Brier, brier/size, 1e-8)
		check("spend", r.Spend.Actual, spent, 1e-9)
		check("predicted spend", r.Spend.Predicted, worth, .005*size)
		varied, differed := pp/size-p*p/size/size, aa/size-a*a/size/size
		if (r.Correlation != nil) && varied > .01 && differed > 0 {
			check("the correlation", *r.Correlation, (pa/size-p*a/size/size)/math.Sqrt(varied*differed), 1e-3)
		} else if r.Correlation == nil && varied > .01 && differed > 1e-9 {
			t.Fatal("there is no correlation")
		}
		last := r.Tracking[len(r.Tracking)-1]
		total := 0
		for _, row := range r.ByFrequency {
			total += int(row.Customers)
		}
		if total != n || last.Week != 4 || len(r.Tracking) > trackedWeeks+4 {
			t.Fatalf("%d customers by frequency, %d weeks until %d", total, len(r.Tracking), last.Week)
		}
		for i := 1; i < len(r.Tracking); i++ {
			if before, row := r.Tracking[i-1], r.Tracking[i]; row.Actual < before.Actual || row.Predicted < before.Predicted || row.Week != before.Week+1 {
				t.Fatalf("%+v follows %+v", row, before)
			}
		}
	})
}

func TestForecastsThatAreAllTheSameHaveNoCorrelation(t *testing.T) {
	var h Holdout
	h.Add(NoForecast(), &Split{Purchases: 9}, 100) // compares nothing
	for i := range int32(100) {
		h.Add(Forecast{Alive: .5, Orders: 1. / 3, Some: .25, Spend: math.NaN()}, &Split{Transactions: Transactions{T: 9}, Purchases: i % 3}, 100)
	}
	if r := h.Report(&BGNBD{R: 1, Alpha: 1, A: 1, B: 1}, 28, 100); r.Correlation != nil || r.Spend != (Compared{}) {
		t.Errorf("they correlate by %v, with a spend of %v", *r.Correlation, r.Spend)
	}
}

// Customers who are drawn from the model are, on the whole, what it expects of them after any cut.
func TestForecastsComeTrueForWhoeverIsDrawnFromTheModel(t *testing.T) {
	truth, spend := BGNBD{R: .6, Alpha: 90, A: .9, B: 3}, GammaGamma{P: 5, Q: 4, V: 20}
	const cut, held = 3000, 1400 // a tenth of a day each, as it were: few purchases are of one day
	for chances, m := range map[int]Orders{chancesBGNBD: &truth, chancesMBGNBD: (*MBGNBD)(&truth)} {
		rng := rand.New(rand.NewPCG(3, uint64(chances)))
		f := NewForecaster(m, &spend, held, Horizon{})
		var h Holdout
		for range 40_000 {
			var past, all customer.History
			first := rng.Int32N(cut)
			for _, o := range drawOrders(rng, cut+held-first, truth, spend, chances) {
				all.Add(first+o.day, o.net)
				if first+o.day <= cut {
					past.Add(first+o.day, o.net)
				}
			}
			var s, blind Split
			if !s.Of(&all, cut, held) || !blind.Of(&past, cut, held) || s.Transactions != blind.Transactions || s.Spend != blind.Spend {
				t.Fatalf("what is known at the cut is %+v, and without what came later %+v", s, blind)
			}
			h.Add(f.Of(s.Transactions, s.Spend, 100), &s, 100)
		}
		r := h.Report(m, held, 100)
		close := func(name string, c Compared, within float64) {
			if math.Abs(c.Actual-c.Predicted) > within*c.Actual {
				t.Errorf("%s: %s is %.4f, forecast %.4f", m.Model(), name, c.Actual, c.Predicted)
			}
		}
		close("purchases", r.Purchases, .02)
		close("spend", r.Spend, .05)
		last := r.Tracking[len(r.Tracking)-1]
		close("tracked purchases", Compared{float64(last.Actual), last.Predicted}, .02)
		for _, row := range r.ByFrequency {
			close("purchases by frequency", row.Purchases, .1)
		}
		for _, row := range r.ByAlive {
			if sigma := math.Sqrt(row.Some.Predicted * (1 - row.Some.Predicted) / float64(row.Customers)); math.Abs(row.Some.Actual-row.Some.Predicted) > 4*sigma+.01 {
				t.Errorf("%s: of P(alive) %.1f to %.1f, %.4f purchase, forecast %.4f", m.Model(), row.From, row.To, row.Some.Actual, row.Some.Predicted)
			}
		}
	}
}

// What came of each number of purchases is what BTYD prints for these data. What was expected was computed apart from
// this package by the closed forms, with a hypergeometric series.
func TestReferenceHoldoutOfCDNOW(t *testing.T) {
	histories := cdnowHistories(t)
	if histories == nil {
		return
	}
	const days = 39 * 7
	c := cdnow(t)
	spend, err := FitGammaGamma(c, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		model                                 Model
		predicted, mae, rmse, fit, brier      float64
		byFrequency                           [frequencyBins]float64
		trackedAtCut, trackedAtEnd, wholeLess float64
	}{
		{ModelBGNBD, 1653.4086979, .785454237, 1.607982011, .625647451, .161223825,
			[...]float64{317.598217, 229.654585, 223.444702, 152.027951, 134.159680, 100.846144, 101.617227, 394.060193},
			2493.95689, 4160.60921, .041},
		{ModelMBGNBD, 1576.7283164, .764778942, 1.607182655, .627253032, .161406325,
			[...]float64{261.262442, 242.046357, 224.475697, 149.293264, 130.467136, 97.415015, 97.463807, 374.304597},
			2475.63622, 4049.95318, .067},
	} {
		f, err := FitOrders(c, want.model)
		if err != nil || f.Orders() == nil {
			t.Fatal(err, f.Refused)
		}
		forecaster := NewForecaster(f.Orders(), &spend, days, Horizon{})
		var h Holdout
		for _, history := range histories {
			var s Split
			if s.Of(history, cut, days) {
				h.Add(forecaster.Of(s.Transactions, s.Spend, 100), &s, 100)
			}
		}
		r := h.Report(f.Orders(), days, 100)
		close6(t, "actual purchases", r.Purchases.Actual, 1882)
		close6(t, "predicted purchases", r.Purchases.Predicted, want.predicted)
		close6(t, "MAE", r.MAE, want.mae)
		close6(t, "RMSE", r.RMSE, want.rmse)
		close6(t, "correlation", *r.Correlation, want.fit)
		close6(t, "Brier's score", r.Brier, want.brier)
		for i, row := range r.ByFrequency {
			close6(t, "customers", float64(row.Customers), []float64{1411, 439, 214, 100, 62, 38, 29, 64}[i])
			close6(t, "actual purchases by frequency", row.Purchases.Actual, []float64{334, 306, 298, 156, 157, 112, 112, 407}[i])
			close6(t, "predicted purchases by frequency", row.Purchases.Predicted, want.byFrequency[i])
		}
		last := r.Tracking[len(r.Tracking)-1]
		atCut := r.Tracking[len(r.Tracking)-1-39]
		if atCut.Week != 0 || last.Week != 39 || atCut.Actual != 2457 || last.Actual != 2457+1882 {
			t.Errorf("tracked %+v and %+v", atCut, last)
		}
		close6(t, "purchases tracked until the cut", atCut.Predicted, want.trackedAtCut)
		close6(t, "purchases tracked until the end", last.Predicted, want.trackedAtEnd)
		if less := 1 - last.Predicted/float64(last.Actual); math.Abs(less-want.wholeLess) > .001 {
			t.Errorf("%s falls short of all purchases by %.4f", want.model, less)
		}
		t.Logf("%s: purchases in 39 weeks %.0f, predicted %.0f; spend %.0f, predicted %.0f", want.model, r.Purchases.Actual, r.Purchases.Predicted, r.Spend.Actual, r.Spend.Predicted)
	}
}

func FuzzDecodeHoldout(f *testing.F) {
	var h Holdout
	h.Add(Forecast{Alive: .5, Orders: 2, Some: .4, Spend: 9}, &Split{Transactions: Transactions{1, 5, 9}, Purchases: 1, Total: -5, Repeats: []int32{-4, 7}}, 100)
	raw, _ := h.AppendBinary(nil)
	f.Add(raw)
	f.Fuzz(func(t *testing.T, b []byte) {
		var h Holdout
		if _, err := h.Decode(b); err != nil {
			return
		}
		again, _ := h.AppendBinary(nil)
		var d Holdout
		if _, err := d.Decode(again); err != nil {
			t.Fatalf("what was decoded does not decode again: %v", err)
		}
	})
}
