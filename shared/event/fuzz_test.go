package event_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/money"
)

// FuzzBatch holds the scanner to encoding/json: both take the same bodies for JSON, and of what is accepted every field
// is what encoding/json reads. It holds the verdicts to their words, too: an event in which a member occurs twice or a
// string is no UTF-8 is never accepted.
func FuzzBatch(f *testing.F) {
	for _, seed := range []string{
		`{"batch":[{"type":"track","event":"e","userId":"u","messageId":"m","timestamp":"2026-03-01T08:00:00Z","properties":{"a":[1,-2.5e3,true,null,"\u00e9\ud83d\ude00"]}}],"sentAt":"2026-03-01T08:31:00Z"}`,
		`{"batch":[{"type":"identify","anonymousId":"a","traits":{"email":"x@shop.example"}}],"context":{"import":true},"writeKey":"wk"}`,
		`{"batch":[{"type":"page","name":"Tea","category":"Shop","userId":-0,"properties":{}},{"type":"screen","event":"Home","anonymousId":"a"},{"type":"group","groupId":"g","userId":"u","traits":{"x":1}},{"type":"alias","previousId":"a","userId":"u"}]}`,
		`{"batch":[{"type":"identify","userId":"u","context":{"traits":{"email":1}}},{"type":"track","event":"e","userId":"\ud83d\ude00\ude00"}]}`,
		`{"batch":[{"type":"track","event":"Order Refunded","userId":7,"properties":{"order_id":"o","total":"1.50","currency":"cny"}}]}`,
		`{"batch":[{"a":1,"a":2},{"\u0061":1,"a":2},[],"x",1,null,{}],"x":{}}`,
		"{\"batch\":[{\"type\":\"track\",\"event\":\"\xff\",\"userId\":\"\uFFFE\"}]}",
		`{"batch":[1.5,-0,01]}`, `[]`, `{"batch":{}}`, ` { "batch" : [ ] } `, `{"batch":[{"a":"\ud800"}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if len(body) > 4096 {
			return
		}
		before := bytes.Clone(body)
		in, err := tracking.Batch(body, now)
		if !bytes.Equal(before, body) {
			t.Fatal("the body was changed")
		}
		syntax := err != nil && strings.Contains(err.Error(), "not valid JSON")
		if json.Valid(body) == syntax {
			t.Fatalf("encoding/json says valid %v, the scanner %v: %q", json.Valid(body), err, body)
		}
		if err != nil {
			return
		}
		raw := batchElements(t, body)
		if len(raw) != len(in.Fates) {
			t.Fatalf("%d elements have %d fates", len(raw), len(in.Fates))
		}
		next := 0
		for i, fate := range in.Fates {
			if fate.Outcome != event.Accepted {
				continue
			}
			agree(t, raw[i], &in.Events[next])
			next++
		}
		var unpacked []event.Event
		for _, p := range event.Packs(in.Events) {
			events, err := event.Unpack(p)
			if err != nil {
				t.Fatalf("%v: %s", err, p)
			}
			unpacked = append(unpacked, events...)
		}
		if d := cmp.Diff(append([]event.Event(nil), in.Events...), unpacked, compact); d != "" {
			t.Fatalf("packing changed the events:\n%s", d)
		}
		for _, r := range in.Rejected {
			if line, err := json.Marshal(r); err != nil || !utf8.Valid(line) {
				t.Fatalf("a rejected event cannot be kept: %v", err)
			}
		}
	})
}

// batchElements decodes a body's batch with encoding/json.
func batchElements(t *testing.T, body []byte) []json.RawMessage {
	var top map[string]json.RawMessage
	var elements []json.RawMessage
	if err := errors.Join(json.Unmarshal(body, &top), json.Unmarshal(top["batch"], &elements)); err != nil {
		t.Fatalf("accepted, and encoding/json says %v: %q", err, body)
	}
	return elements
}

// agree compares an accepted event with what encoding/json reads of it.
func agree(t *testing.T, raw json.RawMessage, e *event.Event) {
	if !utf8.Valid(raw) || hasTwin(raw) {
		t.Fatalf("accepted: %q", raw)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]string{"userId": e.User, "anonymousId": e.Anonymous, "previousId": e.Previous, "groupId": e.Group, "event": e.Name, "messageId": string(e.ID), "type": string(e.Type)} {
		var want any
		d := json.NewDecoder(bytes.NewReader(members[name]))
		d.UseNumber()
		if err := d.Decode(&want); err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		if (name == "event" && e.Type != event.Track) || (name == "groupId" && e.Type != event.Group) || (name == "previousId" && e.Type != event.Alias) {
			continue // of another call
		}
		switch want := want.(type) {
		case string:
			if want != got && !(name == "messageId" && want == "") {
				t.Fatalf("%s is %q, and encoding/json has %q", name, got, want)
			}
		case json.Number:
			if want.String() != got && !(want == "-0" && got == "0") {
				t.Fatalf("%s is %q, and encoding/json has %s", name, got, want)
			}
		}
	}
	same := func(name string, got json.RawMessage) {
		want := members[name]
		if string(want) == "null" || len(want) == 0 || (name == "context" && want == nil) {
			return
		}
		var a, b any
		if err := errors.Join(json.Unmarshal(want, &a), json.Unmarshal(got, &b)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !reflect.DeepEqual(a, b) { // cmp.Diff's time doubles with each level of nesting
			t.Fatalf("%s is %s, and encoding/json has %s", name, got, want)
		}
	}
	same("context", e.Context)
	switch e.Type {
	case event.Identify, event.Group:
		same("traits", e.Traits)
	case event.Track, event.Page, event.Screen:
		same("properties", e.Properties)
	case event.Alias:
	}
}

// hasTwin reports whether an object in valid JSON has two members of the same name.
func hasTwin(raw []byte) bool {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var walk func() bool
	walk = func() bool {
		token, err := d.Token()
		if err != nil {
			return false
		}
		switch token {
		case json.Delim('['):
			for d.More() {
				if walk() {
					return true
				}
			}
			d.Token()
		case json.Delim('{'):
			seen := map[string]bool{}
			for d.More() {
				name, err := d.Token()
				if err != nil {
					return false
				}
				if seen[name.(string)] {
					return true
				}
				seen[name.(string)] = true
				if walk() {
					return true
				}
			}
			d.Token()
		}
		return false
	}
	return walk()
}

// FuzzOne holds a single call to the batch call: the same event has the same fate either way.
func FuzzOne(f *testing.F) {
	f.Add([]byte(`{"event":"e","userId":"u","messageId":"m","properties":{"a":1}}`))
	f.Add([]byte(`{"type":"track","event":"Order Updated","anonymousId":"a","timestamp":"2026-03-01","properties":{"order_id":1,"revenue":2}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		one, err := tracking.One(event.Track, body, now)
		wrapped, batchErr := tracking.Batch([]byte(`{"batch":[`+string(body)+`]}`), now)
		if err != nil {
			if fault.CodeOf(err) != fault.Invalid && fault.CodeOf(err) != fault.TooLarge {
				t.Fatal(err)
			}
			return
		}
		if batchErr != nil || len(wrapped.Fates) != 1 {
			t.Fatalf("alone it is %v, in a batch %v %v", fates(one), batchErr, fates(wrapped))
		}
		if one.Fates[0].Outcome == event.Accepted && wrapped.Fates[0].Outcome == event.Accepted {
			if d := cmp.Diff(one.Events[0], wrapped.Events[0], cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".ID" }, cmp.Ignore())); d != "" {
				t.Fatalf("the events differ:\n%s", d)
			}
		}
	})
}

// FuzzOrder holds that whatever the properties are, an order that is read is within its limits.
func FuzzOrder(f *testing.F) {
	f.Add([]byte(`{"order_id":"o","total":12.5}`), event.OrderCompleted, true)
	f.Add([]byte(`{"order_id":"o","date":"2026-03-01"}`), event.OrderRefunded, true)
	f.Add([]byte(`{"order_id":"o","total":1e7,"currency":"usd"}`), event.OrderCompleted, false)
	f.Add([]byte(`[`), event.OrderCancelled, false)
	rates, err := money.ParseRates(`{"USD":{"2026-01-01":"7.1"},"VND":{"2026-01-01":"0.00028"}}`, "CNY")
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(nil), event.OrderUpdated, false)
	f.Fuzz(func(t *testing.T, properties []byte, name string, imported bool) {
		e := &event.Event{Name: name, Properties: properties, Import: imported, Time: now}
		o, err := event.OrderOf(e, rates)
		if err != nil {
			if fault.CodeOf(err) != fault.Invalid {
				t.Fatal(err)
			}
			return
		}
		if o.ID == "" || len(o.ID) > event.MaxOrderIDBytes || o.Total < 0 || o.Total > event.MaxTotal || (o.Whole && o.Total != 0) || !rates.Knows(o.Currency) && o.Currency != "" ||
			rates.Highest(o.Currency).Convert(o.Total) > event.MaxTotal || (o.Day != "" && !imported) {
			t.Fatalf("%+v of %q", o, properties)
		}
	})
}
