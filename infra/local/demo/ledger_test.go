package demo

import (
	"maps"
	"strings"
	"testing"
)

// messages compares what was sent. The scene's caps make which of a customer's messages pass depend on their order, so
// messages are counted by customer and scene. A mail whose sender was killed about the send is unknown: it was sent once
// or not at all.
//
// It returns the customers who cannot be compared further: those with a mail that is unknown, which they may not have been
// able to answer; and those of whose messages one kept back another, as it happened to come first.
func messages(t *testing.T, calm, struck final, inSending int) (apart map[string]bool) {
	t.Helper()
	apart = map[string]bool{}
	unknown := 0
	for key, states := range struck.ledger {
		if n := states["unknown"]; n > 0 {
			unknown += n
			apart[owner(key)] = true
		}
	}
	doubtful := len(apart)
	for _, rivals := range []map[string]bool{calm.rivals, struck.rivals} {
		maps.Copy(apart, rivals)
	}
	t.Logf("%d entries of %d customers are unknown; of %d customers one message kept back another", unknown, doubtful, len(apart)-doubtful)
	if unknown > inSending {
		t.Errorf("%d entries are unknown, and only %d senders were killed", unknown, inSending)
	}
	if len(apart) > 100 {
		t.Errorf("%d customers cannot be compared: too many", len(apart))
	}
	entries(t, calm, struck, apart)
	for _, f := range []final{calm, struck} {
		f.sentOnce(t)
	}
	for key, want := range calm.mails {
		if got := struck.mails[key]; got != want && !apart[owner(key)] {
			t.Errorf("%s: sent %d times, undisturbed %d", key, got, want)
		}
	}
	for key := range struck.mails {
		if calm.mails[key] == 0 && !apart[owner(key)] {
			t.Errorf("%s: a mail that the undisturbed run has not", key)
		}
	}
	return apart
}

// owner is the customer whose entries, or mails, are counted under a key.
func owner(key string) string {
	id, _, _ := strings.Cut(key, " ")
	id, _, _ = strings.Cut(id, "@")
	return id
}

// entries compares the ledgers.
func entries(t *testing.T, calm, struck final, apart map[string]bool) {
	t.Helper()
	sent, wishes := 0, 0
	for key, want := range calm.ledger {
		got := struck.ledger[key]
		if strings.HasSuffix(key, " birthday") {
			if wishes += want["sent"]; sum(want) != 1 || sum(got) != 1 {
				t.Errorf("%s: a birthday is told once, and its entries are %v, undisturbed %v", key, got, want)
			}
		}
		for state := range got {
			// What is put off beyond the end of the play waits in the undisturbed one as well; that it is on file is compared apart.
			waits := state == "deferred" && (want["deferred"] > 0 || apart[owner(key)])
			if state == "claimed" || state == "sending" || state == "deferred" && !waits {
				t.Errorf("%s: an entry is left %s", key, state)
			}
		}
		if !maps.Equal(got, want) && !apart[owner(key)] {
			t.Errorf("%s: %v, undisturbed %v", key, got, want)
		}
		sent += got["sent"]
	}
	for key := range struck.ledger {
		if calm.ledger[key] == nil && !apart[owner(key)] {
			t.Errorf("%s: entries that the undisturbed run has not", key)
		}
	}
	t.Logf("mails: %d sent for sure", sent)
	if sent == 0 || wishes < 20 {
		t.Errorf("%d mails were sent, and undisturbed %d wishes: too few to compare", sent, wishes)
	}
}

// sentOnce compares what lies in the outbox with the ledger: each entry that is sent has one mail, each that is unknown one or
// none.
func (f *final) sentOnce(t *testing.T) {
	t.Helper()
	sent, unknown, mails := map[string]int{}, map[string]int{}, map[string]int{}
	for key, states := range f.ledger {
		sent[owner(key)] += states["sent"]
		unknown[owner(key)] += states["unknown"]
	}
	for key, n := range f.mails {
		mails[owner(key)] += n
	}
	for id, n := range mails {
		if sent[id]+unknown[id] == 0 {
			t.Errorf("%s got %d mails of which the ledger does not know", id, n)
		}
	}
	for id, n := range sent {
		if got := mails[id]; got < n || got > n+unknown[id] {
			t.Errorf("%s got %d mails; %d entries are sent and %d unknown", id, got, n, unknown[id])
		}
	}
}
