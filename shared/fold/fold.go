// Package fold applies events to customers, once each in effect. It groups a batch of events by customer, reads each
// customer once, folds in memory, and writes once, on condition that nothing has moved since; where something has, it
// reads and folds again. What must be told to outreach comes back as signals only after the effect is durable.
//
// Money is exact whatever happens: an order event changes its order record and the customer's history in one
// transaction, and the record knows the events that made it, so that a replay changes nothing and emits the same
// signals. Events may arrive in any order. Traits are what their last event said.
//
// Activity counts once as long as the item in which it was counted remembers it: that is, among the last 64 counted
// there. A duplicate that comes later than that may count twice. An event that is fed again out of the lake counts as no
// activity at all: it was counted before it came to the lake.
//
// The signs of how a customer fares count as the activity that they are. Opinions and the first campaign may be noted any
// number of times, so that a replay teaches them too, and birthday and declared channel are the traits' own.
//
// Identities merge: identify links a visitor to a user unless that visitor was absorbed before, alias links whoever was
// named before to the one named now. The links of the same events make the same groups in any order and any number of
// times, cycles included, but for a visitor whom events identify with several users: the first to arrive has it. A
// merge is one transaction; money stays exact through it, for an order that stands under several of the merged is the
// union of its records, and counts once. New changes of an order go to the survivor's own record. Activity stays exact
// as well, as long as an event names the same visitor, or where it names none the same user, each time it comes; that
// the user's id comes to the visitor's with a redelivery changes nothing where the two are one. Not so where they are
// not, nor where equal message ids come under the names of two customers: these are two events, though the customers
// are merged since. An item that was merged more than MaxVia times over looks no further back than that for what it has
// counted.
//
// The erased stay erased: an event of theirs has no effect, and its outcome says so. What came in by another id that
// was never linked to them is another customer's.
//
// Folding is pure (apply); reading and writing is a Store's part, waiting a Sleeper's.
package fold

import (
	"time"

	"liuke/shared/money"
)

// Settings are the business's own.
type Settings struct {
	Zone  *time.Location // in which days begin
	Money *money.Rates   // what all money is counted in, and what other currencies are worth
}
