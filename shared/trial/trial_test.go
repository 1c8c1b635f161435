package trial

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"liuke/shared/backtest"
	"liuke/shared/churn"
	"liuke/shared/clv"
	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/recalc"
)

const asOf = customer.Day(20_000)

// shop draws encoded histories of customers who buy until a holdout after asOf, some of them damaged.
func shop(rng *rand.Rand, n int) [][]byte {
	out := make([][]byte, n)
	for i := range out {
		var h customer.History
		pace, leave := 30/(rng.ExpFloat64()+rng.ExpFloat64()+.05), .4*rng.Float64()*rng.Float64()
		for at := float64(asOf) - 700*rng.Float64(); at <= float64(asOf+90); at += 1 + pace*rng.ExpFloat64() {
			h.Add(customer.Day(at), int64(100+rng.IntN(500_000)))
			if rng.Float64() < leave {
				break
			}
		}
		out[i], _ = h.MarshalBinary()
		if i%97 == 96 {
			out[i] = []byte{255}
		}
	}
	return out
}

func basis(model clv.Model) Basis {
	return Basis{Model: model, Risk: churn.Default(), Terms: &backtest.Terms{AsOf: asOf, HoldoutDays: 90,
		Grid: backtest.Grid{WindowDays: []int32{90, 365, 0}, Bins: []int{3, 5}, Weights: backtest.WeightsUpTo(1)}}}
}

// parted divides histories into parts.
func parted(all [][]byte, rows int) (parts []recalc.Part, of map[string][][]byte) {
	of = map[string][][]byte{}
	for i := 0; i < len(all); i += rows {
		p := recalc.Part{Name: fmt.Sprint(i), Rows: min(rows, len(all)-i)}
		parts = append(parts, p)
		of[p.Name] = all[i : i+p.Rows]
	}
	return parts, of
}

// through works on all parts, and between them does what keep says.
func through(t testing.TB, b Basis, all [][]byte, rows int, between func(*Work) *Work) string {
	t.Helper()
	parts, of := parted(all, rows)
	w, err := Begin(b, parts, len(all))
	if err != nil {
		t.Fatal(err)
	}
	for w.Step() < w.Steps() {
		if _, err := w.Report(); fault.CodeOf(err) != fault.Internal {
			t.Fatalf("a report after %d of %d parts: %v", w.Step(), w.Steps(), err)
		}
		if ahead := w.Ahead(); len(ahead) != w.Steps()-w.Step() {
			t.Fatalf("%d parts ahead after %d of %d", len(ahead), w.Step(), w.Steps())
		} else if err := w.Add(of[ahead[0].Name]); err != nil {
			t.Fatal(err)
		}
		w = between(w)
	}
	report, err := w.Report()
	if err != nil {
		t.Fatal(err)
	}
	report.Sample.Size.Parts, report.Sample.Of.Parts = 0, 0 // which is all that differs by how a population is divided
	raw, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestTheReportIsTheSameHoweverTheWorkIsDividedAndInterrupted(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		b := basis(rapid.SampledFrom([]clv.Model{clv.ModelBGNBD, clv.ModelMBGNBD}).Draw(rt, "model"))
		all := shop(rng, rapid.IntRange(0, 200).Draw(rt, "customers"))
		want := through(t, b, all, max(len(all), 1), func(w *Work) *Work { return w })
		got := through(t, b, all, rapid.IntRange(5, 60).Draw(rt, "rows"), func(w *Work) *Work {
			raw, err := w.Keep()
			if err != nil {
				rt.Fatal(err)
			}
			resumed, err := Resume(b, raw)
			if err != nil {
				rt.Fatal(err)
			}
			if again, _ := resumed.Keep(); !bytes.Equal(raw, again) {
				rt.Fatal("the state is another once it was resumed")
			}
			return resumed
		})
		if got != want {
			rt.Fatal(cmp.Diff(want, got))
		}
	})
}

func TestAReportComparesWithModelsThatWereFittedBeforeTheCut(t *testing.T) {
	all := shop(rand.New(rand.NewPCG(1, 2)), 3000)
	for model, some := range map[clv.Model]string{clv.ModelBGNBD: "chance of an order by BG/NBD", clv.ModelMBGNBD: "chance of an order by MBG/NBD"} {
		var r Report
		if err := json.Unmarshal([]byte(through(t, basis(model), all, 500, func(w *Work) *Work { return w })), &r); err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, o := range r.Result.Others {
			names = append(names, o.Name)
			if o.AUC.AUC < .5 || o.Unknown != 0 {
				t.Errorf("%s: %v, %d unknown", o.Name, o.AUC, o.Unknown)
			}
		}
		want := []string{"recency alone", "P(alive) by MBG/NBD", some, "churn risk", "money alone"}
		if diff := cmp.Diff(want, names); diff != "" || r.Sample.Damaged != 30 || r.Models.Used != model || r.Models.Rhythm == nil {
			t.Errorf("%s, %+v, %+v", diff, r.Sample, r.Models)
		}
		if text := r.Text(); !strings.Contains(text, "30 customers cannot be read") {
			t.Error(text)
		}
	}
}

func TestWhatHappensAfterTheHoldoutChangesNothing(t *testing.T) {
	all := shop(rand.New(rand.NewPCG(3, 4)), 300)
	later := make([][]byte, len(all))
	for i, raw := range all {
		var h customer.History
		if h.UnmarshalBinary(raw) != nil {
			later[i] = raw
			continue
		}
		h.Add(asOf+91+customer.Day(i%40), 99_999)
		later[i], _ = h.MarshalBinary()
	}
	b, as := basis(clv.ModelBGNBD), func(w *Work) *Work { return w }
	if want, got := through(t, b, all, 50, as), through(t, b, later, 50, as); got != want {
		t.Error(cmp.Diff(want, got))
	}
}

func TestAStateThatNobodyKeptIsRefused(t *testing.T) {
	b := basis(clv.ModelBGNBD)
	all := shop(rand.New(rand.NewPCG(5, 6)), 200)
	parts, of := parted(all, 50)
	w, err := Begin(b, parts, len(all))
	if err != nil {
		t.Fatal(err)
	}
	for w.Step() < 5 {
		for _, bad := range []string{``, `{}x`, `{"step":-1}`, `{"parts":[],"step":1}`, `{"parts":[{"name":"a","rows":1}],"step":0,"counts":"AAA="}`, `{"parts":[{"name":"a","rows":1}],"step":1}`, `null`} {
			if _, err := Resume(b, []byte(bad)); fault.CodeOf(err) != fault.Internal {
				t.Errorf("%s: %v", bad, err)
			}
		}
		raw, err := w.Keep()
		if err != nil {
			t.Fatal(err)
		}
		var s state
		if err := json.Unmarshal(raw, &s); err != nil {
			t.Fatal(err)
		}
		for _, field := range []*[]byte{&s.Counts, &s.Orders, &s.Rhythm, &s.Tally, &s.Ranks[0], &s.Ranks[rankings-1]} {
			if len(*field) < 2 {
				continue
			}
			whole := *field
			for _, cut := range [][]byte{whole[:len(whole)-1], append(bytes.Clone(whole), 0)} {
				*field = cut
				damaged, _ := json.Marshal(&s)
				if _, err := Resume(b, damaged); fault.CodeOf(err) != fault.Internal {
					t.Errorf("after %d parts: %v", w.Step(), err)
				}
			}
			*field = whole
		}
		if err := w.Add(of[w.Ahead()[0].Name]); err != nil {
			t.Fatal(err)
		}
	}
}

func FuzzParseRequest(f *testing.F) {
	for _, seed := range []string{`{}`, `{"run_id":"20260301T030000.000Z","as_of":"2025-12-31","holdout_days":60,"window_days":[90,0],"bins":[3,5],"weights":[[1,0,0],[2,1,1]],"customers":1000}`,
		`{"weights":[[300,0,0]]}`, `{"bins":[2.5]}`, `{"as_of":"9999-12-31"}`, `{"window_days":[4294967295]}`} {
		f.Add([]byte(seed))
	}
	run := &recalc.Run{ID: "r", State: recalc.Done, Terms: recalc.Terms{AsOf: asOf}}
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := ParseRequest(body)
		if err != nil {
			if fault.CodeOf(err) != fault.Invalid {
				t.Fatal(err)
			}
			return
		}
		terms, err := r.Terms(run)
		if err != nil {
			if fault.CodeOf(err) != fault.Invalid {
				t.Fatal(err)
			}
			return
		}
		g := terms.Test.Grid
		if terms.Test.Validate() != nil || terms.Test.AsOf+terms.Test.HoldoutDays > run.Terms.AsOf || len(g.WindowDays)*len(g.Bins)*len(g.Weights) > MaxSettings {
			t.Fatalf("%+v", terms)
		}
		raw, err := json.Marshal(terms)
		var again Terms
		if err != nil || json.Unmarshal(raw, &again) != nil || !cmp.Equal(terms, again) {
			t.Fatalf("%s is another once it was kept", raw)
		}
	})
}
