package churn

import (
	"math"
	"testing"

	"liuke/shared/clv"
	"liuke/shared/customer"
)

// population is what the calibration teaches.
type population struct {
	model string
	prior Prior
	alive func(x, tx, t float64) float64
	early bool // whether one-time buyers may leave
}

// fit fits the rhythm and each model of orders to what was known at the calibration's end.
func fit(t testing.TB, buyers []*buyer) []population {
	var rhythm RhythmCounts
	var orders clv.Counts
	for _, b := range buyers {
		p, ok := PatternOf(&b.history, calibrated, 90)
		x, s, _ := clv.Of(&b.history, calibrated)
		if !ok {
			t.Fatalf("customer %d did not buy", b.id)
		}
		rhythm.Add(p)
		orders.Add(x, s)
	}
	prior, err := FitRhythm(&rhythm)
	if err != nil {
		t.Fatal(err)
	}
	bg, err := clv.FitBGNBD(&orders)
	if err != nil {
		t.Fatal(err)
	}
	mbg, err := clv.FitMBGNBD(&orders)
	if err != nil {
		t.Fatal(err)
	}
	return []population{
		{"BG/NBD", prior, bg.Alive, false},
		{"MBG/NBD", prior, mbg.Alive, true},
	}
}

func (p *population) evidence(b *buyer, asOf customer.Day) *Evidence {
	x, _, _ := clv.Of(&b.history, asOf)
	const week = 7
	return &Evidence{Alive: p.alive(float64(x.X), float64(x.TX)/week, float64(x.T)/week), OneTimersLeave: p.early, History: &b.history}
}

// risks scores all customers as of the calibration's end.
func (p *population) risks(buyers []*buyer, s Settings) []float64 {
	scorer := NewScorer(s, &p.prior, calibrated)
	out := make([]float64, len(buyers))
	for i, b := range buyers {
		v := scorer.Of(p.evidence(b, calibrated))
		out[i] = v.Risk.Value
	}
	return out
}

func alone(set func(w *RiskWeights)) Settings {
	s := Default()
	s.Risk = RiskWeights{}
	set(&s.Risk)
	return s
}

// chosen returns the weights of alive, pace and rhythm, in steps of a tenth, under which the outcome of some customers is
// likeliest, in a logistic regression on the risk alone.
func (p *population) chosen(buyers []*buyer) (best Settings) {
	lost, most := outcomes(buyers), math.Inf(-1)
	for alive := range 11 {
		for pace := range 11 - alive {
			s := alone(func(w *RiskWeights) {
				w.Alive, w.Pace, w.Rhythm = float64(alive), float64(pace), float64(10-alive-pace)
			})
			if s.Risk.Pace+s.Risk.Rhythm == 0 { // those who bought once may have no score
				continue
			}
			if l := likelihood(p.risks(buyers, s), lost); l > most {
				best, most = s, l
			}
		}
	}
	return best
}

// likelihood returns the greatest log-likelihood of a logistic regression on a score, by Newton's method, which
// is at its end after five steps or six.
func likelihood(score []float64, lost []bool) (value float64) {
	var a, b float64
	for range 8 {
		var ga, gb, haa, hab, hbb float64
		value = 0
		for i, v := range score {
			x, y := v/100-.5, 0.0
			if lost[i] {
				y = 1
			}
			p := 1 / (1 + math.Exp(-a-b*x))
			value += y*math.Log(p) + (1-y)*math.Log1p(-p)
			ga += y - p
			gb += (y - p) * x
			haa += p * (1 - p)
			hab += p * (1 - p) * x
			hbb += p * (1 - p) * x * x
		}
		d := haa*hbb - hab*hab
		a += (hbb*ga - hab*gb) / d
		b += (haa*gb - hab*ga) / d
	}
	return value
}

// halves parts the customers by whether their id is even or odd.
func halves(buyers []*buyer, half int) (these, others []*buyer) {
	for _, b := range buyers {
		if b.id%2 == half {
			these = append(these, b)
		} else {
			others = append(others, b)
		}
	}
	return these, others
}

func outcomes(buyers []*buyer) []bool {
	out := make([]bool, len(buyers))
	for i, b := range buyers {
		out[i] = b.lost
	}
	return out
}

func recencies(buyers []*buyer) []float64 {
	out := make([]float64, len(buyers))
	for i, b := range buyers {
		p, _ := PatternOf(&b.history, calibrated, 90)
		out[i] = float64(calibrated - p.Last)
	}
	return out
}

// TestReferenceRiskRanksTheLostOfCDNOW scores the sample by what was known on 1997-09-30 and looks who ordered in the nine
// months after. The weights are held to customers on whom they were not chosen: they are chosen on either half of the
// sample, the even ids and the odd, and judged on the other.
func TestReferenceRiskRanksTheLostOfCDNOW(t *testing.T) {
	buyers := cdnow(t)
	lost := outcomes(buyers)
	recency := rank(recencies(buyers), lost)
	for _, p := range fit(t, buyers) {
		t.Run(p.model, func(t *testing.T) {
			t.Logf("rhythm of the population: %+v, usual gap %.1f days", p.prior, p.prior.Shape*p.prior.Days/p.prior.Rate)
			print := func(what string, r ranking) {
				t.Logf("%-28s AUC %.4f [%.4f, %.4f]", what, r.auc, r.auc-1.96*r.stderr(), r.auc+1.96*r.stderr())
			}
			against := func(what string, r, o ranking) (d, stderr float64) {
				d, stderr, p := r.difference(&o)
				t.Logf("%-28s AUC %.4f against %.4f: difference %+.4f [%+.4f, %+.4f], z %.2f, p %.4f", what, r.auc, o.auc, d, d-1.96*stderr, d+1.96*stderr, d/stderr, p)
				return d, stderr
			}
			print("recency alone", recency)
			var alive []float64
			for _, b := range buyers {
				alive = append(alive, 1-p.evidence(b, calibrated).Alive)
			}
			print("P(alive) alone", rank(alive, lost))
			print("rhythm alone", rank(p.risks(buyers, alone(func(w *RiskWeights) { w.Rhythm = 1 })), lost))
			print("pace alone", rank(p.risks(buyers, alone(func(w *RiskWeights) { w.Pace = 1 })), lost))

			whole := p.risks(buyers, Default())
			if d, _ := against("risk, default weights", rank(whole, lost), recency); d <= 0 {
				t.Error("recency alone ranks better than the risk")
			}
			var sum, variance float64
			for half := range 2 {
				learn, judge := halves(buyers, half)
				s := p.chosen(learn)
				t.Logf("weights chosen on the ids of rest %d by 2: alive %g, pace %g, rhythm %g", half, s.Risk.Alive, s.Risk.Pace, s.Risk.Rhythm)
				other := rank(recencies(judge), outcomes(judge))
				d, stderr := against("  judged on the others", rank(p.risks(judge, s), outcomes(judge)), other)
				if d <= 0 {
					t.Error("recency alone ranks better than the risk of weights chosen on other customers")
				}
				against("  the default on the others", rank(p.risks(judge, Default()), outcomes(judge)), other)
				sum += d
				variance += stderr * stderr
			}
			// The halves are different customers, so that the errors of the two differences are independent.
			d, stderr := sum/2, math.Sqrt(variance)/2
			t.Logf("mean difference of weights chosen on the other half: %+.4f [%+.4f, %+.4f], z %.2f, p %.4f", d, d-1.96*stderr, d+1.96*stderr, d/stderr, math.Erfc(d/stderr/math.Sqrt2))
			if d < 1.96*stderr {
				t.Error("the risk is not significantly better than recency alone")
			}
			p.bands(t, buyers, whole)
		})
	}
}

// bands holds the bands to the outcome.
func (p *population) bands(t *testing.T, buyers []*buyer, risks []float64) {
	levels := Default().Levels
	bands := levels.Bands()
	n, lost := map[string]int{}, map[string]int{}
	for i, b := range buyers {
		band := bands.Of(risks[i], "")
		n[band]++
		if b.lost {
			lost[band]++
		}
	}
	share := func(band string) float64 { return float64(lost[band]) / float64(n[band]) }
	for _, band := range bands.Names {
		t.Logf("%-6s risk: %4d customers, %4.1f %% of all, %4.1f %% lost", band, n[band], 100*float64(n[band])/float64(len(buyers)), 100*share(band))
	}
	if !(share(Low) < share(Medium) && share(Medium) < share(High)) {
		t.Error("a higher band does not lose more customers")
	}
}

// TestReferenceBandsAreQuiet follows the sample day by day through a month and counts who changes the band.
func TestReferenceBandsAreQuiet(t *testing.T) {
	buyers := cdnow(t)
	p := fit(t, buyers)[0]
	levels := Default().Levels
	changes, warnings := map[float64]int{}, map[float64]int{}
	for _, margin := range []float64{0, levels.Margin} {
		levels.Margin = margin
		bands := levels.Bands()
		standing := make([]string, len(buyers))
		for day := calibrated; day <= calibrated+30; day++ {
			scorer := NewScorer(Default(), &p.prior, day)
			for i, b := range buyers {
				v := scorer.Of(p.evidence(b, day))
				band := bands.Of(v.Risk.Value, standing[i])
				if day > calibrated && band != standing[i] {
					changes[margin]++
				}
				if _, ok := bands.Crossing(standing[i], band); ok {
					warnings[margin]++
				}
				standing[i] = band
			}
		}
		t.Logf("margin %g: %.3f %% of the customers change the band on a day, %d warnings in 30 days", margin, 100*float64(changes[margin])/30/float64(len(buyers)), warnings[margin])
	}
	if margin := Default().Levels.Margin; changes[margin] > changes[0] {
		t.Error("hysteresis made more changes")
	}
}
