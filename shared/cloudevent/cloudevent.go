// Package cloudevent carries CloudEvents 1.0 (github.com/cloudevents/spec) over into calls of the tracking API: from HTTP
// in binary, structured and batched content mode with the JSON event format, and from whatever else has an id, a source,
// a type and data. It decides nothing about the calls themselves: package dialect has them judged.
//
// Source and id identify an event, so that one that is delivered again changes nothing. What becomes of it depends on
// its type:
//
//	liuke.identify, liuke.track, liuke.page,   the call of that name; data holds the call's members as the tracking
//	liuke.screen, liuke.group, liuke.alias     API spells them (event, userId, properties, traits, previousId, …)
//	any other that begins with "liuke."        refused: it is meant for a call that there is none of
//	any other                                  a track event by that name, with data as its properties; so the types
//	                                           "Order Completed", "Order Refunded" and their like are orders; the
//	                                           bare names of calls are refused
//
// Attributes are taken exactly or not at all: half of a surrogate pair and bytes that are no UTF-8 are refused, for which
// decoders put U+FFFD, so that different ids and people would become one.
//
// Whose event it is, data says by userId or anonymousId; events of other types may also say it by user_id, customerId,
// customer_id or anonymous_id, which are then left out of the properties. Where data says nothing it is the subject.
package cloudevent

import (
	"maps"
	"slices"
	"strings"
	"time"

	"liuke/shared/dialect"
	"liuke/shared/event"
	"liuke/shared/fault"
)

// Source is the source of events that came as CloudEvents.
const Source event.Source = "cloudevents"

// Event is a CloudEvent, or something with the same parts.
type Event struct {
	ID      string // identifies the event together with Source
	Source  string
	Type    string
	Subject string // whose event it is where Data doesn't say; may be ""
	Time    string // RFC 3339; "" for now
	Data    []byte // JSON, nil for none
	// Context is a JSON object of whatever else came with the event, nil for none.
	Context []byte
	// IDPrefix sets the ids of one way in apart from those of others.
	IDPrefix string
	// Names says how the sender spells the parts, as JSON pointers.
	Names Names
}

// Names are the JSON pointers of an event's parts in what the sender wrote.
type Names struct{ Type, Subject, Time, Data string }

// attributeNames are the pointers of a CloudEvent in the JSON event format.
var attributeNames = Names{Type: "/type", Subject: "/subject", Time: "/time", Data: "/data"}

// native are the types that carry a call of the tracking API.
var native = map[string]event.Type{
	"liuke.identify": event.Identify,
	"liuke.track":    event.Track,
	"liuke.page":     event.Page,
	"liuke.screen":   event.Screen,
	"liuke.group":    event.Group,
	"liuke.alias":    event.Alias,
}

// The members of data that say whose event it is, in the order in which they count.
var (
	userMembers      = []string{"userId", "user_id", "customerId", "customer_id"}
	anonymousMembers = []string{"anonymousId", "anonymous_id"}
)

// callBytes is about what a call takes beside data and context.
const callBytes = 320

// Call carries the event over. raw is what the sender wrote of it, at the pointer in the request's body.
func (e *Event) Call(raw []byte, at string) dialect.Call {
	c := dialect.Call{Raw: raw, At: at, Origins: dialect.Origins{"/timestamp": e.Names.Time}}
	if e.Time != "" {
		if _, err := time.Parse(time.RFC3339Nano, e.Time); err != nil {
			c.Err = fault.At(e.Names.Time, "%s must be a time of RFC 3339, such as \"2026-01-31T08:00:00Z\"", e.Names.Time[1:])
			return c
		}
	}
	b := append(make([]byte, 0, len(e.Data)+len(e.Context)+callBytes), '{')
	b = dialect.AppendMember(b, "messageId", quoted(event.ContentID(e.IDPrefix, []byte(e.Source), []byte(e.ID))))
	if e.Time != "" {
		b = dialect.AppendMember(b, "timestamp", quoted(e.Time))
	}
	var err error
	typ, isNative := native[e.Type]
	_, meant := native["liuke."+e.Type]
	switch {
	case isNative:
		b, err = e.native(b, typ, c.Origins)
	case meant: // data would count as the properties of something called "track"
		err = fault.At(e.Names.Type, "the type of a call is liuke.%s: say that, or name what happened", e.Type)
	case strings.HasPrefix(e.Type, "liuke."): // as a name it would be an order or an identity lost in silence
		err = fault.At(e.Names.Type, "there is no such call: the types that begin with liuke. are %s", strings.Join(slices.Sorted(maps.Keys(native)), ", "))
	default:
		b, err = e.named(b, c.Origins)
	}
	if err != nil {
		c.Err = err
		return c
	}
	c.Body = append(b, '}')
	return c
}

// native appends the members of a call that data holds.
func (e *Event) native(b []byte, typ event.Type, origins dialect.Origins) ([]byte, error) {
	members, err := e.members()
	if err != nil {
		return nil, err
	}
	b = dialect.AppendMember(b, "type", quoted(string(typ)))
	known := false // whose event it is
	for _, m := range members {
		switch m.Name {
		case "userId", "anonymousId":
			if string(m.Value) == "null" {
				continue
			}
			known = true
		case "event", "name", "previousId", "groupId", "properties", "traits", "context":
		default:
			continue // the attributes say it, or no call has it
		}
		b = dialect.AppendMember(b, m.Name, m.Value)
		origins["/"+m.Name] = e.Names.Data + "/" + m.Name
	}
	if !known {
		b = e.bySubject(b, origins)
	}
	for _, name := range [...]string{"event", "name", "previousId", "groupId", "properties", "traits", "context"} {
		if origins["/"+name] == "" {
			origins["/"+name] = e.Names.Data + "/" + name
		}
	}
	return b, nil
}

// named appends a track event by the event's type.
func (e *Event) named(b []byte, origins dialect.Origins) ([]byte, error) {
	b = dialect.AppendMember(b, "type", quoted(string(event.Track)))
	b = dialect.AppendMember(b, "event", quoted(e.Type))
	origins["/event"], origins["/properties"] = e.Names.Type, e.Names.Data
	if len(e.Context) > 0 {
		b = dialect.AppendMember(b, "context", e.Context)
	}
	if len(e.Data) == 0 || e.Data[0] != '{' {
		if len(e.Data) > 0 && string(e.Data) != "null" {
			b = dialect.AppendMember(b, "properties", append(append([]byte(`{"data":`), e.Data...), '}'))
			origins["/properties/data"] = e.Names.Data
		}
		return e.bySubject(b, origins), nil
	}
	members, err := e.members()
	if err != nil {
		return nil, err
	}
	properties, ids := e.Data, map[string][]byte{}
	for _, m := range members {
		if isID(m.Name) {
			ids[m.Name] = m.Value
		}
	}
	if len(ids) > 0 {
		properties = without(members)
	}
	user, anonymous := first(ids, userMembers), first(ids, anonymousMembers)
	if user != "" {
		b = dialect.AppendMember(b, "userId", ids[user])
		origins["/userId"] = e.Names.Data + "/" + user
	}
	if anonymous != "" {
		b = dialect.AppendMember(b, "anonymousId", ids[anonymous])
		origins["/anonymousId"] = e.Names.Data + "/" + anonymous
	}
	if user == "" && anonymous == "" {
		b = e.bySubject(b, origins)
	}
	return dialect.AppendMember(b, "properties", properties), nil
}

// without is an object of the members that don't say whose event it is.
func without(members []dialect.Member) []byte {
	object := []byte{'{'}
	for _, m := range members {
		if !isID(m.Name) {
			object = dialect.AppendMember(object, m.Name, m.Value)
		}
	}
	return append(object, '}')
}

func isID(name string) bool {
	return slices.Contains(userMembers, name) || slices.Contains(anonymousMembers, name)
}

// first returns the first of the names that is there and not null.
func first(ids map[string][]byte, names []string) string {
	for _, name := range names {
		if v, ok := ids[name]; ok && string(v) != "null" {
			return name
		}
	}
	return ""
}

// bySubject makes the subject the customer.
func (e *Event) bySubject(b []byte, origins dialect.Origins) []byte {
	origins["/userId"] = e.Names.Subject
	if e.Subject == "" {
		origins["/userId"] = e.Names.Data + "/userId"
		return b
	}
	return dialect.AppendMember(b, "userId", quoted(e.Subject))
}

// members reads the members of data; none where there is no data.
func (e *Event) members() ([]dialect.Member, error) {
	if len(e.Data) == 0 {
		return nil, nil
	}
	members, err := dialect.Members(e.Data)
	if err != nil {
		return nil, fault.At(e.Names.Data, "%s %s", e.Names.Data[1:], err.Error())
	}
	return members, nil
}

func quoted(s string) []byte { return dialect.AppendString(nil, s) }

// isJSON reports whether a media type is one of JSON: application/json, text/json or any with the suffix +json.
func isJSON(contentType string) bool {
	_, subtype, _ := strings.Cut(mediaType(contentType), "/")
	return subtype == "json" || strings.HasSuffix(subtype, "+json")
}
