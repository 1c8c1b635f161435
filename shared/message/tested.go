package message

import "time"

// TestKept is how long it is known what became of a test.
const TestKept = 7 * 24 * time.Hour

// TestRecord is what became of a test. It holds no address and nothing of what the message says.
type TestRecord struct {
	ID       string
	Scene    string
	Channel  Channel
	State    State     // Claimed, Sent, Failed or Unknown, as of an entry
	Provider string    // the provider's id of one that was sent
	Reason   string    // why it failed, nobody can tell, or the provider takes it later: a code, never personal data
	Asked    time.Time // when an operator asked for it
	Settled  time.Time // when it was handed to the provider or given up; zero before
}

// Record is the record of a test that nothing has become of yet.
func (t *Test) Record() TestRecord {
	return TestRecord{ID: t.ID, Scene: t.Scene, Channel: t.Channel, State: Claimed, Asked: t.Asked}
}
