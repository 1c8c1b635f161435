package dynamo_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"liuke/infra/local/engine"
	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/fold"
	"liuke/shared/message"
)

// histories are compared as they compare themselves.
var histories = cmp.Comparer(func(a, b customer.History) bool { return a.Equal(&b) })

func TestADossierHoldsWhatThereIs(t *testing.T) {
	store, ctx, step := ledgerStore(t), t.Context(), must[message.Entry](t)
	e := candidate("s1")
	empty, err := store.Dossier(ctx, message.Wanted{Customer: "c1", Entries: []string{e.ID}})
	if err != nil || len(empty.Entries) != 0 || empty.Profile.Version != 0 || empty.Contact.Version != 0 || empty.Person != "c1" || empty.Erased {
		t.Fatalf("before anything: %+v, %v", empty, err)
	}
	p := customer.Profile{Version: 1}
	p.Set(customer.TraitEmail, customer.Trait{Value: "li@example.com", Time: 1, Event: "e"})
	if err := store.PutProfile(ctx, "c1", &p); err != nil {
		t.Fatal(err)
	}
	contact, err := empty.Contact.Add(message.Stamp{Time: decidedAt, Scene: message.SceneMarkOf("win_back"), Channel: message.Email})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Claim(ctx, "c1", step(e.Claim(decidedAt)), contact); err != nil {
		t.Fatal(err)
	}
	meter := &dynamo.Meter{}
	got, err := store.Dossier(dynamo.WithMeter(ctx, meter), message.Wanted{Customer: "c1", Entries: []string{e.ID, e.ID}})
	if err != nil {
		t.Fatal(err)
	}
	if got.Profile.Email() != "li@example.com" || got.Entries[e.ID].State != message.Claimed {
		t.Errorf("%+v", got)
	}
	if d := cmp.Diff(contact, got.Contact); d != "" {
		t.Error(d)
	}
	if read, _ := meter.Units(); read != 5 {
		t.Errorf("a dossier took %g read units, not 5", read)
	}
}

func TestADossierOfWhoWasAbsorbedIsThePersonsButForTheEntries(t *testing.T) {
	ctx, step := t.Context(), must[message.Entry](t)
	customers, records := engine.NewTables(t)
	cfg := engine.Config(engine.StartDynamoDB(t))
	store := dynamo.New(cfg, customers, records)
	for _, id := range []customer.ID{"c1", "between", "survivor"} {
		p := customer.Profile{Version: 1}
		p.Set(customer.TraitEmail, customer.Trait{Value: string(id) + "@example.com", Time: 1, Event: "e"})
		if err := store.PutProfile(ctx, id, &p); err != nil {
			t.Fatal(err)
		}
		rec, _ := sample(id)
		if err := store.Commit(ctx, &rec, nil); err != nil {
			t.Fatal(err)
		}
	}
	e := step(store.WriteEntry(ctx, step(candidate("s1").Defer("quiet_hours", "quiet", decidedAt, decidedAt))))
	merge := func(absorbed, survivor customer.ID) {
		t.Helper()
		a, errA := store.Customer(ctx, absorbed)
		b, errB := store.Customer(ctx, survivor)
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		a.Version, b.Version, a.Into = a.Version+1, b.Version+1, survivor
		if err := store.Merge(ctx, &fold.Merge{Survivor: b, Absorbed: a}); err != nil {
			t.Fatal(err)
		}
	}
	merge("c1", "between")
	merge("between", "survivor")
	d, err := store.Dossier(ctx, message.Wanted{Customer: "c1", Entries: []string{e.ID}})
	if stands, errS := store.Customer(ctx, "survivor"); errS != nil || d.History.Orders() == 0 || !d.History.Equal(&stands.History) {
		t.Errorf("the history is %+v, not that of %+v, %v", d.History, stands, errS)
	}
	if err != nil || d.Person != "survivor" || d.Profile.Email() != "survivor@example.com" || d.Contact.Version != 0 || d.Entries[e.ID].State != message.Deferred {
		t.Fatalf("%+v, %v", d, err)
	}
	contact, err := d.Contact.Add(message.Stamp{Time: decidedAt, Scene: message.SceneMarkOf("win_back"), Channel: message.Email})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Claim(ctx, d.Person, step(e.Claim(decidedAt)), contact); err != nil {
		t.Fatal(err)
	}
	meter := &dynamo.Meter{}
	d, err = store.Dossier(dynamo.WithMeter(ctx, meter), message.Wanted{Customer: "between"})
	if err != nil || len(d.Contact.Stamps) != 1 {
		t.Errorf("by another name: %+v, %v", d, err)
	}
	if read, _ := meter.Units(); read != 7 {
		t.Errorf("a dossier of who was absorbed took %g read units, not 4 and 3", read)
	}
	if err := store.Erase(ctx, "between", decidedAt); err != nil {
		t.Fatal(err)
	}
	// Once DynamoDB has removed the stub, the note alone tells.
	if _, err := dynamodb.NewFromConfig(cfg).DeleteItem(ctx, &dynamodb.DeleteItemInput{
		TableName: &customers, Key: map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "survivor"}},
	}); err != nil {
		t.Fatal(err)
	}
	for _, id := range []customer.ID{"c1", "between", "survivor"} {
		d, err := store.Dossier(ctx, message.Wanted{Customer: id, Entries: []string{e.ID}})
		if diff := cmp.Diff(message.Dossier{Erased: true}, d, histories); err != nil || diff != "" {
			t.Errorf("%s was erased: %v, %s", id, err, diff)
		}
	}
}
