package outreach_test

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/budget"
	"liuke/shared/document"
	"liuke/shared/fault"
	"liuke/shared/holdout"
	"liuke/shared/money"
	"liuke/shared/outreach"
	"liuke/shared/quiet"
	"liuke/shared/scene"
)

const euro = money.Currency("EUR")

func builtIn(t testing.TB) scene.Policy {
	t.Helper()
	set, err := scene.BuiltIn(scene.Compilers{})
	if err != nil {
		t.Fatal(err)
	}
	return set.Policy
}

// manyLabels are so many labels of a topic, each in a locale of its own.
func manyLabels(n int) string {
	labels := map[string]string{}
	for i := range n {
		labels[string([]byte{'a', byte('a' + i/26), byte('a' + i%26)})] = "Tea"
	}
	raw, _ := json.Marshal(labels) // texts alone
	return string(raw)
}

func micro(m budget.Micro) *budget.Micro { return &m }

func TestSettingsLeaveToThePolicyWhatTheyDoNotSay(t *testing.T) {
	came := builtIn(t)
	for _, c := range []struct {
		name, body string
		change     func(*outreach.Settings)
	}{
		{"no document", ``, func(*outreach.Settings) {}},
		{"nothing", `{}`, func(*outreach.Settings) {}},
		{"quiet hours", `{"quiet_hours":{"from":"20:00","to":"09:30"}}`, func(s *outreach.Settings) { s.Policy.Quiet = quiet.Hours{From: 1200, To: 570} }},
		{"no limits", `{"limits":[]}`, func(s *outreach.Settings) { s.Policy.Caps = nil }},
		{"limits", `{"limits":[{"scope":"channel","channel":"sms","max":2,"per":"7d"},{"scope":"all","max":5,"per":"720h"}]}`, func(s *outreach.Settings) {
			s.Policy.Caps = []scene.Cap{
				{Scope: scene.ScopeChannel, Channel: "sms", Max: 2, Per: 7 * 24 * time.Hour}, {Scope: scene.ScopeAll, Max: 5, Per: 30 * 24 * time.Hour},
			}
		}},
		{"a holdout", `{"holdout":"2.5%","holdout_salt":"b"}`, func(s *outreach.Settings) { s.Policy.Holdout = holdout.Holdout{Salt: "b", Share: .025} }},
		{"surveys that wait longer", `{"surveys":{"again_after":"30d"}}`, func(s *outreach.Settings) { s.Policy.AskAgainAfter = 30 * 24 * time.Hour }},
		{"surveys that need not wait", `{"surveys":{"again_after":"0"}}`, func(s *outreach.Settings) { s.Policy.AskAgainAfter = 0 }},
		{"money", `{"prices":[{"channel":"email","each":"0.0001"},{"channel":"sms","country":"DE","each":"0.085"}],
			"budget":{"per_day":"100.00","scenes":{"win_back":{"per_day":"10","in_all":"250.50"},"birthday":{"in_all":"0"}}}}`, func(s *outreach.Settings) {
			s.Prices = budget.Prices{{Channel: "email", Each: 100}, {Channel: "sms", Country: "DE", Each: 85_000}}
			s.Limits = budget.Limits{
				Day: micro(100e6), SceneDay: map[string]budget.Micro{"win_back": 10e6}, Scene: map[string]budget.Micro{"win_back": 250_500_000, "birthday": 0}, Dearest: 850_000,
			}
		}},
		{"what a message may cost", `{"prices":[{"channel":"sms","each":"0"}],"budget":{"per_message":"0.30"}}`, func(s *outreach.Settings) {
			s.Prices = budget.Prices{{Channel: "sms"}}
			s.Limits = budget.Limits{SceneDay: map[string]budget.Micro{}, Scene: map[string]budget.Micro{}, Dearest: 300_000}
		}},
		{"how texts are stopped", `{"sms":{"stop_hint":{"en":"Reply STOP to opt out","zh-CN":"拒收请回复R"}}}`, func(s *outreach.Settings) {
			s.StopHints = map[string]string{"en": "Reply STOP to opt out", "zh-CN": "拒收请回复R"}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := outreach.Settings{Policy: came}
			c.change(&want)
			got, err := outreach.ParseSettings(c.body, came, euro)
			if d := cmp.Diff(want, got); err != nil || d != "" {
				t.Fatalf("%v\n%s", err, d)
			}
			raw, err := json.Marshal(got.Effective(euro))
			if err != nil {
				t.Fatal(err)
			}
			if again, err := outreach.ParseSettings(string(raw), came, euro); err != nil || !cmp.Equal(got, again) {
				t.Errorf("%s reads as %v: %s", raw, err, cmp.Diff(got, again))
			}
		})
	}
}

// The settings that the README shows are taken as they stand there, and say what it says of them.
func TestTheReadmesSettings(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(readme), "**The settings `outreach`**")
	_, after, _ = strings.Cut(after, "```json\n")
	body, _, ok := strings.Cut(after, "```")
	if !ok {
		t.Fatal("the README shows none")
	}
	s, err := outreach.ParseSettings(body, builtIn(t), euro)
	if err != nil {
		t.Fatal(err)
	}
	if cost, err := s.CostOf("sms", 2); err != nil || cost != 100_000 {
		t.Errorf("a text of two segments costs %d, %v", cost, err)
	}
}

func TestSettingsThatAreWrongSayWhere(t *testing.T) {
	prices := `"prices":[{"channel":"sms","each":"0.05"}]`
	for _, c := range []struct{ name, body, pointer string }{
		{"a member that is none", `{"quiet":{}}`, "/quiet"},
		{"quiet hours without an end", `{"quiet_hours":{"from":"21:00"}}`, "/quiet_hours"},
		{"quiet hours of a day", `{"quiet_hours":{"from":"08:00","to":"07:00"}}`, "/quiet_hours"},
		{"a limit of a scene", `{"limits":[{"scope":"scene","max":1,"per":"1d"}]}`, "/limits/0/scope"},
		{"a limit of no channel", `{"limits":[{"scope":"channel","channel":"task","max":1,"per":"1d"}]}`, "/limits/0/channel"},
		{"a limit of all that names one", `{"limits":[{"scope":"all","channel":"sms","max":1,"per":"1d"}]}`, "/limits/0/channel"},
		{"a limit of none", `{"limits":[{"scope":"all","max":0,"per":"1d"}]}`, "/limits/0/max"},
		{"a limit in a week of years", `{"limits":[{"scope":"all","max":1,"per":"4000d"}]}`, "/limits/0/per"},
		{"limits without end", `{"limits":[` + strings.Repeat(`{"scope":"all","max":1,"per":"1d"},`, 16) + `{"scope":"all","max":1,"per":"1d"}]}`, "/limits"},
		{"labels without end", `{"topics":{"tea_club":` + manyLabels(51) + `}}`, "/topics/tea_club"},
		{"a limit in no time", `{"limits":[{"scope":"all","max":1,"per":"soon"}]}`, "/limits/0/per"},
		{"a holdout of most", `{"holdout":"60%"}`, "/holdout"},
		{"a salt beyond measure", `{"holdout_salt":"` + strings.Repeat("s", 33) + `"}`, "/holdout_salt"},
		{"surveys that wait for years", `{"surveys":{"again_after":"500d"}}`, "/surveys/again_after"},
		{"a budget without prices", `{"budget":{"per_day":"1"}}`, "/budget"},
		{"a budget below nothing", `{` + prices + `,"budget":{"per_day":"-1"}}`, "/budget/per_day"},
		{"a budget finer than the currency", `{` + prices + `,"budget":{"scenes":{"win_back":{"in_all":"0.001"}}}}`, "/budget/scenes/win_back/in_all"},
		{"a budget of what is no scene", `{` + prices + `,"budget":{"scenes":{"a/b":{}}}}`, "/budget/scenes/a~1b"},
		{"messages for nothing", `{` + prices + `,"budget":{"per_message":"0"}}`, "/budget/per_message"},
		{"a price of nothing", `{"prices":[{"channel":"fax","each":"1"}]}`, "/prices/0/channel"},
		{"a price in no country", `{"prices":[{"channel":"sms","country":"Germany","each":"1"}]}`, "/prices/0/country"},
		{"a price that is none", `{"prices":[{"channel":"sms","each":"0,05"}]}`, "/prices/0/each"},
		{"a price finer than a millionth", `{"prices":[{"channel":"sms","each":"0.0000001"}]}`, "/prices/0/each"},
		{"a price twice", `{"prices":[{"channel":"sms","each":"0.05"},{"channel":"sms","each":"0.06"}]}`, "/prices/1"},
		{"a limit that is too large", `{"prices":[{"channel":"sms","each":"0.085"}],"budget":{"per_day":"92233720368547758.07"}}`, "/budget/per_day"},
		{"a hint that turns the text", `{"sms":{"stop_hint":{"en":"STOP\u202e"}}}`, "/sms/stop_hint/en"},
		{"a label that nobody sees", `{"topics":{"tea_club":{"en":"\u200b\u3164\u2800"}}}`, "/topics/tea_club/en"},
		{"a description that is too long", `{"topic_descriptions":{"tea_club":{"en":"` + strings.Repeat("a", 201) + `"}}}`, "/topic_descriptions/tea_club/en"},
		{"a description of two lines", `{"topic_descriptions":{"tea_club":{"en":"a\nb"}}}`, "/topic_descriptions/tea_club/en"},
		{"a description in no locale", `{"topic_descriptions":{"tea_club":{"english":"a"}}}`, "/topic_descriptions/tea_club/english"},
		{"a hint in no language", `{"sms":{"stop_hint":{"English":"STOP"}}}`, "/sms/stop_hint/English"},
		{"a hint of two lines", `{"sms":{"stop_hint":{"en":"STOP\nnow"}}}`, "/sms/stop_hint/en"},
	} {
		_, err := outreach.ParseSettings(c.body, builtIn(t), euro)
		var f *fault.Error
		if !errors.As(err, &f) || f.Code != fault.Invalid || f.Pointer != c.pointer {
			t.Errorf("%s: %v at %+v", c.name, err, f)
		}
	}
}

func TestARecalculationFindsTheHoldoutAmongTheDocuments(t *testing.T) {
	came := holdout.Holdout{Salt: "1"}
	for body, want := range map[string]holdout.Holdout{
		``:                  came,
		`{}`:                came,
		`{"holdout":"10%"}`: {Salt: "1", Share: .1},
	} {
		got, err := outreach.HoldoutOf([]document.Document{{Name: "risk", Body: "{}"}, {Name: outreach.Document, Body: body}}, came)
		if err != nil || got != want {
			t.Errorf("%q: %+v, %v", body, got, err)
		}
	}
}

func FuzzParseSettings(f *testing.F) {
	came := builtIn(f)
	f.Add(`{"quiet_hours":{"from":"20:00","to":"09:30"},"limits":[{"scope":"channel","channel":"sms","max":2,"per":"7d"}],"holdout":"2.5%","surveys":{"again_after":"30d"}}`)
	f.Add(`{"prices":[{"channel":"sms","country":"DE","each":"0.085"}],"budget":{"per_day":"100.00","scenes":{"win_back":{"in_all":"250.50"}}},"sms":{"stop_hint":{"en":"STOP"}}}`)
	f.Fuzz(func(t *testing.T, body string) {
		s, err := outreach.ParseSettings(body, came, euro)
		if err != nil {
			if fault.CodeOf(err) != fault.Invalid {
				t.Fatalf("%v, want invalid", err)
			}
			return
		}
		raw, err := json.Marshal(s.Effective(euro))
		if err != nil {
			t.Fatal(err)
		}
		again, err := outreach.ParseSettings(string(raw), came, euro)
		if err != nil || len(again.Policy.Caps) != len(s.Policy.Caps) || again.Policy.Quiet != s.Policy.Quiet || !cmp.Equal(again.Limits, s.Limits) {
			t.Fatalf("%s reads back as %+v, %v", raw, again, err)
		}
		if s.Policy.Quiet != came.Quiet && (s.Policy.Quiet.To-s.Policy.Quiet.From+1440)%1440 > quiet.MaxMinutes {
			t.Fatalf("%+v", s.Policy)
		}
	})
}
