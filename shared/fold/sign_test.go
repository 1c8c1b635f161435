package fold_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/fold"
	"liuke/shared/signal"
)

func TestSignsCountOnceInTheirMonth(t *testing.T) {
	t.Parallel()
	f, _ := setup(t)
	f.Zone = time.FixedZone("CST", 8*60*60)
	late := track("late", "c", event.TicketOpened, nil)
	late.Time = time.Date(2026, 3, 31, 20, 0, 0, 0, time.UTC) // April in the business's zone
	events := []event.Event{
		late, track("a", "c", event.TicketOpened, nil), track("b", "c", event.TicketResolved, nil),
		track("d", "c", event.ComplaintFiled, nil), track("e", "c", event.DeviceAlert, nil), track("f", "c", event.CheckedIn, nil),
		track("g", "c", event.Referred, nil), track("h", "c", event.ProductReviewed, nil), track("i", "c", "Ticket opened", nil),
		{ID: "j", Type: event.Page, Name: event.TicketOpened, User: "c", Time: noon, Received: noon},
	}
	again := track("a", "c", event.TicketOpened, nil)
	again.Replay = true
	for range 2 {
		foldAll(t, f, t.Context(), append(events, again)...)
	}
	rec := load(t, f, "c")
	for sign, want := range []int64{2, 1, 1, 1, 1, 1, 1} {
		if got := rec.Signs.Of(customer.Sign(sign)).Total(); got != want {
			t.Errorf("sign %d counts %d, want %d", sign, got, want)
		}
	}
	april := customer.MonthOf(customer.Date(2026, time.April, 1))
	if n := rec.Signs.Of(customer.TicketOpened).In(april); n != 1 || rec.Signs.OpenTickets() != 1 || rec.Activity.Total() != 10 {
		t.Errorf("%d tickets opened in April, %d open, activity %d", n, rec.Signs.OpenTickets(), rec.Activity.Total())
	}
}

func TestNamedEventsAreToldUnlessTheyAreHistory(t *testing.T) {
	t.Parallel()
	f, _ := setup(t)
	resolved := track("r", "c", event.TicketResolved, map[string]any{"ticket_id": "T-1"})
	imported, replayed := resolved, resolved
	imported.ID, imported.Import, replayed.Replay = "i", true, true
	other := track("o", "c", event.TicketOpened, map[string]any{"ticket_id": "T-1"})
	out := f.Fold(t.Context(), []event.Event{resolved, imported, replayed, other, resolved})
	want := signal.Signal{ID: "event:r", Kind: signal.Happened, Customer: "c", Time: noon, Data: []byte(`{"event":"Ticket Resolved","subject":"T-1"}`)}
	for i, told := range []bool{true, false, false, false, true} {
		switch s := out[i].Signals; {
		case out[i].Err != nil || told != (len(s) == 1):
			t.Errorf("event %d: %+v", i, out[i])
		case told && cmp.Diff(want, s[0]) != "":
			t.Errorf("event %d: %s", i, cmp.Diff(want, s[0]))
		}
	}
	if rec := load(t, f, "c"); rec.Activity.Total() != 3 || rec.Signs.Of(customer.TicketResolved).Total() != 2 {
		t.Errorf("three events, one of which came three times, are %d activities", rec.Activity.Total())
	}
}

func answered(id string, source event.Source, properties map[string]any, at time.Time) event.Event {
	e := track(id, "c", event.SurveyAnswered, properties)
	e.Source, e.Import, e.Time, e.Received = source, source == event.SourceImport, at, at
	return e
}

func TestLastAnswerIsTheOpinion(t *testing.T) {
	t.Parallel()
	f, _ := setup(t)
	later := noon.Add(time.Hour)
	for _, test := range []struct {
		name   string
		e      event.Event
		metric customer.Metric
		want   customer.Opinion
	}{
		{"an answer that measures nothing", answered("a", event.SourceSurvey, map[string]any{"survey": "nps", "invitation": "i"}, noon),
			customer.NPS, customer.Opinion{}},
		{"one that goes on to the score", answered("b", event.SourceSurvey, map[string]any{"survey": "nps", "kind": "nps", "invitation": "i", "score": 3}, later),
			customer.NPS, customer.Opinion{Score: 3, Time: later.UnixMilli()}},
		{"an imported one of long ago", answered("c", event.SourceImport, map[string]any{"survey": "nps", "kind": "nps", "invitation": "j", "score": 7}, noon.AddDate(-1, 0, 0)),
			customer.NPS, customer.Opinion{Score: 3, Time: later.UnixMilli()}},
		{"an imported one of another metric", answered("d", event.SourceImport, map[string]any{"survey": "after-ticket", "kind": "csat", "invitation": "k", "score": 5}, noon),
			customer.CSAT, customer.Opinion{Score: 5, Time: noon.UnixMilli()}},
		{"an answer that measures something else", answered("e", event.SourceSurvey, map[string]any{"survey": "stars", "kind": "stars", "invitation": "l", "score": 1}, later),
			customer.CES, customer.Opinion{}},
	} {
		out := f.Fold(t.Context(), []event.Event{test.e})
		if out[0].Err != nil || (len(out[0].Signals) == 1) != (test.e.Source == event.SourceSurvey) {
			t.Fatalf("%s: %+v", test.name, out[0])
		}
		if rec := load(t, f, "c"); rec.Signs.Opinion(test.metric) != test.want {
			t.Errorf("%s: the opinion is %+v, want %+v", test.name, rec.Signs.Opinion(test.metric), test.want)
		}
	}
}

func TestFirstCampaignIsTheChannel(t *testing.T) {
	t.Parallel()
	f, _ := setup(t)
	through := func(e event.Event, context string, at time.Time) event.Event {
		e.Context, e.Time, e.Received = json.RawMessage(context), at, at
		return e
	}
	order := through(placed("o", "c", "o", "1.00"), `{"campaign":{"source":" Google ","medium":"cpc"}}`, noon.Add(time.Hour))
	foldAll(t, f, t.Context(), order)
	if rec := load(t, f, "c"); rec.Signs.Channel() != "google" {
		t.Errorf("through an order the customer came by %q", rec.Signs.Channel())
	}
	foldAll(t, f, t.Context(),
		through(track("v", "c", "Viewed", nil), `{"campaign":{"source":"Newsletter"}}`, noon),
		through(track("w", "c", "Viewed", nil), `{"campaign":{"source":"later"}}`, noon.Add(time.Minute)),
		through(track("x", "c", "Viewed", nil), `{"campaign":"summer"}`, noon.Add(-time.Hour)),
		through(track("y", "c", "Viewed", nil), `{"campaign":{"source":7}}`, noon.Add(-time.Hour)),
		through(track("z", "c", "Viewed", nil), `{"campaign":{"name":"summer"}}`, noon.Add(-time.Hour)))
	rec := load(t, f, "c")
	if want := (customer.Touch{Channel: "newsletter", Time: noon.UnixMilli()}); rec.Signs.First != want || rec.Activity.Total() != 5 {
		t.Errorf("%+v, activity %d", rec.Signs.First, rec.Activity.Total())
	}
	// A client that sends the order again, by a clock that was corrected anew, says nothing new.
	foldAll(t, f, t.Context(), through(order, string(order.Context), noon.Add(-time.Hour)))
	if again := load(t, f, "c"); again.Version != rec.Version || again.Signs.First != rec.Signs.First {
		t.Errorf("a redelivery wrote %+v", again.Signs.First)
	}
	// What the lake has of before teaches it all the same.
	old := through(placed("o", "c", "o", "1.00"), `{"campaign":{"source":"fair"}}`, noon.Add(-time.Hour))
	old.Replay = true
	for range 2 {
		foldAll(t, f, t.Context(), old)
	}
	if after := load(t, f, "c"); after.Signs.Channel() != "fair" || after.Version != rec.Version+1 || after.History.Orders() != 1 {
		t.Errorf("a replay left %+v at version %d", after.Signs.First, after.Version)
	}
	foldAll(t, f, t.Context(), identify("i", "c", "", `{"acquisitionChannel":"Shop"}`))
	if rec := load(t, f, "c"); rec.Signs.Channel() != "shop" {
		t.Errorf("the declared channel is %q", rec.Signs.Channel())
	}
}

func TestBirthdayIsWhatTheTraitsSay(t *testing.T) {
	t.Parallel()
	f, _ := setup(t)
	born := func() customer.Birthday { return load(t, f, "u").Signs.Birthday }
	may := customer.Birthday{Month: 5, Day: 17}
	foldAll(t, f, t.Context(), identify("a", "u", "", `{"birthday":"1990-05-17"}`), track("b", "u", "Viewed", nil))
	if born() != may {
		t.Errorf("%+v", born())
	}
	early := identify("c", "u", "", `{"birthday":"1990-06-18"}`)
	early.Time = noon.Add(-time.Hour)
	foldAll(t, f, t.Context(), early)
	if born() != may {
		t.Errorf("what was said earlier and came later counts: %+v", born())
	}
	gone := identify("d", "u", "", `{"birthday":null}`)
	gone.Time, gone.Received = noon.Add(time.Hour), noon.Add(time.Hour)
	foldAll(t, f, t.Context(), gone)
	if born() != (customer.Birthday{}) {
		t.Errorf("what was taken back stands: %+v", born())
	}
}

func TestMergedCustomersHaveTheSignsOfBoth(t *testing.T) {
	t.Parallel()
	for name, links := range map[string]event.Event{
		"a sign-in": identify("i", "u", "v", `{}`),
		"an alias":  alias("i", "v", "u"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, _ := setup(t)
			late := identify("c", "", "v", `{"birthday":"05-17","acquisition_channel":"fair"}`)
			late.Time, late.Received = noon.Add(time.Minute), noon.Add(time.Minute)
			foldAll(t, f, t.Context(), of(track("a", "", event.TicketOpened, nil), "v"), track("b", "u", event.TicketOpened, nil),
				identify("d", "u", "", `{"birthday":"06-18"}`), late)
			foldAll(t, f, t.Context(), links)
			states, errs := f.Store.Load(t.Context(), []fold.Want{{Customer: "anonymous:v"}})
			s := states[0].Customer.Signs
			if errs[0] != nil || s.Of(customer.TicketOpened).Total() != 2 || s.Birthday != (customer.Birthday{Month: 5, Day: 17}) || s.Declared != "fair" {
				t.Errorf("%+v, %v", s, errs[0])
			}
			if left := states[0].Path[0].Signs; !left.Equal(&customer.Signs{}) {
				t.Errorf("of the absorbed is left %+v", left)
			}
		})
	}
}

// behind is a store that once reads traits as they were before.
type behind struct {
	*dynamo.Store
	past *customer.Profile
}

func (b *behind) Load(ctx context.Context, wants []fold.Want) ([]fold.State, []error) {
	states, errs := b.Store.Load(ctx, wants)
	if b.past != nil && wants[0].Profile {
		states[0].Profile, b.past = *b.past, nil
	}
	return states, errs
}

func TestBirthdayOfAWriterWhoWasLostIsFoundAndAStaleOneIsNot(t *testing.T) {
	t.Parallel()
	f, _ := setup(t)
	store := &behind{Store: f.Store.(*dynamo.Store)}
	f.Store = store
	foldAll(t, f, t.Context(), identify("a", "u", "", `{"birthday":"05-17"}`))
	before, err := store.Profile(t.Context(), "u")
	if err != nil {
		t.Fatal(err)
	}
	// A writer is lost between the traits and the item. Its event comes again.
	b := identify("b", "u", "", `{"birthday":"06-18"}`)
	b.Time, b.Received = noon.Add(time.Minute), noon.Add(time.Minute)
	ahead := before.Clone()
	ahead.Version++
	ahead.Set(customer.TraitBirthday, customer.Trait{Value: "06-18", Time: b.Time.UnixMilli(), Event: "b"})
	if err := store.PutProfile(t.Context(), "u", &ahead); err != nil {
		t.Fatal(err)
	}
	foldAll(t, f, t.Context(), b)
	june := customer.Birthday{Month: 6, Day: 18}
	if got := load(t, f, "u").Signs.Birthday; got != june {
		t.Errorf("after a lost writer the birthday is %+v", got)
	}
	// A fold that reads the item of now and the traits of before must not go back to them.
	store.past = &before
	out := f.Fold(t.Context(), []event.Event{identify("c", "u", "", `{}`)})
	if got := load(t, f, "u").Signs.Birthday; got != june || fault.CodeOf(out[0].Err) != "" || store.past != nil {
		t.Errorf("after a stale read the birthday is %+v, %v", got, out[0].Err)
	}
}
