package event

import (
	"bytes"
	"errors"
	"strconv"
	"time"
	"unicode"

	"liuke/shared/customer"
	"liuke/shared/fault"
)

// Limits of an event's own fields.
const (
	MaxMessageIDBytes = 100
	MaxNameBytes      = 255
	// MaxAhead is how far ahead of our clock an event may be; what is beyond is taken for this far ahead.
	MaxAhead = 24 * time.Hour
)

// normal is what the events of one body have in common while they are judged and brought into canonical form.
type normal struct {
	now       time.Time
	forced    Type // the type that the call is for, "" in a batch
	batch     bool
	sentAt    time.Time
	hasSentAt bool
	context   value // of the batch
}

// settle gives each draft its fate.
func (t Tracking) settle(s *scanner, in *Intake, drafts []draft, n normal) {
	in.Fates = make([]Fate, len(drafts))
	in.Events = make([]Event, 0, len(drafts))
	type identity struct {
		user, anonymous string
		id              MessageID
	}
	var seen map[identity]struct{}
	if len(drafts) > 1 {
		seen = make(map[identity]struct{}, len(drafts))
	}
	for i := range drafts {
		d, fate := &drafts[i], &in.Fates[i]
		in.Events = append(in.Events, Event{})
		e := &in.Events[len(in.Events)-1]
		if err := t.normalise(s, d, &n, e); err != nil {
			in.Events = in.Events[:len(in.Events)-1]
			*fate = Fate{Outcome: Refused, ID: e.ID, Err: n.locate(err, i)}
			in.Rejected = append(in.Rejected, NewRejected(s.buf[d.start:d.end], n.now, fate.Err))
			continue
		}
		*fate = Fate{Outcome: Accepted, ID: e.ID}
		if seen == nil {
			continue
		}
		who := identity{e.User, e.Anonymous, e.ID}
		if who.user != "" {
			who.anonymous = ""
		}
		if _, twice := seen[who]; twice {
			fate.Outcome = Duplicate
			in.Events = in.Events[:len(in.Events)-1]
			continue
		}
		seen[who] = struct{}{}
	}
}

// locate sets the event's place in the body before a flaw's pointer.
func (n *normal) locate(err error, i int) error {
	var f *fault.Error
	if !n.batch || !errors.As(err, &f) {
		return err
	}
	located := *f
	located.Pointer = "/batch/" + strconv.Itoa(i) + f.Pointer
	return &located
}

// normalise judges a draft and fills e; e has the message id even where the draft is refused for something else.
func (t Tracking) normalise(s *scanner, d *draft, n *normal, e *Event) error {
	if d.flaw != nil {
		return d.flaw
	}
	e.Received, e.Source = n.now, SourceSegment
	var err error
	if e.ID, err = s.messageID(d); err != nil {
		return err
	}
	size := int(d.end - d.start)
	if d.context.absent() {
		size += int(n.context.end - n.context.start)
	}
	if size > MaxEventBytes {
		return fault.New(fault.TooLarge, "an event is at most %d bytes long with its context, and this one has %d", MaxEventBytes, size)
	}
	if e.Type, err = s.eventType(d.typ, n.forced); err != nil {
		return err
	}
	if err := s.person(d, e); err != nil {
		return err
	}
	if e.Time, err = s.happened(d, n); err != nil {
		return err
	}
	if err := s.payload(d, n, e); err != nil {
		return err
	}
	if e.Type == Track {
		return t.track(s, d, e)
	}
	return nil
}

// messageID reads the event's id, or makes it from the event's content. What changes when a client sends the same
// event again (sentAt) and what is no part of it (the write key) stay out of it.
func (s *scanner) messageID(d *draft) (MessageID, error) {
	if d.id.absent() || (d.id.kind == '"' && d.id.end-d.id.start == 2) {
		return MessageID(ContentID("content-", s.raw(d.typ), s.raw(d.name), s.raw(d.user), s.raw(d.anonymous),
			s.raw(d.timestamp), s.raw(d.original), s.raw(d.properties), s.raw(d.traits), s.raw(d.context))), nil
	}
	id, err := s.word(d.id, MaxMessageIDBytes, "/messageId", "messageId")
	return MessageID(id), err
}

func (s *scanner) eventType(v value, forced Type) (Type, error) {
	if v.absent() && forced != "" {
		return forced, nil
	}
	if v.kind != '"' {
		return "", fault.At("/type", "type must be identify or track")
	}
	t := Type(s.string(v))
	switch {
	case forced != "" && t != forced:
		return "", fault.At("/type", "type must be %s, as the call is, or be left out", forced)
	case t == Identify, t == Track:
		return t, nil
	}
	return "", fault.At("/type", "type must be identify or track: other calls are not taken in")
}

// person reads whose event it is.
func (s *scanner) person(d *draft, e *Event) (err error) {
	if e.User, err = s.identifier(d.user, "/userId", "userId"); err != nil {
		return err
	}
	if e.Anonymous, err = s.identifier(d.anonymous, "/anonymousId", "anonymousId"); err != nil {
		return err
	}
	if e.User == "" && e.Anonymous == "" {
		return fault.At("/userId", "an event needs a userId or an anonymousId")
	}
	if len(e.User) >= len(anonymousPrefix) && e.User[:len(anonymousPrefix)] == anonymousPrefix {
		return fault.At("/userId", "a userId must not begin with %q: that is kept for visitors without one", anonymousPrefix)
	}
	if most := customer.MaxIDBytes - len(anonymousPrefix); len(e.Anonymous) > most {
		return fault.At("/anonymousId", "an anonymousId is at most %d bytes long, and this one has %d", most, len(e.Anonymous))
	}
	return nil
}

// identifier reads a customer's id: a string or, as some clients send it, a whole number; "" for none.
func (s *scanner) identifier(v value, pointer, field string) (string, error) {
	text := ""
	switch {
	case v.absent():
		return "", nil
	case v.kind == '"':
		text = s.string(v)
	case v.kind == numberKind && isWhole(s.string(v)):
		return s.string(v), nil
	default:
		return "", fault.At(pointer, "%s must be a string or a whole number", field)
	}
	if text == "" {
		return "", nil
	}
	if _, err := customer.ParseID(text); err != nil {
		var f *fault.Error
		if errors.As(err, &f) {
			return "", fault.At(pointer, "%s: %s", field, f.Message)
		}
		return "", err
	}
	return text, nil
}

// isWhole reports whether a JSON number is spelled as a whole one of at most 20 characters.
func isWhole(number string) bool {
	for i := 0; i < len(number); i++ {
		if c := number[i]; (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return len(number) <= 20
}

// word reads a string of 1 to most bytes without control characters.
func (s *scanner) word(v value, most int, pointer, field string) (string, error) {
	if v.kind != '"' {
		return "", fault.At(pointer, "%s must be a string", field)
	}
	text := s.string(v)
	if text == "" || len(text) > most {
		return "", fault.At(pointer, "%s must be 1 to %d bytes long, and this one has %d", field, most, len(text))
	}
	for _, r := range text {
		if unicode.IsControl(r) {
			return "", fault.At(pointer, "%s must not hold control characters", field)
		}
	}
	return text, nil
}

// payload takes properties, traits and context as they are.
func (s *scanner) payload(d *draft, n *normal, e *Event) error {
	for _, v := range [...]struct {
		value
		pointer, field string
	}{{d.properties, "/properties", "properties"}, {d.traits, "/traits", "traits"}, {d.context, "/context", "context"}} {
		if !v.absent() && v.kind != '{' {
			return fault.At(v.pointer, "%s must be an object", v.field)
		}
	}
	context := d.context
	if context.absent() {
		context = n.context
	}
	e.Context = s.raw(context)
	if e.Type == Identify {
		e.Traits = s.raw(d.traits)
		if _, err := customer.ParseTraits(e.Traits); err != nil { // better refused here than poison later
			return err
		}
	} else {
		e.Properties = s.raw(d.properties)
	}
	if bytes.Contains(e.Context, []byte("import")) || bytes.IndexByte(e.Context, '\\') >= 0 {
		return s.inside(context, func(name string, v value) {
			if name == "import" {
				e.Import = v.kind == 't'
			}
		})
	}
	return nil
}

// inside visits the members of an object that has been scanned.
func (s *scanner) inside(object value, visit func(name string, v value)) error {
	if object.kind != '{' {
		return nil
	}
	at := s.pos
	s.pos = int(object.start)
	err := s.object(func(name string) error {
		v, err := s.value()
		if err == nil {
			visit(name, v)
		}
		return err
	})
	s.pos = at
	return err
}
