package survey

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"liuke/shared/customer"
	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/token"
)

// EditWindow is how long after it was first given an answer may be corrected through the same link.
const EditWindow = 24 * time.Hour

// Answer is what a customer answered to one invitation, as it stands. Revision is 1 for the first and counts up with
// each correction; Answered is when the first was given and Revised when this one was, UTC, to the millisecond.
type Answer struct {
	Survey     string
	Version    int // of the survey
	Customer   customer.ID
	Invitation string
	Given
	Locale   string // in which the form was shown
	Revision int
	Answered time.Time
	Revised  time.Time
}

// Answer returns the answer that now gives to the invitation. Standing is the answer that it has already, nil where
// it has none: the same again returns it as it stands, so that a repeat changes nothing, and another is its next
// revision. It returns a Conflict error once the edit window has closed.
func (s *Survey) Answer(to token.Survey, standing *Answer, g Given, locale string, now time.Time) (Answer, error) {
	now = now.UTC().Truncate(time.Millisecond)
	if standing == nil {
		return Answer{
			Survey: s.ID, Version: s.Version, Customer: to.Customer, Invitation: to.Invitation,
			Given: g, Locale: locale, Revision: 1, Answered: now, Revised: now,
		}, nil
	}
	if !standing.Editable(now) {
		return *standing, fault.New(fault.Conflict, "this invitation has been answered, and its answer can be changed for %d hours only", int(EditWindow.Hours()))
	}
	if standing.Given == g {
		return *standing, nil
	}
	next := *standing
	next.Version, next.Given, next.Locale = s.Version, g, locale
	next.Revision++
	next.Revised = now
	return next, nil
}

// Editable reports whether the answer may still be changed.
func (a *Answer) Editable(now time.Time) bool { return now.Before(a.Answered.Add(EditWindow)) }

// Form returns the answer as it would be typed.
func (a *Answer) Form() Form { return Form{Score: strconv.Itoa(a.Score), Comment: a.Given.Comment} }

// Event returns the event that this revision of the answer is, to a survey of the kind. It is a function of these alone,
// so that sending it again sends the same event.
func (a *Answer) Event(k Kind) (event.Event, error) {
	properties, err := json.Marshal(struct {
		Survey     string `json:"survey"`
		Kind       Kind   `json:"kind"`
		Invitation string `json:"invitation"`
		Score      int    `json:"score"`
		Comment    string `json:"comment,omitempty"`
		Revision   int    `json:"revision"`
	}{a.Survey, k, a.Invitation, a.Score, a.Given.Comment, a.Revision})
	if err != nil {
		return event.Event{}, fault.As(err, fault.Internal, "encode an answer")
	}
	return event.Event{
		ID:         event.MessageID(fmt.Sprintf("answer:%s:%s:%d", a.Survey, a.Invitation, a.Revision)),
		Type:       event.Track,
		Name:       event.SurveyAnswered,
		User:       string(a.Customer),
		Time:       a.Revised,
		Received:   a.Revised,
		Source:     event.SourceSurvey,
		Properties: properties,
	}, nil
}
