package cloudevent_test

import (
	"errors"
	"strings"
	"testing"

	"liuke/shared/fault"
)

func TestAHeaderThatMayHaveBeenAnotherIsRefused(t *testing.T) {
	cases := []struct {
		name, header, value, pointer string // no pointer: taken
	}{
		{"bytes that are no UTF-8", "ce-id", "a\xff", "/id"},
		{"what stands for bytes that were lost on the way", "ce-subject", "u\uFFFD", "/subject"},
		{"the encoding of half of a surrogate pair", "ce-source", "/%ED%A0%80", "/source"},
		{"the encoding of half of a character", "ce-type", "caf%C3", "/type"},
		{"the replacement character itself, encoded", "ce-id", "a%EF%BF%BD", ""},
		{"a character beyond the first plane", "ce-id", "%F0%9F%8C%8D", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			headers := map[string]string{"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t", "ce-subject": "u"}
			headers[c.header] = c.value
			in, err := read(t, headers, "")
			if err != nil {
				t.Fatal(err)
			}
			if c.pointer == "" {
				if len(in.Events) != 1 {
					t.Fatalf("refused: %+v", in.Fates)
				}
				return
			}
			var f *fault.Error
			if len(in.Events) != 0 || !errors.As(in.Fates[0].Err, &f) || f.Pointer != c.pointer || f.Code != fault.Invalid || !strings.Contains(f.Message, "not valid UTF-8") {
				t.Fatalf("the fate is %+v", in.Fates[0])
			}
		})
	}
}

func TestAPairOfSurrogatesIsTheCharacterThatItSpells(t *testing.T) {
	in, err := read(t, structuredHeader(), `{"specversion":"1.0","id":"\ud83c\udf0d","source":"/s","type":"t","subject":"\\ud800"}`)
	if err != nil || len(in.Events) != 1 || in.Events[0].ID != messageID("/s", "🌍") || in.Events[0].User != `\ud800` {
		t.Fatalf("%v: %+v", err, in)
	}
}
