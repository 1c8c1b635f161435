package budget

import "hash/fnv"

// Why a message is held for want of money: reasons of verdicts.
const (
	ReasonSpent    = "budget_spent"
	ReasonDear     = "budget_too_dear"
	ReasonUnpriced = "budget_unpriced"
)

// Counter names one counter of an account.
type Counter struct {
	Account string `json:"account"`
	Shard   int    `json:"shard"`
}

// Reservation is money that is set aside for one message, or for a batch: the ledger's entry keeps it until it is settled or
// released. The zero value is of nothing.
type Reservation struct {
	Cost     Micro     `json:"cost"`
	Counters []Counter `json:"counters,omitempty"` // one of each account; Cost is in each of them
}

// Take splits the reservation of a batch: part is for one message of the cost, and rest for the others. It is not ok, and
// changes nothing, where less is left.
func (r Reservation) Take(cost Micro) (part, rest Reservation, ok bool) {
	if cost < 0 || cost > r.Cost {
		return Reservation{}, r, false
	}
	return Reservation{cost, r.Counters}, Reservation{r.Cost - cost, r.Counters}, true
}

// Change is an addition to one counter.
type Change struct {
	Counter
	Delta Micro
}

// Settle returns what the counters are to be changed by when the message turned out to cost the actual amount: nothing where
// that is what was reserved. The changes have no condition, and are written in one transaction with the entry's step to a
// state in which it has nothing reserved any more, so that they are made once.
func (r Reservation) Settle(actual Micro) (changes []Change) {
	if actual == r.Cost {
		return nil
	}
	for _, c := range r.Counters {
		changes = append(changes, Change{c, actual - r.Cost})
	}
	return changes
}

// Release returns the changes that take the reservation back, of a message that was not sent; as Settle of nothing.
func (r Reservation) Release() []Change { return r.Settle(0) }

// Action is what a step of reserving does.
type Action int

// The actions. Reserving ends with Reserved, with Spent or with Dear.
const (
	Add      Action = iota // add Delta to the counter, on condition that it is at most AtMost, which is not below 0, or does not exist; tell Added or Full
	Undo                   // add Delta, which is negative, to the counter, without condition; tell Undone
	Reserved               // the money is set aside: Reserve.Reservation
	Spent                  // Account has no room for it: hold the message for ReasonSpent
	Dear                   // it costs more than a message may: hold it for ReasonDear
)

// Step is what reserving does next.
type Step struct {
	Action Action
	Counter
	Delta  Micro
	AtMost Micro
}

// Reserve sets money aside in all accounts of a message, or in none. It does nothing itself: Next says what is to be done, and
// the caller tells what came of it. Where nobody can tell whether an Add was made, tell Full: if it was, its cost is lost to
// the limit, and never spent twice. The same holds for an Undo, for which Undone is told either way.
type Reserve struct {
	accounts []Account
	cost     Micro
	dear     bool
	home     uint32

	held  []Counter
	tried int // counters of the account that had no room
	spent bool
	out   string // the account that had none
}

// NewReserve begins to set the cost of so many messages aside for an entry, which is at most l.Dearest each. The accounts are
// l.Accounts.
func (l *Limits) NewReserve(accounts []Account, entry string, cost Micro, messages int) *Reserve {
	h := fnv.New32a()
	h.Write([]byte(entry))
	n := Micro(max(messages, 1))
	dear := cost < 0 || cost/n > l.Dearest || cost/n == l.Dearest && cost%n > 0
	r := &Reserve{accounts: accounts, cost: cost, home: h.Sum32(), dear: dear}
	r.pass()
	return r
}

// Next returns what is to be done next. It changes nothing.
func (r *Reserve) Next() Step {
	switch {
	case r.dear:
		return Step{Action: Dear}
	case r.spent && len(r.held) > 0:
		return Step{Action: Undo, Counter: r.held[len(r.held)-1], Delta: -r.cost}
	case r.spent:
		return Step{Action: Spent, Counter: Counter{Account: r.out}}
	case r.cost == 0 || len(r.held) == len(r.accounts):
		return Step{Action: Reserved}
	}
	counter, atMost := r.counter()
	return Step{Action: Add, Counter: counter, Delta: r.cost, AtMost: atMost}
}

// counter is the one to try next, and the most that it may hold for the cost to fit.
func (r *Reserve) counter() (c Counter, atMost Micro) {
	a := &r.accounts[len(r.held)]
	shard := int((uint64(r.home) + uint64(r.tried)) % uint64(a.Shards))
	return Counter{a.ID, shard}, a.quota(shard) - r.cost
}

// pass goes by the counters whose whole quota is less than the cost, so that a step's AtMost is never below 0 and a counter
// that does not exist yet has room.
func (r *Reserve) pass() {
	for !r.spent && len(r.held) < len(r.accounts) {
		if _, atMost := r.counter(); atMost >= 0 {
			return
		}
		r.next()
	}
}

func (r *Reserve) next() {
	a := &r.accounts[len(r.held)]
	if r.tried++; r.tried == a.Shards {
		r.spent, r.out = true, a.ID
	}
}

// Added tells that the counter has it.
func (r *Reserve) Added() {
	r.held = append(r.held, r.Next().Counter)
	r.tried = 0
	r.pass()
}

// Full tells that the counter had no room.
func (r *Reserve) Full() {
	r.next()
	r.pass()
}

// Undone tells that the counter was changed back.
func (r *Reserve) Undone() { r.held = r.held[:len(r.held)-1] }

// Reservation is what was set aside, once Next says Reserved.
func (r *Reserve) Reservation() Reservation { return Reservation{r.cost, r.held} }
