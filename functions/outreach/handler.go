package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"liuke/shared/batch"
	"liuke/shared/campaign"
	"liuke/shared/clock"
	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/fault"
	"liuke/shared/kept"
	"liuke/shared/lately"
	"liuke/shared/measure/recount"
	"liuke/shared/message"
	"liuke/shared/money"
	"liuke/shared/offer"
	"liuke/shared/outreach"
	"liuke/shared/queue"
	"liuke/shared/quiet"
	"liuke/shared/recalc"
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
	Measures
	Budgets
	Offers
	Dossier(ctx context.Context, w message.Wanted) (message.Dossier, error)
	Suppressed(ctx context.Context, channel message.Channel, address string) (bool, error)
	WriteEntry(ctx context.Context, e message.Entry) (message.Entry, error)
	Claim(ctx context.Context, person customer.ID, e message.Entry, c message.Contact) error
	PutDue(ctx context.Context, minute time.Time, id string, sig signal.Signal) error
	Due(ctx context.Context, shard int, now time.Time) ([]dynamo.DueItem, error)
	DeleteDue(ctx context.Context, k dynamo.Key) error
	Entries(ctx context.Context, refs []message.Ref) (map[message.Ref]message.Entry, error)
	WriteContact(ctx context.Context, person customer.ID, c message.Contact) error
	Absorbed(ctx context.Context, id customer.ID) ([]customer.ID, error)
	Answer(ctx context.Context, c customer.ID, survey, invitation string) (*survey.Answer, error)
}

// Sender sends to a queue.
type Sender interface {
	Send(ctx context.Context, messages ...queue.Message) error
}

// Handler handles signals and the minute's schedule.
type Handler struct {
	Store    Store
	Surveys  func(ctx context.Context) (survey.Catalogue, error)       // a minute old at most, as package kept keeps them
	Stand    func(ctx context.Context) (*outreach.Stand, error)        // likewise; nil for what comes with the suite
	Pools    func(ctx context.Context) (map[string]*offer.Pool, error) // likewise; nil for the store's
	Signals  Sender
	Messages Sender
	Runs     recalc.Queue             // of recalculations and campaigns
	Ways     map[message.Channel]bool // the channels that the deployment has switched on; nil for all
	Now      clock.Now
	Log      *slog.Logger
	Count    *telemetry.Counter

	// Campaigns keeps what starts by the clock; nil for nothing.
	Campaigns campaign.Files

	stand  *outreach.Stand // that scenes and rules are of; nil before it is first asked for
	scenes *scene.Set
	rules  *scene.Rules
	runner *batch.Runner[signal.Signal]

	business *time.Location
	enroller *recount.Enroller
	empty    *lately.Names // pools without a code
	going    *lately.Names // runs that were not cancelled, by scene and id
	gone     *lately.Names // runs that were
}

// clockSkew is by how much the clocks of two processes may differ.
const clockSkew = time.Minute

// customersAtOnce is how many customers of a batch are worked on side by side.
const customersAtOnce = 8

// compilers make of scenes what decides, and what fills in tasks.
func compilers(currency money.Currency) scene.Compilers {
	return scene.Compilers{Audience: audience.Compile, Tasks: content.Compiler(), Currency: currency, Lazy: true}
}

// NewHandler completes a handler for a business in the time zone.
func NewHandler(h Handler, business *time.Location) (*Handler, error) {
	h.rules = &scene.Rules{Atlas: quiet.NewAtlas(business)}
	h.business, h.enroller, h.empty = business, recount.NewEnroller(h.Store, h.Now), lately.NewNames(emptyFor)
	h.going, h.gone = lately.NewNames(runKnown), lately.NewNames(runKnown)
	if h.Pools == nil {
		h.Pools = kept.New(func(ctx context.Context) (map[string]*offer.Pool, error) { return h.Store.Pools(ctx) }, h.Now).Get
	}
	if h.Stand == nil {
		var err error
		if h.scenes, err = scene.BuiltIn(compilers("")); err != nil {
			return nil, err
		}
		h.rules.Policy = h.scenes.Policy
	}
	h.business = business
	h.runner = &batch.Runner[signal.Signal]{
		Decode: decode,
		Encode: func(s signal.Signal, _ string) (string, error) { return encode(s) },
		Handle: h.answer,
		Back:   h.Signals,
		Log:    h.Log,
	}
	return &h, nil
}

// refresh goes by what operators have written since.
func (h *Handler) refresh(ctx context.Context) error {
	if h.Stand == nil {
		return nil
	}
	stand, err := h.Stand(ctx)
	if err != nil || stand == h.stand {
		return err
	}
	h.stand, h.scenes = stand, stand.Scenes
	h.rules = &scene.Rules{Policy: stand.Scenes.Policy, Atlas: h.rules.Atlas}
	return nil
}

// Handle takes a batch of the signals queue, or the payload of the schedule "due" or "tally".
func (h *Handler) Handle(ctx context.Context, raw json.RawMessage) (any, error) {
	var in struct {
		Schedule string              `json:"schedule"`
		Records  []events.SQSMessage `json:"Records"`
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return nil, fault.New(fault.Invalid, "the invocation is neither a batch nor a schedule")
	}
	if in.Schedule != "" {
		if err := h.refresh(ctx); err != nil {
			return nil, err
		}
	}
	switch {
	case in.Schedule == "due":
		return nil, errors.Join(h.sweep(ctx), h.startCampaigns(ctx))
	case in.Schedule == "tally":
		return nil, h.tally(ctx)
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

// task is one scene set off by one signal, or, without a scene, what a signal means for scenes that the customer has entered.
// All tasks of a customer are done in turn.
type task struct {
	signal  int // index into the batch
	sig     signal.Signal
	hears   []*scene.Scene // without a scene: those that may have waited for the signal
	scene   *scene.Scene
	off     string   // without a scene: why the one that waited is not there to go on with
	waits   []string // of off: the entries of which one may wait
	entry   string
	journey []string // of a later step: the entries of those before it; of a reminder, the invitation that it reminds of
	ask     scene.Ask
	survey  *survey.Survey // of ask; nil where there is none
}

// first is the entry of step 0, where the task is of a later one; "" where it isn't.
func (t *task) first() string {
	if len(t.journey) == 0 {
		return ""
	}
	return t.journey[0]
}

// reminder reports whether the task is to remind of an invitation: a scene that asks has no steps of its own behind the first.
func (t *task) reminder() bool { return t.sig.Step >= len(t.scene.Steps) }

// speaks reports whether the task's step says anything.
func (t *task) speaks() bool { return t.scene.Step(t.sig.Step).Speaks() }

// wanted are the entries that a decision on the task is made from.
func (t *task) wanted() []string {
	if t.scene == nil {
		return t.waits
	}
	return append(t.journey[:len(t.journey):len(t.journey)], t.entry)
}

// idle is why there is nothing to decide on a step that came due, named as it is counted; "" where there is. What it follows
// was put on file with it, and then not claimed, or decided otherwise, or later: then it is on file for later as well.
func (t *task) idle(d *message.Dossier, now time.Time) string {
	switch {
	case t.sig.Step == 0:
		return ""
	case t.reminder():
		if first := d.Entries[t.first()]; first.Claimed.IsZero() {
			return "RemindersOfNothing"
		}
		return ""
	}
	step, since := outreach.Standing(t.scene, t.sig.Customer, t.sig.ID, d.Entries)
	switch _, waits := d.Entries[t.entry]; {
	case step != t.sig.Step:
		return "StepsOutOfTurn"
	case t.sig.Came == "" && !waits && now.Before(since.Add(t.scene.Steps[step].After-clockSkew)):
		return "StepsOutOfTurn"
	}
	return ""
}

// result collects what a batch comes to.
type result struct {
	mu     sync.Mutex
	errs   []error
	jobs   map[int][]queue.Message // by the signal that they answer
	claims []message.Job           // the same
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

func (r *result) queue(i int, job message.Job, m queue.Message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.jobs[i] = append(r.jobs[i], m)
	r.claims = append(r.claims, job)
}

// answer decides on all signals, customer by customer, and then queues what was claimed.
func (h *Handler) answer(ctx context.Context, signals []signal.Signal) []error {
	out := &result{errs: make([]error, len(signals)), jobs: map[int][]queue.Message{}, gone: map[int]bool{}, counts: map[string]int{}}
	if err := h.refresh(ctx); err != nil {
		for i := range out.errs {
			out.errs[i] = err
		}
		return out.errs
	}
	tasks := map[customer.ID][]task{}
	var alarms, claims []int
	for i, sig := range signals {
		switch {
		case !valid(&sig):
			out.fail(i, fault.New(fault.Invalid, "a signal needs an id, a customer and a time, and its scene where it came due for a later step"))
		case sig.Kind == signal.TaskDue:
			alarms = append(alarms, i)
		case sig.Kind == signal.ClaimsDue:
			claims = append(claims, i)
		default:
			tasks[sig.Customer] = append(tasks[sig.Customer], h.tasks(ctx, i, sig, out)...)
		}
	}
	h.find(ctx, tasks, out)
	customers := slices.Sorted(maps.Keys(tasks))
	batch.Each(len(customers), customersAtOnce, func(i int) {
		h.customer(ctx, customers[i], tasks[customers[i]], out)
	})
	h.alarms(ctx, signals, alarms, out)
	h.reconcile(ctx, signals, claims, out)
	h.send(ctx, out)
	if len(out.gone) > 0 {
		out.counts["SignalsOfErased"] = len(out.gone)
	}
	for name, n := range out.counts {
		h.Count.Count(name, n)
	}
	return out.errs
}

func valid(sig *signal.Signal) bool {
	_, err := customer.ParseID(string(sig.Customer))
	return err == nil && sig.ID != "" && !sig.Time.IsZero() && sig.Step >= 0 && (sig.Step == 0 || sig.Scene != "")
}

// tasks are what a signal asks for: first what it means for scenes that the customer has entered, and then each scene that it
// sets off. A scene that takes its time is put on file instead.
func (h *Handler) tasks(ctx context.Context, i int, sig signal.Signal, out *result) (all []task) {
	now := h.Now()
	if some := hears(h.scenes.All(), sig); len(some) > 0 {
		all = append(all, task{signal: i, sig: sig, hears: some})
	}
	switch scene, cancelled, err := h.cancelled(ctx, sig, now); {
	case err != nil:
		out.fail(i, err)
		return all
	case cancelled:
		out.count("SignalsOfCancelledRuns")
		sig.Scene = scene
		return append(all, task{signal: i, sig: sig, off: reasonCancelled, waits: waiting(sig)})
	}
	if off, ok := h.off(sig); ok {
		return append(all, task{signal: i, sig: sig, off: off, waits: waiting(sig)})
	}
	if err := h.unknown(sig, now, out); err != nil {
		out.fail(i, err)
		return all
	}
	for _, sc := range h.scenes.SetOffBy(sig) {
		if sc.Stale(sig, now) {
			out.count("StaleSignals")
			continue
		}
		later, err := h.delayed(ctx, sc, sig, now)
		if err != nil {
			out.fail(i, err)
			continue
		}
		if later {
			out.count("Delayed")
			continue
		}
		t := task{signal: i, scene: sc, sig: sig, entry: sc.EntryID(sig.Customer, sig.ID, sig.Step), ask: sc.Ask(sig)}
		t.journey = entriesOf(sc, sig.Customer, sig.ID, sig.Step-1)
		all = append(all, t)
	}
	return all
}

// send queues what was claimed. Where the queue does not take it, the signals come back and find their entries claimed; who
// looks after claims that nobody sends is told before.
func (h *Handler) send(ctx context.Context, out *result) {
	var all []queue.Message
	for _, i := range slices.Sorted(maps.Keys(out.jobs)) {
		all = append(all, out.jobs[i]...)
	}
	if len(all) == 0 {
		return
	}
	err := h.fileClaims(ctx, out.claims, 0)
	if err == nil {
		err = h.Messages.Send(ctx, all...)
	}
	if err != nil {
		for i := range out.jobs {
			out.fail(i, err)
		}
		return
	}
	out.counts["MessagesQueued"] += len(all)
}
