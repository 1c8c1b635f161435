package main

import (
	"strings"
	"testing"
	"time"
)

func TestEventsOfTheErasedAreDroppedAndCounted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.handle(t, envelope(t, "activity"))
	if err := b.store.Erase(t.Context(), "user-0001", time.Unix(1_772_000_000, 0)); err != nil {
		t.Fatal(err)
	}
	kept := len(b.lake.list)
	if failed := b.handle(t, envelope(t, "orders")); failed != nil || len(b.back.list) > 0 {
		t.Errorf("to be delivered again: %v, %v", failed, b.back.list)
	}
	for _, e := range b.lake.list[kept:] {
		if e.User == "user-0001" {
			t.Error("the lake keeps what an erased customer did")
		}
	}
	told := b.signals.signals(t) // of the other customer's order alone
	if len(told) != 1 || told[0].Customer != "user-0002" || !strings.Contains(b.metrics.String(), `"EventsOfErased":2`) {
		t.Errorf("signals %v, metrics %s", told, &b.metrics)
	}
}
