package scene

import (
	"reflect"
	"slices"
	"strings"

	"liuke/shared/pattern"
)

var (
	// misfit is a value, or its kind, in the place of another.
	misfit = pattern.New("^cannot unmarshal !!(\\w+)(?: `(.*)`)? into ((?:\\[\\]|map\\[[\\w.]+\\])*)\\*?([\\w.]+)$")
	// strangeField is a field that there is not, and twice is one that there is twice.
	strangeField = pattern.New(`^field (.*) not found in type ([\w.]+)$`)
	twice        = pattern.New(`^mapping key "(.*)" already defined at line (\d+)$`)

	// kinds are what the reader of YAML calls values that do not fit.
	kinds = map[string]string{"map": "fields", "seq": "a list", "str": "a text", "int": "a whole number", "float": "a number", "bool": "true or false",
		"null": "nothing", "timestamp": "a date", "binary": "bytes"}
)

// shape is what a type of the files is called, what one looks like, and which fields it has.
type shape struct {
	words, like string
	of          reflect.Type
}

// shapes are the types that the reader of YAML names.
var shapes = map[string]shape{
	"scene.sceneFile":      {"a scene", "", reflect.TypeFor[sceneFile]()},
	"scene.triggerFile":    {"a trigger", "{signal: order_placed}", reflect.TypeFor[triggerFile]()},
	"scene.scoreFile":      {"a condition on a score", "{metric: nps, at_most: 6}", reflect.TypeFor[scoreFile]()},
	"scene.capFile":        {"a limit", "{max: 1, per: 30d}", reflect.TypeFor[capFile]()},
	"scene.policyDocument": {"the policy", "", reflect.TypeFor[policyDocument]()},
	"scene.quietFile":      {"quiet hours", `{from: "20:00", to: "09:00"}`, reflect.TypeFor[quietFile]()},
	"scene.surveysFile":    {"the policy of surveys", "", reflect.TypeFor[surveysFile]()},
	"scene.contentFile":    {"content", "{subject: Hello, text: Hello, html: <p>Hello</p>}", reflect.TypeFor[contentFile]()},
	"scene.pieceFile":      {"a piece", "{for: {variant: warm}, content: {en: {text: Hello}}}", reflect.TypeFor[pieceFile]()},
	"scene.fitFile":        {"what a piece is for", "{variant: warm}", reflect.TypeFor[fitFile]()},
	"scene.stepFile":       {"a step", "{id: later, after: 2d}", reflect.TypeFor[stepFile]()},
	"scene.goalFile":       {"a goal", "{signal: order_placed, within: 30d}", reflect.TypeFor[goalFile]()},
	"scene.budgetFile":     {"a budget", `{per_day: "20.00"}`, reflect.TypeFor[budgetFile]()},
	"scene.offerFile":      {"an offer", "{pool: winback10}", reflect.TypeFor[offerFile]()},
	"scene.variantFile":    {"a variant", "{id: warm, weight: 1}", reflect.TypeFor[variantFile]()},
	"string":               {words: "a text"}, "int": {words: "a whole number"}, "int64": {words: "a whole number"}, "scene.whole": {words: "a whole number"},
	"float64": {words: "a number"}, "bool": {words: "true or false"}, "message.Channel": {words: "a channel"},
}

// fieldsOf are the names of a shape's fields, as operators write them.
func fieldsOf(t reflect.Type) (names []string) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, more, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if more == "inline" {
			names = append(names, fieldsOf(f.Type)...)
		} else {
			names = append(names, name)
		}
	}
	return names
}

// plainly says what the reader of YAML found wrong with a value without its words.
func plainly(text string) string {
	if m := twice().FindStringSubmatch(text); m != nil {
		return m[1] + " stands here a second time, after line " + m[2] + ": leave one of them out"
	}
	if m := strangeField().FindStringSubmatch(text); m != nil {
		s, ok := shapes[m[2]]
		if !ok || s.of == nil {
			return "there is no field " + m[1] + " here"
		}
		there := fieldsOf(s.of)
		if near := Near(m[1], there); near != "" {
			return s.words + " has no field " + m[1] + near
		}
		return s.words + " has no field " + m[1] + ": there are " + strings.Join(there, ", ")
	}
	if m := misfit().FindStringSubmatch(text); m != nil {
		return misfits(m[1], m[2], m[3], m[4])
	}
	if slices.ContainsFunc([]string{"here belongs", "a second document", "what stands behind", "the document is empty"}, func(own string) bool { return strings.HasPrefix(text, own) }) {
		return text
	}
	return "this cannot be read as YAML: look at its indentation, colons and quotes"
}

// misfits says that a value, or one of a kind, stands where a type belongs, or a list or fields of it.
func misfits(kind, value, within, name string) string {
	s, ok := shapes[name]
	if !ok {
		s.words = "something else"
	}
	belongs := s.words
	switch {
	case strings.HasPrefix(within, "[]"):
		belongs = "a list, each of it " + s.words
	case strings.HasPrefix(within, "map"):
		belongs = "fields, each of them " + s.words
	}
	is, ok := kinds[kind]
	if !ok {
		is = "something else"
	}
	if value != "" {
		is = `"` + value + `"`
	}
	out := "here belongs " + belongs + ", and not " + is
	if s.like == "" {
		return out
	}
	like := s.like
	if strings.HasPrefix(within, "[]") {
		like = "[" + like + "]"
	} else if strings.HasPrefix(within, "map") {
		return out
	}
	return out + ": write it like " + like
}
