package main

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"liuke/shared/consent"
	"liuke/shared/customer"
	"liuke/shared/document"
	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/fold"
	"liuke/shared/message"
	"liuke/shared/queue"
	"liuke/shared/survey"
)

// mode is what becomes of a call to a dependency.
type mode int

const (
	works      mode = iota
	refused         // it fails, and has no effect
	lost            // it has its effect, and fails all the same
	crashed         // the process ends before it
	crashedEnd      // the process ends after it
)

// memory is a store and a queue in memory, which do at each call as they are told.
type memory struct {
	mu        sync.Mutex
	surveys   survey.Catalogue
	versions  map[string]*survey.Survey
	documents map[string]string
	answers   map[string]survey.Answer
	erased    map[customer.ID]bool
	profiles  map[customer.ID]customer.Profile
	entries   map[string]message.Entry // of one customer
	sent      []queue.Message
	calls     []string
	fail      func(n int, call string) mode
}

type crash struct{}

// call does a call's effect as it is told; refusal is what a call that is refused returns.
func (m *memory) call(name string, effect func() error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls = append(m.calls, name)
	how := works
	if m.fail != nil {
		how = m.fail(len(m.calls)-1, name)
	}
	unavailable := fault.New(fault.Unavailable, "%s did not answer", name)
	switch how {
	case refused:
		return unavailable
	case crashed:
		panic(crash{})
	}
	err := effect()
	switch {
	case how == crashedEnd:
		panic(crash{})
	case how == lost && err == nil:
		return unavailable
	}
	return err
}

func (m *memory) Surveys(context.Context) (all survey.Catalogue, err error) {
	err = m.call("surveys", func() error { all = m.surveys; return nil })
	return all, err
}

func (m *memory) SurveyVersion(_ context.Context, id string, version int) (s *survey.Survey, err error) {
	err = m.call("version", func() error {
		s = m.versions[fmt.Sprintf("%s/%d", id, version)]
		if s == nil {
			return fault.New(fault.NotFound, "there is no such version of the survey")
		}
		return nil
	})
	return s, err
}

func (m *memory) Document(_ context.Context, name string) (d document.Document, err error) {
	err = m.call("document", func() error { d = document.Document{Name: name, Body: m.documents[name]}; return nil })
	return d, err
}

func answerKey(c customer.ID, s, i string) string { return string(c) + "|" + s + "|" + i }

func (m *memory) Answer(_ context.Context, c customer.ID, s, i string) (a *survey.Answer, err error) {
	err = m.call("answer", func() error {
		if stored, ok := m.answers[answerKey(c, s, i)]; ok {
			a = &stored
		}
		return nil
	})
	return a, err
}

func (m *memory) Erased(_ context.Context, c customer.ID) (erased bool, err error) {
	err = m.call("erased", func() error { erased = m.erased[c]; return nil })
	return erased, err
}

func (m *memory) PutAnswer(_ context.Context, before *survey.Answer, after survey.Answer) error {
	return m.call("put", func() error {
		key := answerKey(after.Customer, after.Survey, after.Invitation)
		if stands, ok := m.answers[key]; ok != (before != nil) || ok && stands.Revision != before.Revision {
			return fault.New(fault.Conflict, "the answer has moved")
		}
		m.answers[key] = after
		return nil
	})
}

// Load tells the profiles.
func (m *memory) Load(_ context.Context, wants []fold.Want) ([]fold.State, []error) {
	states, errs := make([]fold.State, len(wants)), make([]error, len(wants))
	for i, w := range wants {
		errs[i] = m.call("load", func() error {
			p := m.profiles[w.Customer]
			states[i] = fold.State{Profile: p.Clone(), Erased: m.erased[w.Customer]}
			return nil
		})
	}
	return states, errs
}

func (m *memory) Topics(context.Context) (all []consent.Topic, err error) {
	err = m.call("topics", func() error {
		all = consent.TopicsNamed([]string{"surveys", "promotions", "our_own"}, nil, map[string]map[string]string{"our_own": {"en": "A letter a month, & <no more>"}})
		return nil
	})
	return all, err
}

func (m *memory) Entry(_ context.Context, _ customer.ID, id string) (e message.Entry, err error) {
	err = m.call("entry", func() error {
		var ok bool
		if e, ok = m.entries[id]; !ok {
			return fault.New(fault.NotFound, "there is no such entry")
		}
		return nil
	})
	return e, err
}

func (m *memory) WriteEntry(_ context.Context, e message.Entry) (message.Entry, error) {
	err := m.call("write", func() error {
		if m.entries[e.ID].Revision != e.Revision {
			return fault.New(fault.Conflict, "the entry has moved")
		}
		e.Revision++
		m.entries[e.ID] = e
		return nil
	})
	return e, err
}

func (m *memory) Send(_ context.Context, messages ...queue.Message) error {
	return m.call("send", func() error { m.sent = append(m.sent, messages...); return nil })
}

// pointers returns the ids of the events that were sent.
func (m *memory) pointers(t testing.TB) (ids []string) {
	t.Helper()
	for _, message := range m.sent {
		events, err := event.Unpack(message.Body)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			ids = append(ids, string(e.ID))
		}
	}
	return ids
}

// touched returns the calls to tables and the queue, but for those whose answers are kept for a minute.
func (m *memory) touched() (calls []string) {
	for _, c := range m.calls {
		if c != "surveys" && c != "document" {
			calls = append(calls, c)
		}
	}
	return calls
}
