package importfile

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"liuke/shared/customer"
	"liuke/shared/event"
	"liuke/shared/survey"
)

// The fields of an answer.
const (
	fieldAnswer  = "answer_id"
	fieldScore   = "score"
	fieldComment = "comment"
	fieldSurvey  = "survey"
	fieldLocale  = "locale"
	fieldTags    = "tags"
)

// DefaultSurvey is the survey that past answers are filed under where nothing else is said.
const DefaultSurvey = "nps"

// invitationPrefix begins the invitations of answers that were imported: no link was ever made for them.
const invitationPrefix = "import-"

const maxAnswerIDBytes = survey.MaxIDBytes - len(invitationPrefix)

func answerColumns() []column {
	return []column{
		{field: fieldCustomer, required: true, others: customerNames},
		{field: fieldScore, required: true, others: []string{"rating", "nps", "nps_score"}},
		{field: fieldDate, required: true, others: []string{"answered_at", "responded_at", "created_at", "submitted_at"}},
		{field: fieldAnswer, others: []string{"response_id"}},
		{field: fieldSurvey, others: []string{"survey_id"}},
		{field: fieldComment, others: []string{"feedback"}},
		{field: fieldLocale, others: []string{"language"}},
		{field: fieldTags},
	}
}

// Over returns what stands once an answer was imported over the one that stands (nil where none does), and whether that
// is something new. The later answer stands, and of two at the same time the higher score and then the greater comment:
// so that a file with several editions of an answer ends the same in any order, however often it is imported.
func Over(standing *survey.Answer, a survey.Answer) (next survey.Answer, changed bool) {
	if standing == nil {
		return a, true
	}
	if a.Values.Equal(standing.Values) && slices.Equal(a.Tags, standing.Tags) && maps.Equal(a.Properties, standing.Properties) || !beats(&a, standing) {
		return *standing, false
	}
	next = a
	next.Answered, next.Revision = standing.Answered, standing.Revision+1
	return next, true
}

func beats(a, b *survey.Answer) bool {
	switch {
	case !a.Revised.Equal(b.Revised):
		return a.Revised.After(b.Revised)
	case a.Score != b.Score:
		return a.Score > b.Score
	}
	return content(a) > content(b)
}

// content spells what an answer says beside its score.
func content(a *survey.Answer) string {
	raw, err := json.Marshal([]any{a.Values, a.Tags, a.Properties}) // maps are spelled in the order of their keys
	if err != nil {
		return "" // texts, numbers and lists always can be
	}
	return string(raw)
}

// answer reads an answer.
func (f *Reader) answer(fields []string, row *Row) error {
	e, err := f.person(fields)
	if err != nil {
		return err
	}
	if row.Answer, err = f.given(fields, customer.ID(e.User)); err != nil {
		return err
	}
	return f.answered(fields, row)
}

// given reads what a customer answered to which survey.
func (f *Reader) given(fields []string, c customer.ID) (*survey.Answer, error) {
	name := f.request.Survey
	if own := f.columns.get(fields, fieldSurvey); own != "" {
		name = own
	}
	if name == "" {
		name = DefaultSurvey
	}
	asked, err := f.settings.Surveys.Find(name)
	if err != nil {
		return nil, f.refuse(fieldSurvey, "there is no survey with this id")
	}
	metric := asked.Metric()
	if metric == nil {
		return nil, f.refuse(fieldSurvey, "the survey has no score: it measures nothing")
	}
	score, comment := f.columns.get(fields, fieldScore), f.columns.get(fields, fieldComment)
	form := survey.Form{Fields: map[string][]string{metric.ID: {score}}, Partial: true}
	if free := asked.FreeText(); free != nil {
		form.Fields[free.ID] = []string{comment}
	}
	values, _, mistakes := asked.Check(form, nil)
	if len(mistakes) > 0 {
		field := fieldComment
		if mistakes[0].Question == metric {
			field = fieldScore
		}
		return nil, f.refuse(field, "%s", message(mistakes[0].Err()))
	}
	if values[metric.ID].Number == nil {
		return nil, f.refuse(fieldScore, "%s", message(survey.Mistake{Question: metric, Reason: survey.Missing}.Err()))
	}
	at, err := f.date(fields, fieldDate)
	if err != nil {
		return nil, err
	}
	id := f.columns.get(fields, fieldAnswer)
	switch {
	case id == "":
		id = f.rowID([]byte(c), []byte(name), []byte(at.spelled()), []byte(score), []byte(asked.Comment(values)))
	case !isWord(id, maxAnswerIDBytes):
		return nil, f.refuse(fieldAnswer, "an answer's id is at most %d bytes long, without control characters", maxAnswerIDBytes)
	}
	locale := f.columns.get(fields, fieldLocale)
	if _, known := asked.Texts[locale]; !known {
		locale = survey.Fallback
	}
	given := at.time.Truncate(time.Millisecond)
	return &survey.Answer{
		Survey: asked.ID, Version: asked.Version, Kind: metric.Kind, Customer: c, Invitation: invitationPrefix + id,
		Values: values, Score: *values[metric.ID].Number, Complete: true, Cell: survey.Cell{Node: asked.Node}, Locale: locale,
		Tags: tagsOf(f.columns.get(fields, fieldTags)), Revision: 1, Answered: given, Revised: given,
	}, nil
}

// answered adds the event that the row's answer is. It is a function of the row alone, whatever stands when it comes, so
// that to import it again sends the same event.
func (f *Reader) answered(fields []string, row *Row) error {
	a := row.Answer
	e, err := a.Event()
	if err != nil {
		return err
	}
	e.ID = event.MessageID(event.ContentID("import-", []byte(a.Customer), []byte(a.Survey), []byte(a.Invitation),
		[]byte(a.Revised.Format(time.RFC3339Nano)), strconv.AppendInt(nil, int64(a.Score), 10), []byte(content(a))))
	e.Source, e.Import, e.Received = event.SourceImport, true, f.received
	row.Events = append(row.Events, e)
	return nil
}

const (
	maxTags     = 50
	maxTagBytes = 100
)

// tagsOf reads labels that stand in one field, with commas between them.
func tagsOf(text string) []string {
	var tags []string
	for tag := range strings.SplitSeq(text, ",") {
		tag = strings.TrimSpace(tag)
		if isWord(tag, maxTagBytes) && len(tags) < maxTags && !slices.Contains(tags, tag) {
			tags = append(tags, tag)
		}
	}
	return tags
}
