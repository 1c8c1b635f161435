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

// Bounds of what topics are called.
const (
	maxTopicRunes = 60
	maxLocales    = 50
)

// topicForm is how scenes name topics.
var topicForm = pattern.New(`^[a-z][a-z0-9_]{0,47}$`)

func (s *Settings) topics(f *settingsFile) error {
	if len(f.Topics) > consent.MaxTopics {
		return fault.At("/topics", "at most %d topics have labels", consent.MaxTopics)
	}
	escape := strings.NewReplacer("~", "~0", "/", "~1")
	for topic, labels := range f.Topics {
		at := "/topics/" + escape.Replace(topic)
		if !topicForm().MatchString(topic) {
			return fault.At(at, "a topic stands under the name that scenes have for it: lower-case words joined by underscores")
		}
		if len(labels) > maxLocales {
			return fault.At(at, "a topic has labels in at most %d locales", maxLocales)
		}
		for locale, label := range labels {
			switch {
			case !localeForm().MatchString(locale):
				return fault.At(at+"/"+escape.Replace(locale), "a label stands under a locale such as en or zh-CN")
			case !brand.OneLine(label, maxTopicRunes):
				return fault.At(at+"/"+locale, "a label is one line of at most %d characters", maxTopicRunes)
			}
		}
	}
	s.Topics = f.Topics
	return nil
}

// TopicsOf returns the labels that the settings' document gives topics, by topic and locale. Where it can no longer be read, it
// gives none, and an error.
func TopicsOf(settings document.Document) (map[string]map[string]string, error) {
	if settings.Body == "" {
		return nil, nil
	}
	var f settingsFile
	if err := request.Parse([]byte(settings.Body), &f); err != nil {
		return nil, err
	}
	var s Settings
	err := s.topics(&f)
	return s.Topics, err
}
