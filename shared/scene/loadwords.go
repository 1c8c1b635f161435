package scene

import (
	"strings"

	"liuke/shared/pattern"
)

var (
	// misfit is a value, or its kind, in the place of another.
	misfit = pattern.New("^cannot unmarshal !!(\\w+)(?: `(.*)`)? into (.*)$")

	// kinds are what the reader of YAML calls values that do not fit.
	kinds = map[string]string{"map": "fields", "seq": "a list", "str": "a text", "int": "a whole number", "float": "a number", "bool": "true or false",
		"null": "nothing", "timestamp": "a date", "binary": "bytes"}

	goType = pattern.New(`\b(in type |into )((?:\[\]|map\[[\w.]+\])*)\*?([\w.]+)$`)

	// plainWords are for the types that the reader of YAML names.
	plainWords = map[string]string{
		"scene.sceneFile": "a scene", "scene.triggerFile": "a trigger", "scene.scoreFile": "a condition on a score", "scene.capFile": "a limit",
		"scene.policyDocument": "the policy", "scene.quietFile": "quiet hours", "scene.surveysFile": "the policy of surveys",
		"scene.contentFile": "content", "scene.pieceFile": "a piece", "scene.fitFile": "what a piece is for", "scene.stepFile": "a step",
		"scene.goalFile": "a goal", "scene.budgetFile": "a budget", "scene.offerFile": "an offer", "scene.variantFile": "a variant", "scene.block": "a block",
		"string": "a text", "int": "a whole number", "int64": "a whole number", "float64": "a number", "bool": "true or false",
	}
)

// plainly says what the reader of YAML found wrong without the names of Go's types.
func plainly(text string) string {
	m := goType().FindStringSubmatch(text)
	if m == nil {
		return text
	}
	words, ok := plainWords[m[3]]
	switch {
	case !ok:
		words = "what belongs there"
	case strings.HasPrefix(m[2], "[]"):
		words = "a list, each of it " + words
	case strings.HasPrefix(m[2], "map"):
		words = "fields, each of them " + words
	}
	text = text[:len(text)-len(m[0])] + strings.TrimSuffix(m[1], "type ") + words
	if m = misfit().FindStringSubmatch(text); m == nil {
		return text
	}
	is, ok := kinds[m[1]]
	if !ok {
		is = "something else"
	}
	if m[2] != "" {
		is = "\"" + m[2] + "\""
	}
	return "here belongs " + m[3] + ", and not " + is
}
