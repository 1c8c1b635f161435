package survey

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"strconv"
	"strings"

	"liuke/shared/fault"
)

// Form is what was typed, before any check: the fields by the ids of their questions, and what the form says of itself.
type Form struct {
	Fields   map[string][]string
	Asked    []string // FieldAsked: the questions that the page showed; none for a form that asks all of them
	Partial  bool     // FieldPartial: more is to come, so that nothing is missing yet
	Version  int      // FieldVersion: of the survey that the form was made from; 0 where it does not say
	Started  string   // FieldStarted: when the form was begun, as its maker spells it
	Response string   // FieldResponse: an id of the sender's own, by which it sends the same answer again
	Back     string   // FieldBack: the page to go back to
	Trap     string   // FieldTrap: filled in by programs alone
}

// The fields in which a form speaks of itself. No question has such an id.
const (
	FieldAsked    = "_asked" // ids, joined by commas
	FieldPartial  = "_partial"
	FieldVersion  = "_version"
	FieldStarted  = "_started"
	FieldResponse = "_response"
	FieldBack     = "_back"
	FieldTrap     = "website"
)

// MaxFields is the most fields of a form, ours and those that a browser's extensions or another site's form add.
const MaxFields = 256

// Decode reads a form from a body of application/x-www-form-urlencoded, multipart/form-data or application/json
// ({"score":9,"reason":["price"],"comment":"…"}). Fields of no question are passed over by the check. It returns an
// Invalid error for another content type, a body that is not of its type, and a file.
func Decode(contentType string, body []byte) (Form, error) {
	kind, parameters, err := mime.ParseMediaType(contentType)
	if err != nil {
		return Form{}, fault.As(err, fault.Invalid, "the content-type cannot be read: %s", accepted)
	}
	f := Form{Fields: map[string][]string{}}
	switch kind {
	case "application/x-www-form-urlencoded":
		err = f.decodeURL(body)
	case "multipart/form-data":
		err = f.decodeMultipart(body, parameters["boundary"])
	case "application/json":
		err = f.decodeJSON(body)
	default:
		err = fault.New(fault.Invalid, "an answer does not come in this content-type: %s", accepted)
	}
	if err != nil {
		return Form{}, err
	}
	return f, nil
}

const accepted = "send application/x-www-form-urlencoded, multipart/form-data or application/json"

func (f *Form) decodeURL(body []byte) error {
	if bytes.Count(body, []byte("&")) >= MaxFields {
		return tooManyFields()
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return fault.As(err, fault.Invalid, "the body is not application/x-www-form-urlencoded")
	}
	for name, given := range values {
		for _, v := range given {
			if err := f.set(name, v); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *Form) decodeMultipart(body []byte, boundary string) error {
	if boundary == "" {
		return fault.New(fault.Invalid, "multipart/form-data needs its boundary in the content-type")
	}
	cut := fault.New(fault.Invalid, "the multipart body is cut short or damaged")
	if !bytes.Contains(body, []byte("--"+boundary+"--")) {
		return cut // the reader takes an end within a part's header for the end of the parts
	}
	r := multipart.NewReader(bytes.NewReader(body), boundary)
	for n := 0; ; n++ {
		part, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return cut
		}
		if n == MaxFields {
			return tooManyFields()
		}
		if part.FileName() != "" {
			return fault.New(fault.Invalid, "an answer holds no file: send its fields as text")
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return cut
		}
		if err := f.set(part.FormName(), string(value)); err != nil {
			return err
		}
	}
}

func (f *Form) decodeJSON(body []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil || fields == nil { // null is nil
		return fault.New(fault.Invalid, `the body is not a JSON object such as {"score":9,"comment":"…"}`)
	}
	if len(fields) > MaxFields {
		return tooManyFields()
	}
	for name, raw := range fields {
		values, err := typed(raw)
		if err != nil {
			return fault.At("/"+pointerEscape.Replace(name), "the field is a number, a text, a list of texts, true, false or null")
		}
		for _, v := range values {
			if err := f.set(name, v); err != nil {
				return err
			}
		}
	}
	return nil
}

var pointerEscape = strings.NewReplacer("~", "~0", "/", "~1")

// typed returns the field of a JSON form as it would be typed.
func typed(raw json.RawMessage) ([]string, error) {
	switch {
	case len(raw) == 0, string(raw) == "null":
		return nil, nil
	case raw[0] == '"':
		var text string
		err := json.Unmarshal(raw, &text)
		return []string{text}, err
	case raw[0] == '[':
		var list []string
		err := json.Unmarshal(raw, &list)
		if len(list) > MaxFields {
			return nil, tooManyFields()
		}
		return list, err
	case raw[0] == '{':
		return nil, fault.New(fault.Invalid, "an object is no field")
	}
	return []string{string(raw)}, nil
}

// set takes one field. It returns an Invalid error for the second value of one of the form's own.
func (f *Form) set(name, value string) error {
	var to *string
	switch name {
	case FieldStarted:
		to = &f.Started
	case FieldResponse:
		to = &f.Response
	case FieldBack:
		to = &f.Back
	case FieldTrap:
		to = &f.Trap
	case FieldAsked:
		for id := range strings.SplitSeq(value, ",") {
			if id = strings.TrimSpace(id); id != "" && len(f.Asked) < MaxQuestions {
				f.Asked = append(f.Asked, id)
			}
		}
		return nil
	case FieldPartial:
		f.Partial = value != "" && value != "0" && value != "false"
		return nil
	case FieldVersion:
		n, err := strconv.ParseInt(value, 10, 32)
		if err != nil || n < 1 {
			return fault.At("/"+FieldVersion, "the version of a survey counts from 1")
		}
		f.Version = int(n)
		return nil
	default:
		f.Fields[name] = append(f.Fields[name], value)
		return nil
	}
	if *to != "" && *to != value {
		return fault.At("/"+name, "the field %s is given more than once", name)
	}
	*to = value
	return nil
}

func tooManyFields() error {
	return fault.New(fault.Invalid, "the form has more than %d fields", MaxFields)
}

// Preselect returns the values that a link asks to have chosen, by its query: of questions with numbers or options alone,
// and without nonsense.
func (s *Survey) Preselect(query map[string]string) Values {
	v := Values{}
	for i := range s.Questions {
		q := &s.Questions[i]
		if q.Kind == FreeText || query[q.ID] == "" {
			continue
		}
		if value, answered, wrong := q.read([]string{query[q.ID]}); answered && wrong == "" {
			v[q.ID] = value
		}
	}
	return v
}
