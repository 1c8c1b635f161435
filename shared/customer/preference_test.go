package customer_test

import (
	"encoding/json"
	"testing"

	"liuke/shared/customer"
	"liuke/shared/fault"
)

func TestWhatCustomersSayOfHowToBeReached(t *testing.T) {
	for _, c := range []struct {
		name, traits, pointer string
		personalised          bool
		from, to              string
	}{
		{name: "nothing", traits: `{}`, personalised: true},
		{name: "personalised offers refused", traits: `{"personalised_offers": false}`},
		{name: "a refusal that is taken back", traits: `{"personalised_offers": null}`, personalised: true},
		{name: "a refusal that is a guess", traits: `{"personalised_offers": "no"}`, pointer: "/traits/personalised_offers"},
		{name: "quiet hours", traits: `{"quiet_from": "22:00", "quiet_to": "08:30"}`, personalised: true, from: "22:00", to: "08:30"},
		{name: "quiet hours without an end", traits: `{"quiet_from": "22:00"}`, personalised: true},
		{name: "quiet hours that are none", traits: `{"quiet_from": "22:00", "quiet_to": "22:00"}`, personalised: true},
		{name: "quiet hours that are taken back", traits: `{"quiet_from": "22:00", "quiet_to": null}`, personalised: true},
		{name: "an hour that there is not", traits: `{"quiet_from": "25:00"}`, pointer: "/traits/quiet_from"},
		{name: "an hour spelled otherwise", traits: `{"quiet_to": "8:00"}`, pointer: "/traits/quiet_to"},
	} {
		t.Run(c.name, func(t *testing.T) {
			traits, err := customer.ParseTraits(json.RawMessage(c.traits))
			if problem, _ := err.(*fault.Error); c.pointer != "" {
				if problem == nil || problem.Pointer != c.pointer {
					t.Fatalf("%v, want one at %s", err, c.pointer)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var p customer.Profile
			for name, value := range traits {
				p.Set(name, customer.Trait{Value: value, Time: 1, Event: "e"})
			}
			from, to, ok := p.Quiet()
			if !ok {
				from, to = "", ""
			}
			if p.Personalised() != c.personalised || from != c.from || to != c.to || ok != (c.from != "") {
				t.Errorf("%v, %q to %q", p.Personalised(), from, to)
			}
		})
	}
}
