package importfile

import (
	"slices"
	"strings"

	"liuke/shared/customer"
	"liuke/shared/event"
	"liuke/shared/fault"
)

const fieldSurveyType = "survey_type"

// delightedColumns are the columns of Delighted's CSV exports, of responses and of people. The id of the customer is a
// property of Delighted's where the business has sent it along, and the email address or the phone number where not.
// Columns that are no field are the person's properties, or answers to further questions.
func delightedColumns() []column {
	columns := []column{
		{field: fieldCustomer, others: customerNames},
		{field: fieldScore, others: []string{"nps_score", "survey_score"}},
		{field: fieldDate, others: []string{"created_at", "responded_at", "response_date", "survey_response_time", "submitted_at"}},
		{field: fieldUpdated},
		{field: fieldAnswer, others: []string{"response_id", "survey_response_id", "permalink", "id"}},
		{field: fieldComment, others: []string{"feedback"}},
		{field: fieldTags},
		{field: fieldSurveyType, others: []string{"type"}},
		{field: fieldSurvey, others: []string{"survey_id"}},
		{field: fieldChannel, others: []string{"delighted_source", "survey_channel", "delivery_channel", "delivery_method"}},
		{field: fieldUnsubscribed, others: []string{"unsubscribed"}},
		{field: fieldBounced, others: []string{"bounced"}},
		{field: fieldAsked, others: []string{"sent_at", "last_survey_sent_at"}},
	}
	columns = append(columns, traitColumns()...)
	for i := range columns {
		columns[i].ranked = true
	}
	return columns
}

// passed are columns of Delighted's that say nothing of the customer. They are properties of answers.
var passed = []string{"person", "person_id", "notes", "permalink", "response_id", "survey_response_id", "id"}

// ownPrefix begins the properties that Delighted itself adds to a response, such as the browser that it was given in.
const ownPrefix = "delighted_"

// delighted makes the reader one of responses where there are scores, and of people where there is what became of them. It
// returns an Invalid error for a file that is neither, or does not say what its scores measure.
func (f *Reader) delighted() error {
	taken := make([]bool, len(f.columns.names))
	for _, i := range f.columns.at {
		taken[i] = true
	}
	has := f.columns.has
	switch {
	case !has(fieldScore) && (has(fieldUnsubscribed) || has(fieldBounced) || has(fieldAsked)):
		f.read = f.individual
		return nil
	case !has(fieldScore):
		return f.columns.missing(fieldScore, f.request.Columns[fieldScore], taken)
	case !has(fieldDate):
		return f.columns.missing(fieldDate, f.request.Columns[fieldDate], taken)
	case !has(fieldSurveyType) && !has(fieldSurvey) && f.request.Survey == "":
		return fault.New(fault.Invalid, "the file does not say what its scores measure: name the column of the survey's type, such as -columns survey_type=…, or the survey itself, such as -survey %s", DefaultSurvey)
	}
	f.read, f.loose = f.response, slices.Clone(f.columns.others)
	if i, ok := f.columns.at[fieldSurveyType]; ok {
		f.loose = append(f.loose, i)
	}
	slices.Sort(f.loose)
	return nil
}

// response reads a response: the person who gave it, with what was known of them then, and the answer. One without a
// person is nobody's answer.
func (f *Reader) response(fields []string, row *Row) error {
	var t *surveyType
	if name := f.columns.get(fields, fieldSurveyType); name != "" {
		if t = typeOf(name); t == nil {
			return f.refuse(fieldSurveyType, "the type of the survey is none of Delighted's: they are %s", typeNames())
		}
	} else if f.request.Survey == "" && f.columns.get(fields, fieldSurvey) == "" {
		return f.refuse(fieldSurveyType, "the row does not say what its score measures")
	}
	e, err := f.respondent(fields)
	if err != nil {
		return err
	}
	if err := f.given(fields, customer.ID(e.User), t, row); err != nil {
		return err
	}
	if e.User == "" {
		return f.answered(row)
	}
	e.Type, e.Time = event.Identify, row.Answer.Revised
	if err := f.personality(fields, e, row); err != nil {
		return err
	}
	return f.answered(row)
}

// respondent is who has answered; the event has no user where that is not known.
func (f *Reader) respondent(fields []string) (event.Event, error) {
	if f.columns.get(fields, fieldCustomer) != "" {
		return f.person(fields)
	}
	for _, field := range []string{customer.TraitEmail, customer.TraitPhone} {
		value := f.columns.get(fields, field)
		if value == "" {
			continue
		}
		if field == customer.TraitEmail {
			value = strings.ToLower(value)
		}
		id, err := customer.ParseID(value)
		if err != nil || strings.HasPrefix(value, visitorPrefix) {
			return event.Event{}, f.refuse(field, "the value is no customer id: name the column that holds one, such as -columns customer_id=…")
		}
		return f.event(string(id)), nil
	}
	return f.event(""), nil
}
