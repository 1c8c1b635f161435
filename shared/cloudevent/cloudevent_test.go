package cloudevent_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/cloudevent"
	"liuke/shared/dialect"
	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/money"
)

var now = time.Date(2026, 3, 1, 8, 31, 2, 0, time.UTC)

const structuredType = "application/cloudevents+json; charset=utf-8"

// tracking counts orders in CNY.
func tracking(t testing.TB) event.Tracking {
	t.Helper()
	rates, err := money.ParseRates("", "CNY")
	if err != nil {
		t.Fatal(err)
	}
	return event.Tracking{Money: rates}
}

// read reads a request and has its calls judged.
func read(t testing.TB, headers map[string]string, body string) (*event.Intake, error) {
	t.Helper()
	calls, err := cloudevent.Read(headers, []byte(body))
	if err != nil {
		return nil, err
	}
	in, err := dialect.Read(tracking(t), cloudevent.Source, calls, now)
	if err != nil {
		t.Fatal(err)
	}
	return in, nil
}

func structuredHeader() map[string]string { return map[string]string{"content-type": structuredType} }

// messageID is the id that source and id make together.
func messageID(source, id string) event.MessageID {
	return event.MessageID(event.ContentID("cloudevent-", []byte(source), []byte(id)))
}

func TestOneEventBecomesTheCallThatItsTypeNames(t *testing.T) {
	at := time.Date(2026, 3, 1, 8, 0, 0, 500_000_000, time.UTC)
	extra := `{"cloudevents":{"source":"/shop"}}`
	cases := []struct {
		name    string
		headers map[string]string
		body    string
		want    event.Event
	}{
		{"a type of its own is a track event of the subject's", nil,
			`{"specversion":"1.0","id":"1","source":"/shop","type":"com.example.viewed","subject":"u1","time":"2026-03-01T09:00:00.5+01:00","data":{"price":19.90}}`,
			event.Event{Type: event.Track, Name: "com.example.viewed", User: "u1", Time: at, Properties: []byte(`{"price":19.90}`), Context: []byte(extra)}},
		{"data names the customer before the subject does, and the name is no property", nil,
			`{"specversion":"1.0","id":"1","source":"/shop","type":"viewed","subject":"orders/7","data":{"a":1,"customer_id":42,"userId":null}}`,
			event.Event{Type: event.Track, Name: "viewed", User: "42", Time: now, Properties: []byte(`{"a":1}`), Context: []byte(extra)}},
		{"a visitor", nil,
			`{"specversion":"1.0","id":"1","source":"/shop","type":"viewed","data":{"anonymousId":"v1"}}`,
			event.Event{Type: event.Track, Name: "viewed", Anonymous: "v1", Time: now, Properties: []byte(`{}`), Context: []byte(extra)}},
		{"an order by its name", nil,
			`{"specversion":"1.0","id":"1","source":"/shop","type":"Order Completed","subject":"u1","data":{"order_id":"o1","total":12.50}}`,
			event.Event{Type: event.Track, Name: event.OrderCompleted, User: "u1", Time: now, Properties: []byte(`{"order_id":"o1","total":12.50}`), Context: []byte(extra)}},
		{"no data", nil,
			`{"specversion":"1.0","id":"1","source":"/shop","type":"pinged","subject":"u1","data":null}`,
			event.Event{Type: event.Track, Name: "pinged", User: "u1", Time: now, Context: []byte(extra)}},
		{"data that is no object becomes a property", nil,
			`{"specversion":"1.0","id":"1","source":"/shop","type":"rated","subject":"u1","data":[1,2]}`,
			event.Event{Type: event.Track, Name: "rated", User: "u1", Time: now, Properties: []byte(`{"data":[1,2]}`), Context: []byte(extra)}},
		{"data in base64, extensions and a schema", nil,
			`{"specversion":"1.0","id":"1","source":"/shop","type":"rated","subject":"u1","data_base64":"eyJhIjoxfQ==","dataschema":"urn:s","tries":2,"hot":true}`,
			event.Event{Type: event.Track, Name: "rated", User: "u1", Time: now, Properties: []byte(`{"a":1}`),
				Context: []byte(`{"cloudevents":{"dataschema":"urn:s","hot":"true","source":"/shop","tries":"2"}}`)}},
		{"an identify call", nil,
			`{"specversion":"1.0","id":"1","source":"/shop","type":"liuke.identify","subject":"u1","data":{"traits":{"email":"sam@shop.example"},"messageId":"ignored","context":{"ip":"::1"}}}`,
			event.Event{Type: event.Identify, User: "u1", Time: now, Traits: []byte(`{"email":"sam@shop.example"}`), Context: []byte(`{"ip":"::1"}`)}},
		{"a track call of the customer that data names", nil,
			`{"specversion":"1.0","id":"1","source":"/shop","type":"liuke.track","subject":"x","data":{"userId":"u1","anonymousId":"v1","event":"Checked In","properties":{"a":1}}}`,
			event.Event{Type: event.Track, Name: "Checked In", User: "u1", Anonymous: "v1", Time: now, Properties: []byte(`{"a":1}`)}},
		{"binary mode, with escapes in a header", map[string]string{"content-type": "application/vnd.shop+json; v=1", "ce-specversion": "1.0", "ce-id": "1",
			"ce-source": "/shop", "ce-type": "caf%C3%A9 %zz", "ce-subject": "u1", "ce-time": "2026-03-01T08:00:00.5Z"}, ` {"a":1} `,
			event.Event{Type: event.Track, Name: "café %zz", User: "u1", Time: at, Properties: []byte(`{"a":1}`), Context: []byte(extra)}},
		{"binary mode without a body", map[string]string{"content-type": "text/plain", "ce-specversion": "1.0", "ce-id": "1", "ce-source": "/shop", "ce-type": "pinged", "ce-subject": "u1"}, "",
			event.Event{Type: event.Track, Name: "pinged", User: "u1", Time: now, Context: []byte(extra)}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if c.headers == nil {
				c.headers = structuredHeader()
			}
			in, err := read(t, c.headers, c.body)
			if err != nil || len(in.Events) != 1 {
				t.Fatalf("refused: %v, %+v", err, in)
			}
			c.want.ID, c.want.Received, c.want.Source = messageID("/shop", "1"), now, cloudevent.Source
			if d := cmp.Diff(c.want, in.Events[0]); d != "" {
				t.Errorf("the event differs (-want +got):\n%s", d)
			}
		})
	}
}

func TestWhatIsWrongIsNamedByTheSendersWords(t *testing.T) {
	with := func(members string) string {
		return `{"specversion":"1.0","id":"1","source":"/s","type":"t","subject":"u"` + members + `}`
	}
	cases := []struct {
		name, body, pointer, says string
	}{
		{"no object", `[]`, "", "an event must be a JSON object"},
		{"no JSON", `{"id":`, "", "must be valid JSON"},
		{"more behind the event", `{} {}`, "", "must be valid JSON"},
		{"no id", `{"specversion":"1.0","source":"/s","type":"t"}`, "/id", "needs the attribute id"},
		{"an empty source", `{"specversion":"1.0","id":"1","source":"","type":"t"}`, "/source", "needs the attribute source"},
		{"no type", `{"specversion":"1.0","id":"1","source":"/s","type":null}`, "/type", "needs the attribute type"},
		{"another version", `{"specversion":"0.3","id":"1","source":"/s","type":"t"}`, "/specversion", "must be 1.0"},
		{"a member twice", with(`,"id":"2"`), "", "two members of the same name"},
		{"an attribute that is an object", with(`,"ext":{}`), "/ext", "must be a string"},
		{"an attribute with a bad name", with(`,"Ext-1":"x"`), "", "a to z and 0 to 9"},
		{"an attribute that is too long", with(`,"ext":"` + strings.Repeat("x", 2049) + `"`), "/ext", "at most 2048 bytes"},
		{"a control character", with(`,"ext":"\u0007"`), "/ext", "control characters"},
		{"a time that is none", with(`,"time":"yesterday"`), "/time", "RFC 3339"},
		{"data of another type", with(`,"datacontenttype":"text/xml","data":"<a/>"`), "/datacontenttype", "only data that is JSON"},
		{"base64 that is none", with(`,"data_base64":"*"`), "/data_base64", "base64"},
		{"base64 of no JSON", with(`,"data_base64":"YQ=="`), "/data_base64", "JSON"},
		{"nobody's", `{"specversion":"1.0","id":"1","source":"/s","type":"t"}`, "/data/userId", "needs a userId"},
		{"a customer of a wrong kind", with(`,"data":{"user_id":[]}`), "/data/user_id", "must be a string or a whole number"},
		{"a subject that is too long", `{"specversion":"1.0","id":"1","source":"/s","type":"t","subject":"` + strings.Repeat("x", 129) + `"}`, "/subject", "at most 128 bytes"},
		{"a type that is too long for a name", `{"specversion":"1.0","id":"1","source":"/s","subject":"u","type":"` + strings.Repeat("x", 256) + `"}`, "/type", "1 to 255 bytes"},
		{"a name that is the suite's own", `{"specversion":"1.0","id":"1","source":"/s","subject":"u","type":"Unsubscribed"}`, "/type", "kept for the suite"},
		{"an order without a total", `{"specversion":"1.0","id":"1","source":"/s","subject":"u","type":"Order Completed","data":{"order_id":"o"}}`, "/data/total", "needs a total"},
		{"a call's name without its prefix", `{"specversion":"1.0","id":"1","source":"/s","subject":"u","type":"track","data":{"event":"Order Completed"}}`, "/type", "is liuke.track"},
		{"a call that there is none of", `{"specversion":"1.0","id":"1","source":"/s","subject":"u","type":"liuke.Track"}`, "/type",
			"are liuke.alias, liuke.group, liuke.identify, liuke.page, liuke.screen, liuke.track"},
		{"an id with half of a surrogate pair", `{"specversion":"1.0","id":"a\ud800","source":"/s","type":"t","subject":"u"}`, "/id", "half of a surrogate pair"},
		{"a source with one", `{"specversion":"1.0","id":"1","source":"\udc00/s","type":"t","subject":"u"}`, "/source", "half of a surrogate pair"},
		{"a subject with one", `{"specversion":"1.0","id":"1","source":"/s","type":"t","subject":"\uD83Cx"}`, "/subject", "half of a surrogate pair"},
		{"a type with one", `{"specversion":"1.0","id":"1","source":"/s","type":"t\ud800\ud800\udc00","subject":"u"}`, "/type", "half of a surrogate pair"},
		{"an extension with one", with(`,"ext":"\ud800"`), "/ext", "half of a surrogate pair"},
		{"an id of bytes that are no UTF-8", `{"specversion":"1.0","id":"` + "\xff" + `","source":"/s","type":"t","subject":"u"}`, "/id", "not valid UTF-8"},
		{"a native call with wrong traits", `{"specversion":"1.0","id":"1","source":"/s","subject":"u","type":"liuke.identify","data":{"traits":{"email":7}}}`, "/data/traits/email", "must be text"},
		{"a native call without its event", `{"specversion":"1.0","id":"1","source":"/s","subject":"u","type":"liuke.track"}`, "/data/event", "must be a string"},
		{"a member twice in data", with(`,"data":{"a":1,"a":2}`), "/data", "two members of the same name"},
		{"a member twice deep in data", with(`,"data":{"a":{"b":1,"b":2}}`), "/data/a/b", "two members of the same name"},
		{"invalid UTF-8 in data", with(`,"data":{"a":"` + "\xff" + `"}`), "/data/a", "UTF-8"},
		{"too deep", with(`,"data":` + strings.Repeat("[", 70) + strings.Repeat("]", 70)), "/data" + strings.Repeat("/0", 62), "nested more than 64 deep"},
		{"too large", with(`,"data":"` + strings.Repeat("x", 33_000) + `"`), "", "an event is at most 32768 bytes"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			in, err := read(t, structuredHeader(), c.body)
			if err != nil || len(in.Fates) != 1 || in.Fates[0].Err == nil || len(in.Events) != 0 {
				t.Fatalf("not refused: %v %+v", err, in)
			}
			var f *fault.Error
			if !errors.As(in.Fates[0].Err, &f) || f.Pointer != c.pointer || !strings.Contains(f.Message, c.says) {
				t.Fatalf("refused at %q: %s; want %q that says %q", f.Pointer, f.Message, c.pointer, c.says)
			}
			if len(in.Rejected) != 1 || in.Rejected[0].Pointer != c.pointer {
				t.Errorf("kept is %+v", in.Rejected)
			}
		})
	}
}

func TestABatchsEventsHaveFatesOfTheirOwn(t *testing.T) {
	one := `{"specversion":"1.0","id":"1","source":"/s","type":"t","subject":"u"}`
	in, err := read(t, map[string]string{"content-type": "application/cloudevents-batch+json"},
		`[`+one+`,{"specversion":"1.0","id":"2","source":"/s","type":"Order Completed","subject":"u","data":{"order_id":"o","total":"x"}},`+one+`,{}, {"specversion":"1.0","id":"1","source":"/other","type":"t","subject":"u"}]`)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range in.Fates {
		line := string(f.Outcome)
		var e *fault.Error
		if errors.As(f.Err, &e) {
			line += " " + e.Pointer
		}
		got = append(got, line)
	}
	if d := cmp.Diff([]string{"accepted", "rejected /1/data/total", "duplicate", "rejected /3/specversion", "accepted"}, got); d != "" {
		t.Errorf("the fates differ (-want +got):\n%s", d)
	}
	if len(in.Events) != 2 || len(in.Rejected) != 2 || string(in.Rejected[1].Event) != "{}" {
		t.Errorf("%d events, kept %+v", len(in.Events), in.Rejected)
	}
}

func TestARequestIsRefusedAsAWholeOnlyWhereItCannotBeTakenApart(t *testing.T) {
	many := `[` + strings.Repeat(`{},`, event.MaxBatchEvents) + `{}]`
	cases := []struct {
		name, contentType, body, says string
	}{
		{"no CloudEvent at all", "application/json", `{}`, "no CloudEvent"},
		{"another event format", "application/cloudevents+avro", `x`, "only JSON"},
		{"a batch that is an object", "application/cloudevents-batch+json", `{}`, "must be a JSON array"},
		{"a batch that ends too soon", "application/cloudevents-batch+json", `[{}`, "not valid JSON"},
		{"a batch with more behind it", "application/cloudevents-batch+json", `[] x`, "not valid JSON"},
		{"too many events", "application/cloudevents-batch+json", many, "at most 2500 elements"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if _, err := read(t, map[string]string{"content-type": c.contentType}, c.body); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("refused with %v", err)
			}
		})
	}
}

func TestALargeBatchIsReadWhole(t *testing.T) {
	var body strings.Builder
	body.WriteString("[")
	for i := range 900 {
		if i > 0 {
			body.WriteString(",")
		}
		fmt.Fprintf(&body, `{"specversion":"1.0","id":"%d","source":"/s","type":"t","subject":"u","data":{"a":"%s"}}`, i, strings.Repeat("x", 400))
	}
	body.WriteString("]")
	in, err := read(t, map[string]string{"content-type": "application/cloudevents-batch+json"}, body.String())
	if err != nil || len(in.Events) != 900 || in.Events[899].ID != messageID("/s", "899") {
		t.Fatalf("%v: %d events", err, len(in.Events))
	}
}

// FuzzRead feeds whatever to each mode: nothing panics, what is refused can be kept, and what is accepted can be packed.
func FuzzRead(f *testing.F) {
	for mode, body := range map[string]string{
		structuredType:                       `{"specversion":"1.0","id":"1","source":"/s","type":"liuke.track","subject":"u","data":{"event":"e","properties":{"a":[1,{}]}}}`,
		"application/cloudevents-batch+json": `[{"specversion":"1.0","id":"1","source":"/s","type":"t","data":{"userId":7}},1,{"id":null,"data_base64":"e30="}]`,
		"application/json":                   `{"a":"\ud800","userId":"u"}`,
	} {
		f.Add(mode, []byte(body), "Order Refunded", "2026-03-01T08:00:00Z")
	}
	tracking := tracking(f)
	f.Fuzz(func(t *testing.T, contentType string, body []byte, typ, when string) {
		headers := map[string]string{"content-type": contentType, "ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": typ, "ce-subject": "u", "ce-time": when}
		calls, err := cloudevent.Read(headers, body)
		if err != nil {
			return
		}
		if !cloudevent.IsBatch(contentType) && len(calls) != 1 {
			t.Fatalf("one event became %d", len(calls))
		}
		in, err := dialect.Read(tracking, cloudevent.Source, calls, now)
		if err != nil {
			t.Fatalf("what was written is not taken: %v", err)
		}
		if len(in.Fates) != len(calls) {
			t.Fatalf("%d events have %d fates", len(calls), len(in.Fates))
		}
		var unpacked int
		for _, p := range event.Packs(in.Events) {
			events, err := event.Unpack(p)
			if err != nil {
				t.Fatalf("%v: %s", err, p)
			}
			unpacked += len(events)
		}
		if unpacked != len(in.Events) {
			t.Fatalf("%d of %d events were packed", unpacked, len(in.Events))
		}
	})
}
