package message

import "liuke/shared/customer"

// Dossier is what is read of one customer before a message is decided on or sent. An entry belongs to the customer whom
// its signal names, for good, so that the same signal finds it again; who is asked for consent, is counted against the
// caps and is written to is the person, which is another customer where the one that is named was absorbed since.
type Dossier struct {
	Erased  bool        // the person was erased: nothing else is set, and nothing may be sent or written any more
	Person  customer.ID // who stands for the customer
	Profile customer.Profile
	Scores  customer.Scores
	History customer.History // what the person ordered; not read where many dossiers are at once
	Contact Contact
	Entries map[string]Entry // the customer's own, by id; what is not stored is absent
}

// Wanted says what to read into a dossier.
type Wanted struct {
	Customer customer.ID
	Entries  []string // ids, at most 50
}

// Ref names an entry of the ledger.
type Ref struct {
	Customer customer.ID `json:"customer"`
	Entry    string      `json:"entry"`
}

// Address is where a channel reaches a customer.
type Address struct {
	Channel Channel
	Address string
}
