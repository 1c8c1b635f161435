package main

import (
	"context"
	cryptorand "crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"liuke/infra/local/engine"
	"liuke/shared/archive"
	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/fold"
	"liuke/shared/money"
)

// begin asks for a replay as the console does.
func (w *world) begin(from, to time.Time) *archive.ReplayRecord {
	w.t.Helper()
	p := archive.Planner{Queue: w.archive, Now: func() time.Time { return w.now }, Store: w.store}
	w.now = w.now.Add(time.Second)
	r, err := p.Replay(w.t.Context(), archive.ReplayRequest{From: from, To: to})
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// sent takes what the events queue got: how often each event.
func (s *shop) sent() map[string]int {
	s.world.t.Helper()
	out := map[string]int{}
	for {
		body, ok := s.world.events.take()
		if !ok {
			return out
		}
		list, err := event.Unpack(body)
		if err != nil {
			s.world.t.Fatal(err)
		}
		for _, e := range list {
			if !e.Replay {
				s.world.t.Fatalf("%s does not say that it is a replay", e.ID)
			}
			e.Replay = false
			if d := cmp.Diff(s.all[s.identity(e)], e); d != "" {
				s.world.t.Fatalf("another event than was laid down (-want +got):\n%s", d)
			}
			out[s.identity(e)]++
		}
	}
}

// within are the identities of the events received in the range by customers who are left.
func (s *shop) within(from, to time.Time, erased ...string) map[string]bool {
	out := map[string]bool{}
	for id, e := range s.all {
		if !e.Received.Before(from) && e.Received.Before(to) && !slices.Contains(erased, e.User) {
			out[id] = true
		}
	}
	return out
}

// covers checks that every event that is wanted was sent, and none else.
func (s *shop) covers(sent map[string]int, want map[string]bool) {
	s.world.t.Helper()
	for id := range want {
		if sent[id] == 0 {
			s.world.t.Fatalf("%s was not sent", id)
		}
	}
	if len(sent) != len(want) {
		s.world.t.Fatalf("%d events were sent, want %d", len(sent), len(want))
	}
}

func TestAReplaySendsTheEventsOfItsRange(t *testing.T) {
	w := newWorld(t)
	s := newShop(w, 20).sealed()
	days := []time.Time{day, day.AddDate(0, 0, 1), day.AddDate(0, 0, 2)}
	for _, d := range days[:2] {
		s.trade(d, 6, 20)
	}
	w.night()
	s.trade(days[2], 6, 20)
	from, to := day.Add(7*time.Hour+31*time.Minute), days[2].Add(13*time.Hour+12*time.Second)

	w.begin(from, to)
	w.drain()
	s.covers(s.sent(), s.within(from, to))

	gone := "user 003"
	w.erase(s.keys[gone])
	r := w.begin(from, to)
	w.drain()
	sent := s.sent()
	s.covers(sent, s.within(from, to, gone))
	record, err := w.store.Replay(t.Context(), r.ID)
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for _, n := range sent {
		lines += n
	}
	if !record.Complete() || record.Count.Events != lines || record.Count.Erased == 0 || record.Count.Damaged != 0 ||
		!slices.Equal(record.Done, []archive.Day{"2026-03-01", "2026-03-02", "2026-03-03"}) || !record.Updated.Equal(w.now) {
		t.Errorf("%+v, want %d lines", record, lines)
	}
}

// erase deletes a customer's key.
func (w *world) erase(k customer.Key) {
	w.t.Helper()
	key := dynamo.SealKey(k.Pseudonym())
	_, err := w.db.DeleteItem(w.t.Context(), &dynamodb.DeleteItemInput{TableName: &w.records, Key: map[string]types.AttributeValue{
		"pk": &types.AttributeValueMemberS{Value: key.PK}, "sk": &types.AttributeValueMemberS{Value: key.SK},
	}})
	if err != nil {
		w.t.Fatal(err)
	}
}

func TestAReplayWhoseWorkersDieAtAnyCallMissesNothing(t *testing.T) {
	for _, committed := range []bool{false, true} {
		t.Run(fmt.Sprintf("committed %v", committed), func(t *testing.T) {
			w := newWorld(t)
			s := newShop(w, 12).sealed()
			s.trade(day, 3, 10)
			w.night()
			s.trade(day, 2, 5)
			s.trade(day.AddDate(0, 0, 1), 2, 10)
			r := w.begin(day, day.AddDate(0, 0, 2))
			deaths, last := 0, map[string]int{}
			for {
				body, ok := w.archive.take()
				if !ok {
					break
				}
				for dieAt := 1; ; dieAt++ {
					w.network.revive(dieAt, committed)
					acknowledged := w.deliver(body)
					died := w.network.died()
					w.network.revive(0, false)
					if !died {
						if !acknowledged {
							t.Fatal("not acknowledged")
						}
						break
					}
					deaths++
				}
				maps.Copy(last, s.sent())
			}
			s.covers(last, s.within(day, day.AddDate(0, 0, 2)))
			record, err := w.store.Replay(t.Context(), r.ID)
			if err != nil || !record.Complete() || record.Count.Events < len(s.all) || record.Count.Events > len(s.list)+20 {
				t.Errorf("%+v, %v", record, err)
			}
			if deaths < 20 {
				t.Errorf("%d workers died: the test shows little", deaths)
			}
		})
	}
}

func TestAReplayGoesOnInAnotherInvocationWhereItWas(t *testing.T) {
	w := newWorld(t)
	steps := 0
	w.handler = w.newHandler(Props{Left: func(context.Context) time.Duration {
		if steps++; steps%3 == 0 {
			return margin - time.Second
		}
		return time.Minute
	}})
	s := newShop(w, 12).sealed()
	s.trade(day, 4, 900) // more than are sent at a time
	w.night()
	s.trade(day, 3, 5)
	w.begin(day, day.AddDate(0, 0, 1))
	if n := w.drain(); n < 5 {
		t.Errorf("%d deliveries: the test shows nothing", n)
	}
	sent := s.sent()
	s.covers(sent, s.within(day, day.AddDate(0, 0, 1)))
	for id, n := range sent {
		if n > 4 { // as often as it was laid down, and no more
			t.Errorf("%s was sent %d times", id, n)
		}
	}
}

// TestAReplayMissesNothingThatMovesMeanwhile lets compaction come between any two calls of a replay, to its end or dying
// on its way.
func TestAReplayMissesNothingThatMovesMeanwhile(t *testing.T) {
	for _, k := range kinds[1:] {
		for _, dieAt := range []int{0, 11} {
			t.Run(fmt.Sprintf("%s, dying at %d", k.name, dieAt), func(t *testing.T) {
				w := newWorld(t)
				s := newShop(w, 8).sealed()
				other := &network{}
				compactor := w.beside(other, Props{BatchBytes: k.batch})
				w.now = day.AddDate(1, 0, 0)
				for between := 1; ; between++ {
					on := day.AddDate(0, 0, between)
					if _, err := w.outside.Digits(t.Context(), on, k.size); err != nil {
						t.Fatal(err)
					}
					s.trade(on, 2, 3)
					w.begin(on, on.AddDate(0, 0, 1))
					w.network.revive(0, false)
					w.network.between = func(call int) {
						if call != between {
							return
						}
						other.revive(dieAt, true)
						m := archive.Message{Task: archive.Compact, Day: archive.DayOf(on)}
						if err := compactor.compact(context.Background(), &m); err != nil && !other.died() {
							t.Error(err)
						}
					}
					w.drain()
					s.covers(s.sent(), s.within(on, on.AddDate(0, 0, 1)))
					if w.network.calls < between {
						return
					}
					w.network.between = nil
				}
			})
		}
	}
}

// TestAReplayCountsNothingTwice folds events, more of them than a customer's item remembers, and then replays of them,
// through the real fold and tables: nothing changes but what had been lost.
func TestAReplayCountsNothingTwice(t *testing.T) {
	w := newWorld(t)
	customers, records := engine.NewTables(t)
	store := dynamo.New(engine.Config(engine.StartDynamoDB(t)), customers, records)
	folder := &fold.Folder{
		Settings: fold.Settings{Zone: time.UTC, Money: money.Only("CNY")}, Store: store, Random: cryptorand.Reader,
		Jitter: func() float64 { return 0 }, Sleep: func(context.Context, time.Duration) error { return nil },
	}
	w.store = store
	w.handler = w.newHandler(Props{})

	var live, lost []event.Event
	add := func(to *[]event.Event, user, name, properties string) {
		n := len(live) + len(lost)
		e := event.Event{ID: event.MessageID(fmt.Sprintf("m%d", n)), Type: event.Track, Name: name, User: user, Source: event.SourceSegment,
			Time: day.Add(time.Duration(n) * time.Minute), Properties: json.RawMessage(properties)}
		e.Received = e.Time
		*to = append(*to, e)
	}
	for n := range 3 * customer.Remembered {
		add(&live, "u", "Checked In", `{}`)
		if n%20 == 0 {
			add(&live, "u", event.OrderCompleted, fmt.Sprintf(`{"order_id":"o%d","total":"10.00"}`, n))
			add(&live, "u", event.OrderRefunded, fmt.Sprintf(`{"order_id":"o%d","total":"2.50"}`, n))
		}
	}
	add(&lost, "u", event.OrderCompleted, `{"order_id":"lost","total":"7.00"}`)
	keys := make([]customer.Key, 0, len(live))
	for _, o := range folder.Fold(t.Context(), live) {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
		keys = append(keys, o.Key)
	}
	if err := w.outside.PutSealed(t.Context(), append(live, lost...), append(keys, keys[0])); err != nil {
		t.Fatal(err)
	}
	w.night()
	state := func() customer.Record {
		rec, err := store.Customer(t.Context(), "u")
		if err != nil {
			t.Fatal(err)
		}
		return rec
	}
	before := state()
	for round := range 3 { // of which the first brings the lost order back
		w.begin(day, day.AddDate(0, 0, 1))
		w.drain()
		sent := slices.Clone(w.events.bodies)
		w.events.bodies = nil
		for _, body := range append(sent, sent...) { // the queue delivers at least once
			list, err := event.Unpack(body)
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range folder.Fold(t.Context(), list) {
				if o.Err != nil || len(o.Signals) > 0 {
					t.Fatalf("round %d: %v, signals %v", round, o.Err, o.Signals)
				}
			}
		}
		after := state()
		if after.Activity.Total() != 3*customer.Remembered || after.History.Orders() != before.History.Orders()+1 || after.History.Net() != before.History.Net()+700 {
			t.Fatalf("round %d: activity %d, orders %d, net %d; before %d, %d, %d", round, after.Activity.Total(), after.History.Orders(),
				after.History.Net(), before.Activity.Total(), before.History.Orders(), before.History.Net())
		}
		if round > 0 && after.Version != before.Version+1 {
			t.Errorf("round %d wrote to the customer", round)
		}
		if a, err := folder.Audit(t.Context(), "u"); err != nil || !a.Agrees {
			t.Fatalf("audit %+v, %v", a, err)
		}
	}
}

func TestOnlyARangeOfThePastCanBeReplayed(t *testing.T) {
	w := newWorld(t)
	p := archive.Planner{Queue: w.archive, Now: func() time.Time { return w.now }, Store: w.store}
	for name, c := range map[string]struct {
		body    string
		pointer string
	}{
		"no body":         {``, ""},
		"no from":         {`{"to":"2026-03-01T00:00:00Z"}`, "/from"},
		"a day":           {`{"from":"2026-03-01","to":"2026-03-02T00:00:00Z"}`, "/from"},
		"no to":           {`{"from":"2026-03-01T00:00:00Z"}`, "/to"},
		"a misspelt to":   {`{"from":"2026-03-01T00:00:00Z","until":"2026-03-02T00:00:00Z"}`, "/until"},
		"an empty range":  {`{"from":"2026-03-01T00:00:00Z","to":"2026-03-01T08:00:00+08:00"}`, "/to"},
		"the future":      {`{"from":"2026-03-01T00:00:00Z","to":"2036-03-01T00:00:00Z"}`, "/to"},
		"too many days":   {`{"from":"2020-03-01T00:00:00Z","to":"2026-03-01T00:00:00Z"}`, "/from"},
		"all of the past": {`{"from":"0001-01-01T00:00:00Z","to":"2026-03-01T00:00:00Z"}`, "/from"},
	} {
		r, err := archive.ParseReplayRequest([]byte(c.body))
		if err == nil {
			_, err = p.Replay(t.Context(), r)
		}
		var f *fault.Error
		if fault.CodeOf(err) != fault.Invalid || !errors.As(err, &f) || f.Pointer != c.pointer {
			t.Errorf("%s: %v, want Invalid at %q", name, err, c.pointer)
		}
	}
	if len(w.archive.bodies) > 0 {
		t.Error("a replay has begun")
	}
}
