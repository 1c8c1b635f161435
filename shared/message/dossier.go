package message

import "liuke/shared/customer"

// Dossier is what is read of one customer before a message is decided on or sent.
type Dossier struct {
	Profile customer.Profile
	Scores  customer.Scores // zero where they were not asked for
	Contact Contact
	Entries map[string]Entry // by id; what is not stored is absent
}

// Wanted says what to read into a dossier. The profile and the contact record always are.
type Wanted struct {
	Customer customer.ID
	Entries  []string // ids, at most 50
	Scores   bool
}
