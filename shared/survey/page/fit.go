package page

import (
	"net/url"
	"slices"
	"time"

	"liuke/shared/brand"
	"liuke/shared/fault"
	"liuke/shared/survey"
)

// Fit returns an Invalid error that names the locale where a page of a survey takes more than MaxBytes under a brand, as if
// all of its questions were shown: for whoever edits either.
func (p *Pages) Fit(s *survey.Survey, b *brand.Brand) error {
	for _, locale := range s.Locales() {
		for from := range s.Questions {
			page := p.Form(Form{
				View:      View{Survey: s, Locale: locale, Brand: b, Query: url.Values{"page": {s.Questions[from].ID}}},
				Questions: together(s, from), Step: from + 1, Until: time.Unix(0, 0), Back: url.Values{"page": {s.Questions[0].ID}}, Nameless: true,
			})
			if len(page.HTML) > MaxBytes {
				return fault.At("/texts/"+locale, "the page that begins with the question %s takes %d bytes, over %d: shorten its texts, or have later questions depend on it",
					s.Questions[from].ID, len(page.HTML), MaxBytes)
			}
		}
	}
	return nil
}

// together returns the questions from an index on up to the first that depends on another of them.
func together(s *survey.Survey, from int) (all []*survey.Question) {
	for i := from; i < len(s.Questions); i++ {
		q := &s.Questions[i]
		if slices.ContainsFunc(q.When, func(c survey.Condition) bool {
			return slices.ContainsFunc(all, func(p *survey.Question) bool { return p.ID == c.Question })
		}) {
			break
		}
		all = append(all, q)
	}
	return all
}
