package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/infra/stack"
)

func TestEachSettingOfTheChannelsIsChecked(t *testing.T) {
	const pool = `"origination":"pool/pool-0123456789abcdef"`
	for _, c := range []struct {
		name, key, value string
		wrong            string // what is said of it; "" for a value that is right
	}{
		{"a pool sends", "sms", `{` + pool + `}`, ""},
		{"a number sends", "sms", `{"origination":"phone-number/phone-0123456789abcdef"}`, ""},
		{"a sender id sends", "sms", `{"origination":"sender-id/SHOP/DE"}`, ""},
		{"another account's pool sends", "sms", `{"origination":"arn:aws:sms-voice:eu-central-1:222222222222:pool/pool-0123"}`, ""},
		{"null is no SMS", "sms", `null`, ""},
		{"somebody sends", "sms", `{}`, `has the origination ""; give what messages are sent from`},
		{"a number by itself has no ARN", "sms", `{"origination":"+491511234567"}`, `has the origination "+491511234567"; give`},
		{"orders may come from elsewhere", "sms", `{` + pool + `,"transactional":"sender-id/SHOP/DE"}`, ""},
		{"but not from nowhere", "sms", `{` + pool + `,"transactional":"*"}`, `has the transactional "*"; give`},
		{"a price is limited", "sms", `{` + pool + `,"max_price":"0.10"}`, ""},
		{"a price is no number", "sms", `{` + pool + `,"max_price":0.1}`, "give an object such as"},
		{"a price has five decimals", "sms", `{` + pool + `,"max_price":"0.000001"}`, `has the max_price "0.000001"; give`},
		{"nothing is no price", "sms", `{` + pool + `,"max_price":"0.00"}`, `has the max_price "0.00"; give`},
		{"100 dollars are too dear", "sms", `{` + pool + `,"max_price":"100"}`, `has the max_price "100"; give`},
		{"a message lives for seconds", "sms", `{` + pool + `,"ttl":"5s"}`, ""},
		{"but not for four", "sms", `{` + pool + `,"ttl":"4s"}`, `has the ttl "4s"; give`},
		{"nor for four days", "sms", `{` + pool + `,"ttl":"96h"}`, `has the ttl "96h"; give`},
		{"segments are limited", "sms", `{` + pool + `,"max_segments":11}`, "has 11 as max_segments; give"},
		{"half a message a second is a pace", "sms", `{` + pool + `,"per_second":0.5}`, ""},
		{"minus one is none", "sms", `{` + pool + `,"per_second":-1}`, "has -1 as per_second; give"},
		{"SMS have nothing else", "sms", `{` + pool + `,"price":"1"}`, "give an object such as"},

		{"two platforms are written to", "push", `{"applications":["APNS/shop","GCM/shop"],"ttl":"24h"}`, ""},
		{"none is no push", "push", `{"applications":[]}`, "has 0 applications; give 1 to 10"},
		{"every application at once is none", "push", `{"applications":["APNS/*"]}`, `has the application "APNS/*"; give each once`},
		{"an application is given once", "push", `{"applications":["GCM/a","GCM/a"]}`, `has the application "GCM/a"; give each once`},
		{"others' payloads are not known", "push", `{"applications":["ADM/shop"]}`, `has the application "ADM/shop"; give each once`},
		{"a notification lives for four weeks", "push", `{"applications":["GCM/a"],"ttl":"673h"}`, `has the ttl "673h"; give`},

		{"a server has a name", "smtp", `{"host":"mail.shop.example"}`, ""},
		{"TLS may come first", "smtp", `{"host":"mail.shop.example","security":"tls","port":465,"login":false}`, ""},
		{"an address is no name", "smtp", `{"host":"mail"}`, `has the host "mail"; give`},
		{"nothing is sent in the open", "smtp", `{"host":"mail.shop.example","security":"none"}`, `has the security "none"; give`},
		{"Lambda cannot reach port 25", "smtp", `{"host":"mail.shop.example","port":25}`, "has the port 25; give"},
		{"a password does not stand here", "smtp", `{"host":"mail.shop.example","password":"x"}`, "give an object such as"},

		{"webhooks are on", "webhook", `true`, ""},
		{"or off", "webhook", `false`, ""},
		{"null is neither", "webhook", `null`, "is null; give true or false"},
		{"opens are on", "opens", `true`, ""},
		{"a text is neither", "opens", `"yes"`, `is "yes"; give true or false`},
	} {
		t.Run(c.name, func(t *testing.T) {
			values := complete()
			values[c.key] = json.RawMessage(c.value)
			_, err := ReadSettings(values, nil)
			switch {
			case c.wrong == "" && err != nil:
				t.Error(err)
			case c.wrong != "" && (err == nil || !strings.HasPrefix(err.Error(), "liuke."+c.key+" ") || !strings.Contains(err.Error(), c.wrong)):
				t.Errorf("got %v, want liuke.%s %s", err, c.key, c.wrong)
			}
		})
	}
}

func TestTheChannelsAreReadAsTheyAreWritten(t *testing.T) {
	values := complete()
	values["sms"] = map[string]any{
		"origination": "pool/pool-1", "transactional": "sender-id/SHOP/DE", "max_price": "0.10", "ttl": "4h",
		"max_segments": 3, "per_second": 2.5, "dry_run": true,
	}
	values["push"] = map[string]any{"applications": []any{"APNS/shop"}, "ttl": "24h"}
	values["smtp"] = map[string]any{"host": "mail.shop.example"}
	values["webhook"], values["opens"] = true, true
	got, err := ReadSettings(values, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := stack.Channels{
		SMS: &stack.SMS{
			Origination: "pool/pool-1", Transactional: "sender-id/SHOP/DE", MaxPrice: "0.10", TimeToLive: 4 * time.Hour,
			MaxSegments: 3, PerSecond: 2.5, DryRun: true,
		},
		Push:    &stack.Push{Applications: []string{"APNS/shop"}, TimeToLive: 24 * time.Hour},
		SMTP:    &stack.SMTP{Host: "mail.shop.example", Security: "starttls", Login: true},
		Webhook: true, Opens: true,
	}
	if diff := cmp.Diff(want, got.Channels); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAStageCanDoWithoutAChannel(t *testing.T) {
	values := complete()
	values["push"] = map[string]any{"applications": []any{"APNS/shop"}}
	values["stages"] = map[string]any{"dev": map[string]any{"push": nil}}
	got, err := ReadSettings(values, nil)
	if err != nil || got.Channels.Push != nil {
		t.Errorf("%+v, %v", got.Channels.Push, err)
	}
}
