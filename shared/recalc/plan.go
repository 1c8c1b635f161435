package recalc

import (
	"context"
	"errors"
	"slices"
	"time"

	"liuke/shared/clock"
	"liuke/shared/document"
	"liuke/shared/fault"
	"liuke/shared/outreach"
)

// Store keeps the records that planning needs.
type Store interface {
	// Run reads a run's record, strongly consistent; NotFound where there is none.
	Run(ctx context.Context, id string) (*Run, error)
	// LeaseHolder reads which run holds the lease, strongly consistent; "" for none.
	LeaseHolder(ctx context.Context) (id string, err error)
	// BeginRun writes a run's record with its documents and gives it the lease, and marks the run before it failed where over is not nil:
	// all or nothing, on condition that there is no such run yet, that the lease is still the holder's ("" for nobody's),
	// and that over's deadline has not moved. It returns a Conflict otherwise.
	BeginRun(ctx context.Context, run *Run, holder string, over *Run) error
	// FailRun marks a run that is under way as failed and lets any other be; its lease stays and holds nobody back.
	FailRun(ctx context.Context, id, reason string, at time.Time) error
	// Documents reads what operators have set.
	Documents(ctx context.Context) ([]document.Document, error)
	// CountCustomers says about how many customers there are; 0 where nobody knows.
	CountCustomers(ctx context.Context) (int64, error)
}

// Queue takes messages that start phases.
type Queue interface {
	SendPhases(ctx context.Context, messages ...Message) error
}

// Planner starts runs.
type Planner struct {
	Store    Store
	Queue    Queue
	Now      clock.Now
	Settings Settings
}

const (
	customersASlice = 50_000
	maxSlices       = 256
)

// Plan starts a run as an operator asks and returns its id. It returns Invalid where the request is wrong and a Conflict
// that names the run that is under way; Busy tells its id.
func (p *Planner) Plan(ctx context.Context, r Request) (string, error) {
	now := p.Now()
	terms, documents, err := p.terms(ctx, r, now)
	if err != nil {
		return "", err
	}
	id := now.UTC().Format("20060102T150405.000Z")
	if err := p.begin(ctx, id, now, terms, documents); err != nil {
		if _, under := Busy(err); !under {
			// Whatever of it was stored, nobody works on the run: it must not hold back the next one.
			err = errors.Join(err, p.Store.FailRun(ctx, id, "it could not be started", now))
		}
		return "", err
	}
	return id, nil
}

// PlanScheduled starts the run that the schedule meant for a moment, with the defaults, as of the day on which that
// moment falls. The moment makes the id, so that a schedule that fires twice starts one run; a second call sends again
// what the first may have failed to send.
func (p *Planner) PlanScheduled(ctx context.Context, at time.Time) (string, error) {
	id := "scheduled-" + at.UTC().Format("20060102T150405Z")
	run, err := p.Store.Run(ctx, id)
	switch {
	case fault.CodeOf(err) == fault.NotFound:
	case err != nil:
		return "", err
	default:
		return id, p.resume(ctx, run)
	}
	terms, documents, err := p.terms(ctx, Request{}, at)
	if err != nil {
		return "", err
	}
	return id, p.begin(ctx, id, p.Now(), terms, documents)
}

// terms settles a request by what operators have set.
func (p *Planner) terms(ctx context.Context, r Request, at time.Time) (Terms, []document.Document, error) {
	documents, err := p.Store.Documents(ctx)
	if err != nil {
		return Terms{}, nil, err
	}
	options, err := OptionsOf(documents, p.Settings.Currency)
	if err != nil { // it could be read when it was edited: the suite is another since
		return Terms{}, nil, fault.As(err, fault.Conflict, "%s: edit or delete it", err.Error())
	}
	settings := p.Settings
	if settings.Holdout, err = outreach.HoldoutOf(documents, settings.Holdout); err != nil {
		return Terms{}, nil, fault.As(err, fault.Conflict, "the document %s: %s: edit or delete it", outreach.Document, err.Error())
	}
	documents = slices.DeleteFunc(documents, func(d document.Document) bool { return d.Body == "" || !governs(d.Name) }) // "": taken back
	terms, err := r.Terms(at, settings, options.Defaults)
	return terms, documents, err
}

func (p *Planner) begin(ctx context.Context, id string, now time.Time, terms Terms, documents []document.Document) (err error) {
	holder, over, err := p.free(ctx, now)
	if err != nil {
		return err
	}
	n, err := p.Store.CountCustomers(ctx)
	if err != nil {
		return err
	}
	run := &Run{
		ID:        id,
		State:     Running,
		Terms:     terms,
		Started:   now,
		Deadline:  now.Add(Lease),
		Documents: documents,
		Slices:    int(min(max((n+customersASlice-1)/customersASlice, 1), maxSlices)),
	}
	err = p.Store.BeginRun(ctx, run, holder, over)
	if fault.CodeOf(err) == fault.Conflict { // another plan was quicker, or the old run made progress after all
		if _, _, busy := p.free(ctx, now); busy != nil {
			return busy
		}
	}
	if err != nil {
		return err
	}
	return p.resume(ctx, run)
}

// free returns who holds the lease, if anybody, and the run to fail where that one is lost. It returns the Conflict
// where a run is under way.
func (p *Planner) free(ctx context.Context, now time.Time) (holder string, over *Run, err error) {
	holder, err = p.Store.LeaseHolder(ctx)
	if err != nil || holder == "" {
		return "", nil, err
	}
	over, err = p.Store.Run(ctx, holder)
	switch {
	case fault.CodeOf(err) == fault.NotFound:
		return holder, nil, nil
	case err != nil:
		return "", nil, err
	case over.State != Running:
		return holder, nil, nil
	case now.Before(over.Deadline.Add(Grace)):
		return "", nil, &busy{run: holder, fault: fault.New(fault.Conflict, "the run %s is under way: wait until it is done", holder)}
	}
	return holder, over, nil
}

// resume queues what a run that is under way waits for as far as its record tells: the slices that have not landed, or
// else the fit. Later phases queue their own.
func (p *Planner) resume(ctx context.Context, run *Run) error {
	if run.State != Running {
		return nil
	}
	landed := make(map[int]bool, len(run.Landed))
	for _, n := range run.Landed {
		landed[n] = true
	}
	var out []Message
	for n := range run.Slices {
		if !landed[n] {
			out = append(out, Message{Phase: PhaseSnapshot, Run: run.ID, Slice: n})
		}
	}
	if len(out) == 0 {
		out = append(out, Message{Phase: PhaseFit, Run: run.ID})
	}
	return p.Queue.SendPhases(ctx, out...)
}

// busy is the Conflict of a run that is under way.
type busy struct {
	run   string
	fault *fault.Error
}

func (b *busy) Error() string { return b.fault.Error() }
func (b *busy) Unwrap() error { return b.fault }

// Busy returns the id of the run that is under way where err is the Conflict that says so.
func Busy(err error) (run string, ok bool) {
	var b *busy
	if errors.As(err, &b) {
		return b.run, true
	}
	return "", false
}
