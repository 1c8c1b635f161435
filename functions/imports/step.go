package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"hash/fnv"
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
	accepted   int
	events     []event.Event
	answers    []answer
	suppressed []importfile.Suppression
	codes      []string
	refused    []importfile.Refused
	last       bool   // no more follow
	failure    string // why no more can be read
}

// answer is a row that is one.
type answer struct {
	survey.Answer
	kind     string // as importfile.Row has it
	row      int    // the line that it begins on
	from, to int    // which of the step's events are the row's
	erased   bool   // its customer was
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
		if row.Suppressed != nil {
			s.suppressed = append(s.suppressed, *row.Suppressed)
		}
		if row.Code != "" {
			s.codes = append(s.codes, row.Code)
		}
		if row.Answer != nil {
			s.answers = append(s.answers, answer{Answer: *row.Answer, kind: row.Type, row: row.Number, from: from, to: len(s.events)})
			size += eventBytes + weight(row.Answer)
		}
	}
	return s, nil
}

// weight is how many bytes an answer's own words are.
func weight(a *survey.Answer) (n int) {
	for _, v := range a.Values {
		n += len(v.Text)
	}
	for name, value := range a.Properties {
		n += len(name) + len(value)
	}
	return n
}

// taken are the import's answers by survey and type, once the step's are among them.
func (s *step) taken(before []importfile.Taken) []importfile.Taken {
	all := slices.Clone(before)
	for i := range s.answers {
		if a := &s.answers[i]; !a.erased {
			all = importfile.Take(all, a.Survey, a.kind)
		}
	}
	return all
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
		if err := w.suppress(ctx, s.suppressed); err != nil {
			return err
		}
		if err := w.send(ctx, s.events); err != nil {
			return err
		}
		if err := w.putCodes(ctx, s.codes); err != nil {
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

// lanes is how many answers are kept, and hours marked, at a time.
const lanes = 16

// suppress lists addresses as ones that must not be sent to.
func (w *worker) suppress(ctx context.Context, all []importfile.Suppression) error {
	errs := make([]error, len(all))
	batch.Each(len(all), lanes, func(i int) {
		one := &all[i]
		errs[i] = w.Store.Suppress(ctx, one.Channel, one.Address, one.Reason, one.Since)
	})
	return errors.Join(errs...)
}

// keepAnswers keeps a step's answers, but for those of the erased, which it marks; then it marks their hours to be counted
// anew, each once, and those of answers that stood already too: a worker before this one may have been lost in between.
// One customer's answers are kept one after the other, in the order of the file.
func (w *worker) keepAnswers(ctx context.Context, answers []answer) error {
	var lane [lanes][]*answer
	for i := range answers {
		n := laneOf(&answers[i].Answer)
		lane[n] = append(lane[n], &answers[i])
	}
	var errs [lanes]error
	var hours [lanes][]survey.Hour
	batch.Each(lanes, lanes, func(n int) {
		for _, a := range lane[n] {
			some, err := w.keepAnswer(ctx, a)
			if err != nil {
				errs[n] = err
				return
			}
			hours[n] = append(hours[n], some...)
		}
	})
	if err := errors.Join(errs[:]...); err != nil {
		return err
	}
	return w.mark(ctx, slices.Concat(hours[:]...))
}

// laneOf is the lane of a customer's answers. Those of nobody have nothing to do with each other, but for the editions of
// one.
func laneOf(a *survey.Answer) int {
	name := string(a.Customer)
	if name == "" {
		name = a.Invitation
	}
	h := fnv.New32a()
	io.WriteString(h, name) // a hash takes everything
	return int(h.Sum32() % lanes)
}

// mark marks hours to be counted anew, each once.
func (w *worker) mark(ctx context.Context, hours []survey.Hour) error {
	slices.SortFunc(hours, func(a, b survey.Hour) int {
		return cmp.Or(cmp.Compare(a.Survey, b.Survey), a.Begin.Compare(b.Begin))
	})
	hours = slices.Compact(hours)
	errs := make([]error, lanes)
	now := w.Now()
	batch.Each(lanes, lanes, func(n int) {
		errs[n] = w.Store.MarkHours(ctx, now, hours[len(hours)*n/lanes:len(hours)*(n+1)/lanes]...)
	})
	return errors.Join(errs...)
}

// answerTries bounds how often an answer is tried again over another that came at the same time.
const answerTries = 8

// keepAnswer makes an answer durable, if it is to stand and the import is not only a check, and returns the hours whose
// counts that may have changed. That of an erased customer is marked, and not kept.
func (w *worker) keepAnswer(ctx context.Context, a *answer) (hours []survey.Hour, err error) {
	if a.Customer != "" {
		a.erased, err = w.Store.Erased(ctx, a.Customer)
	}
	if a.erased || err != nil || w.standing.Request.DryRun {
		return nil, err
	}
	var standing *survey.Answer // as a rule there is none
	for range answerTries {
		next, changed := importfile.Over(standing, a.Answer)
		hours := []survey.Hour{survey.HourOf(&a.Answer), survey.HourOf(&next)}
		if standing != nil {
			hours = append(hours, survey.HourOf(standing))
		}
		if !changed {
			return hours, nil
		}
		if standing != nil && hours[1] != hours[2] { // whoever repeats this finds the hour that it leaves nowhere else
			if err := w.Store.MarkHours(ctx, w.Now(), hours[2]); err != nil {
				return nil, err
			}
		}
		err := w.Store.PutAnswer(ctx, standing, next)
		if fault.CodeOf(err) != fault.Conflict {
			return hours, err
		}
		if standing, err = w.Store.Answer(ctx, a.Customer, a.Survey, a.Invitation); err != nil {
			return nil, err
		}
	}
	return nil, fault.New(fault.Unavailable, "other answers came at the same time")
}
