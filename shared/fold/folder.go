package fold

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"liuke/shared/customer"
	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/order"
	"liuke/shared/signal"
)

// Store keeps customers, orders and profiles.
type Store interface {
	// Load reads what is wanted, strongly consistent, in as few calls as it can. Each want has a state and an error of
	// its own.
	Load(ctx context.Context, wants []Want) ([]State, []error)
	// Commit writes a customer's item and orders in one transaction, each on condition that it has not moved since the
	// version before. It returns Conflict where one has, and then nothing is written. Where it returns Unavailable, all
	// or nothing may have been written.
	Commit(ctx context.Context, rec *customer.Record, orders []order.Record) error
	// PutProfile writes the traits on the same condition.
	PutProfile(ctx context.Context, id customer.ID, p *customer.Profile) error
	// Seal keeps a new customer's key where the lake's readers find it.
	Seal(ctx context.Context, k customer.Key) error
	// Orders reads all of a customer's orders, strongly consistent.
	Orders(ctx context.Context, id customer.ID) ([]order.Record, error)
}

// MaxOrders is how many orders one Commit takes: DynamoDB has 100 items a transaction, and the customer is one.
const MaxOrders = 99

// Folder folds events into a store.
type Folder struct {
	Settings
	Store Store
	// Sleep waits before a conflict is folded again, and returns early with the context's error.
	Sleep func(ctx context.Context, d time.Duration) error
	// Random is where the keys of new customers come from: crypto/rand's Reader, which several may read at once.
	Random io.Reader
	// Jitter returns a number in [0, 1) that spreads those waits.
	Jitter func() float64
	// Concurrency is how many customers are folded at a time; 0 is 8.
	Concurrency int
}

// Outcome is what became of one event: an error (Invalid is final, the retryable ones leave it for later), or the
// signals that it gives, now that its effect is durable. A replay of what was folded before has the same outcome.
type Outcome struct {
	Err     error
	Signals []signal.Signal
	Key     customer.Key // of the customer as the event names it; zero where Err is set or Erased
	Erased  bool         // the customer was erased: the event was dropped and must be kept nowhere
}

// group is the events of one customer of a batch, few enough for one transaction.
type group struct {
	changes []change
	at      []int // where each came in the batch
	next    *group
}

// Fold folds a batch of events and returns each one's outcome. One customer's trouble does not touch another's.
func (f *Folder) Fold(ctx context.Context, events []event.Event) []Outcome {
	outcomes := make([]Outcome, len(events))
	groups := f.groups(events, outcomes)
	wants := make([]Want, len(groups))
	for i, g := range groups {
		wants[i] = want(g.changes)
	}
	states, errs := f.Store.Load(ctx, wants)
	f.each(len(groups), func(i int) {
		f.foldChain(ctx, groups[i], states[i], errs[i], outcomes)
	})
	return outcomes
}

// groups reads the events and groups them by customer, in order of appearance. What cannot be read is an outcome.
func (f *Folder) groups(events []event.Event, outcomes []Outcome) []*group {
	var first []*group
	last := map[customer.ID]*group{}
	orders := map[*group]map[string]bool{}
	for i := range events {
		c, err := f.read(&events[i])
		if err != nil {
			outcomes[i].Err = err
			continue
		}
		g := last[c.customer]
		full := g != nil && c.orderID != "" && !orders[g][c.orderID] && len(orders[g]) == MaxOrders
		if g == nil || full {
			g = &group{}
			orders[g] = map[string]bool{}
			if before := last[c.customer]; before != nil {
				before.next = g
			} else {
				first = append(first, g)
			}
			last[c.customer] = g
		}
		if c.orderID != "" {
			orders[g][c.orderID] = true
		}
		g.changes, g.at = append(g.changes, c), append(g.at, i)
	}
	return first
}

// each runs work for 0 to n-1, some at a time. A panic of one is raised again here, once all are done.
func (f *Folder) each(n int, work func(i int)) {
	limit := f.Concurrency
	if limit == 0 {
		limit = 8
	}
	if limit == 1 || n == 1 {
		for i := range n {
			work(i)
		}
		return
	}
	var panicked any
	var once sync.Once
	var wg sync.WaitGroup
	next := make(chan int)
	for range min(limit, n) {
		wg.Go(func() {
			for i := range next {
				func() {
					defer func() {
						if p := recover(); p != nil {
							once.Do(func() { panicked = p })
						}
					}()
					work(i)
				}()
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
	if panicked != nil {
		panic(fmt.Sprintf("fold: %T", panicked)) // the value itself may hold personal data
	}
}

// foldChain folds all of one customer's events, one transaction's worth after the other.
func (f *Folder) foldChain(ctx context.Context, g *group, state State, err error, outcomes []Outcome) {
	for {
		f.foldGroup(ctx, g, state, err, outcomes)
		if g = g.next; g == nil {
			return
		}
		state, err = f.load(ctx, want(g.changes))
	}
}

func (f *Folder) foldGroup(ctx context.Context, g *group, state State, err error, outcomes []Outcome) {
	var after State
	var errs []error
	var key newKey
	for attempt := 0; err == nil; attempt++ {
		if after, errs, err = f.try(ctx, g, state, &key); err == nil {
			break
		}
		if err = f.pause(ctx, attempt, err); err == nil {
			state, err = f.load(ctx, want(g.changes))
		}
	}
	for i, at := range g.at {
		o := &outcomes[at]
		switch {
		case err != nil:
			o.Err = err
		case errs[i] != nil:
			o.Err = errs[i]
		default:
			o.Signals, o.Err = f.signals(&g.changes[i], &after)
			o.Key = after.Customer.Key
		}
	}
}

// try folds a group into a state once. It returns the state after, and what is wrong with each change.
func (f *Folder) try(ctx context.Context, g *group, state State, key *newKey) (after State, errs []error, err error) {
	keyless, err := f.give(&state.Customer, key)
	if err != nil {
		return state, nil, err
	}
	w, after, errs := f.apply(state, g.changes, keyless)
	if w.Customer != nil && keyless {
		if err := f.keep(ctx, key); err != nil {
			return state, nil, err
		}
	}
	return after, errs, f.persist(ctx, state.Customer.ID, w)
}

// newKey is a key made for a customer without one; all attempts at folding share it.
type newKey struct {
	customer.Key
	kept bool // where the lake's readers find it
}

// give puts a key into a customer's item that has none, and says whether it had none.
func (f *Folder) give(rec *customer.Record, k *newKey) (keyless bool, err error) {
	if !rec.Key.IsZero() {
		return false, nil
	}
	if k.IsZero() {
		if k.Key, err = customer.NewKey(f.Random); err != nil {
			return true, err
		}
	}
	rec.Key = k.Key
	return true, nil
}

// keep makes a new key readable before any item carries it.
func (f *Folder) keep(ctx context.Context, k *newKey) error {
	if k.kept {
		return nil
	}
	err := f.Store.Seal(ctx, k.Key)
	k.kept = err == nil
	return err
}

func (f *Folder) load(ctx context.Context, w Want) (State, error) {
	states, errs := f.Store.Load(ctx, []Want{w})
	return states[0], errs[0]
}

func (f *Folder) persist(ctx context.Context, id customer.ID, w Write) error {
	if w.Profile != nil {
		if err := f.Store.PutProfile(ctx, id, w.Profile); err != nil {
			return err
		}
	}
	if w.Customer == nil {
		return nil
	}
	return f.Store.Commit(ctx, w.Customer, w.Orders)
}

// maxAttempts is how often a conflict is folded in place before it goes back to the queue.
const maxAttempts = 8

// pause waits before the next attempt where err is a conflict; it returns an error where there is to be none.
func (f *Folder) pause(ctx context.Context, attempt int, err error) error {
	if fault.CodeOf(err) != fault.Conflict || attempt+1 >= maxAttempts {
		return err
	}
	longest := min(20*time.Millisecond<<attempt, time.Second)
	if f.Sleep(ctx, time.Duration(f.Jitter()*float64(longest))) != nil {
		return err
	}
	return nil
}
