package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"liuke/shared/channel"
	"liuke/shared/channel/ses"
	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/message"
)

// account is SES's answer about the account, and how often it was asked for.
type account struct {
	quota ses.Quota
	err   error
	asked int
}

func (a *account) Quota(context.Context) (ses.Quota, error) {
	a.asked++
	return a.quota, a.err
}

func room(d time.Duration) func() time.Duration { return func() time.Duration { return d } }

func TestMailKeepsToItsShareOfTheAccountsRate(t *testing.T) {
	now := arrival
	a := &account{quota: ses.Quota{PerSecond: 10, PerDay: -1}}
	p := newPacer(a, 0, 5, func() time.Time { return now })
	for i, want := range []time.Duration{0, 500 * time.Millisecond, time.Second} { // 10 a second by 5 instances
		if wait, err := p.turn(t.Context(), message.Email, room(time.Minute)); err != nil || wait != want {
			t.Errorf("mail %d waits %s, %v; want %s", i, wait, err, want)
		}
	}
	var late *putOff
	if _, err := p.turn(t.Context(), message.Email, room(time.Second)); !errors.As(err, &late) || fault.CodeOf(err) != fault.Throttled || late.after != 0 {
		t.Errorf("without a moment in time: %v", err)
	}
	if wait, err := p.turn(t.Context(), message.SMS, room(0)); wait != 0 || err != nil {
		t.Errorf("SMS have no limit: %s, %v", wait, err)
	}
	now = now.Add(quotaAge - time.Second)
	p.turn(t.Context(), message.Email, room(time.Minute))
	if a.asked != 1 {
		t.Errorf("asked for the quota %d times within a minute", a.asked)
	}
	now = now.Add(time.Second)
	a.err = fault.New(fault.Unavailable, "no")
	if wait, err := p.turn(t.Context(), message.Email, room(time.Minute)); err != nil || a.asked != 2 {
		t.Errorf("where SES does not say, what it said last holds: %s, %v, asked %d times", wait, err, a.asked)
	}
}

func TestSMSKeepToTheSettingsRate(t *testing.T) {
	p := newPacer(nil, 5, 5, func() time.Time { return arrival })
	for i := range 3 {
		if wait, err := p.turn(t.Context(), message.SMS, room(time.Minute)); err != nil || wait != time.Duration(i)*time.Second {
			t.Errorf("SMS %d waits %s, %v", i, wait, err)
		}
	}
	if wait, err := p.turn(t.Context(), message.Email, room(0)); wait != 0 || err != nil {
		t.Errorf("mail by a server of one's own has no limit: %s, %v", wait, err)
	}
}

func TestAQuotaThatIsUsedUpIsWaitedFor(t *testing.T) {
	now := arrival
	a := &account{quota: ses.Quota{PerSecond: 1000, PerDay: 200, Sent: 190}}
	p := newPacer(a, 0, 5, func() time.Time { return now })
	sent := 0
	var late *putOff
	for range 10 {
		if _, err := p.turn(t.Context(), message.Email, room(time.Minute)); err == nil {
			sent++
		} else if !errors.As(err, &late) || late.after != quotaRest {
			t.Fatalf("got %v", err)
		}
	}
	if sent != 2 { // what the four others send meanwhile is taken to be as much
		t.Errorf("%d of 10 are sent with 10 left for 5 instances", sent)
	}
	now = now.Add(quotaAge)
	a.quota.Sent = 100
	if _, err := p.turn(t.Context(), message.Email, room(time.Minute)); err != nil {
		t.Errorf("with quota again: %v", err)
	}
}

func TestAnAccountThatSaysNothingIsNotWaitedFor(t *testing.T) {
	a := &account{err: fault.New(fault.Unavailable, "no")}
	p := newPacer(a, 0, 5, func() time.Time { return arrival })
	for range 20 {
		if wait, err := p.turn(t.Context(), message.Email, room(0)); wait != 0 || err != nil {
			t.Fatalf("%s, %v", wait, err)
		}
	}
	if a.asked != 1 {
		t.Errorf("asked %d times within a minute", a.asked)
	}
}

func TestAMessageWithoutQuotaGoesBackAndSpendsNoTry(t *testing.T) {
	b := setup(t)
	b.claim()
	b.handler.pacer.quoter = &account{quota: ses.Quota{PerSecond: 10, PerDay: 200, Sent: 200}}
	failures, write := b.deliver()
	if e := b.entry(); failures != 0 || write != 0 || e.State != message.Claimed || b.provider.asked() != 0 {
		t.Errorf("%d failures, %g write units, %+v", failures, write, e)
	}
	if len(b.queue.back) != 1 || b.queue.back[0].Delay != quotaRest || !strings.Contains(b.metrics.String(), `"QuotaUsedUp":1`) {
		t.Errorf("back: %+v; %s", b.queue.back, b.metrics)
	}
	b.handler.pacer.quoter.(*account).quota.Sent = 0
	*b.now = b.now.Add(quotaAge)
	if b.deliver(); b.entry().State != message.Sent {
		t.Errorf("with quota again: %+v", b.entry())
	}
}

// TestWhatChangesDuringTheWaitCounts unsubscribes a customer whose message waits for its moment.
func TestWhatChangesDuringTheWaitCounts(t *testing.T) {
	b := setup(t)
	b.claim()
	b.handler.pacer.quoter = &account{quota: ses.Quota{PerSecond: 0.5, PerDay: -1}}
	b.handler.pacer.turn(t.Context(), message.Email, room(time.Minute)) // another's message takes the first moment
	var waited time.Duration
	b.handler.Sleep = func(_ context.Context, d time.Duration) error {
		waited = d
		b.profile(map[string]string{customer.TraitEmail: "li@example.com", customer.ConsentTrait("email"): "false"})
		return nil
	}
	b.deliver()
	if e := b.entry(); waited != 2*time.Second || e.State != message.Held || e.Gate != "consent" || b.provider.asked() != 0 {
		t.Errorf("waited %s: %+v", waited, e)
	}
}

func TestNothingSleepsBeyondTheFunctionsEnd(t *testing.T) {
	b := setup(t)
	b.claim()
	b.handler.pacer.quoter = &account{quota: ses.Quota{PerSecond: 0.02, PerDay: -1}} // one in 50 seconds
	b.handler.pacer.turn(t.Context(), message.Email, room(time.Minute))
	b.handler.Sleep = func(context.Context, time.Duration) error {
		t.Error("slept")
		return nil
	}
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second) // of which 20 are the send's own
	defer cancel()
	b.deliverBy(ctx)
	if e := b.entry(); e.State != message.Claimed || len(b.queue.back) != 1 || !strings.Contains(b.metrics.String(), `"Paced":1`) {
		t.Errorf("%d back, %+v; %s", len(b.queue.back), e, b.metrics)
	}
}

// refusing is a channel that answers every message alike.
type refusing struct{ err error }

func (r refusing) Send(context.Context, channel.Message) (string, error) { return "", r.err }

func TestAnAddressThatIsDeadIsSuppressedAtOnce(t *testing.T) {
	for _, c := range []struct {
		name     string
		err      *channel.Error
		suppress bool
	}{
		{"no mailbox", &channel.Error{Outcome: channel.Refused, Reason: "smtp_550_5.1.1", Suppress: true}, true},
		{"bad content", &channel.Error{Outcome: channel.Refused, Reason: "bad_content"}, false},
		{"no answer", &channel.Error{Outcome: channel.Unknown, Reason: "timeout"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			b.claim()
			b.handler.Channels[message.Email] = refusing{c.err}
			b.deliver()
			got, err := b.store.Suppressed(t.Context(), message.Email, "li@example.com")
			if err != nil || got != c.suppress {
				t.Errorf("suppressed: %t, %v; %+v", got, err, b.entry())
			}
		})
	}
}

func TestAChannelThatIsSwitchedOffFailsItsMessage(t *testing.T) {
	b := setup(t)
	b.claim()
	delete(b.handler.Channels, message.Email)
	failures, _ := b.deliver()
	if e := b.entry(); failures != 0 || e.State != message.Failed || e.Reason != "channel_not_set_up" {
		t.Errorf("%d failures, %+v", failures, e)
	}
	if !strings.Contains(b.metrics.String(), `"ChannelNotSetUp":1`) {
		t.Errorf("nobody is told: %s", b.metrics)
	}
}
