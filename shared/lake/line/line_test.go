package line_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"liuke/shared/customer"
	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/lake/line"
)

var key = customer.Key(bytes.Repeat([]byte{7}, customer.KeyBytes))

func order() event.Event {
	return event.Event{
		ID: "m-1", Type: event.Track, Name: event.OrderCompleted, User: "ada@example.com", Anonymous: "a-17",
		Time:     time.Date(2026, 3, 1, 8, 31, 2, 250_000_000, time.UTC),
		Received: time.Date(2026, 3, 1, 8, 31, 3, 0, time.UTC), Source: event.SourceSegment, Import: true,
		Category: "Shop", Previous: "p-3", Group: "g-9", Traits: json.RawMessage(`{"plan":"gold"}`),
		Properties: json.RawMessage(`{"order_id":"o-1","total":12.50,"Email":"ada@example.com","shipping_address":{"city":"London"},` +
			`"products":[{"name":"Tea"}],"buyer":{"first name":"Ada"},"referrer":"https://x.example/?to=ada%40example.com"}`),
		Context: json.RawMessage(`{"ip":"192.0.2.7"}`),
	}
}

func TestALineIsFlatJSONThatNamesNobody(t *testing.T) {
	e := order()
	raw, err := line.Seal(&e, key)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.ContainsAny(raw, "\n\r\x01") {
		t.Errorf("a line has control characters: %q", raw)
	}
	for _, secret := range []string{"ada", "Ada", "a-17", "p-3", "g-9", "gold", "192.0.2.7", "London"} {
		if bytes.Contains(raw, []byte(secret)) {
			t.Errorf("%q is open: %s", secret, raw)
		}
	}
	var got map[string]any
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	delete(got, "sealed")
	want := map[string]any{
		"customer": key.Pseudonym(), "id": "m-1", "type": "track", "name": "Order Completed", "category": "Shop", "time": "2026-03-01T08:31:02.25Z",
		"received": "2026-03-01T08:31:03Z", "source": "segment", "import": true,
		"properties": map[string]any{"order_id": "o-1", "total": 12.5, "products": []any{map[string]any{"name": "Tea"}}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("what is open (-want +got):\n%s", d)
	}
}

// TestNoFieldOfAnEventIsLost fails where an event gets a field that lines do not know.
func TestNoFieldOfAnEventIsLost(t *testing.T) {
	e := order()
	v := reflect.ValueOf(e)
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; v.Field(i).IsZero() && name != "Replay" {
			t.Errorf("the test leaves %s empty", name)
		}
	}
	raw, err := line.Seal(&e, key)
	if err != nil {
		t.Fatal(err)
	}
	got, err := line.Open(raw, key)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(e, got, members); d != "" {
		t.Errorf("the event (-sealed +opened):\n%s", d)
	}
}

// members compares JSON by what it says, numbers by their digits.
var members = cmp.Transformer("members", func(raw json.RawMessage) any {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return string(raw)
	}
	return v
})

func TestWhateverIsSealedOpensAgainAndSealsTheSame(t *testing.T) {
	value := rapid.SampledFrom([]string{`1.10`, `"x"`, `"<&>` + "\u2028" + `"`, `null`, `[]`, `{}`, `{"ip":"1"}`, `[{"email":1}]`, `{"name":"n"}`})
	object := rapid.Custom(func(t *rapid.T) json.RawMessage {
		var b strings.Builder
		names := rapid.SliceOfDistinct(rapid.SampledFrom([]string{"email", "Phone", "order_id", "name", "lastName", "sku", "客户", "a b"}), rapid.ID).Draw(t, "names")
		for i, name := range names {
			b.WriteString([]string{"{", ","}[min(i, 1)] + `"` + name + `":` + value.Draw(t, "value"))
		}
		if len(names) == 0 {
			return rapid.SampledFrom([]json.RawMessage{nil, json.RawMessage("{}"), json.RawMessage("null"), json.RawMessage(`["x"]`), json.RawMessage("3")}).Draw(t, "odd")
		}
		return json.RawMessage(b.String() + "}")
	})
	rapid.Check(t, func(t *rapid.T) {
		e := event.Event{ID: event.MessageID(rapid.String().Draw(t, "id")), Type: event.Track, Name: rapid.String().Draw(t, "name"),
			User: rapid.String().Draw(t, "user"), Source: event.SourceSegment, Properties: object.Draw(t, "properties"), Traits: object.Draw(t, "traits"),
			Received: time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "s"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).UTC()}
		first, err := line.Seal(&e, key)
		if err != nil {
			t.Fatal(err)
		}
		again, err := line.Seal(&e, key)
		if err != nil || !bytes.Equal(first, again) {
			t.Fatalf("the same event makes two lines (%v):\n%s\n%s", err, first, again)
		}
		got, err := line.Open(first, key)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(e, got, members); d != "" {
			t.Fatalf("the event (-sealed +opened):\n%s", d)
		}
		h := line.HeadOf(first)
		var id string
		if err := json.Unmarshal(slices.Concat([]byte{'"'}, h.ID, []byte{'"'}), &id); err != nil || id != string(e.ID) ||
			string(h.Customer) != key.Pseudonym() || !h.Time().Equal(e.Received) {
			t.Fatalf("head %q of %s", h, first)
		}
	})
}

func TestASealHoldsForItsLineAlone(t *testing.T) {
	e := order()
	raw, err := line.Seal(&e, key)
	if err != nil {
		t.Fatal(err)
	}
	other := event.Event{ID: "m-2", Type: event.Track, User: e.User}
	second, err := line.Seal(&other, key)
	if err != nil {
		t.Fatal(err)
	}
	seal := func(raw []byte) string {
		var l struct{ Sealed string }
		if err := json.Unmarshal(raw, &l); err != nil {
			t.Fatal(err)
		}
		return l.Sealed
	}
	for name, changed := range map[string]string{
		"another id":        strings.Replace(string(raw), `"id":"m-1"`, `"id":"m-2"`, 1),
		"another pseudonym": strings.Replace(string(raw), key.Pseudonym(), strings.Repeat("0", 32), 1),
		"another seal":      strings.Replace(string(raw), seal(raw), seal(second), 1),
		"a changed seal":    strings.Replace(string(raw), seal(raw), "AQ"+strings.Repeat("A", 62), 1),
		"no seal":           strings.Replace(string(raw), seal(raw), "", 1),
		"no JSON":           string(raw[:len(raw)-1]),
	} {
		if _, err := line.Open([]byte(changed), key); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: %v, want Invalid", name, err)
		}
	}
	if _, err := line.Open(raw, customer.Key{1}); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("another key: %v, want Invalid", err)
	}
	if _, err := line.Seal(&e, customer.Key{}); fault.CodeOf(err) != fault.Internal {
		t.Errorf("no key: %v, want Internal", err)
	}
}

func TestMergedLinesAreSortedAndEachEventIsThereOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		one := rapid.Custom(func(t *rapid.T) line.Entry {
			if rapid.IntRange(0, 9).Draw(t, "damaged") == 0 {
				return line.EntryOf([]byte(rapid.SampledFrom([]string{"", "{}", "nonsense", `{"customer":"x"}`}).Draw(t, "raw")))
			}
			e := event.Event{ID: event.MessageID(rapid.SampledFrom([]string{"a", "b", `"`, "c"}).Draw(t, "id")), User: "u",
				Received: time.Unix(rapid.Int64Range(0, 3).Draw(t, "received"), 0).UTC()}
			if rapid.Bool().Draw(t, "of an order") {
				e.Type, e.Name = event.Track, event.OrderUpdated
				e.Properties = json.RawMessage(`{"order_id":` + rapid.SampledFrom([]string{`"o1"`, `"o2"`, `3`, `"a@x"`, `"b@x"`}).Draw(t, "order") + `}`)
			}
			raw, err := line.Seal(&e, customer.Key{byte(rapid.IntRange(1, 3).Draw(t, "customer"))})
			if err != nil {
				t.Fatal(err)
			}
			return line.EntryOf(raw)
		})
		before := line.Sort(rapid.SliceOf(one).Draw(t, "before"))
		more := line.Sort(rapid.SliceOf(one).Draw(t, "more"))
		identity := func(e line.Entry) string {
			if e.IsZero() {
				return string(e.Raw)
			}
			return string(e.Customer) + "|" + string(e.ID) + "|" + string(e.Order)
		}
		earliest := map[string]line.Entry{}
		known := map[string]bool{}
		for i, e := range slices.Concat(before, more) {
			if i < len(before) {
				known[identity(e)] = true
			}
			if o, ok := earliest[identity(e)]; !ok || line.Compare(e, o) < 0 {
				earliest[identity(e)] = e
			}
		}
		var got []line.Entry
		fresh := 0
		for e, err := range line.Merge(func(yield func(line.Entry, error) bool) {
			for _, e := range before {
				if !yield(e, nil) {
					return
				}
			}
		}, more, &fresh) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, e)
		}
		if len(got) != len(earliest) || fresh != len(earliest)-len(known) {
			t.Fatalf("%d lines, %d of them new; want %d and %d", len(got), fresh, len(earliest), len(earliest)-len(known))
		}
		for i, e := range got {
			if !bytes.Equal(e.Raw, earliest[identity(e)].Raw) {
				t.Fatalf("%s is not the first to be received", e.Raw)
			}
			if i > 0 && (line.Same(got[i-1], e) || string(got[i-1].Customer) > string(e.Customer)) {
				t.Fatalf("line %d is out of order", i)
			}
		}
	})
}

func FuzzOpen(f *testing.F) {
	e := order()
	raw, err := line.Seal(&e, key)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte(`{"customer":"00000000000000000000000000000000","id":"\`))
	f.Add([]byte(`{"customer":"00000000000000000000000000000000","id":"a","received":"x","sealed":"AQ=="}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := line.Open(raw, key)
		if h := line.HeadOf(raw); err == nil && !h.IsZero() && string(h.Customer) != key.Pseudonym() {
			t.Errorf("the head says %s", h.Customer)
		}
		if err != nil {
			if fault.CodeOf(err) != fault.Invalid || len(raw) > 100 && strings.Contains(err.Error(), string(raw[:20])) {
				t.Errorf("%v", err)
			}
			return
		}
		again, err := line.Seal(&got, key)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := line.Open(again, key); err != nil || !reflect.DeepEqual(got.User, back.User) || got.ID != back.ID {
			t.Errorf("%v", err)
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	e := order()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := line.Seal(&e, key); err != nil {
			b.Fatal(err)
		}
	}
}
