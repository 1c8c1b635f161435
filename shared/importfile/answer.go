package importfile

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"liuke/shared/comment"
	"liuke/shared/customer"
	"liuke/shared/event"
	"liuke/shared/survey"
)

// The fields of an answer. The fields of its customer and its own share one name where it is the same thing: the locale.
const (
	fieldAnswer  = "answer_id"
	fieldScore   = "score"
	fieldComment = "comment"
	fieldSurvey  = "survey"
	fieldLocale  = customer.TraitLocale
	fieldTags    = "tags"
	fieldChannel = "channel"
)

// DefaultSurvey is the survey that past answers are filed under where nothing else is said.
const DefaultSurvey = "nps"

const maxAnswerIDBytes = survey.MaxIDBytes - len(survey.ImportPrefix)

func answerColumns() []column {
	return []column{
		{field: fieldCustomer, required: true, others: customerNames},
		{field: fieldScore, required: true, others: []string{"rating", "nps", "nps_score"}},
		{field: fieldDate, required: true, others: []string{"answered_at", "responded_at", "created_at", "submitted_at"}},
		{field: fieldUpdated, others: []string{"revised_at", "changed_at"}},
		{field: fieldAnswer, others: []string{"response_id"}},
		{field: fieldSurvey, others: []string{"survey_id"}},
		{field: fieldComment, others: []string{"feedback"}},
		{field: fieldLocale, others: []string{"language"}},
		{field: fieldTags},
		{field: fieldChannel},
	}
}

// Over returns what stands once an answer was imported over the one that stands (nil where none does), and whether that
// is something new. The edition that was changed last stands. Of two that were changed at the same time, which the one
// who exports them does not tell apart, the higher score stands, then the one that says more, then the greater text. An
// answer was first given when the earliest of its editions says. So a file with several editions of an answer, or a
// later export of it, ends the same in any order, however often it is imported.
func Over(standing *survey.Answer, a survey.Answer) (next survey.Answer, changed bool) {
	if standing == nil {
		return a, true
	}
	next = *standing
	if beats(&a, standing) {
		next = a
		next.Answered, changed = standing.Answered, true
	}
	if a.Answered.Before(next.Answered) {
		next.Answered, changed = a.Answered, true
	}
	if changed {
		next.Revision = standing.Revision + 1
	}
	return next, changed
}

func beats(a, b *survey.Answer) bool {
	switch {
	case !a.Revised.Equal(b.Revised):
		return a.Revised.After(b.Revised)
	case a.Score != b.Score:
		return a.Score > b.Score
	}
	one, other := content(a), content(b)
	if len(one) != len(other) {
		return len(one) > len(other)
	}
	return one > other
}

// content spells what an answer says beside its score, the longer the more it says.
func content(a *survey.Answer) string {
	tags, properties := a.Tags, a.Properties
	if tags == nil {
		tags = []string{}
	}
	if properties == nil {
		properties = map[string]string{}
	}
	raw, err := json.Marshal([]any{a.Values, tags, properties, a.Cell.Channel, a.Locale}) // maps are spelled in the order of their keys
	if err != nil {
		return "" // texts, numbers and lists always can be
	}
	return string(raw)
}

// answer reads an answer, and that its customer was surveyed then.
func (f *Reader) answer(fields []string, row *Row) error {
	e, err := f.person(fields)
	if err != nil {
		return err
	}
	if err := f.given(fields, customer.ID(e.User), nil, row); err != nil {
		return err
	}
	e.Type, e.Time = event.Identify, row.Answer.Revised
	asked := member([]byte{'{'}, customer.TraitSurveyed, e.Time.Format(time.RFC3339))
	if err := f.identify(e, closeTraits(asked, nil), row); err != nil {
		return err
	}
	return f.answered(row)
}

// understand reads what the answer's texts say.
func understand(a *survey.Answer) error {
	texts, _ := a.Values.Texts()
	if len(texts) == 0 {
		return nil
	}
	var all []string
	for _, id := range slices.Sorted(maps.Keys(texts)) {
		all = append(all, texts[id])
	}
	insight, err := comment.Local{}.Analyze(context.Background(), strings.Join(all, "\n"))
	a.Insight = insight.Answer()
	return err
}

// answered adds the event that the row's answer is. It has an id of the answer's content, so that to import it again
// sends the same event. Nobody's answer is none, as there is nobody to fold it into.
func (f *Reader) answered(row *Row) error {
	a := row.Answer
	if err := understand(a); err != nil {
		return err
	}
	e, err := a.Event()
	if err != nil {
		return err
	}
	if len(e.Properties) > event.MaxEventBytes {
		return f.refuse("", "the row says more than %d KB in one answer", event.MaxEventBytes>>10)
	}
	if a.Customer == "" {
		return nil
	}
	e.ID = event.MessageID(event.ContentID("import-", []byte(a.Customer), []byte(a.Survey), []byte(a.Invitation),
		[]byte(a.Revised.Format(time.RFC3339Nano)), strconv.AppendInt(nil, int64(a.Score), 10), []byte(content(a))))
	e.Source, e.Import, e.Received = event.SourceImport, true, f.received
	row.Events = append(row.Events, e)
	return nil
}
