package fold

import (
	"slices"

	"liuke/shared/consent"
	"liuke/shared/customer"
	"liuke/shared/message"
	"liuke/shared/order"
)

// Want names what folding some events of one customer reads.
type Want struct {
	Customer customer.ID   // as the events name it
	Orders   []string      // order ids, each once
	Profile  bool          // whether the traits are needed
	Contact  bool          // whether the contact record is needed
	Others   []customer.ID // items to be read as they stand, without following whom they were absorbed by
}

// State is what is stored of a customer, as far as it was wanted. What is not stored is at Version 0.
type State struct {
	// Customer is the item that stands for the customer that was named: its own, or that of whom it was absorbed by.
	Customer customer.Record
	// Path is the items on the way to Customer, that of the customer that was named first; empty where that stands for
	// itself. They remember events, too.
	Path []customer.Record
	// Hops is how many items had to be followed one after the other.
	Hops int
	// Erased says that the customer was erased; nothing else is set then.
	Erased  bool
	Orders  map[string]order.Record   // Customer's own records
	Kept    map[string][]order.Record // records of the same orders under those that Customer absorbed
	Profile customer.Profile
	Contact message.Contact
	Others  map[customer.ID]customer.Record // those of Want.Others that have an item
}

// Order is an order as all of the customer's records make it.
func (s *State) Order(id string) order.Record { return union(s.Orders[id], s.Kept[id]) }

func union(own order.Record, kept []order.Record) order.Record {
	switch {
	case len(kept) == 0:
		return own
	case own.ID == "":
		return order.Union(kept...)
	}
	return order.Union(append(slices.Clone(kept), own)...)
}

// Key is the key of the customer as the events name it.
func (s *State) Key() customer.Key {
	if len(s.Path) > 0 {
		return s.Path[0].Key
	}
	return s.Customer.Key
}

// remembers reports whether any of the customer's items, or that of the actor, remembers an event.
func (s *State) remembers(actor customer.ID, id string) bool {
	other := s.Others[actor]
	return s.Customer.IDs.Has(actor, id) || other.IDs.Has(actor, id) ||
		slices.ContainsFunc(s.Path, func(r customer.Record) bool { return r.IDs.Has(actor, id) })
}

// Write is what a fold changes. Versions are those of the new items, each one more than what was read.
type Write struct {
	Customer *customer.Record  // nil where nothing changes
	Orders   []order.Record    // written in one transaction with the customer
	Profile  *customer.Profile // nil where the traits stay as they are
	Consents []consent.Record  // what the customer said of consent, each once for good; written in one transaction with the traits
}

// Merge is what making one customer stand for another writes, in one transaction. Versions are those of the new items.
type Merge struct {
	Survivor customer.Record
	Absorbed customer.Record   // what is left of it
	Profile  *customer.Profile // the survivor's; nil where it stays as it is
	Contact  *message.Contact  // the survivor's; nil where it stays as it is
}
