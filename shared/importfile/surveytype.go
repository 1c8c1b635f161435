package importfile

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"liuke/shared/survey"
)

// surveyType is a type of Delighted's surveys: what its scores are, and what survey they are filed under where nobody says
// otherwise. A score is never put on another scale: where the survey's differs the row is refused.
type surveyType struct {
	name            string // as Delighted's API has it
	survey          string
	metric          survey.Kind // that it is; "" for none of the suite's
	lowest, highest int
}

// The types that Delighted has had. Its CES came with five points first and with seven later; the suite's has seven. What
// employees say of their employer (eNPS) is on the scale of NPS, but nothing that customers say.
var surveyTypes = []*surveyType{
	{"nps", "nps", survey.NPS, 0, 10},
	{"enps", "enps", survey.NPS, 0, 10},
	{"csat", "csat", survey.CSAT, 1, 5},
	{"csat3", "csat_three", "", 1, 3},
	{"stars_five", "csat", survey.CSAT, 1, 5},
	{"smileys", "csat", survey.CSAT, 1, 5},
	{"ces7", "ces", survey.CES, 1, 7},
	{"ces", "ces_five", "", 1, 5},
	{"pmf", "pmf", "", 1, 3},
	{thumbs, "thumbs", "", 0, 1},
}

// Thumbs go up or down: a choice of two, which Delighted exports as 1 and 0.
const (
	thumbs     = "thumbs"
	thumbsUp   = "thumbs_up"
	thumbsDown = "thumbs_down"
)

// otherTypes are other spellings of the types, without spaces and signs.
var otherTypes = map[string]string{
	"star": "stars_five", "stars": "stars_five", "5star": "stars_five", "5stars": "stars_five", "fivestar": "stars_five", "fivestars": "stars_five", "starsfive": "stars_five",
	"smiley": "smileys", "smileys5": "smileys", "thumb": thumbs, "productmarketfit": "pmf",
	"netpromoterscore": "nps", "employeenetpromoterscore": "enps", "employeenps": "enps", "customersatisfaction": "csat",
	"ces5": "ces", "csat5": "csat",
}

// typeOf finds a type by its name, however that is spelled; nil for none of Delighted's.
func typeOf(text string) *surveyType {
	folded := strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, text)
	if own, ok := otherTypes[folded]; ok {
		folded = own
	}
	if i := slices.IndexFunc(surveyTypes, func(t *surveyType) bool { return t.name == folded }); i >= 0 {
		return surveyTypes[i]
	}
	return nil
}

// scores says what the type's scores are, for people.
func (t *surveyType) scores() string {
	if t.name == thumbs {
		return "are one of " + thumbsUp + " and " + thumbsDown
	}
	return fmt.Sprintf("run from %d to %d", t.lowest, t.highest)
}

// fits reports whether a question can take the type's scores as they are.
func (t *surveyType) fits(q *survey.Question) bool {
	switch {
	case q.Kind == survey.Scale:
		return q.Min == t.lowest && q.Max == t.highest
	case q.Kind == survey.Single:
		return t.name == thumbs && slices.Contains(q.Options, thumbsUp) && slices.Contains(q.Options, thumbsDown)
	}
	return t.metric != "" && q.Kind == t.metric
}

// spell is a score as the question takes it.
func (t *surveyType) spell(score string, q *survey.Question) string {
	if q.Kind == survey.Single {
		if word, ok := map[string]string{"1": thumbsUp, "0": thumbsDown}[score]; ok {
			return word
		}
	}
	return score
}

// typeNames are the types, for people.
func typeNames() string {
	names := make([]string, len(surveyTypes))
	for i, t := range surveyTypes {
		names[i] = t.name
	}
	return strings.Join(names, ", ")
}

// DelightedSurveys returns which survey answers of each of Delighted's types are filed under where neither the file nor the
// import says otherwise.
func DelightedSurveys() map[string]string {
	all := make(map[string]string, len(surveyTypes))
	for _, t := range surveyTypes {
		all[t.name] = t.survey
	}
	return all
}
