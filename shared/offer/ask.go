package offer

import (
	"bytes"
	"encoding/json"

	"liuke/shared/customer"
	"liuke/shared/fault"
)

// Question is what a webhook is asked for a code with, as JSON. It is asked again where its answer was lost, by the same id: the
// entry's. To each entry the webhook gives one code, however often it is asked.
type Question struct {
	Scene    string      `json:"scene"`
	Entry    string      `json:"entry"`    // of the ledger: the one of the journey's first step, whichever step carries the code
	Customer customer.ID `json:"customer"` // who gets it
	Variant  string      `json:"variant,omitempty"`
	Language string      `json:"language,omitempty"` // BCP 47: what the customer reads
	Segment  string      `json:"segment,omitempty"`  // the customer's label in rfm10
}

// ReadAnswer reads what a webhook says to a Question: {"code": "SAVE10-7QX"}. The code is "" where there is none to give: it, or the
// whole answer, is null, or it is blank. The member's name is spelled so and no other way, and it stands there once. It returns an
// Invalid error for anything else, and for a code that no pool would take; the error never holds what was answered.
func ReadAnswer(raw []byte) (code string, err error) {
	malformed := fault.New(fault.Invalid, `the answer is not of the form {"code": "…"}`)
	if !json.Valid(raw) {
		return "", malformed
	}
	if string(bytes.TrimSpace(raw)) == "null" {
		return "", nil
	}
	said, ok := member(raw, "code")
	var given *string
	if !ok || json.Unmarshal(said, &given) != nil {
		return "", malformed
	}
	if given == nil || *given == "" {
		return "", nil
	}
	if err := (&Pool{}).Check(*given); err != nil {
		return "", err
	}
	return *given, nil
}

// member returns the value of the one member of an object that has exactly this name; not ok where there is none, or more, and
// of what is no object. (What package json puts into structs goes by names in any case, and the last of several.)
func member(object []byte, name string) (value json.RawMessage, ok bool) {
	d := json.NewDecoder(bytes.NewReader(object))
	if begin, err := d.Token(); err != nil || begin != json.Delim('{') {
		return nil, false
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, false
		}
		var each json.RawMessage
		if err := d.Decode(&each); err != nil || key == name && ok {
			return nil, false
		}
		if key == name {
			value, ok = each, true
		}
	}
	return value, ok
}
