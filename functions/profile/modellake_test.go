package main

import (
	"context"
	"fmt"
	"slices"

	"liuke/shared/customer"
	"liuke/shared/event"
	"liuke/shared/fold"
)

// acknowledged checks that what is gone from the queue is in the lake.
func (s *schedule) acknowledged(m message) {
	list, err := event.Unpack(m.body)
	if err != nil {
		s.problem = err
	}
	for i := range list {
		key := keyOf(&list[i])
		if _, kept := s.kept[key]; !kept && !s.sentBack(key) {
			if !s.erased(list[i].Customer()) {
				s.problem = fmt.Errorf("event %s was acknowledged and is not in the lake", key)
			}
		}
	}
}

// sealed keeps an event in the lake. A customer's lines all have one key.
func (s *schedule) sealed(e *event.Event, k customer.Key) {
	key := keyOf(e)
	if before, ok := s.kept[key]; k.IsZero() || ok && before != k {
		s.problem = fmt.Errorf("event %s came to the lake under another key, or none", key)
	}
	s.kept[key] = k
}

// erased reports whether a customer's erasure has begun: its own, or that of who stands for it.
func (s *schedule) erased(id customer.ID) bool {
	noted, err := s.world.store.Erased(context.Background(), id)
	states, errs := s.world.store.Load(context.Background(), []fold.Want{{Customer: id}})
	return err == nil && errs[0] == nil && (noted || states[0].Erased)
}

// sentBack reports whether the event waits in another message, or is a dead letter.
func (s *schedule) sentBack(key string) bool {
	all := slices.Concat(s.waiting, s.dead)
	for _, p := range s.running {
		all = append(all, p.messages...)
	}
	return slices.ContainsFunc(all, func(m message) bool {
		list, _ := event.Unpack(m.body)
		return slices.ContainsFunc(list, func(e event.Event) bool { return keyOf(&e) == key })
	})
}

func keyOf(e *event.Event) string { return string(e.Customer()) + "/" + string(e.ID) }
