package cloudevent

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"liuke/shared/dialect"
	"liuke/shared/event"
	"liuke/shared/fault"
)

// maxAttributeBytes is how long an attribute may be.
const maxAttributeBytes = 2048

// IsBatch reports whether a request of the content type holds a batch.
func IsBatch(contentType string) bool {
	return mediaType(contentType) == "application/cloudevents-batch+json"
}

func mediaType(contentType string) string {
	t, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(t))
}

// Read carries over what an HTTP request holds: a batch of any number of events, or one. headers have lower-case names.
// An error (Invalid, TooLarge) is about the request as a whole; what is wrong with one event is the error of its call.
func Read(headers map[string]string, body []byte) ([]dialect.Call, error) {
	switch contentType := mediaType(headers["content-type"]); {
	case IsBatch(contentType):
		return readBatch(body)
	case contentType == "application/cloudevents+json":
		if !json.Valid(body) {
			return []dialect.Call{{Raw: body, Err: fault.New(fault.Invalid, "an event must be valid JSON")}}, nil
		}
		return []dialect.Call{structured(body, "")}, nil
	case strings.HasPrefix(contentType, "application/cloudevents"):
		return nil, fault.New(fault.Invalid, "of the event formats only JSON is taken: send application/cloudevents+json or application/cloudevents-batch+json, or the binary mode")
	case headers["ce-specversion"] != "" || headers["ce-id"] != "":
		return []dialect.Call{binary(headers, body)}, nil
	}
	return nil, fault.New(fault.Invalid, "the request is no CloudEvent: give the attributes as ce- headers, or content-type application/cloudevents+json or application/cloudevents-batch+json")
}

func readBatch(body []byte) ([]dialect.Call, error) {
	if !json.Valid(body) {
		return nil, fault.New(fault.Invalid, "the body is not valid JSON")
	}
	elements, err := dialect.Elements(body, event.MaxBatchEvents)
	if err != nil {
		return nil, fault.New(fault.CodeOf(err), "the body of a batch %s", err.Error())
	}
	calls := make([]dialect.Call, len(elements))
	for i, raw := range elements {
		calls[i] = structured(raw, "/"+strconv.Itoa(i))
	}
	return calls, nil
}

// structured carries over an event in the JSON event format, which must be valid JSON.
func structured(raw []byte, at string) dialect.Call {
	refused := func(err error) dialect.Call { return dialect.Call{Raw: raw, At: at, Err: err} }
	if len(raw) > event.MaxEventBytes {
		return refused(tooLarge(len(raw)))
	}
	members, err := dialect.Members(raw)
	if err != nil {
		return refused(fault.New(fault.Invalid, "an event %s", err.Error()))
	}
	attributes := map[string]string{}
	var data []byte
	for _, m := range members {
		switch {
		case string(m.Value) == "null": // an attribute that is not set (JSON event format, 2.1)
		case m.Name == "data":
			data = m.Value
		case m.Name == "data_base64":
			if data, err = base64Data(m.Value); err != nil {
				return refused(err)
			}
		default:
			if attributes[m.Name], err = attributeText(m); err != nil {
				return refused(err)
			}
		}
	}
	return carry(attributes, data, raw, at)
}

func tooLarge(size int) error {
	return fault.New(fault.TooLarge, "an event is at most %d bytes long, and this one has %d", event.MaxEventBytes, size)
}

func base64Data(value []byte) ([]byte, error) {
	var text []byte
	if err := json.Unmarshal(value, &text); err != nil {
		return nil, fault.At("/data_base64", "data_base64 must be a string of base64")
	}
	if !json.Valid(text) {
		return nil, fault.At("/data_base64", "only data that is JSON is taken")
	}
	return bytes.TrimSpace(text), nil
}

// attributeText returns what an attribute of the JSON event format says: a string, a boolean or a whole number.
func attributeText(m dialect.Member) (string, error) {
	switch m.Value[0] {
	case '"':
		return dialect.Text(m.Value, pointer(m.Name), "the attribute")
	case '{', '[':
		return "", fault.At(pointer(m.Name), "an attribute must be a string, a number or a boolean")
	}
	return string(m.Value), nil
}

// binary carries over an event whose attributes are headers and whose data is the body.
func binary(headers map[string]string, body []byte) dialect.Call {
	attributes := map[string]string{}
	var spoilt []string
	for name, value := range headers {
		if attribute, ok := strings.CutPrefix(name, "ce-"); ok {
			attributes[attribute] = unescape(value)
			if strings.ContainsRune(value, utf8.RuneError) { // or bytes that are no UTF-8, which range as it
				spoilt = append(spoilt, attribute)
			}
		}
	}
	if contentType := headers["content-type"]; contentType != "" {
		attributes["datacontenttype"] = contentType
	}
	body = bytes.TrimSpace(body)
	raw := inJSON(attributes, body)
	refused := func(err error) dialect.Call { return dialect.Call{Raw: raw, Err: err} }
	switch {
	case len(raw) > event.MaxEventBytes:
		return refused(tooLarge(len(raw)))
	case len(spoilt) > 0: // on the way here; different values may have become this one
		return refused(fault.At(pointer(slices.Min(spoilt)), "a header is not valid UTF-8: send what is not ASCII percent-encoded, \"%%C3%%A9\" for é"))
	case len(body) == 0:
		body = nil
		delete(attributes, "datacontenttype") // of no data
	case !isJSON(attributes["datacontenttype"]):
		return refused(notJSON())
	case !json.Valid(body):
		return refused(fault.At("/data", "data must be valid JSON, as the content type says"))
	}
	return carry(attributes, body, raw, "")
}

func notJSON() error {
	return fault.At("/datacontenttype", "only data that is JSON is taken: set the content type of the data to application/json")
}

// inJSON spells an event in the JSON event format, for the lake.
func inJSON(attributes map[string]string, data []byte) []byte {
	raw := []byte{'{'}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		raw = dialect.AppendMember(raw, name, quoted(attributes[name]))
	}
	switch {
	case len(data) == 0:
	case json.Valid(data):
		raw = dialect.AppendMember(raw, "data", data)
	default:
		raw = dialect.AppendMember(raw, "data_base64", quoted(base64.StdEncoding.EncodeToString(data)))
	}
	return append(raw, '}')
}

// unescape decodes the percent-encoding of a header's value (HTTP protocol binding, 3.1.3.2). What is no such encoding
// stays as it is, as the binding asks for.
func unescape(value string) string {
	if !strings.Contains(value, "%") {
		return value
	}
	out := make([]byte, 0, len(value))
	for i := 0; i < len(value); i++ {
		if value[i] == '%' && i+2 < len(value) {
			if b, err := strconv.ParseUint(value[i+1:i+3], 16, 8); err == nil {
				out = append(out, byte(b))
				i += 2
				continue
			}
		}
		out = append(out, value[i])
	}
	return string(out)
}

// carry checks an event's attributes and carries it over.
func carry(attributes map[string]string, data, raw []byte, at string) dialect.Call {
	refused := func(err error) dialect.Call { return dialect.Call{Raw: raw, At: at, Err: err} }
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		if err := checkAttribute(name, attributes[name]); err != nil {
			return refused(err)
		}
	}
	for _, name := range [...]string{"specversion", "id", "source", "type"} {
		if attributes[name] == "" {
			return refused(fault.At(pointer(name), "a CloudEvent needs the attribute %s, which must not be empty", name))
		}
	}
	switch {
	case attributes["specversion"] != "1.0":
		return refused(fault.At("/specversion", "specversion must be 1.0"))
	case len(data) > 0 && attributes["datacontenttype"] != "" && !isJSON(attributes["datacontenttype"]):
		return refused(notJSON())
	}
	e := Event{ID: attributes["id"], Source: attributes["source"], Type: attributes["type"], Subject: attributes["subject"],
		Time: attributes["time"], Data: data, Context: extras(attributes), IDPrefix: "cloudevent-", Names: attributeNames}
	return e.Call(raw, at)
}

func checkAttribute(name, value string) error {
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') {
			return fault.At("", "the name of an attribute is made of a to z and 0 to 9")
		}
	}
	switch {
	case len(value) > maxAttributeBytes:
		return fault.At(pointer(name), "an attribute is at most %d bytes long, and this one has %d", maxAttributeBytes, len(value))
	case !utf8.ValidString(value):
		return fault.At(pointer(name), "the attribute is not valid UTF-8")
	case strings.IndexFunc(value, unicode.IsControl) >= 0:
		return fault.At(pointer(name), "an attribute must not hold control characters")
	}
	return nil
}

// extras returns the attributes that a call has no place of its own for, as its context.
func extras(attributes map[string]string) []byte {
	b := []byte(`{"cloudevents":{`)
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		switch name {
		case "specversion", "id", "type", "time", "subject", "datacontenttype":
		default:
			b = dialect.AppendMember(b, name, quoted(attributes[name]))
		}
	}
	return append(b, "}}"...)
}

func pointer(name string) string {
	return "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}
