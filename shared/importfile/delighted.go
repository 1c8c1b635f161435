package importfile

import (
	"strings"

	"liuke/shared/customer"
	"liuke/shared/event"
)

const fieldSurveyType = "survey_type"

// delightedColumns are the columns of Delighted's CSV export of responses. The id of the customer is a property of
// Delighted's where the business has sent it along, and the email address or the phone number where not. Columns that
// are no field are the person's properties.
func delightedColumns() []column {
	columns := []column{
		{field: fieldCustomer, others: customerNames},
		{field: fieldScore, required: true, others: []string{"nps_score", "survey_score"}},
		{field: fieldDate, required: true, others: []string{"created_at", "responded_at", "response_date", "survey_response_time", "submitted_at"}},
		{field: fieldAnswer, others: []string{"response_id", "survey_response_id", "permalink", "id"}},
		{field: fieldComment, others: []string{"feedback"}},
		{field: fieldTags},
		{field: fieldSurveyType, others: []string{"type"}},
	}
	columns = append(columns, traitColumns()...)
	for i := range columns {
		columns[i].ranked = true
	}
	return columns
}

// passed are columns of Delighted's that say nothing of the customer.
var passed = []string{"person", "person_id", "updated_at", "notes", "permalink", "response_id", "survey_response_id", "id", "delighted_source", "sent_at"}

// response reads a response: the person who gave it, with what was known of them then, and the answer.
func (f *Reader) response(fields []string, row *Row) error {
	if kind := f.columns.get(fields, fieldSurveyType); kind != "" && !strings.EqualFold(kind, "nps") {
		return f.refuse(fieldSurveyType, "this is no NPS answer: answers on other scales are not taken in")
	}
	e, err := f.respondent(fields)
	if err != nil {
		return err
	}
	if row.Answer, err = f.given(fields, customer.ID(e.User)); err != nil {
		return err
	}
	e.Type, e.Time = event.Identify, row.Answer.Revised
	traits, err := f.traits(fields)
	if err != nil {
		return err
	}
	if err := f.identify(e, closeTraits(traits, nil), row); err != nil {
		return err
	}
	return f.answered(fields, row)
}

// respondent is who has answered.
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
	return event.Event{}, f.refuse(fieldCustomer, "the response is anonymous: it has neither a customer id nor an email address or phone number")
}
