package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"liuke/shared/batch"
	"liuke/shared/brand"
	"liuke/shared/channel"
	"liuke/shared/clock"
	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/lately"
	"liuke/shared/message"
	"liuke/shared/money"
	"liuke/shared/outreach"
	"liuke/shared/queue"
	"liuke/shared/scene"
	"liuke/shared/scene/content"
	"liuke/shared/survey"
	"liuke/shared/telemetry"
	"liuke/shared/token"
)

// Store keeps the ledger and what is known of customers. WriteEntry returns Conflict where the entry has moved, and
// WriteUncounted where it or the contact record has.
type Store interface {
	Dossier(ctx context.Context, w message.Wanted) (message.Dossier, error)
	Suppressed(ctx context.Context, channel message.Channel, address string) (bool, error)
	Suppress(ctx context.Context, channel message.Channel, address, reason string, since time.Time) error
	Entry(ctx context.Context, id customer.ID, entry string) (message.Entry, error)
	WriteEntry(ctx context.Context, e message.Entry) (message.Entry, error)
	WriteUncounted(ctx context.Context, person customer.ID, e message.Entry, c message.Contact) (message.Entry, error)
	PutTest(ctx context.Context, t message.TestRecord) error
	Answer(ctx context.Context, c customer.ID, survey, invitation string) (*survey.Answer, error)
	Marker
}

// Handler handles batches of the messages queue.
type Handler struct {
	Store    Store
	Surveys  func(ctx context.Context) (survey.Catalogue, error) // a minute old at most, as package kept keeps them
	Stand    func(ctx context.Context) (*outreach.Stand, error)  // likewise; nil for what comes with the suite
	Messages interface {
		Send(ctx context.Context, messages ...queue.Message) error
	}
	Keys interface {
		Value(ctx context.Context) ([]byte, error)
	}
	Channels map[message.Channel]channel.Channel // those that are switched on
	Quota    Quoter                              // of the account's mail; nil where nothing limits it
	Offers   Asker                               // of webhooks that give codes; nil where there are no destinations
	Settings settings
	Now      clock.Now
	Log      *slog.Logger
	Count    *telemetry.Counter
	// NewAttempt makes the id of one try to send; nil for random ones.
	NewAttempt func() string
	// Sleep waits for a message's moment; nil for the machine's clock.
	Sleep func(ctx context.Context, d time.Duration) error

	scenes    *scene.Set
	operators outreach.Settings
	look      brand.Look
	marks     *marks
	silent    *lately.Names // destinations that did not answer
	pacer     *pacer
	runner    *batch.Runner[message.Job]
}

const (
	sendsAtOnce = 10
	// sendReserve is how much of the function's time must be left for a send to begin: the provider's answer and the
	// writes around it.
	sendReserve = channel.Timeout + 10*time.Second
	// settleTries is how often an outcome is written anew when a receipt came between.
	settleTries = 5
)

// Why an entry was held or failed, beside what gates and providers say.
const (
	reasonExpired   = "expired"
	reasonNoScene   = "scene_gone"
	reasonOff       = "scene_off"
	reasonNoChannel = "channel_not_set_up"
	reasonCrash     = "sender_lost"
)

// compilers make of scenes what is sent.
func compilers(currency money.Currency) scene.Compilers {
	return scene.Compilers{Content: content.Compiler(), Currency: currency, Lazy: true}
}

// NewHandler completes a handler.
func NewHandler(h Handler) (*Handler, error) {
	if h.Stand == nil {
		var err error
		if h.scenes, err = scene.BuiltIn(compilers("")); err != nil {
			return nil, err
		}
	}
	h.marks, h.silent = &marks{last: map[survey.Hour]time.Time{}}, lately.NewNames(askAgain)
	if h.NewAttempt == nil {
		h.NewAttempt = rand.Text
	}
	if h.Sleep == nil {
		h.Sleep = sleep
	}
	h.pacer = newPacer(h.Quota, h.Settings.SMS.PerSecond, h.Settings.Concurrency, h.Now)
	h.runner = &batch.Runner[message.Job]{
		Decode: func(body string) ([]message.Job, error) {
			var j message.Job
			if err := json.Unmarshal([]byte(body), &j); err != nil || j.Test == nil && (j.Customer == "" || j.Entry == "") {
				return nil, fault.New(fault.Invalid, "the message names no entry")
			}
			return []message.Job{j}, nil
		},
		Encode: func(j message.Job, _ string) (string, error) {
			body, err := json.Marshal(j)
			return string(body), err
		},
		Handle: h.handle,
		Back:   h.Messages,
		DelayOf: func(err error) time.Duration {
			var late *putOff
			if errors.As(err, &late) {
				return late.after
			}
			return 0
		},
		Log: h.Log,
	}
	return &h, nil
}

// Handle sends a batch of messages.
func (h *Handler) Handle(ctx context.Context, in events.SQSEvent) (events.SQSEventResponse, error) {
	return h.runner.Run(ctx, in)
}

// refresh goes by what operators have written since.
func (h *Handler) refresh(ctx context.Context) error {
	if h.Stand == nil {
		return nil
	}
	stand, err := h.Stand(ctx)
	if err == nil && stand.Scenes != h.scenes {
		h.scenes, h.operators, h.look = stand.Scenes, stand.Settings, stand.Look
	}
	return err
}

func (h *Handler) handle(ctx context.Context, jobs []message.Job) []error {
	errs := make([]error, len(jobs))
	keys, err := token.Load(ctx, h.Keys)
	if err == nil {
		err = h.refresh(ctx)
	}
	if err != nil {
		for i := range errs {
			errs[i] = err
		}
		return errs
	}
	batch.Each(len(jobs), sendsAtOnce, func(i int) {
		errs[i] = h.dispatch(ctx, keys, jobs[i])
	})
	return errs
}

// dispatch sends one message, or does what else its entry asks for.
func (h *Handler) dispatch(ctx context.Context, keys *token.Keyring, job message.Job) error {
	if h.room(ctx) < 0 {
		return fault.New(fault.Unavailable, "too little time is left for a send to begin")
	}
	if job.Test != nil {
		return h.test(ctx, keys, job.Test)
	}
	d, e, err := h.read(ctx, job)
	if err != nil || e.State != message.Claimed {
		return err
	}
	if h.Channels[e.Channel] != nil { // or it fails, for which there is always a moment
		again, err := h.wait(ctx, e.Channel, h.spare(&e))
		if err == nil && again {
			d, e, err = h.read(ctx, job)
		}
		if err != nil || e.State != message.Claimed {
			return err
		}
	}
	out, reason, err := h.prepare(ctx, keys, d, &e)
	switch {
	case err != nil:
		return err
	case reason.gate != "":
		return h.end(ctx, "Held_"+reason.gate, h.uncounted(d), func() (message.Entry, error) { return e.Hold(reason.gate, reason.why, h.Now()) })
	case reason.why != "":
		if reason.why == reasonNoChannel {
			h.Count.Count("ChannelNotSetUp", 1)
		}
		return h.end(ctx, "Failed", h.uncounted(d), func() (message.Entry, error) { return e.Fail(reason.why) })
	}
	now := h.Now()
	if err := h.markFor(ctx, e, now); err != nil {
		return err
	}
	if e, err = h.begin(ctx, e, now); err != nil {
		return err
	}
	id, err := h.Channels[e.Channel].Send(ctx, out.Message)
	return h.conclude(ctx, d, e, out, id, err)
}

// read returns what is known of a message and its customer. An entry that is not claimed has nothing left to be done for it;
// one that is sending is left alone, or given up.
func (h *Handler) read(ctx context.Context, job message.Job) (d message.Dossier, e message.Entry, err error) {
	if d, err = h.Store.Dossier(ctx, message.Wanted{Customer: job.Customer, Entries: []string{job.Entry}}); err != nil {
		return d, e, err
	}
	e, ok := d.Entries[job.Entry]
	switch {
	case d.Erased, !ok: // the claim comes before the message: its customer was erased since, or is being
		h.Count.Count("EntryGone", 1)
		return d, message.Entry{}, nil
	case e.State == message.Sending:
		return d, e, h.foundSending(ctx, e)
	}
	return d, e, nil // where it is sent, held or settled, the message came twice
}

// end writes a step that ends a claimed entry without a send.
func (h *Handler) end(ctx context.Context, metric string, write writer, step func() (message.Entry, error)) error {
	next, err := step()
	if err != nil {
		return err
	}
	if _, err := write(ctx, next); err != nil {
		return err
	}
	h.Count.Count(metric, 1)
	return nil
}

// foundSending leaves an entry alone while its sender may live, and then gives it up.
func (h *Handler) foundSending(ctx context.Context, e message.Entry) error {
	if h.Now().Sub(e.Attempted) < message.SendingHorizon {
		return fault.New(fault.Unavailable, "another try to send is under way")
	}
	return h.end(ctx, "Unknown", h.Store.WriteEntry, func() (message.Entry, error) { return e.Lose(reasonCrash) })
}

// begin steps the entry to sending. A step whose answer was lost is known again by its attempt.
func (h *Handler) begin(ctx context.Context, e message.Entry, now time.Time) (message.Entry, error) {
	next, err := e.Begin(h.NewAttempt(), now)
	if err != nil {
		return e, err
	}
	written, err := h.Store.WriteEntry(ctx, next)
	if err == nil {
		return written, nil
	}
	stored, readErr := h.Store.Entry(ctx, e.Customer, e.ID)
	if readErr == nil && stored.State == message.Sending && stored.Attempt == next.Attempt {
		return stored, nil
	}
	return e, err
}
