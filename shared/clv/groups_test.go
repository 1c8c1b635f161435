package clv

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"liuke/shared/fault"
)

func TestGroupsDoNotDependOnHowThePopulationIsSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 90).Draw(t, "groups")
		parts := make([]Groups, rapid.IntRange(1, 4).Draw(t, "parts"))
		var whole Groups
		for range rapid.IntRange(0, 300).Draw(t, "customers") {
			group := fmt.Sprintf("g%02d", rapid.IntRange(0, n-1).Draw(t, "group"))
			if rapid.IntRange(0, 20).Draw(t, "long") == 0 {
				group = strings.Repeat(group, 50)
			}
			x := rapid.Int32Range(0, 3).Draw(t, "x")
			a, b := Transactions{x, x * 9, 40}, Spend{x, 100}
			whole.Add(group, a, b)
			parts[rapid.IntRange(0, len(parts)-1).Draw(t, "part")].Add(group, a, b)
		}
		var merged Groups
		for _, i := range rapid.Permutation(indices(len(parts))).Draw(t, "order") {
			raw, _ := parts[i].AppendBinary(nil)
			var back Groups
			if rest, err := back.Decode(raw); err != nil || len(rest) > 0 {
				t.Fatalf("decoded with %d bytes left: %v", len(rest), err)
			}
			merged.Merge(&back)
		}
		a, _ := whole.AppendBinary(nil)
		b, _ := merged.AppendBinary(nil)
		if !bytes.Equal(a, b) {
			t.Fatal("merged parts are encoded otherwise than the whole")
		}
		if len(whole.apart) > MaxGroups {
			t.Fatalf("%d groups stay apart", len(whole.apart))
		}
		x, _ := whole.All().AppendBinary(nil)
		y, _ := merged.All().AppendBinary(nil)
		if !bytes.Equal(x, y) {
			t.Fatal("merged parts hold others than the whole")
		}
	})
}

func indices(n int) (out []int) {
	for i := range n {
		out = append(out, i)
	}
	return out
}

func TestTheLatestQuartersStayApart(t *testing.T) {
	var g Groups
	for i := range 70 {
		g.Add(fmt.Sprintf("%dQ%d", 2000+i/4, 1+i%4), Transactions{0, 0, 10}, Spend{})
	}
	fits, err := g.Fit(ModelBGNBD, 100)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(fits.Groups); n != MaxGroups+1 || fits.Groups[0].Group != "2001Q3" || fits.Groups[n-2].Group != "2017Q2" {
		t.Errorf("%d groups, from %s to %s", n, fits.Groups[0].Group, fits.Groups[n-2].Group)
	}
	if rest := fits.Groups[MaxGroups]; !rest.Rest || rest.Customers != 6 {
		t.Errorf("the rest is %+v", rest)
	}
	if fits.Orders != nil || fits.Groups[0].Orders.Refused == "" || fits.Groups[0].SpendRefused == "" {
		t.Errorf("groups of one customer are fitted: %+v", fits)
	}
}

func TestGroupsAreTestedAgainstOneModelOfAll(t *testing.T) {
	m, spend := BGNBD{R: .6, Alpha: 9, A: .9, B: 3}, GammaGamma{P: 5, Q: 4, V: 20}
	rng := rand.New(rand.NewPCG(6, 7))
	var alike, different Groups
	add := func(g *Groups, group string, n int, m BGNBD, spend GammaGamma) {
		for range n {
			x, s := draw(rng, 90+rng.Int32N(640), m, spend, chancesMBGNBD)
			g.Add(group, x, s)
		}
	}
	for _, channel := range []string{"mail", "search", "shop"} {
		add(&alike, channel, 6000, m, spend)
	}
	add(&alike, "fair", 20, m, spend)
	fast, dear := m, spend
	fast.R, dear.V = .9, 30
	add(&different, "mail", 6000, m, spend)
	add(&different, "search", 6000, fast, dear)
	got, err := alike.Fit(ModelMBGNBD, 100)
	if err != nil {
		t.Fatal(err)
	}
	if o, s := got.Orders, got.Spend; o == nil || s == nil || o.Groups != 3 || o.Degrees != 8 || s.Degrees != 6 || o.P < .001 || s.P < .001 {
		t.Errorf("groups that are alike are told apart: %+v, %+v", o, s)
	}
	if orders, _ := got.Of("fair"); orders != nil || got.Groups[0].Orders.Refused == "" {
		t.Error("a group of twenty customers has a model")
	}
	if orders, spend := got.Of("shop"); orders == nil || orders != got.Groups[3].Orders.Orders() || spend != got.Groups[3].Spend {
		t.Error("a group's model is not its own")
	}
	if orders, _ := got.Of("unheard of"); orders != nil {
		t.Error("a group that there is none of has a model")
	}
	got, err = different.Fit(ModelMBGNBD, 100)
	if err != nil {
		t.Fatal(err)
	}
	if o, s := got.Orders, got.Spend; o == nil || s == nil || o.P > 1e-6 || s.P > 1e-6 || o.Degrees != 4 || s.Degrees != 3 {
		t.Errorf("groups that differ are not told apart: %+v, %+v", o, s)
	}
	raw, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	var back GroupFits
	if err := json.Unmarshal(raw, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, &back); diff != "" {
		t.Error(diff)
	}
	if _, err := different.Fit("none", 100); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("a model that there is none of is %v", err)
	}
}

// Wanted are the tabled critical values (Abramowitz & Stegun, table 26.8), and for even degrees of freedom the sum
// e^(−x/2) Σ_{i<k/2} (x/2)^i / i!.
func TestChiSquare(t *testing.T) {
	for _, c := range []struct{ x, degrees, want float64 }{
		{3.841458820694124, 1, .05}, {7.814727903251178, 3, .05}, {18.307038053275146, 10, .05}, {6.634896601021213, 1, .01},
	} {
		if got := chiSquareAbove(c.x, c.degrees); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("P(χ² > %v) of %v degrees is %.15g, want %v", c.x, c.degrees, got, c.want)
		}
	}
	for _, degrees := range []float64{2, 4, 8, 60, 252} {
		for _, x := range []float64{1e-3, 1, 5, 30, 60, 252, 400, 1200} {
			want, term := 0.0, math.Exp(-x/2)
			for i := 0.; i < degrees/2; i++ {
				want += term
				term *= x / 2 / (i + 1)
			}
			if got := chiSquareAbove(x, degrees); math.Abs(got-want) > 1e-11*want {
				t.Errorf("P(χ² > %v) of %v degrees is %.15g, want %.15g", x, degrees, got, want)
			}
		}
	}
	if chiSquareAbove(0, 4) != 1 {
		t.Error("a statistic of 0 is no evidence")
	}
}

func FuzzDecodeGroups(f *testing.F) {
	var g Groups
	g.Add("a", Transactions{1, 5, 9}, Spend{1, 50})
	g.Add("b", Transactions{0, 0, 9}, Spend{})
	g.Add(strings.Repeat("c", 200), Transactions{0, 0, 9}, Spend{})
	raw, _ := g.AppendBinary(nil)
	f.Add(raw)
	f.Fuzz(func(t *testing.T, b []byte) {
		var g Groups
		if _, err := g.Decode(b); err != nil {
			return
		}
		again, _ := g.AppendBinary(nil)
		var d Groups
		if _, err := d.Decode(again); err != nil {
			t.Fatalf("what was decoded does not decode again: %v", err)
		}
	})
}
