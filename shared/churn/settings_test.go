package churn

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/fault"
)

func TestTheDefaultSettingsAreValidAndWrittenAsTheyAreRead(t *testing.T) {
	want := Default()
	if err := want.Validate(); err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseSettings(raw)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Fatalf("%v: %s", err, diff)
	}
}

func TestWhatAnOperatorLeavesOutIsAsByDefault(t *testing.T) {
	got, err := ParseSettings([]byte(`{"risk_weights": {"alive": 0}, "risk_levels": {"high": 80}}`))
	want := Default()
	want.Risk.Alive, want.Levels.High = 0, 80
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Fatalf("%v: %s", err, diff)
	}
}

func TestSettingsThatMakeNoScoreAreRefusedWhereTheyAreWrong(t *testing.T) {
	for _, c := range []struct{ name, body, pointer string }{
		{"a member that is not known", `{"risk": {}}`, "/risk"},
		{"a horizon of no day", `{"horizon_days": 0}`, "/horizon_days"},
		{"a half-life of more than ten years", `{"answer_half_life_days": 4000}`, "/answer_half_life_days"},
		{"a negative weight", `{"risk_weights": {"pace": -1}}`, "/risk_weights/pace"},
		{"a weight beyond all bounds", `{"health_weights": {"stay": 1e300}}`, "/health_weights/stay"},
		{"a weight too small to be meant", `{"health_weights": {"stay": 1e-300}}`, "/health_weights/stay"},
		{"weights of what only adds", `{"risk_weights": {"alive": 0, "pace": 0, "rhythm": 0, "activity": 0, "answers": 0}}`, "/risk_weights"},
		{"a level that leaves no risk low", `{"risk_levels": {"medium": 1}}`, "/risk_levels/medium"},
		{"a level that leaves no risk high", `{"risk_levels": {"high": 99}}`, "/risk_levels/high"},
		{"levels in the wrong order", `{"risk_levels": {"medium": 80}}`, "/risk_levels/high"},
		{"levels whose margins meet", `{"risk_levels": {"medium": 66}}`, "/risk_levels/high"},
		{"a negative margin", `{"risk_levels": {"margin": -1}}`, "/risk_levels/margin"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseSettings([]byte(c.body))
			var f *fault.Error
			if !errors.As(err, &f) || f.Code != fault.Invalid || f.Pointer != c.pointer {
				t.Errorf("got %v, want it refused at %s", err, c.pointer)
			}
		})
	}
}

func FuzzParseSettings(f *testing.F) {
	f.Add([]byte(`{}`))
	f.Add([]byte(`{"horizon_days": 30, "risk_weights": {"alive": 0.5, "complaints": 1e6}, "risk_levels": {"margin": 0}}`))
	f.Add([]byte(`{"health_weights": {"stay": 1e-6, "trend": 0}, "answer_half_life_days": 3660}`))
	e := Evidence{Alive: .3, History: historyOf(day{today - 80, 1}, day{today - 40, 1})}
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := ParseSettings(body)
		if err != nil {
			return
		}
		v := NewScorer(s, &prior, today).Of(&e)
		for _, score := range []*Score{&v.Risk, &v.Health} {
			if score.Known() && !(score.Value >= 0 && score.Value < 100+slack) {
				t.Fatalf("%s makes a score of %v", body, score.Value)
			}
		}
	})
}
