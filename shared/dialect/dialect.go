// Package dialect carries events of other dialects (CloudEvents, webhooks, an event bus) over into calls of the
// tracking API, so that one set of rules judges them all: ids, times, limits, orders, consent. A refusal names the field
// as the sender spelled it, and what is kept of a refused event is what the sender wrote.
package dialect

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"liuke/shared/event"
	"liuke/shared/fault"
)

// Call is one event, carried over into one element of a batch call of the tracking API.
type Call struct {
	Body    []byte // of the element; nil where Err is set
	Raw     []byte // what the sender wrote
	At      string // JSON pointer of Raw in the request's body, "" where it is the body
	Origins Origins
	Err     error // why it cannot be carried over, with a pointer into Raw; nil where it can
}

// Origins says which JSON pointers of a call stand for which of what the sender wrote. A pointer stands for all that is
// below it, too; the longest that fits counts.
type Origins map[string]string

// of returns the sender's pointer for a call's, "" where it stands for nothing of the sender's.
func (o Origins) of(pointer string) string {
	best, origin := "", ""
	for call, sender := range o {
		if rest, ok := strings.CutPrefix(pointer, call); ok && len(call) > len(best) && (rest == "" || rest[0] == '/') {
			best, origin = call, sender+rest
		}
	}
	return origin
}

// Tracking reads batch calls of the tracking API.
type Tracking interface {
	Batch(body []byte, now time.Time) (*event.Intake, error)
}

// chunkBytes is about how long a batch is made, below the limit of a batch call.
const chunkBytes = event.MaxBatchBytes / 2

// Read judges the calls. Each has a fate in its place; events that are accepted say that they came by the source. It
// returns an Internal error where the tracking API doesn't take what this package wrote.
func Read(t Tracking, source event.Source, calls []Call, now time.Time) (*event.Intake, error) {
	in := &event.Intake{Fates: make([]event.Fate, len(calls))}
	var body []byte
	var at []int // the calls in body
	left := 0    // about as many bytes as the calls from here on take
	for i := range calls {
		left += len(calls[i].Body) + 1
	}
	flush := func() error {
		if len(at) == 0 {
			return nil
		}
		err := merge(in, t, source, calls, at, append(body, "]}"...), now)
		body, at = nil, nil
		return err
	}
	for i := range calls {
		c := &calls[i]
		if c.Err != nil {
			in.Fates[i] = event.Fate{Outcome: event.Refused, Err: c.locate(c.Err, "")}
			continue
		}
		if len(at) == event.MaxBatchEvents || len(at) > 0 && len(body)+len(c.Body) > chunkBytes {
			if err := flush(); err != nil {
				return nil, err
			}
		}
		if len(at) == 0 {
			body = append(make([]byte, 0, min(left, chunkBytes+event.MaxEventBytes)+64), `{"batch":[`...)
		} else {
			body = append(body, ',')
		}
		body, at = append(body, c.Body...), append(at, i)
		left -= len(c.Body) + 1
	}
	if err := flush(); err != nil {
		return nil, err
	}
	in.Rejected = rejected(calls, in.Fates, now)
	return in, nil
}

// rejected returns what is kept of the calls that were refused. What several were made from is kept once, with the first
// reason.
func rejected(calls []Call, fates []event.Fate, now time.Time) (out []event.Rejected) {
	var last []byte
	for i := range fates {
		raw := calls[i].Raw
		if fates[i].Err == nil || len(raw) > 0 && len(last) > 0 && &raw[0] == &last[0] {
			continue
		}
		out, last = append(out, event.NewRejected(raw, now, fates[i].Err)), raw
	}
	return out
}

// merge reads one batch into the intake.
func merge(in *event.Intake, t Tracking, source event.Source, calls []Call, at []int, body []byte, now time.Time) error {
	part, err := t.Batch(body, now)
	if fault.CodeOf(err) == fault.TooLarge && len(at) == 1 { // one event beyond what a whole batch may hold
		in.Fates[at[0]] = event.Fate{Outcome: event.Refused, Err: calls[at[0]].locate(err, "")}
		return nil
	}
	if err != nil {
		return fault.As(err, fault.Internal, "a call that was carried over is not taken")
	}
	for k, fate := range part.Fates {
		if fate.Err != nil {
			fate.Err = calls[at[k]].locate(fate.Err, "/batch/"+strconv.Itoa(k))
		}
		in.Fates[at[k]] = fate
	}
	for i := range part.Events {
		part.Events[i].Source = source
	}
	in.Events = append(in.Events, part.Events...)
	return nil
}

// locate sets the sender's pointer in place of one below prefix; an error of the carrying over itself has the sender's.
func (c *Call) locate(err error, prefix string) error {
	var f *fault.Error
	if !errors.As(err, &f) {
		return err
	}
	located := *f
	if prefix != "" {
		located.Pointer = c.Origins.of(strings.TrimPrefix(f.Pointer, prefix))
	}
	if located.Pointer != "" || c.At != "" {
		located.Pointer = c.At + located.Pointer
	}
	return &located
}
