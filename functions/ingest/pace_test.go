package main

import (
	"testing"
	"time"

	"liuke/shared/limit"
)

// TestAKeyIsHeldToItsPace sends more than two seconds' worth at once: nothing of what is over is kept, and it passes
// after the time that the answer names.
func TestAKeyIsHeldToItsPace(t *testing.T) {
	b := setup(t)
	clock := now
	b.Handler.Now = func() time.Time { return clock }
	b.Handler.Pace = limit.New(2)
	two := `{"batch":[{"type":"page","userId":"u"},{"userId":"u"}]}` // one of them is rejected, and counts as well
	for i := range 2 {
		if out, body := b.handle(t, call("batch", basic(sampleKey), two)); out.StatusCode != 200 {
			t.Fatalf("call %d within the burst is answered %d %v", i, out.StatusCode, body)
		}
	}
	kept := len(b.rejected)
	out, body := b.handle(t, call("batch", basic(sampleKey), two))
	if out.StatusCode != 429 || body["type"] != "urn:liuke:problem:throttled" || body["detail"] == nil {
		t.Fatalf("the call over the pace is answered %d %v", out.StatusCode, body)
	}
	if out.Headers["retry-after"] != "1" || out.Headers["x-ratelimit-reset"] != "1" {
		t.Errorf("the answer's headers are %v", out.Headers)
	}
	if len(b.sent) != 2 || len(b.rejected) != kept || b.counts[metricThrottled] != 1 || b.calls["batch"] != 2+2+1 {
		t.Errorf("%d sent, %d rejected, counted as %v, %v", len(b.sent), len(b.rejected), b.counts, b.calls)
	}
	if out, _ := b.handle(t, call("page", basic("wk/old"), `{"userId":"u"}`)); out.StatusCode != 200 {
		t.Errorf("the other key is answered %d", out.StatusCode)
	}
	clock = clock.Add(time.Second)
	if out, _ := b.handle(t, call("batch", "", two[:len(two)-1]+`,"writeKey":"`+sampleKey+`"}`)); out.StatusCode != 200 {
		t.Errorf("after the time that was named the call is answered %d", out.StatusCode)
	}
}

// TestWhoHasNoKeyHasNoPace holds that nobody without a key uses up what a key may send.
func TestWhoHasNoKeyHasNoPace(t *testing.T) {
	b := setup(t)
	b.Handler.Pace = limit.New(1)
	for range 10 {
		if out, _ := b.handle(t, call("page", basic("wk_other"), `{"userId":"u"}`)); out.StatusCode != 401 {
			t.Fatalf("a wrong key is answered %d", out.StatusCode)
		}
	}
	if out, _ := b.handle(t, call("page", basic(sampleKey), `{"userId":"u"}`)); out.StatusCode != 200 {
		t.Fatalf("the right key is answered %d", out.StatusCode)
	}
}
