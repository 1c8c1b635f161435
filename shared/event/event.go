// Package event defines what the suite takes in: one canonical event, whatever the client's dialect, its validation,
// and its packing into queue messages. It knows HTTP bodies as bytes and queues not at all.
//
// A body is read in one pass and in memory proportional to its size, however hostile it is. What a client wrote in
// properties, traits and context is kept as it was written. A flaw of one event (a key written twice, invalid UTF-8,
// nesting beyond MaxDepth, a field out of bounds) refuses that event alone, with a JSON pointer to it; only a body that
// is not JSON, or nested beyond what any decoder follows, or not of the call's shape, is refused as a whole. What passes
// is valid for every JSON decoder and for SQS.
//
// An event is identified by its customer, as the event names it, and its message id, and one about an order by the
// order's id besides: a change counts once within its order, whatever else of the customer has the same message id, and
// activity once within the ids that the customer's item remembers. A second event with the identity of an earlier one in
// the same body is a duplicate where it says the same (type, name, properties, traits), and is refused, never dropped in
// silence, where it says something else; from one body to the next the first to come counts.
//
// An event without a message id of its own gets one from its content, so that sending it again changes nothing; two
// equal events without id and timestamp are therefore one event.
//
// A customer's id is taken as it is written. What would make one person two, or two persons one, is refused with its
// reason: white space around it, half of a surrogate pair, control characters. A whole number is the id of its digits.
package event

import (
	"encoding/json"
	"time"

	"liuke/shared/customer"
)

// MessageID identifies an event: two events with the same MessageID of one customer are the same event, unless they are
// about different orders.
type MessageID string

// Type is the call by which the event came, as in Segment's tracking API.
type Type string

// The types of event.
const (
	Identify Type = "identify" // Traits describe the customer
	Track    Type = "track"    // Name and Properties say what the customer did
	Page     Type = "page"     // Name, which may be "", and Properties say which page of a site the customer looked at
	Screen   Type = "screen"   // the same of an app's screen
	Group    Type = "group"    // Traits describe the Group that the customer belongs to
	Alias    Type = "alias"    // Previous is another id of the customer's; no activity
)

// Names of track events that mean more than activity.
const (
	OrderCompleted = "Order Completed"
	OrderUpdated   = "Order Updated"
	OrderRefunded  = "Order Refunded"
	OrderCancelled = "Order Cancelled"
	SurveyAnswered = "Survey Answered" // made of stored answers and by imports alone; see survey.Answer.Event for its Properties
	AnswerStored   = "Answer Stored"   // emitted by the survey function alone: points to an answer; Properties: survey, invitation, revision
	Unsubscribed   = "Unsubscribed"    // emitted by the customers' own pages alone; Properties: channel, topic ("" for the whole channel), proof

	PreferencesChanged = "Preferences Changed" // emitted by the customers' own pages and keywords alone; Properties: see consent.Preferences
)

// Names of track events that are activity and say besides how a customer fares (see customer.Sign). ProductReviewed is of
// Segment's Ecommerce specification.
const (
	TicketOpened    = "Ticket Opened"
	TicketResolved  = "Ticket Resolved"
	ComplaintFiled  = "Complaint Filed"
	DeviceAlert     = "Device Alert"
	CheckedIn       = "Checked In"
	Referred        = "Referred"
	ProductReviewed = "Product Reviewed"
)

// Names of track events that are activity and may set off a scene (see Told).
const (
	OrderDelivered   = "Order Delivered"
	ReturnCompleted  = "Return Completed"
	MaintenanceDue   = "Maintenance Due"   // of a device that the customer has
	ReferralAccepted = "Referral Accepted" // of the one who came by another's word; Referred is the other's
)

// Event is one thing that a customer did or said, in canonical form. At most one of User and Anonymous is empty. Ids
// are at most customer.MaxIDBytes long; a Previous that is longer than an Anonymous may be is no visitor's.
type Event struct {
	ID         MessageID       `json:"id"`
	Type       Type            `json:"type"`
	Name       string          `json:"name,omitempty"`       // of a Track event; of a Page or Screen event, "" where it has none
	Category   string          `json:"category,omitempty"`   // of a Page or Screen event, "" where it has none
	User       string          `json:"user,omitempty"`       // userId
	Anonymous  string          `json:"anonymous,omitempty"`  // anonymousId
	Previous   string          `json:"previous,omitempty"`   // previousId of an Alias event: a user's id or a visitor's
	Group      string          `json:"group,omitempty"`      // groupId of a Group event
	Time       time.Time       `json:"time"`                 // when it happened, corrected by our clock, UTC
	Received   time.Time       `json:"received"`             // when we took it in, UTC
	Source     Source          `json:"source"`               // how it came
	Import     bool            `json:"import,omitempty"`     // history: sets off no scene
	Replay     bool            `json:"replay,omitempty"`     // fed again out of the lake: sets off no scene and is no activity
	Properties json.RawMessage `json:"properties,omitempty"` // of a Track, Page or Screen event, as it came
	Traits     json.RawMessage `json:"traits,omitempty"`     // of an Identify or Group event, as it came
	Context    json.RawMessage `json:"context,omitempty"`    // as it came
}

// Source says by which door an event came in.
type Source string

// The sources.
const (
	SourceSegment Source = "segment" // the tracking API
	SourceSurvey  Source = "survey"  // the survey function
)

// anonymousPrefix sets the customers of anonymous visitors apart; no userId may begin with it.
const anonymousPrefix = "anonymous:"

// Customer returns whose event it is: the user, or for an anonymous visitor a customer of that visitor's own.
func (e *Event) Customer() customer.ID {
	if e.User != "" {
		return customer.ID(e.User)
	}
	return customer.ID(anonymousPrefix + e.Anonymous)
}

// Pack is the body of one message on the events queue. Reason says why a poison event travels alone.
type Pack struct {
	Events []Event `json:"events"`
	Reason string  `json:"reason,omitempty"`
}

// Rejected is an event that was refused, as the lake keeps it: the raw event and the reason.
type Rejected struct {
	Received time.Time       `json:"received"`
	Reason   string          `json:"reason"`
	Pointer  string          `json:"pointer,omitempty"`
	Event    json.RawMessage `json:"event"`
}
