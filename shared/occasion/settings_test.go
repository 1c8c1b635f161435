package occasion_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/fault"
	"liuke/shared/occasion"
)

func TestSettingsAreTheDefaultsButForWhatIsSaid(t *testing.T) {
	t.Parallel()
	want := occasion.Defaults()
	if got, err := occasion.ParseSettings([]byte(`{}`)); err != nil || cmp.Diff(want, got) != "" {
		t.Errorf("%+v, %v", got, err)
	}
	want.BirthdayLead, want.Milestones, want.Kinds = 7, []int64{3}, []occasion.Kind{}
	got, err := occasion.ParseSettings([]byte(`{"birthday_days_before":7,"milestones":[3],"kinds":[]}`))
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if again := occasion.Defaults(); again.Milestones[0] != 5 || len(again.Kinds) != 6 {
		t.Errorf("reading settings has changed the defaults: %+v", again)
	}
}

func TestSettingsThatAreWrongAreRefusedAtTheirMember(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, body, pointer string }{
		{"a kind that is none", `{"kinds":["birthday","full_moon"]}`, "/kinds"},
		{"a kind twice", `{"kinds":["birthday","birthday"]}`, "/kinds"},
		{"a birthday after the fact", `{"birthday_days_before":-1}`, "/birthday_days_before"},
		{"a birthday too far ahead", `{"birthday_days_before":61}`, "/birthday_days_before"},
		{"a due order too far ahead", `{"repurchase_days_before":61}`, "/repurchase_days_before"},
		{"numbers that descend", `{"milestones":[10,5]}`, "/milestones"},
		{"a number twice", `{"milestones":[5,5]}`, "/milestones"},
		{"no order at all", `{"milestones":[0]}`, "/milestones"},
		{"too many levels", `{"silence_days":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33]}`, "/silence_days"},
		{"a silence of longer than ten years", `{"silence_days":[3651]}`, "/silence_days"},
		{"a silence since something else", `{"silence_since":"birth"}`, "/silence_since"},
		{"an unknown member", `{"name_day":true}`, "/name_day"},
	} {
		_, err := occasion.ParseSettings([]byte(test.body))
		var f *fault.Error
		if !errors.As(err, &f) || f.Code != fault.Invalid || f.Pointer != test.pointer {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func FuzzParseSettings(f *testing.F) {
	b, err := json.Marshal(occasion.Defaults())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := occasion.ParseSettings(b)
		if err != nil {
			if fault.CodeOf(err) != fault.Invalid {
				t.Fatalf("code of %v", err)
			}
			return
		}
		again, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := occasion.ParseSettings(again); err != nil || cmp.Diff(s, back) != "" {
			t.Fatalf("%+v came back as %+v: %v", s, back, err)
		}
	})
}
