package webhook

import (
	"slices"
	"strings"

	"liuke/shared/dialect"
	"liuke/shared/event"
	"liuke/shared/fault"
)

// mapping says what the deliveries of some topics become.
type mapping struct {
	topics  []string
	privacy string // a demand by law for the operator; no rule then
	rules   []rule // one event each, or one for each element of a list; none means that nothing follows
}

// rule is how one event is made of a payload. A path leads from the payload's root, or with a point before it from the
// element at hand.
type rule struct {
	typ        event.Type
	name       string     // of a track event
	each       string     // path of a list with an element for each event
	when       []test     // all of which must hold
	id         string     // template of the event's id
	time       value      // when it happened; now where nothing stands there
	who        []identity // whose it is: the first that the payload names
	link       string     // template of a visitor who is that customer or guest
	properties []field
	traits     []field // "consent.email" is a member of consent
}

// value is something in a payload: the first of the paths where anything stands, in a format.
type value struct {
	from []string
	as   format
}

// field is a value under a name.
type field struct {
	name string
	value
}

// format brings what stands at a place into JSON; nil leaves it out.
type format func(s *scope, at node) ([]byte, error)

// test is true where what stands at the path is one of is, or anything where is is empty; not turns it round.
type test struct {
	path string
	is   []string
	not  bool
}

// identity is one way to name the customer: a template of a customer's id, of a guest's address, or of a visitor's id.
type identity struct{ user, visitor, guest string }

// scope is where a rule looks: the payload, and the element of its list.
type scope struct {
	root, element node
	computed      map[string]string // properties in text, for templates
}

// at returns the place of a path.
func (s *scope) at(path string) node {
	if rest, ok := strings.CutPrefix(path, "."); ok {
		return s.element.get(rest)
	}
	return s.root.get(path)
}

// first returns the first of the paths where anything stands, the first of all where nothing does.
func (s *scope) first(paths []string) node {
	for _, p := range paths {
		if n := s.at(p); n.there() {
			return n
		}
	}
	return s.at(paths[0])
}

// fill fills a template in: {path} or {one|or another}; {one|} may be missing; {#path} is a whole number in paddedDigits
// digits, so that texts compare as the numbers do; {=name} is a property of the event. It returns the place that the last brace named, and false where something is missing.
func (s *scope) fill(template string) (text string, from node, ok bool) {
	for {
		before, rest, braced := strings.Cut(template, "{")
		text += before
		if !braced {
			return text, from, true
		}
		inside, after, _ := strings.Cut(rest, "}")
		template = after
		if name, ok := strings.CutPrefix(inside, "="); ok {
			text += s.computed[name]
			continue
		}
		inside, padded := strings.CutPrefix(inside, "#")
		paths, optional := strings.CutSuffix(inside, "|")
		from = s.first(strings.Split(paths, "|"))
		word := strings.TrimSpace(from.text())
		if padded {
			word = strings.Repeat("0", max(paddedDigits-len(word), 0)) + word
		}
		if word == "" && !optional {
			return "", from, false
		}
		text += word
	}
}

func (s *scope) holds(t test) bool {
	n := s.first(strings.Split(t.path, "|"))
	is := n.there()
	if len(t.is) > 0 {
		is = slices.Contains(t.is, n.text())
	}
	return is != t.not
}

// paddedDigits is more than any amount in minor units has.
const paddedDigits = 14

// find returns the mapping of a topic, nil where there is none.
func find(mappings []mapping, topic string) *mapping {
	for i := range mappings {
		if slices.Contains(mappings[i].topics, topic) {
			return &mappings[i]
		}
	}
	return nil
}

// read makes the calls of a payload.
func (m *mapping) read(payload node, raw []byte) (calls []dialect.Call) {
	for i := range m.rules {
		r := &m.rules[i]
		elements := []node{payload}
		if r.each != "" {
			elements = payload.each(r.each)
		}
		for _, e := range elements {
			s := &scope{root: payload, element: e, computed: map[string]string{}}
			if !slices.ContainsFunc(r.when, func(t test) bool { return !s.holds(t) }) {
				calls = append(calls, r.call(s, raw))
			}
		}
	}
	return calls
}

// call makes one call.
func (r *rule) call(s *scope, raw []byte) dialect.Call {
	c := dialect.Call{Raw: raw, Origins: dialect.Origins{}}
	b := append([]byte(nil), `{"type":"`+string(r.typ)+`"`...)
	if r.name != "" {
		b = dialect.AppendMember(b, "event", quoted(r.name))
	}
	for _, part := range [...]func(*scope, []byte, dialect.Origins) ([]byte, error){r.appendContent, r.appendID, r.appendTime, r.appendWho} {
		var err error
		if b, err = part(s, b, c.Origins); err != nil {
			c.Err = err
			return c
		}
	}
	c.Body = append(b, '}')
	return c
}

func (r *rule) appendID(s *scope, b []byte, origins dialect.Origins) ([]byte, error) {
	id, from, ok := s.fill(r.id)
	if !ok {
		return nil, fault.At(from.path, "the payload has no %s, by which it would be known again", from.path[1:])
	}
	origins["/messageId"] = from.path
	return dialect.AppendMember(b, "messageId", quoted(id)), nil
}

func (r *rule) appendTime(s *scope, b []byte, origins dialect.Origins) ([]byte, error) {
	if len(r.time.from) == 0 {
		return b, nil
	}
	at := s.first(r.time.from)
	origins["/timestamp"] = at.path
	text, err := r.time.as(s, at)
	if err != nil || text == nil {
		return b, err
	}
	return dialect.AppendMember(b, "timestamp", text), nil
}

// appendWho appends whose event it is.
func (r *rule) appendWho(s *scope, b []byte, origins dialect.Origins) ([]byte, error) {
	for _, w := range r.who {
		id, from, ok := s.fill(w.user + w.guest + w.visitor) // one of the three
		if !ok {
			continue
		}
		if w.visitor != "" {
			origins["/anonymousId"] = from.path
			return dialect.AppendMember(b, "anonymousId", quoted(id)), nil
		}
		if w.guest != "" {
			id = GuestID(id)
		}
		origins["/userId"] = from.path
		b = dialect.AppendMember(b, "userId", quoted(id))
		if link, _, ok := s.fill(r.link); ok && r.link != "" {
			b = dialect.AppendMember(b, "anonymousId", quoted(link))
		}
		return b, nil
	}
	return nil, fault.New(fault.Invalid, "the payload names no customer, and nothing else by which to find one")
}

// appendContent appends properties and traits.
func (r *rule) appendContent(s *scope, b []byte, origins dialect.Origins) ([]byte, error) {
	for _, part := range [...]struct {
		name   string
		fields []field
	}{{"properties", r.properties}, {"traits", r.traits}} {
		if len(part.fields) == 0 {
			continue
		}
		object, consent := []byte{'{'}, []byte{'{'}
		for _, f := range part.fields {
			at := s.first(f.from)
			raw, err := f.as(s, at)
			if err != nil {
				return nil, err
			}
			s.computed[f.name] = strings.Trim(string(raw), `"`)
			origins["/"+part.name+"/"+strings.ReplaceAll(f.name, ".", "/")] = at.path
			switch channel, isConsent := strings.CutPrefix(f.name, "consent."); {
			case raw == nil:
			case isConsent:
				consent = dialect.AppendMember(consent, channel, raw)
			default:
				object = dialect.AppendMember(object, f.name, raw)
			}
		}
		if len(consent) > 1 {
			object = dialect.AppendMember(object, "consent", append(consent, '}'))
		}
		b = dialect.AppendMember(b, part.name, append(object, '}'))
	}
	return b, nil
}

func quoted(s string) []byte { return dialect.AppendString(nil, s) }
