package scene

import (
	"net/url"
	"strconv"

	"liuke/shared/survey"
)

// Question is what content may say of the survey that it asks to: in the customer's language, with its first question.
type Question struct {
	Title   string
	Ask     string // the first question
	Scored  bool   // it asks for a number
	Lowest  string // what the lowest number means
	Highest string // what the highest number means
	Link    string // to the form
	Choices []Choice
}

// Choice is one answer to the first question.
type Choice struct {
	Value string
	Label string
	Link  string // to the form, with this answer chosen
}

// QuestionOf returns what a message may say of a survey, in the locale (BCP 47) that suits the reader best. Link is the
// reader's own, without a query. A first question that asks for a text has no choices.
func QuestionOf(s *survey.Survey, preferred, link string) Question {
	texts := s.Texts[bestLocale(s.Locales(), preferred, survey.Fallback)]
	first := &s.Questions[0]
	words := texts.Questions[first.ID]
	q := Question{Title: texts.Title, Ask: words.Ask, Scored: first.Numeric(), Lowest: words.Lowest, Highest: words.Highest, Link: link}
	add := func(value, label string) {
		q.Choices = append(q.Choices, Choice{value, label, link + "?" + url.Values{first.ID: {value}}.Encode()})
	}
	if first.Numeric() {
		for lowest, n := first.Range(); lowest <= n; lowest++ {
			add(strconv.Itoa(lowest), strconv.Itoa(lowest))
		}
	}
	for _, o := range first.Options {
		add(o, words.Options[o])
	}
	return q
}

// bind puts the question among the values of content.
func (q *Question) bind(values map[string]any) {
	said := map[string]any{"scored": q.Scored}
	given(said, "title", q.Title)
	given(said, "question", q.Ask)
	given(said, "lowest", q.Lowest)
	given(said, "highest", q.Highest)
	given(said, "link", q.Link)
	choices := make([]map[string]any, len(q.Choices))
	for i, c := range q.Choices {
		choices[i] = map[string]any{"value": c.Value, "label": c.Label, "link": c.Link}
	}
	said["choices"] = choices
	values["survey"] = said
	given(values, varSurvey, q.Link)
}
