// Package customer is what the suite knows of one customer: who that is, the purchase history by day, the activity by
// month, which events were counted, the standing scores, and the profile with consent. All of it is pure: folding
// events into it is package fold's part, and keeping it package dynamo's.
//
// Money is exact: a history is the sum of the customer's orders, whatever the order of arrival. Activity counts once as
// long as the event's id is among the last 64 that the customer's item remembers; a duplicate that comes later than that
// may count twice. No event is dropped for it.
package customer

// Record is a customer's item in the table Customers: all that a recalculation reads.
type Record struct {
	ID       ID
	Version  int64    // +1 with each fold; 0 for a customer that is not stored yet
	History  History  // what was ordered
	Activity Activity // what was done otherwise
	Seen     int64    // when the first event happened, Unix seconds; 0 for none
	Last     int64    // when the last event happened, Unix seconds; 0 for none
	IDs      Memory   // the activity events that were counted lately
	Key      Key      // made with the item
	Scores   Scores   // written by recalculations alone
}

// Scores is the standing verdict on a customer. The zero value says that there is none yet.
type Scores struct {
	R, F, M int    // 1 to the number of bins, 0 for none
	Segment string // label in the model rfm10
	Risk    string // band of churn risk
	Value   string // band of customer value
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
	c.History, c.Activity = r.History.Clone(), r.Activity.Clone()
	return c
}
