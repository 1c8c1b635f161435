package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"liuke/shared/batch"
	"liuke/shared/clock"
	"liuke/shared/customer"
	"liuke/shared/document"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/recalc"
	"liuke/shared/telemetry"
)

// Store keeps customers and the records of runs. See package dynamo for each.
type Store interface {
	recalc.Store
	Backtests
	Campaigns
	RunDocuments(ctx context.Context, run string) ([]document.Document, error)
	CurrentRun(ctx context.Context) (run string, err error)
	ScanCustomers(ctx context.Context, slice, slices int, cursor customer.ID) ([]recalc.Row, customer.ID, error)
	WriteScores(ctx context.Context, id customer.ID, scores customer.Scores) (written bool, err error)
	Slice(ctx context.Context, run string, slice int) (*recalc.Slice, error)
	AdvanceSlice(ctx context.Context, run string, before, after *recalc.Slice, read float64) error
	LandSlice(ctx context.Context, run string, slice int, deadline time.Time) (*recalc.Run, error)
	SaveFit(ctx context.Context, run string, fit *recalc.Fit, deadline time.Time) (*recalc.Run, error)
	ScorePart(ctx context.Context, run string, slice, part int, write float64) (*recalc.Slice, error)
	ScoreSlice(ctx context.Context, run string, slice int, deadline time.Time) (*recalc.Run, error)
	FinishRun(ctx context.Context, run *recalc.Run, report *recalc.Report, at time.Time) error
}

// Lake keeps the objects of runs.
type Lake interface {
	Get(ctx context.Context, key string) ([]byte, error)
	Put(ctx context.Context, key, contentType string, body []byte) error
	PutStream(ctx context.Context, key, contentType string, chunks iter.Seq2[[]byte, error]) error
}

// Phases is the queue of phases.
type Phases interface {
	recalc.Queue
	batch.Sender
}

// Props are what a Handler is made of.
type Props struct {
	Store    Store
	Lake     Lake
	Phases   Phases
	Signals  batch.Sender
	Settings recalc.Settings
	Ways     map[message.Channel]bool // the channels that the deployment has switched on; nil for all
	Segments int                      // of a text at most; 0 for as many as the service takes
	BaseURL  string                   // of customers' own pages
	Now      clock.Now
	// Left tells how long an invocation may still run; nil reads the context's deadline.
	Left func(ctx context.Context) time.Duration
	// PartRows is about how many customers make a part; 0 is 4,000, which one invocation scores with ease.
	PartRows int
	Counter  *telemetry.Counter
	Log      *slog.Logger
}

// Handler plans runs on schedule and works on their phases.
type Handler struct {
	Props
	planner recalc.Planner
	runner  batch.Runner[recalc.Message]

	mu      sync.Mutex
	run     string // whose options are kept
	options *recalc.Options
}

const (
	defaultPartRows = 4_000
	maxPartBytes    = 8 << 20
	// margin is how long before its end an invocation begins nothing more. A page of the scan, a part's objects or a
	// chunk of scores takes a second or so.
	margin = 25 * time.Second
	// patience is how long a scheduled run waits for the one that is under way.
	patience = 6 * time.Hour
)

// NewHandler returns a handler.
func NewHandler(p Props) *Handler {
	if p.PartRows == 0 {
		p.PartRows = defaultPartRows
	}
	if p.Left == nil {
		p.Left = untilDeadline
	}
	h := &Handler{Props: p}
	h.planner = recalc.Planner{Store: p.Store, Queue: p.Phases, Now: p.Now, Settings: p.Settings}
	h.runner = batch.Runner[recalc.Message]{
		Decode: decode,
		Encode: encode,
		Handle: h.work,
		Back:   p.Phases,
		Log:    p.Log,
	}
	return h
}

// untilDeadline is the time until the context's deadline: the machine's, whatever the suite's clock says.
func untilDeadline(ctx context.Context) time.Duration {
	if deadline, ok := ctx.Deadline(); ok {
		return time.Until(deadline)
	}
	return time.Hour
}

// trigger is either of what invokes the function.
type trigger struct {
	Records     json.RawMessage `json:"Records"`
	Schedule    string          `json:"schedule"`
	ScheduledAt time.Time       `json:"scheduled_at"`
}

// Handle works on a batch of phases, or plans the run that the schedule asks for.
func (h *Handler) Handle(ctx context.Context, raw json.RawMessage) (any, error) {
	var t trigger
	if err := json.Unmarshal(raw, &t); err != nil {
		return nil, fault.As(err, fault.Invalid, "the event is neither a batch nor a schedule's")
	}
	if t.Records != nil {
		var in events.SQSEvent
		if err := json.Unmarshal(raw, &in); err != nil {
			return nil, fault.As(err, fault.Invalid, "the batch is not SQS's")
		}
		return h.runner.Run(withTry(ctx, in), in)
	}
	if t.Schedule != "recalculate" || t.ScheduledAt.IsZero() {
		return nil, fault.New(fault.Invalid, "the schedule is not this function's, or names no time")
	}
	return nil, h.planScheduled(ctx, t.ScheduledAt)
}

// planScheduled plans the run of a moment, or, where another is under way, asks again later.
func (h *Handler) planScheduled(ctx context.Context, at time.Time) error {
	id, err := h.planner.PlanScheduled(ctx, at)
	other, busy := recalc.Busy(err)
	switch {
	case busy && h.Now().Sub(at) > patience:
		return fault.New(fault.Internal, "the scheduled run was given up: %s is still under way", other)
	case busy:
		h.Log.InfoContext(ctx, "scheduled run waits", "for", other)
		return h.Phases.SendPhases(ctx, recalc.Message{Phase: recalc.PhasePlan, ScheduledAt: at})
	case err != nil:
		return err
	}
	h.Log.InfoContext(ctx, "run planned", "run", id)
	h.Counter.Count("RunsPlanned", 1)
	return nil
}

func decode(body string) ([]recalc.Message, error) {
	var m recalc.Message
	if err := json.Unmarshal([]byte(body), &m); err != nil {
		return nil, fault.As(err, fault.Invalid, "the message is no phase of a run")
	}
	return []recalc.Message{m}, nil
}

func encode(m recalc.Message, _ string) (string, error) {
	body, err := json.Marshal(m)
	return string(body), err
}

// work works on phases one after the other. A phase that scored some rows before it failed leaves in its message how far
// it came, which is then what is sent back.
func (h *Handler) work(ctx context.Context, phases []recalc.Message) []error {
	errs := make([]error, len(phases))
	for i := range phases {
		if errs[i] = h.phase(ctx, &phases[i]); errs[i] != nil {
			errs[i] = errors.Join(errs[i], h.giveUp(ctx, &phases[i], errs[i]))
		}
	}
	return errs
}

// lastTry is how often a message is delivered before the queue's redrive policy moves it to the dead letters.
const lastTry = 5

type tryKey struct{}

// withTry notes how often the batch's messages have been delivered: that of the one that was delivered oftenest.
func withTry(ctx context.Context, in events.SQSEvent) context.Context {
	try := 0
	for i := range in.Records {
		n, _ := strconv.Atoi(in.Records[i].Attributes["ApproximateReceiveCount"])
		try = max(try, n)
	}
	return context.WithValue(ctx, tryKey{}, try)
}

// giveUp marks a run as failed whose phase has failed for the last time, so that it does not hold back the next until its
// lease ends. What the dead letter holds can then be looked at in peace: the run that it is of is over.
func (h *Handler) giveUp(ctx context.Context, m *recalc.Message, err error) error {
	try, _ := ctx.Value(tryKey{}).(int)
	switch fault.CodeOf(err) {
	case fault.Throttled, fault.Unavailable, fault.Conflict: // it goes back, and spends no try
		return nil
	}
	if try < lastTry || m.Phase == recalc.PhasePlan || m.Phase == recalc.PhaseBacktest {
		return nil
	}
	if m.Phase == recalc.PhaseCampaign {
		h.Counter.Count("CampaignsFailed", 1)
		return h.Store.FailCampaign(ctx, m.Scene, m.Campaign, fmt.Sprintf("it failed %d times: the log of the function rfm says why", try), h.Now())
	}
	h.Counter.Count("RunsFailed", 1)
	return h.Store.FailRun(ctx, m.Run, fmt.Sprintf("its phase %s failed %d times: the log of the function rfm says why", m.Phase, try), h.Now())
}

func (h *Handler) phase(ctx context.Context, m *recalc.Message) (err error) {
	defer fault.Wrap(&err, "%s of run %s", m.Phase, m.Run)
	if m.Phase == recalc.PhasePlan {
		return h.planScheduled(ctx, m.ScheduledAt)
	}
	switch m.Phase { // of a run that is done
	case recalc.PhaseBacktest:
		return h.backtest(ctx, m)
	case recalc.PhaseCampaign:
		return h.campaign(ctx, m)
	}
	run, err := h.Store.Run(ctx, m.Run)
	if fault.CodeOf(err) == fault.NotFound {
		return fault.As(err, fault.Invalid, "the message is of no run")
	}
	if err != nil {
		return err
	}
	left := run.Deadline.Sub(h.Now())
	if run.State != recalc.Running || left <= 0 {
		return nil // done, or lost to the run that took over
	}
	ctx, cancel := context.WithTimeout(ctx, left) // nothing is written beyond the lease
	defer cancel()
	switch m.Phase {
	case recalc.PhaseSnapshot:
		return h.snapshot(ctx, run, m)
	case recalc.PhaseFit:
		return h.fit(ctx, run, m.Resumed)
	case recalc.PhaseScore:
		return h.score(ctx, run, m)
	case recalc.PhasePublish:
		return h.publish(ctx, run)
	}
	return fault.New(fault.Invalid, "there is no phase %q", m.Phase)
}

// optionsOf returns what operators had set when a run was planned. An invocation after the other works on the same run, so
// that the last run's are kept.
func (h *Handler) optionsOf(ctx context.Context, run string) (*recalc.Options, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.options != nil && h.run == run {
		return h.options, nil
	}
	documents, err := h.Store.RunDocuments(ctx, run)
	if err != nil {
		return nil, err
	}
	options, err := recalc.OptionsOf(documents, h.Settings.Currency)
	if err != nil {
		return nil, err
	}
	h.run, h.options = run, options
	return options, nil
}

// ended turns the Conflict of a run that is no longer under way into nothing: whoever ended it has taken over.
func ended(err error) error {
	if fault.CodeOf(err) == fault.Conflict {
		return nil
	}
	return err
}

// lease is the deadline of a run that makes progress now. It never moves back, whatever a clock says.
func (h *Handler) lease(run *recalc.Run) time.Time {
	if next := h.Now().Add(recalc.Lease); next.After(run.Deadline) {
		return next
	}
	return run.Deadline
}
