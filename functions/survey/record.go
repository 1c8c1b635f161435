package main

import (
	"context"
	"encoding/json"
	"time"

	"liuke/shared/fault"
	"liuke/shared/survey"
)

const (
	// recordTries bounds how often an answer is folded again over another that came at the same time.
	recordTries = 4
	// pointerDelay is how long the pointer to an answer waits for the answer to be stored.
	pointerDelay = 2 * time.Second
	// MaxAnswerBytes is the most that all values of one answer take in JSON.
	MaxAnswerBytes = 128 << 10
)

// record makes what was sent durable and returns the answer as it stands, or what is wrong with what was sent beside the
// values that are not. First the
// pointer to the answer's revision goes to the events queue, then the answer to the table: who is told that it was taken can
// rely on both, and a pointer whose answer did not follow leads nowhere. It returns Conflict where the answer may no longer
// be changed, and Gone where the customer was erased.
func (h *Handler) record(ctx context.Context, sit *sitting, s *survey.Survey, f survey.Form) (survey.Answer, []survey.Mistake, error) {
	for range recordTries {
		standing, err := h.standing(ctx, sit)
		if err != nil {
			return survey.Answer{}, nil, err
		}
		if standing != nil && sit.claim != proven {
			switch repeat, err := h.claimed(sit, s, f, standing); {
			case err != nil:
				return survey.Answer{}, nil, err
			case repeat:
				return *standing, nil, nil
			}
			standing = nil
		}
		stands := survey.Values{}
		if standing != nil {
			stands = standing.Values
		}
		values, complete, wrong := s.Check(f, stands)
		if len(wrong) > 0 {
			return survey.Answer{Values: values}, wrong, nil
		}
		if err := h.acceptable(sit, values, complete); err != nil {
			return survey.Answer{}, nil, err
		}
		sent := survey.Sent{Values: values, Complete: complete, Locale: sit.locale}
		if sit.dropped == "" {
			sent.Insight = h.insight(ctx, s, values, standing)
		}
		next, err := s.Answer(sit.to, standing, sent, h.Now())
		switch {
		case err != nil:
			return survey.Answer{}, nil, err
		case standing != nil && next.Revision == standing.Revision: // a repeat: its pointer was sent before it was stored
			return next, nil, nil
		case standing == nil && len(values) == 0 && !complete: // nothing to keep yet
			return next, nil, nil
		}
		if sit.dropped != "" {
			h.Count.Count(sit.dropped, 1)
			return next, nil, nil
		}
		switch err := h.store(ctx, standing, next); {
		case err == nil:
			h.Count.Count("SurveyAnswers", 1)
			return next, nil, nil
		case fault.CodeOf(err) != fault.Conflict:
			return survey.Answer{}, nil, err
		}
	}
	return survey.Answer{}, nil, fault.New(fault.Unavailable, "other answers to this invitation came at the same time: send it again")
}

// claimed judges a claim to an answer that stands which no token proves. It reports a repeat where the same is sent again, so
// that the answer shows nothing but what was sent; who says it only by saying the same gets no token to go on with it. Of a name
// that stands for something else it returns Conflict. What only looks alike is no repeat: it gets an id of its own.
func (h *Handler) claimed(sit *sitting, s *survey.Survey, f survey.Form, standing *survey.Answer) (repeat bool, err error) {
	values, _, wrong := s.Check(f, survey.Values{})
	same := len(wrong) == 0 && standing.Revision == 1 && standing.Values.Equal(values)
	fresh := h.Now().Sub(standing.Answered) < sameAnswer
	switch {
	case same && sit.claim == byName:
		sit.ended = !fresh
		return true, nil
	case sit.claim == byName:
		return false, fault.New(fault.Conflict, "another answer was sent under this _response: make one up at random for each answer")
	case same && fresh:
		sit.ended = true
		return true, nil
	}
	sit.claim = proven
	return false, h.anew(sit)
}

// store sends the pointer and writes the answer.
func (h *Handler) store(ctx context.Context, standing *survey.Answer, next survey.Answer) error {
	pointer, err := next.Pointer()
	if err != nil {
		return err
	}
	if err := h.send(ctx, pointer, pointerDelay); err != nil {
		return err
	}
	return h.Answers.PutAnswer(ctx, standing, next)
}

// acceptable returns an error for what is not worth keeping, or too much.
func (h *Handler) acceptable(sit *sitting, v survey.Values, complete bool) error {
	if complete && len(v) == 0 && sit.form != nil {
		return fault.New(fault.Invalid, "nothing was answered: name the fields of the form as the survey's questions are")
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return fault.As(err, fault.Internal, "encode an answer")
	}
	if len(raw) > MaxAnswerBytes {
		return fault.New(fault.TooLarge, "the answers are over %d bytes together: shorten the texts", MaxAnswerBytes)
	}
	return nil
}

// insight reads the texts of an answer, where they are not those that were read before. What cannot be read is kept unread:
// an answer is never lost for it.
func (h *Handler) insight(ctx context.Context, s *survey.Survey, v survey.Values, standing *survey.Answer) survey.Insight {
	text := s.Comment(v)
	if standing != nil && s.Comment(standing.Values) == text {
		return standing.Insight
	}
	if text == "" {
		return survey.Insight{}
	}
	insight, err := h.Analyzer.Analyze(ctx, text)
	if err != nil {
		h.Log.WarnContext(ctx, "comment not analyzed", "code", fault.CodeOf(err))
		h.Count.Count("CommentsNotAnalyzed", 1)
		return survey.Insight{}
	}
	return insight.Answer()
}
