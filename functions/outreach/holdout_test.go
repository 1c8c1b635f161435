package main

import (
	"testing"

	"liuke/shared/holdout"
	"liuke/shared/message"
)

func TestWhoIsHeldOutGetsNoMarketingAndTheLedgerSaysSo(t *testing.T) {
	b := setup(t)
	b.customer("user-0001", nil)
	b.handler.rules.Policy.Holdout = holdout.Holdout{Salt: "all", Share: 1}
	sig := slipped("user-0001", "run-1", arrival)
	failures, _, write := b.invoke(b.handler, envelope(t, sig))
	if e := b.entry("user-0001", "win_back", sig.ID); len(failures) != 0 || write != 1 || e.State != message.Held || e.Gate != "holdout" || e.Reason != "held_out" {
		t.Errorf("failures %v, %g write units, %+v", failures, write, e)
	}
	if got := b.drain(b.messages); len(got) != 0 {
		t.Errorf("queued %v", got)
	}
	b.invoke(b.handler, sample(t, "order_placed"))
	if e := b.entry("user-0001", "order_thanks", "order:o-1"); e.State != message.Claimed {
		t.Errorf("thanks are no marketing: %+v", e)
	}
}

// Held out is the person: whoever was absorbed is judged as the survivor is.
func TestTheHoldoutIsOfThePersonWhoStandsForTheCustomer(t *testing.T) {
	b := setup(t)
	b.customer("survivor", nil)
	b.merge("old", "survivor")
	h := holdout.Holdout{Share: .5}
	for h.Holds("survivor") || !h.Holds("old") {
		h.Salt += "x"
	}
	b.handler.rules.Policy.Holdout = h
	sig := slipped("old", "run-1", arrival)
	b.invoke(b.handler, envelope(t, sig))
	if e := b.entry("old", "win_back", sig.ID); e.State != message.Claimed {
		t.Errorf("the survivor is not held out: %+v", e)
	}
}
