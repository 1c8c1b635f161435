package outreach

import (
	"strings"

	"liuke/shared/brand"
	"liuke/shared/consent"
	"liuke/shared/document"
	"liuke/shared/fault"
	"liuke/shared/pattern"
	"liuke/shared/request"
)

// Bounds of what is said of topics.
const (
	maxTopicRunes       = 60
	maxDescriptionRunes = 200
	maxLocales          = 50
)

// topicForm is how scenes name topics.
var topicForm = pattern.New(`^[a-z][a-z0-9_]{0,47}$`)

func (s *Settings) topics(f *settingsFile) error {
	if err := worded(f.Topics, "/topics", "a label", maxTopicRunes); err != nil {
		return err
	}
	if err := worded(f.Descriptions, "/topic_descriptions", "a description", maxDescriptionRunes); err != nil {
		return err
	}
	s.Topics, s.Descriptions = f.Topics, f.Descriptions
	return nil
}

// worded checks what is said of topics at a place of the settings, by topic and locale.
func worded(topics map[string]map[string]string, place, what string, most int) error {
	if len(topics) > consent.MaxTopics {
		return fault.At(place, "at most %d topics stand here", consent.MaxTopics)
	}
	escape := strings.NewReplacer("~", "~0", "/", "~1")
	for topic, words := range topics {
		at := place + "/" + escape.Replace(topic)
		if !topicForm().MatchString(topic) {
			return fault.At(at, "a topic stands under the name that scenes have for it: lower-case words joined by underscores")
		}
		if len(words) > maxLocales {
			return fault.At(at, "a topic has words in at most %d locales", maxLocales)
		}
		for locale, text := range words {
			switch {
			case !localeForm().MatchString(locale):
				return fault.At(at+"/"+escape.Replace(locale), "%s stands under a locale such as en or zh-CN", what)
			case !brand.OneLine(text, most):
				return fault.At(at+"/"+locale, "%s is one line of at most %d characters", what, most)
			}
		}
	}
	return nil
}

// TopicsOf returns the labels that the settings' document gives topics, by topic and locale, and the descriptions. Where it can no longer
// be read, it gives none, and an error.
func TopicsOf(settings document.Document) (labels, descriptions map[string]map[string]string, err error) {
	if settings.Body == "" {
		return nil, nil, nil
	}
	var f settingsFile
	if err := request.Parse([]byte(settings.Body), &f); err != nil {
		return nil, nil, err
	}
	var s Settings
	err = s.topics(&f)
	return s.Topics, s.Descriptions, err
}
