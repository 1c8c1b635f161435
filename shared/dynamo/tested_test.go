package dynamo_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/fault"
	"liuke/shared/message"
)

func TestWhatBecameOfATestIsKept(t *testing.T) {
	s, ctx := ledgerStore(t), t.Context()
	if _, err := s.Test(ctx, "none"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("of one that there is not: %v", err)
	}
	asked := message.Test{ID: "a", Scene: "win_back", Channel: message.SMS, To: "+12065550100", Asked: decidedAt}
	first := asked.Record()
	sent, failed := first, first
	sent.State, sent.Provider, sent.Settled = message.Sent, "0100", decidedAt.Add(time.Second)
	failed.State, failed.Reason, failed.Settled = message.Failed, "suppressed", decidedAt.Add(time.Second)
	for _, want := range []message.TestRecord{first, sent, failed} {
		if err := s.PutTest(ctx, want); err != nil {
			t.Fatal(err)
		}
		got, err := s.Test(ctx, "a")
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
}
