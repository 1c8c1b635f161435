package backtest_test

import (
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"liuke/shared/backtest"
	"liuke/shared/clv"
	"liuke/shared/customer"
	"liuke/shared/rfm"
)

// run goes over the parts of a population twice, with everything in its binary form in between.
func run(t testing.TB, terms *backtest.Terms, parts [][]*customer.History, others ...backtest.Comparator) *backtest.Result {
	t.Helper()
	counts := backtest.NewCounts(terms)
	for _, part := range parts {
		one := backtest.NewCounts(terms)
		for _, h := range part {
			one.Add(terms, h)
		}
		raw, _ := one.AppendBinary(nil)
		var back backtest.Counts
		if rest, err := back.Decode(raw); err != nil || len(rest) > 0 {
			t.Fatal(err)
		}
		counts.Merge(&back)
	}
	scorer := backtest.NewScorer(terms, counts.Cuts(terms))
	tally := backtest.NewTally(terms)
	for _, part := range parts {
		one := backtest.NewTally(terms)
		for _, h := range part {
			one.Add(scorer, h)
		}
		raw, _ := one.AppendBinary(nil)
		var back backtest.Tally
		if rest, err := back.Decode(raw); err != nil || len(rest) > 0 {
			t.Fatal(err)
		}
		tally.Merge(&back)
	}
	return tally.Result(terms, others...)
}

// shop makes customers who buy at their own rate until they leave, the more often the likelier they are to buy again.
func shop(n int, seed uint64) []*customer.History {
	rng := rand.New(rand.NewPCG(seed, 7))
	out := make([]*customer.History, n)
	for i := range out {
		h := &customer.History{}
		rate := .002 + .03*rng.ExpFloat64()
		day, end := 10_000+rng.Float64()*300, 10_000+rng.ExpFloat64()*600
		for ; day < 10_600; day += rng.ExpFloat64() / rate {
			h.Add(customer.Day(day), int64(500+rng.ExpFloat64()*3000))
			if day > end {
				break
			}
		}
		out[i] = h
	}
	return out
}

func terms() *backtest.Terms {
	return &backtest.Terms{AsOf: 10_400, HoldoutDays: 100, Grid: backtest.Grid{
		WindowDays: []int32{0, 180}, Bins: []int{3, 5}, Weights: backtest.WeightsUpTo(2),
	}}
}

func TestEverySettingIsRankedAsByPlainComputation(t *testing.T) {
	terms, histories := terms(), shop(400, 1)
	got := run(t, terms, [][]*customer.History{histories[:100], nil, histories[100:]})
	if err := terms.Validate(); err != nil || len(got.Settings) != 2*2*len(terms.Grid.Weights) {
		t.Fatal(err, len(got.Settings))
	}
	for _, s := range got.Settings {
		window := rfm.Window{AsOf: terms.AsOf, Days: s.WindowDays}
		var counts rfm.Counts
		for _, h := range histories {
			if v, ok := window.Of(h); ok {
				counts.Add(v)
			}
		}
		cuts := counts.Quantiles(s.Bins)
		var customers []ranked
		for _, h := range histories {
			v, ok := window.Of(h)
			if !ok {
				continue
			}
			x := cuts.Scorer().Score(v)
			ordered, _ := terms.Outcome(h)
			customers = append(customers, ranked{float64(int(s.Weights.R)*int(x.R) + int(s.Weights.F)*int(x.F) + int(s.Weights.M)*int(x.M)), ordered})
		}
		if diff := cmp.Diff(rankingOf(customers).AUC(), s.AUC); diff != "" {
			t.Fatalf("%s: %s", s.Setting, diff)
		}
		if s == got.Chosen {
			if diff := cmp.Diff(rankingOf(customers).Lift(10), got.Lift); diff != "" {
				t.Fatalf("lift of %s: %s", s.Setting, diff)
			}
		}
	}
}

func TestAResultDoesNotDependOnHowThePopulationIsSplit(t *testing.T) {
	terms := terms()
	rapid.Check(t, func(t *rapid.T) {
		histories := shop(rapid.IntRange(0, 40).Draw(t, "customers"), rapid.Uint64Range(0, 9).Draw(t, "seed"))
		parts := make([][]*customer.History, rapid.IntRange(1, 4).Draw(t, "parts"))
		for _, h := range rapid.Permutation(histories).Draw(t, "order") {
			i := rapid.IntRange(0, len(parts)-1).Draw(t, "part")
			parts[i] = append(parts[i], h)
		}
		if diff := cmp.Diff(run(&fatal{t: t}, terms, [][]*customer.History{histories}), run(&fatal{t: t}, terms, parts)); diff != "" {
			t.Fatal(diff)
		}
	})
}

// fatal is a testing.TB that fails a property.
type fatal struct {
	testing.TB
	t *rapid.T
}

func (f *fatal) Helper()           {}
func (f *fatal) Fatal(args ...any) { f.t.Fatal(args...) }

func TestTheSimplestOfTheIndistinguishableIsChosen(t *testing.T) {
	got := run(t, terms(), [][]*customer.History{shop(2000, 2)})
	best := got.Best()
	for _, s := range got.Settings {
		if s.AUC.AUC > best.AUC.AUC {
			t.Fatalf("%s is better than the best", s.Setting)
		}
	}
	if got.Chosen.AUC.AUC < best.AUC.AUC-best.AUC.Stderr {
		t.Errorf("%s is more than a standard error below the best", got.Chosen.Setting)
	}
	simpler := 0
	for _, s := range got.Settings {
		if s.AUC.AUC >= best.AUC.AUC-best.AUC.Stderr && s.Weights.R+s.Weights.F+s.Weights.M < got.Chosen.Weights.R+got.Chosen.Weights.F+got.Chosen.Weights.M {
			simpler++
		}
	}
	if simpler > 0 && got.Chosen == best {
		t.Errorf("%d simpler settings are as good as %s", simpler, best.Setting)
	}
	if !strings.Contains(strings.Join(got.Warnings, "\n"), "cannot be told apart") {
		t.Errorf("two thousand customers tell every setting from the best? %q", got.Warnings)
	}
}

func TestResultsOfNobodySaySo(t *testing.T) {
	got := run(t, terms(), nil)
	if got.Customers != 0 || got.Best().AUC.AUC != .5 || len(got.Lift) != 0 || !strings.Contains(strings.Join(got.Warnings, "\n"), "too few") {
		t.Errorf("got %+v", got)
	}
	if _, err := json.Marshal(got); err != nil {
		t.Error(err)
	}
	wellFormed(t, got.HeatMap())
}

func TestOutcomes(t *testing.T) {
	terms := &backtest.Terms{AsOf: 100, HoldoutDays: 10}
	for name, c := range map[string]struct {
		days        []customer.Day
		ordered, in bool
	}{
		"nobody":                      {nil, false, false},
		"a first order after the day": {[]customer.Day{101}, true, false},
		"on the day alone":            {[]customer.Day{100}, false, true},
		"on the first day held out":   {[]customer.Day{100, 101}, true, true},
		"on the last day held out":    {[]customer.Day{9, 110}, true, true},
		"after what is held out":      {[]customer.Day{9, 111}, false, true},
	} {
		var h customer.History
		for _, d := range c.days {
			h.Add(d, 1)
		}
		if ordered, in := terms.Outcome(&h); ordered != c.ordered || in != c.in {
			t.Errorf("%s: %v, %v", name, ordered, in)
		}
	}
}

func TestWeightsAreRatios(t *testing.T) {
	if got := len(backtest.WeightsUpTo(3)); got != 49 {
		t.Errorf("%d ratios of weights up to 3, want 49", got)
	}
	for want, w := range map[string]backtest.Weights{"R": {R: 1}, "2R+F": {R: 2, F: 1}, "R+F+3M": {R: 1, F: 1, M: 3}} {
		if got := w.String(); got != want {
			t.Errorf("%+v is %s, want %s", w, got, want)
		}
	}
}

func TestTermsAreChecked(t *testing.T) {
	for name, change := range map[string]func(*backtest.Terms){
		"nothing is held out":   func(t *backtest.Terms) { t.HoldoutDays = 0 },
		"no window":             func(t *backtest.Terms) { t.Grid.WindowDays = nil },
		"a window twice":        func(t *backtest.Terms) { t.Grid.WindowDays = []int32{90, 90} },
		"a window below 0":      func(t *backtest.Terms) { t.Grid.WindowDays = []int32{-1} },
		"one bin":               func(t *backtest.Terms) { t.Grid.Bins = []int{1} },
		"eleven bins":           func(t *backtest.Terms) { t.Grid.Bins = []int{11} },
		"weights of nothing":    func(t *backtest.Terms) { t.Grid.Weights = []backtest.Weights{{}} },
		"a ratio twice":         func(t *backtest.Terms) { t.Grid.Weights = []backtest.Weights{{R: 1, F: 2}, {R: 2, F: 4}} },
		"a weight of ten":       func(t *backtest.Terms) { t.Grid.Weights = []backtest.Weights{{R: 10}} },
		"a day before the era":  func(t *backtest.Terms) { t.AsOf = -1 },
		"a holdout beyond time": func(t *backtest.Terms) { t.HoldoutDays = math.MaxInt32 },
	} {
		terms := terms()
		change(terms)
		if terms.Validate() == nil {
			t.Errorf("%s is let through", name)
		}
	}
	if grid := (&backtest.Terms{HoldoutDays: 1, Grid: backtest.DefaultGrid()}); grid.Validate() != nil {
		t.Error(grid.Validate())
	}
}

var update = flag.Bool("update", false, "write the golden files")

func TestTextAndHeatMap(t *testing.T) {
	got := run(t, terms(), [][]*customer.History{shop(500, 3)})
	wellFormed(t, got.HeatMap())
	for file, text := range map[string]string{"result.txt": got.Text(5), "heatmap.svg": got.HeatMap()} {
		path := filepath.Join("testdata", file)
		if *update {
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), text); diff != "" {
			t.Errorf("%s: %s", file, diff)
		}
	}
}

func wellFormed(t *testing.T, svg string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%v in %s", err, svg)
		}
	}
}

// The CDNOW sample, calibrated to 1997-09-30 with the rest as outcome: what recency alone, BG/NBD's P(alive) and the grid
// make of it.
func TestReferenceBacktestOfCDNOW(t *testing.T) {
	histories := cdnow(t)
	if histories == nil {
		return
	}
	day, end := customer.Date(1997, time.September, 30), customer.Date(1998, time.June, 30)
	terms := &backtest.Terms{AsOf: day, HoldoutDays: end - day, Grid: backtest.DefaultGrid()}
	var counts clv.Counts
	for _, h := range histories {
		x, spend, _ := clv.Of(h, day)
		counts.Add(x, spend)
	}
	model, err := clv.FitBGNBD(&counts)
	if err != nil {
		t.Fatal(err)
	}
	var alive, orders backtest.Ranking
	for _, h := range histories {
		x, _, _ := clv.Of(h, day)
		ordered, _ := terms.Outcome(h)
		alive.Add(model.Alive(float64(x.X), float64(x.TX)/7, float64(x.T)/7), ordered)
		orders.Add(model.Orders(39, float64(x.X), float64(x.TX)/7, float64(x.T)/7), ordered)
	}
	got := run(t, terms, [][]*customer.History{histories}, backtest.Comparator{Name: "P(alive)", Ranking: &alive}, backtest.Comparator{Name: "expected orders", Ranking: &orders})
	t.Log("\n" + got.Text(12))
	if got.Customers != 2357 || got.Ordered != 684 {
		t.Errorf("%d customers of whom %d ordered", got.Customers, got.Ordered)
	}
	recency := got.Others[0].AUC
	if math.Abs(recency.AUC-.7714) > 5e-5 { // by all pairs of the file
		t.Errorf("recency alone: %+v", recency)
	}
	if got.Chosen.AUC.Low <= recency.High && got.Chosen.AUC.AUC < recency.AUC {
		t.Errorf("the chosen setting, %+v, ranks worse than recency alone, %+v", got.Chosen, recency)
	}
	if first, last := got.Lift[0], got.Lift[9]; first.Low <= last.High {
		t.Errorf("the first tenth, %+v, orders no more than the last, %+v", first, last)
	}
}

func cdnow(t *testing.T) (out []*customer.History) {
	t.Helper()
	folder := os.Getenv("LIUKE_REFERENCE_DATA")
	if folder == "" {
		t.Log("LIUKE_REFERENCE_DATA is not set: the CDNOW sample was not ranked")
		return nil
	}
	f, err := os.Open(filepath.Join(folder, "cdnow_sample.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	histories := make(map[string]*customer.History)
	for _, row := range rows[1:] {
		day, err := time.Parse(time.DateOnly, row[1])
		if err != nil {
			t.Fatal(err)
		}
		amount, err := strconv.ParseFloat(row[3], 64)
		if err != nil {
			t.Fatal(err)
		}
		h := histories[row[0]]
		if h == nil {
			h = &customer.History{}
			histories[row[0]] = h
			out = append(out, h)
		}
		h.Add(customer.DayOf(day, time.UTC), int64(math.Round(amount*100)))
	}
	return out
}

func FuzzDecodeTally(f *testing.F) {
	terms := terms()
	tally := backtest.NewTally(terms)
	raw, _ := tally.AppendBinary(nil)
	f.Add(raw)
	f.Fuzz(func(t *testing.T, b []byte) {
		var tally, back backtest.Tally
		if _, err := tally.Decode(b); err != nil {
			return
		}
		again, _ := tally.AppendBinary(nil)
		if _, err := back.Decode(again); err != nil {
			t.Fatal(err)
		}
	})
}

// How much of the default grid, 1,960 settings, a processor gets through.
func BenchmarkDefaultGrid(b *testing.B) {
	terms := &backtest.Terms{AsOf: 10_400, HoldoutDays: 100, Grid: backtest.DefaultGrid()}
	histories := shop(5000, 4)
	for b.Loop() {
		run(b, terms, [][]*customer.History{histories})
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(histories)), "ns/customer")
}
