package campaign

import (
	"context"
	"errors"
	"slices"
	"time"

	"liuke/shared/clock"
	"liuke/shared/cron"
	"liuke/shared/fault"
	"liuke/shared/recalc"
)

// Store keeps the records that planning needs.
type Store interface {
	// CurrentRun names the recalculation that stands, "" for none.
	CurrentRun(ctx context.Context) (id string, err error)
	// BeginCampaign writes a record, and where it is Filed puts it on file. It returns a Conflict where there is one of that
	// scene and id.
	BeginCampaign(ctx context.Context, r *Record) error
	// LastCampaign names the run of a scene that an operator started last, strongly consistent; "" for none.
	LastCampaign(ctx context.Context, scene string) (id string, err error)
	// BeginNextCampaign does what BeginCampaign does, and makes the run the one that an operator started last. It returns a
	// Conflict, too, where that is not the one named any more.
	BeginNextCampaign(ctx context.Context, r *Record, last string) error
	// Campaigns reads the records of the latest runs of a scene, newest first, strongly consistent.
	Campaigns(ctx context.Context, scene string, limit int) ([]*Record, error)
	// Campaign reads a record, strongly consistent; NotFound where there is none.
	Campaign(ctx context.Context, scene, id string) (*Record, error)
	// StartCampaign makes a run that is Filed one that is under way over a recalculation's snapshot. It returns a Conflict
	// where it is not Filed.
	StartCampaign(ctx context.Context, scene, id, run string, at time.Time) error
	// FailCampaign marks a run that is filed or under way as failed and lets any other be.
	FailCampaign(ctx context.Context, scene, id, reason string, at time.Time) error
}

// Files keeps what starts by the clock.
type Files interface {
	Store
	// FiledCampaigns reads what is on file for now or before, earliest first.
	FiledCampaigns(ctx context.Context, now time.Time) ([]Filing, error)
	// UnfileCampaign takes a run off the file.
	UnfileCampaign(ctx context.Context, f Filing) error
	// Recurrences reads how far the schedules of scenes are, by scene.
	Recurrences(ctx context.Context) (map[string]Recurrence, error)
	// PutRecurrence notes how far the schedule of a scene is. It returns a Conflict where it is further already.
	PutRecurrence(ctx context.Context, scene string, r Recurrence) error
}

// Recurrence is how far the schedule of a scene is.
type Recurrence struct {
	Cron string    // the schedule that it is of
	At   time.Time // up to when its times were seen to
}

// Planner starts runs.
type Planner struct {
	Store Store
	Queue recalc.Queue
	Now   clock.Now
}

var noSnapshot = fault.New(fault.Conflict, "no recalculation was applied yet, over whose customers the run could go: start one with POST /v1/rfm/runs")

// recent is how many of a scene's runs are looked through for one that was asked for before.
const recent = 50

// Plan starts a run of a scene, or puts it on file where it is to start later, and returns its record. It returns a
// Conflict where there is no recalculation to go over.
//
// Nobody is to get a campaign twice because its request was sent twice. So a real run that was asked for by a key is started
// once, and returned as it stands for each further request with that key; and while a run of the scene is under way, or on file
// for the same moment, another is a Conflict. Of requests at one time one starts its run, and the others find it.
func (p *Planner) Plan(ctx context.Context, scene string, t Terms) (r *Record, err error) {
	for try := range planTries {
		now := p.Now().UTC().Truncate(time.Millisecond) // as the record keeps it
		if r, err = p.plan(ctx, scene, t, now.Add(time.Duration(try)*time.Millisecond)); err != raced || t.Simulated {
			return r, err
		}
	}
	return nil, err
}

// planTries is how often a run is planned anew because another was begun meanwhile.
const planTries = 5

// raced is the error of a run that is begun at the same time as others.
var raced = fault.New(fault.Conflict, "many runs of the scene are being started at the same time: try again")

// plan is one try, which returns raced where another run was begun meanwhile.
func (p *Planner) plan(ctx context.Context, scene string, t Terms, now time.Time) (*Record, error) {
	t.At = t.At.UTC().Truncate(time.Millisecond)
	r := &Record{Job: recalc.Job{ID: recalc.JobID(now), State: recalc.Running, Started: now, Updated: now}, Scene: scene, Terms: t}
	put := p.Store.BeginCampaign
	if !t.Simulated {
		last, err := p.Store.LastCampaign(ctx, scene) // before the runs: one that comes meanwhile is another last
		if err != nil {
			return nil, err
		}
		if asked, err := p.asked(ctx, r, last); asked != nil || err != nil {
			return asked, err
		}
		put = func(ctx context.Context, r *Record) error { return p.Store.BeginNextCampaign(ctx, r, last) }
	}
	begin := func() error {
		err := put(ctx, r)
		if fault.CodeOf(err) == fault.Conflict {
			return raced
		}
		return err
	}
	if !t.Simulated && t.At.After(now) {
		r.State = Filed
		return r, begin()
	}
	var err error
	if r.Run, err = p.snapshot(ctx); err != nil {
		return nil, err
	}
	if err := begin(); err != nil {
		return nil, err
	}
	if err := p.Queue.SendPhases(ctx, r.Message(0)); err != nil {
		if t.Key != "" { // the next request with the key sends it again: had this one been sent, another run would tell some twice
			return nil, err
		}
		return nil, errors.Join(err, p.Store.FailCampaign(ctx, scene, r.ID, "it could not be started", now))
	}
	return r, nil
}

// asked returns the run that was asked for before by the key of a new one, nil for none, or a Conflict with one that is under way.
// The last that an operator started is looked at however many simulations there were since.
func (p *Planner) asked(ctx context.Context, r *Record, last string) (*Record, error) {
	runs, err := p.Store.Campaigns(ctx, r.Scene, recent)
	if err != nil {
		return nil, err
	}
	if last != "" && !slices.ContainsFunc(runs, func(before *Record) bool { return before.ID == last }) {
		before, err := p.Store.Campaign(ctx, r.Scene, last)
		switch {
		case err == nil:
			runs = append(runs, before)
		case fault.CodeOf(err) != fault.NotFound: // its record is no longer kept
			return nil, err
		}
	}
	for _, before := range runs {
		if r.Terms.Key == "" || before.Terms.Key != r.Terms.Key {
			continue
		}
		if before.State == recalc.Running {
			err = p.resume(ctx, r.Scene, before.ID)
		}
		return before, err
	}
	for _, before := range runs {
		switch {
		case before.Terms.Simulated:
		case before.State == recalc.Running:
			return nil, fault.New(fault.Conflict, "the run %s of the scene is under way: wait until it is done, or cancel it", before.ID)
		case before.State == Filed && before.Terms.At.Equal(r.Terms.At):
			return nil, fault.New(fault.Conflict, "the run %s of the scene is on file for the same moment: cancel it to start another", before.ID)
		}
	}
	return nil, nil
}

// Ready returns a Conflict where a run could not start now: there is no recalculation to go over.
func (p *Planner) Ready(ctx context.Context) error {
	_, err := p.snapshot(ctx)
	return err
}

func (p *Planner) snapshot(ctx context.Context) (run string, err error) {
	run, err = p.Store.CurrentRun(ctx)
	if err == nil && run == "" {
		err = noSnapshot
	}
	return run, err
}

// resume sends again what starts a run that has not come on yet: the message before may not have been sent.
func (p *Planner) resume(ctx context.Context, scene, id string) error {
	r, err := p.Store.Campaign(ctx, scene, id)
	if err != nil || r.Late(0) {
		return err
	}
	return p.Queue.SendPhases(ctx, r.Message(0))
}

// Clock starts what is due by the clock. Every call may be made any number of times, at once as well: each run starts once.
type Clock struct {
	Files Files
	Queue recalc.Queue
	Now   clock.Now
	Zone  *time.Location // of the business
}

// Scheduled is a scene that recurs by the clock.
type Scheduled struct {
	Scene    string
	Cron     string
	FreshFor time.Duration // how late a time that was missed is made up for
	Enabled  bool          // nothing starts while it is switched off, nor later for the times meanwhile
}

// Tick starts the runs on file whose time has come, and one of each scene whose schedule has, however many of its times have
// passed since the last tick: a tick that was missed is made up for once. It returns how many it started, and what went wrong
// with some of them.
func (c *Clock) Tick(ctx context.Context, scenes []Scheduled) (started int, err error) {
	filed, err := c.Files.FiledCampaigns(ctx, c.Now())
	failed := []error{err}
	for _, f := range filed {
		ok, err := c.startFiled(ctx, f)
		failed = append(failed, err)
		if ok {
			started++
		}
	}
	if len(scenes) > 0 {
		n, err := c.recur(ctx, scenes)
		started += n
		failed = append(failed, err)
	}
	return started, errors.Join(failed...)
}

func (c *Clock) planner() *Planner { return &Planner{c.Files, c.Queue, c.Now} }

// startFiled starts a run that is on file, and takes it off last.
func (c *Clock) startFiled(ctx context.Context, f Filing) (started bool, err error) {
	defer fault.Wrap(&err, "start the run %s of scene %s", f.ID, f.Scene)
	run, err := c.planner().snapshot(ctx)
	switch {
	case err == noSnapshot:
		err = c.Files.FailCampaign(ctx, f.Scene, f.ID, err.Error(), c.Now())
	case err == nil:
		if err = c.Files.StartCampaign(ctx, f.Scene, f.ID, run, c.Now()); err == nil {
			started = true
		} else if fault.CodeOf(err) == fault.Conflict { // cancelled, or started by a tick that was cut short
			err = nil
		}
		if err == nil {
			err = c.planner().resume(ctx, f.Scene, f.ID)
		}
	}
	if err != nil && fault.CodeOf(err) != fault.NotFound {
		return started, err
	}
	return started, c.Files.UnfileCampaign(ctx, f)
}

// recur starts the scenes whose schedule has come since they were last seen to. A scene that is new, or whose schedule is
// another, begins now.
func (c *Clock) recur(ctx context.Context, scenes []Scheduled) (started int, err error) {
	known, err := c.Files.Recurrences(ctx)
	if err != nil {
		return 0, err
	}
	var failed []error
	for _, s := range scenes {
		ok, err := c.recurs(ctx, s, known[s.Scene])
		fault.Wrap(&err, "start scene %s by its schedule", s.Scene)
		failed = append(failed, err)
		if ok {
			started++
		}
	}
	return started, errors.Join(failed...)
}

func (c *Clock) recurs(ctx context.Context, s Scheduled, seen Recurrence) (started bool, err error) {
	now := c.Now().UTC().Truncate(time.Millisecond)
	schedule, err := cron.Parse(s.Cron)
	if err != nil {
		return false, err
	}
	note := func(at time.Time) error {
		err := c.Files.PutRecurrence(ctx, s.Scene, Recurrence{s.Cron, at})
		if fault.CodeOf(err) == fault.Conflict { // another tick was quicker
			return nil
		}
		return err
	}
	if seen.Cron != s.Cron {
		return false, note(now)
	}
	at, due := schedule.Last(seen.At, now, c.Zone)
	if !due {
		return false, nil
	}
	if s.Enabled && now.Sub(at) <= s.FreshFor {
		if started, err = c.start(ctx, s.Scene, at, now); err != nil {
			return false, err
		}
	}
	return started, note(at)
}

// start starts the run of a scene for a time of its schedule, which makes the id, so that there is one.
func (c *Clock) start(ctx context.Context, scene string, at, now time.Time) (started bool, err error) {
	p := c.planner()
	run, err := p.snapshot(ctx)
	if err != nil {
		return false, err
	}
	r := &Record{
		Job:   recalc.Job{ID: recalc.JobID(at), Run: run, State: recalc.Running, Started: now, Updated: now},
		Scene: scene, Terms: Terms{At: at, Due: true, PerSecond: DefaultPerSecond},
	}
	switch err := c.Files.BeginCampaign(ctx, r); {
	case err == nil:
		return true, c.Queue.SendPhases(ctx, r.Message(0))
	case fault.CodeOf(err) != fault.Conflict:
		return false, err
	}
	return false, p.resume(ctx, scene, r.ID)
}
