package customer

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode"

	"liuke/shared/fault"
)

// MaxTopics is how many topics a profile keeps a word on: the first by name.
const MaxTopics = 50

// maxTopicName is the longest name of a topic, in bytes.
const maxTopicName = 48

const topicPrefix = "topic."

// TopicTrait is the name of the trait that holds whether a customer wants to hear of a topic: "true" or "false".
func TopicTrait(topic string) string { return topicPrefix + topic }

// Topic returns whether the customer wants to hear of a topic; said is false where there is no word on it, or it was
// taken back.
func (p *Profile) Topic(topic string) (wanted, said bool) {
	v := p.Get(TopicTrait(topic))
	return v == "true", v != ""
}

// parsePreferences reads {"preferences": {"topics": {"offers": true, "news": false}}} into one trait a topic. Whatever
// else is among the preferences is the client's own and left out, and preferences that are no object are not ours.
func parsePreferences(raw json.RawMessage, out map[string]string) (ours bool, err error) {
	var preferences map[string]json.RawMessage
	if json.Unmarshal(raw, &preferences) != nil {
		return false, nil
	}
	const pointer = "/traits/preferences/topics"
	said, ok := preferences["topics"]
	if !ok || string(said) == "null" {
		return true, nil
	}
	var topics map[string]json.RawMessage
	if err := json.Unmarshal(said, &topics); err != nil {
		return true, fault.At(pointer, `topics must be an object such as {"offers": true, "news": false}`)
	}
	if len(topics) > MaxTopics {
		return true, fault.At(pointer, "a customer has at most %d topics, and these are %d", MaxTopics, len(topics))
	}
	for _, topic := range slices.Sorted(maps.Keys(topics)) {
		if err := CheckTopic(topic); err != nil {
			return true, fault.At(pointer, "%s", err.Error())
		}
		at := pointer + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(topic)
		if out[TopicTrait(topic)], err = word(topics[topic], at, "a topic"); err != nil {
			return true, err
		}
	}
	return true, nil
}

// CheckTopic returns an Invalid error for what is no name of a topic.
func CheckTopic(name string) error {
	if name == "" || len(name) > maxTopicName || strings.IndexFunc(name, unicode.IsControl) >= 0 {
		return fault.New(fault.Invalid, "a topic's name is 1 to %d bytes long and holds no control characters", maxTopicName)
	}
	return nil
}

// word reads a yes, a no, or null, which takes back what was said: "true", "false" or "".
func word(raw json.RawMessage, pointer, what string) (string, error) {
	switch s := string(raw); s {
	case "true", "false":
		return s, nil
	case "null":
		return "", nil
	}
	return "", fault.At(pointer, "%s must be true, false or null", what)
}
