package main

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"liuke/shared/archive"
	"liuke/shared/fault"
)

// kinds are days of one shard and of sixteen, the second worked on in small batches.
var kinds = []struct {
	name  string
	size  int64 // that the day's plan goes by
	batch int
}{
	{"a day of one shard", 1, 0},
	{"a day of one shard in small batches", 1, 2000},
	{"a day of sixteen shards", 17 << 20, 2000},
}

func TestANightLeavesEachEventOnceInItsDay(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			w := newWorld(t)
			w.handler = w.newHandler(Props{BatchBytes: k.batch})
			s := newShop(w, 20)
			days := []time.Time{day, day.AddDate(0, 0, 1), day.AddDate(0, 0, 2)}
			for _, d := range days {
				if _, err := w.outside.Digits(t.Context(), d, k.size); err != nil {
					t.Fatal(err)
				}
				s.trade(d, 6, 10)
			}
			today := w.now.AddDate(0, 0, 1).Truncate(24 * time.Hour)
			s.trade(today, 1, 5)
			s.whole(false, append(days, today)...)
			w.night()
			w.compacted(days...)
			s.whole(false, append(days, today)...)
			if pending, err := w.outside.Pending(t.Context(), today); err != nil || len(pending) == 0 {
				t.Errorf("the day that is not over has been compacted: %v", err)
			}

			s.trade(days[1], 2, 10) // what comes late
			s.whole(false, append(days, today)...)
			w.night()
			w.compacted(append(days, today)...)
			s.whole(true, append(days, today)...)
			if w.drain(); len(w.archive.bodies) > 0 {
				t.Error("there is more to do")
			}
		})
	}
}

func TestWorkersThatDieAtAnyCallLoseNoEvent(t *testing.T) {
	for _, k := range kinds {
		for name, committed := range map[string]func(int) bool{
			"before the call has its effect":     func(int) bool { return false },
			"after it had, before the answer":    func(int) bool { return true },
			"now before, now after, then before": func(n int) bool { return n%2 == 0 },
		} {
			t.Run(k.name+"/"+name, func(t *testing.T) {
				w := newWorld(t)
				w.handler = w.newHandler(Props{BatchBytes: k.batch})
				s := newShop(w, 12)
				if _, err := w.outside.Digits(t.Context(), day, k.size); err != nil {
					t.Fatal(err)
				}
				s.trade(day, 2, 5)
				deaths := 0
				for round := range 2 {
					message := mustEncode(t, archive.Message{Task: archive.Compact, Day: archive.DayOf(day)})
					for dieAt := 1; ; dieAt++ {
						if dieAt > 2000 {
							t.Fatal("no end to it")
						}
						w.network.revive(dieAt, committed(dieAt))
						acknowledged := w.deliver(message)
						died := w.network.died()
						w.network.revive(0, false)
						s.whole(false, day)
						if !died {
							if !acknowledged {
								t.Fatal("not acknowledged")
							}
							break
						}
						deaths++
					}
					w.archive.bodies = nil
					w.compacted(day)
					s.whole(true, day)
					if round == 0 {
						s.trade(day, 1, 4)
					}
				}
				if deaths < 15 {
					t.Errorf("%d workers died: the test shows little", deaths)
				}
			})
		}
	}
}

func TestCallsThatFailAreMadeAgain(t *testing.T) {
	for _, k := range kinds {
		for _, committed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, committed %v", k.name, committed), func(t *testing.T) {
				w := newWorld(t)
				w.handler = w.newHandler(Props{BatchBytes: k.batch})
				s := newShop(w, 12)
				if _, err := w.outside.Digits(t.Context(), day, k.size); err != nil {
					t.Fatal(err)
				}
				s.trade(day, 2, 8)
				w.network.stumbles = true
				message := mustEncode(t, archive.Message{Task: archive.Compact, Day: archive.DayOf(day)})
				w.archive.bodies = []string{message}
				for tries := 1; ; tries++ {
					body, ok := w.archive.take()
					if !ok {
						break
					}
					if tries > 500 {
						t.Fatal("no end to it")
					}
					w.network.revive(tries, committed)
					if !w.deliver(body) {
						w.archive.bodies = append(w.archive.bodies, body)
					}
					w.network.revive(0, false)
					s.whole(false, day)
				}
				w.compacted(day)
				s.whole(true, day)
			})
		}
	}
}

func TestWorkersAndReadersAtOnceSeeEveryEvent(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			w := newWorld(t)
			w.handler = w.newHandler(Props{BatchBytes: k.batch})
			s := newShop(w, 12)
			if _, err := w.outside.Digits(t.Context(), day, k.size); err != nil {
				t.Fatal(err)
			}
			s.trade(day, 8, 6)
			m := archive.Message{Task: archive.Compact, Day: archive.DayOf(day)}
			var workers sync.WaitGroup
			var working atomic.Int32
			working.Store(3)
			for range 3 {
				workers.Go(func() {
					defer working.Add(-1)
					for range 200 {
						mine := m
						if err := w.handler.compact(context.Background(), &mine); err == nil {
							return
						} else if fault.CodeOf(err) != fault.Conflict {
							t.Error(err)
							return
						}
					}
					t.Error("a worker comes to no end")
				})
			}
			reads := 0
			for ; working.Load() > 0 || reads == 0; reads++ {
				s.whole(false, day)
			}
			workers.Wait()
			w.compacted(day)
			s.whole(true, day)
		})
	}
}

// TestAWorkerThatIsOvertakenLosesNothing lets late events come, and another worker compact them with all else, between any
// two calls of a worker.
func TestAWorkerThatIsOvertakenLosesNothing(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			w := newWorld(t)
			w.now = day.AddDate(1, 0, 0)
			w.handler = w.newHandler(Props{BatchBytes: k.batch})
			for between := 1; ; between++ {
				s, on := newShop(w, 6), day.AddDate(0, 0, between)
				if _, err := w.outside.Digits(t.Context(), on, k.size); err != nil {
					t.Fatal(err)
				}
				compactor := w.beside(&network{}, Props{BatchBytes: k.batch})
				m := archive.Message{Task: archive.Compact, Day: archive.DayOf(on)}
				s.trade(on, 1, 3)
				if between%2 == 0 { // what is overtaken is not the first night's
					if err := compactor.compact(t.Context(), &m); err != nil {
						t.Fatal(err)
					}
				}
				s.trade(on, 1, 3)
				if err := archive.CompactDays(t.Context(), w.archive, []time.Time{on}); err != nil {
					t.Fatal(err)
				}
				w.network.revive(0, false)
				w.network.between = func(call int) {
					if call != between {
						return
					}
					s.trade(on, 1, 3)
					if err := compactor.compact(context.Background(), &m); err != nil {
						t.Error(err)
					}
				}
				w.drain()
				s.whole(true, on)
				w.compacted(on)
				if w.network.calls < between {
					return
				}
				w.network.between = nil
			}
		})
	}
}

func TestCompactionGoesOnInAnotherInvocation(t *testing.T) {
	w := newWorld(t)
	steps := 0
	w.handler = w.newHandler(Props{BatchBytes: 1000, Left: func(context.Context) time.Duration {
		if steps++; steps%3 == 0 {
			return margin - time.Second
		}
		return time.Minute
	}})
	s := newShop(w, 12)
	if _, err := w.outside.Digits(t.Context(), day, 17<<20); err != nil {
		t.Fatal(err)
	}
	s.trade(day, 9, 6)
	if err := archive.CompactDays(t.Context(), w.archive, []time.Time{day}); err != nil {
		t.Fatal(err)
	}
	if n := w.drain(); n < 4 {
		t.Errorf("it took %d invocations: the test shows nothing", n)
	}
	w.compacted(day)
	s.whole(true, day)
}

func TestADamagedObjectStaysAndHoldsNobodyBack(t *testing.T) {
	w := newWorld(t)
	s := newShop(w, 3)
	s.trade(day, 2, 5)
	key := "events/2026/03/01/07/damaged.ndjson.gz"
	if _, err := w.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("lake"), Key: &key, Body: bytes.NewReader([]byte("not gzip"))}); err != nil {
		t.Fatal(err)
	}
	w.night()
	pending, err := w.outside.Pending(t.Context(), day)
	if err != nil || len(pending) != 1 || pending[0].Key != key {
		t.Fatalf("pending %+v, %v; want the damaged object alone", pending, err)
	}
	if err := w.outside.Delete(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	s.whole(true, day)
}

func TestWhatTheFunctionIsNotAskedForIsPoison(t *testing.T) {
	w := newWorld(t)
	for name, body := range map[string]string{
		"no JSON":                 "x",
		"no such task":            `{"task":"paint"}`,
		"no day":                  `{"task":"compact","day":"yesterday"}`,
		"a day that is not over":  mustEncode(t, archive.Message{Task: archive.Compact, Day: archive.DayOf(w.now)}),
		"a replay that is not":    `{"task":"replay","job":"20260301T000000.000Z"}`,
		"a day of no such replay": `{"task":"replay","job":"20260301T000000.000Z","day":"2026-03-01"}`,
	} {
		if w.deliver(body) {
			t.Errorf("%s: acknowledged", name)
		}
	}
	for _, raw := range []string{`[]`, `{}`, `{"schedule":"dance","scheduled_at":"2026-03-01T00:00:00Z"}`, `{"schedule":"compact"}`} {
		if _, err := w.handler.Handle(t.Context(), []byte(raw)); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: %v, want Invalid", raw, err)
		}
	}
}

func mustEncode(t *testing.T, m archive.Message) string {
	t.Helper()
	body, err := encode(m, "")
	if err != nil {
		t.Fatal(err)
	}
	return body
}
