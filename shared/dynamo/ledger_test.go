package dynamo_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/infra/local/engine"
	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/signal"
)

var decidedAt = time.Date(2026, 3, 1, 12, 0, 0, 456e6, time.UTC)

func ledgerStore(t *testing.T) *dynamo.Store {
	t.Helper()
	customers, records := engine.NewTables(t)
	return dynamo.New(engine.Config(engine.StartDynamoDB(t)), customers, records)
}

func candidate(occasion string) message.Entry {
	return message.New("win_back", 0, message.Email, signal.Signal{
		ID: occasion, Kind: signal.SegmentChanged, Customer: "c1", Time: decidedAt.Add(-time.Hour), Data: json.RawMessage(`{"to":"At Risk"}`),
	})
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestAnEntryComesBackAsItWasWritten(t *testing.T) {
	store, ctx, step := ledgerStore(t), t.Context(), must[message.Entry](t)
	if _, err := store.Entry(ctx, "c1", candidate("s1").ID); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("before the first: %v", err)
	}
	e := step(store.WriteEntry(ctx, step(candidate("s1").Defer("quiet_hours", "quiet", decidedAt.Add(8*time.Hour), decidedAt))))
	e = step(store.WriteEntry(ctx, step(e.Claim(decidedAt.Add(9*time.Hour)))))
	e = step(store.WriteEntry(ctx, step(e.Begin("try-1", decidedAt.Add(10*time.Hour)))))
	e = step(store.WriteEntry(ctx, step(e.Accept("provider-1", "zh-CN", decidedAt.Add(11*time.Hour)))))
	got := step(store.Entry(ctx, "c1", e.ID))
	if d := cmp.Diff(e, got); d != "" {
		t.Error(d)
	}
	if got.Revision != 4 || !got.Due.IsZero() || got.Gate != "" {
		t.Errorf("after four steps: %+v", got)
	}
	if _, err := store.WriteEntry(ctx, candidate("s1")); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("a new entry over an old one: %v", err)
	}
	stale := e
	stale.Revision = 2
	if _, err := store.WriteEntry(ctx, stale); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("a step from a revision that is gone: %v", err)
	}
}

func TestTwoClaimsAtOnceCannotBothPass(t *testing.T) {
	store, ctx := ledgerStore(t), t.Context()
	for round := range 10 {
		d, err := store.Dossier(ctx, message.Wanted{Customer: "c1"})
		if err != nil {
			t.Fatal(err)
		}
		contact, err := d.Contact.Add(message.Stamp{Time: decidedAt, Scene: message.SceneMarkOf("win_back"), Channel: message.Email})
		if err != nil {
			t.Fatal(err)
		}
		results := make([]error, 4)
		var all sync.WaitGroup
		for i := range results {
			all.Go(func() {
				e, err := candidate(strings.Repeat("x", round) + string(rune('a'+i))).Claim(decidedAt)
				results[i] = errors.Join(err, store.Claim(ctx, e.Customer, e, contact))
			})
		}
		all.Wait()
		won := 0
		for _, err := range results {
			switch fault.CodeOf(err) {
			case "":
				won++
			case fault.Conflict:
			default:
				t.Errorf("the loser is told %v", err)
			}
		}
		if won != 1 {
			t.Fatalf("%d claims of one contact record passed", won)
		}
	}
}

func TestALostClaimLeavesNothing(t *testing.T) {
	store, ctx, step := ledgerStore(t), t.Context(), must[message.Entry](t)
	e := step(candidate("s1").Claim(decidedAt))
	contact, _ := message.Contact{}.Add(message.Stamp{Time: decidedAt, Scene: message.SceneMarkOf("win_back"), Channel: message.Email})
	if err := store.Claim(ctx, e.Customer, e, contact); err != nil {
		t.Fatal(err)
	}
	next, _ := contact.Add(message.Stamp{Time: decidedAt, Scene: message.SceneMarkOf("win_back"), Channel: message.Email})
	if err := store.Claim(ctx, e.Customer, e, next); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("an entry claimed twice: %v", err)
	}
	d, err := store.Dossier(ctx, message.Wanted{Customer: "c1"})
	if err != nil || d.Contact.Version != 1 {
		t.Errorf("the contact record of a lost claim: %+v, %v", d.Contact, err)
	}
}

func TestMessagesPage(t *testing.T) {
	store, ctx, step := ledgerStore(t), t.Context(), must[message.Entry](t)
	want := map[string]bool{}
	for _, occasion := range []string{"s1", "s2", "s3", "s4", "s5"} {
		e := step(store.WriteEntry(ctx, step(candidate(occasion).Hold("consent", "no_consent", decidedAt))))
		want[e.ID] = true
	}
	pages, cursor := 0, ""
	for {
		list, next, err := store.Messages(ctx, "c1", 2, cursor)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			if !want[e.ID] || e.Customer != "c1" || e.Gate != "consent" {
				t.Errorf("unexpected, or twice: %+v", e)
			}
			delete(want, e.ID)
		}
		pages++
		if cursor = next; next == "" {
			break
		}
	}
	if len(want) != 0 || pages != 3 {
		t.Errorf("%d entries are missing after %d pages", len(want), pages)
	}
}

func TestWhatIsDue(t *testing.T) {
	store, ctx := ledgerStore(t), t.Context()
	minute := decidedAt.Truncate(time.Minute)
	shard := dynamo.DueShard("e1")
	sig := signal.Signal{ID: "s1", Kind: signal.OrderPlaced, Customer: "c1", Time: decidedAt, Scene: "win_back"}
	file := func(at time.Time, id string) {
		t.Helper()
		if err := store.PutDue(ctx, at, id, sig); err != nil {
			t.Fatal(err)
		}
	}
	file(minute, "e1")
	file(minute, "e1") // a second time, as a redelivered signal does
	due := func(now time.Time) []dynamo.DueItem {
		t.Helper()
		list, err := store.Due(ctx, shard, now)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	if got := due(minute.Add(-time.Second)); len(got) != 0 {
		t.Errorf("due a second early: %+v", got)
	}
	for name, now := range map[string]time.Time{
		"in its minute": minute, "at the minute's end": minute.Add(59 * time.Second), "after a pause of months": minute.AddDate(0, 5, 0),
	} {
		got := due(now)
		if len(got) != 1 {
			t.Fatalf("%s: %d due", name, len(got))
		}
		if d := cmp.Diff(sig, got[0].Signal); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	if err := store.DeleteDue(ctx, due(minute)[0].Key); err != nil {
		t.Fatal(err)
	}
	if got := due(minute.AddDate(1, 0, 0)); len(got) != 0 {
		t.Errorf("due after it was taken off: %+v", got)
	}
	others := slices.DeleteFunc([]int{0, 1, 2}, func(n int) bool { return n == shard })
	if list, err := store.Due(ctx, others[0], minute); err != nil || len(list) != 0 {
		t.Errorf("another shard: %+v, %v", list, err)
	}
}

func TestSuppressionKnowsAnAddressHoweverItIsSpelled(t *testing.T) {
	store, ctx := ledgerStore(t), t.Context()
	for range 2 {
		if err := store.Suppress(ctx, message.Email, "Li@Example.com", "bounce", decidedAt); err != nil {
			t.Fatal(err)
		}
	}
	for address, want := range map[string]bool{"li@example.com": true, " LI@EXAMPLE.COM ": true, "wu@example.com": false} {
		if got, err := store.Suppressed(ctx, message.Email, address); err != nil || got != want {
			t.Errorf("%q suppressed: %v, %v", address, got, err)
		}
	}
	if got, err := store.Suppressed(ctx, "sms", "li@example.com"); err != nil || got {
		t.Errorf("on another channel: %v, %v", got, err)
	}
}

// TestWhatAMessageCosts follows the largest message that there is through its life: the longest customer id, a contact
// record that is nearly full, and every field of the entry in use.
func TestWhatAMessageCosts(t *testing.T) {
	store, step := ledgerStore(t), must[message.Entry](t)
	id := customer.ID(strings.Repeat("客", customer.MaxIDBytes/3))
	contact := message.Contact{}
	for i := range message.MaxStamps - 1 {
		var err error
		if contact, err = contact.Add(message.Stamp{Time: decidedAt.Add(time.Duration(i) * time.Hour), Scene: message.SceneMarkOf(fmt.Sprint("scene_", i%24)), Channel: message.Email}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range message.MaxEntered {
		contact = contact.Enter(fmt.Sprint("scene_", i), candidate(fmt.Sprint("s", i)).ID, decidedAt.Add(time.Duration(i)*24*time.Hour))
	}
	contact.Version = 1
	data, err := json.Marshal(signal.OrderData{Order: strings.Repeat("o", 64), Amount: 1 << 50, Currency: "CNY", First: true})
	if err != nil {
		t.Fatal(err)
	}
	sig := signal.Signal{ID: signal.OrderID(strings.Repeat("o", 64)), Kind: signal.OrderPlaced, Customer: id, Time: decidedAt, Data: data}
	total := 0.0
	unit := func(what string, do func(meter *dynamo.Meter)) {
		t.Helper()
		meter := &dynamo.Meter{}
		do(meter)
		_, write := meter.Units()
		t.Logf("%-30s %g write units", what, write)
		total += write
	}
	e := step(message.New("order_thanks", 0, message.Email, sig).Claim(decidedAt))
	e.Variant = "the_bolder_one"
	unit("the claim", func(m *dynamo.Meter) {
		if err := store.Claim(dynamo.WithMeter(t.Context(), m), id, e, contact); err != nil {
			t.Fatal(err)
		}
	})
	e.Revision++
	write := func(next message.Entry) func(m *dynamo.Meter) {
		return func(m *dynamo.Meter) { e = step(store.WriteEntry(dynamo.WithMeter(t.Context(), m), next)) }
	}
	unit("the step to sending", write(step(e.Begin(strings.Repeat("t", 26), decidedAt))))
	unit("the step to sent", write(step(e.Accept(strings.Repeat("p", 60), "zh-CN", decidedAt))))
	delivered, _ := e.Apply(message.Receipt{Evidence: message.Delivery, Time: decidedAt})
	unit("the delivery's receipt", write(delivered))
	if total > 7 {
		t.Errorf("a sent message costs %g write units, over the budget of 7", total)
	}
	t.Logf("%-30s %g write units", "a sent message", total)
	total = 0
	sig.ID = signal.OrderID("another")
	held := step(message.New("order_thanks", 0, message.Email, sig).Hold("frequency_cap", "cap_scene", decidedAt))
	unit("a held message", write(held))
	if total > 1 {
		t.Errorf("a held message costs %g write units, over the budget of 1", total)
	}
	total = 0
	sig.ID = signal.OrderID("a third")
	e = step(message.New("order_thanks", 0, message.Email, sig).Claim(decidedAt.Add(time.Hour)))
	if err := store.WriteContact(t.Context(), id, counting(t, contact, &e)); err != nil {
		t.Fatal(err)
	}
	e = step(store.WriteEntry(t.Context(), e))
	unit("one held right before it is sent", func(m *dynamo.Meter) {
		counted := must[message.Dossier](t)(store.Dossier(t.Context(), message.Wanted{Customer: id})).Contact
		next, ok := counted.Uncount(e)
		held := step(e.Hold("consent", "no_consent", decidedAt))
		step(store.WriteUncounted(dynamo.WithMeter(t.Context(), m), id, held, next))
		if left := must[message.Dossier](t)(store.Dossier(t.Context(), message.Wanted{Customer: id})).Contact; !ok || len(left.Stamps) != len(counted.Stamps)-1 || len(left.Entered) != message.MaxEntered {
			t.Errorf("%v, %d stamps of %d", ok, len(left.Stamps), len(counted.Stamps))
		}
		if _, err := store.WriteUncounted(t.Context(), id, held, next); fault.CodeOf(err) != fault.Conflict {
			t.Errorf("twice: %v", err)
		}
	})
	if total > 4 {
		t.Errorf("a message that is held right before it is sent costs %g write units, over the budget of 4", total)
	}
}

// counting is a contact record that counts an entry as well, in the place of its oldest message.
func counting(t *testing.T, c message.Contact, e *message.Entry) message.Contact {
	t.Helper()
	c.Stamps = c.Stamps[1:]
	next, err := c.Add(message.Stamp{Time: e.Claimed, Scene: message.SceneMarkOf(e.Scene), Channel: e.Channel})
	if err != nil {
		t.Fatal(err)
	}
	return next
}
