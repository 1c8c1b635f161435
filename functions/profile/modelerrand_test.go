package main

import (
	"liuke/shared/event"
)

// errand is a process that nobody asked for: a rebuild, an audit, a recalculation that writes scores, or a delivery of
// what the lake has, fed again out of it.
func (s *schedule) errand() *process {
	if s.rng.IntN(4) == 0 {
		return &process{schedule: s, kind: "invocation", messages: s.replay()}
	}
	c := s.traffic.customers[s.rng.IntN(len(s.traffic.customers))]
	return &process{schedule: s, kind: []string{"rebuild", "audit", "scores"}[s.rng.IntN(3)], scores: c, run: 1 + s.rng.Int64N(1000)}
}

// replay makes a message of some of what is in the lake.
func (s *schedule) replay() []message {
	var again []event.Event
	for _, e := range s.traffic.events {
		if _, kept := s.kept[keyOf(&e)]; kept && s.rng.IntN(3) == 0 && len(again) < 6 {
			e.Replay = true
			again = append(again, e)
		}
	}
	if len(again) == 0 {
		return nil
	}
	return []message{{body: event.Packs(again)[0]}}
}
