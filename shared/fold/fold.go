// Package fold applies events to customers, once each in effect. It groups a batch of events by customer, reads each
// customer once, folds in memory, and writes once, on condition that nothing has moved since; where something has, it
// reads and folds again. What must be told to outreach comes back as signals only after the effect is durable.
//
// Money is exact whatever happens: an order event changes its order record and the customer's history in one
// transaction, and the record knows the events that made it, so that a replay changes nothing and emits the same
// signals. Activity counts once as long as the event is among the last 64 that the customer's item remembers; a
// duplicate that comes later than that may count twice. Events may arrive in any order. Traits are what their last
// event said.
//
// Folding is pure (Apply); reading and writing is a Store's part, waiting a Sleeper's.
package fold

import (
	"time"

	"liuke/shared/customer"
	"liuke/shared/money"
	"liuke/shared/order"
)

// Settings are the business's own.
type Settings struct {
	Zone  *time.Location // in which days begin
	Money *money.Rates   // what all money is counted in, and what other currencies are worth
}

// Want names what folding some events of one customer reads.
type Want struct {
	Customer customer.ID
	Orders   []string // order ids, each once
	Profile  bool     // whether the traits are needed
}

// State is what is stored of a customer, as far as it was wanted. What is not stored is at Version 0.
type State struct {
	Customer customer.Record
	Orders   map[string]order.Record
	Profile  customer.Profile
}

// Write is what a fold changes. Versions are those of the new items, each one more than what was read.
type Write struct {
	Customer *customer.Record  // nil where the item stays as it is; never nil where there are orders
	Orders   []order.Record    // written in one transaction with the customer
	Profile  *customer.Profile // nil where the traits stay as they are
}
