package main

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"liuke/shared/budget"
	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/measure"
	"liuke/shared/message"
	"liuke/shared/money"
	"liuke/shared/offer"
	"liuke/shared/outreach"
	"liuke/shared/scene"
	"liuke/shared/signal"
)

// greet is a scene that answers every order; more is put between its head and its content.
func greet(more string) string {
	return `id: greet
kind: marketing
on: {signal: order_placed}
channel: email
` + more + `content:
  en:
    subject: Hello
    text: "Hello {{ unsubscribe_link }}"
    html: "<p>Hello <a href=\"{{ unsubscribe_link }}\">stop</a></p>"
`
}

const plainAndBold = "goal: {signal: order_placed, within: 7d}\nvariants: [{id: plain, weight: 1, control: true}, {id: bold, weight: 1}]\n"

// stage puts the scene greet in the place of all others, under the settings.
func (b *bundle) stage(more string, s outreach.Settings) {
	b.t.Helper()
	files := fstest.MapFS{
		"policy.yaml": {Data: []byte("quiet_hours: {from: \"21:00\", to: \"08:00\"}\nholdout_salt: test\n")},
		"greet.yaml":  {Data: []byte(greet(more))},
	}
	with := compilers("EUR")
	set, err := scene.Load(files, with)
	if err != nil {
		b.t.Fatal(err)
	}
	b.handler.stand = &outreach.Stand{Scenes: set, Settings: s, Currency: money.Currency("EUR")}
	b.handler.scenes, b.handler.rules.Policy = set, set.Policy
}

func order(id customer.ID, n int, at time.Time) signal.Signal {
	return signal.Signal{ID: signal.OrderID(fmt.Sprint("o-", n)), Kind: signal.OrderPlaced, Customer: id, Time: at, Data: []byte(`{"order":"o","amount":500,"currency":"EUR","worth":500}`)}
}

func (b *bundle) of(id customer.ID, sig signal.Signal) message.Entry {
	return b.entry(id, "greet", sig.ID)
}

func TestAMeasuredSceneCostsTwoUnitsMoreACustomerAndNoneMoreAMessage(t *testing.T) {
	b := setup(t)
	b.customer("ann", nil)
	b.customer("bob", nil)
	for _, c := range []struct {
		name, more string
		who        customer.ID
		n          int
		write      float64
	}{
		{"not measured", "", "ann", 1, 4},
		{"measured, the first of the hour", plainAndBold, "ann", 2, 4 + 2 + 1},
		{"another customer", plainAndBold, "bob", 3, 4 + 2},
	} {
		b.stage(c.more, outreach.Settings{})
		b.handler.rules.Policy.Caps = nil
		_, _, write := b.invoke(b.handler, envelope(t, order(c.who, c.n, arrival)))
		e := b.of(c.who, order(c.who, c.n, arrival))
		// Claims that are looked after again are on file, two units a batch.
		if e.State != message.Claimed || write-claimsFiled != c.write || (c.more == "") != (e.Variant == "") {
			t.Errorf("%s: %g write units, %+v", c.name, write, e)
		}
	}
}

// claimsFiled is what a batch that claims anything costs beside.
const claimsFiled = 1

func (b *bundle) tallied() *measure.Tally {
	b.t.Helper()
	*b.now = b.now.Add(10 * time.Minute)
	if _, err := b.handler.Handle(b.t.Context(), []byte(`{"schedule":"tally"}`)); err != nil {
		b.t.Fatal(err)
	}
	sc := b.handler.scenes.Scene("greet")
	terms := measure.Of(sc, &b.handler.rules.Policy)
	sum, err := b.store.Tallied(b.t.Context(), "greet", terms.ID, arrival.Add(-24*time.Hour), b.now.Add(time.Hour))
	if err != nil {
		b.t.Fatal(err)
	}
	return sum
}

func TestEachCustomerIsCountedOnceWhateverComesTwice(t *testing.T) {
	b := setup(t)
	b.stage("holdout: 30%\n"+plainAndBold, outreach.Settings{})
	const customers = 40
	want := map[string]int64{}
	terms := measure.Of(b.handler.scenes.Scene("greet"), &b.handler.rules.Policy)
	for i := range customers {
		id := customer.ID(fmt.Sprint("c-", i))
		b.customer(id, nil)
		held := b.handler.rules.Policy.Holdout.Named("greet", .3).Holds(id)
		if held {
			want["held"]++
		} else {
			want[terms.Draw(id)]++
		}
		sig := order(id, i, arrival)
		b.invoke(b.handler, envelope(t, sig))
		b.invoke(b.another(), envelope(t, sig)) // another process has the built-in scenes, none of which is measured by it
		b.invoke(b.handler, envelope(t, sig, order(id, 1000+i, arrival)))
		e := b.of(id, sig)
		if held != (e.State == message.Held) || !held && e.Variant != terms.Draw(id) {
			t.Fatalf("held %v: %+v", held, e)
		}
		if i%4 == 0 && !held { // an answer to the message, told twice
			e.State, e.Sent = message.Sent, *b.now
			e, _ = e.Unsubscribe(*b.now)
			e.Clicked, e.Complained = *b.now, *b.now
			written, err := b.store.WriteEntry(t.Context(), e)
			if err != nil {
				t.Fatal(err)
			}
			if again, changed := written.Unsubscribe(b.now.Add(time.Minute)); changed {
				t.Errorf("twice: %+v", again)
			}
		}
	}
	sum := b.tallied()
	for id, n := range want {
		arm := &sum.Held
		if id != "held" {
			arm = sum.Arms[id]
		}
		if arm == nil || arm.Assigned != n {
			t.Errorf("%s: %+v, want %d", id, arm, n)
		}
	}
	var clicked, left, complained int64
	for _, a := range sum.Arms {
		clicked, left, complained = clicked+a.Clicked, left+a.Unsubscribed, complained+a.Complained
	}
	if clicked == 0 || clicked != left || clicked != complained || clicked > customers/4 {
		t.Errorf("%d clicked, %d left, %d complained", clicked, left, complained)
	}
}

// Orders of the last half year count, the one that sets the scene off among them, and none that is older; who never ordered, or is
// held out, has a figure as well.
func TestAnEnrolmentHasWhatTheCustomerHadSpentBefore(t *testing.T) {
	b := setup(t)
	b.stage("holdout: 50%\n"+plainAndBold, outreach.Settings{})
	today := customer.DayOf(arrival, b.handler.business)
	held := 0
	for i := range 8 {
		id := customer.ID(fmt.Sprint("c-", i))
		b.customer(id, nil)
		var want money.Amount
		if i%2 == 0 {
			rec := customer.Record{ID: id, Version: 1}
			rec.History.Add(today, 500)
			rec.History.Adjust(today-measure.BeforeDays+1, 1, 70_000)
			rec.History.Adjust(today-measure.BeforeDays, 1, 1_000_000)
			want = 70_500
			if err := b.store.Commit(t.Context(), &rec, nil); err != nil {
				t.Fatal(err)
			}
		}
		b.invoke(b.handler, envelope(t, order(id, i, arrival)))
		all, err := b.store.Enrolments(t.Context(), id, "greet")
		if err != nil || len(all) != 1 || all[0].Before == nil || *all[0].Before != want {
			t.Errorf("%s: %+v, want %d: %v", id, all, want, err)
		}
		if len(all) == 1 && all[0].Held {
			held++
		}
	}
	if held == 0 || held == 8 {
		t.Errorf("%d are held out", held)
	}
	if spent := b.tallied().Held.Before; spent.Count != int64(held) {
		t.Errorf("%d held out, and counted %+v", held, spent)
	}
}

func TestWhoWasMergedIsEnrolledAsThePersonThatItBecame(t *testing.T) {
	b := setup(t)
	b.stage(plainAndBold, outreach.Settings{})
	b.customer("survivor", nil)
	b.merge("old", "survivor")
	for i, id := range []customer.ID{"old", "survivor", "old"} {
		b.invoke(b.handler, envelope(t, order(id, i, arrival)))
	}
	var assigned int64
	for _, a := range b.tallied().Arms {
		assigned += a.Assigned
	}
	if assigned != 1 {
		t.Errorf("%d enrolled", assigned)
	}
}

func micro(m budget.Micro) *budget.Micro { return &m }

func TestNothingIsClaimedBeyondTheBudget(t *testing.T) {
	b := setup(t)
	s := outreach.Settings{Limits: budget.Limits{Day: micro(1_000), Dearest: 200}, Prices: budget.Prices{{Channel: "email", Each: 100}}}
	b.stage("", s)
	claimed := 0
	for i := range 15 {
		id := customer.ID(fmt.Sprint("c-", i))
		b.customer(id, nil)
		sig := order(id, i, arrival)
		b.invoke(b.handler, envelope(t, sig))
		switch e := b.of(id, sig); {
		case e.State == message.Claimed && e.Reserved.Cost == 100 && len(e.Reserved.Counters) == 1:
			claimed++
		case e.State != message.Held || e.Gate != scene.GateBudget || e.Reason != budget.ReasonSpent || e.Reserved.Cost != 0:
			t.Errorf("%+v", e)
		}
	}
	account := s.Limits.Accounts("greet", budget.Day(arrival, b.handler.business))[0]
	spent, err := b.store.Spent(t.Context(), account)
	if err != nil || claimed != 10 || spent != 1_000 {
		t.Errorf("%d claimed, %d spent of 1000, %v", claimed, spent, err)
	}
}

func TestAMessageWithoutAPriceIsHeldWhereMoneyIsLimited(t *testing.T) {
	b := setup(t)
	b.stage("budget: {per_day: \"1.00\"}\n", outreach.Settings{Prices: budget.Prices{{Channel: "sms", Each: 100}}})
	b.customer("ann", nil)
	sig := order("ann", 1, arrival)
	b.invoke(b.handler, envelope(t, sig))
	if e := b.of("ann", sig); e.Gate != scene.GateBudget || e.Reason != budget.ReasonUnpriced {
		t.Errorf("%+v", e)
	}
}

func TestAScenesOwnBudgetHoldsBesideThatOfTheSettings(t *testing.T) {
	b := setup(t)
	b.stage("budget: {in_all: \"0.02\"}\n", outreach.Settings{Prices: budget.Prices{{Channel: "email", Each: 10_000}}})
	states := map[message.State]int{}
	for i := range 4 {
		id := customer.ID(fmt.Sprint("c-", i))
		b.customer(id, nil)
		sig := order(id, i, arrival)
		_, _, write := b.invoke(b.handler, envelope(t, sig))
		e := b.of(id, sig)
		states[e.State]++
		if e.State == message.Claimed && write-claimsFiled != 5 {
			t.Errorf("%g write units, want one more than without a budget", write)
		}
	}
	if states[message.Claimed] != 2 || states[message.Held] != 2 {
		t.Errorf("%v", states)
	}
}

func TestAMessageCarriesACodeOfItsOwnAndIsHeldWhereThereIsNone(t *testing.T) {
	b := setup(t)
	b.stage("offer: {pool: winback10}\n", outreach.Settings{})
	p := &offer.Pool{ID: "winback10"}
	if err := b.store.PutPool(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if err := b.store.PutCodes(t.Context(), p, []string{"A-1", "A-2"}); err != nil {
		t.Fatal(err)
	}
	codes := map[string]bool{}
	for i := range 4 {
		id := customer.ID(fmt.Sprint("c-", i))
		b.customer(id, nil)
		sig := order(id, i, arrival)
		for range 2 {
			_, _, write := b.invoke(b.handler, envelope(t, sig))
			if e := b.of(id, sig); e.State == message.Claimed && write != 0 && write-claimsFiled != 6 && write != claimsFiled {
				t.Errorf("%g write units with a code", write)
			}
		}
		e := b.of(id, sig)
		switch {
		case e.State == message.Claimed && strings.HasPrefix(e.Code.Code, "A-") && !codes[e.Code.Code]:
			codes[e.Code.Code] = true
		case e.State != message.Held || e.Gate != scene.GateOffer || e.Reason != offer.ReasonEmpty:
			t.Errorf("%+v", e)
		}
	}
	if len(codes) != 2 {
		t.Errorf("given: %v", codes)
	}
	if codes, given, err := b.store.OfferStock(t.Context(), "winback10"); err != nil || codes != 2 || given != 2 {
		t.Errorf("%d of %d given, %v", given, codes, err)
	}
}

func TestAPoolThatIsNotThereHoldsTheMessage(t *testing.T) {
	b := setup(t)
	b.stage("offer: {pool: winback10}\n", outreach.Settings{})
	b.customer("ann", nil)
	sig := order("ann", 1, arrival)
	b.invoke(b.handler, envelope(t, sig))
	if e := b.of("ann", sig); e.Gate != scene.GateOffer || e.Reason != offer.ReasonUnknown {
		t.Errorf("%+v", e)
	}
}

func TestAWebhooksCodeIsNotTheClaimsToFind(t *testing.T) {
	b := setup(t)
	b.stage("offer: {webhook: shop}\n", outreach.Settings{})
	b.customer("ann", nil)
	sig := order("ann", 1, arrival)
	_, _, write := b.invoke(b.handler, envelope(t, sig))
	if e := b.of("ann", sig); e.State != message.Claimed || e.Code != (offer.Given{}) || write-claimsFiled != 4 {
		t.Errorf("%g write units, %+v", write, e)
	}
	b.handler.Ways = map[message.Channel]bool{message.Email: true}
	sig = order("ann", 2, arrival)
	_, _, write = b.invoke(b.handler, envelope(t, sig))
	if e := b.of("ann", sig); e.State != message.Held || e.Gate != scene.GateOffer || e.Reason != offer.ReasonNotSetUp || write != 1 {
		t.Errorf("%g write units without destinations, %+v", write, e)
	}
}

func TestWhatFollowsCarriesTheFirstStepsCode(t *testing.T) {
	for name, given := range map[string]offer.Given{
		"of a pool":    {Pool: "winback10", Code: "A-1", Hash: "0123456789abcdefghijklmnop"},
		"of a webhook": {Webhook: "shop", Code: "A-1"},
	} {
		b := setup(t)
		b.stage("offer: {webhook: shop}\n", outreach.Settings{})
		next := message.Entry{ID: "e"}
		c := scene.Candidate{Scene: b.handler.scenes.All()[0], Step: 1, Now: arrival}
		m, lacks, err := b.handler.means(t.Context(), &c, &next, message.Entry{Code: given})
		want := given
		want.Hash = "" // or the claim would take it from the pool anew
		if err != nil || lacks != nil || m.claim != nil || next.Code != want {
			t.Errorf("%s: %+v, %v, %v", name, next.Code, lacks, err)
		}
	}
}

var _ Store = (*dynamo.Store)(nil)
