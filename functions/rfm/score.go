package main

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"sync/atomic"

	"liuke/shared/dynamo"
	"liuke/shared/fault"
	"liuke/shared/queue"
	"liuke/shared/recalc"
	"liuke/shared/signal"
	"liuke/shared/snapshot"
)

const (
	chunkRows   = 500 // rows whose scores are written before their signals are sent and the time is looked at
	writers     = 16
	packSignals = 25
)

// score scores a part from its snapshot, writes what differs from what stood, tells outreach of labels that changed, and
// keeps the part's table and result. The part is noted as scored last, so that everything before is done again where
// the worker is lost, to the same effect.
func (h *Handler) score(ctx context.Context, run *recalc.Run, m *recalc.Message) error {
	slice, err := h.Store.Slice(ctx, run.ID, m.Slice)
	if err != nil {
		return err
	}
	if run.Fit == nil || m.Part < 0 || m.Part >= len(slice.Parts) {
		return fault.New(fault.Invalid, "the run has no such part to score")
	}
	if !slices.Contains(slice.Scored, m.Part) {
		done, err := h.scorePart(ctx, run, slice.Parts[m.Part], m)
		if err != nil {
			return err
		}
		if !done {
			return h.Phases.SendPhases(ctx, *m)
		}
		if slice, err = h.Store.ScorePart(ctx, run.ID, m.Slice, m.Part, m.Write); err != nil {
			return err
		}
		h.Counter.Count("PartsScored", 1)
	}
	if len(slice.Scored) < len(slice.Parts) {
		return nil
	}
	scored, err := h.Store.ScoreSlice(ctx, run.ID, m.Slice, h.lease(run))
	if err != nil {
		return ended(err)
	}
	if scored.Complete(scored.Scored) {
		return h.Phases.SendPhases(ctx, recalc.Message{Phase: recalc.PhasePublish, Run: run.ID})
	}
	return nil
}

// scorePart does all that scoring a part does but note it. It is not done where the time ran out; the message then
// says from which row to go on.
func (h *Handler) scorePart(ctx context.Context, run *recalc.Run, part recalc.Part, m *recalc.Message) (done bool, err error) {
	var file, names []byte
	err = all(
		func() (err error) { file, err = h.Lake.Get(ctx, recalc.PartKey(run.ID, part)); return err },
		func() (err error) { names, err = h.Lake.Get(ctx, recalc.NamesKey(run.ID, part)); return err },
	)
	if err != nil {
		return false, err
	}
	rows, err := snapshot.Decode(file, names)
	if err != nil {
		return false, err
	}
	options, err := h.optionsOf(ctx, run.ID)
	if err != nil {
		return false, err
	}
	scorer := recalc.NewScorer(run, options, h.Settings.Zone)
	lines := make([]recalc.Line, 0, len(rows))
	var result recalc.Result
	for i := range rows {
		line, err := scorer.Score(&rows[i])
		if err != nil { // damaged, counted and logged by the snapshot: what stands, stands
			line = recalc.Line{ID: rows[i].ID}
		}
		scorer.Add(&result, &line)
		lines = append(lines, line)
	}
	if run.Terms.Apply {
		if done, err := h.apply(ctx, scorer, lines, m); err != nil || !done {
			return false, err
		}
	}
	raw, err := json.Marshal(&result)
	if err != nil {
		return false, fault.As(err, fault.Internal, "the result cannot be encoded")
	}
	verdicts, err := snapshot.EncodeVerdicts(lines, run.Terms.Currency)
	if err != nil {
		return false, err
	}
	return true, all(
		func() error {
			return h.Lake.Put(ctx, recalc.TableKey(run.ID, m.Slice, m.Part), "text/csv; charset=utf-8", options.Table(lines, run.Terms.Currency))
		},
		func() error {
			return h.Lake.Put(ctx, recalc.VerdictsKey(run.ID, m.Slice, m.Part), parquetType, verdicts)
		},
		func() error {
			return h.Lake.Put(ctx, recalc.ResultKey(run.ID, m.Slice, m.Part), "application/json", raw)
		},
	)
}

// apply writes the scores that differ and then sends the signals that follow, chunk by chunk from the message's row on.
func (h *Handler) apply(ctx context.Context, scorer *recalc.Scorer, lines []recalc.Line, m *recalc.Message) (done bool, err error) {
	for m.Row < len(lines) {
		if h.Left(ctx) < margin {
			return false, nil
		}
		chunk := lines[m.Row:min(m.Row+chunkRows, len(lines))]
		meter := &dynamo.Meter{}
		concerned, err := h.write(dynamo.WithMeter(ctx, meter), chunk)
		if err == nil {
			err = h.tell(ctx, scorer, concerned)
		}
		_, units := meter.Units()
		m.Write += units
		if err != nil {
			return false, err
		}
		m.Row += len(chunk)
	}
	return true, nil
}

// write writes the scores that differ, a few at a time, and returns the lines of the customers whom signals may be about.
// A customer who is gone, or whom a newer run has scored, is left alone.
func (h *Handler) write(ctx context.Context, lines []recalc.Line) (concerned []*recalc.Line, err error) {
	var next, writes atomic.Int64
	var mu sync.Mutex
	var failed error
	var group sync.WaitGroup
	written := make([]bool, len(lines))
	for range writers {
		group.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(lines) {
					return
				}
				if !lines[i].Differs() {
					continue
				}
				ok, err := h.Store.WriteScores(ctx, lines[i].ID, lines[i].Scores)
				if err != nil {
					mu.Lock()
					failed = err
					mu.Unlock()
					next.Store(int64(len(lines))) // nobody begins another
					return
				}
				if written[i] = ok; ok {
					writes.Add(1)
				}
			}
		})
	}
	group.Wait()
	h.Counter.Count("ScoresWritten", int(writes.Load()))
	if failed != nil {
		return nil, failed
	}
	for i := range lines {
		if l := &lines[i]; written[i] || !l.Differs() && len(l.Occasions) > 0 {
			concerned = append(concerned, l)
		}
	}
	return concerned, nil
}

// tell sends the signals about customers.
func (h *Handler) tell(ctx context.Context, scorer *recalc.Scorer, lines []*recalc.Line) error {
	var all []signal.Signal
	counts := map[signal.Kind]int{}
	for _, line := range lines {
		some, err := scorer.Signals(line)
		if err != nil {
			return err
		}
		for i := range some {
			counts[some[i].Kind]++
		}
		all = append(all, some...)
	}
	var messages []queue.Message
	for batch := range slices.Chunk(all, packSignals) {
		body, err := json.Marshal(signal.Pack{Signals: batch})
		if err != nil {
			return fault.As(err, fault.Internal, "the signals cannot be encoded")
		}
		messages = append(messages, queue.Message{Body: string(body)})
	}
	if len(messages) == 0 {
		return nil
	}
	if err := h.Signals.Send(ctx, messages...); err != nil {
		return err
	}
	h.Counter.Count("SegmentChanges", counts[signal.SegmentChanged])
	h.Counter.Count("RiskWarnings", counts[signal.RiskChanged])
	h.Counter.Count("Occasions", counts[signal.Occasion])
	return nil
}
