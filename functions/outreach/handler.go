package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"liuke/shared/batch"
	"liuke/shared/clock"
	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/queue"
	"liuke/shared/quiet"
	"liuke/shared/scene"
	"liuke/shared/scene/audience"
	"liuke/shared/scene/content"
	"liuke/shared/signal"
	"liuke/shared/survey"
	"liuke/shared/telemetry"
)

// Store keeps what decisions are made from, and the decisions. Writes return Conflict where something has moved.
type Store interface {
	Tasks
	Dossier(ctx context.Context, w message.Wanted) (message.Dossier, error)
	Suppressed(ctx context.Context, channel message.Channel, address string) (bool, error)
	WriteEntry(ctx context.Context, e message.Entry) (message.Entry, error)
	Claim(ctx context.Context, person customer.ID, e message.Entry, c message.Contact, beside ...message.Entry) error
	PutDue(ctx context.Context, minute time.Time, id string, sig signal.Signal) error
	Due(ctx context.Context, shard int, now time.Time) ([]dynamo.DueItem, error)
	DeleteDue(ctx context.Context, k dynamo.Key) error
	Answer(ctx context.Context, c customer.ID, survey, invitation string) (*survey.Answer, error)
}

// Sender sends to a queue.
type Sender interface {
	Send(ctx context.Context, messages ...queue.Message) error
}

// Handler handles signals and the minute's schedule.
type Handler struct {
	Store    Store
	Surveys  func(ctx context.Context) (survey.Catalogue, error) // a minute old at most, as package kept keeps them
	Signals  Sender
	Messages Sender
	Now      clock.Now
	Log      *slog.Logger
	Count    *telemetry.Counter

	scenes *scene.Set
	rules  *scene.Rules
	runner *batch.Runner[signal.Signal]
}

// customersAtOnce is how many customers of a batch are worked on side by side.
const customersAtOnce = 8

// NewHandler completes a handler with the built-in scenes, for a business in the time zone.
func NewHandler(h Handler, business *time.Location) (*Handler, error) {
	var err error
	if h.scenes, err = scene.BuiltIn(scene.Compilers{Audience: audience.Compile, Tasks: content.Compiler()}); err != nil {
		return nil, err
	}
	h.rules = &scene.Rules{Policy: h.scenes.Policy, Atlas: quiet.NewAtlas(business)}
	h.runner = &batch.Runner[signal.Signal]{
		Decode: decode,
		Encode: func(s signal.Signal, _ string) (string, error) { return encode(s) },
		Handle: h.answer,
		Back:   h.Signals,
		Log:    h.Log,
	}
	return &h, nil
}

// Handle takes a batch of the signals queue, or the payload of the schedule "due".
func (h *Handler) Handle(ctx context.Context, raw json.RawMessage) (any, error) {
	var in struct {
		Schedule string              `json:"schedule"`
		Records  []events.SQSMessage `json:"Records"`
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return nil, fault.New(fault.Invalid, "the invocation is neither a batch nor a schedule")
	}
	switch {
	case in.Schedule == "due":
		return nil, h.sweep(ctx)
	case in.Schedule != "":
		return nil, fault.New(fault.Invalid, "there is no schedule %q here", in.Schedule)
	}
	return h.runner.Run(ctx, events.SQSEvent{Records: in.Records})
}

func decode(body string) ([]signal.Signal, error) {
	var p signal.Pack
	if err := json.Unmarshal([]byte(body), &p); err != nil || len(p.Signals) == 0 {
		return nil, fault.New(fault.Invalid, "the message holds no signals")
	}
	return p.Signals, nil
}

func encode(signals ...signal.Signal) (string, error) {
	body, err := json.Marshal(signal.Pack{Signals: signals})
	return string(body), err
}

// task is one scene set off by one signal; all tasks of a customer are done in turn.
type task struct {
	signal int // index into the batch
	scene  *scene.Scene
	sig    signal.Signal
	entry  string
	first  string // the entry of step 0, where this is of a later one: the invitation that a reminder reminds of
	ask    scene.Ask
	survey *survey.Survey // of ask; nil where there is none
}

// result collects what a batch comes to.
type result struct {
	mu     sync.Mutex
	errs   []error
	jobs   map[int][]queue.Message // by the signal that they answer
	gone   map[int]bool            // the signals of the erased
	counts map[string]int
}

func (r *result) fail(i int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.errs[i] == nil {
		r.errs[i] = err
	}
}

func (r *result) count(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts[name]++
}

func (r *result) drop(i int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gone[i] = true
}

func (r *result) queue(i int, m queue.Message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.jobs[i] = append(r.jobs[i], m)
}

// answer decides on all signals, customer by customer, and then queues what was claimed.
func (h *Handler) answer(ctx context.Context, signals []signal.Signal) []error {
	out := &result{errs: make([]error, len(signals)), jobs: map[int][]queue.Message{}, gone: map[int]bool{}, counts: map[string]int{}}
	now := h.Now()
	tasks := map[customer.ID][]task{}
	var due []int
	for i, sig := range signals {
		if _, err := customer.ParseID(string(sig.Customer)); err != nil || sig.ID == "" || sig.Time.IsZero() {
			out.fail(i, fault.New(fault.Invalid, "a signal needs an id, a customer and a time"))
			continue
		}
		if sig.Kind == signal.TaskDue {
			due = append(due, i)
			continue
		}
		if sig.Step < 0 || sig.Step > 0 && sig.Scene == "" {
			out.fail(i, fault.New(fault.Invalid, "a signal that comes due for a step needs its scene"))
			continue
		}
		for _, sc := range h.scenes.SetOffBy(sig) {
			if sc.Stale(sig, now) {
				out.count("StaleSignals")
				continue
			}
			t := task{signal: i, scene: sc, sig: sig, entry: sc.EntryID(sig.Customer, sig.ID, sig.Step), ask: sc.Ask(sig)}
			if sig.Step > 0 {
				t.first = sc.EntryID(sig.Customer, sig.ID, 0)
			}
			tasks[sig.Customer] = append(tasks[sig.Customer], t)
		}
	}
	h.find(ctx, tasks, out)
	customers := slices.Sorted(maps.Keys(tasks))
	batch.Each(len(customers), customersAtOnce, func(i int) {
		h.customer(ctx, customers[i], tasks[customers[i]], out)
	})
	h.alarms(ctx, signals, due, out)
	h.send(ctx, out)
	if len(out.gone) > 0 {
		out.counts["SignalsOfErased"] = len(out.gone)
	}
	for name, n := range out.counts {
		h.Count.Count(name, n)
	}
	return out.errs
}

// send queues what was claimed. Where the queue does not take it, the signals come back and find their entries claimed.
func (h *Handler) send(ctx context.Context, out *result) {
	var all []queue.Message
	for _, i := range slices.Sorted(maps.Keys(out.jobs)) {
		all = append(all, out.jobs[i]...)
	}
	if len(all) == 0 {
		return
	}
	if err := h.Messages.Send(ctx, all...); err != nil {
		for i := range out.jobs {
			out.fail(i, err)
		}
		return
	}
	out.counts["MessagesQueued"] += len(all)
}
