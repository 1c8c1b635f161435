package event

import (
	"bytes"
	"errors"
	"strconv"
	"time"

	"liuke/shared/customer"
	"liuke/shared/fault"
)

// Limits of an event's own fields; see MaxMessageIDBytes and customer.MaxIDBytes as well.
const (
	MaxNameBytes = 255 // of an event, a page, a screen, and their categories
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

// identity is what tells an event from others (see the package comment): whose it is, its id, and of an order event
// the order's.
type identity struct {
	user, anonymous string
	id              MessageID
	order           string
}

// settle gives each draft its fate.
func (t Tracking) settle(s *scanner, in *Intake, drafts []draft, n normal) {
	in.Fates = make([]Fate, len(drafts))
	in.Events = make([]Event, 0, len(drafts))
	var seen map[identity]int // which event of in.Events has the identity
	if len(drafts) > 1 {
		seen = make(map[identity]int, len(drafts))
	}
	for i := range drafts {
		d, fate := &drafts[i], &in.Fates[i]
		in.Events = append(in.Events, Event{})
		last := len(in.Events) - 1
		e := &in.Events[last]
		order, err := t.normalise(s, d, &n, e)
		*fate = Fate{Outcome: Accepted, ID: e.ID}
		if err == nil && seen != nil {
			who := identity{e.User, e.Anonymous, e.ID, order}
			if who.user != "" {
				who.anonymous = ""
			}
			if first, known := seen[who]; !known {
				seen[who] = last
			} else if fate.Outcome = Duplicate; !same(&in.Events[first], e) {
				err = fault.At("/messageId", "an earlier event of this customer in the batch has the same messageId and says something else: give each event an id of its own")
			}
		}
		if err != nil {
			*fate = Fate{Outcome: Refused, ID: e.ID, Err: n.locate(err, i)}
			in.Rejected = append(in.Rejected, NewRejected(s.buf[d.start:d.end], n.now, fate.Err))
		}
		if fate.Outcome != Accepted {
			in.Events = in.Events[:last]
		}
	}
}

// same reports whether two events of the same identity say the same. When and from where is left out of it: clients
// that send an event again may write that anew.
func same(a, b *Event) bool {
	return a.Type == b.Type && a.Name == b.Name && a.Category == b.Category && a.Previous == b.Previous && a.Group == b.Group &&
		bytes.Equal(a.Properties, b.Properties) && bytes.Equal(a.Traits, b.Traits)
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

// normalise judges a draft and fills e; e has the message id even where the draft is refused for something else. It
// returns the order's id where the event is about one.
func (t Tracking) normalise(s *scanner, d *draft, n *normal, e *Event) (order string, err error) {
	if d.flaw != nil {
		return "", d.flaw
	}
	e.Received, e.Source = n.now, SourceSegment
	if e.ID, err = s.messageID(d); err != nil {
		return "", err
	}
	size := int(d.end - d.start)
	if d.context.absent() {
		size += int(n.context.end - n.context.start)
	}
	if size > MaxEventBytes {
		return "", fault.New(fault.TooLarge, "an event is at most %d bytes long with its context, and this one has %d", MaxEventBytes, size)
	}
	if e.Type, err = s.eventType(d.typ, n.forced); err != nil {
		return "", err
	}
	if err := s.person(d, e); err != nil {
		return "", err
	}
	if e.Time, err = s.happened(d, n); err != nil {
		return "", err
	}
	if err := s.payload(d, n, e); err != nil {
		return "", err
	}
	switch e.Type {
	case Track:
		return t.track(s, d, e)
	case Page, Screen:
		err = s.view(d, e)
	case Group:
		err = s.membership(d, e)
	case Alias:
		err = s.alias(d, e)
	case Identify:
	}
	return "", err
}

// types is what an event may be, as messages list it.
const types = "identify, track, page, screen, group or alias"

func (s *scanner) eventType(v value, forced Type) (Type, error) {
	if v.absent() && forced != "" {
		return forced, nil
	}
	if v.absent() {
		return "", fault.At("/type", "type is missing: it must be %s", types)
	}
	t := Type("")
	if v.kind == '"' {
		t = Type(s.string(v))
	}
	if forced != "" && t != forced {
		return "", fault.At("/type", "type must be %s, as the call is, or be left out", forced)
	}
	switch t {
	case Identify, Track, Page, Screen, Group, Alias:
		return t, nil
	}
	return "", fault.At("/type", "type must be %s", types)
}

// track judges what a track event says, and returns the order's id where it is about one.
func (t Tracking) track(s *scanner, d *draft, e *Event) (order string, err error) {
	if e.Name, err = s.word(d.name, MaxNameBytes, "/event", "event"); err != nil {
		return "", err
	}
	switch {
	case e.Name == SurveyAnswered, e.Name == AnswerStored, e.Name == Unsubscribed:
		return "", fault.At("/event", "the event %q is kept for the suite itself: choose another name", e.Name)
	case !IsOrder(e.Name):
		return "", nil
	case d.properties.absent():
		return "", fault.At("/properties", "an order event needs properties")
	}
	o, err := s.order(d.properties, e, t.Money)
	return o.ID, err
}

// view reads which page or screen it was. Both parts are optional. RudderStack's mobile libraries write the name of a
// screen under event.
func (s *scanner) view(d *draft, e *Event) (err error) {
	name, pointer, field := d.title, "/name", "name"
	if name.absent() && !d.name.absent() {
		name, pointer, field = d.name, "/event", "event"
	}
	if !name.absent() && !s.empty(name) {
		if e.Name, err = s.word(name, MaxNameBytes, pointer, field); err != nil {
			return err
		}
	}
	if !d.category.absent() && !s.empty(d.category) {
		e.Category, err = s.word(d.category, MaxNameBytes, "/category", "category")
	}
	return err
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
	switch e.Type {
	case Track, Page, Screen:
		e.Properties = s.raw(d.properties)
	case Group:
		e.Traits = s.raw(d.traits)
	case Identify:
		if err := s.traits(d, e); err != nil {
			return err
		}
	case Alias:
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

// traits takes what an identify event says of the customer. RudderStack's libraries for browsers and phones write it
// into the event's own context.
func (s *scanner) traits(d *draft, e *Event) error {
	traits, pointer := d.traits, "/traits"
	if traits.absent() {
		if err := s.inside(d.context, func(name string, v value) {
			if name == "traits" && v.kind == '{' {
				traits, pointer = v, "/context/traits"
			}
		}); err != nil {
			return err
		}
	}
	e.Traits = s.raw(traits)
	_, err := customer.ParseTraits(e.Traits) // better refused here than poison later
	var f *fault.Error
	if errors.As(err, &f) && traits.start != d.traits.start && len(f.Pointer) >= len("/traits") {
		located := *f
		located.Pointer = pointer + f.Pointer[len("/traits"):]
		return &located
	}
	return err
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
