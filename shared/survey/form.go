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

// Form is an answer as it was typed, before any check. An absent field is empty.
type Form struct {
	Score   string
	Comment string
}

// MaxParts is the most fields of a form, ours and those that a browser's extensions or another site's form add.
const MaxParts = 32

// Decode reads a form from a body of application/x-www-form-urlencoded, multipart/form-data or application/json
// ({"score":9,"comment":"…"}). Fields with other names are passed over. It returns an Invalid error for another
// content type, a body that is not of its type, a file, and a field that is given more than once.
func Decode(contentType string, body []byte) (Form, error) {
	kind, parameters, err := mime.ParseMediaType(contentType)
	if err != nil {
		return Form{}, fault.As(err, fault.Invalid, "the content-type cannot be read: %s", accepted)
	}
	switch kind {
	case "application/x-www-form-urlencoded":
		return decodeURL(body)
	case "multipart/form-data":
		return decodeMultipart(body, parameters["boundary"])
	case "application/json":
		return decodeJSON(body)
	}
	return Form{}, fault.New(fault.Invalid, "an answer does not come in this content-type: %s", accepted)
}

const accepted = "send application/x-www-form-urlencoded, multipart/form-data or application/json"

func decodeURL(body []byte) (Form, error) {
	if bytes.Count(body, []byte("&")) >= MaxParts {
		return Form{}, tooManyParts()
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return Form{}, fault.As(err, fault.Invalid, "the body is not application/x-www-form-urlencoded")
	}
	var f Form
	for name, given := range values {
		for _, v := range given {
			if err := f.set(name, v); err != nil {
				return Form{}, err
			}
		}
	}
	return f, nil
}

func decodeMultipart(body []byte, boundary string) (Form, error) {
	if boundary == "" {
		return Form{}, fault.New(fault.Invalid, "multipart/form-data needs its boundary in the content-type")
	}
	cut := fault.New(fault.Invalid, "the multipart body is cut short or damaged")
	if !bytes.Contains(body, []byte("--"+boundary+"--")) {
		return Form{}, cut // the reader takes an end within a part's header for the end of the parts
	}
	var f Form
	r := multipart.NewReader(bytes.NewReader(body), boundary)
	for n := 0; ; n++ {
		part, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return f, nil
		}
		if err != nil {
			return Form{}, cut
		}
		if n == MaxParts {
			return Form{}, tooManyParts()
		}
		if part.FileName() != "" {
			return Form{}, fault.New(fault.Invalid, "an answer holds no file: send score and comment as text")
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return Form{}, cut
		}
		if err := f.set(part.FormName(), string(value)); err != nil {
			return Form{}, err
		}
	}
}

func decodeJSON(body []byte) (Form, error) {
	var in struct {
		Score   json.RawMessage `json:"score"`
		Comment *string         `json:"comment"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		var kind *json.UnmarshalTypeError
		if errors.As(err, &kind) && kind.Field == "comment" {
			return Form{}, fault.At("/comment", "the comment is a JSON string")
		}
		return Form{}, fault.As(err, fault.Invalid, `the body is not a JSON object such as {"score":9,"comment":"…"}`)
	}
	var f Form
	switch score := string(in.Score); {
	case score == "" || score == "null":
	case strings.HasPrefix(score, `"`):
		if err := json.Unmarshal(in.Score, &f.Score); err != nil {
			return Form{}, fault.At("/score", "the score is a whole number")
		}
	default:
		f.Score = score
	}
	if in.Comment != nil {
		f.Comment = *in.Comment
	}
	return f, nil
}

// set takes one field. It returns an Invalid error for the second value of a field.
func (f *Form) set(name, value string) error {
	var to *string
	switch name {
	case "score":
		to = &f.Score
	case "comment":
		to = &f.Comment
	default:
		return nil
	}
	if *to != "" {
		return fault.At("/"+name, "the field %s is given more than once", name)
	}
	*to = value
	return nil
}

func tooManyParts() error {
	return fault.New(fault.Invalid, "the form has more than %d fields", MaxParts)
}

// Preselect reads the score that a link asks to have chosen, "" where it asks for none or for nonsense.
func Preselect(score string) string {
	if n, err := strconv.Atoi(score); err == nil && n >= MinScore && n <= MaxScore {
		return strconv.Itoa(n)
	}
	return ""
}
