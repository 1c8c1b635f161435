package importfile

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"liuke/shared/pattern"
)

// Limits of what an answer brings along, so that it stays far within an item's 400 KB and an event's bounds.
const (
	maxTags          = 50
	maxTagBytes      = 100
	maxProperties    = 100
	maxPropertyName  = 256     // bytes
	maxPropertyBytes = 8 << 10 // of one value
	maxChannelBytes  = 32
	maxTraitName     = 64 // bytes; what is longer is no trait: see customer.ParseTraits
)

// questionPrefix begins the names of properties that are answers to further questions.
const questionPrefix = "question: "

var (
	localeTag   = pattern.New(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$`)
	channelWord = pattern.New(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
)

// tags reads labels that stand in one field: with commas between them, or as a list in JSON.
func (f *Reader) tags(fields []string) (tags []string, err error) {
	text := f.columns.get(fields, fieldTags)
	var list []string
	if !strings.HasPrefix(text, "[") || json.Unmarshal([]byte(text), &list) != nil {
		list = strings.Split(text, ",")
	}
	for _, tag := range list {
		tag = strings.TrimSpace(tag)
		switch {
		case tag == "" || slices.Contains(tags, tag):
		case !isWord(tag, maxTagBytes):
			return nil, f.refuse(fieldTags, "a tag is at most %d bytes long, without control characters", maxTagBytes)
		case len(tags) == maxTags:
			return nil, f.refuse(fieldTags, "an answer has at most %d tags", maxTags)
		default:
			tags = append(tags, tag)
		}
	}
	return tags, nil
}

// channel reads by which channel an answer came, in lower-case words joined by underscores: "Email" is email, "iOS SDK"
// is ios_sdk.
func (f *Reader) channel(fields []string) (string, error) {
	text := f.columns.get(fields, fieldChannel)
	word := strings.Join(strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return r == ' ' || r == '-' || r == '_' || r == '/' }), "_")
	if text != "" && (len(word) > maxChannelBytes || !channelWord().MatchString(word)) {
		return "", f.refuse(fieldChannel, "a channel is named by words such as email, sms, link or web, of at most %d characters", maxChannelBytes)
	}
	return word, nil
}

// properties are what a row says beside its fields and beside the columns that answers were taken from: by the columns'
// names, or those that they are mapped to. It returns nil where that is nothing.
func (f *Reader) properties(fields []string, taken map[int]bool) (map[string]string, error) {
	p := map[string]string{}
	set := func(name, value string) error {
		value = strings.TrimSpace(value)
		if value == "" {
			return nil
		}
		if asks(name) {
			name = questionPrefix + name
		}
		own := name
		for n := 2; ; n++ { // two columns may have one name
			if _, taken := p[own]; !taken {
				break
			}
			own = name + " (" + strconv.Itoa(n) + ")"
		}
		reason := ""
		switch {
		case len(own) > maxPropertyName:
			reason = "the column's name is longer than " + strconv.Itoa(maxPropertyName) + " bytes, and it would be a property's: shorten it"
		case len(value) > maxPropertyBytes:
			reason = "a property has at most " + strconv.Itoa(maxPropertyBytes>>10) + " KB"
		case strings.ContainsFunc(value, inapt):
			reason = "the value has control characters in it"
		case len(p) == maxProperties:
			reason = "an answer has at most " + strconv.Itoa(maxProperties) + " properties"
		}
		if reason != "" {
			return &Refused{Column: show(name), Reason: reason}
		}
		p[own] = value
		return nil
	}
	for _, i := range f.loose {
		if !taken[i] {
			if err := set(f.columns.names[i], fields[i]); err != nil {
				return nil, err
			}
		}
	}
	for _, name := range f.request.mappedTraits() {
		if i := f.columns.at[name]; !taken[i] {
			if err := set(name, fields[i]); err != nil {
				return nil, err
			}
		}
	}
	if len(p) == 0 {
		return nil, nil
	}
	return p, nil
}

func inapt(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' }

// asks reports whether a column's name is a question that was asked: it has a question mark, or is longer than any trait's
// name.
func asks(name string) bool {
	return strings.ContainsAny(name, "?？") || len(name) > maxTraitName && utf8.ValidString(name)
}
