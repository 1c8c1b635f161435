package event

import (
	"bytes"
	"strconv"
	"time"

	"liuke/shared/fault"
	"liuke/shared/money"
)

// Limits of the tracking API, as Segment documents them, but for MaxSharedContextBytes, which is ours: what a batch
// says once is carried by each of its events from here on.
const (
	MaxEventBytes         = 32 << 10  // of one event as it was written
	MaxBatchBytes         = 500 << 10 // of a request body
	MaxBatchEvents        = 2500
	MaxSharedContextBytes = 4 << 10 // of a batch's own context
)

// Tracking reads request bodies of Segment's HTTP tracking API (segment.com/docs/connections/sources/catalog/libraries/
// server/http-api): the calls identify, track, page, screen, group and alias, alone and in batches. What the official
// clients of Segment and RudderStack write besides (integrations, channel, _metadata, their own version of a time) is
// passed over. Orders are in a currency that Money knows.
type Tracking struct {
	Money *money.Rates // never nil
}

// Intake is what a request body holds. Each of its events has a fate; the accepted ones are in Events and the rejected
// ones in Rejected, both in the order of the body. Events refer to the body's bytes: leave those unchanged.
type Intake struct {
	WriteKey string // the body's writeKey, "" where it has none
	Fates    []Fate
	Events   []Event
	Rejected []Rejected
}

// Fate is what became of one event of a request.
type Fate struct {
	Outcome Outcome
	ID      MessageID // "" where a rejected event has none that is valid
	Err     error     // why it was rejected, with the pointer into the body; nil otherwise
}

// Outcome says what became of an event.
type Outcome string

// The outcomes.
const (
	Accepted  Outcome = "accepted"
	Duplicate Outcome = "duplicate" // of an event before it in the same body: dropped
	Refused   Outcome = "rejected"
)

// draft is an event of which the members' places are known and nothing has been judged.
type draft struct {
	start, end int32
	flaw       error
	typ, name, title, category, user, anonymous, previous, group, id,
	timestamp, original, sentAt,
	properties, traits, context value
}

// One reads the body of a call for one event, of the type that the call is for. Where the event is rejected the body
// was fit to be read, and err is nil. An error (Invalid, TooLarge) is about the body as a whole.
func (t Tracking) One(typ Type, body []byte, now time.Time) (*Intake, error) {
	if len(body) > MaxEventBytes {
		return &Intake{}, fault.New(fault.TooLarge, "an event is at most %d bytes long, and this one has %d", MaxEventBytes, len(body))
	}
	s := newScanner(body)
	in := &Intake{}
	var d draft
	var writeKey value
	scan := func() (err error) {
		d, err = s.event(&writeKey)
		if err == nil {
			err = s.end()
		}
		return err
	}
	if err := scanClean(&s, scan); err != nil {
		return in, err
	}
	in.WriteKey = s.writeKey(writeKey)
	t.settle(s, in, []draft{d}, normal{now: now, forced: typ})
	return in, nil
}

// Batch reads the body of a batch call: its events under "batch"; what it says of "context" and "sentAt" holds for each
// event that says nothing of its own. An error (Invalid, TooLarge) is about the body as a whole; the intake has the
// body's write key even then, if the body is JSON.
func (t Tracking) Batch(body []byte, now time.Time) (*Intake, error) {
	if len(body) > MaxBatchBytes {
		return &Intake{}, fault.New(fault.TooLarge, "a batch is at most %d bytes long, and this one has %d", MaxBatchBytes, len(body))
	}
	s := newScanner(body)
	in := &Intake{}
	var b batchDraft
	scan := func() (err error) {
		b, err = s.batch()
		return err
	}
	if err := scanClean(&s, scan); err != nil {
		return in, err
	}
	in.WriteKey = s.writeKey(b.writeKey)
	n := normal{now: now, context: b.context, batch: true}
	err := b.check(s, &n)
	if err == nil {
		t.settle(s, in, b.events, n)
	}
	return in, err
}

// scanClean runs a scan, and once more over an escaped copy where a string holds a character that SQS refuses raw.
func scanClean(s **scanner, scan func() error) error {
	err := scan()
	if err == nil && (*s).noncharacter {
		*s = newScanner(escapeNoncharacters((*s).buf))
		err = scan()
	}
	return err
}

func escapeNoncharacters(body []byte) []byte {
	body = bytes.ReplaceAll(body, []byte("\uFFFE"), []byte(`\ufffe`))
	return bytes.ReplaceAll(body, []byte("\uFFFF"), []byte(`\uffff`))
}

// batchDraft is a batch of which nothing has been judged.
type batchDraft struct {
	isObject, isArray         bool
	events                    []draft
	count                     int
	writeKey, sentAt, context value
	flaw                      error
}

// typicalEventBytes is what room is made for ahead: events of that length.
const typicalEventBytes = 640

// batch scans a whole body.
func (s *scanner) batch() (b batchDraft, err error) {
	s.space()
	if b.isObject = s.peek() == '{'; !b.isObject {
		if _, err = s.value(); err == nil {
			err = s.end()
		}
		return b, err
	}
	err = s.object(func(name string) (err error) {
		switch name {
		case "batch":
			s.space()
			if b.isArray = s.peek() == '['; !b.isArray {
				_, err = s.value()
				return err
			}
			b.events = make([]draft, 0, min(len(s.buf)/typicalEventBytes+1, MaxBatchEvents))
			return s.array(func() error { return s.batchEvent(&b) })
		case "writeKey":
			b.writeKey, err = s.value()
		case "sentAt":
			b.sentAt, err = s.value()
		case "context":
			b.context, err = s.value()
		default:
			_, err = s.value()
		}
		return err
	})
	if err == nil {
		err = s.end()
	}
	b.flaw = s.takeFlaw(0)
	return b, err
}

func (s *scanner) batchEvent(b *batchDraft) error {
	outer, depth := s.flaw, s.depth
	s.flaw, s.depth = flaw{}, 0
	d, err := s.event(nil)
	s.flaw, s.depth = outer, depth
	if b.count++; b.count <= MaxBatchEvents {
		b.events = append(b.events, d)
	}
	return err
}

// check judges what holds for the batch as a whole, and takes it into n.
func (b *batchDraft) check(s *scanner, n *normal) error {
	var err error
	switch {
	case !b.isObject:
		return fault.New(fault.Invalid, "the body must be an object with the events in its member batch")
	case b.flaw != nil:
		return b.flaw
	case !b.isArray:
		return fault.At("/batch", "batch must be an array of events")
	case b.count > MaxBatchEvents:
		return &fault.Error{Code: fault.TooLarge, Pointer: "/batch",
			Message: "a batch holds at most " + strconv.Itoa(MaxBatchEvents) + " events: send it in parts"}
	case !b.context.absent() && b.context.kind != '{':
		return fault.At("/context", "context must be an object")
	case b.context.end-b.context.start > MaxSharedContextBytes:
		return fault.At("/context", "a batch's own context is at most %d bytes long: give the events that need more one of their own", MaxSharedContextBytes)
	}
	n.sentAt, n.hasSentAt, err = s.time(b.sentAt, "/sentAt")
	return err
}

// event scans the event at hand. writeKey, where not nil, takes the place of the write key.
func (s *scanner) event(writeKey *value) (d draft, err error) {
	s.space()
	d.start = int32(s.pos)
	if s.peek() != '{' {
		_, err = s.value()
		d.end = int32(s.pos)
		d.flaw = fault.New(fault.Invalid, "an event must be an object")
		s.flaw = flaw{}
		return d, err
	}
	var unknown value
	err = s.object(func(name string) (err error) {
		at := &unknown
		switch name {
		case "type":
			at = &d.typ
		case "event":
			at = &d.name
		case "name":
			at = &d.title
		case "category":
			at = &d.category
		case "userId":
			at = &d.user
		case "anonymousId":
			at = &d.anonymous
		case "previousId":
			at = &d.previous
		case "groupId":
			at = &d.group
		case "messageId":
			at = &d.id
		case "timestamp":
			at = &d.timestamp
		case "originalTimestamp":
			at = &d.original
		case "sentAt":
			at = &d.sentAt
		case "properties":
			at = &d.properties
		case "traits":
			at = &d.traits
		case "context":
			at = &d.context
		case "writeKey":
			if writeKey != nil {
				at = writeKey
			}
		}
		*at, err = s.value()
		return err
	})
	d.end = int32(s.pos)
	if err == nil {
		d.flaw = s.takeFlaw(int(d.start))
	}
	return d, err
}

func (s *scanner) writeKey(v value) string {
	if v.kind != '"' {
		return ""
	}
	return s.string(v)
}
