package dynamo_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/dynamo"
	"liuke/shared/message"
	"liuke/shared/survey"
	"liuke/shared/survey/tally"
)

func inviting(occasion string) message.Entry {
	e := candidate(occasion)
	e.Invitation = message.Invitation{Survey: "leaving", ID: e.ID, Cell: survey.Cell{Segment: "At Risk", Tier: "A", Channel: "email"}}
	return e
}

// byTheHour reads what is counted of the hour in which decidedAt lies.
func byTheHour(t *testing.T, store *dynamo.Store) []tally.Asked {
	t.Helper()
	all, err := store.AskedOfHour(t.Context(), "leaving", decidedAt.Truncate(time.Hour), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestAnInvitationIsListedByItsHourOnceItIsSent(t *testing.T) {
	store, ctx, step := ledgerStore(t), t.Context(), must[message.Entry](t)
	meter := &dynamo.Meter{}
	e := step(store.WriteEntry(ctx, step(inviting("s1").Claim(decidedAt))))
	if got := step(store.Entry(ctx, "c1", e.ID)); cmp.Diff(e, got) != "" {
		t.Error(cmp.Diff(e, got))
	}
	begun := decidedAt.Add(59 * time.Minute)
	e = step(store.WriteEntry(ctx, step(e.Begin("try-1", begun))))
	if got := byTheHour(t, store); len(got) != 0 {
		t.Errorf("before it is sent: %+v", got)
	}
	e = step(store.WriteEntry(dynamo.WithMeter(ctx, meter), step(e.Accept("provider-1", "zh-CN", decidedAt.Add(61*time.Minute)))))
	want := []tally.Asked{{Survey: "leaving", Invitation: e.ID, Customer: "c1", Cell: e.Invitation.Cell, Locale: "zh-CN", Sent: begun.Truncate(time.Millisecond)}}
	if got := byTheHour(t, store); cmp.Diff(want, got) != "" {
		t.Errorf("though its answer came in the next hour: %s", cmp.Diff(want, got))
	}
	if _, write := meter.Units(); write > 2 {
		t.Errorf("the step to sent took %g write units, not 2 at most", write)
	}
	rejected, changed := e.Apply(message.Receipt{Evidence: message.Rejection, Provider: "provider-1", Time: decidedAt.Add(2 * time.Hour)})
	if !changed {
		t.Fatal("the receipt changes nothing")
	}
	step(store.WriteEntry(ctx, rejected))
	if got := byTheHour(t, store); len(got) != 0 {
		t.Errorf("the provider would not send it after all: %+v", got)
	}
}

func TestNeitherRemindersNorOtherMessagesAreListed(t *testing.T) {
	store, ctx, step := ledgerStore(t), t.Context(), must[message.Entry](t)
	reminder := inviting("s1")
	reminder.Step = 1
	for _, e := range []message.Entry{reminder, candidate("s2")} {
		e = step(store.WriteEntry(ctx, step(e.Claim(decidedAt))))
		e = step(store.WriteEntry(ctx, step(e.Begin("try-1", decidedAt))))
		e = step(store.WriteEntry(ctx, step(e.Accept("provider-1", "en", decidedAt))))
		if got := step(store.Entry(ctx, "c1", e.ID)); cmp.Diff(e, got) != "" {
			t.Error(cmp.Diff(e, got))
		}
	}
	if got := byTheHour(t, store); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

// What is told to the sender of a lost answer is told by the receipt: an entry that it settles counts as well.
func TestAnInvitationThatAReceiptSettlesIsListed(t *testing.T) {
	store, ctx, step := ledgerStore(t), t.Context(), must[message.Entry](t)
	e := step(store.WriteEntry(ctx, step(inviting("s1").Claim(decidedAt))))
	e = step(store.WriteEntry(ctx, step(e.Begin("try-1", decidedAt))))
	e = step(store.WriteEntry(ctx, step(e.Lose("timeout"))))
	settled, _ := e.Apply(message.Receipt{Evidence: message.Delivery, Provider: "provider-1", Time: decidedAt.Add(26 * time.Hour)})
	step(store.WriteEntry(ctx, settled))
	if got := byTheHour(t, store); len(got) != 1 || !got[0].Sent.Equal(decidedAt.Truncate(time.Millisecond)) {
		t.Errorf("%+v", got)
	}
}
