package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"time"
	"unicode/utf8"

	"liuke/shared/fault"
)

// NewRejected returns what the lake keeps of an event, or of a whole body, that was refused. What encoding/json would not
// take is kept as a JSON string of the text; U+FFFD stands for bytes that are no UTF-8.
func NewRejected(raw []byte, received time.Time, err error) Rejected {
	r := Rejected{Received: received, Reason: "the event could not be read"}
	var f *fault.Error
	if errors.As(err, &f) {
		r.Reason, r.Pointer = f.Message, f.Pointer
	}
	text := raw
	if utf8.Valid(raw) {
		text = bytes.Clone(raw)
	} else {
		text = bytes.ToValidUTF8(raw, []byte("\uFFFD"))
	}
	if r.Event = text; !json.Valid(text) {
		r.Event = appendString(nil, string(text))
	}
	return r
}
