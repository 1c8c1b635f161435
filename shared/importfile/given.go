package importfile

import (
	"slices"
	"strings"
	"time"

	"liuke/shared/customer"
	"liuke/shared/survey"
)

// bound is a column of the file that holds the answers to a question.
type bound struct {
	question *survey.Question
	column   int
}

// form is how the file's columns answer one survey.
type form struct {
	score   *survey.Question // that the column score answers
	comment *survey.Question // that the column comment answers; nil where the survey asks for no text
	others  []bound          // the questions whose ids are names of columns
}

// formOf finds which columns answer which questions of a survey. The score answers the survey's metric, or the question
// score of one that has none; the comment answers the question comment, or the first that asks for a text.
func (f *Reader) formOf(s *survey.Survey) *form {
	if known := f.forms[s.ID]; known != nil {
		return known
	}
	m := &form{score: s.Metric(), comment: s.Question(fieldComment)}
	if m.score == nil {
		m.score = s.Question(fieldScore)
	}
	if m.comment == nil || m.comment.Kind != survey.FreeText {
		m.comment = s.FreeText()
	}
	fields := f.request.Kind.fields()
	for i := range s.Questions {
		q := &s.Questions[i]
		own := slices.ContainsFunc(fields, func(c column) bool { return c.field == q.ID }) // in this file it is another thing
		if q == m.score || q == m.comment || own {
			continue
		}
		at, mapped := f.columns.at[q.ID]
		if !mapped {
			at = slices.IndexFunc(f.columns.names, func(name string) bool { return plainName(name) == q.ID })
		}
		if mapped || slices.Contains(f.columns.others, at) {
			m.others = append(m.others, bound{q, at})
		}
	}
	if f.forms == nil {
		f.forms = map[string]*form{}
	}
	f.forms[s.ID] = m
	return m
}

// asked reports whether a column holds answers to a question of the row's survey.
func (f *Reader) asked(row *Row, column int) bool {
	return row.Answer != nil && slices.ContainsFunc(f.forms[row.Answer.Survey].others, func(b bound) bool { return b.column == column })
}

// given reads what a customer, or "" nobody that is known, answered to which survey: to the row's, the import's, or the
// one that answers of the type are filed under; t is nil where the file knows no types.
func (f *Reader) given(fields []string, c customer.ID, t *surveyType, row *Row) error {
	asked, err := f.survey(fields, t)
	if err != nil {
		return err
	}
	m := f.formOf(asked)
	switch {
	case m.score == nil:
		return f.refuse(fieldSurvey, "the survey has no score: it measures nothing, and no question of it is called score")
	case t != nil && !t.fits(m.score):
		return f.refuse(fieldScore, "answers of the type %s %s, and the survey %s asks for something else: name a survey that does not, by -survey or a column survey",
			t.name, t.scores(), asked.ID)
	}
	values, taken, err := f.values(fields, asked, m, t)
	if err != nil {
		return err
	}
	at, revised, err := f.times(fields)
	if err != nil {
		return err
	}
	id := f.columns.get(fields, fieldAnswer)
	switch {
	case id == "":
		id = f.rowID([]byte(c), []byte(asked.ID), []byte(at.spelled()), []byte(f.columns.get(fields, fieldScore)), []byte(asked.Comment(values)))
	case !isWord(id, maxAnswerIDBytes):
		return f.refuse(fieldAnswer, "an answer's id is at most %d bytes long, without control characters", maxAnswerIDBytes)
	}
	a := &survey.Answer{
		Survey: asked.ID, Version: asked.Version, Kind: asked.Kind(), Customer: c, Invitation: survey.ImportPrefix + id, Values: values,
		Complete: true, Cell: survey.Cell{Node: asked.Node}, Locale: localeOf(asked, f.columns.get(fields, fieldLocale)),
		Revision: 1, Answered: at.time.Truncate(time.Millisecond), Revised: revised,
	}
	if q := asked.Metric(); q != nil {
		a.Score = *values[q.ID].Number
	}
	if a.Tags, err = f.tags(fields); err != nil {
		return err
	}
	if a.Cell.Channel, err = f.channel(fields); err != nil {
		return err
	}
	if a.Properties, err = f.properties(fields, taken); err != nil {
		return err
	}
	row.Answer, row.Type = a, string(a.Kind)
	if t != nil {
		row.Type = t.name
	}
	return nil
}

// survey finds the survey that a row answers.
func (f *Reader) survey(fields []string, t *surveyType) (*survey.Survey, error) {
	name, said := f.columns.get(fields, fieldSurvey), true
	if name == "" {
		name = f.request.Survey
	}
	if name == "" {
		name, said = DefaultSurvey, false
		if t != nil {
			name = t.survey
		}
	}
	asked, err := f.settings.Surveys.Find(name)
	switch {
	case err != nil && said:
		return nil, f.refuse(fieldSurvey, "there is no survey with this id")
	case err != nil:
		return nil, f.refuse(fieldSurvey, "answers of this type are filed under the survey %s, which there is not: make it, or name another by -survey or a column survey", name)
	}
	return asked, nil
}

// values reads the answers to a survey's questions, and says which columns they took. What the file says for a question
// that the survey would not have asked is not among them.
func (f *Reader) values(fields []string, asked *survey.Survey, m *form, t *surveyType) (v survey.Values, taken map[int]bool, err error) {
	score := f.columns.get(fields, fieldScore)
	if t != nil {
		score = t.spell(score, m.score)
	}
	typed := survey.Form{Fields: map[string][]string{m.score.ID: typedFor(asked, m.score, score)}, Partial: true}
	from := map[string]int{m.score.ID: f.columns.at[fieldScore]}
	if at, ok := f.columns.at[fieldComment]; ok && m.comment != nil {
		typed.Fields[m.comment.ID], from[m.comment.ID] = []string{fields[at]}, at
	}
	for _, b := range m.others {
		typed.Fields[b.question.ID], from[b.question.ID] = typedFor(asked, b.question, strings.TrimSpace(fields[b.column])), b.column
	}
	v, _, mistakes := asked.Check(typed, nil)
	if len(mistakes) > 0 {
		q, why := mistakes[0].Question, sentence(mistakes[0].Err())
		if q != m.score && q != m.comment {
			why += ": the column goes by the name of a question of the survey " + asked.ID
		}
		return nil, nil, &Refused{Column: show(f.columns.names[from[q.ID]]), Reason: why}
	}
	if _, ok := v[m.score.ID]; !ok {
		return nil, nil, f.refuse(fieldScore, "%s", sentence(survey.Mistake{Question: m.score, Reason: survey.Missing}.Err()))
	}
	taken = map[int]bool{}
	for id := range v {
		taken[from[id]] = true
	}
	return v, taken, nil
}

// typedFor is what a text of a file answers to a question: its number or text, and of options those whose ids or labels,
// in any locale, it names, one alone or several with commas or semicolons between them.
func typedFor(s *survey.Survey, q *survey.Question, text string) []string {
	if q.Kind != survey.Single && q.Kind != survey.Multiple {
		return []string{text}
	}
	if o := optionOf(s, q, text); o != "" {
		return []string{o}
	}
	var all []string
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(",;\n、，；", r) }) {
		o := optionOf(s, q, strings.TrimSpace(part))
		if o == "" {
			return []string{text} // which the check refuses, with the options that there are
		}
		all = append(all, o)
	}
	return all
}

// optionOf is the option of an id or label, "" where there is none.
func optionOf(s *survey.Survey, q *survey.Question, text string) string {
	if id := plainName(text); slices.Contains(q.Options, id) {
		return id
	}
	for _, locale := range s.Locales() {
		for _, o := range q.Options {
			if strings.EqualFold(s.Texts[locale].Questions[q.ID].Options[o], text) {
				return o
			}
		}
	}
	return ""
}

// times reads when an answer was given and when it was changed last.
func (f *Reader) times(fields []string) (given moment, revised time.Time, err error) {
	if given, err = f.date(fields, fieldDate); err != nil {
		return given, revised, err
	}
	revised = given.time
	if f.columns.get(fields, fieldUpdated) != "" {
		changed, err := f.date(fields, fieldUpdated)
		switch {
		case err != nil:
			return given, revised, err
		case changed.time.After(given.time):
			revised = changed.time
		case changed.day == "" && given.day == "" && changed.time.Before(given.time): // days say no more than that it was then
			return given, revised, f.refuse(fieldUpdated, "the answer was changed before it was given")
		}
	}
	return given, revised.Truncate(time.Millisecond), nil
}

// localeOf is the survey's locale that a file spells, the file's own where the survey has none such, and "" where it says
// nothing or nothing that is a locale.
func localeOf(s *survey.Survey, text string) string {
	text = strings.ReplaceAll(text, "_", "-")
	language, _, _ := strings.Cut(text, "-")
	near := ""
	for _, own := range s.Locales() {
		if strings.EqualFold(own, text) {
			return own
		}
		if l, _, _ := strings.Cut(own, "-"); strings.EqualFold(l, language) && near == "" {
			near = own
		}
	}
	if near == "" && localeTag().MatchString(text) {
		return text
	}
	return near
}
