package outreach_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/budget"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/money"
	"liuke/shared/outreach"
	"liuke/shared/scene"
)

func TestTheNarrowerLimitOfASceneHolds(t *testing.T) {
	amount := func(a money.Amount) *money.Amount { return &a }
	settings := outreach.Settings{
		Limits: budget.Limits{SceneDay: map[string]budget.Micro{"greet": 5_000_000, "other": 7}},
		Prices: budget.Prices{{Channel: "email", Each: 100}, {Channel: "sms", Country: "DE", Each: 80_000}},
	}
	for name, c := range map[string]struct {
		own      *scene.Budget
		day, all map[string]budget.Micro
	}{
		"a scene without a budget has that of the settings": {nil, map[string]budget.Micro{"greet": 5_000_000, "other": 7}, nil},
		"its own is added where the settings name none":     {&scene.Budget{InAll: amount(250)}, map[string]budget.Micro{"greet": 5_000_000, "other": 7}, map[string]budget.Micro{"greet": 2_500_000}},
		"its own holds where it is narrower":                {&scene.Budget{Day: amount(100)}, map[string]budget.Micro{"greet": 1_000_000, "other": 7}, nil},
		"that of the settings holds where that is narrower": {&scene.Budget{Day: amount(900)}, map[string]budget.Micro{"greet": 5_000_000, "other": 7}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := settings.LimitsOf(&scene.Scene{ID: "greet", Budget: c.own}, "EUR")
			if want := (budget.Limits{SceneDay: c.day, Scene: c.all, Dearest: 800_000}); !cmp.Equal(got, want) {
				t.Error(cmp.Diff(want, got))
			}
		})
	}
	if got := settings.Limits.SceneDay["greet"]; got != 5_000_000 {
		t.Errorf("the settings have %d now", got)
	}
}

func TestWhatAMessageCosts(t *testing.T) {
	settings := outreach.Settings{Prices: budget.Prices{{Channel: "sms", Each: 50_000}, {Channel: "sms", Country: "DE", Each: 80_000}}}
	for channel, want := range map[message.Channel]budget.Micro{message.SMS: 160_000, message.Task: 0, message.Webhook: 0} {
		if got, err := settings.CostOf(channel, 2); err != nil || got != want {
			t.Errorf("two parts by %s cost %d, %v, want %d", channel, got, err, want)
		}
	}
	if _, err := settings.CostOf(message.Email, 1); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("what nobody knows the price of: %v", err)
	}
}
