package message

import "time"

// Why an address is suppressed, as it is kept. Any other reason is the code of a provider that refused a message to the address.
const (
	SuppressedBounce       = "bounce"               // a mail bounced for good
	SuppressedComplaint    = "complaint"            // the recipient called a mail spam
	SuppressedInvalid      = "invalid_number"       // the number is none, or takes no texts
	SuppressedImportBounce = "imported_bounce"      // another tool's file says that it bounces
	SuppressedImportLeft   = "imported_unsubscribe" // another tool's file says that its owner has unsubscribed
)

// Suppression is why an address must not be sent to. The zero value is of an address that may.
type Suppression struct {
	Reason  string    // the first that was told
	Since   time.Time // when that was so; zero where none was told
	Stopped time.Time // when its owner asked for silence by a word, zero where none was said or it was taken back since
}

// Holds reports whether the address must not be sent to.
func (s Suppression) Holds() bool { return !s.Since.IsZero() || !s.Stopped.IsZero() }
