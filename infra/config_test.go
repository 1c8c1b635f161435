package main

import (
	"encoding/json"
	"net/mail"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func complete() map[string]any {
	return map[string]any{
		"stage": "dev", "time_zone": "Asia/Shanghai", "currency": "CNY",
		"sender": "Shop <Hello@Mail.Shop.example>", "alarm_address": "operators@shop.example",
	}
}

func TestSettingsHaveDefaultsWhereOneFitsEverybody(t *testing.T) {
	got, err := ReadSettings(complete(), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := Settings{
		Stage: "dev", TimeZone: "Asia/Shanghai", Currency: "CNY",
		Sender:       mail.Address{Name: "Shop", Address: "hello@mail.shop.example"},
		AlarmAddress: "operators@shop.example", RecalculateAt: Clock{Hour: 4}, LogRetentionDays: 30, KeyRate: 2000,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got.SenderDomain() != "mail.shop.example" {
		t.Errorf("mail is sent as %q", got.SenderDomain())
	}
}

func TestEveryMistakeIsReportedTogether(t *testing.T) {
	_, err := ReadSettings(map[string]any{
		"stage": "Pre-Prod", "time_zone": "Shanghai", "currency": "yuan", "sender": "hello@localhost",
		"base_url": "http://shop.example/go", "alarm_address": "Ops <ops@shop.example>", "recalculate_at": "4:00",
		"log_retention_days": 31, "timezone": "Asia/Shanghai", "key_rate": -1, "edge": "yes",
		"rates":       map[string]any{"usd": map[string]any{"2026-02-30": "0,92"}},
		"web_origins": []any{"https://shop.example/", "*"},
		"event_bus":   map[string]any{"name": "no spaces", "sources": []any{}},
	}, nil)
	if err == nil {
		t.Fatal("nothing is wrong with any of it")
	}
	lines := strings.Split(err.Error(), "\n")
	for _, want := range []string{
		`liuke.stage is "Pre-Prod"; give`,
		`liuke.time_zone is "Shanghai"; give`,
		`liuke.currency is "yuan"; give`,
		`liuke.sender is "hello@localhost"; give`,
		`liuke.base_url is "http://shop.example/go"; give`,
		`liuke.alarm_address is "Ops <ops@shop.example>"; give`,
		`liuke.recalculate_at is "4:00"; give`,
		`liuke.log_retention_days is 31; give one of the numbers 1 3 5 7`,
		`liuke.timezone is not a setting; there are alarm_address, base_url`,
		`liuke.key_rate is -1; give`,
		`liuke.edge is "yes"; give true or false`,
		`liuke.rates has the currency "usd"; give`,
		`liuke.rates has the day "2026-02-30" of usd; give`,
		`liuke.rates has the rate "0,92" of usd from 2026-02-30 on; give`,
		`liuke.web_origins has "https://shop.example/"; give`,
		`liuke.web_origins has "*"; give`,
		`liuke.event_bus has the name "no spaces"; give`,
		`liuke.event_bus has 0 sources; give`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not reported", want)
		}
	}
	if len(lines) != 18 {
		t.Errorf("%d mistakes are reported, want 18:\n%s", len(lines), err)
	}
}

func TestEachSettingIsChecked(t *testing.T) {
	cases := []struct {
		name, key string
		value     any
		wrong     string // "" for a value that is right
	}{
		{"a zone of the database is taken", "time_zone", "America/Argentina/Buenos_Aires", ""},
		{"the machine's own zone is not", "time_zone", "Local", "time_zone"},
		{"no zone at all is not UTC", "time_zone", "", "time_zone"},
		{"a stage may end in a digit", "stage", "eu2", ""},
		{"a stage of one letter is too short for a name", "stage", "d", "stage"},
		{"a number is no stage", "stage", 1, "stage"},
		{"null is no stage", "stage", nil, "stage"},
		{"a bare address is a sender", "sender", "hello@mail.shop.example", ""},
		{"two addresses are no sender", "sender", "a@shop.example, b@shop.example", "sender"},
		{"a base URL may end in a slash", "base_url", "https://go.shop.example/", ""},
		{"a base URL has no path", "base_url", "https://shop.example/go", "base_url"},
		{"a base URL has no query", "base_url", "https://shop.example?a=b", "base_url"},
		{"a base URL holds no password", "base_url", "https://a:b@shop.example", "base_url"},
		{"midnight is a time of day", "recalculate_at", "00:00", ""},
		{"24:00 is none", "recalculate_at", "24:00", "recalculate_at"},
		{"logs can be kept for ten years", "log_retention_days", 3653, ""},
		{"logs are not kept for a text", "log_retention_days", "30", "log_retention_days"},
		{"a currency is written in capitals", "currency", "cny", "currency"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			values := complete()
			values[c.key] = c.value
			_, err := ReadSettings(values, nil)
			switch {
			case c.wrong == "" && err != nil:
				t.Error(err)
			case c.wrong != "" && (err == nil || !strings.HasPrefix(err.Error(), "liuke."+c.wrong+" is ")):
				t.Errorf("got %v, want a mistake in %s", err, c.wrong)
			}
		})
	}
}

func TestWhatIsMissingIsNamed(t *testing.T) {
	_, err := ReadSettings(map[string]any{}, nil)
	for _, name := range required {
		if err == nil || !strings.Contains(err.Error(), "liuke."+name+" is missing") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAStagesOwnSettingsGoFirst(t *testing.T) {
	values := complete()
	values["stages"] = map[string]any{
		"prod": map[string]any{"sender": "hello@shop.example", "log_retention_days": 365},
	}
	dev, err := ReadSettings(values, nil)
	if err != nil || dev.LogRetentionDays != 30 {
		t.Errorf("dev keeps logs for %d days, %v", dev.LogRetentionDays, err)
	}
	prod, err := ReadSettings(values, "prod")
	if err != nil {
		t.Fatal(err)
	}
	if prod.Stage != "prod" || prod.LogRetentionDays != 365 || prod.SenderDomain() != "shop.example" || prod.Currency != "CNY" {
		t.Errorf("prod is %+v", prod)
	}
}

func TestAStageMayNotRenameItself(t *testing.T) {
	values := complete()
	values["stages"] = map[string]any{"dev": map[string]any{"stage": "prod"}}
	if _, err := ReadSettings(values, nil); err == nil || !strings.Contains(err.Error(), "liuke.stages.dev.stage is set; remove it") {
		t.Errorf("got %v", err)
	}
}

func TestSettingsMayComeFromACommandLine(t *testing.T) {
	written, err := json.Marshal(complete())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ReadSettings(string(written), nil); err != nil {
		t.Error(err)
	}
}

func TestWhatIsNoObjectIsRefused(t *testing.T) {
	for _, value := range []any{nil, "", "dev", 7, []any{"dev"}, true, `{"stage":"dev"} x`} {
		if _, err := ReadSettings(value, nil); err == nil || !strings.Contains(err.Error(), "give an object of settings") {
			t.Errorf("%v: got %v", value, err)
		}
	}
}

func TestTheRepositorysOwnSettingsAreRight(t *testing.T) {
	t.Setenv("CDK_CONTEXT_JSON", "")
	context, err := contextWithoutCLI("..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ReadSettings((*context)["liuke"], (*context)["stage"]); err != nil {
		t.Error(err)
	}
}

func TestToolsArePinnedAndTheirRegistryIsNotNamed(t *testing.T) {
	raw, err := os.ReadFile("package.json")
	if err != nil {
		t.Fatal(err)
	}
	var tools struct{ Dependencies, DevDependencies, OptionalDependencies map[string]string }
	if err := json.Unmarshal(raw, &tools); err != nil {
		t.Fatal(err)
	}
	for _, group := range []map[string]string{tools.Dependencies, tools.DevDependencies, tools.OptionalDependencies} {
		for name, version := range group {
			if strings.ContainsAny(version, "^~*<>x ") || version == "latest" {
				t.Errorf("%s is not pinned: %s", name, version)
			}
		}
	}
	lock, err := os.ReadFile("package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(lock), `"resolved"`) {
		t.Error("package-lock.json names the registry that served a package; infra/.npmrc should keep it out")
	}
}
