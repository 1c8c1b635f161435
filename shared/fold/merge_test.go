package fold_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/fold"
)

func of(e event.Event, anonymous string) event.Event {
	e.User, e.Anonymous = "", anonymous
	return e
}

func identify(id, user, anonymous, traits string) event.Event {
	return event.Event{ID: event.MessageID(id), Type: event.Identify, User: user, Anonymous: anonymous, Time: noon,
		Received: noon, Source: event.SourceSegment, Traits: json.RawMessage(traits)}
}

func alias(id, previous, user string) event.Event {
	return event.Event{ID: event.MessageID(id), Type: event.Alias, Previous: previous, User: user, Time: noon, Received: noon,
		Source: event.SourceSegment}
}

func refunded(id, user, order, total string) event.Event {
	return track(id, user, event.OrderRefunded, map[string]any{"order_id": order, "total": total})
}

func TestMergedCustomersAreOne(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		events []event.Event
		names  []customer.ID // all of one customer
		root   customer.ID
		orders int64
		net    int64
		seen   int64 // activity
	}{
		{"a visitor who signs in",
			[]event.Event{of(placed("p", "", "o", "10.00"), "v"), of(track("a", "", "Viewed", nil), "v"), identify("i", "u", "v", `{}`)},
			[]customer.ID{"anonymous:v", "u"}, "u", 1, 1000, 2},
		{"a sign-in before anything else came",
			[]event.Event{identify("i", "u", "v", `{}`), of(placed("p", "", "o", "10.00"), "v")},
			[]customer.ID{"anonymous:v", "u"}, "u", 1, 1000, 1},
		{"two devices of one user", []event.Event{of(track("a", "", "Viewed", nil), "v"), of(track("a", "", "Viewed", nil), "w"),
			identify("i", "u", "v", `{}`), identify("j", "u", "w", `{}`)},
			[]customer.ID{"anonymous:v", "anonymous:w", "u"}, "u", 0, 0, 4},
		{"an order under both ids counts once", []event.Event{
			of(placed("p", "", "o", "10.00"), "v"), placed("p", "u", "o", "10.00"), refunded("r", "u", "o", "2.50"),
			of(refunded("r2", "", "o", "1.00"), "v"), identify("i", "u", "v", `{}`)},
			[]customer.ID{"anonymous:v", "u"}, "u", 1, 650, 1},
		{"a refund that was kept under the visitor, and an order that comes under the user later", []event.Event{
			of(refunded("r", "", "o", "1.00"), "v"), identify("i", "u", "v", `{}`), placed("p", "u", "o", "10.00"),
			of(refunded("r", "", "o", "1.00"), "v")},
			[]customer.ID{"anonymous:v", "u"}, "u", 1, 900, 1},
		{"a chain of aliases", []event.Event{
			placed("p1", "a", "o1", "1.00"), placed("p2", "b", "o2", "2.00"), placed("p3", "c", "o3", "4.00"), placed("p4", "d", "o1", "1.00"),
			alias("x", "a", "b"), alias("y", "b", "c"), alias("z", "c", "d")},
			[]customer.ID{"a", "b", "c", "d", "anonymous:a"}, "d", 3, 700, 0},
		{"a cycle of aliases", []event.Event{
			placed("p1", "a", "o1", "1.00"), placed("p2", "b", "o2", "2.00"),
			alias("x", "a", "b"), alias("y", "b", "a"), alias("z", "a", "a"), alias("x", "a", "b")},
			[]customer.ID{"a", "b"}, "b", 2, 300, 0},
		{"a user never goes into a visitor", []event.Event{
			placed("p1", "a", "o1", "1.00"), of(alias("x", "a", ""), "v"), of(track("s", "", "Viewed", nil), "v")},
			[]customer.ID{"a", "anonymous:v"}, "a", 1, 100, 1},
	} {
		for _, way := range []string{"one after the other", "in one batch", "backwards"} {
			t.Run(test.name+", "+way, func(t *testing.T) {
				t.Parallel()
				f, _ := setup(t)
				events := slices.Clone(test.events)
				if way == "backwards" {
					slices.Reverse(events)
				}
				for range 2 { // each is delivered twice
					if way == "in one batch" {
						foldAll(t, f, t.Context(), events...)
						continue
					}
					for _, e := range events {
						foldAll(t, f, t.Context(), e)
					}
				}
				roots := map[customer.ID]bool{}
				for _, name := range test.names {
					rec := load(t, f, name)
					roots[rec.ID] = true
					if rec.History.Orders() != test.orders || rec.History.Net() != test.net || rec.Activity.Total() != test.seen {
						t.Errorf("%s: %d orders, net %d, activity %d, want %d, %d, %d", name,
							rec.History.Orders(), rec.History.Net(), rec.Activity.Total(), test.orders, test.net, test.seen)
					}
					if a, err := f.Audit(t.Context(), name); err != nil || !a.Agrees {
						t.Errorf("audit of %s: %+v, %v", name, a, err)
					}
				}
				if len(roots) != 1 || way == "one after the other" && !roots[test.root] {
					t.Errorf("who stands for them: %v, want %s", roots, test.root)
				}
			})
		}
	}
}

func TestSecondUserOnADeviceIsAnother(t *testing.T) {
	t.Parallel()
	f, _ := setup(t)
	foldAll(t, f, t.Context(), of(placed("p", "", "o", "10.00"), "v"), identify("i", "u", "v", `{}`), identify("j", "w", "v", `{}`))
	if u, w := load(t, f, "u"), load(t, f, "w"); u.ID != "u" || w.ID != "w" || u.History.Net() != 1000 || w.History.Net() != 0 {
		t.Errorf("%+v and %+v", u, w)
	}
	foldAll(t, f, t.Context(), alias("x", "u", "w")) // said outright, they are one
	if w := load(t, f, "w"); w.History.Net() != 1000 || load(t, f, "u").ID != "w" || load(t, f, "anonymous:v").ID != "w" {
		t.Errorf("%+v", w)
	}
}

func TestMergedTraitsAreWhatTheLastEventSaid(t *testing.T) {
	t.Parallel()
	f, _ := setup(t)
	early := identify("i1", "u", "", `{"email":"old@example.com","phone":"1","consent":{"email":true}}`)
	late := identify("i2", "", "v", `{"email":"new@example.com","consent":{"email":false}}`)
	late.Time, late.Received = noon.Add(time.Hour), noon.Add(time.Hour)
	foldAll(t, f, t.Context(), early)
	foldAll(t, f, t.Context(), late)
	foldAll(t, f, t.Context(), identify("i3", "u", "v", `{}`))
	states, errs := f.Store.Load(t.Context(), []fold.Want{{Customer: "anonymous:v", Profile: true}})
	p := states[0].Profile
	if errs[0] != nil || p.Email() != "new@example.com" || p.Phone() != "1" || p.Consents("email") {
		t.Errorf("%v, %v", p.Traits, errs[0])
	}
}

func TestActivityOfTheMergedIsRememberedOnEveryWay(t *testing.T) {
	t.Parallel()
	f, _ := setup(t)
	var events []event.Event
	views := func(n int) {
		foldAll(t, f, t.Context(), events...)
		events = append(events, of(track(fmt.Sprint("a", n), "", "Viewed", nil), "v"))
		foldAll(t, f, t.Context(), events...)
	}
	views(0)
	foldAll(t, f, t.Context(), alias("x1", "v", "b"))
	views(1) // remembered by b
	foldAll(t, f, t.Context(), alias("x2", "b", "c"))
	views(2) // remembered by c
	foldAll(t, f, t.Context(), alias("x3", "c", "d"))
	views(3)
	foldAll(t, f, t.Context(), events...)
	states, errs := f.Store.Load(t.Context(), []fold.Want{{Customer: "anonymous:v"}})
	if s := states[0]; errs[0] != nil || s.Customer.ID != "d" || s.Customer.Activity.Total() != 4 || s.Hops != 1 || len(s.Path) != 3 {
		t.Errorf("%+v, %v, want four events by d, one hop away, and two others on the way", s, errs[0])
	}
}

func TestSignalsCarryWhoStandsForTheCustomer(t *testing.T) {
	t.Parallel()
	f, _ := setup(t)
	foldAll(t, f, t.Context(), identify("i", "u", "v", `{}`))
	out := f.Fold(t.Context(), []event.Event{of(placed("p", "", "o", "10.00"), "v")})
	if len(out[0].Signals) != 1 || out[0].Signals[0].Customer != "u" {
		t.Errorf("%+v", out[0])
	}
	states, _ := f.Store.Load(t.Context(), []fold.Want{{Customer: "anonymous:v"}})
	if out[0].Key != states[0].Path[0].Key || out[0].Key == states[0].Customer.Key || out[0].Key.IsZero() {
		t.Error("an event's key is not that of the customer whom it names")
	}
}

func TestGroupIsTheCustomersAndItsTraitsAreWhatTheLastEventSaid(t *testing.T) {
	t.Parallel()
	f, _ := setup(t)
	group := func(id, traits string, at time.Time) event.Event {
		return event.Event{ID: event.MessageID(id), Type: event.Group, Group: "acme", User: "u", Time: at, Received: at, Traits: json.RawMessage(traits)}
	}
	foldAll(t, f, t.Context(), group("g2", `{"plan":"new","size":5}`, noon.Add(time.Minute)))
	foldAll(t, f, t.Context(), group("g1", `{"plan":"old","city":"Paris","email":7}`, noon))
	p, err := f.Store.Group(t.Context(), "acme")
	got := map[string]string{}
	for name := range p.Traits {
		got[name] = p.Get(name)
	}
	if diff := cmp.Diff(map[string]string{"plan": "new", "size": "5", "city": "Paris", "email": "7"}, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	states, _ := f.Store.Load(t.Context(), []fold.Want{{Customer: "u", Profile: true}})
	if s := states[0]; s.Profile.Get(customer.TraitGroup) != "acme" || s.Customer.Activity.Total() != 2 {
		t.Errorf("%+v", s)
	}
	bad := group("g3", `{}`, noon)
	bad.Group = ""
	if out := f.Fold(t.Context(), []event.Event{bad}); fault.CodeOf(out[0].Err) != fault.Invalid {
		t.Errorf("a group without an id: %v", out[0].Err)
	}
}

func TestTheErasedStayErased(t *testing.T) {
	t.Parallel()
	f, _ := setup(t)
	store := f.Store.(*dynamo.Store)
	foldAll(t, f, t.Context(), of(placed("p", "", "o", "10.00"), "v"), identify("i", "u", "v", `{"email":"u@example.com"}`),
		alias("x", "t", "u"), track("a", "other", "Viewed", nil))
	key := load(t, f, "u").Key
	for range 2 {
		if err := store.Erase(t.Context(), "t", noon); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []customer.ID{"u", "t", "anonymous:v", "anonymous:t"} {
		states, errs := store.Load(t.Context(), []fold.Want{{Customer: name}})
		if errs[0] != nil || !states[0].Erased {
			t.Errorf("%s is not erased: %v", name, errs[0])
		}
		if erased, err := store.Erased(t.Context(), name); err != nil || !erased {
			t.Errorf("%s is not noted as erased: %v", name, err)
		}
		if orders, err := store.Orders(t.Context(), name); err != nil || len(orders) > 0 {
			t.Errorf("%s has %d orders, %v", name, len(orders), err)
		}
	}
	if p, err := store.Profile(t.Context(), "u"); err != nil || p.Version != 0 {
		t.Errorf("the profile stands: %v", err)
	}
	if keys, err := store.Keys(t.Context(), []string{key.Pseudonym()}); err != nil || len(keys) > 0 {
		t.Errorf("the key stands: %v", err)
	}
	if _, err := store.Root(t.Context(), "t"); fault.CodeOf(err) != fault.Gone {
		t.Errorf("the root: %v", err)
	}
	late := f.Fold(t.Context(), []event.Event{placed("late", "u", "o2", "1.00"), of(track("b", "", "Viewed", nil), "v"),
		identify("j", "u", "w", `{"email":"u@example.com"}`), alias("y", "u", "other"), track("c", "other", "Viewed", nil)})
	for i, want := range []bool{true, true, true, false, false} {
		if late[i].Err != nil || late[i].Erased != want || late[i].Signals != nil {
			t.Errorf("late event %d: %+v", i, late[i])
		}
	}
	if rec := load(t, f, "other"); rec.Activity.Total() != 2 || rec.History.Len() != 0 {
		t.Errorf("who is not erased: %+v", rec)
	}
}

func TestEventThatGetsTheUsersNameWhenItIsSentAgainCountsOnce(t *testing.T) {
	t.Parallel()
	visitor := of(track("a", "", "Viewed", nil), "v")
	named := visitor
	named.User = "u"
	signIn := identify("i", "u", "v", `{}`)
	for _, test := range []struct {
		name   string
		events []event.Event
	}{
		{"the sign-in between them", []event.Event{visitor, signIn, named, visitor}},
		{"the sign-in first", []event.Event{signIn, visitor, named}},
		{"the named one first", []event.Event{signIn, named, visitor}},
		{"the sign-in last, after the visitor's", []event.Event{visitor, named, signIn}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f, _ := setup(t)
			for _, e := range test.events {
				foldAll(t, f, t.Context(), e)
			}
			if rec := load(t, f, "u"); rec.Activity.Total() != 2 { // the view and the sign-in
				t.Errorf("activity %d, want 2", rec.Activity.Total())
			}
		})
	}
}

func TestIdentifySentAgainWithALaterClockIsNoLaterWord(t *testing.T) {
	t.Parallel()
	f, _ := setup(t)
	yes := identify("a", "u", "", `{"consent":{"email":true}}`)
	no := identify("b", "u", "", `{"consent":{"email":false}}`)
	no.Time, no.Received = noon.Add(time.Second), noon.Add(time.Second)
	again := yes
	again.Time, again.Received = noon.Add(time.Minute), noon.Add(time.Minute)
	for _, e := range []event.Event{yes, no, again} {
		foldAll(t, f, t.Context(), e)
	}
	states, errs := f.Store.Load(t.Context(), []fold.Want{{Customer: "u", Profile: true}})
	if errs[0] != nil || states[0].Profile.Get(customer.ConsentTrait("email")) != "false" {
		t.Errorf("%v, %v", states[0].Profile.Traits, errs[0])
	}
}
