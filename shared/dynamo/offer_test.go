package dynamo_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/offer"
	"liuke/shared/signal"
)

func codesOf(n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprintf("CODE-%04d", i))
	}
	return all
}

// claimCode claims a message of a customer's own with a code of the pool, as outreach does.
func claimCode(t *testing.T, store *dynamo.Store, p *offer.Pool, who customer.ID) (message.Entry, offer.Action, error) {
	t.Helper()
	e := message.New("win_back", 0, message.Email, signal.Signal{ID: "s", Kind: signal.SegmentChanged, Customer: who, Time: decidedAt})
	contact := must[message.Contact](t)(message.Contact{}.Add(message.Stamp{Time: decidedAt, Scene: message.SceneMarkOf(e.Scene), Channel: message.Email}))
	c := offer.NewClaim(p, e.ID)
	for {
		step, err := store.FindCode(t.Context(), p.ID, c)
		if err != nil || step.Action != offer.Give {
			return e, step.Action, err
		}
		next := must[message.Entry](t)(e.Claim(decidedAt))
		next.Code = c.Given(step)
		err = store.Claim(t.Context(), who, next, contact)
		if errors.Is(err, offer.ErrTaken) {
			c.Taken()
			continue
		}
		return next, step.Action, err
	}
}

func TestNoCodeIsGivenTwiceAndNoneIsLeftOut(t *testing.T) {
	store, ctx := ledgerStore(t), t.Context()
	p := &offer.Pool{ID: "winback10"}
	const codes, claims = 90, 100
	for range 2 { // a file that is imported again changes nothing
		if err := errors.Join(store.PutPool(ctx, p), store.PutCodes(ctx, p, codesOf(codes)), store.ResetOffers(ctx, p.ID)); err != nil {
			t.Fatal(err)
		}
	}
	var mu sync.Mutex
	owner, empty := map[string]string{}, 0
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			for i := range claims / 4 {
				e, action, err := claimCode(t, store, p, customer.ID(fmt.Sprint("c", worker, "-", i)))
				mu.Lock()
				switch {
				case err != nil:
					t.Error(err)
				case action == offer.Empty:
					empty++
				case owner[e.Code.Code] != "":
					t.Errorf("%s is given twice", e.Code.Code)
				default:
					owner[e.Code.Code] = e.ID
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	stock, given, err := store.OfferStock(ctx, p.ID)
	if err != nil || len(owner) != codes || empty != claims-codes || stock != codes || given != codes {
		t.Errorf("%d codes given, %d found none, %d of %d in the pool: %v", len(owner), empty, given, stock, err)
	}
	if err := errors.Join(store.PutCodes(ctx, p, []string{"NEW-1"}), store.ResetOffers(ctx, p.ID)); err != nil {
		t.Fatal(err)
	}
	if e, action, err := claimCode(t, store, p, "late"); err != nil || action != offer.Give || e.Code.Code != "NEW-1" {
		t.Errorf("after another import: %v, %v, %v", e.Code, action, err)
	}
}

func TestAClaimWithACodeTakesTwoUnitsMoreAndIsKnownToItsEntry(t *testing.T) {
	store, ctx := ledgerStore(t), t.Context()
	p := &offer.Pool{ID: "winback10"}
	if err := errors.Join(store.PutCodes(ctx, p, codesOf(3)), store.ResetOffers(ctx, p.ID)); err != nil {
		t.Fatal(err)
	}
	e, contact := candidate("s1"), message.Contact{}
	contact = must[message.Contact](t)(contact.Add(message.Stamp{Time: decidedAt, Scene: message.SceneMarkOf(e.Scene), Channel: message.Email}))
	c := offer.NewClaim(p, e.ID)
	step := must[offer.Step](t)(store.FindCode(ctx, p.ID, c))
	next := must[message.Entry](t)(e.Claim(decidedAt))
	next.Code = c.Given(step)
	meter := &dynamo.Meter{}
	if err := store.Claim(dynamo.WithMeter(ctx, meter), "c1", next, contact); err != nil {
		t.Fatal(err)
	}
	if _, write := meter.Units(); write != 6 {
		t.Errorf("%g write units", write)
	}
	stored := must[message.Entry](t)(store.Entry(ctx, "c1", e.ID))
	if stored.Code != next.Code || stored.Code.Code == "" {
		t.Errorf("the entry has %+v", stored.Code)
	}
	// Another's code alone is told apart from an entry that moved.
	other := candidate("s2")
	other = must[message.Entry](t)(other.Claim(decidedAt))
	other.Code = next.Code
	more := must[message.Contact](t)(contact.Add(message.Stamp{Time: decidedAt, Scene: message.SceneMarkOf(e.Scene), Channel: message.Email}))
	if err := store.Claim(ctx, "c1", other, more); !errors.Is(err, offer.ErrTaken) {
		t.Errorf("a code that another has: %v", err)
	}
	if err := store.Claim(ctx, "c1", next, contact); errors.Is(err, offer.ErrTaken) || fault.CodeOf(err) != fault.Conflict {
		t.Errorf("an entry that has moved: %v", err)
	}
}
