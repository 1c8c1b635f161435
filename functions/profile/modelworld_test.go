package main

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"

	"github.com/aws/aws-lambda-go/events"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/signal"
)

// message is one of the events queue.
type message struct {
	body   string
	failed int // how often a process has reported it
}

// schedule is one random history of the suite: what came in, in which order, which processes worked on it at once and
// what befell each of their calls. All of it follows from its seed, but for the order of calls that one process makes at once.
type schedule struct {
	world   *world
	seed    uint64
	rng     *rand.Rand
	traffic traffic
	waiting []message
	erasing []customer.ID // erasures that were asked for and are not done
	dead    []message
	running []*process
	events  chan report
	sent    map[string]signal.Signal // signals by customer and id
	kept    map[string]customer.Key  // events in the lake, by customer and id: what seals them
	scored  map[customer.ID]int64    // the greatest run whose scores were committed
	tally   *tally
	calm    bool // no more faults
	expired bool // the stubs of the erased are gone
	problem error
}

// report is what a process tells the scheduler: that it is about to make a call, or, with a nil verdict channel, that
// it has ended.
type report struct {
	process *process
	call    string
	verdict chan verdict
}

// process is one invocation: a batch of the queue, a rebuild, an audit, an erasure, or a recalculation's score write.
type process struct {
	schedule *schedule
	kind     string
	wire     sync.Mutex // calls that it makes at once go out one after the other
	messages []message
	dead     bool
	pending  *report
	response events.SQSEventResponse
	failed   error       // of an erasure
	scores   customer.ID // whose, of all but a batch
	run      int64
}

// call waits for the scheduler's verdict on a call. A process that has crashed gets no further.
func (p *process) call(name string) verdict {
	if p.dead {
		return crashBefore
	}
	r := report{process: p, call: name, verdict: make(chan verdict)}
	p.schedule.events <- r
	v := <-r.verdict
	p.dead = v == crashBefore || v == crashAfter
	return v
}

// committed notes that the engine has answered a call.
func (p *process) committed(out *http.Response) {
	if p.kind == "scores" && out.StatusCode == http.StatusOK {
		p.schedule.scored[p.scores] = max(p.schedule.scored[p.scores], p.run)
	}
}

// run plays the schedule to its end and compares what is stored with the model.
func (s *schedule) run(ctx context.Context) error {
	for step := 0; s.problem == nil; step++ {
		s.settle()
		if step > 4000 {
			return fmt.Errorf("the schedule does not end: %d messages wait, %d processes run", len(s.waiting), len(s.running))
		}
		s.calm = s.calm || step > 600
		if len(s.running) == 0 && len(s.waiting)+len(s.erasing) == 0 {
			break
		}
		if len(s.running)+len(s.erasing) == 0 && s.rng.IntN(4) == 0 {
			if err := s.expire(ctx); err != nil {
				return err
			}
		}
		if len(s.running) < 3 && len(s.waiting) > 0 && (len(s.running) == 0 || s.rng.IntN(3) == 0) {
			s.start(ctx, s.invocation())
			continue
		}
		if len(s.erasing) > 0 && len(s.running) < 3 && (len(s.running)+len(s.waiting) == 0 || s.rng.IntN(20) == 0) {
			s.start(ctx, &process{schedule: s, kind: "erase", scores: s.erasing[0]})
			s.erasing = s.erasing[1:]
			continue
		}
		if len(s.running) < 3 && !s.calm && s.rng.IntN(12) == 0 {
			s.start(ctx, s.errand())
			continue
		}
		s.resume(s.running[s.rng.IntN(len(s.running))])
	}
	if s.problem != nil {
		for len(s.running) > 0 { // let no goroutine hang
			s.calm = true
			s.settle()
			if len(s.running) > 0 {
				s.resume(s.running[0])
			}
		}
		return s.problem
	}
	return s.compare(ctx)
}

// expire removes the stubs of the erased, as the table does days later, when nothing is under way any more that saw the
// items before.
func (s *schedule) expire(ctx context.Context) error {
	if s.expired || len(s.traffic.erasures) == 0 {
		return nil
	}
	s.expired = true
	for _, id := range s.traffic.customers {
		if item, _, err := s.world.left(ctx, id); err != nil || item["erased"] == nil {
			continue
		}
		s.tally.start("expired stub")
		if err := s.world.remove(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// settle waits until every process stands before a call or has ended.
func (s *schedule) settle() {
	for slices.ContainsFunc(s.running, func(p *process) bool { return p.pending == nil }) {
		r := <-s.events
		if r.verdict != nil {
			r.process.pending = &r
			continue
		}
		s.running = slices.DeleteFunc(s.running, func(p *process) bool { return p == r.process })
		s.finish(r.process)
	}
}

// resume lets a process make its call.
func (s *schedule) resume(p *process) {
	v := proceed
	if !s.calm && s.rng.IntN(6) == 0 {
		v = verdict(s.rng.IntN(int(verdicts)))
	}
	s.tally.count(v)
	call := p.pending
	p.pending = nil
	call.verdict <- v
}

// invocation takes one to three messages off the queue.
func (s *schedule) invocation() *process {
	p := &process{schedule: s, kind: "invocation"}
	for range 1 + s.rng.IntN(3) {
		if len(s.waiting) == 0 {
			break
		}
		i := s.rng.IntN(len(s.waiting))
		p.messages = append(p.messages, s.waiting[i])
		s.waiting = slices.Delete(s.waiting, i, i+1)
	}
	return p
}

// start runs a process in a goroutine of its own.
func (s *schedule) start(ctx context.Context, p *process) {
	s.tally.start(p.kind)
	s.running = append(s.running, p)
	ctx = context.WithValue(ctx, processKey{}, p)
	go func() {
		switch p.kind {
		case "invocation":
			p.invoke(ctx)
		case "rebuild":
			_, err := s.world.folder.Rebuild(ctx, p.scores)
			p.allow(err, fault.Conflict, fault.NotFound, fault.Gone)
		case "audit":
			a, err := s.world.folder.Audit(ctx, p.scores)
			p.allow(err, fault.Conflict, fault.NotFound, fault.Gone)
			if err == nil && !a.Agrees {
				s.problem = fmt.Errorf("audit: %+v", a)
			}
		case "erase":
			p.failed = s.world.store.Erase(ctx, p.scores, start)
			p.allow(p.failed, fault.Conflict)
		case "scores":
			s.world.writeScores(ctx, p.scores, p.run)
		}
		s.events <- report{process: p}
	}()
}

// allow notes an error that no fault explains.
func (p *process) allow(err error, codes ...fault.Code) {
	codes = append(codes, fault.Unavailable, fault.Throttled)
	if err != nil && !slices.Contains(codes, fault.CodeOf(err)) {
		p.schedule.problem = fmt.Errorf("%s: %w", p.kind, err)
	}
}

func (p *process) invoke(ctx context.Context) {
	h := NewHandler(p.schedule.world.folder, nil, &modelLake{p}, &outbox{p, "signals", p.tell}, &outbox{p, "back", p.back}, nil,
		nil, slog.New(slog.DiscardHandler))
	var in events.SQSEvent
	for i, m := range p.messages {
		in.Records = append(in.Records, events.SQSMessage{MessageId: fmt.Sprint(i), Body: m.body})
	}
	var err error
	if p.response, err = h.Handle(ctx, in); err != nil {
		p.schedule.problem = fmt.Errorf("handle: %w", err)
	}
}

// finish puts the messages of an invocation where SQS would: away, back, or, where one has failed three times by its
// own fault, to the dead letters. A process that crashed has said nothing.
func (s *schedule) finish(p *process) {
	if p.kind == "erase" && (p.dead || p.failed != nil) {
		s.erasing = append(s.erasing, p.scores)
	}
	failed := map[string]bool{}
	for _, f := range p.response.BatchItemFailures {
		failed[f.ItemIdentifier] = true
	}
	for i, m := range p.messages {
		switch {
		case p.dead:
			s.waiting = append(s.waiting, m)
		case failed[fmt.Sprint(i)]:
			if m.failed++; m.failed == 3 && s.traffic.poisonous(m.body) {
				s.dead = append(s.dead, m)
			} else {
				s.waiting = append(s.waiting, m)
			}
		case s.rng.IntN(20) == 0 && !s.calm: // at least once: it may come again all the same
			s.waiting = append(s.waiting, m)
		default:
			s.acknowledged(m)
		}
	}
}
