package survey

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"liuke/shared/customer"
	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/token"
)

// ImportPrefix begins the invitations of answers that were imported: the suite never made a link for them, and the
// invitation of a link never begins with it.
const ImportPrefix = "import-"

// EditWindow is how long after it was first given an answer may be corrected through the same link.
const EditWindow = 24 * time.Hour

// Cell is what answers, and invitations, are counted by beside their locale and month. It is fixed when the customer is
// asked, so that answers divide by invitations. A part that is not known is "".
type Cell struct {
	Segment string `json:"segment,omitempty"` // the label of the model rfm10
	Tier    string `json:"tier,omitempty"`    // by which service is given
	Node    string `json:"node,omitempty"`    // of the service, that the question is about
	Channel string `json:"channel,omitempty"` // that the invitation, or the answer without one, came by
}

// Insight is what the free texts of an answer say, as package comment reads them.
type Insight struct {
	Language  string   `json:"language,omitempty"`  // "en", "zh"; "" for another, or no text
	Sentiment string   `json:"sentiment,omitempty"` // "positive", "neutral", "negative"; "" where that cannot be said
	Topics    []string `json:"topics,omitempty"`
	Keywords  []string `json:"keywords,omitempty"`
}

// IsZero reports whether it says nothing.
func (i Insight) IsZero() bool {
	return i.Language == "" && i.Sentiment == "" && len(i.Topics)+len(i.Keywords) == 0
}

// Answer is what a customer answered to one invitation, as it stands. Revision is 1 for the first and counts up with
// each change; Answered is when the first was given and Revised when this one was, UTC, to the millisecond.
type Answer struct {
	Survey     string
	Version    int // of the survey
	Kind       Kind
	Customer   customer.ID // "" for an answer by a public form
	Invitation string
	Values     Values
	Score      int  // the answer to the survey's metric; 0 where Kind is ""
	Complete   bool // the last page was sent
	Cell       Cell
	Locale     string // in which the form was shown
	Insight    Insight
	Tags       []string          // that an import brought along
	Properties map[string]string // likewise
	Revision   int
	Answered   time.Time
	Revised    time.Time
}

// Sent is what one sending of a form says, checked.
type Sent struct {
	Values   Values
	Complete bool // nothing is left to be asked
	Locale   string
	Insight  Insight
}

// Answer returns the answer that now gives to the invitation. Standing is the answer that it has already, nil where
// it has none: the same again returns it as it stands, so that a repeat changes nothing, and another is its next
// revision. What was complete stays so. It returns a Conflict error once the edit window has closed.
func (s *Survey) Answer(to token.Survey, standing *Answer, sent Sent, now time.Time) (Answer, error) {
	now = now.UTC().Truncate(time.Millisecond)
	next := Answer{
		Survey: s.ID, Customer: to.Customer, Invitation: to.Invitation, Answered: now,
		Cell: Cell{Segment: to.Segment, Tier: to.Tier, Node: to.Node, Channel: to.Channel},
	}
	if standing != nil {
		if !standing.Editable(now) {
			return *standing, fault.New(fault.Conflict, "this invitation has been answered, and its answer can be changed for %d hours only", int(EditWindow.Hours()))
		}
		if standing.Values.Equal(sent.Values) && (standing.Complete || !sent.Complete) {
			return *standing, nil
		}
		next = *standing
		sent.Complete = sent.Complete || standing.Complete
	}
	next.Version, next.Kind = s.Version, s.Kind()
	next.Values, next.Complete, next.Locale, next.Insight = sent.Values, sent.Complete, sent.Locale, sent.Insight
	next.Score = 0
	if q := s.Metric(); q != nil {
		if given := sent.Values[q.ID]; given.Number != nil {
			next.Score = *given.Number
		} else {
			next.Kind = "" // not answered yet
		}
	}
	next.Revision++
	next.Revised = now
	return next, nil
}

// Invited reports whether the answer came by an invitation of the suite's: not by a public form, behind which there is no
// customer, and not by an import. Only such answers are divided by the invitations that were sent.
func (a *Answer) Invited() bool {
	return a.Customer != "" && !strings.HasPrefix(a.Invitation, ImportPrefix)
}

// Editable reports whether the answer may still be changed.
func (a *Answer) Editable(now time.Time) bool { return now.Before(a.Answered.Add(EditWindow)) }

// Pointer returns the event that says that this revision of the answer has been, or is just being, stored. Who finds it
// reads the answer and goes on with its Event. It holds nothing of what was answered. That of nobody's answer names the
// anonymous visitor "form".
func (a *Answer) Pointer() (event.Event, error) {
	e, err := a.event(event.AnswerStored, struct {
		Survey     string `json:"survey"`
		Invitation string `json:"invitation"`
		Revision   int    `json:"revision"`
	}{a.Survey, a.Invitation, a.Revision})
	if a.Customer == "" {
		e.Anonymous = "form"
	}
	return e, err
}

// Event returns the event that this revision of the answer is. It is a function of the answer alone, so that sending it
// again sends the same event.
func (a *Answer) Event() (event.Event, error) {
	texts, rest := a.Values.Texts()
	properties := struct {
		Survey     string            `json:"survey"`
		Version    int               `json:"version"`
		Kind       Kind              `json:"kind,omitempty"`
		Invitation string            `json:"invitation"`
		Score      *int              `json:"score,omitempty"`
		Answers    Values            `json:"answers,omitempty"`
		Texts      map[string]string `json:"texts,omitempty"`
		Complete   bool              `json:"complete"`
		Revision   int               `json:"revision"`
		Cell       Cell              `json:"cell,omitzero"`
		Sentiment  string            `json:"sentiment,omitempty"`
		Topics     []string          `json:"topics,omitempty"`
		Tags       []string          `json:"tags,omitempty"`
		Properties map[string]string `json:"properties,omitempty"`
	}{
		Survey: a.Survey, Version: a.Version, Kind: a.Kind, Invitation: a.Invitation, Answers: rest, Texts: texts,
		Complete: a.Complete, Revision: a.Revision, Cell: a.Cell, Sentiment: a.Insight.Sentiment, Topics: a.Insight.Topics,
		Tags: a.Tags, Properties: a.Properties,
	}
	if a.Kind != "" {
		properties.Score = &a.Score
	}
	return a.event(event.SurveyAnswered, properties)
}

func (a *Answer) event(name string, properties any) (event.Event, error) {
	raw, err := json.Marshal(properties)
	if err != nil {
		return event.Event{}, fault.As(err, fault.Internal, "encode an answer")
	}
	return event.Event{
		ID:         event.MessageID(fmt.Sprintf("answer:%s:%s:%d", a.Survey, a.Invitation, a.Revision)),
		Type:       event.Track,
		Name:       name,
		User:       string(a.Customer),
		Time:       a.Revised,
		Received:   a.Revised,
		Source:     event.SourceSurvey,
		Properties: raw,
	}, nil
}
