package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"liuke/shared/archive"
	"liuke/shared/customer"
	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/fold"
	"liuke/shared/message"
	"liuke/shared/money"
	"liuke/shared/signal"
	"liuke/shared/survey"
	"liuke/shared/task"
)

// village is a world with customers as profile leaves them: Ann, who was a visitor before, and Bob.
type village struct {
	*world
	folder *fold.Folder
}

const ann, visitor, bob = "ann@example.com", "v1", "bob"

func newVillage(w *world) *village {
	w.t.Helper()
	v := &village{world: w, folder: &fold.Folder{
		Settings:    fold.Settings{Zone: time.UTC, Money: money.Only("EUR")},
		Store:       w.store,
		Sleep:       func(context.Context, time.Duration) error { return nil },
		Jitter:      func() float64 { return 0.5 },
		Concurrency: 1,
		Random:      rand.NewChaCha8([32]byte{7}),
	}}
	at := func(i int) time.Time { return day.Add(time.Duration(i) * 20 * time.Hour) }
	track := func(i int, user, anonymous, name, properties string) event.Event {
		return event.Event{
			ID: event.MessageID(fmt.Sprint("e", i)), Type: event.Track, Name: name, User: user, Anonymous: anonymous, Time: at(i), Received: at(i),
			Source: event.SourceSegment, Properties: json.RawMessage(properties),
		}
	}
	v.happen(
		track(0, "", visitor, "Looked Around", `{"page":"secret page"}`),
		track(1, "", visitor, event.OrderCompleted, `{"order_id":"o1","total":10,"email":"ann@example.com"}`),
		event.Event{ID: "e2", Type: event.Identify, User: ann, Anonymous: visitor, Time: at(2), Received: at(2), Source: event.SourceSegment,
			Traits: json.RawMessage(`{"email":"ann@example.com","name":"Ann Example","consent":{"email":true}}`)},
		track(3, ann, "", event.OrderCompleted, `{"order_id":"o2","total":"32.50"}`),
		track(3, ann, "", event.OrderRefunded, `{"order_id":"o1","total":2.5}`),
		track(4, bob, "", event.OrderCompleted, `{"order_id":"o1","total":7}`),
	)
	must(w.t, w.store.PutAnswer(w.t.Context(), nil, survey.Answer{Survey: "nps", Version: 1, Customer: ann, Invitation: "i1", Locale: "en",
		Values: survey.Values{"score": survey.Number(9), "comment": {Text: "I am Ann"}}, Revision: 1, Answered: at(3), Revised: at(3)}))
	_, err := w.store.WriteEntry(w.t.Context(), message.Entry{Customer: ann, ID: "m1", Scene: "order_thanks", Channel: message.Email,
		State: message.Held, Gate: "consent", Reason: "no_consent", Caused: at(3), Decided: at(3)})
	must(w.t, err)
	e, err := message.New("recovery_task", 0, message.Task, signal.Signal{ID: "answer:nps:i0", Customer: customer.Visitor(visitor), Time: at(1)}).Finish(at(1))
	must(w.t, err)
	policy := task.Defaults()
	policy.Owner = "Wu of the desk"
	made := task.New(&e, task.Brief{Title: "Call Ann"}, "A", &policy, at(1)) // under the id that Ann had then
	must(w.t, w.store.MakeTask(w.t.Context(), e.Customer, e, made, nil))
	return v
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// happen folds events and puts them into the lake, as profile does.
func (v *village) happen(events ...event.Event) {
	v.t.Helper()
	for _, e := range events {
		out := v.folder.Fold(v.t.Context(), []event.Event{e})
		must(v.t, out[0].Err)
		if !out[0].Erased {
			must(v.t, v.outside.PutSealed(v.t.Context(), []event.Event{e}, []customer.Key{out[0].Key}))
		}
	}
}

func (v *village) planner() archive.Planner {
	return archive.Planner{Store: v.store, Queue: v.archive, Now: func() time.Time { return v.now }}
}

// exported reads a finished export, nil where it is not.
func (v *village) exported(id customer.ID) map[string]any {
	v.t.Helper()
	record, err := v.store.Export(v.t.Context(), id)
	must(v.t, err)
	if !record.Done() {
		return nil
	}
	raw, err := v.outside.Get(v.t.Context(), record.Object)
	must(v.t, err)
	var doc map[string]any
	must(v.t, json.Unmarshal(raw, &doc))
	if strings.Contains(record.Object, "ann") {
		v.t.Errorf("the file's name is %s", record.Object)
	}
	return doc
}

// exports lists the files of exports.
func (v *village) exports() (keys []string) {
	v.t.Helper()
	out, err := v.s3.ListObjectsV2(v.t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("lake"), Prefix: aws.String("exports/")})
	must(v.t, err)
	for _, o := range out.Contents {
		keys = append(keys, *o.Key)
	}
	return keys
}

func checkAnn(t testing.TB, doc map[string]any) {
	t.Helper()
	ids := doc["ids"].([]any)
	if len(ids) != 2 || ids[0] != ann || ids[1] != "anonymous:"+visitor || doc["customer_id"] != ann {
		t.Errorf("ids %v", ids)
	}
	var events []string
	for _, e := range doc["events"].([]any) {
		events = append(events, e.(map[string]any)["id"].(string))
	}
	slices.Sort(events)
	if !slices.Equal(events, []string{"e0", "e1", "e2", "e3", "e3"}) {
		t.Errorf("events %v", events)
	}
	text, _ := json.Marshal(doc)
	for _, want := range []string{`"secret page"`, `"Ann Example"`, `"I am Ann"`, `"order_thanks"`, `"total":"10.00"`, `"refunded":"2.50"`, `"total":"32.50"`, `"Call Ann"`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the export lacks %s", want)
		}
	}
	if strings.Contains(string(text), "Wu of the desk") || strings.Contains(string(text), bob) || strings.Contains(string(text), "7.00") {
		t.Error("the export tells of another")
	}
}

func TestAnExportHoldsAllThatIsKnownAndNothingElse(t *testing.T) {
	for _, c := range []struct {
		name   string
		nights int
		left   time.Duration
	}{
		{"while the lake is as it was written", 0, time.Hour},
		{"with days that are compacted", 1, time.Hour},
		{"in an invocation for each day", 1, margin},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newVillage(newWorld(t))
			for range c.nights {
				v.night()
			}
			days := 0
			v.handler = v.newHandler(Props{Left: func(context.Context) time.Duration {
				if days++; c.left == margin && days%2 == 0 {
					return 0
				}
				return c.left
			}})
			p := v.planner()
			_, err := p.Export(t.Context(), ann)
			must(t, err)
			if n := v.drain(); c.left == margin && n < 3 {
				t.Errorf("%d invocations", n)
			}
			checkAnn(t, v.exported(ann))
			if files := v.exports(); len(files) != 1 {
				t.Errorf("left behind: %v", files)
			}
		})
	}
}

// gone checks that nothing of Ann is left but the fact, and Bob is untouched.
func (v *village) gone() {
	v.t.Helper()
	ctx := v.t.Context()
	for _, id := range []customer.ID{ann, customer.Visitor(visitor)} {
		if _, err := v.store.Root(ctx, id); fault.CodeOf(err) != fault.Gone {
			v.t.Fatalf("she is still known: %v", err)
		}
		profile, err := v.store.Profile(ctx, id)
		must(v.t, err)
		orders, err := v.store.Orders(ctx, id)
		must(v.t, err)
		answers, err := v.store.Answers(ctx, id, 0)
		must(v.t, err)
		messages, _, err := v.store.Messages(ctx, id, 10, "")
		must(v.t, err)
		if profile.Version != 0 || len(orders)+len(answers)+len(messages) != 0 {
			v.t.Errorf("left: profile %d, %d orders, %d answers, %d messages", profile.Version, len(orders), len(answers), len(messages))
		}
	}
	readable := 0
	for d := range 8 {
		at := day.AddDate(0, 0, d)
		pending, err := v.outside.Pending(ctx, at)
		must(v.t, err)
		compacted, err := v.outside.Compacted(ctx, at)
		must(v.t, err)
		for _, o := range append(pending, compacted...) {
			for e, err := range v.outside.Lines(ctx, o) {
				must(v.t, err)
				keys, err := v.store.Keys(ctx, []string{string(e.Customer)})
				must(v.t, err)
				readable += len(keys)
				if strings.Contains(string(e.Raw), "ann") {
					v.t.Errorf("the lake names her: %s", e.Raw)
				}
			}
		}
	}
	if readable != 1 {
		v.t.Errorf("%d lines can be opened, want Bob's", readable)
	}
	if rec, err := v.store.Root(ctx, bob); err != nil || rec.History.Net() != 700 {
		v.t.Errorf("Bob: %d, %v", rec.History.Net(), err)
	}
	if files := v.exports(); len(files) != 0 {
		v.t.Errorf("exported still: %v", files)
	}
}

func TestAnErasedCustomerIsGoneFromTablesAndLakeAndStaysSo(t *testing.T) {
	for _, asked := range []customer.ID{ann, customer.Visitor(visitor)} {
		t.Run(string(asked[:3]), func(t *testing.T) {
			v := newVillage(newWorld(t))
			v.night()
			p := v.planner()
			_, err := p.Export(t.Context(), ann)
			must(t, err)
			v.drain()
			must(t, p.Erase(t.Context(), asked))
			v.drain()
			v.gone()

			late := event.Event{ID: "late", Type: event.Identify, User: ann, Anonymous: visitor, Time: day, Received: v.now,
				Source: event.SourceSegment, Traits: json.RawMessage(`{"email":"ann@example.com"}`)}
			v.happen(late)
			_, err = p.Replay(t.Context(), archive.ReplayRequest{From: day, To: day.AddDate(0, 0, 4)})
			must(t, err)
			v.drain()
			for body, ok := v.events.take(); ok; body, ok = v.events.take() {
				again, err := event.Unpack(body)
				must(t, err)
				for _, o := range v.folder.Fold(t.Context(), again) {
					must(t, o.Err)
				}
			}
			v.gone()
			if _, err := p.Export(t.Context(), ann); err == nil {
				v.drain()
				if v.exported(ann) != nil {
					t.Error("she was exported")
				}
			}
		})
	}
}

func TestErasureAndExportComeToTheirEndThoughWorkersDieAtAnyCall(t *testing.T) {
	for _, task := range []archive.Task{archive.Erase, archive.Export} {
		for _, committed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, the last call done %v", task, committed), func(t *testing.T) {
				for dieAt := 1; ; dieAt++ {
					v := newVillage(newWorld(t))
					p := v.planner()
					var err error
					if task == archive.Erase {
						err = p.Erase(t.Context(), ann)
					} else {
						_, err = p.Export(t.Context(), ann)
					}
					must(t, err)
					body, _ := v.archive.take()
					v.network.revive(dieAt, committed)
					v.deliver(body)
					died := v.network.died()
					v.network.revive(0, false)
					if died && !v.deliver(body) {
						t.Fatalf("after a death at call %d it is not acknowledged", dieAt)
					}
					v.drain()
					if task == archive.Erase {
						v.gone()
					} else {
						checkAnn(t, v.exported(ann))
					}
					if !died {
						t.Logf("%d calls", dieAt-1)
						return
					}
				}
			})
		}
	}
}
