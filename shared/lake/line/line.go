// Package line is the form in which the lake keeps one event: a line of JSON whose open part anybody may analyse and
// whose identifying part is sealed by the customer's key, so that deleting the key erases the person and leaves the
// statistics. It knows no bucket.
//
// A line, its members in this order, those in brackets only where they say something:
//
//	{"customer":"<pseudonym, 32 hex digits>","id":"<message id>","type":"track",["name":…,]["category":…,]"time":…,"received":…,
//	 "source":…,["import":true,]["properties":{…},]"sealed":"<base64>"}
//
// Sealed are who it was (user, anonymous, previous, group), traits, context, and those members of properties that name
// or reach somebody (see personal). The seal is AES-256-GCM by the customer's key over JSON, bound to the line's
// pseudonym and id. Its nonce is made of the content, so that the same event makes the same line; who has not the key
// learns from a seal how long it is and whether two lines are the same, nothing else.
//
// The message id is the client's own and stays open: clients that put personal data into it put it into the lake.
package line

import (
	"bytes"
	"encoding/json"
	"time"

	"liuke/shared/customer"
	"liuke/shared/event"
	"liuke/shared/fault"
)

// MaxBytes is the longest line that is read: an event takes 32 KB, its sealed part a third more than that, and what a
// reader escapes up to six times as much.
const MaxBytes = 512 << 10

// open is a line as JSON.
type open struct {
	Customer   string          `json:"customer"`
	ID         event.MessageID `json:"id"`
	Type       event.Type      `json:"type"`
	Name       string          `json:"name,omitempty"`
	Category   string          `json:"category,omitempty"`
	Time       time.Time       `json:"time"`
	Received   time.Time       `json:"received"`
	Source     event.Source    `json:"source"`
	Import     bool            `json:"import,omitempty"`
	Properties json.RawMessage `json:"properties,omitempty"`
	Sealed     []byte          `json:"sealed"`
}

// private is what a seal holds.
type private struct {
	User       string          `json:"user,omitempty"`
	Anonymous  string          `json:"anonymous,omitempty"`
	Previous   string          `json:"previous,omitempty"`
	Group      string          `json:"group,omitempty"`
	Properties json.RawMessage `json:"properties,omitempty"`
	Traits     json.RawMessage `json:"traits,omitempty"`
	Context    json.RawMessage `json:"context,omitempty"`
}

// Seal returns the event's line, without an end of line. The event is of the customer who has the key. It returns an
// Internal error for an event that is no JSON, or a key that is none.
func Seal(e *event.Event, k customer.Key) ([]byte, error) {
	if k.IsZero() {
		return nil, fault.New(fault.Internal, "an event without its customer's key cannot go into the lake")
	}
	properties, personal, err := divide(e.Properties)
	if err != nil {
		return nil, err
	}
	secret, err := json.Marshal(private{
		User: e.User, Anonymous: e.Anonymous, Previous: e.Previous, Group: e.Group,
		Properties: personal, Traits: e.Traits, Context: e.Context,
	})
	if err != nil {
		return nil, fault.As(err, fault.Internal, "an event cannot be encoded")
	}
	l := open{
		Customer: k.Pseudonym(), ID: e.ID, Type: e.Type, Name: e.Name, Category: e.Category,
		Time: e.Time.UTC(), Received: e.Received.UTC(), Source: e.Source, Import: e.Import, Properties: properties,
	}
	if l.Sealed, err = seal(k, l.Customer, string(l.ID), secret); err != nil {
		return nil, err
	}
	raw, err := json.Marshal(&l)
	return raw, fault.As(err, fault.Internal, "an event cannot be encoded")
}

// Open returns the event of a line, properties whole again; their members may stand in another order than they came. It
// returns an Invalid error, which quotes nothing, for what is no line, or none that the key has sealed.
func Open(raw []byte, k customer.Key) (event.Event, error) {
	var l open
	if len(raw) > MaxBytes || json.Unmarshal(raw, &l) != nil {
		return event.Event{}, errDamaged
	}
	secret, err := unseal(k, l.Customer, string(l.ID), l.Sealed)
	if err != nil {
		return event.Event{}, err
	}
	var p private
	if json.Unmarshal(secret, &p) != nil {
		return event.Event{}, errDamaged
	}
	properties, err := unite(l.Properties, p.Properties)
	if err != nil {
		return event.Event{}, err
	}
	return event.Event{
		ID: l.ID, Type: l.Type, Name: l.Name, Category: l.Category,
		User: p.User, Anonymous: p.Anonymous, Previous: p.Previous, Group: p.Group,
		Time: l.Time, Received: l.Received, Source: l.Source, Import: l.Import,
		Properties: properties, Traits: p.Traits, Context: p.Context,
	}, nil
}

var errDamaged = fault.New(fault.Invalid, "the line is damaged, or was sealed by another key")

// Head is what tells lines apart: parts of the line as they stand there, ids still escaped as in JSON. All are nil for
// what is no line of an event.
type Head struct {
	Customer []byte // the pseudonym
	ID       []byte
	Order    []byte // of an order event, which its order's id tells from others with the same id; nil of all others
	Received []byte // RFC 3339
}

const pseudonymDigits = 32

// HeadOf reads a line's head, which it does not decode further.
func HeadOf(raw []byte) Head {
	rest, ok := bytes.CutPrefix(raw, []byte(`{"customer":"`))
	if !ok || len(rest) < pseudonymDigits || !isPseudonym(rest[:pseudonymDigits]) {
		return Head{}
	}
	h := Head{Customer: rest[:pseudonymDigits]}
	if rest, ok = bytes.CutPrefix(rest[pseudonymDigits:], []byte(`","id":"`)); !ok {
		return Head{}
	}
	end := 0
	for end < len(rest) && rest[end] != '"' {
		if rest[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(rest) {
		return Head{}
	}
	h.ID, rest = rest[:end], rest[end:]
	// Within a string the quote would be escaped, and properties come later.
	_, rest, ok = bytes.Cut(rest, []byte(`,"received":"`))
	end = bytes.IndexByte(rest, '"')
	if !ok || end < 0 {
		return Head{}
	}
	h.Received = rest[:end]
	if bytes.Contains(raw[:len(raw)-len(rest)], []byte(`,"name":"Order `)) {
		h.Order = orderOf(raw)
	}
	return h
}

// orderOf reads the id of the order that an event is of, nil where there is none. Where the id itself is sealed, the seal
// stands for it.
func orderOf(raw []byte) []byte {
	var l struct {
		Name       string `json:"name"`
		Properties struct {
			Order json.RawMessage `json:"order_id"`
		} `json:"properties"`
		Sealed json.RawMessage `json:"sealed"`
	}
	if json.Unmarshal(raw, &l) != nil || !event.IsOrder(l.Name) {
		return nil
	}
	if len(l.Properties.Order) == 0 {
		return l.Sealed
	}
	return bytes.Trim(l.Properties.Order, `"`)
}

// IsZero reports whether it is the head of no line.
func (h Head) IsZero() bool { return h.Customer == nil }

// Time is when the event was received; the zero time where the line does not say.
func (h Head) Time() time.Time {
	t, err := time.Parse(time.RFC3339Nano, string(h.Received))
	if err != nil {
		return time.Time{}
	}
	return t
}

func isPseudonym(b []byte) bool {
	for _, c := range b {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
