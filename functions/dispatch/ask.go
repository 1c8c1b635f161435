package main

import (
	"context"
	"maps"
	"sync"
	"time"

	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/scene"
	"liuke/shared/signal"
	"liuke/shared/survey"
	"liuke/shared/token"
)

// Marker is told which hours of a survey are to be counted. Dispatch marks an hour before it sends an invitation in it, so
// that none goes out that nobody counts: a mark must stand until the hour is over, and for five minutes at least.
type Marker interface {
	MarkHours(ctx context.Context, now time.Time, hours ...survey.Hour) error
}

// asking puts before the gates what a message with an invitation depends on: the survey, and for a reminder whether it has
// been answered since the claim.
func (h *Handler) asking(ctx context.Context, c *scene.Candidate, e message.Entry) error {
	if e.Invitation.Survey == "" {
		return nil
	}
	surveys, err := h.Surveys(ctx)
	if err != nil {
		return err
	}
	c.Ask = scene.Ask{Survey: e.Invitation.Survey, Invitation: e.Invitation.ID}
	c.Survey, c.Step = surveys[e.Invitation.Survey], e.Step
	if e.Step == 0 {
		return nil
	}
	answer, err := h.Store.Answer(ctx, e.Customer, e.Invitation.Survey, e.Invitation.ID)
	c.Invited, c.Answered = true, answer != nil
	return err
}

// goalMet reports whether the goal of a message's journey has been met, where that ends it, which the entry of its first step
// says: one read unit more for a later step of a scene that has such a goal. The first message of a transactional scene answers
// what the customer did, and is owed whatever came since; nor is one held that was set off by what is its goal as well because
// that happened once more.
func (h *Handler) goalMet(ctx context.Context, sc *scene.Scene, e message.Entry) (bool, error) {
	switch {
	case !sc.Goal.Ends():
		return false, nil
	case e.Step == 0:
		cause := signal.Signal{ID: e.Occasion, Kind: e.Kind, Customer: e.Customer, Time: e.Caused, Data: e.Data}
		return e.Met() && sc.Kind == scene.Marketing && !sc.Goal.Met(cause), nil
	case e.Step >= len(sc.Steps):
		return false, nil // a reminder of a survey, which ends with the answer
	}
	first, err := h.Store.Entry(ctx, e.Customer, sc.EntryID(e.Customer, e.Occasion, 0))
	if fault.CodeOf(err) == fault.NotFound {
		return false, nil // an edit has named the first step otherwise since
	}
	return first.Met(), err
}

// question seals the link to the survey that a message invites to, good from now for as long as the survey says, and returns
// what the message may say of it.
func (h *Handler) question(keys *token.Keyring, c *scene.Candidate, e message.Entry) (scene.Question, error) {
	if c.Survey == nil {
		return scene.Question{}, nil
	}
	cell := e.Invitation.Cell
	sealed, err := keys.Seal(token.PurposeSurvey, token.Survey{
		Survey: c.Survey.ID, Customer: e.Customer, Invitation: e.Invitation.ID,
		Expires: c.Now.Add(c.Survey.Invite.Expires).Truncate(time.Second),
		Segment: cell.Segment, Tier: cell.Tier, Node: cell.Node, Channel: cell.Channel,
	})
	if err != nil {
		return scene.Question{}, err
	}
	return scene.QuestionOf(c.Survey, c.Profile.Locale(), h.Settings.link("s", sealed)), nil
}

// lateMark is how long before an hour's end it is marked once more: what is sent then may be stored when the hour is over.
const lateMark = 2 * time.Minute

// marks are the hours that this process has marked, and when it did last.
type marks struct {
	mu   sync.Mutex
	last map[survey.Hour]time.Time
}

// markFor marks the hour in which a message invites, unless this process has already: once while the hour is young, and once
// as it ends. Of several messages at once, one marks.
func (h *Handler) markFor(ctx context.Context, e message.Entry, now time.Time) (err error) {
	if e.Invitation.Survey == "" || e.Step > 0 {
		return nil
	}
	defer fault.Wrap(&err, "mark the hour of an invitation")
	hour := survey.HourAt(e.Invitation.Survey, now)
	m := h.marks
	m.mu.Lock()
	defer m.mu.Unlock()
	late := hour.End().Add(-lateMark)
	if last, ok := m.last[hour]; ok && (now.Before(late) || !last.Before(late)) {
		return nil
	}
	if err := h.Store.MarkHours(ctx, now, hour); err != nil {
		return err
	}
	maps.DeleteFunc(m.last, func(old survey.Hour, _ time.Time) bool { return old.Begin.Before(hour.Begin) })
	m.last[hour] = now
	return nil
}
