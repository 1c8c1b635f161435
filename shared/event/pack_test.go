package event_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"liuke/shared/event"
	"liuke/shared/fault"
)

var update = flag.Bool("update", false, "write the golden files")

// compact compares raw JSON without its white space, which is all that encoding/json changes of it.
var compact = cmp.Transformer("compact", func(raw json.RawMessage) string {
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		return string(raw)
	}
	return b.String()
})

func TestPackGolden(t *testing.T) {
	in := batch(t, `{"batch":[
		{"type":"track","event":"Order Completed","userId":"u1","anonymousId":"a1","messageId":"m1","timestamp":"2026-03-01T08:00:00.25+08:00",
		 "properties":{ "order_id": "o1", "total": 12.50 },"context":{"import":true}},
		{"type":"identify","anonymousId":"a\"\\\u2028\uffff","messageId":"m2","traits":{"name":"\u7559客"}},
		{"type":"track","event":"Checked In","userId":"u1"},
		{"type":"screen","name":"Home","category":"App","userId":"u1","messageId":"m4"},
		{"type":"group","groupId":"acme","userId":"u1","messageId":"m5","traits":{"plan":"gold"}},
		{"type":"alias","previousId":"a1","userId":"u1","messageId":"m6"}]}`)
	packs := event.Packs(in.Events)
	if len(packs) != 1 {
		t.Fatalf("%d packs, fates %v", len(packs), fates(in))
	}
	const file = "testdata/pack.golden.json"
	if *update {
		if err := os.WriteFile(file, []byte(packs[0]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), packs[0]); d != "" {
		t.Fatalf("the pack differs from %s (-want +got):\n%s", file, d)
	}
}

func TestPacksHoldAllEventsInOrderAndWithinTheLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		object := rapid.Custom(func(t *rapid.T) json.RawMessage {
			raw, err := json.Marshal(map[string]string{"a": rapid.StringN(0, 40, -1).Draw(t, "text"),
				"fill": strings.Repeat("x", rapid.SampledFrom([]int{0, 1, 900, 20_000, 31_000, 70_000}).Draw(t, "fill"))})
			if err != nil {
				t.Fatal(err)
			}
			return raw
		})
		moment := rapid.Custom(func(t *rapid.T) time.Time {
			return time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "s"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).UTC()
		})
		events := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) event.Event {
			e := event.Event{ID: event.MessageID(rapid.String().Draw(t, "id")), Type: event.Track, Name: rapid.String().Draw(t, "name"),
				User: rapid.String().Draw(t, "user"), Anonymous: rapid.String().Draw(t, "anonymous"), Time: moment.Draw(t, "time"),
				Received: moment.Draw(t, "received"), Source: event.SourceSegment, Import: rapid.Bool().Draw(t, "import"), Replay: rapid.Bool().Draw(t, "replay")}
			if rapid.Bool().Draw(t, "with properties") {
				e.Properties = object.Draw(t, "properties")
			}
			return e
		}), 0, 12).Draw(t, "events")

		var got []event.Event
		for _, body := range event.Packs(events) {
			unpacked, err := event.Unpack(body)
			if err != nil {
				t.Fatal(err)
			}
			if len(body) > event.MaxPackBytes && len(unpacked) > 1 {
				t.Fatalf("a pack of %d events has %d bytes", len(unpacked), len(body))
			}
			got = append(got, unpacked...)
		}
		if len(events) != len(got) {
			t.Fatalf("%d events were packed and %d unpacked", len(events), len(got))
		}
		for i := range events {
			if d := cmp.Diff(events[i], got[i], compact); d != "" {
				t.Fatalf("event %d differs (-packed +unpacked):\n%s", i, d)
			}
			std, err := json.Marshal(events[i])
			if err != nil {
				t.Fatal(err)
			}
			var ours, theirs event.Event
			alone, err := event.Unpack(event.PackOne(events[i], "poison"))
			if err != nil {
				t.Fatal(err)
			}
			ours = alone[0]
			if err := json.Unmarshal(std, &theirs); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(theirs, ours, compact); d != "" {
				t.Fatalf("event %d is not as encoding/json has it:\n%s", i, d)
			}
		}
	})
}

func TestPacksAreAsFewAsTheLimitAllows(t *testing.T) {
	in := batch(t, string(batchOf20()))
	all := append(append(append([]event.Event(nil), in.Events...), in.Events...), in.Events...)
	all = append(all, all...)
	packs := event.Packs(all)
	total := 0
	for _, p := range packs {
		total += len(p)
	}
	if want := total/event.MaxPackBytes + 1; len(packs) != want {
		t.Fatalf("%d bytes take %d packs, want %d", total, len(packs), want)
	}
}

func TestPoisonTravelsWithItsReason(t *testing.T) {
	body := event.PackOne(event.Event{ID: "m", Type: event.Track, Name: "e", User: "u"}, "invalid")
	var p event.Pack
	if err := json.Unmarshal([]byte(body), &p); err != nil || p.Reason != "invalid" || len(p.Events) != 1 {
		t.Fatalf("%v: %s", err, body)
	}
}

func TestWhatIsNoPackIsInvalid(t *testing.T) {
	for _, body := range []string{"", "null", "{}", `{"events":[]}`, `{"events":{}}`, `{"events":[{"time":"x"}]}`} {
		if _, err := event.Unpack(body); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("Unpack(%q): %v", body, err)
		}
	}
}
