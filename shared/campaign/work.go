package campaign

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"maps"
	"strconv"
	"time"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/recalc"
	"liuke/shared/scene"
	"liuke/shared/sheet"
	"liuke/shared/signal"
)

// Work is a run under way. It is not safe for concurrent use.
type Work struct {
	basis  *Basis
	record *Record
	parts  []recalc.Part
	counts Counts
	step   int
	tally  *Tally // of a simulation
	tables []int  // where the tables begin that are kept
	from   int    // where the table begins that is not kept yet
	table  bytes.Buffer
	rows   *csv.Writer
	watch  func(Row) // nil for nobody
}

// state is what Keep keeps.
type state struct {
	Parts  []recalc.Part `json:"parts"`
	Step   int           `json:"step"`
	Counts Counts        `json:"counts"`
	Tally  *Tally        `json:"tally,omitempty"`
	Tables []int         `json:"tables,omitempty"`
}

// Begin returns the work of a run over the parts of a snapshot before any of it is done; of a simulation, over a sample.
func Begin(b *Basis, r *Record, parts []recalc.Part) *Work {
	if t := &r.Terms; t.Simulated && t.Customers > 0 {
		// The seed says where the sample begins: the parts are in the order of a hash.
		n := int(t.Seed % uint64(max(len(parts), 1)))
		parts = recalc.Sample(append(parts[n:len(parts):len(parts)], parts[:n]...), t.Customers)
	}
	s := state{Parts: parts, Counts: Counts{Next: r.Terms.At}}
	if r.Terms.Simulated {
		s.Tally = NewTally(len(b.Scene.Steps))
		s.Tally.Means = b.Before
		s.Tally.Means.Spent = maps.Clone(b.Before.Spent)
	}
	return work(b, r, s)
}

// Resume returns the work that was kept.
func Resume(b *Basis, r *Record, raw []byte) (*Work, error) {
	var s state
	if err := json.Unmarshal(raw, &s); err != nil || (s.Tally != nil) != r.Terms.Simulated || s.Step < 0 {
		return nil, fault.New(fault.Internal, "the state of the run %s is damaged", r.Name())
	}
	if s.Tally != nil && s.Tally.Load == nil {
		s.Tally.Load = map[int64]*Moment{}
	}
	return work(b, r, s), nil
}

func work(b *Basis, r *Record, s state) *Work {
	w := &Work{basis: b, record: r, parts: s.Parts, counts: s.Counts, step: s.Step, tally: s.Tally, tables: s.Tables, from: s.Step}
	w.rows = csv.NewWriter(&w.table)
	return w
}

// Keep returns the state, to be resumed. What is in the table must have been taken before.
func (w *Work) Keep() ([]byte, error) {
	raw, err := json.Marshal(state{w.parts, w.step, w.counts, w.tally, w.tables})
	return raw, fault.As(err, fault.Internal, "the state cannot be encoded")
}

// Step is how many customers of the snapshot are done, and Steps how many there are.
func (w *Work) Step() int { return w.step }

// Steps is how many customers there are.
func (w *Work) Steps() (n int) {
	for _, p := range w.parts {
		n += p.Rows
	}
	return n
}

// Counts say how far the run has come.
func (w *Work) Counts() Counts { return w.counts }

// Full reports whether as many customers are told of as were asked for.
func (w *Work) Full() bool {
	t := &w.record.Terms
	return !t.Simulated && t.Customers > 0 && w.counts.Signalled >= int64(t.Customers)
}

// Ahead returns the parts that are not done yet, and how many customers of the first of them are.
func (w *Work) Ahead() (parts []recalc.Part, done int) {
	before := 0
	for i, p := range w.parts {
		if before+p.Rows > w.step {
			return w.parts[i:], w.step - before
		}
		before += p.Rows
	}
	return nil, 0
}

// Wait is how long the run waits by its pace before the next chunk; a simulation never does.
func (w *Work) Wait(now time.Time) time.Duration {
	if w.record.Terms.Simulated {
		return 0
	}
	p := pacer{next: w.counts.Next}
	return p.wait(now)
}

// Pack is the signals of one message to outreach, and when they are to be heard.
type Pack struct {
	Customers []customer.ID
	Heard     time.Time
	rows      []int // of the chunk
}

// Look takes the dossiers of the next customers, and returns of whom outreach is to be told, and when. now is the clock; a
// simulation has its own, and tells nobody: it follows each through the scene.
func (w *Work) Look(ids []customer.ID, dossiers []message.Dossier, suppressed map[message.Address]bool, now time.Time) ([]Pack, error) {
	t := &w.record.Terms
	if t.Simulated {
		now = t.At
	}
	var in []int
	for i := range dossiers {
		d := &dossiers[i]
		w.counts.Seen++
		if d.Erased || d.Person != ids[i] {
			w.counts.Gone++
			continue
		}
		if w.Full() {
			continue
		}
		sig, could := w.basis.Cause(w.record, d, now)
		if !could {
			continue // it cannot happen to the customer as things are
		}
		if w.campaign() {
			if v := w.basis.audience(d, sig, now); v.Outcome != scene.Pass {
				w.turnAway(d, &v, now)
				continue
			}
		}
		in = append(in, i)
		w.counts.Audience++
		w.counts.Signalled++
	}
	w.step += len(ids)
	packs := w.paced(in, ids, now)
	if !t.Simulated {
		return packs, nil
	}
	for _, p := range packs {
		for n, i := range p.rows {
			sig, _ := w.basis.Cause(w.record, &dossiers[i], p.Heard)
			w.basis.Follow(&w.tally.Means, Customer{&dossiers[i], sig, suppressed}, func(row Row) {
				row.Customer = p.Customers[n]
				w.add(&row)
			})
		}
	}
	w.rows.Flush()
	return nil, w.rows.Error()
}

// campaign reports whether the run is of a campaign, or the simulation of one: its signals are paced, and sent to the audience
// alone.
func (w *Work) campaign() bool {
	on := w.basis.Scene.On.Signal
	return !w.record.Terms.Simulated || on == signal.Campaign || on == signal.Schedule
}

// turnAway counts a customer for whom a campaign is not.
func (w *Work) turnAway(d *message.Dossier, v *scene.Verdict, now time.Time) {
	if scene.Unjudged(v.Reason) {
		w.counts.Unjudged++
	}
	if w.tally == nil {
		return
	}
	w.add(&Row{Customer: d.Person, Outcome: Held, Gate: v.Gate, Reason: v.Reason, At: now, Segment: d.Scores.Segment})
}

// Watch has each row of a simulation told.
func (w *Work) Watch(each func(Row)) { w.watch = each }

// add counts a row and writes it.
func (w *Work) add(row *Row) {
	if w.watch != nil {
		w.watch(*row)
	}
	w.tally.Add(w.record.Terms.Seed, row)
	cost, parts := "", ""
	if row.Outcome == Message {
		parts = strconv.Itoa(row.Parts)
		if !row.Unpriced {
			cost = strconv.FormatFloat(float64(row.Cost)/1e6, 'f', -1, 64) // below 2^53 millionths a message
		}
	}
	fields := []string{
		string(row.Customer), strconv.Itoa(row.Step), stepID(w.basis.Scene, row.Step), string(row.Outcome), row.At.UTC().Format(time.RFC3339),
		row.Waited, row.Gate, row.Reason, string(row.Channel), row.Variant, row.Locale, row.Segment, parts, cost,
	}
	for i, f := range fields {
		fields[i] = sheet.Inert(f)
	}
	_ = w.rows.Write(fields) // Look asks for its error
}

// Header is the first line of the rows.
func Header() []byte {
	return []byte("customer_id,step,step_id,outcome,at,waited_for,gate,reason,channel,variant,locale,segment,parts,cost\n")
}

// TableBytes is how large the table is that Take would return.
func (w *Work) TableBytes() int { return w.table.Len() }

// Take returns the rows since it was called last, and the step at which they begin, to be kept under TableKey; not ok where
// there are none.
func (w *Work) Take() (rows []byte, from int, ok bool) {
	if w.table.Len() == 0 {
		return nil, 0, false
	}
	rows, from = bytes.Clone(w.table.Bytes()), w.from
	w.tables = append(w.tables, from)
	w.table.Reset()
	w.from = w.step
	return rows, from, true
}

// Tables are where the tables begin that were taken.
func (w *Work) Tables() []int { return w.tables }

// Report is what a simulation has come to.
func (w *Work) Report(examples bool) *Report { return w.tally.Report(w.basis, examples) }

// paced parts customers into messages, each heard at a moment of its own. A cause that is no campaign is everybody's at once.
func (w *Work) paced(in []int, ids []customer.ID, now time.Time) (packs []Pack) {
	p := pacer{w.record.Terms.PerSecond, w.counts.Next}
	if !w.campaign() {
		p.perSecond = 0
	}
	for len(in) > 0 {
		n := min(len(in), PackSignals)
		pack := Pack{Heard: p.take(n, now).Truncate(time.Second), rows: in[:n]}
		for _, i := range pack.rows {
			pack.Customers = append(pack.Customers, ids[i])
		}
		packs = append(packs, pack)
		in = in[n:]
	}
	w.counts.Next = p.next
	return packs
}
