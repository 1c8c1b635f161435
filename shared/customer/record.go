// Package customer is what the suite knows of one customer: who that is, the purchase history by day, the activity by
// month, the signs of how the customer fares, which events were counted, the standing scores, and the profile with
// consent. All of it is pure: folding
// events into it is package fold's part, and keeping it package dynamo's.
//
// Money is exact: a history is the sum of the customer's orders, whatever the order of arrival. Activity counts once as
// long as the event's id is among the last 64 that the customer's item remembers; a duplicate that comes later than that
// may count twice. No event is dropped for it.
//
// One person may be known by several ids: as a visitor on each device, as a user, as another user. Merging makes one of
// them stand for all (Record.Absorb): it sums their histories and activity and joins their traits, and the absorbed
// item keeps nothing but the way to it, its key, and its own memory of events.
package customer

import "slices"

// Record is a customer's item in the table Customers: all that a recalculation reads.
type Record struct {
	ID       ID
	Version  int64    // +1 with each fold; 0 for a customer that is not stored yet
	History  History  // what was ordered
	Activity Activity // what was done otherwise
	Signs    Signs    // what some of that, and the traits, say of how the customer fares
	Seen     int64    // when the first event happened, Unix seconds; 0 for none
	Last     int64    // when the last event happened, Unix seconds; 0 for none
	IDs      Memory   // the activity events that were counted lately
	Key      Key      // made with the item
	Into     ID       // whom the customer was absorbed by; "" for one that stands for itself
	Via      []ID     // of one absorbed: others on the way to Into, whose items remember events as well
	Absorbed []ID     // those absorbed, by whatever way, that had order records then
	Erased   int64    // when the customer was erased, Unix seconds; 0 for one that was not
	Scores   Scores   // written by recalculations alone
}

// Scores is the standing verdict on a customer. The zero value says that there is none yet.
type Scores struct {
	R, F, M int    // 1 to the number of bins, 0 for none
	Segment string // label in the model rfm10
	Risk    string // band of churn risk
	Labels  string // labels in the other segment models, as recalculations spell them; "" for none
	Run     int64  // start of the run that wrote them, Unix milliseconds
}

// Touch notes that an event happened at the second.
func (r *Record) Touch(second int64) {
	if r.Seen == 0 || second < r.Seen {
		r.Seen = second
	}
	if r.Last == 0 || second > r.Last {
		r.Last = second
	}
}

// Clone returns a copy that shares nothing with r.
func (r *Record) Clone() Record {
	c := *r
	c.History, c.Activity, c.Signs = r.History.Clone(), r.Activity.Clone(), r.Signs.Clone()
	c.Via, c.Absorbed = slices.Clone(r.Via), slices.Clone(r.Absorbed)
	return c
}

// Absorb takes over what another customer did: its history, activity and signs, its first and last moments, and the ids
// under which it kept orders, its own among them where it had any. What is counted under both must be taken back by the
// caller, and what the traits say be taken from those of both. It returns what is left of the other.
func (r *Record) Absorb(other *Record, hadOrders bool) (left Record) {
	r.History.Merge(&other.History)
	r.Activity.Merge(&other.Activity)
	r.Signs.Merge(&other.Signs)
	if other.Seen != 0 {
		r.Touch(other.Seen)
		r.Touch(other.Last)
	}
	more := other.Absorbed
	if hadOrders {
		more = append(slices.Clone(more), other.ID)
	}
	for _, id := range more {
		if !slices.Contains(r.Absorbed, id) {
			r.Absorbed = append(r.Absorbed, id)
		}
	}
	return Record{ID: other.ID, Version: other.Version, Into: r.ID, IDs: other.IDs, Key: other.Key}
}
