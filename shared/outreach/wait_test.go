package outreach_test

import (
	"strings"
	"testing"
	"time"

	"liuke/shared/message"
	"liuke/shared/offer"
	"liuke/shared/outreach"
	"liuke/shared/scene"
)

func TestWhatAMessageWaitsForIsToldFromItsEntry(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 21, 0, 0, 0, time.UTC)
	asks := &scene.Scene{Offer: &scene.Offer{Webhook: "shop"}}
	claimed := func(ago time.Duration, change func(*message.Entry)) message.Entry {
		e := message.Entry{State: message.Claimed, Channel: message.Email, Claimed: now.Add(-ago)}
		if change != nil {
			change(&e)
		}
		return e
	}
	for _, c := range []struct {
		name  string
		entry message.Entry
		scene *scene.Scene
		coded bool
		want  string // what it waits for; "" for nothing
		says  string
	}{
		{"one that just passed the gates is on its way", claimed(time.Second, nil), &scene.Scene{}, false, "", ""},
		{"one that was sent waits for nothing", message.Entry{State: message.Sent, Claimed: now.Add(-time.Hour)}, asks, false, "", ""},
		{"one that is held waits for nothing", message.Entry{State: message.Held, Reason: "quiet"}, asks, false, "", ""},
		{"quiet hours end at a time", message.Entry{State: message.Deferred, Gate: scene.GateQuietHours, Reason: "quiet", Due: now.Add(11 * time.Hour)}, &scene.Scene{}, false, outreach.WaitsForQuiet, "until they are over, at 2026-03-02 08:00 UTC"},
		{"a code that a webhook gives is waited for from the first", claimed(time.Second, nil), asks, false, outreach.WaitsForCode, "the destination shop is asked every minute; it is given up at 2026-03-02 20:59 UTC"},
		{"and no more once it is there", claimed(time.Second, func(e *message.Entry) { e.Code = offer.Given{Webhook: "shop", Code: "A"} }), asks, false, "", ""},
		{"nor by a step that carries the first one's", claimed(time.Second, func(e *message.Entry) { e.Step = 1 }), asks, true, "", ""},
		{"what a provider put off is tried again", claimed(time.Second, func(e *message.Entry) { e.Reason = "TooManyRequestsException" }), &scene.Scene{}, false, outreach.WaitsForProvider, "the provider says TooManyRequestsException, and it is tried again; it is given up at"},
		{"one that stays in the queue waits for its turn", claimed(time.Hour, nil), &scene.Scene{}, false, outreach.WaitsForTurn, "as the provider's pace and quota let it"},
		{"so does one of a scene that is gone", claimed(time.Hour, nil), nil, false, outreach.WaitsForTurn, "it is given up at 2026-03-02 20:00 UTC"},
		{"one that nobody gave up is among the dead letters", claimed(25*time.Hour, nil), asks, false, outreach.WaitsForCode, "look at the dead letters"},
	} {
		w := outreach.Waits(&c.entry, c.scene, c.coded, now)
		switch {
		case (w == nil) != (c.want == ""):
			t.Errorf("%s: waits for %+v", c.name, w)
		case w == nil:
		case w.For != c.want || !strings.Contains(w.Says(c.entry.Reason, now), c.says):
			t.Errorf("%s: waits for %+v: %s", c.name, w, w.Says(c.entry.Reason, now))
		case w.Until.IsZero() == (c.want == outreach.WaitsForQuiet), w.GivenUp.IsZero() != (c.want == outreach.WaitsForQuiet), (w.Destination != "") != (c.want == outreach.WaitsForCode):
			t.Errorf("%s: %+v", c.name, w)
		}
	}
}
