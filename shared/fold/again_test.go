package fold_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/event"
)

func TestReplayedEventsCountAsNoActivity(t *testing.T) {
	t.Parallel()
	f, _ := setup(t)
	again := func(e event.Event) event.Event { e.Replay = true; return e }
	foldAll(t, f, t.Context(), track("a", "u", "Viewed", nil), placed("p", "u", "o", "1.00"))
	out := f.Fold(t.Context(), []event.Event{again(track("b", "u", "Viewed", nil)), again(placed("p", "u", "o", "1.00")), again(track("a", "nobody", "Viewed", nil))})
	for _, o := range out {
		if o.Err != nil || len(o.Signals) > 0 {
			t.Errorf("%+v", o)
		}
	}
	if rec := load(t, f, "u"); rec.Activity.Total() != 1 || rec.History.Net() != 100 || load(t, f, "nobody").Version != 0 {
		t.Errorf("%+v", rec)
	}
}

func TestAnImportedListOfCustomersIsNoActivityOfTheirs(t *testing.T) {
	t.Parallel()
	f, _ := setup(t)
	listed := event.Event{ID: "i1", Type: event.Identify, User: "ada", Import: true, Time: noon, Received: noon, Source: event.SourceImport,
		Traits: json.RawMessage(`{"email":"ada@example.com"}`)}
	out := f.Fold(t.Context(), []event.Event{listed})
	if out[0].Err != nil || out[0].Key.IsZero() {
		t.Fatalf("%+v", out[0])
	}
	if rec := load(t, f, "ada"); rec.Version == 0 || rec.Activity.Total() != 0 {
		t.Errorf("%+v", rec)
	}
	profile, err := f.Store.(*dynamo.Store).Profile(t.Context(), "ada")
	if err != nil || profile.Email() != "ada@example.com" {
		t.Errorf("%+v, %v", profile, err)
	}
}

func TestTraitsWithoutRoomAreCounted(t *testing.T) {
	t.Parallel()
	f, _ := setup(t)
	traits := map[string]string{}
	for i := range customer.MaxOtherTraits + 3 {
		traits[fmt.Sprintf("t%02d", i)] = "x"
	}
	raw, _ := json.Marshal(traits)
	if out := f.Fold(t.Context(), []event.Event{identify("i", "u", "", string(raw))}); out[0].Dropped != 3 || out[0].Err != nil {
		t.Errorf("%+v, want three traits dropped", out[0])
	}
}
