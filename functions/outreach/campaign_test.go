package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"liuke/shared/campaign"
	"liuke/shared/channel"
	pushchannel "liuke/shared/channel/push"
	smschannel "liuke/shared/channel/sms"
	"liuke/shared/customer"
	"liuke/shared/document"
	"liuke/shared/dynamo"
	"liuke/shared/message"
	"liuke/shared/offer"
	"liuke/shared/outreach"
	"liuke/shared/quiet"
	"liuke/shared/recalc"
	"liuke/shared/scene"
	"liuke/shared/scene/content"
	"liuke/shared/signal"
	"liuke/shared/sms"
	"liuke/shared/token"
)

var springSale = `
id: spring_sale
kind: marketing
on: {signal: campaign}
audience: 'segment != "Lost"'
channels: [sms, email]
delay: 90m
limits: [{max: 1, per: 20d}]
holdout: 15%
variants: [{id: plain, weight: 1, control: true}, {id: bold, weight: 2}]
content:
  en:
    text: 'Sale, {{ customer.name | default: "you" }}! {{ stop_hint }}'
pieces:
  - for: {channel: sms, segment: [At Risk]}
    content:
      en: {text: 'Sale, {{ customer.name | default: "you" }}! ` + strings.Repeat("Come and see. ", 12) + `{{ stop_hint }}'}
  - for: {channel: email, variant: bold}
    content:
      en: {subject: 'For you, {{ customer.first_name }}', text: 'Sale {{ unsubscribe_link }}', html: '<p>Sale <a href="{{ unsubscribe_link }}">stop</a></p>'}
  - for: {channel: email}
    content:
      en: {subject: Sale, text: 'Sale {{ unsubscribe_link }}', html: '<p>Sale <a href="{{ unsubscribe_link }}">stop</a></p>'}
steps:
  - id: nudge
    after: 3d
    if: 'not clicked and segment == "Champions"'
    otherwise: last
    channel: email
    content:
      en: {subject: Again, text: 'Again {{ unsubscribe_link }}', html: '<p>Again <a href="{{ unsubscribe_link }}">stop</a></p>'}
  - id: last
    after: 20d
    channel: email
    content:
      en: {subject: Last, text: 'Last {{ unsubscribe_link }}', html: '<p>Last <a href="{{ unsubscribe_link }}">stop</a></p>'}
  - id: tell
    after: 1d
    channel: push
    content:
      en: {title: Sale, text: Sale}
    pieces:
      - for: {segment: [At Risk]}
        content:
          en: {title: Sale, text: '{{ customer.first_name | default: "You" }}, ` + strings.Repeat("come ", 900) + `'}
`

// decided is what comes of a step, as a simulation and the ledger can both tell it.
type decided struct {
	State, Gate, Reason string
	Variant             string // of a message
	Channel             message.Channel
	At                  time.Time
}

// crowd stores customers of all kinds: with and without consent, addresses, suppressions, earlier messages, in all zones.
func (b *bundle) crowd(rng *rand.Rand, prefix string, n int) (ids []customer.ID) {
	b.t.Helper()
	do := func(err error) {
		b.t.Helper()
		if err != nil {
			b.t.Fatal(err)
		}
	}
	for i := range n {
		id := customer.ID(fmt.Sprint(prefix, "-", i))
		ids = append(ids, id)
		do(b.store.Commit(b.t.Context(), &customer.Record{ID: id, Version: 1, Key: customer.Key{byte(i), byte(rng.IntN(250))}}, nil))
		pick := func(all ...string) string { return all[rng.IntN(len(all))] }
		_, err := b.store.WriteScores(b.t.Context(), id, customer.Scores{R: 3, F: 3, M: 3, Segment: pick("Champions", "At Risk", "Lost"), Run: 1})
		do(err)
		if rng.IntN(10) == 0 {
			continue // of whom nothing is said
		}
		traits := map[string]string{customer.TraitTimeZone: pick("Asia/Shanghai", "America/New_York", "Europe/Berlin", "Pacific/Auckland", "")}
		for _, channel := range []string{"email", "sms"} {
			address := map[string]string{"email": string(id) + "@example.com", "sms": fmt.Sprintf("+8613800%06d", rng.IntN(1e6))}[channel]
			if rng.IntN(3) > 0 {
				traits[customer.ConsentTrait(channel)] = "true"
			}
			if rng.IntN(4) > 0 {
				traits[map[string]string{"email": customer.TraitEmail, "sms": customer.TraitPhone}[channel]] = address
			}
			if rng.IntN(5) == 0 {
				do(b.store.Suppress(b.t.Context(), message.Channel(channel), address, "bounce", arrival))
			}
		}
		if i%2 == 0 {
			traits[customer.TraitFirstName] = "Ann"
		}
		if i%3 > 0 {
			traits[customer.ConsentTrait("push")], traits[customer.TraitPush] = "true", fmt.Sprint("arn:aws:sns:eu-west-1:1:endpoint/GCM/shop/", id)
		}
		b.customer(id, traits)
		if rng.IntN(3) == 0 {
			contact, err := message.Contact{}.Add(message.Stamp{
				Time: arrival.Add(-time.Duration(rng.IntN(700)) * time.Hour), Scene: message.SceneMarkOf(pick("spring_sale", "win_back")), Channel: message.Email,
			})
			do(err)
			do(b.store.WriteContact(b.t.Context(), id, contact))
		}
		if rng.IntN(12) == 0 {
			do(b.store.Erase(b.t.Context(), id, arrival))
		}
	}
	return ids
}

// change gives a customer another address, and takes the consent to SMS.
func (b *bundle) change(id customer.ID) {
	b.t.Helper()
	p, err := b.store.Profile(b.t.Context(), id)
	if err != nil {
		b.t.Fatal(err)
	}
	p.Version++
	for name, value := range map[string]string{customer.TraitEmail: "new-" + string(id) + "@example.com", customer.ConsentTrait("email"): "true", customer.ConsentTrait("sms"): "false"} {
		p.Set(name, customer.Trait{Value: value, Time: 2, Event: "changed"})
	}
	if err := b.store.PutProfile(b.t.Context(), id, &p); err != nil {
		b.t.Fatal(err)
	}
}

// simulated follows the scene for the customers, as the function rfm does, and returns what comes of each step.
func (b *bundle) simulated(basis *campaign.Basis, r *campaign.Record, ids []customer.ID) map[string]decided {
	b.t.Helper()
	dossiers, err := b.store.Dossiers(b.t.Context(), ids)
	if err != nil {
		b.t.Fatal(err)
	}
	suppressed := map[message.Address]bool{}
	for i := range dossiers {
		for _, a := range basis.Addresses(dossiers[i].Profile) {
			if suppressed[a], err = b.store.Suppressed(b.t.Context(), a.Channel, a.Address); err != nil {
				b.t.Fatal(err)
			}
		}
	}
	work := campaign.Begin(basis, r, []recalc.Part{{Name: "p", Rows: len(ids)}})
	out := map[string]decided{}
	work.Watch(func(row campaign.Row) {
		if row.Gate == scene.GateAudience {
			return // outreach is not even told
		}
		d := decided{State: string(row.Outcome), Gate: row.Gate, Reason: row.Reason, Channel: row.Channel, At: row.At}
		if row.Outcome == campaign.Message {
			d.Variant = row.Variant
		}
		out[fmt.Sprint(row.Customer, " ", row.Step)] = d
	})
	if _, err := work.Look(ids, dossiers, suppressed, *b.now); err != nil {
		b.t.Fatal(err)
	}
	return out
}

// refused asks the channels themselves whether they take a message: their calls end before anything is handed over.
func (b *bundle) refused(e message.Entry, said scene.Rendered, d *message.Dossier, segments int) (reason string) {
	b.t.Helper()
	texts, textErr := smschannel.New(aws.Config{Region: "eu-west-1"}, smschannel.Config{MaxSegments: segments})
	notes, noteErr := pushchannel.New(aws.Config{Region: "eu-west-1"}, pushchannel.Config{})
	ch := map[message.Channel]channel.Channel{message.SMS: texts, message.Push: notes}[e.Channel]
	if err := errors.Join(textErr, noteErr); err != nil {
		b.t.Fatal(err)
	}
	if ch == nil {
		return ""
	}
	over, end := context.WithCancel(b.t.Context())
	end()
	keys, err := token.NewKeyring([]byte(`{"current":"` + strings.Repeat("k", token.MinSecretBytes) + `"}`))
	if err != nil {
		b.t.Fatal(err)
	}
	ledger, err := keys.Seal(token.PurposeEntry, token.Entry{Customer: e.Customer, Entry: e.ID})
	if err != nil {
		b.t.Fatal(err)
	}
	_, err = ch.Send(over, channel.Message{To: scene.Address(e.Channel, d.Profile), Subject: said.Title, Text: said.Text, Ledger: ledger})
	if outcome, why := channel.OutcomeOf(err); outcome == channel.Refused {
		return why
	}
	return ""
}

// dispatch does with a message that was claimed what the function dispatch does: it is sent, or fails where it cannot be made or the
// channel refuses it.
func (b *bundle) dispatch(basis *campaign.Basis, e message.Entry) {
	b.t.Helper()
	d, err := b.store.Dossier(b.t.Context(), message.Wanted{Customer: e.Customer})
	if err != nil {
		b.t.Fatal(err)
	}
	said, failed, _ := outreach.Say(basis.Scene, scene.Saying{
		Step: e.Step, Variant: e.Variant, Channel: e.Channel, Segment: d.Scores.Segment, Sender: "Shop", Look: basis.Look, Code: e.Code.Code,
		Links: scene.Links{Unsubscribe: "https://shop.example/u/1", Preferences: "https://shop.example/p/1"}, Stop: basis.Settings.StopHint("", ""),
	}, d.Profile, e)
	if failed == "" {
		failed = b.refused(e, said, &d, basis.Segments)
	}
	steps := []func(message.Entry) (message.Entry, error){
		func(e message.Entry) (message.Entry, error) { return e.Begin("try", *b.now) },
		func(e message.Entry) (message.Entry, error) {
			parts := 1
			if e.Channel == message.SMS {
				parts = sms.Measure(said.Text).Segments
			}
			cost, err := basis.Settings.CostOf(e.Channel, parts)
			if err != nil {
				cost = e.Reserved.Cost
			}
			next, err := e.Accept("p", said.Locale, *b.now)
			return next.Settle(cost), err
		},
	}
	if failed != "" {
		steps = []func(message.Entry) (message.Entry, error){func(e message.Entry) (message.Entry, error) { return e.Fail(failed) }}
	}
	for _, step := range steps {
		next, err := step(e)
		if contact, ok := d.Contact.Uncount(next); err == nil && failed != "" && ok {
			e, err = b.store.WriteUncounted(b.t.Context(), d.Person, next, contact)
		} else if err == nil {
			e, err = b.store.WriteEntry(b.t.Context(), next)
		}
		if err != nil {
			b.t.Fatal(err)
		}
	}
}

// happened runs the campaign for real until nothing is due any more, so many customers at once, and returns what the ledger says
// of each step.
func (b *bundle) happened(basis *campaign.Basis, r *campaign.Record, ids []customer.ID, atOnce int) map[string]decided {
	b.t.Helper()
	dossiers, err := b.store.Dossiers(b.t.Context(), ids)
	if err != nil {
		b.t.Fatal(err)
	}
	packs, err := campaign.Begin(basis, r, []recalc.Part{{Name: "p", Rows: len(ids)}}).Look(ids, dossiers, nil, *b.now)
	if err != nil {
		b.t.Fatal(err)
	}
	settle := func(ids []customer.ID) {
		b.drain(b.messages)
		for _, id := range ids {
			for step := range basis.Scene.Steps {
				if e, err := b.store.Entry(b.t.Context(), id, basis.Scene.EntryID(id, signal.CampaignID(r.ID), step)); err == nil && e.State == message.Claimed {
					b.dispatch(basis, e)
				}
			}
		}
	}
	for _, p := range packs {
		*b.now = p.Heard
		for some := range slices.Chunk(p.Customers, atOnce) {
			var signals []signal.Signal
			for _, id := range some {
				sig, err := r.Signal(id, p.Heard)
				if err != nil {
					b.t.Fatal(err)
				}
				signals = append(signals, sig)
			}
			if failures, _, _ := b.invoke(b.handler, envelope(b.t, signals...)); len(failures) > 0 {
				b.t.Fatal(failures)
			}
			settle(some)
		}
	}
	for b.nextDue() {
		b.comeDue()
		settle(ids)
	}
	out := map[string]decided{}
	for _, id := range ids {
		for step := range basis.Scene.Steps {
			e, err := b.store.Entry(b.t.Context(), id, basis.Scene.EntryID(id, signal.CampaignID(r.ID), step))
			if err != nil {
				continue
			}
			d := decided{State: string(campaign.Held), Gate: e.Gate, Reason: e.Reason, At: e.Decided}
			switch e.State {
			case message.Sent:
				d = decided{State: string(campaign.Message), Variant: e.Variant, Channel: e.Channel, At: e.Claimed}
			case message.Failed:
				d = decided{State: string(campaign.Failed), Reason: e.Reason, Channel: e.Channel, At: e.Claimed}
			}
			out[fmt.Sprint(id, " ", step)] = d
		}
	}
	return out
}

// nextDue moves the clock to the next minute for which anything is on file.
func (b *bundle) nextDue() bool {
	b.t.Helper()
	var minutes []string
	for shard := range dynamo.DueShards {
		all, err := b.store.Due(b.t.Context(), shard, arrival.Add(400*24*time.Hour))
		if err != nil {
			b.t.Fatal(err)
		}
		for _, d := range all {
			minute, _, _ := strings.Cut(d.Key.SK, "#")
			minutes = append(minutes, minute)
		}
	}
	if len(minutes) == 0 {
		return false
	}
	at, err := time.Parse("2006-01-02T15:04", slices.Min(minutes))
	if err != nil {
		b.t.Fatal(err)
	}
	*b.now = at
	return true
}

func TestACampaignDoesWhatItsSimulationSaidButForCustomersWhoChanged(t *testing.T) {
	documents := []document.Document{{Name: outreach.DocumentName(outreach.Scene, "spring_sale"), Version: 1, Body: springSale}}
	stand := standOf(t, document.Document{}, documents...)
	states := map[string]int{}
	for seed := range uint64(4) {
		b := setup(t)
		b.handler.Stand = func(context.Context) (*outreach.Stand, error) { return stand, nil }
		rng := rand.New(rand.NewPCG(seed, 5))
		*b.now = arrival.Add(time.Duration(rng.IntN(48*60)) * time.Minute)
		ids := b.crowd(rng, fmt.Sprint("seed", seed), 30)
		basis := &campaign.Basis{
			Scene: stand.Scenes.Scene("spring_sale"), Rules: &scene.Rules{Policy: stand.Scenes.Policy, Atlas: quiet.NewAtlas(b.handler.business)},
			Currency: "EUR", Zone: b.handler.business, Segments: 1,
		}
		record := func(simulated bool) *campaign.Record {
			return &campaign.Record{Job: recalc.Job{ID: recalc.JobID(*b.now)}, Scene: "spring_sale", Terms: campaign.Terms{Simulated: simulated, At: *b.now, PerSecond: 1, Seed: seed}}
		}
		real := record(false)
		said := b.simulated(basis, record(true), ids)
		changed := map[string]bool{}
		for _, i := range rng.Perm(len(ids))[:3*int(seed%3)] {
			changed[string(ids[i])] = true
			b.change(ids[i])
		}
		did := b.happened(basis, real, ids, campaign.PackSignals)
		for _, d := range said {
			states[strings.Join(strings.Fields(d.State+" "+d.Gate+" "+d.Reason), " ")]++
		}
		for _, each := range []map[string]decided{said, did} {
			for key, d := range each {
				if d.State == string(campaign.Held) {
					d.At = time.Time{} // the ledger keeps when the gates were first asked
				}
				each[key] = d
				if who, _, _ := strings.Cut(key, " "); changed[who] {
					delete(each, key)
				}
			}
		}
		if d := cmp.Diff(said, did); d != "" {
			t.Errorf("seed %d (- said, + did):\n%s", seed, d)
		}
	}
	for _, want := range []string{"message", "failed missing_variable:customer.first_name", "held consent no_address", "held suppression suppressed", "held holdout held_out_of_scene", "held frequency_cap cap_scene", "held condition condition_not_met", "failed too_many_segments", "failed too_long"} {
		if states[want] == 0 {
			t.Errorf("the test shows nothing of %q: %v", want, states)
		}
	}
}

const codedSale = `
id: spring_sale
kind: transactional
quiet_hours: none
on: {signal: campaign}
channels: [sms, email]
offer: {pool: spring}
content: {en: {text: 'For you: {{ offer.code }}'}}
pieces:
  - for: {channel: email}
    content: {en: {subject: 'Dear {{ customer.first_name }}', text: '{{ offer.code }}', html: '{{ offer.code }}'}}
steps:
  - {id: again, after: 1d, if: sent, channel: email, content: {en: {subject: Again, text: '{{ offer.code }}', html: '{{ offer.code }}'}}}
`

// What a campaign to others has spent and given away before is lacking to this one, and to its simulation.
func TestACampaignHoldsWhatItsSimulationSaidForWantOfMoneyAndCodes(t *testing.T) {
	for name, c := range map[string]struct {
		day, scene string // what may be spent in the day, and by the scene's own word
		codes      int
		want       []string
	}{
		"a pool that runs dry":           {"90.00", "80.00", 13, []string{"held offer offer_pool_empty", "message", "failed missing_variable:customer.first_name"}},
		"a budget of all that is spent":  {"0.90", "80.00", 90, []string{"held budget budget_spent", "message"}},
		"a budget of the scene's own":    {"90.00", "0.90", 90, []string{"held budget budget_spent", "message"}},
		"a message that is beyond a day": {"0.12", "80.00", 90, []string{"held budget budget_spent"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			stand := standOf(t, document.Document{Version: 1, Body: `{"prices":[{"channel":"sms","each":"0.05"},{"channel":"email","each":"0.1"}],"budget":{"per_day":"` + c.day + `","per_message":"0.15"}}`},
				document.Document{Name: outreach.DocumentName(outreach.Scene, "spring_sale"), Version: 1, Body: codedSale + "budget: {per_day: \"" + c.scene + "\"}\n"})
			b.handler.Stand = func(context.Context) (*outreach.Stand, error) { return stand, nil }
			pool := &offer.Pool{ID: "spring"}
			var codes []string
			for i := range c.codes {
				codes = append(codes, fmt.Sprint("SPRING-", i))
			}
			if err := errors.Join(b.store.PutPool(t.Context(), pool), b.store.PutCodes(t.Context(), pool, codes)); err != nil {
				t.Fatal(err)
			}
			ids := b.crowd(rand.New(rand.NewPCG(7, 5)), "c", 36)
			basis := &campaign.Basis{
				Scene: stand.Scenes.Scene("spring_sale"), Rules: &scene.Rules{Policy: stand.Scenes.Policy, Atlas: quiet.NewAtlas(b.handler.business)},
				Settings: stand.Settings, Currency: "EUR", Zone: b.handler.business,
			}
			record := func(simulated bool) *campaign.Record {
				return &campaign.Record{Job: recalc.Job{ID: recalc.JobID(*b.now)}, Scene: "spring_sale", Terms: campaign.Terms{Simulated: simulated, At: *b.now, PerSecond: 1}}
			}
			before := *b.now
			b.happened(basis, record(false), ids[:12], 1)
			*b.now = before.Add(time.Hour)
			simulated, real := record(true), record(false)
			spent, err := b.store.Counters(t.Context(), basis.Accounts(simulated, *b.now)...)
			if err != nil {
				t.Fatal(err)
			}
			all, given, err := b.store.OfferStock(t.Context(), "spring")
			if err != nil {
				t.Fatal(err)
			}
			basis.Before = outreach.Means{Spent: spent, Pool: pool, Codes: all - given}
			said := b.simulated(basis, simulated, ids[12:])
			did := b.happened(basis, real, ids[12:], 1)
			states := map[string]int{}
			for _, each := range []map[string]decided{said, did} {
				for key, d := range each {
					states[strings.Join(strings.Fields(d.State+" "+d.Gate+" "+d.Reason), " ")]++
					if d.State == string(campaign.Held) {
						d.At = time.Time{} // the ledger keeps when the gates were first asked
					}
					each[key] = d
				}
			}
			if d := cmp.Diff(said, did); d != "" {
				t.Errorf("(- said, + did):\n%s", d)
			}
			for _, want := range c.want {
				if states[want] == 0 {
					t.Errorf("the test shows nothing of %q: %v", want, states)
				}
			}
		})
	}
}

// standOf is what stands by documents, with all that decides and all that is said.
func standOf(t *testing.T, settings document.Document, documents ...document.Document) *outreach.Stand {
	t.Helper()
	with := compilers("EUR")
	with.Content = content.Compiler()
	stand, err := outreach.Read(documents, settings, document.Document{}, with)
	if err != nil || len(stand.Broken) > 0 {
		t.Fatal(err, stand)
	}
	return stand
}
