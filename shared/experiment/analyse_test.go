package experiment_test

import (
	"encoding/json"
	"errors"
	"flag"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"liuke/shared/experiment"
	"liuke/shared/fault"
	"liuke/shared/money"
)

var update = flag.Bool("update", false, "write the golden files")

func moneyOf(v int64) money.Amount { return money.Amount(v) }

func asFault(err error, to **fault.Error) bool { return errors.As(err, to) }

func arm(converted, assigned int64) experiment.Counters {
	return experiment.Counters{Assigned: assigned, Converted: converted}
}

func analyse(t testing.TB, e *experiment.Experiment, o experiment.Observed) experiment.Result {
	t.Helper()
	r, err := e.Analyse(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func near(t *testing.T, what string, got *float64, want, within float64) {
	t.Helper()
	switch {
	case got == nil:
		t.Errorf("%s is null, want %.12g", what, want)
	case !(math.Abs(*got-want) <= within):
		t.Errorf("%s is %.12g, want %.12g", what, *got, want)
	}
}

func TestResultsGiveThePublishedNumbers(t *testing.T) {
	two := func(a, b experiment.Counters) experiment.Comparison {
		return analyse(t, of(1, 1), experiment.Observed{Variants: []experiment.Counters{a, b}}).Comparisons[0]
	}
	c := two(arm(200, 1000), arm(250, 1000))
	near(t, "P(B > A)", c.ChanceBetter, .9962833291, 1e-10)
	near(t, "the always-valid p", &c.Conversion.P, .136442, 5e-7)
	c = two(arm(48, 80), arm(56, 70))
	near(t, "Newcombe's lower end", c.Conversion.Low, .0524315, 5e-8)
	near(t, "Newcombe's upper end", c.Conversion.High, .3338727, 5e-8)
	c = two(arm(12, 99), arm(5, 83))
	near(t, "p of two proportions", c.Conversion.SingleLookP, .1591812918, 1e-10)

	r := analyse(t, of(1), experiment.Observed{
		Variants: []experiment.Counters{arm(720, 9000)}, Holdout: &experiment.Held{Share: .1, Assigned: 1000, Converted: 60},
		Economy: experiment.Economy{Margin: 3200, Cost: 450_000}, Currency: "EUR",
	})
	h := r.Holdout
	near(t, "the incremental conversions", h.Conversions.Value, 180, 1e-9)
	near(t, "the incremental margin", h.Margin.Value, 576_000, 1e-6)
	near(t, "the return", h.Return.Value, .28, 1e-12)
	near(t, "the lift's lower end", h.Conversion.Low, .002658, 5e-7)
	near(t, "the lift's upper end", h.Conversion.High, .034324, 5e-7)
	share := analyse(t, of(1), experiment.Observed{Variants: []experiment.Counters{arm(81, 263)}}).Variants[0].Conversion
	near(t, "Wilson's lower end", &share.Low, .255289, 5e-7)
	near(t, "Wilson's upper end", &share.High, .366210, 5e-7)

	// The published means and deviations to within what sums of whole minor units can say: scaled by a million.
	c = two(spending(.41, 3.9, 3407), spending(.7, 6.2, 3461))
	near(t, "Welch's difference", c.Revenue.Value, .29e6, 1)
	near(t, "Welch's lower end", c.Revenue.Low, .04538e6, 5)
	near(t, "Welch's upper end", c.Revenue.High, .53462e6, 5)
	near(t, "Welch's p", c.Revenue.P, .02016, 5e-6)

	var a experiment.Counters
	for i, y := range []int64{21, 39, 62, 78, 101, 122, 138, 161} { // tenths
		a.Add(spender(int64(i+1), y))
	}
	near(t, "ten times θ", &two(a, a).Revenue.Adjusted.Theta, 19.976190476, 1e-9)
}

// spending is an arm of the mean and deviation, in millions of minor units.
func spending(mean, deviation float64, n int64) experiment.Counters {
	const scale = 1e6
	sum := int64(math.Round(mean * scale * float64(n)))
	squares := deviation*deviation*scale*scale*float64(n-1) + float64(sum)*float64(sum)/float64(n)
	c := arm(n/2, n)
	c.Revenue = experiment.Revenue{Count: n, Sum: moneyOf(sum)}
	// as a sum of squares of amounts
	for rest := squares; rest >= 1; {
		root := math.Floor(math.Sqrt(rest))
		c.Revenue.Squares = c.Revenue.Squares.Plus(experiment.Squared(moneyOf(int64(root))))
		rest -= root * root
	}
	return c
}

func TestVerdicts(t *testing.T) {
	for _, c := range []struct {
		name     string
		weights  []int
		variants []experiment.Counters
		earlier  map[string]float64
		code     experiment.Code
		variant  string
		says     string
	}{
		{"nobody yet", []int{1, 1}, []experiment.Counters{{}, {}}, nil, experiment.TooFew, "", "too early to tell: each variant needs"},
		{"a handful of conversions", []int{1, 1}, []experiment.Counters{arm(4, 500), arm(30, 500)}, nil, experiment.TooFew, "", "too early to tell: each variant needs"},
		{"a difference that chance makes", []int{1, 1}, []experiment.Counters{arm(200, 1000), arm(250, 1000)}, nil, experiment.NotEnough, "", "too early to tell"},
		{"a clear difference", []int{1, 1}, []experiment.Counters{arm(200, 1000), arm(300, 1000)}, nil, experiment.Better, "b", "b is better than a: +10.00 percentage points"},
		{"the control is the better one", []int{1, 1}, []experiment.Counters{arm(300, 1000), arm(200, 1000)}, nil, experiment.Better, "a", "a is better than b: keep it"},
		{"an earlier look stands", []int{1, 1}, []experiment.Counters{arm(200, 1000), arm(250, 1000)}, map[string]float64{"b": .03}, experiment.Better, "b", "p = 0.03"},
		{"customers that are missing", []int{1, 1}, []experiment.Counters{arm(200, 1000), arm(400, 1200)}, nil, experiment.SampleRatioOff, "", "sample ratio is off: do not use"},
		{"the better of three", []int{2, 1, 1}, []experiment.Counters{arm(400, 2000), arm(290, 1000), arm(330, 1000)}, nil, experiment.Better, "c", "the best of all with a chance of"},
		{"three of which one is worse", []int{1, 1, 1}, []experiment.Counters{arm(300, 1000), arm(150, 1000), arm(310, 1000)}, nil, experiment.NotEnough, "", "b converts worse than a"},
		{"three that do not differ", []int{1, 1, 1}, []experiment.Counters{arm(300, 1000), arm(310, 1000), arm(290, 1000)}, nil, experiment.NotEnough, "", "too early to tell"},
		{"one alone", []int{1}, []experiment.Counters{arm(300, 1000)}, nil, experiment.Single, "", "nothing to compare"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := analyse(t, of(c.weights...), experiment.Observed{Variants: c.variants, Earlier: c.earlier}).Verdict
			if v.Code != c.code || v.Variant != c.variant || !strings.Contains(v.Text, c.says) {
				t.Errorf("got  %+v\nwant %s %q, …%s…", v, c.code, c.variant, c.says)
			}
		})
	}
}

// One comparison alone would be clear, and is not as one of nine.
func TestManyComparisonsAreHeldToOneLevel(t *testing.T) {
	a, b := arm(200, 1000), arm(270, 1000)
	alone := analyse(t, of(1, 1), experiment.Observed{Variants: []experiment.Counters{a, b}})
	weights, many := []int{1, 1}, []experiment.Counters{a, b}
	for range 8 {
		weights, many = append(weights, 1), append(many, a)
	}
	among := analyse(t, of(weights...), experiment.Observed{Variants: many})
	p := alone.Comparisons[0].Conversion.HolmP
	near(t, "p as one of nine", &among.Comparisons[0].Conversion.HolmP, min(1, 9*p), 1e-12)
	if alone.Verdict.Code != experiment.Better || among.Verdict.Code != experiment.NotEnough {
		t.Errorf("alone %+v, among nine %+v", alone.Verdict, among.Verdict)
	}
}

func TestTheSampleRatioCheck(t *testing.T) {
	check := func(e *experiment.Experiment, assigned ...int64) experiment.SampleRatio {
		counters := make([]experiment.Counters, len(assigned))
		for i, n := range assigned {
			counters[i].Assigned = n
		}
		return analyse(t, e, experiment.Observed{Variants: counters}).SampleRatio
	}
	// (821588 − 815482)² / (2 · 818535): the example of Kohavi, Tang & Xu 2020, chapter 3, p = 1.8e-6
	s := check(of(1, 1), 821_588, 815_482)
	near(t, "χ²", s.ChiSquare, 22.7746, 1e-3)
	near(t, "p", s.P, 1.8e-6, 1e-7)
	if !s.Off || s.Degrees != 1 {
		t.Errorf("%+v", s)
	}
	if s := check(of(9, 1), 9000, 1000); *s.ChiSquare != 0 || *s.P != 1 || s.Off {
		t.Errorf("as the weights say: %+v", s)
	}
	if s := check(of(1, 0, 1), 50, 900, 50); s.Off || s.Degrees != 1 {
		t.Errorf("a weight of 0 is not tested: %+v", s)
	}
	if s := check(of(100, 1), 100, 9); s.P != nil || s.Off {
		t.Errorf("too few are not tested: %+v", s)
	}
}

func TestGuardsSpeakUp(t *testing.T) {
	a, b := arm(200, 2000), arm(300, 2000)
	a.Unsubscribed, b.Unsubscribed = 10, 120
	r := analyse(t, of(1, 1), experiment.Observed{Variants: []experiment.Counters{a, b}})
	if r.Verdict.Variant != "b" || len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "more customers unsubscribe with b than with a") {
		t.Errorf("%+v, %q", r.Verdict, r.Notes)
	}
}

func TestOpensMoveNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		o := drawObserved(rt, 3)
		before, err := of(1, 1, 1).Analyse(o)
		if err != nil {
			rt.Fatal(err)
		}
		for i := range o.Variants {
			o.Variants[i].Opened = rapid.Int64Range(0, 1e6).Draw(rt, "opened")
		}
		after, err := of(1, 1, 1).Analyse(o)
		if err != nil {
			rt.Fatal(err)
		}
		a, _ := json.Marshal([]any{before.Verdict, before.Comparisons, before.Notes, before.Holdout})
		b, _ := json.Marshal([]any{after.Verdict, after.Comparisons, after.Notes, after.Holdout})
		if string(a) != string(b) {
			rt.Fatalf("%s\n%s", a, b)
		}
	})
}

func drawCounters(t *rapid.T) (c experiment.Counters) {
	c.Assigned = rapid.SampledFrom([]int64{0, 1, 2, 7, 40, 1000, 5000}).Draw(t, "assigned")
	part := func(name string) int64 { return rapid.Int64Range(0, c.Assigned).Draw(t, name) }
	c.Sent, c.Delivered, c.Opened, c.Clicked = part("sent"), part("delivered"), part("opened"), part("clicked")
	c.Converted, c.Unsubscribed, c.Complained = part("converted"), part("unsubscribed"), part("complained")
	before := rapid.Bool().Draw(t, "with what was spent before")
	for range min(part("buyers"), 3) {
		net, spent := moneyOf(rapid.Int64Range(-1e9, 1e15).Draw(t, "net")), moneyOf(rapid.Int64Range(-1e9, 1e15).Draw(t, "before"))
		c.Revenue = c.Revenue.Plus(experiment.Change(0, net))
		if before {
			c.Before = c.Before.Plus(experiment.Before{Sum: spent, Squares: experiment.Squared(spent), Products: experiment.Product(spent, net)})
		}
	}
	if before {
		c.Before.Count = c.Assigned // the others 0 and 0
	}
	return c
}

func drawObserved(t *rapid.T, variants int) (o experiment.Observed) {
	for range variants {
		o.Variants = append(o.Variants, drawCounters(t))
	}
	if h := drawCounters(t); rapid.Bool().Draw(t, "with a holdout") {
		o.Holdout = &experiment.Held{Share: .1, Assigned: h.Assigned, Converted: h.Converted, Revenue: h.Revenue, Before: h.Before}
		o.Economy = experiment.Economy{MarginShare: .3, Cost: moneyOf(rapid.Int64Range(0, 1e6).Draw(t, "cost"))}
	}
	return o
}

func TestWhateverIsCountedCanBeSaid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := of(1, 1, 1)
		e.ExpectedRevenue = 500
		r, err := e.Analyse(drawObserved(t, 3))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := json.Marshal(r); err != nil {
			t.Fatal(err)
		}
		if r.Verdict.Text == "" || strings.Contains(r.Text(), "NaN") || strings.Contains(r.Text(), "Inf") {
			t.Fatalf("%s", r.Text())
		}
		sum := 0.0
		for _, v := range r.Variants {
			if v.ChanceBest == nil {
				return
			}
			sum += *v.ChanceBest
			if *v.ExpectedLoss < 0 || *v.ExpectedLoss > 1 {
				t.Fatalf("a loss of %g", *v.ExpectedLoss)
			}
		}
		if math.Abs(sum-1) > 1e-7 {
			t.Fatalf("chances of being the best add up to %.9f", sum)
		}
	})
}

func TestAHoldoutOfTheWrongSizeIsNotUsed(t *testing.T) {
	r := analyse(t, of(1), experiment.Observed{Variants: []experiment.Counters{arm(720, 9000)}, Holdout: &experiment.Held{Share: .1, Assigned: 800, Converted: 48}})
	if r.Verdict.Code != experiment.SampleRatioOff || !r.Holdout.SampleRatio.Off || len(r.Notes) != 1 {
		t.Errorf("%+v, %q", r.Verdict, r.Notes)
	}
	r = analyse(t, of(1), experiment.Observed{Variants: []experiment.Counters{arm(720, 9000)}, Holdout: &experiment.Held{Share: .1, Assigned: 1000, Converted: 30}})
	if r.Verdict.Code != experiment.Single || !strings.Contains(r.Verdict.Text, "the scene brings about +5.00 percentage points of conversions, some 450 customers") {
		t.Errorf("%+v", r.Verdict)
	}
}

func TestTheResultReadsAsItDid(t *testing.T) {
	a := experiment.Counters{Assigned: 20_010, Sent: 19_900, Delivered: 19_700, Opened: 9_100, Clicked: 1_400, Converted: 600, Unsubscribed: 40, Complained: 3}
	b := experiment.Counters{Assigned: 19_990, Sent: 19_880, Delivered: 19_690, Opened: 9_800, Clicked: 1_900, Converted: 800, Unsubscribed: 52, Complained: 2}
	random := rand.New(rand.NewPCG(1, 2))
	bought := func(assigned, converted int64) (r experiment.Revenue, b experiment.Before) {
		for i := range assigned {
			spent, net := moneyOf(random.Int64N(2000)), moneyOf(0)
			if i < converted {
				net = moneyOf(5000 + random.Int64N(40_000))
			}
			if i < assigned/40 { // of whom as many are in each arm
				spent += 2000 + net/2
			}
			r = r.Plus(experiment.Change(0, net))
			b = b.Plus(experiment.Before{Count: 1, Sum: spent, Squares: experiment.Squared(spent), Products: experiment.Product(spent, net)})
		}
		return r, b
	}
	for _, c := range []*experiment.Counters{&a, &b} {
		c.Revenue, c.Before = bought(c.Assigned, c.Converted)
	}
	held := &experiment.Held{Share: .05, Assigned: 2105, Converted: 40}
	held.Revenue, held.Before = bought(held.Assigned, held.Converted)
	e := of(1, 1)
	e.Expected, e.ExpectedRevenue = .01, 200
	r := analyse(t, e, experiment.Observed{Variants: []experiment.Counters{a, b}, Holdout: held, Currency: "CNY", Economy: experiment.Economy{MarginShare: .4, Cost: 1_000_000}})
	var plain any
	if encoded, err := json.Marshal(r); err != nil {
		t.Fatal(err)
	} else if err := json.Unmarshal(encoded, &plain); err != nil {
		t.Fatal(err)
	}
	encoded, err := json.MarshalIndent(rounded(plain), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]string{"result.txt": r.Text(), "result.json": string(encoded) + "\n"} {
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s reads\n%s", name, got)
		}
	}
}

// rounded leaves of every number what all machines agree on: six digits.
func rounded(v any) any {
	switch v := v.(type) {
	case float64:
		short, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 6, 64), 64)
		return short
	case []any:
		for i := range v {
			v[i] = rounded(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = rounded(v[k])
		}
	}
	return v
}
