package fold

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"liuke/shared/customer"
	"liuke/shared/event"
	"liuke/shared/order"
	"liuke/shared/signal"
)

// Store keeps customers, orders and profiles.
type Store interface {
	// Load reads what is wanted, strongly consistent, in as few calls as it can. Each want has a state and an error of
	// its own.
	Load(ctx context.Context, wants []Want) ([]State, []error)
	// Write writes what a fold changes, each item on condition that it has not moved since the version before: the
	// customer's and the orders in one transaction, new traits with them, and traits that were there before ahead of
	// them. Records of consent are written in one transaction with the traits, or with the customer's item where the traits stay
	// as they are; one that is there already stays. It returns Conflict where one has moved; then nothing is written, but for
	// the traits perhaps and the records with them.
	Write(ctx context.Context, w *Write) error
	// Merge makes one customer stand for another, in one transaction on the same condition.
	Merge(ctx context.Context, m *Merge) error
	// Shorten writes an absorbed item's way to the one that stands for it, on the same condition.
	Shorten(ctx context.Context, rec *customer.Record) error
	// Group reads a group's traits, strongly consistent, and PutGroup writes them on the same condition.
	Group(ctx context.Context, id string) (customer.Profile, error)
	PutGroup(ctx context.Context, id string, p *customer.Profile) error
	// Seal keeps a new customer's key where the lake's readers find it.
	Seal(ctx context.Context, k customer.Key) error
	// Orders reads all of the order records under a customer's own id, strongly consistent.
	Orders(ctx context.Context, id customer.ID) ([]order.Record, error)
}

// MaxOrders and MaxConsents are how many orders and records of consent one Write takes: DynamoDB has 100 items a
// transaction, and the customer's item and traits are two.
const (
	MaxOrders   = 78
	MaxConsents = 20
)

// Folder folds events into a store.
type Folder struct {
	Settings
	Store Store
	// Named returns the names of the events that scenes ask for, beside those of which outreach is always told (event.Told);
	// nil for none. What cannot be read leaves the events for later.
	Named func(ctx context.Context) (map[string]bool, error)
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
	Dropped int          // traits that were left out, or pushed others out, because there were too many
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
	var named map[string]bool
	if f.Named != nil {
		var err error
		if named, err = f.Named(ctx); err != nil {
			for i := range outcomes {
				outcomes[i].Err = err
			}
			return outcomes
		}
	}
	groups := f.groups(events, named, outcomes)
	wants := make([]Want, len(groups))
	for i, g := range groups {
		wants[i] = want(g.changes)
	}
	states, errs := f.Store.Load(ctx, wants)
	all := chains(groups, states)
	f.each(len(all), func(i int) {
		for k, at := range all[i] {
			state, err := states[at], errs[at]
			if k > 0 { // what was folded before it in the chain may have moved it
				state, err = f.load(ctx, wants[at])
			}
			f.foldChain(ctx, groups[at], state, err, outcomes)
		}
	})
	return outcomes
}

// chains sorts the groups into those that must be folded one after the other, because they are about one customer, or
// are linked: the visitor and the user in one batch would only get in each other's way.
func chains(groups []*group, states []State) (all [][]int) {
	chainOf := map[customer.ID]int{}
	for i, g := range groups {
		names := []customer.ID{g.changes[0].customer, states[i].Customer.ID}
		for c := range g.changes {
			for _, l := range g.changes[c].links {
				names = append(names, l.from)
			}
		}
		names = slices.DeleteFunc(names, func(id customer.ID) bool { return id == "" }) // of who was erased, or not read
		chain := -1
		for _, name := range names {
			if other, ok := chainOf[name]; ok && other != chain {
				if chain >= 0 { // this group ties two chains together
					all[chain], all[other] = append(all[chain], all[other]...), nil
					for id, c := range chainOf {
						if c == other {
							chainOf[id] = chain
						}
					}
				} else {
					chain = other
				}
			}
		}
		if chain < 0 {
			chain, all = len(all), append(all, nil)
		}
		all[chain] = append(all[chain], i)
		for _, name := range names {
			chainOf[name] = chain
		}
	}
	return slices.DeleteFunc(all, func(c []int) bool { return c == nil })
}

// groups reads the events and groups them by customer, in order of appearance. What cannot be read is an outcome.
func (f *Folder) groups(events []event.Event, named map[string]bool, outcomes []Outcome) []*group {
	var first []*group
	last := map[customer.ID]*group{}
	orders, consents := map[*group]map[string]bool{}, map[*group]int{}
	for i := range events {
		c, err := f.read(&events[i], named)
		if err != nil {
			outcomes[i].Err = err
			continue
		}
		g := last[c.customer]
		full := g != nil && c.orderID != "" && !orders[g][c.orderID] && len(orders[g]) == MaxOrders
		full = full || g != nil && c.agrees && consents[g] == MaxConsents
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
		if c.agrees {
			consents[g]++
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
