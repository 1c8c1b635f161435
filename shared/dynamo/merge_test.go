package dynamo_test

import (
	"context"
	cryptorand "crypto/rand"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/event"
	"liuke/shared/fold"
	"liuke/shared/money"
)

// TestAllWhomACustomerAbsorbedAreListed links visitors whom nothing was known of, as each order of a shop's webhooks is
// one, and users who had absorbed others before: all are listed, and only the latter cost a query each.
func TestAllWhomACustomerAbsorbedAreListed(t *testing.T) {
	t.Parallel()
	store := foldStore(t)
	folder := &fold.Folder{Settings: fold.Settings{Zone: time.UTC, Money: money.Only("CNY")}, Store: store, Random: cryptorand.Reader,
		Sleep: func(context.Context, time.Duration) error { return nil }, Jitter: func() float64 { return 0.5 }}
	now := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	n := 0
	link := func(e event.Event) {
		n++
		e.ID, e.Time, e.Received, e.Source = event.MessageID(fmt.Sprint("link", n)), now, now, event.SourceSegment
		if err := folder.Fold(t.Context(), []event.Event{e})[0].Err; err != nil {
			t.Fatal(err)
		}
	}
	want := []customer.ID{"old", "anonymous:old", "anonymous:of-old"}
	link(event.Event{Type: event.Identify, User: "old", Anonymous: "of-old"})
	link(event.Event{Type: event.Alias, User: "new", Previous: "old"})
	const visitors = 40
	for i := range visitors {
		link(event.Event{Type: event.Identify, User: "new", Anonymous: fmt.Sprint("v", i)})
		want = append(want, customer.ID(fmt.Sprint("anonymous:v", i)))
	}
	var m dynamo.Meter
	got, err := store.Absorbed(dynamo.WithMeter(t.Context(), &m), "new")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	slices.Sort(want)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("listed are (-want +got):\n%s", d)
	}
	if read, _ := m.Units(); read > 6 {
		t.Errorf("the list of %d took %v read units", len(got), read)
	}
}
