package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"

	"liuke/shared/batch"
	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/importfile"
	"liuke/shared/queue"
	"liuke/shared/survey"
)

// step is some rows of a file.
type step struct {
	accepted int
	events   []event.Event
	answers  []answer
	refused  []importfile.Refused
	last     bool   // no more follow
	failure  string // why no more can be read
}

// answer is a row that is one.
type answer struct {
	survey.Answer
	row      int  // the line that it begins on
	from, to int  // which of the step's events are the row's
	erased   bool // its customer was
}

// erasedReason is why a row of the erased is refused. It names no column, as it is the row that must not be there.
const erasedReason = "the customer was erased, and nothing of theirs is taken in again: leave the row out"

const (
	// stepBytes is how much a step's events may weigh, about: rows with long comments make shorter steps.
	stepBytes  = 4 << 20
	eventBytes = 300 // about, beside what the event carries
	// packEvents is how many events are in one message. A file's rows are of as many customers, each an item and an order
	// to write: ten messages of the fullest packs would keep one invocation of profile for too long where tables are slow.
	packEvents = 50
	// eventCalls is how many calls send a step's events at a time, packsPerCall how many messages are in each.
	eventCalls   = 8
	packsPerCall = 10
)

func (s *step) rows() int { return s.accepted + len(s.refused) }

// listed are the refused rows that are among the import's first importfile.MaxListed.
func (s *step) listed(before *importfile.Import) []importfile.Refused {
	room := max(0, importfile.MaxListed-before.Progress.Refused)
	return s.refused[:min(room, int64(len(s.refused)))]
}

// read reads the rows of a step. Where it ends is the file's alone to say, so that whoever repeats it repeats the same.
func (w *worker) read() (*step, error) {
	s := &step{}
	for size := 0; s.rows() < w.StepRows && size < stepBytes; {
		row, err := w.reader.Next()
		var refused *importfile.Refused
		switch {
		case errors.Is(err, io.EOF):
			s.last = true
			return s, nil
		case errors.As(err, &refused):
			s.refused = append(s.refused, *refused)
			continue
		case w.unreadable(err) != "":
			s.failure = w.unreadable(err)
			return s, nil
		case err != nil:
			return nil, err
		}
		s.accepted++
		from := len(s.events)
		for i := range row.Events {
			s.events = append(s.events, row.Events[i])
			size += eventBytes + len(row.Events[i].Properties) + len(row.Events[i].Traits)
		}
		if row.Answer != nil {
			s.answers = append(s.answers, answer{Answer: *row.Answer, row: row.Number, from: from, to: len(s.events)})
			size += eventBytes + len(row.Answer.Given.Comment)
		}
	}
	return s, nil
}

// refuseErased refuses the answers of the erased, which keepAnswers found, and drops their events. The step keeps its rows.
func (s *step) refuseErased() {
	for i := len(s.answers) - 1; i >= 0; i-- {
		if a := &s.answers[i]; a.erased {
			s.events = slices.Delete(s.events, a.from, a.to)
			s.accepted--
			s.refused = append(s.refused, importfile.Refused{Number: a.row, Reason: erasedReason})
		}
	}
	slices.SortFunc(s.refused, func(a, b importfile.Refused) int { return a.Number - b.Number })
}

// settle makes what a step's rows say durable, where the import is not only a check, and keeps the refused ones.
func (w *worker) settle(ctx context.Context, s *step) error {
	if err := w.keepAnswers(ctx, s.answers); err != nil {
		return err
	}
	s.refuseErased()
	if !w.standing.Request.DryRun {
		if err := w.send(ctx, s.events); err != nil {
			return err
		}
	}
	if len(s.refused) == 0 {
		return nil
	}
	var lines bytes.Buffer
	for i := range s.refused {
		line, err := json.Marshal(&s.refused[i])
		if err != nil {
			return fault.As(err, fault.Internal, "a refused row cannot be encoded")
		}
		lines.Write(append(line, '\n'))
	}
	return w.Lake.Put(ctx, importfile.RefusedKey(w.standing.ID, w.standing.Progress.Rows), "application/x-ndjson", lines.Bytes())
}

// send sends events to their queue, and orders them by customer: those of one customer that profile meets in one batch are
// folded in one transaction, at 2 write units an order and 2 in all where each alone would take 4. Among themselves they
// stay in the order of the file.
func (w *worker) send(ctx context.Context, events []event.Event) error {
	slices.SortStableFunc(events, func(a, b event.Event) int { return cmp.Compare(a.Customer(), b.Customer()) })
	var packs []string
	for some := range slices.Chunk(events, packEvents) {
		packs = append(packs, event.Packs(some)...)
	}
	calls := slices.Collect(slices.Chunk(packs, packsPerCall))
	errs := make([]error, len(calls))
	batch.Each(len(calls), eventCalls, func(i int) {
		messages := make([]queue.Message, len(calls[i]))
		for k, body := range calls[i] {
			messages[k].Body = body
		}
		errs[i] = w.Events.Send(ctx, messages...)
	})
	return errors.Join(errs...)
}

// keepAnswers keeps a step's answers, but for those of the erased, which it marks. Those that are counted in one place are kept one after the other, so that they do
// not get in each other's way, and those of one customer in the order of the file.
func (w *worker) keepAnswers(ctx context.Context, answers []answer) error {
	if len(answers) == 0 {
		return nil
	}
	var shards [survey.CounterShards][]*answer
	for i := range answers {
		shard := survey.CounterShard(answers[i].Customer)
		shards[shard] = append(shards[shard], &answers[i])
	}
	var errs [survey.CounterShards]error
	batch.Each(len(shards), len(shards), func(shard int) {
		for _, a := range shards[shard] {
			if errs[shard] = w.keepAnswer(ctx, a); errs[shard] != nil {
				return
			}
		}
	})
	return errors.Join(errs[:]...)
}

// answerTries bounds how often an answer is tried again over another that came at the same time.
const answerTries = 8

// keepAnswer makes an answer durable, if it is to stand and the import is not only a check. That of an erased customer is
// marked, and not kept.
func (w *worker) keepAnswer(ctx context.Context, a *answer) (err error) {
	a.erased, err = w.Store.Erased(ctx, a.Customer)
	if a.erased || err != nil || w.standing.Request.DryRun {
		return err
	}
	var standing *survey.Answer // as a rule there is none
	for range answerTries {
		next, changed := importfile.Over(standing, a.Answer)
		if !changed {
			return nil
		}
		err := w.Store.PutAnswer(ctx, standing, next)
		if fault.CodeOf(err) != fault.Conflict {
			return err
		}
		if standing, err = w.Store.Answer(ctx, a.Customer, a.Survey, a.Invitation); err != nil {
			return err
		}
	}
	return fault.New(fault.Unavailable, "other answers came at the same time")
}
