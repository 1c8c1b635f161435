package trial

import (
	"encoding/json"
	"math"

	"liuke/shared/backtest"
	"liuke/shared/churn"
	"liuke/shared/clv"
	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/recalc"
	"liuke/shared/rfm"
)

// Basis is what a backtest goes by.
type Basis struct {
	Terms *backtest.Terms
	Model clv.Model      // of orders, as the run has it
	Risk  churn.Settings // as they were when the run was planned
}

// The rankings that settings are compared with, beside recency alone.
const (
	byAlive  = iota // P(alive) by MBG/NBD, which lets those leave who ordered once as well
	bySome          // the chance of an order in the days held out, by the run's model
	byRisk          // the churn risk, the least first
	byMoney         // net of the whole history until the cut day
	rankings        // how many there are
)

// Work is a backtest under way. It is not safe for concurrent use.
type Work struct {
	Basis
	parts []recalc.Part
	of    Size
	step  int // parts read, of both passes

	size    Size // of the sample, as far as it was read
	damaged int64

	counts *backtest.Counts // of the first pass, as are the next two
	orders clv.Counts
	rhythm churn.RhythmCounts

	fit   *fit // nil in the first pass
	tally *backtest.Tally
	ranks [rankings]backtest.Ranking

	scorer *backtest.Scorer // by the fit, as are the rest
	alive  *clv.Forecaster
	model  *clv.Forecaster
	churn  *churn.Scorer
}

// Size is how much there is of a snapshot.
type Size struct {
	Parts     int `json:"parts"`
	Customers int `json:"customers"` // with or without orders
}

func sizeOf(parts []recalc.Part) Size {
	s := Size{Parts: len(parts)}
	for _, p := range parts {
		s.Customers += p.Rows
	}
	return s
}

// fit is what follows from the first pass.
type fit struct {
	Cuts   backtest.Cuts `json:"cuts"`
	Models Models        `json:"models"`
}

// Models are fitted to what was known of the sample on the cut day.
type Models struct {
	Alive    clv.OrdersFit `json:"alive"`  // MBG/NBD, for P(alive)
	Used     clv.Model     `json:"used"`   // the run's model
	Orders   clv.OrdersFit `json:"orders"` // of it
	Rhythm   *churn.Prior  `json:"rhythm,omitempty"`
	NoRhythm string        `json:"no_rhythm,omitempty"` // why there is none
}

// Begin returns the work on a sample of the parts of a snapshot.
func Begin(b Basis, parts []recalc.Part, customers int) (*Work, error) {
	w := &Work{Basis: b, parts: recalc.Sample(parts, customers), of: sizeOf(parts), counts: backtest.NewCounts(b.Terms)}
	return w, w.turn()
}

// Step is how many parts have been read, of both passes, and Steps how many there are to read.
func (w *Work) Step() int  { return w.step }
func (w *Work) Steps() int { return 2 * len(w.parts) }

// Ahead are the parts that are still to be read, in order, of both passes.
func (w *Work) Ahead() []recalc.Part {
	var out []recalc.Part
	for i := w.step; i < w.Steps(); i++ {
		out = append(out, w.parts[i%len(w.parts)])
	}
	return out
}

// Add takes in the histories of the next part, encoded, in any order. One that is damaged is left out, as the run did.
func (w *Work) Add(histories [][]byte) error {
	add := w.score
	if w.fit == nil {
		add = w.count
		w.size.Parts++
		w.size.Customers += len(histories)
	}
	for _, raw := range histories {
		var h customer.History
		if h.UnmarshalBinary(raw) != nil {
			if w.fit == nil {
				w.damaged++
			}
			continue
		}
		add(&h)
	}
	w.step++
	return w.turn()
}

func (w *Work) count(h *customer.History) {
	x, _, ok := clv.Of(h, w.Terms.AsOf)
	if !ok {
		return
	}
	w.counts.Add(w.Terms, h)
	w.orders.Add(x, clv.Spend{})
	if p, ok := churn.PatternOf(h, w.Terms.AsOf, 0); ok {
		w.rhythm.Add(p)
	}
}

// turn begins the second pass where the first has ended.
func (w *Work) turn() (err error) {
	if w.fit != nil || w.step < len(w.parts) {
		return nil
	}
	f := &fit{Cuts: w.counts.Cuts(w.Terms)}
	f.Models.Used = w.Model
	if f.Models.Alive, err = clv.FitOrders(&w.orders, clv.ModelMBGNBD); err != nil {
		return err
	}
	f.Models.Orders = f.Models.Alive
	if w.Model != clv.ModelMBGNBD {
		if f.Models.Orders, err = clv.FitOrders(&w.orders, w.Model); err != nil {
			return err
		}
	}
	rhythm, err := churn.FitRhythm(&w.rhythm)
	switch {
	case err == nil:
		f.Models.Rhythm = &rhythm
	case fault.CodeOf(err) == fault.Conflict:
		f.Models.NoRhythm = err.Error()
	default:
		return err
	}
	w.counts, w.orders, w.rhythm = nil, clv.Counts{}, churn.RhythmCounts{}
	w.tally = backtest.NewTally(w.Terms)
	w.judgeBy(f)
	return nil
}

func (w *Work) judgeBy(f *fit) {
	w.fit = f
	w.scorer = backtest.NewScorer(w.Terms, f.Cuts)
	w.churn = churn.NewScorer(w.Risk, f.Models.Rhythm, w.Terms.AsOf)
	w.alive, w.model = w.forecaster(&f.Models.Alive), w.forecaster(&f.Models.Orders)
}

// forecaster is nil where there is no model.
func (w *Work) forecaster(f *clv.OrdersFit) *clv.Forecaster {
	orders := f.Orders()
	if orders == nil {
		return nil
	}
	return clv.NewForecaster(orders, nil, float64(w.Terms.HoldoutDays), clv.Horizon{})
}

// score tallies a customer. Of the risk, only what orders tell is known as of the cut day: activity and service are kept
// by month, and a month that the cut parts would tell of what came after it.
func (w *Work) score(h *customer.History) {
	ordered, in := w.Terms.Outcome(h)
	if !in {
		return
	}
	w.tally.Add(w.scorer, h)
	x, _, _ := clv.Of(h, w.Terms.AsOf)
	var scores [rankings]float64
	scores[byAlive], scores[bySome] = math.NaN(), math.NaN()
	evidence := churn.Evidence{Alive: math.NaN(), History: h}
	if w.alive != nil {
		scores[byAlive] = w.alive.Of(x, clv.Spend{}, 1).Alive
	}
	if w.model != nil {
		forecast := w.model.Of(x, clv.Spend{}, 1)
		scores[bySome] = forecast.Some
		evidence.Alive, evidence.OneTimersLeave = forecast.Alive, w.model.Model() == clv.ModelMBGNBD
	}
	verdict := w.churn.Of(&evidence)
	scores[byRisk] = -verdict.Risk.Value
	v, _ := rfm.Window{AsOf: w.Terms.AsOf}.Of(h)
	scores[byMoney] = float64(v.Monetary)
	for i := range scores {
		w.ranks[i].Add(scores[i], ordered)
	}
}

// state is a Work as it is kept between invocations. Its binary fields are those of the pass that is under way.
type state struct {
	Parts   []recalc.Part    `json:"parts"`
	Of      Size             `json:"of"`
	Step    int              `json:"step"`
	Size    Size             `json:"size"`
	Damaged int64            `json:"damaged"`
	Counts  []byte           `json:"counts,omitempty"`
	Orders  []byte           `json:"orders,omitempty"`
	Rhythm  []byte           `json:"rhythm,omitempty"`
	Fit     *fit             `json:"fit,omitempty"`
	Tally   []byte           `json:"tally,omitempty"`
	Ranks   [rankings][]byte `json:"ranks"`
}

// Keep returns the work so far, for Resume.
func (w *Work) Keep() ([]byte, error) {
	s := state{Parts: w.parts, Of: w.of, Step: w.step, Size: w.size, Damaged: w.damaged, Fit: w.fit}
	if w.fit == nil {
		s.Counts, _ = w.counts.AppendBinary(nil)
		s.Orders, _ = w.orders.AppendBinary(nil)
		s.Rhythm, _ = w.rhythm.AppendBinary(nil)
	} else {
		s.Tally, _ = w.tally.AppendBinary(nil)
		for i := range w.ranks {
			s.Ranks[i], _ = w.ranks[i].AppendBinary(nil)
		}
	}
	raw, err := json.Marshal(&s)
	return raw, fault.As(err, fault.Internal, "the state of the backtest cannot be encoded")
}

var errState = fault.New(fault.Internal, "the state of the backtest is damaged")

// Resume returns the work that Keep wrote on the same basis. It returns an Internal error for anything else.
func Resume(b Basis, raw []byte) (*Work, error) {
	var s state
	if err := json.Unmarshal(raw, &s); err != nil || s.Step < 0 || s.Step > 2*len(s.Parts) || (s.Fit != nil) != (s.Step >= len(s.Parts)) {
		return nil, errState
	}
	w := &Work{Basis: b, parts: s.Parts, of: s.Of, step: s.Step, size: s.Size, damaged: s.Damaged}
	type decoder interface {
		Decode([]byte) ([]byte, error)
	}
	from := map[decoder][]byte{}
	if s.Fit == nil {
		w.counts = backtest.NewCounts(b.Terms)
		from[w.counts], from[&w.orders], from[&w.rhythm] = s.Counts, s.Orders, s.Rhythm
	} else {
		w.tally = backtest.NewTally(b.Terms)
		from[w.tally] = s.Tally
		for i := range w.ranks {
			from[&w.ranks[i]] = s.Ranks[i]
		}
		w.judgeBy(s.Fit)
	}
	for into, raw := range from {
		if rest, err := into.Decode(raw); err != nil || len(rest) > 0 {
			return nil, errState
		}
	}
	return w, nil
}
