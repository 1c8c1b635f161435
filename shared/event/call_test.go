package event_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/event"
)

func TestTheOtherCallsInCanonicalForm(t *testing.T) {
	cases := []struct {
		name string
		typ  event.Type
		body string
		want event.Event
	}{
		{"a page has a name, a category and properties", event.Page,
			`{"type":"page","userId":"u","messageId":"m","name":"Longjing","category":"Tea","properties":{"path":"/tea"},"traits":{"x":1}}`,
			event.Event{User: "u", Name: "Longjing", Category: "Tea", Properties: []byte(`{"path":"/tea"}`)}},
		{"a page needs neither", event.Page, `{"anonymousId":"a","messageId":"m","name":"","category":null}`, event.Event{Anonymous: "a"}},
		{"a screen is a page of an app", event.Screen, `{"userId":"u","messageId":"m","name":"Home"}`, event.Event{User: "u", Name: "Home"}},
		{"RudderStack's mobile libraries name a screen under event", event.Screen, `{"userId":"u","messageId":"m","event":"Home"}`, event.Event{User: "u", Name: "Home"}},
		{"a group has an id and traits", event.Group,
			`{"userId":"u","messageId":"m","groupId":"acme","traits":{"plan":"gold"},"properties":{"x":1}}`,
			event.Event{User: "u", Group: "acme", Traits: []byte(`{"plan":"gold"}`)}},
		{"a group's id may be a number", event.Group, `{"userId":"u","messageId":"m","groupId":42}`, event.Event{User: "u", Group: "42"}},
		{"an alias has the id before", event.Alias, `{"userId":"u","messageId":"m","previousId":"a-1","properties":{},"traits":{}}`, event.Event{User: "u", Previous: "a-1"}},
		{"an alias of a visitor", event.Alias, `{"anonymousId":"a","messageId":"m","previousId":7}`, event.Event{Anonymous: "a", Previous: "7"}},
		{"RudderStack's browser library writes traits into the context", event.Identify,
			`{"userId":"u","messageId":"m","channel":"web","context":{"traits":{"email":"a@shop.example"}}}`,
			event.Event{User: "u", Traits: []byte(`{"email":"a@shop.example"}`), Context: []byte(`{"traits":{"email":"a@shop.example"}}`)}},
		{"traits of the call itself win over those in its context", event.Identify,
			`{"userId":"u","messageId":"m","traits":{},"context":{"traits":{"email":"a@shop.example"}}}`,
			event.Event{User: "u", Traits: []byte(`{}`), Context: []byte(`{"traits":{"email":"a@shop.example"}}`)}},
		{"minus zero is the id 0", event.Page, `{"userId":-0,"messageId":"m"}`, event.Event{User: "0"}},
		{"a whole pair of surrogates is a character", event.Page, `{"userId":"\ud83c\udf75","messageId":"m"}`, event.Event{User: "🍵"}},
		{"white space within an id is its own", event.Page, `{"userId":"留客 1","messageId":"m"}`, event.Event{User: "留客 1"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			in, err := tracking.One(c.typ, []byte(c.body), now)
			if err != nil || len(in.Events) != 1 {
				t.Fatalf("refused: %v, %v", err, fates(in))
			}
			c.want.ID, c.want.Type, c.want.Time, c.want.Received, c.want.Source = "m", c.typ, now, now, event.SourceSegment
			if d := cmp.Diff(c.want, in.Events[0]); d != "" {
				t.Fatalf("the event differs (-want +got):\n%s", d)
			}
			unpacked, err := event.Unpack(event.Packs(in.Events)[0])
			if d := cmp.Diff(c.want, unpacked[0]); err != nil || d != "" {
				t.Fatalf("%v: packing changed the event (-want +got):\n%s", err, d)
			}
		})
	}
}

func TestOtherCallsThatAreRejected(t *testing.T) {
	long := strings.Repeat("x", 256)
	cases := []struct {
		name string
		typ  event.Type
		body string
		want string
	}{
		{"a page whose name is no text", event.Page, `{"userId":"u","name":{}}`, "/name: name must be a string"},
		{"a screen whose name is too long", event.Screen, `{"userId":"u","name":"` + long + `"}`, "/name: name must be 1 to 255 bytes long, and this one has 256"},
		{"a screen whose name under event is no text", event.Screen, `{"userId":"u","event":1}`, "/event: event must be a string"},
		{"a category that is no text", event.Page, `{"userId":"u","category":1}`, "/category: category must be a string"},
		{"a page's properties that are no object", event.Page, `{"userId":"u","properties":1}`, "/properties: properties must be an object"},
		{"a group without id", event.Group, `{"userId":"u","groupId":""}`, "/groupId: a group call needs a groupId"},
		{"a group's id that is too long", event.Group, `{"userId":"u","groupId":"` + long + `"}`, "/groupId: groupId: a customer id is at most 128 bytes"},
		{"a group of nobody", event.Group, `{"groupId":"g"}`, "/userId: an event needs"},
		{"an alias without the id before", event.Alias, `{"userId":"u"}`, "/previousId: an alias call needs a previousId"},
		{"an alias to a kept id", event.Alias, `{"userId":"u","previousId":"anonymous:a"}`, `/previousId: a previousId must not begin with "anonymous:"`},
		{"an id with white space before it", event.Page, `{"userId":" u"}`, "/userId: userId must not begin or end with white space: trim it"},
		{"an id with a no-break space behind it", event.Page, `{"anonymousId":"u\u00a0"}`, "/anonymousId: anonymousId must not begin or end"},
		{"an id that is white space", event.Page, `{"userId":"  "}`, "/userId: userId must not begin or end"},
		{"an id with half a pair", event.Page, `{"userId":"u\ud83c"}`, "/userId: userId must not hold half of a surrogate pair"},
		{"an id with the second half alone", event.Page, `{"userId":"\udf75"}`, "/userId: userId must not hold half"},
		{"an id with a pair the wrong way round", event.Page, `{"userId":"\udf75\ud83c"}`, "/userId: userId must not hold half"},
		{"an id with a pair that something parts", event.Page, `{"userId":"\ud83c.\udf75"}`, "/userId: userId must not hold half"},
		{"an event's name with half a pair", event.Track, `{"userId":"u","event":"\ud83c"}`, "/event: event must not hold half"},
		{"an order's id with white space behind it", event.Track, `{"userId":"u","event":"Order Cancelled","properties":{"order_id":"o "}}`, "/properties/order_id: order_id must not begin or end"},
		{"traits in the context that are refused", event.Identify, `{"userId":"u","context":{"traits":{"consent":{"email":1}}}}`, "/context/traits/consent/email: consent must be"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			in, err := tracking.One(c.typ, []byte(c.body), now)
			if err != nil {
				t.Fatal(err)
			}
			if got := fates(in); len(got) != 1 || !strings.HasPrefix(got[0], "rejected "+c.want) || len(in.Events) != 0 {
				t.Fatalf("fates are %q, want rejected %q", got, c.want)
			}
		})
	}
}

// TestTheSameMessageIDAgain holds the rule of what identifies an event, within one body.
func TestTheSameMessageIDAgain(t *testing.T) {
	order := func(name, id, more string) string {
		return `{"type":"track","event":"` + name + `","userId":"u","messageId":"m","properties":{"order_id":"` + id + `"` + more + `}}`
	}
	const conflict = "rejected /batch/1/messageId: an earlier event of this customer in the batch has the same messageId and says something else: give each event an id of its own"
	cases := []struct{ name, first, second, want string }{
		{"the same order again is a duplicate", order("Order Completed", "o1", `,"total":1`), order("Order Completed", "o1", `,"total":1`), "duplicate"},
		{"another order is another event", order("Order Completed", "o1", `,"total":1`), order("Order Completed", "o2", `,"total":1`), "accepted"},
		{"another total of the same order is refused", order("Order Completed", "o1", `,"total":1`), order("Order Completed", "o1", `,"total":2`), conflict},
		{"another change of the same order is refused", order("Order Completed", "o1", `,"total":1`), order("Order Refunded", "o1", `,"total":1`), conflict},
		{"an order and activity are two events", order("Order Completed", "o1", `,"total":1`), `{"type":"track","event":"e","userId":"u","messageId":"m"}`, "accepted"},
		{"other activity is refused", `{"type":"track","event":"e","userId":"u","messageId":"m"}`, `{"type":"track","event":"f","userId":"u","messageId":"m"}`, conflict},
		{"another type is refused", `{"type":"page","userId":"u","messageId":"m"}`, `{"type":"screen","userId":"u","messageId":"m"}`, conflict},
		{"another group is refused", `{"type":"group","groupId":"g","userId":"u","messageId":"m"}`, `{"type":"group","groupId":"h","userId":"u","messageId":"m"}`, conflict},
		{"another id before is refused", `{"type":"alias","previousId":"a","userId":"u","messageId":"m"}`, `{"type":"alias","previousId":"b","userId":"u","messageId":"m"}`, conflict},
		{"other traits are refused", `{"type":"identify","traits":{"a":1},"userId":"u","messageId":"m"}`, `{"type":"identify","traits":{"a":2},"userId":"u","messageId":"m"}`, conflict},
		{"another context is the same event sent again", `{"type":"page","userId":"u","messageId":"m","context":{"a":1}}`, `{"type":"page","userId":"u","messageId":"m","context":{"a":2},"sentAt":"2026-03-01T08:00:00Z"}`, "duplicate"},
		{"another customer's is another event", `{"type":"page","userId":"u","messageId":"m"}`, `{"type":"page","userId":"v","messageId":"m"}`, "accepted"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			in := batch(t, `{"batch":[`+c.first+`,`+c.second+`]}`)
			if d := cmp.Diff([]string{"accepted", c.want}, fates(in)); d != "" {
				t.Fatalf("the fates differ (-want +got):\n%s", d)
			}
			kept := map[bool]int{true: 1, false: 0}
			if len(in.Rejected) != kept[c.want == conflict] || len(in.Events) != 1+kept[c.want == "accepted"] {
				t.Fatalf("%d events, %d rejected", len(in.Events), len(in.Rejected))
			}
		})
	}
}

// TestWhereAFlawIs holds the pointers to flaws, however hard they are to spell.
func TestWhereAFlawIs(t *testing.T) {
	cases := []struct{ name, members, want string }{
		{"in an array", `"properties":{"a":[1,{},[2,"` + "\xff" + `"]]}`, "/properties/a/2/1"},
		{"behind brackets and quotes in strings", `"x":"}],{\"","y":["[",{"a,b":"\\"}],"properties":{"a":1,"a":2}`, "/properties/a"},
		{"under a name with a slash and a tilde", `"properties":{"a/b~c":{"x":1,"x":1}}`, "/properties/a~1b~0c/x"},
		{"under a name in escapes", `"properties":{"\u007e":"` + "\xff" + `"}`, "/properties/~0"},
		{"in a name itself: what it is in", `"properties":{"a":{"` + "\xff" + `":1}}`, "/properties/a"},
		{"under a name that is no UTF-8: the first, which is that", `"properties":{"a":{"` + "\xff" + `":{"b":1,"b":2}}}`, "/properties/a"},
		{"under a name too long to spell: what that is in", `"properties":{"` + strings.Repeat("n", 300) + `":{"b":1,"b":2}}`, "/properties"},
		{"deeper than a pointer can say: as far as that leads", `"properties":` + strings.Repeat(`{"name":`, 150) + `{"b":1,"b":2}` + strings.Repeat(`}`, 150),
			"/properties" + strings.Repeat("/name", 49)},
		{"in the last of many members", `"properties":{"a":{"1":1,"2":1,"3":1,"4":1,"5":1,"6":1,"7":1,"8":1,"9":1,"10":1,"11":1,"12":1,"13":1,"14":1,"15":1,"16":1,"17":1,"18":1,"19":1,"20":1,"21":1,"22":1,"23":1,"24":1,"25":1,"1":2}}`, "/properties/a/1"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			in := batch(t, `{"x":[1],"batch":[{},{"type":"track","event":"e","userId":"u",`+c.members+`}]}`)
			if got := fates(in); len(got) != 2 || !strings.HasPrefix(got[1], "rejected /batch/1"+c.want+": ") {
				t.Fatalf("fates are %q, want a flaw at %q", got, c.want)
			}
		})
	}
}
