package importfile

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"liuke/shared/customer"
	"liuke/shared/event"
	"liuke/shared/fault"
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
	if a.Given == standing.Given || !beats(&a, standing) {
		return *standing, false
	}
	next = *standing
	next.Version, next.Given, next.Locale, next.Revised = a.Version, a.Given, a.Locale, a.Revised
	next.Revision++
	return next, true
}

func beats(a, b *survey.Answer) bool {
	switch {
	case !a.Revised.Equal(b.Revised):
		return a.Revised.After(b.Revised)
	case a.Score != b.Score:
		return a.Score > b.Score
	}
	return a.Given.Comment > b.Given.Comment
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
	form := survey.Form{Score: f.columns.get(fields, fieldScore), Comment: f.columns.get(fields, fieldComment)}
	g, mistakes := asked.Check(form)
	if len(mistakes) > 0 {
		return nil, f.refuse(string(mistakes[0].Field), "%s", message(mistakes[0].Err()))
	}
	at, err := f.date(fields, fieldDate)
	if err != nil {
		return nil, err
	}
	id := f.columns.get(fields, fieldAnswer)
	switch {
	case id == "":
		id = f.rowID([]byte(c), []byte(name), []byte(at.spelled()), []byte(form.Score), []byte(g.Comment))
	case !isWord(id, maxAnswerIDBytes):
		return nil, f.refuse(fieldAnswer, "an answer's id is at most %d bytes long, without control characters", maxAnswerIDBytes)
	}
	locale := f.columns.get(fields, fieldLocale)
	if _, known := asked.Texts[locale]; !known {
		locale = survey.Fallback
	}
	given := at.time.Truncate(time.Millisecond)
	return &survey.Answer{
		Survey: asked.ID, Version: asked.Version, Customer: c, Invitation: invitationPrefix + id,
		Given: g, Locale: locale, Revision: 1, Answered: given, Revised: given,
	}, nil
}

// answered adds the event that the row's answer is. It is a function of the row alone, whatever stands when it comes, so
// that to import it again sends the same event.
func (f *Reader) answered(fields []string, row *Row) error {
	a := row.Answer
	asked, err := f.settings.Surveys.Find(a.Survey)
	if err != nil {
		return err
	}
	e, err := a.Event(asked.Kind)
	if err != nil {
		return err
	}
	e.ID = event.MessageID(event.ContentID("import-", []byte(a.Customer), []byte(a.Survey), []byte(a.Invitation),
		[]byte(a.Revised.Format(time.RFC3339Nano)), strconv.AppendInt(nil, int64(a.Score), 10), []byte(a.Given.Comment)))
	e.Source, e.Import, e.Received = event.SourceImport, true, f.received
	if tags := tagsOf(f.columns.get(fields, fieldTags)); len(tags) > 0 {
		raw, err := json.Marshal(tags)
		if err != nil {
			return fault.As(err, fault.Internal, "encode an answer's tags")
		}
		e.Properties = append(append(append(e.Properties[:len(e.Properties)-1:len(e.Properties)-1], `,"tags":`...), raw...), '}')
	}
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
