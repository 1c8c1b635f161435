package event_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"liuke/shared/api"
	"liuke/shared/event"
	"liuke/shared/fault"
)

func TestBodiesThatAreRefused(t *testing.T) {
	many := `{"batch":[` + strings.Repeat(`{},`, event.MaxBatchEvents) + `{}],"writeKey":"wk"}`
	cases := []struct {
		name, body    string
		code          fault.Code
		pointer, want string
	}{
		{"nothing", ``, fault.Invalid, "", "not valid JSON: the end, too soon, at byte 0"},
		{"white space", ` `, fault.Invalid, "", "the end, too soon"},
		{"an array", `[]`, fault.Invalid, "", "must be an object with the events in its member batch"},
		{"no batch", `{"writeKey":"wk"}`, fault.Invalid, "/batch", "must be an array"},
		{"a batch that is no array", `{"batch":{}}`, fault.Invalid, "/batch", "must be an array"},
		{"too many events", many, fault.TooLarge, "/batch", "at most 2500 events"},
		{"too long", strings.Repeat(" ", event.MaxBatchBytes+1), fault.TooLarge, "", "at most 512000 bytes"},
		{"a batch twice", `{"batch":[],"batch":[]}`, fault.Invalid, "/batch", "two members of the same name"},
		{"a member twice behind deep nesting", `{"batch":[` + strings.Repeat(`{"a":`, 200) + `1` + strings.Repeat(`}`, 200) + `],"x":{"y":[0,{"a":1,"a":2}]}}`, fault.Invalid, "/x/y/1/a", "two members of the same name"},
		{"a shared context that is no object", `{"batch":[],"context":1}`, fault.Invalid, "/context", "must be an object"},
		{"a shared context that would swell", `{"batch":[],"context":{"a":"` + strings.Repeat("x", 5000) + `"}}`, fault.Invalid, "/context", "at most 4096 bytes"},
		{"a sentAt that is none", `{"batch":[],"sentAt":"now"}`, fault.Invalid, "/sentAt", "must be an ISO 8601 time"},
		{"not a number", `{"batch":[{"userId":NaN}]}`, fault.Invalid, "", "an unexpected character at byte 20"},
		{"infinity", `{"batch":[{"a":Infinity}]}`, fault.Invalid, "", "an unexpected character"},
		{"a word", `{"batch":[{"a":nul}]}`, fault.Invalid, "", "an unknown word"},
		{"a leading zero", `{"batch":[{"a":01}]}`, fault.Invalid, "", "neither a comma nor the closing bracket"},
		{"a number that is none", `{"batch":[{"a":1.}]}`, fault.Invalid, "", "a number that is none"},
		{"a trailing comma", `{"batch":[{"a":1},]}`, fault.Invalid, "", "an unexpected character"},
		{"a trailing comma in an object", `{"batch":[{"a":1,}]}`, fault.Invalid, "", "no name of a member"},
		{"brackets crossed", `{"batch":[{"a":[1}]]}`, fault.Invalid, "", "neither a comma nor"},
		{"a string cut short", `{"batch":[{"a":"x`, fault.Invalid, "", "a string without end"},
		{"an unknown escape", `{"batch":[{"a":"\x"}]}`, fault.Invalid, "", "an unknown escape"},
		{"an escape cut short", `{"batch":[{"a":"\u12"}]}`, fault.Invalid, "", "an unknown escape"},
		{"a raw line break in a string", "{\"batch\":[{\"a\":\"x\ny\"}]}", fault.Invalid, "", "a control character within a string"},
		{"a zero byte", "{\"batch\":[\x00]}", fault.Invalid, "", "an unexpected character"},
		{"something behind the end", `{"batch":[]} {}`, fault.Invalid, "", "more behind the end"},
		{"no colon", `{"batch" []}`, fault.Invalid, "", "no colon"},
		{"10,000 brackets that never close", `{"batch":[` + strings.Repeat("[", 10_000), fault.Invalid, "", "the end, too soon"},
		{"half a million brackets", `{"batch":[` + strings.Repeat("[", 500_000), fault.Invalid, "", "nested more than 10000 deep"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			in, err := tracking.Batch([]byte(c.body), now)
			p := api.ProblemOf(err)
			if fault.CodeOf(err) != c.code || p.Pointer != c.pointer || !strings.Contains(p.Detail, c.want) {
				t.Fatalf("got %s at %q: %v; want %s at %q that says %q", fault.CodeOf(err), p.Pointer, err, c.code, c.pointer, c.want)
			}
			if len(in.Events)+len(in.Rejected)+len(in.Fates) != 0 {
				t.Error("a refused body has events")
			}
			if strings.Contains(c.body, `"wk"`) && in.WriteKey != "wk" {
				t.Error("the write key of a refused body is lost")
			}
		})
	}
}

// TestHostileBodiesTakeBoundedMemory holds what is allocated to a multiple of the largest body.
func TestHostileBodiesTakeBoundedMemory(t *testing.T) {
	var keys strings.Builder
	for i := 0; keys.Len() < event.MaxBatchBytes-100; i++ {
		fmt.Fprintf(&keys, `"same-beginning-%07d-same-end":1,`, i)
	}
	var events strings.Builder
	for i := range event.MaxBatchEvents - 1 {
		fmt.Fprintf(&events, `{"type":"identify","userId":"u","messageId":"%d"},`, i)
	}
	fill := func(s string) string { return strings.Repeat(s, (event.MaxBatchBytes-100)/len(s)) }
	bodies := map[string]string{
		"nesting":              `{"batch":[` + fill("[") + `]}`,
		"nested objects":       `{"batch":[` + fill(`{"a":`) + `]}`,
		"names that differ":    `{"batch":[{` + keys.String() + `"z":1}]}`,
		"names that are equal": `{"batch":[{` + fill(`"":1,`) + `"z":1}]}`,
		"escaped names":        `{"batch":[{` + fill(`"\u0061":1,`) + `"z":1}]}`,
		"one string":           `{"batch":["` + fill("x") + `"]}`,
		"empty events":         `{"batch":[` + fill("{},") + `{}]}`,
		"a shared context":     `{"batch":[` + events.String() + `{}],"context":{"a":"` + strings.Repeat("x", 4000) + `"}}`,
	}
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			in, _ := tracking.Batch([]byte(body), now)
			event.Packs(in.Events)
			runtime.ReadMemStats(&after)
			if total := after.TotalAlloc - before.TotalAlloc; total > 24<<20 {
				t.Errorf("%d MB allocated in all", total>>20)
			}
		})
	}
}
