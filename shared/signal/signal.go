// Package signal defines what one function tells outreach: that something happened to a customer which a scene may
// answer. Signals are a pure function of their cause, so that a replay sends them again with the same id, and the
// ledger of messages lets each have its effect once.
package signal

import (
	"encoding/json"
	"time"

	"liuke/shared/customer"
)

// Kind says what happened.
type Kind string

// The kinds of signal.
const (
	OrderPlaced    Kind = "order_placed"     // Data: OrderData
	OrderChanged   Kind = "order_changed"    // Data: OrderData
	SegmentChanged Kind = "segment_changed"  // Data: SegmentData
	AnswerGiven    Kind = "answer_given"     // Data: AnswerData
	RiskChanged    Kind = "risk_changed"     // Data: RiskData
	Occasion       Kind = "occasion"         // Data: OccasionData
	Happened       Kind = "event"            // Data: EventData
	Requested      Kind = "survey_requested" // Data: RequestData
	TaskDue        Kind = "task_due"         // Data: TaskData
	Campaign       Kind = "campaign"         // Data: CampaignData
	ClaimsDue      Kind = "claims_due"       // Data: outreach's own
)

// Schedule is what a scene names that a campaign is run of by the clock. No signal is of this kind: what outreach is told is
// the Campaign.
const Schedule Kind = "schedule"

// Signal is one occurrence. ID is made from the cause alone (see OrderID, SegmentID and their like); Time is when it
// happened, not when it was noticed, and of a change of an order when that was placed.
type Signal struct {
	ID       string          `json:"id"`
	Kind     Kind            `json:"kind"`
	Customer customer.ID     `json:"customer"`
	Time     time.Time       `json:"time"`
	Data     json.RawMessage `json:"data,omitempty"`
	Scene    string          `json:"scene,omitempty"` // set on a deferred signal that came due: for this scene alone
	Step     int             `json:"step,omitempty"`  // of that scene, where the signal came due for a later one
	Came     string          `json:"came,omitempty"`  // id of the signal that a step waited for, where that is why it is due
}

// Pack is the body of one message on the signals queue.
type Pack struct {
	Signals []Signal `json:"signals"`
}

// OrderData goes with OrderPlaced, and with OrderChanged, which says that an order was edited, given back or cancelled: the order
// as it stands now. Of several about one order, the one of the highest Version is the latest.
type OrderData struct {
	Order    string `json:"order"`
	Amount   int64  `json:"amount"`            // in minor units of Currency
	Currency string `json:"currency"`          // the order's own
	Worth    int64  `json:"worth"`             // Amount in minor units of the business's currency
	First    bool   `json:"first"`             // the customer's first order
	Version  int64  `json:"version,omitempty"` // how many changes of the order are known
	Void     bool   `json:"void,omitempty"`    // cancelled, or given back whole
}

// SegmentData goes with SegmentChanged: the labels of one model before and after a run.
type SegmentData struct {
	Run   string `json:"run"`
	Model string `json:"model"` // "rfm10"
	From  string `json:"from"`
	To    string `json:"to"`
}

// AnswerData goes with AnswerGiven.
type AnswerData struct {
	Survey     string `json:"survey"`
	Kind       string `json:"kind,omitempty"` // what the survey measures, such as "nps"; "" where it measures nothing
	Invitation string `json:"invitation"`
	Score      int    `json:"score"` // on the scale of the kind; 0 without one
	Complete   bool   `json:"complete,omitempty"`
}

// RiskData goes with RiskChanged: the bands of churn risk before and after a run.
type RiskData struct {
	Run  string `json:"run"`
	From string `json:"from"` // "" where none stood
	To   string `json:"to"`
}

// OccasionData goes with Occasion: a day of the calendar that is worth a word (see package occasion).
type OccasionData struct {
	Kind   string `json:"kind"`             // such as "birthday"
	Day    string `json:"day"`              // that it is about, as 2026-05-17
	Number int64  `json:"number,omitempty"` // how many years, orders or days, or which year, by the kind
}

// EventData goes with Happened: an event that its name alone makes worth an answer, such as "Ticket Resolved".
type EventData struct {
	Event   string `json:"event"`             // its name
	Subject string `json:"subject,omitempty"` // what it is about: a ticket's id, or an order's
}

// RequestData goes with Requested: somebody wants the customer asked.
type RequestData struct {
	Survey     string `json:"survey"`
	Invitation string `json:"invitation"`
	Node       string `json:"node,omitempty"`  // of the service, such as "ticket_resolved"
	Again      bool   `json:"again,omitempty"` // asked again once because a task about the customer's answer is done
}

// TaskData goes with TaskDue: a task's time has come.
type TaskData struct {
	Task string `json:"task"`
}

// CampaignData goes with Campaign: the customer is one of those whom a run of a scene is for.
type CampaignData struct {
	Run   string `json:"run"`
	Scene string `json:"scene,omitempty"` // that it is a run of
}

// CampaignID is the id of the signal that a run of a campaign reaches a customer.
func CampaignID(run string) string { return "campaign:" + run }

// OrderID is the id of the signal that an order was placed.
func OrderID(order string) string { return "order:" + order }

// OrderChangedID is the id of the signal that an event changed an order.
func OrderChangedID(order, event string) string { return "order_changed:" + order + ":" + event }

// SegmentID is the id of the signal that a run changed a customer's label.
func SegmentID(run, model string) string { return "segment:" + run + ":" + model }

// AnswerID is the id of the signal that an invitation was answered.
func AnswerID(survey, invitation string) string { return "answer:" + survey + ":" + invitation }

// RiskID is the id of the signal that a run changed a customer's band of churn risk.
func RiskID(run string) string { return "risk:" + run }

// OccasionID is the id of the signal that an occasion has come, whose own id is made from its cause.
func OccasionID(occasion string) string { return "occasion:" + occasion }

// EventID is the id of the signal that a named event happened, by the event's own id.
func EventID(event string) string { return "event:" + event }

// RequestID is the id of the signal that an invitation is wanted.
func RequestID(survey, invitation string) string { return "request:" + survey + ":" + invitation }

// TaskDueID is the id of the signal that a task's time has come.
func TaskDueID(task string) string { return "task:" + task }
