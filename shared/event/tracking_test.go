package event_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/api"
	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/money"
)

var (
	now      = time.Date(2026, 3, 1, 8, 31, 1, 0, time.UTC)
	tracking = event.Tracking{Money: money.Only("CNY")}
)

func batch(t *testing.T, body string) *event.Intake {
	t.Helper()
	in, err := tracking.Batch([]byte(body), now)
	if err != nil {
		t.Fatalf("the body is refused as a whole: %v", err)
	}
	return in
}

// fates spells each event's fate: the outcome, and for a rejected one pointer and reason.
func fates(in *event.Intake) []string {
	var out []string
	for _, f := range in.Fates {
		line := string(f.Outcome)
		if f.Err != nil {
			p := api.ProblemOf(f.Err)
			line += " " + p.Pointer + ": " + p.Detail
		}
		out = append(out, line)
	}
	return out
}

func TestOneEventInCanonicalForm(t *testing.T) {
	at := func(s string) time.Time {
		parsed, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	cases := []struct {
		name string
		typ  event.Type
		body string
		want event.Event
	}{
		{"a track call keeps what the client wrote", event.Track,
			`{"userId":"u1","anonymousId":"a1","messageId":"m1","event":"Product Viewed","timestamp":"2026-03-01T08:00:00.5Z","properties":{ "price" : 19.90 },"context":{"ip":"::1"}}`,
			event.Event{ID: "m1", Name: "Product Viewed", User: "u1", Anonymous: "a1", Time: at("2026-03-01T08:00:00.5Z"),
				Properties: []byte(`{ "price" : 19.90 }`), Context: []byte(`{"ip":"::1"}`)}},
		{"an identify call has traits and no properties", event.Identify,
			`{"type":"identify","userId":"u1","messageId":"m1","traits":{"email":"a@shop.example"},"properties":{"x":1}}`,
			event.Event{ID: "m1", User: "u1", Time: now, Traits: []byte(`{"email":"a@shop.example"}`)}},
		{"escapes are decoded in what is read, and left in what is carried", event.Track,
			`{"userId":"\u7559\u5ba2 \"1\"","messageId":"m\u0031","event":"\ud83d\ude00","properties":{"n":"\u7559"}}`,
			event.Event{ID: "m1", Name: "😀", User: `留客 "1"`, Time: now, Properties: []byte(`{"n":"\u7559"}`)}},
		{"a member whose name is written in escapes is the member all the same", event.Track,
			`{"user\u0049d":"u1","messageId":"m1","event":"e"}`, event.Event{ID: "m1", Name: "e", User: "u1", Time: now}},
		{"null and empty strings are as good as absent", event.Track,
			`{"userId":null,"anonymousId":"a1","messageId":"m1","event":"e","timestamp":null,"sentAt":"","properties":null,"context":null}`,
			event.Event{ID: "m1", Name: "e", Anonymous: "a1", Time: now}},
		{"a whole number is an id", event.Track,
			`{"userId":12345678901234567890,"messageId":"m1","event":"e"}`, event.Event{ID: "m1", Name: "e", User: "12345678901234567890", Time: now}},
		{"a clock that is ten minutes slow is set right by sentAt", event.Track,
			`{"userId":"u","messageId":"m1","event":"e","timestamp":"2026-03-01T08:20:00Z","sentAt":"2026-03-01T08:21:01Z"}`,
			event.Event{ID: "m1", Name: "e", User: "u", Time: at("2026-03-01T08:30:00Z")}},
		{"a clock that is ten years fast as well", event.Track,
			`{"userId":"u","messageId":"m1","event":"e","timestamp":"2036-03-01T08:30:01Z","sentAt":"2036-03-01T08:31:01Z"}`,
			event.Event{ID: "m1", Name: "e", User: "u", Time: at("2026-03-01T08:30:01Z")}},
		{"without sentAt a time ten years ahead is held at a day ahead", event.Track,
			`{"userId":"u","messageId":"m1","event":"e","timestamp":"2036-03-01T08:30:01Z"}`,
			event.Event{ID: "m1", Name: "e", User: "u", Time: now.Add(24 * time.Hour)}},
		{"originalTimestamp stands in for timestamp", event.Track,
			`{"userId":"u","messageId":"m1","event":"e","originalTimestamp":"2026-03-01T16:30:00.000+08:00"}`,
			event.Event{ID: "m1", Name: "e", User: "u", Time: at("2026-03-01T08:30:00Z")}},
		{"a time without zone is UTC", event.Track,
			`{"userId":"u","messageId":"m1","event":"e","timestamp":"2026-02-28T23:59:59.25"}`,
			event.Event{ID: "m1", Name: "e", User: "u", Time: at("2026-02-28T23:59:59.25Z")}},
		{"context.import makes history of it", event.Track,
			`{"userId":"u","messageId":"m1","event":"e","context":{"import":true}}`,
			event.Event{ID: "m1", Name: "e", User: "u", Time: now, Import: true, Context: []byte(`{"import":true}`)}},
		{"import must be true itself", event.Track,
			`{"userId":"u","messageId":"m1","event":"e","context":{"import":"true","x":{"import":true}}}`,
			event.Event{ID: "m1", Name: "e", User: "u", Time: now, Context: []byte(`{"import":"true","x":{"import":true}}`)}},
		{"what SQS does not take as such is escaped", event.Track,
			"{\"userId\":\"u\",\"messageId\":\"m1\",\"event\":\"e\",\"properties\":{\"x\":\"\uFFFE\uFFFF，\"}}",
			event.Event{ID: "m1", Name: "e", User: "u", Time: now, Properties: []byte(`{"x":"\ufffe\uffff，"}`)}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			in, err := tracking.One(c.typ, []byte(c.body), now)
			if err != nil || len(in.Events) != 1 {
				t.Fatalf("refused: %v, %v", err, fates(in))
			}
			c.want.Type, c.want.Received, c.want.Source = c.typ, now, event.SourceSegment
			if d := cmp.Diff(c.want, in.Events[0]); d != "" {
				t.Fatalf("the event differs (-want +got):\n%s", d)
			}
		})
	}
}

func TestEventsThatAreRejected(t *testing.T) {
	track := func(members string) string {
		return `{"type":"track","event":"e","userId":"u","messageId":"m"` + members + `}`
	}
	order := func(properties string) string {
		return `{"type":"track","event":"Order Completed","userId":"u","messageId":"m","properties":{` + properties + `}}`
	}
	deep := strings.Repeat(`{"a":`, event.MaxDepth-1)
	cases := []struct{ name, event, want string }{
		{"an event that is no object", `"x"`, ": an event must be an object"},
		{"no type", `{"userId":"u","event":"e"}`, "/type: type is missing: it must be identify, track, page"},
		{"a type that is none", `{"type":"batch","userId":"u"}`, "/type: type must be identify, track, page, screen, group or alias"},
		{"a type that is no string", `{"type":1,"userId":"u"}`, "/type: type must be identify, track, page"},
		{"nobody's event", `{"type":"track","event":"e","userId":""}`, "/userId: an event needs a userId or an anonymousId"},
		{"a user id of 129 bytes", `{"type":"track","event":"e","userId":"` + strings.Repeat("x", 129) + `"}`, "/userId: userId: a customer id is at most 128 bytes"},
		{"a user id with a line break", `{"type":"track","event":"e","userId":"a\nb"}`, "/userId: userId: a customer id must not hold control"},
		{"a user id that is an object", `{"type":"track","event":"e","userId":{}}`, "/userId: userId must be a string"},
		{"a user id that is a fraction", `{"type":"track","event":"e","userId":1.5}`, "/userId: userId must be a string"},
		{"a user id that looks like a visitor's", `{"type":"track","event":"e","userId":"anonymous:x"}`, "/userId: a userId must not begin with"},
		{"an anonymous id that leaves no room", `{"type":"track","event":"e","anonymousId":"` + strings.Repeat("x", 119) + `"}`, "/anonymousId: an anonymousId is at most 118 bytes"},
		{"a message id of 101 bytes", `{"type":"track","event":"e","userId":"u","messageId":"` + strings.Repeat("x", 101) + `"}`, "/messageId: messageId must be 1 to 100 bytes"},
		{"a message id that is a number", `{"type":"track","event":"e","userId":"u","messageId":1}`, "/messageId: messageId must be a string"},
		{"a track event without name", `{"type":"track","userId":"u"}`, "/event: event is missing: it must be a string of 1 to 255 bytes"},
		{"a name that is a number", `{"type":"track","userId":"u","event":1}`, "/event: event must be a string"},
		{"a name of no length", `{"type":"track","event":"","userId":"u"}`, "/event: event must be 1 to 255 bytes"},
		{"the suite's own event for answers", `{"type":"track","event":"Survey Answered","userId":"u"}`, "/event: the event \"Survey Answered\" is kept for the suite"},
		{"the suite's own event for unsubscribing", `{"type":"track","event":"\u0055nsubscribed","userId":"u"}`, "/event: the event \"Unsubscribed\" is kept for the suite"},
		{"a timestamp that is none", track(`,"timestamp":"yesterday"`), "/timestamp: timestamp must be an ISO 8601 time"},
		{"a timestamp in seconds", track(`,"timestamp":1700000000`), "/timestamp: timestamp must be an ISO 8601 time"},
		{"a timestamp of 1969", track(`,"timestamp":"1969-12-31T23:59:59Z"`), "/timestamp: timestamp must be an ISO 8601 time since 1970"},
		{"a sentAt that is none", track(`,"timestamp":"2026-03-01T08:00:00Z","sentAt":"now"`), "/sentAt: sentAt must be an ISO 8601 time"},
		{"a sentAt that sends the time before 1970", track(`,"timestamp":"1971-01-01T00:00:00Z","sentAt":"2099-01-01T00:00:00Z"`), "/timestamp: timestamp is before 1970 when corrected"},
		{"properties that are no object", track(`,"properties":[1]`), "/properties: properties must be an object"},
		{"traits that are no object", track(`,"traits":"x"`), "/traits: traits must be an object"},
		{"a context that is no object", track(`,"context":1`), "/context: context must be an object"},
		{"a member twice in the envelope", track(`,"userId":"v"`), "/userId: an object has two members of the same name"},
		{"a member twice deep inside", track(`,"properties":{"a":[{"b":1,"c":2,"\u0062":3}]}`), "/properties/a/0/b: an object has two members of the same name"},
		{"nesting beyond any use", track(`,"properties":` + deep + `{}` + strings.Repeat("}", event.MaxDepth-1)), "/properties" + strings.Repeat("/a", event.MaxDepth-1) + ": values are nested more than 64 deep"},
		{"invalid UTF-8", track(`,"properties":{"a":"` + "\xc3\x28" + `"}`), "/properties/a: a string is not valid UTF-8"},
		{"a surrogate as if it were UTF-8", track(`,"properties":{"a":"` + "\xed\xa0\x80" + `"}`), "/properties/a: a string is not valid UTF-8"},
		{"more than 32 KB", track(`,"properties":{"a":"` + strings.Repeat("x", event.MaxEventBytes) + `"}`), ": an event is at most 32768 bytes long"},
		{"consent that is neither yes nor no", `{"type":"identify","userId":"u","traits":{"consent":{"email":"perhaps"}}}`, "/traits/consent/email: consent must be true, false or null"},
		{"an address with a line break", `{"type":"identify","userId":"u","traits":{"email":"a@b.example\nBcc: c@d.example"}}`, "/traits/email: the trait must be text"},
		{"an order without properties", `{"type":"track","event":"Order Completed","userId":"u"}`, "/properties: an order event needs properties"},
		{"an order without id", order(`"total":1`), "/properties/order_id: an order event needs an order_id"},
		{"an order id of no length", order(`"order_id":"","total":1`), "/properties/order_id: order_id must be 1 to 100 bytes"},
		{"an order id with a control character", order(`"order_id":"a\u0085","total":1`), "/properties/order_id: order_id must not hold control"},
		{"an order without total", order(`"order_id":"o"`), "/properties/total: an order event needs a total (or revenue)"},
		{"a total with a third decimal", order(`"order_id":"o","total":12.345`), "/properties/total: total: the amount has more decimals than the 2 of CNY"},
		{"a revenue that is no number", order(`"order_id":"o","revenue":"12 yuan"`), "/properties/revenue: revenue: an amount is a decimal number"},
		{"a total that is an object", order(`"order_id":"o","total":{}`), "/properties/total: total must be a number, or a string of one"},
		{"a total beyond int64", order(`"order_id":"o","total":1e300`), "/properties/total: total: the amount is too large"},
		{"a total beyond what an order can be worth", order(`"order_id":"o","total":10000000000.01`), "/properties/total: total is over the most"},
		{"a negative total", order(`"order_id":"o","total":-1`), "/properties/total: total must not be negative"},
		{"another currency", order(`"order_id":"o","total":1,"currency":"USD"`), "/properties/currency: no rate of USD is known"},
		{"history with a date that is none", `{"type":"track","event":"Order Completed","userId":"u","timestamp":"1997-01-01","context":{"import":true},"properties":{"order_id":"o","total":1,"date":"1997-02-30"}}`,
			"/properties/date: date must be a day"},
		{"history with a date that its time denies", `{"type":"track","event":"Order Completed","userId":"u","timestamp":"1997-01-01","context":{"import":true},"properties":{"order_id":"o","total":1,"date":"1997-01-04"}}`,
			"/properties/date: date must be the day of the timestamp"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			good := `{"type":"track","event":"e","userId":"good","messageId":"good"}`
			in := batch(t, `{"batch":[`+good+`,`+c.event+`]}`)
			got := fates(in)
			if len(got) != 2 || got[0] != "accepted" || !strings.HasPrefix(got[1], "rejected /batch/1"+c.want) {
				t.Fatalf("fates are %q, want the first accepted and the second rejected with %q", got, c.want)
			}
			if len(in.Events) != 1 || len(in.Rejected) != 1 {
				t.Fatalf("%d events, %d rejected", len(in.Events), len(in.Rejected))
			}
			r := in.Rejected[0]
			if want := "rejected " + r.Pointer + ": " + r.Reason; got[1] != want {
				t.Errorf("the lake's reason is %q and the client's %q", want, got[1])
			}
			if string(r.Event) != strings.ToValidUTF8(c.event, "\uFFFD") || r.Received != now {
				t.Errorf("the lake keeps %.80q, received %v", r.Event, r.Received)
			}
		})
	}
}

func TestWhatABatchSaysOnceHoldsForEachEvent(t *testing.T) {
	in := batch(t, `{"batch":[
		{"type":"track","event":"e","userId":"u","messageId":"1","timestamp":"2026-03-01T08:00:00Z"},
		{"type":"track","event":"e","userId":"u","messageId":"2","timestamp":"2026-03-01T08:00:00Z","sentAt":"2026-03-01T08:31:01Z","context":{"ip":"::1"}}
	],"context":{"import":true},"sentAt":"2026-03-01T08:30:01Z","writeKey":"w\u006b"}`)
	if in.WriteKey != "wk" || len(in.Events) != 2 {
		t.Fatalf("write key %q, fates %v", in.WriteKey, fates(in))
	}
	first, second := in.Events[0], in.Events[1]
	if string(first.Context) != `{"import":true}` || !first.Import || !first.Time.Equal(time.Date(2026, 3, 1, 8, 1, 0, 0, time.UTC)) {
		t.Errorf("the first event has context %s, import %v, time %v", first.Context, first.Import, first.Time)
	}
	if string(second.Context) != `{"ip":"::1"}` || second.Import || !second.Time.Equal(time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)) {
		t.Errorf("the second event has context %s, import %v, time %v", second.Context, second.Import, second.Time)
	}
}

func TestDuplicatesWithinABodyAreDropped(t *testing.T) {
	e := func(user, id string) string {
		return `{"type":"track","event":"e","` + user + `,"messageId":"` + id + `"}`
	}
	in := batch(t, `{"batch":[`+strings.Join([]string{
		e(`userId":"u"`, "1"), e(`userId":"u"`, "2"), e(`userId":"u","anonymousId":"a"`, "1"), e(`userId":"v"`, "1"), e(`anonymousId":"a"`, "1"), e(`anonymousId":"a"`, "1"),
	}, ",")+`]}`)
	want := []string{"accepted", "accepted", "duplicate", "accepted", "accepted", "duplicate"}
	if d := cmp.Diff(want, fates(in)); d != "" || len(in.Events) != 4 {
		t.Fatalf("%d events; fates differ (-want +got):\n%s", len(in.Events), d)
	}
}

func TestTheIDOfAnEventWithoutOneIsMadeOfItsContent(t *testing.T) {
	id := func(body string) event.MessageID {
		in, err := tracking.One(event.Track, []byte(body), now)
		if err != nil || len(in.Events) != 1 {
			t.Fatalf("%s: %v %v", body, err, fates(in))
		}
		return in.Events[0].ID
	}
	base := id(`{"userId":"u","event":"e","timestamp":"2026-03-01","properties":{"a":1}}`)
	if !strings.HasPrefix(string(base), "content-") || len(base) > event.MaxMessageIDBytes {
		t.Fatalf("the id is %q", base)
	}
	for _, same := range []string{
		`{"event":"e","userId":"u","properties":{"a":1},"timestamp":"2026-03-01","sentAt":"2026-03-01T09:00:00Z"}`,
		`{"userId":"u","messageId":"","event":"e","timestamp":"2026-03-01","properties":{"a":1},"writeKey":"wk"}`,
	} {
		if got := id(same); got != base {
			t.Errorf("sent again as %s, the event gets the id %s instead of %s", same, got, base)
		}
	}
	for _, other := range []string{
		`{"userId":"u","event":"e","timestamp":"2026-03-01","properties":{"a":2}}`,
		`{"userId":"u","event":"e","timestamp":"2026-03-02","properties":{"a":1}}`,
		`{"anonymousId":"u","event":"e","timestamp":"2026-03-01","properties":{"a":1}}`,
		`{"userId":"u","event":"e","timestamp":"2026-03-01","traits":{"a":1}}`,
	} {
		if got := id(other); got == base {
			t.Errorf("%s has the id of another event", other)
		}
	}
}

func TestASingleCallIsOfItsOwnType(t *testing.T) {
	in, err := tracking.One(event.Track, []byte(`{"type":"identify","userId":"u","event":"e"}`), now)
	want := []string{"rejected /type: type must be track, as the call is, or be left out"}
	if d := cmp.Diff(want, fates(in)); err != nil || d != "" {
		t.Fatalf("%v\n%s", err, d)
	}
	_, err = tracking.One(event.Track, []byte(strings.Repeat(" ", event.MaxEventBytes+1)), now)
	if fault.CodeOf(err) != fault.TooLarge {
		t.Fatalf("an event over the limit is answered %v", err)
	}
}
