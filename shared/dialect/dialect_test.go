package dialect_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/dialect"
	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/money"
)

var now = time.Date(2026, 3, 1, 8, 31, 2, 0, time.UTC)

func read(t *testing.T, calls ...dialect.Call) *event.Intake {
	t.Helper()
	rates, err := money.ParseRates("", "CNY")
	if err != nil {
		t.Fatal(err)
	}
	in, err := dialect.Read(event.Tracking{Money: rates}, "bus", calls, now)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func TestARefusalNamesTheSendersField(t *testing.T) {
	order := `{"type":"track","userId":"u","messageId":"m","event":"Order Completed","properties":{"order_id":"o","total":"x"}}`
	cases := []struct {
		name    string
		origins dialect.Origins
		at      string
		want    string
	}{
		{"the field itself", dialect.Origins{"/properties/total": "/amount"}, "", "/amount"},
		{"what is below a field", dialect.Origins{"/properties": "/data"}, "", "/data/total"},
		{"the longest that fits", dialect.Origins{"/properties": "/data", "/properties/total": "/amount", "/prop": "/x"}, "", "/amount"},
		{"below the event's place in the body", dialect.Origins{"/properties": "/data"}, "/7", "/7/data/total"},
		{"nothing of the sender's", dialect.Origins{"/traits": "/data", "/properties/tot": "/x"}, "", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			in := read(t, dialect.Call{Body: []byte(order), Raw: []byte(`{"a":1}`), At: c.at, Origins: c.origins})
			var f *fault.Error
			if len(in.Fates) != 1 || !errors.As(in.Fates[0].Err, &f) || f.Pointer != c.want || in.Fates[0].ID != "m" {
				t.Fatalf("the fate is %+v", in.Fates)
			}
			if len(in.Rejected) != 1 || in.Rejected[0].Pointer != c.want || string(in.Rejected[0].Event) != `{"a":1}` {
				t.Errorf("kept is %+v", in.Rejected)
			}
		})
	}
}

func TestWhatSeveralCallsWereMadeFromIsKeptOnce(t *testing.T) {
	raw := []byte(`{"a":1}`)
	bad := func(says string) dialect.Call { return dialect.Call{Raw: raw, Err: fault.At("/a", "%s", says)} }
	good := dialect.Call{Raw: raw, Body: []byte(`{"type":"track","event":"e","userId":"u"}`)}
	in := read(t, bad("first"), good, bad("second"), dialect.Call{Raw: []byte(`{"a":1}`), Err: fault.At("", "third")})
	if len(in.Fates) != 4 || len(in.Events) != 1 || in.Events[0].Source != "bus" {
		t.Fatalf("%d fates, events %+v", len(in.Fates), in.Events)
	}
	if len(in.Rejected) != 2 || in.Rejected[0].Reason != "first" || in.Rejected[1].Reason != "third" {
		t.Errorf("kept is %+v", in.Rejected)
	}
}

func TestCallsBeyondTheLimitsOfOneBatchAreReadInSeveral(t *testing.T) {
	var calls []dialect.Call
	for i := range event.MaxBatchEvents + 10 {
		calls = append(calls, dialect.Call{Body: fmt.Appendf(nil, `{"type":"track","event":"e","userId":"u","messageId":"m%d","properties":{"a":%q}}`, i, strings.Repeat("x", 300))})
	}
	huge := fmt.Appendf(nil, `{"type":"track","event":"e","userId":"u","properties":{"a":%q}}`, strings.Repeat("x", event.MaxBatchBytes))
	calls = append(calls, dialect.Call{Body: huge, Raw: []byte("{}")})
	in := read(t, calls...)
	if len(in.Events) != event.MaxBatchEvents+10 {
		t.Fatalf("%d events", len(in.Events))
	}
	for i := range in.Events {
		if want := event.MessageID(fmt.Sprintf("m%d", i)); in.Events[i].ID != want || in.Fates[i].ID != want {
			t.Fatalf("event %d is %s with the fate of %s", i, in.Events[i].ID, in.Fates[i].ID)
		}
	}
	if last := in.Fates[len(in.Fates)-1]; fault.CodeOf(last.Err) != fault.TooLarge {
		t.Errorf("the event that is too large has the fate %+v", last)
	}
}

func TestMembersAreThoseOfOneObject(t *testing.T) {
	got, err := dialect.Members([]byte(` {"b":[1, 2],"a":"x" , "c":null} `))
	want := []dialect.Member{{Name: "b", Value: []byte(`[1, 2]`)}, {Name: "a", Value: []byte(`"x"`)}, {Name: "c", Value: []byte(`null`)}}
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Fatalf("%v (-want +got):\n%s", err, d)
	}
	for _, bad := range []string{``, `[]`, `"x"`, `null`, `7`, `{"a":1,"\u0061":2}`} {
		if _, err := dialect.Members([]byte(bad)); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestElementsAreThoseOfOneArray(t *testing.T) {
	got, err := dialect.Elements([]byte(` [ {"a":"]"} ,[1,[2]], "\\\"," ,-1e5,null ] `), 5)
	want := []json.RawMessage{[]byte(`{"a":"]"}`), []byte(`[1,[2]]`), []byte(`"\\\","`), []byte(`-1e5`), []byte(`null`)}
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Fatalf("%v (-want +got):\n%s", err, d)
	}
	if _, err := dialect.Elements([]byte(`[1,2,3]`), 2); fault.CodeOf(err) != fault.TooLarge {
		t.Errorf("too many: %v", err)
	}
	for _, bad := range []string{``, `{}`, `"[]"`} {
		if _, err := dialect.Elements([]byte(bad), 2); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// FuzzSplit holds what takes JSON apart to encoding/json.
func FuzzSplit(f *testing.F) {
	for _, seed := range []string{`{"a":[1,{"b":"\\\""}],"\u0061b":"}","":null}`, `[[],{},"[",1.5e-3,true]`, "{\"\xff\":1}", `{"a":1,"a":2}`, ` [ ] `} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if !json.Valid(raw) {
			return
		}
		var object map[string]json.RawMessage
		members, err := dialect.Members(raw)
		if e := json.Unmarshal(raw, &object); (e == nil && object != nil) != (err == nil) && (err == nil || !strings.Contains(err.Error(), "two members")) {
			t.Fatalf("%v, and encoding/json says %v", err, e)
		}
		if err == nil && len(object) != len(members) {
			t.Fatalf("%d members, and encoding/json has %d", len(members), len(object))
		}
		for _, m := range members {
			if string(object[m.Name]) != string(m.Value) {
				t.Fatalf("%q is %s, and encoding/json has %s", m.Name, m.Value, object[m.Name])
			}
		}
		var array []json.RawMessage
		elements, err := dialect.Elements(raw, len(raw))
		if e := json.Unmarshal(raw, &array); (e == nil && array != nil) != (err == nil) {
			t.Fatalf("%v, and encoding/json says %v", err, e)
		}
		if err == nil && !slices.EqualFunc(array, elements, func(a, b json.RawMessage) bool { return string(a) == string(b) }) {
			t.Fatalf("%s, and encoding/json has %s", elements, array)
		}
	})
}

// FuzzAppendString holds what is quoted to encoding/json.
func FuzzAppendString(f *testing.F) {
	f.Add("plain")
	f.Add("q\"\\\x00\u2028\xff<é")
	f.Fuzz(func(t *testing.T, s string) {
		var back string
		if err := json.Unmarshal(dialect.AppendString(nil, s), &back); err != nil || back != strings.ToValidUTF8(s, "\uFFFD") && utf8.ValidString(s) {
			t.Fatalf("%q comes back as %q: %v", s, back, err)
		}
	})
}
