package main

import (
	"context"
	"net/http"
	"testing"
	"time"

	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/offer"
)

// contact is what the customer's contact record says.
func (b *bundle) contact() message.Contact {
	b.t.Helper()
	d, err := b.store.Dossier(b.t.Context(), message.Wanted{Customer: "user-0001"})
	if err != nil {
		b.t.Fatal(err)
	}
	return d.Contact
}

// counted adds to the contact record what the claim of an entry does, and another message.
func (b *bundle) counted(e message.Entry) {
	b.t.Helper()
	c := b.contact()
	for _, s := range []message.Stamp{
		{Time: e.Claimed, Scene: message.SceneMarkOf(e.Scene), Channel: e.Channel},
		{Time: e.Claimed.Add(-time.Hour), Scene: message.SceneMarkOf("birthday"), Channel: e.Channel},
	} {
		next, err := c.Add(s)
		if err == nil {
			err = b.store.WriteContact(b.t.Context(), "user-0001", next)
		}
		if err != nil {
			b.t.Fatal(err)
		}
		c = next
	}
	if e.Invitation.Survey == "" {
		return
	}
	c = c.Ask(e.Invitation.Survey, e.Claimed)
	c.Version++
	if err := b.store.WriteContact(b.t.Context(), "user-0001", c); err != nil {
		b.t.Fatal(err)
	}
}

// TestWhatDispatchDoesNotSendCountsNoMore claims an invitation, and has dispatch find why it is not sent.
func TestWhatDispatchDoesNotSendCountsNoMore(t *testing.T) {
	for _, c := range []struct {
		name          string
		change        func(*bundle, *message.Entry)
		state         message.State
		stamps, asked int
	}{
		{"consent was withdrawn", func(b *bundle, _ *message.Entry) {
			b.profile(map[string]string{customer.TraitEmail: "li@example.com", customer.ConsentTrait("email"): "false"})
		}, message.Held, 1, 0},
		{"the survey was closed", func(b *bundle, _ *message.Entry) {
			closed := *b.surveys["leaving"]
			closed.Closed = true
			b.surveys["leaving"] = &closed
		}, message.Held, 1, 0},
		{"a variable is missing", func(_ *bundle, e *message.Entry) { e.Data = []byte(`[]`) }, message.Failed, 1, 0},
		{"the channel was switched off", func(b *bundle, _ *message.Entry) { delete(b.handler.Channels, message.Email) }, message.Failed, 1, 0},
		{"it has waited for a day", func(b *bundle, _ *message.Entry) { *b.now = b.now.Add(message.Patience + time.Second) }, message.Failed, 1, 0},
		{"the provider says no for good", func(b *bundle, _ *message.Entry) { b.provider.answers = []int{400} }, message.Failed, 1, 0},
		{"what the provider says later to counts on", func(b *bundle, _ *message.Entry) { b.provider.answers = []int{429} }, message.Claimed, 2, 1},
		{"and so does what nobody can tell of", func(b *bundle, _ *message.Entry) { b.provider.answers = []int{-1} }, message.Unknown, 2, 1},
		{"and what is sent", func(*bundle, *message.Entry) {}, message.Sent, 2, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			e, err := candidate().Claim(arrival)
			if err != nil {
				t.Fatal(err)
			}
			invited(&e)
			c.change(b, &e)
			b.counted(e)
			b.write(e, nil)
			version := b.contact().Version
			for range 3 { // the queue delivers more than once
				b.deliver()
			}
			got, e := b.contact(), b.entry()
			if e.State != c.state || len(got.Stamps) != c.stamps || len(got.Asked) != c.asked || got.Version != version+int64(2-c.stamps) {
				t.Errorf("%s, %+v", e.State, got)
			}
		})
	}
}

func TestAMessageWithoutACodeCountsNoMore(t *testing.T) {
	b := setup(t)
	b.withShop().answer = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }
	e := b.claimCode("s1", 0)
	b.counted(e)
	meter := &dynamo.Meter{}
	if err := b.handler.handle(dynamo.WithMeter(t.Context(), meter), []message.Job{{Customer: e.Customer, Entry: e.ID}})[0]; err != nil {
		t.Fatal(err)
	}
	_, write := meter.Units()
	left := b.contact().Stamps
	if e = b.stored(e.ID); e.State != message.Held || e.Reason != offer.ReasonNone || write != 4 || len(left) != 1 || left[0].Scene != message.SceneMarkOf("birthday") {
		t.Errorf("%s for %s, %g write units, %+v", e.State, e.Reason, write, left)
	}
}

// moving is a store whose contact record moves before each of the first writes that take something off it, or which is lost
// after one.
type moving struct {
	*dynamo.Store
	move  func()
	times int
	lost  bool
	tried int
}

func (m *moving) WriteUncounted(ctx context.Context, person customer.ID, e message.Entry, c message.Contact) (message.Entry, error) {
	if m.tried++; m.tried <= m.times {
		m.move()
	}
	written, err := m.Store.WriteUncounted(ctx, person, e, c)
	if m.lost && err == nil {
		return e, fault.New(fault.Unavailable, "no answer")
	}
	return written, err
}

func TestAContactRecordThatMovesHoldsNoHoldUp(t *testing.T) {
	for _, c := range []struct {
		name                 string
		times                int
		lost                 bool
		back, stamps, writes int
	}{
		{"nobody else writes", 0, false, 0, 1, 1},
		{"others write twice, and nothing of theirs is lost", 2, false, 0, 3, 3},
		{"others write every time, and it counts on", uncountTries, false, 0, 2 + uncountTries, uncountTries},
		{"the answer is lost, and it is taken off once", 0, true, 1, 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			e, err := candidate().Claim(arrival)
			b.counted(e)
			b.write(e, err)
			b.profile(map[string]string{customer.TraitEmail: "li@example.com", customer.ConsentTrait("email"): "false"})
			m := &moving{Store: b.store, times: c.times, lost: c.lost, move: func() {
				next, err := b.contact().Add(message.Stamp{Time: arrival, Scene: message.SceneMarkOf("win_back"), Channel: message.SMS})
				if err == nil {
					err = b.store.WriteContact(t.Context(), "user-0001", next)
				}
				if err != nil {
					t.Fatal(err)
				}
			}}
			b.handler.Store = m
			b.deliver()
			b.deliver()
			if e := b.entry(); len(b.queue.back) != c.back || e.State != message.Held || len(b.contact().Stamps) != c.stamps || m.tried != c.writes {
				t.Errorf("%d back, %s, tried %d times, %+v", len(b.queue.back), e.State, m.tried, b.contact())
			}
		})
	}
}
