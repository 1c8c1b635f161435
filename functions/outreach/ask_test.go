package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/signal"
	"liuke/shared/survey"
)

func resolved(id customer.ID, event string, at time.Time) signal.Signal {
	data, _ := json.Marshal(signal.EventData{Event: "Ticket Resolved", Subject: "T-" + event})
	return signal.Signal{ID: signal.EventID(event), Kind: signal.Happened, Customer: id, Time: at, Data: data}
}

func wanted(id customer.ID, d signal.RequestData, at time.Time) signal.Signal {
	data, _ := json.Marshal(d)
	return signal.Signal{ID: signal.RequestID(d.Survey, d.Invitation), Kind: signal.Requested, Customer: id, Time: at, Data: data}
}

func (b *bundle) step(id customer.ID, scene, occasion string, step int) message.Entry {
	b.t.Helper()
	e, err := b.store.Entry(b.t.Context(), id, message.ID(id, scene, occasion, step, message.Email))
	if err != nil && fault.CodeOf(err) != fault.NotFound {
		b.t.Fatal(err)
	}
	return e
}

// send takes an entry from claimed to sent, as dispatch does.
func (b *bundle) send(e message.Entry) {
	b.t.Helper()
	for _, step := range []func(message.Entry) (message.Entry, error){
		func(e message.Entry) (message.Entry, error) { return e.Begin("try", *b.now) },
		func(e message.Entry) (message.Entry, error) { return e.Accept("p", "en", *b.now) },
	} {
		next, err := step(e)
		if err == nil {
			e, err = b.store.WriteEntry(b.t.Context(), next)
		}
		if err != nil {
			b.t.Fatal(err)
		}
	}
}

// comeDue sweeps and answers what came due, and returns how many signals that were.
func (b *bundle) comeDue() (n int) {
	b.t.Helper()
	b.invoke(b.handler, sample(b.t, "due"))
	for _, body := range b.drain(b.signals) {
		signals, err := decode(body)
		if err != nil {
			b.t.Fatal(err)
		}
		for _, sig := range signals {
			if sig.Kind != signal.ClaimsDue {
				n++
			}
		}
		if failures, _, _ := b.invoke(b.handler, envelope(b.t, signals...)); len(failures) > 0 {
			b.t.Fatal(failures)
		}
	}
	return n
}

func TestAnInvitationIsFixedAtItsClaim(t *testing.T) {
	b := setup(t)
	b.customer("user-0001", nil)
	if err := b.store.Commit(t.Context(), &customer.Record{ID: "user-0001", Version: 1, Key: customer.Key{1}}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := b.store.WriteScores(t.Context(), "user-0001", customer.Scores{Segment: "Champions", Labels: "abc\tA\nvalue\thigh", Run: 1}); err != nil {
		t.Fatal(err)
	}
	sig := resolved("user-0001", "e-1", arrival)
	failures, read, write := b.invoke(b.handler, envelope(t, sig))
	if len(failures) > 0 || read != 6 || write != 6 {
		t.Errorf("failures %v, %g read and %g write units, want 6 and 6: the claim, the reminder on file, and the batch's claims on file", failures, read, write)
	}
	e := b.step("user-0001", "csat_ticket", sig.ID, 0)
	want := message.Invitation{Survey: "csat_ticket", ID: e.ID, Cell: survey.Cell{Segment: "Champions", Tier: "A", Node: "ticket_resolved", Channel: "email"}}
	if d := cmp.Diff(want, e.Invitation); d != "" || e.State != message.Claimed {
		t.Errorf("%s: %s", e.State, d)
	}
	d, err := b.store.Dossier(t.Context(), message.Wanted{Customer: "user-0001"})
	if err != nil || !d.Contact.AskedWithin(arrival.Add(time.Minute), 2*time.Minute, "csat_ticket") || len(d.Contact.Stamps) != 1 {
		t.Errorf("%+v, %v", d.Contact, err)
	}
	t.Run("another survey must wait for the policy", func(t *testing.T) {
		*b.now = arrival.Add(24 * time.Hour)
		sig := wanted("user-0001", signal.RequestData{Survey: "nps", Invitation: "r-1", Node: "delivery"}, *b.now)
		_, _, write := b.invoke(b.handler, envelope(t, sig))
		if e := b.step("user-0001", "survey_request", sig.ID, 0); e.State != message.Held || e.Gate != "recontact" || e.Reason != "asked_lately" || write != 1 {
			t.Errorf("%g write units, %+v", write, e)
		}
	})
	t.Run("asked again, once, at any time, with the request's invitation", func(t *testing.T) {
		sig := wanted("user-0001", signal.RequestData{Survey: "csat_ticket", Invitation: "r-2", Node: "delivery", Again: true}, *b.now)
		b.invoke(b.handler, envelope(t, sig))
		want := message.Invitation{Survey: "csat_ticket", ID: "r-2", Cell: survey.Cell{Segment: "Champions", Tier: "A", Node: "delivery", Channel: "email"}}
		if e := b.step("user-0001", "survey_request", sig.ID, 0); e.State != message.Claimed || e.Invitation != want {
			t.Errorf("%+v", e)
		}
	})
}

func TestWhoHasNotAnsweredIsReminded(t *testing.T) {
	for _, c := range []struct {
		name   string
		before func(b *bundle, first message.Entry)
		want   message.State
		reason string
	}{
		{"nothing happened", func(*bundle, message.Entry) {}, message.Claimed, ""},
		{"answered", func(b *bundle, first message.Entry) {
			a := survey.Answer{Survey: "csat_ticket", Version: 1, Customer: "user-0001", Invitation: first.ID, Revision: 1, Answered: arrival, Revised: arrival}
			if err := b.store.PutAnswer(b.t.Context(), nil, a); err != nil {
				b.t.Fatal(err)
			}
		}, message.Held, "answered"},
		{"the survey was closed", func(b *bundle, _ message.Entry) {
			closed := *b.surveys["csat_ticket"]
			closed.Closed = true
			b.surveys["csat_ticket"] = &closed
		}, message.Held, "survey_closed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			b.customer("user-0001", nil)
			sig := resolved("user-0001", "e-1", arrival)
			b.invoke(b.handler, envelope(t, sig))
			first := b.step("user-0001", "csat_ticket", sig.ID, 0)
			b.send(first)
			b.drain(b.messages)
			*b.now = arrival.Add(48*time.Hour - time.Minute)
			if n := b.comeDue(); n != 0 {
				t.Fatalf("%d signals came due a minute early", n)
			}
			c.before(b, first)
			*b.now = arrival.Add(48 * time.Hour)
			if n := b.comeDue(); n != 1 {
				t.Fatalf("%d signals came due", n)
			}
			e := b.step("user-0001", "csat_ticket", sig.ID, 1)
			if e.State != c.want || e.Reason != c.reason || e.State == message.Claimed && e.Invitation != first.Invitation || e.Step != 1 {
				t.Errorf("%+v", e)
			}
			if queued := len(b.drain(b.messages)); (queued == 1) != (c.want == message.Claimed) {
				t.Errorf("queued %d", queued)
			}
			*b.now = arrival.Add(30 * 24 * time.Hour)
			if n := b.comeDue(); n != 0 {
				t.Errorf("%d signals came due after the last reminder", n)
			}
		})
	}
}

func TestWhoWasNotInvitedIsNotReminded(t *testing.T) {
	b := setup(t)
	b.customer("user-0001", nil)
	sig := resolved("user-0001", "e-1", arrival)
	due := sig
	due.Scene, due.Step = "csat_ticket", 1
	if _, _, write := b.invoke(b.handler, envelope(t, due)); write != 0 || b.step("user-0001", "csat_ticket", sig.ID, 1).State != "" {
		t.Errorf("a reminder of what was never claimed took %g write units", write)
	}
	b.invoke(b.handler, envelope(t, sig)) // and is not sent
	b.drain(b.messages)
	b.invoke(b.handler, envelope(t, due))
	if e := b.step("user-0001", "csat_ticket", sig.ID, 1); e.State != message.Held || e.Gate != "answered" || e.Reason != "not_invited" {
		t.Errorf("%+v", e)
	}
	due.Scene = ""
	if failures, _, _ := b.invoke(b.handler, envelope(t, due)); len(failures) != 1 {
		t.Errorf("a step of no scene: failures %v", failures)
	}
}

func TestTwoOccasionsAtOnceCannotBothAsk(t *testing.T) {
	b := setup(t)
	for round := range 5 {
		id := customer.ID(fmt.Sprint("user-", round))
		b.customer(id, nil)
		var all sync.WaitGroup
		for i := range 4 {
			h, raw := b.another(), envelope(t, resolved(id, fmt.Sprint("e-", i), arrival))
			all.Go(func() {
				if _, err := h.Handle(context.Background(), raw); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		states := map[string]int{}
		for i := range 4 {
			e := b.step(id, "csat_ticket", signal.EventID(fmt.Sprint("e-", i)), 0)
			states[string(e.State)+" "+e.Reason]++
		}
		if states["claimed "] != 1 || states["held asked_before"] != 3 {
			t.Fatalf("four tickets at once: %v", states)
		}
	}
}

// unread is surveys that cannot be read.
type unread struct{}

func (unread) Surveys(context.Context) (survey.Catalogue, error) {
	return nil, fault.New(fault.Unavailable, "nobody there")
}

func TestWithoutTheSurveysWhatAsksWaitsAndAllElseGoesOn(t *testing.T) {
	b := setup(t)
	b.customer("user-0001", nil)
	b.handler.Surveys = unread{}.Surveys
	failures, _, _ := b.invoke(b.handler, envelope(t, resolved("user-0001", "e-1", arrival)))
	if len(failures) != 0 || b.delayed(b.signals) != "1" {
		t.Errorf("failures %v, and %s signals wait for later", failures, b.delayed(b.signals))
	}
	b.invoke(b.handler, sample(t, "order_placed"))
	if got := b.drain(b.messages); len(got) != 1 {
		t.Errorf("queued %v", got)
	}
	if strings.Contains(b.logged.String(), "user-0001") {
		t.Errorf("the log names a customer: %s", b.logged)
	}
}
