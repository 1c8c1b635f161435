package main

import (
	"encoding/json"
	"fmt"
	"testing"
	"testing/fstest"
	"time"

	"liuke/shared/dynamo"
	"liuke/shared/message"
	"liuke/shared/scene"
	"liuke/shared/signal"
)

// aimed is a scene of two messages that is set off by one signal and has another, or none, for its goal.
func aimed(kind scene.Kind, on, goal string) fstest.MapFS {
	return fstest.MapFS{
		"policy.yaml": {Data: []byte("quiet_hours: {from: \"21:00\", to: \"08:00\"}\nlimits: []\nholdout: 0%\nholdout_salt: \"1\"\nsurveys: {again_after: 14d}\n")},
		"cart.yaml": {Data: []byte(fmt.Sprintf(`id: cart
kind: %s
on: {signal: %s}
fresh_for: 30d
channel: email
%s
content: {en: {subject: S, text: "T {{ unsubscribe_link }}", html: "<p><a href=\"{{ unsubscribe_link }}\">H</a></p>"}}
steps:
  - {id: again, after: 1d, content: {en: {subject: S, text: "T {{ unsubscribe_link }}", html: "<p><a href=\"{{ unsubscribe_link }}\">H</a></p>"}}}
`, kind, on, goal))},
	}
}

func TestAMessageIsHeldWhoseGoalWasMetSinceTheClaim(t *testing.T) {
	const ordered, left = "order_placed", "event, event: Ticket Resolved"
	const (
		goal    = "goal: {signal: order_placed, within: 5d}"
		promise = "goal: {signal: order_placed, within: 5d, exit: false}"
	)
	for _, c := range []struct {
		name     string
		kind     scene.Kind
		on, goal string
		step     int
		booked   []message.Goal
		held     bool
		read     float64 // units beyond those of the message of a scene without a goal
	}{
		{"no goal", scene.Marketing, left, "", 0, nil, false, 0},
		{"a later step of a scene without", scene.Marketing, left, "", 1, nil, false, 0},
		{"not met yet", scene.Marketing, left, goal, 0, nil, false, 0},
		{"met", scene.Marketing, left, goal, 0, []message.Goal{{ID: "order:o-1", At: arrival, Version: 1}}, true, 0},
		{"met, and taken back: the customer had come so far all the same", scene.Marketing, left, goal, 0, []message.Goal{{ID: "order:o-1", At: arrival, Version: 2, Void: true}}, true, 0},
		{"owed to the customer", scene.Transactional, left, goal, 0, []message.Goal{{ID: "order:o-1", At: arrival, Version: 1}}, false, 0},
		{"a later step of that", scene.Transactional, left, goal, 1, []message.Goal{{ID: "order:o-1", At: arrival, Version: 1}}, true, 1},
		{"set off by an order, and another came since", scene.Marketing, ordered, goal, 0, []message.Goal{{ID: "order:o-2", At: arrival, Version: 1}}, false, 0},
		{"a promise, which is kept whatever came since", scene.Marketing, left, promise, 0, []message.Goal{{ID: "order:o-1", At: arrival, Version: 1}}, false, 0},
		{"a later step of that, too", scene.Marketing, left, promise, 1, []message.Goal{{ID: "order:o-1", At: arrival, Version: 1}}, false, 0},
		{"a later step, not met yet", scene.Marketing, left, goal, 1, nil, false, 1},
		{"a later step, met", scene.Marketing, left, goal, 1, []message.Goal{{ID: "order:o-1", At: arrival, Version: 1}}, true, 1},
		{"a later step of what was set off by an order, and another came since", scene.Marketing, ordered, goal, 1, []message.Goal{{ID: "order:o-2", At: arrival, Version: 1}}, true, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			scenes, err := scene.Load(aimed(c.kind, c.on, c.goal), compilers("EUR"))
			if err != nil {
				t.Fatal(err)
			}
			b.handler.scenes = scenes
			cause := signal.Signal{ID: "event:e-1", Kind: signal.Happened, Customer: "user-0001", Time: arrival.Add(-time.Minute), Data: json.RawMessage(`{"event":"Ticket Resolved"}`)}
			if c.on == ordered {
				cause.ID, cause.Kind, cause.Data = "order:o-1", signal.OrderPlaced, json.RawMessage(`{"order":"o-1"}`)
			}
			var last message.Entry
			for step := range c.step + 1 {
				last = b.write(message.New("cart", step, message.Email, cause).Claim(arrival))
				if step > 0 {
					continue
				}
				for _, g := range c.booked {
					next, _ := last.Convert(g)
					last = b.write(next, nil)
				}
			}
			meter := &dynamo.Meter{}
			if errs := b.handler.handle(dynamo.WithMeter(t.Context(), meter), []message.Job{{Customer: last.Customer, Entry: last.ID}}); errs[0] != nil {
				t.Fatal(errs[0])
			}
			e, err := b.store.Entry(t.Context(), last.Customer, last.ID)
			if err != nil {
				t.Fatal(err)
			}
			read, write := meter.Units()
			t.Logf("%g read and %g write units", read, write)
			wantWrite := 2.0
			if c.held {
				wantWrite = 1
			}
			held := e.State == message.Held && e.Gate == scene.GateGoal
			if held != c.held || (b.provider.asked() > 0) == c.held || write != wantWrite || read != readOfAny+c.read {
				t.Errorf("%s by %q, %d calls, %g read and %g write units", e.State, e.Gate, b.provider.asked(), read, write)
			}
		})
	}
}

// readOfAny is what a message of a scene without a goal reads: the dossier of 5 units, and the address's suppression.
const readOfAny = 6
