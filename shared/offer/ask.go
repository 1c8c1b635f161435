package offer

import (
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
// whole answer, is null, or it is blank. It returns an Invalid error for anything else, and for a code that no pool would take; the
// error never holds what was answered.
func ReadAnswer(raw []byte) (code string, err error) {
	malformed := fault.New(fault.Invalid, `the answer is not of the form {"code": "…"}`)
	var said *struct {
		Code json.RawMessage `json:"code"`
	}
	if err := json.Unmarshal(raw, &said); err != nil {
		return "", malformed
	}
	if said == nil {
		return "", nil
	}
	var given *string
	if json.Unmarshal(said.Code, &given) != nil { // as of an answer without a code
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
