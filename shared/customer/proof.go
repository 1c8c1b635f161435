package customer

import (
	"encoding/json"
	"strings"
	"unicode"

	"liuke/shared/fault"
)

// Source says how a customer's word on consent came.
type Source string

// The sources.
const (
	ByForm             Source = "form"              // of the business's own
	ByPreferenceCentre Source = "preference_centre" // the page behind a customer's link
	ByUnsubscribeLink  Source = "unsubscribe_link"  // its page
	ByOneClick         Source = "one_click"         // RFC 8058: the mail program's button
	ByKeyword          Source = "sms_keyword"       // such as STOP
	ByImport           Source = "import"
	ByAPI              Source = "api"
)

// Proof is how a customer's word on consent came, and what text it answered.
type Proof struct {
	Source  Source `json:"source"`
	Version string `json:"text_version,omitempty"` // of the text, as who shows it counts
	Hash    string `json:"text_hash,omitempty"`    // SHA-256 of the text, in lower-case hexadecimal
	Where   string `json:"where,omitempty"`        // in the business's words, such as "checkout"
}

// Text reports whether a text is named: whoever was shown one has said something anew, even if it is the same.
func (p *Proof) Text() bool { return p.Version != "" || p.Hash != "" }

// Limits of a proof's fields: bytes, and the digits of a hash.
const (
	maxVersion = 64
	maxWhere   = 128
	hashDigits = 64
)

const fieldProof = "consent_proof"

// ParseProof reads what proves the consent that an identify call's traits give, as it stands among them: {"consent_proof":
// {"source": "form", "text_version": "2026-03", "text_hash": "…", "where": "checkout"}}, each of which may be absent. Clients
// may say that consent came by a form, the API or an import, and not that it came by the suite's own pages. It returns an
// Invalid error with the JSON pointer of what is wrong: a proof is never guessed.
func ParseProof(traits json.RawMessage) (p Proof, err error) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(traits, &fields) != nil || fields[fieldProof] == nil {
		return Proof{}, nil
	}
	return parseProof(fields[fieldProof])
}

func parseProof(raw json.RawMessage) (p Proof, err error) {
	const pointer = "/traits/" + fieldProof
	if json.Unmarshal(raw, &p) != nil {
		return Proof{}, fault.At(pointer, `a proof of consent is an object such as {"source": "form", "text_version": "2026-03", "where": "checkout"}`)
	}
	p.Hash = strings.ToLower(p.Hash)
	printable := func(s string, most int) bool { return len(s) <= most && strings.IndexFunc(s, unicode.IsControl) < 0 }
	switch {
	case p.Source != "" && p.Source != ByForm && p.Source != ByAPI && p.Source != ByImport:
		return Proof{}, fault.At(pointer+"/source", "the source is form, api or import")
	case !printable(p.Version, maxVersion):
		return Proof{}, fault.At(pointer+"/text_version", "the version of a text has at most %d bytes without control characters", maxVersion)
	case p.Hash != "" && (len(p.Hash) != hashDigits || strings.Trim(p.Hash, "0123456789abcdef") != ""):
		return Proof{}, fault.At(pointer+"/text_hash", "the hash of a text is its SHA-256 in %d hexadecimal digits", hashDigits)
	case !printable(p.Where, maxWhere):
		return Proof{}, fault.At(pointer+"/where", "where consent was given is said in at most %d bytes without control characters", maxWhere)
	}
	return p, nil
}
