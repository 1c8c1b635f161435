package dynamo

import (
	"context"

	"liuke/shared/fault"
	"liuke/shared/message"
)

// PutTest keeps what became of a test for message.TestKept, in the place of what was known before; one write unit.
func (s *Store) PutTest(ctx context.Context, t message.TestRecord) (err error) {
	defer fault.Wrap(&err, "keep what became of a test")
	item := attributes(TestKey(t.ID))
	for name, value := range map[string]string{
		attrScene: t.Scene, attrChannel: string(t.Channel), attrEntryState: string(t.State), attrProvider: t.Provider, attrEntryReason: t.Reason,
	} {
		if value != "" {
			item[name] = text(value)
		}
	}
	item[attrClaimed] = number(t.Asked.UnixMilli())
	if !t.Settled.IsZero() {
		item[attrTried] = number(t.Settled.UnixMilli())
	}
	item[attrExpires] = number(t.Asked.Add(message.TestKept).Unix())
	return s.putRecord(ctx, item, nil)
}

// Test reads what became of a test, strongly consistent; NotFound where nothing is known of it.
func (s *Store) Test(ctx context.Context, id string) (t message.TestRecord, err error) {
	defer fault.Wrap(&err, "read what became of a test")
	item, err := s.getRecord(ctx, TestKey(id))
	if err != nil {
		return t, err
	}
	if len(item) == 0 {
		return t, fault.New(fault.NotFound, "there is no such test, or it is over a week old")
	}
	t = message.TestRecord{
		ID: id, Scene: textOf(item[attrScene]), Channel: message.Channel(textOf(item[attrChannel])), State: message.State(textOf(item[attrEntryState])),
		Provider: textOf(item[attrProvider]), Reason: textOf(item[attrEntryReason]), Asked: millis(item[attrClaimed]),
	}
	if item[attrTried] != nil {
		t.Settled = millis(item[attrTried])
	}
	return t, nil
}
