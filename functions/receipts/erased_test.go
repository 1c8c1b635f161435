package main

import (
	"context"
	"strings"
	"testing"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/message"
)

func (b *bundle) erase() {
	b.t.Helper()
	if err := b.store.Erase(b.t.Context(), "user-0001", *b.now); err != nil {
		b.t.Fatal(err)
	}
}

// eraser erases the customer once the entry was read.
type eraser struct {
	Store
	erase func()
}

func (e *eraser) Entry(ctx context.Context, id customer.ID, entry string) (message.Entry, error) {
	out, err := e.Store.Entry(ctx, id, entry)
	e.erase()
	return out, err
}

func TestNoReceiptBringsBackAnErasedEntry(t *testing.T) {
	for _, sample := range []string{"send", "delivery", "bounce_permanent", "complaint", "reject"} {
		for name, prepare := range map[string]func(*bundle){
			"erased before":             func(b *bundle) { b.erase() },
			"erased while it is booked": func(b *bundle) { b.handler.Store = &eraser{b.store, b.erase} },
		} {
			t.Run(sample+" "+name, func(t *testing.T) {
				b := setup(t)
				b.entry(unknown)
				prepare(b)
				failures, _ := b.deliver(b.sample(sample))
				if failures != 0 || len(b.queue.back) != 0 || !strings.Contains(b.metrics.String(), `"EntryGone":1`) {
					t.Errorf("%d failures, %d back, %s", failures, len(b.queue.back), b.metrics)
				}
				if e, err := b.store.Entry(t.Context(), "user-0001", entryID); fault.CodeOf(err) != fault.NotFound {
					t.Errorf("the entry is back: %+v, %v", e, err)
				}
				wanted := sample == "bounce_permanent" || sample == "complaint"
				if got := b.suppressed("li@example.com"); got != wanted {
					t.Errorf("suppressed: %v", got)
				}
			})
		}
	}
}
