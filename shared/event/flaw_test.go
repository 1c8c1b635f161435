package event_test

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"liuke/shared/event"
	"liuke/shared/fault"
)

// FuzzFlaws holds that the pointer to whatever is wrong with an event leads to something that is there, or is to be
// given at the place where it leads to.
func FuzzFlaws(f *testing.F) {
	for _, seed := range []string{
		`"a":1,"a":2`, `"properties":{"a/b":[1,{"~":"` + "\xff" + `"}]}`, `"properties":{"` + "\xff" + `":{"x":1,"x":2}}`,
		`"x":` + strings.Repeat("[", 70) + strings.Repeat("]", 70), `"properties":{"\u0000":{"":[{"b":1,"b":[]}]}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, members []byte) {
		body := []byte(`{"batch":[{"type":"page","userId":"u",` + string(members) + `}]}`)
		in, err := tracking.Batch(body, now)
		if err != nil || len(in.Fates) != 1 {
			return
		}
		var e *fault.Error
		if !errors.As(in.Fates[0].Err, &e) {
			return
		}
		if len(e.Pointer) > event.MaxPointerBytes+len("/batch/0") || !utf8.ValidString(e.Pointer) {
			t.Fatalf("the pointer is %q", e.Pointer)
		}
		parent, _, _ := cutLast(e.Pointer)
		if !resolves(t, body, e.Pointer) && !resolves(t, body, parent) {
			t.Fatalf("%q leads nowhere in %q", e.Pointer, body)
		}
		if strings.Contains(e.Message, "two members") && !resolves(t, body, e.Pointer) {
			t.Fatalf("%q is no member of %q", e.Pointer, body)
		}
	})
}

func cutLast(pointer string) (before, after string, found bool) {
	i := strings.LastIndexByte(pointer, '/')
	if i < 0 {
		return "", "", false
	}
	return pointer[:i], pointer[i+1:], true
}

// resolves reports whether a JSON pointer leads to a value.
func resolves(t *testing.T, value json.RawMessage, pointer string) bool {
	t.Helper()
	if pointer == "" {
		return true
	}
	for token := range strings.SplitSeq(pointer[1:], "/") {
		token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		var object map[string]json.RawMessage
		var array []json.RawMessage
		switch {
		case json.Unmarshal(value, &object) == nil && object != nil:
			next, ok := object[token]
			if !ok {
				return false
			}
			value = next
		case json.Unmarshal(value, &array) == nil:
			i, err := strconv.Atoi(token)
			if err != nil || i >= len(array) {
				return false
			}
			value = array[i]
		default:
			return false
		}
	}
	return true
}

// FuzzUnpack holds that whatever a message holds is events or an Invalid error that quotes nothing of it.
func FuzzUnpack(f *testing.F) {
	f.Add(`{"events":[{"id":"m","type":"track","name":"e","user":"u","time":"2026-03-01T08:00:00Z","received":"2026-03-01T08:00:00Z","source":"segment"}]}`)
	f.Add(`{"events":[]}`)
	f.Add(`{"events":[{"time":"secret"}]}`)
	f.Fuzz(func(t *testing.T, body string) {
		events, err := event.Unpack(body)
		switch {
		case err == nil && len(events) == 0:
			t.Fatal("no events, and no error")
		case err != nil && (fault.CodeOf(err) != fault.Invalid || len(body) > 40 && strings.Contains(err.Error(), body)):
			t.Fatal(err)
		}
		if err != nil {
			return
		}
		var again []event.Event
		for _, p := range event.Packs(events) {
			more, err := event.Unpack(p)
			if err != nil {
				t.Fatalf("what was unpacked cannot be packed again: %v: %s", err, p)
			}
			again = append(again, more...)
		}
		if len(again) != len(events) {
			t.Fatalf("of %d events %d came back", len(events), len(again))
		}
	})
}

// FuzzParseTime holds that a time that is read is one that can be written, and the same when it is read again.
func FuzzParseTime(f *testing.F) {
	for _, seed := range []string{"2026-03-01T08:00:00.123456789Z", "2026-03-01T08:00:00+0800", "2026-03-01 08:00:00", "2026-03-01", "10000-01-01", "1969-12-31T23:59:59-23:59", "2026-02-30"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, ok := event.ParseTime(text)
		if !ok {
			return
		}
		if at.Year() < 1970 || at.Year() > 9999 || at.Location() != time.UTC {
			t.Fatalf("%q is read as %v", text, at)
		}
		if again, ok := event.ParseTime(at.Format(time.RFC3339Nano)); !ok || !again.Equal(at) {
			t.Fatalf("%q is %v, and read again %v", text, at, again)
		}
	})
}
