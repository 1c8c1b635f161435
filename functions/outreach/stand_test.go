package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"liuke/shared/campaign"
	"liuke/shared/customer"
	"liuke/shared/document"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/outreach"
	"liuke/shared/recalc"
	"liuke/shared/signal"
)

const ours = `id: ours
kind: transactional
on: {signal: order_placed}
channel: email
quiet_hours: none
content: {en: {subject: Hello, text: Hello, html: Hello}}
`

// asleep is like ours, but for the hours in which customers sleep.
var asleep = strings.Replace(ours, "quiet_hours: none\n", "", 1)

func ordered(id string, at time.Time) signal.Signal {
	data, _ := json.Marshal(signal.OrderData{Order: id, Currency: "EUR", Amount: 100})
	return signal.Signal{ID: signal.OrderID(id), Kind: signal.OrderPlaced, Customer: "user-0001", Time: at, Data: data}
}

func TestWhatOperatorsWriteDecidesAMinuteLater(t *testing.T) {
	b := setup(t)
	b.customer("user-0001", nil)
	b.handler.Stand = outreach.NewLibrary(b.store, compilers("EUR"), b.clock, nil).Stand
	var edits int64
	put := func(version int64, body string) {
		t.Helper()
		d := document.Document{Name: "scene/ours", Version: version, Body: body, Edited: *b.now}
		if err := b.store.PutSceneDocument(t.Context(), &d, edits, nil); err != nil {
			t.Fatal(err)
		}
		edits++
	}
	for _, step := range []struct {
		name, order string
		change      func()
		later       time.Duration
		state       message.State // of the entry of the operator's scene; "" for none
	}{
		{"before it is written", "o1", func() {}, 0, ""},
		{"within the minute", "o2", func() { put(1, ours) }, time.Second, ""},
		{"a minute later", "o3", func() {}, time.Minute, message.Claimed},
		{"switched off", "o4", func() { put(2, ours+"enabled: false\n") }, time.Minute, ""},
		{"switched on again, for others", "o5", func() { put(3, ours+"audience: order.first\n") }, time.Minute, message.Held},
		{"taken back", "o6", func() { put(4, "") }, time.Minute, ""},
		{"as no suite can read it", "o7", func() { put(5, "id: ours\nwhatever: 1\n") }, time.Minute, ""},
	} {
		step.change()
		*b.now = b.now.Add(step.later)
		if failed, _, _ := b.invoke(b.handler, envelope(t, ordered(step.order, *b.now))); len(failed) > 0 {
			t.Errorf("%s: %v", step.name, failed)
		}
		if e := b.entry("user-0001", "ours", signal.OrderID(step.order)); e.State != step.state {
			t.Errorf("%s: %q, want %q", step.name, e.State, step.state)
		}
		if e := b.entry("user-0001", "order_thanks", signal.OrderID(step.order)); e.State == "" {
			t.Errorf("%s: what came with the suite decided nothing", step.name)
		}
	}
}

func TestSignalsWaitWhereTheScenesCannotBeRead(t *testing.T) {
	b := setup(t)
	b.customer("user-0001", nil)
	b.handler.Stand = func(context.Context) (*outreach.Stand, error) { return nil, fault.New(fault.Unavailable, "down") }
	if _, _, write := b.invoke(b.handler, envelope(t, ordered("o1", *b.now))); write != 0 {
		t.Errorf("%g write units", write)
	}
	if b.delayed(b.signals) != "1" {
		t.Error("the signal does not wait on the queue")
	}
}

// A message that waits for its hour is held when its turn comes and its scene is not there any more, for whoever asks why.
func TestWhatWaitsIsHeldWhereItsSceneIsNotThereAnyMore(t *testing.T) {
	for reason, body := range map[string]string{"scene_off": asleep + "enabled: false\n", "scene_gone": ""} {
		t.Run(reason, func(t *testing.T) {
			b := setup(t)
			*b.now = time.Date(2026, 3, 1, 15, 30, 0, 0, time.UTC) // 23:30 in Shanghai
			b.customer("user-0001", nil)
			b.handler.Stand = outreach.NewLibrary(b.store, compilers("EUR"), b.clock, nil).Stand
			put := func(version int64, body string) {
				t.Helper()
				d := document.Document{Name: "scene/ours", Version: version, Body: body, Edited: *b.now}
				if err := b.store.PutSceneDocument(t.Context(), &d, version-1, nil); err != nil {
					t.Fatal(err)
				}
			}
			put(1, asleep)
			b.invoke(b.handler, envelope(t, ordered("o1", *b.now)))
			if e := b.entry("user-0001", "ours", signal.OrderID("o1")); e.State != message.Deferred {
				t.Fatalf("%+v", e)
			}
			b.drain(b.signals)
			put(2, body)
			*b.now = b.now.Add(24 * time.Hour)
			b.invoke(b.handler, []byte(`{"schedule":"due"}`))
			var due []signal.Signal
			for _, body := range b.drain(b.signals) {
				some, err := decode(body)
				if err != nil {
					t.Fatal(err)
				}
				due = append(due, some...)
			}
			for range 2 {
				if failed, _, _ := b.invoke(b.handler, envelope(t, due...)); len(failed) > 0 {
					t.Error(failed)
				}
			}
			e := b.entry("user-0001", "ours", signal.OrderID("o1"))
			if e.State != message.Held || e.Gate != "enabled" || e.Reason != reason || e.Revision != 2 {
				t.Errorf("%+v", e)
			}
		})
	}
}

// The run of a scene that was written just now may be heard of sooner than the scene.
func TestTheRunOfASceneThatIsNotKnownYetComesBack(t *testing.T) {
	b := setup(t)
	b.customer("user-0001", nil)
	data, _ := json.Marshal(signal.CampaignData{Run: "r1", Scene: "ours"})
	told := signal.Signal{ID: signal.CampaignID("r1"), Kind: signal.Campaign, Customer: "user-0001", Time: *b.now, Data: data}
	for _, c := range []struct {
		later   time.Duration
		waiting string
		counted bool
	}{{0, "1", false}, {sceneKnown - time.Second, "2", false}, {sceneKnown, "2", true}} {
		*b.now = told.Time.Add(c.later)
		if failed, _, _ := b.invoke(b.handler, envelope(t, told)); len(failed) > 0 {
			t.Errorf("after %s: %v", c.later, failed)
		}
		if got := b.delayed(b.signals); got != c.waiting || strings.Contains(b.metrics.String(), "SignalsOfUnknownScenes") != c.counted {
			t.Errorf("after %s: %s wait; %s", c.later, got, b.metrics)
		}
	}
}

// Of a run that was cancelled nothing more goes out: neither what outreach hears of only then, nor what waits for its hour.
func TestNothingMoreGoesOutOfARunThatWasCancelled(t *testing.T) {
	b := setup(t)
	*b.now = time.Date(2026, 3, 1, 15, 30, 0, 0, time.UTC) // 23:30 in Shanghai
	b.handler.Campaigns = b.store
	b.handler.Stand = outreach.NewLibrary(b.store, compilers("EUR"), b.clock, nil).Stand
	body := `id: ours
kind: marketing
on: {signal: campaign}
channel: email
content: {en: {subject: Hello, text: 'No more: {{ unsubscribe_link }}', html: '<p>Hello</p><a href="{{ unsubscribe_link }}">No more</a>'}}
`
	if err := b.store.PutSceneDocument(t.Context(), &document.Document{Name: "scene/ours", Version: 1, Body: body, Edited: *b.now}, 0, nil); err != nil {
		t.Fatal(err)
	}
	run := &campaign.Record{
		Job: recalc.Job{ID: recalc.JobID(*b.now), State: recalc.Running, Started: *b.now, Updated: *b.now}, Scene: "ours", Terms: campaign.Terms{At: *b.now},
	}
	if err := b.store.BeginCampaign(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	told := func(id customer.ID) signal.Signal {
		t.Helper()
		b.customer(id, nil)
		sig, err := run.Signal(id, *b.now)
		if err != nil {
			t.Fatal(err)
		}
		return sig
	}
	first := told("user-0001")
	b.invoke(b.handler, envelope(t, first))
	if e := b.entry("user-0001", "ours", first.ID); e.State != message.Deferred {
		t.Fatalf("%+v", e)
	}
	b.drain(b.signals)
	if err := b.store.FinishCampaign(t.Context(), run, *b.now); err != nil {
		t.Fatal(err)
	}
	if _, err := b.store.CancelCampaign(t.Context(), "ours", run.ID, *b.now); err != nil {
		t.Fatal(err)
	}
	*b.now = b.now.Add(24 * time.Hour)
	second := told("user-0002")
	b.invoke(b.handler, []byte(`{"schedule":"due"}`))
	due := []signal.Signal{second}
	for _, body := range b.drain(b.signals) {
		some, err := decode(body)
		if err != nil {
			t.Fatal(err)
		}
		due = append(due, some...)
	}
	if len(due) != 2 {
		t.Fatalf("%d signals", len(due))
	}
	for range 2 {
		if failed, _, _ := b.invoke(b.handler, envelope(t, due...)); len(failed) > 0 {
			t.Error(failed)
		}
	}
	if e := b.entry("user-0001", "ours", first.ID); e.State != message.Held || e.Reason != reasonCancelled || e.Revision != 2 {
		t.Errorf("what waited: %+v", e)
	}
	if e := b.entry("user-0002", "ours", second.ID); e.State != "" {
		t.Errorf("what came later: %+v", e)
	}
	if !strings.Contains(b.metrics.String(), "SignalsOfCancelledRuns") {
		t.Error("it is not counted")
	}
}
