package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // zones are checked the same on every machine

	"liuke/infra/construct"
	"liuke/infra/stack"
)

// Settings are what an operator decides about a deployment. They are read from one object of the CDK context, "liuke" in
// cdk.json, by the names given here; a stage's own values stand under "stages" by its name and go before the common ones.
type Settings struct {
	// Stage ("stage") names the deployment, so that several can stand in one account: 2 to 12 lower-case letters and
	// digits, a letter first. `-c stage=NAME` on the command line goes before it. No default.
	Stage string
	// TimeZone ("time_zone") is the business's, an IANA name such as "Asia/Shanghai". Days begin and the recalculation
	// runs in it. No default.
	TimeZone string
	// Currency ("currency") is what amounts are in, an ISO 4217 code such as "CNY". No default.
	Currency string
	// Sender ("sender") is the From of every mail, with or without a name: "Shop <hello@mail.shop.example>". SES sends as
	// its domain, which must be this deployment's alone in its account and region. No default.
	Sender mail.Address
	// BaseURL ("base_url") is where customers reach the suite, as in the links of mails: https, without a path. Default:
	// the address of the API itself.
	BaseURL string
	// AlarmAddress ("alarm_address") is told by e-mail what goes wrong. No default.
	AlarmAddress string
	// RecalculateAt ("recalculate_at") is the time of day, "HH:MM" in TimeZone, at which customers are recalculated. A
	// time that the change to summer time leaves out is left out that day. Default: "04:00".
	RecalculateAt Clock
	// LogRetentionDays ("log_retention_days") is how long logs are kept: one of the numbers that CloudWatch knows.
	// Default: 30.
	LogRetentionDays int

	// Rates ("rates") are what other currencies are worth: for each, by the day from which it holds, what one unit is in
	// Currency, {"USD":{"2026-01-01":"0.92"}}. An order keeps the rate of the day on which it was placed; one whose
	// currency has none for its day is refused. Kept as compact JSON of at most 2,560 bytes. Default: "", no others.
	Rates string
	// WebOrigins ("web_origins") are the sites whose browsers may send events, ["https://shop.example"]. Default: none.
	WebOrigins []string
	// KeyRate ("key_rate") is how many events a second one write key may send to one instance of a function before it is
	// asked to come back later, 1 to 100,000, or 0 for any number. Default: 2000.
	KeyRate int
	// EventBus ("event_bus") is a bus of EventBridge whose events are taken as well,
	// {"name":"default","sources":["shop.orders"]}. Default: none.
	EventBus *EventBus
	// Edge ("edge") puts CloudFront with a web application firewall before the API, under BaseURL, which must then be
	// given. Default: false.
	Edge bool

	// Channels are the ways to reach customers beside mail through SES; each is null or false by default, which is none.
	//
	// "sms" sends text messages through AWS End User Messaging: {"origination":"pool/pool-0123456789abcdef"} is what they are
	// sent from, a pool, a number ("phone-number/phone-…") or a sender id ("sender-id/SHOP/DE"), in the deployment's account
	// and region, or an ARN; "transactional" is that of messages that are no advertising; "max_price" is what one may cost in
	// dollars, "0.10"; "ttl" how long it is tried, "4h"; "max_segments" how long it may be; "per_second" how many are sent a
	// second by the deployment as a whole; "dry_run" has them checked and not sent.
	// "push" sends notifications through SNS: {"applications":["APNS/shop","GCM/shop"]} are the platform applications, and
	// "ttl" is how long a notification waits for a phone that is off.
	// "smtp" sends mail through a server of one's own in SES's place: {"host":"mail.shop.example"}, with "port", "security"
	// ("starttls" or "tls") and "login" (false for a server that asks for none; else a secret is made for it).
	// "webhook" (true) posts messages to the destinations that operators enter in a secret.
	// "opens" (true) has SES put a picture into each mail and tell when it is fetched.
	Channels stack.Channels
}

// Clock is a time of day.
type Clock struct{ Hour, Minute int }

// SenderDomain is the domain that SES sends as.
func (s Settings) SenderDomain() string {
	return s.Sender.Address[strings.LastIndexByte(s.Sender.Address, '@')+1:]
}

// Host is the name of BaseURL, "" where none is given.
func (s Settings) Host() string { return strings.TrimPrefix(s.BaseURL, "https://") }

// settings names each value of the context and says how it is read. A reader gets a text and returns what is wrong with
// it, in words that complete "liuke.<name> …".
var settings = map[string]func(*Settings, json.RawMessage) error{
	"stage": text(func(s *Settings, v string) error {
		s.Stage = v
		return check(stagePattern.MatchString(v), "is %q; give 2 to 12 lower-case letters and digits, a letter first", v)
	}),
	"time_zone": text(func(s *Settings, v string) error {
		s.TimeZone = v
		_, err := time.LoadLocation(v)
		return check(err == nil && v != "" && v != "Local", "is %q; give a zone of the IANA database, such as \"Asia/Shanghai\"", v)
	}),
	"currency": text(func(s *Settings, v string) error {
		s.Currency = v
		return check(currencyPattern.MatchString(v), "is %q; give the three capital letters of ISO 4217, such as \"CNY\"", v)
	}),
	"sender": text(func(s *Settings, v string) error {
		a, err := mail.ParseAddress(v)
		if err != nil || !strings.Contains(a.Address[strings.LastIndexByte(a.Address, '@')+1:], ".") {
			return fmt.Errorf("is %q; give an address with a domain, such as \"Shop <hello@mail.shop.example>\"", v)
		}
		a.Address = strings.ToLower(a.Address)
		s.Sender = *a
		return nil
	}),
	"base_url": text(func(s *Settings, v string) error {
		s.BaseURL = strings.TrimSuffix(v, "/")
		u, err := url.Parse(s.BaseURL)
		return check(err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil && s.BaseURL == "https://"+u.Host,
			"is %q; give an address that begins with https:// and has no path, such as \"https://go.shop.example\"", v)
	}),
	"alarm_address": text(func(s *Settings, v string) error {
		s.AlarmAddress = v
		a, err := mail.ParseAddress(v)
		return check(err == nil && a.Address == v, "is %q; give a bare e-mail address, such as \"operators@shop.example\"", v)
	}),
	"recalculate_at": text(func(s *Settings, v string) error {
		t, err := time.Parse("15:04", v)
		s.RecalculateAt = Clock{t.Hour(), t.Minute()}
		return check(err == nil && len(v) == len("15:04"), "is %q; give a time of day from \"00:00\" to \"23:59\"", v)
	}),
	"log_retention_days": func(s *Settings, raw json.RawMessage) error {
		err := json.Unmarshal(raw, &s.LogRetentionDays)
		return check(err == nil && slices.Contains(construct.LogRetentions(), s.LogRetentionDays),
			"is %s; give one of the numbers %s", raw, strings.Trim(fmt.Sprint(construct.LogRetentions()), "[]"))
	},
	"rates":       readRates,
	"web_origins": readWebOrigins,
	"key_rate": func(s *Settings, raw json.RawMessage) error {
		err := json.Unmarshal(raw, &s.KeyRate)
		return check(err == nil && string(raw) != "null" && s.KeyRate >= 0 && s.KeyRate <= 100000, "is %s; give events a second, a number from 1 to 100000, or 0 for any number", raw)
	},
	"event_bus": readEventBus,
	"edge":      flag(func(s *Settings, on bool) { s.Edge = on }),
	"sms":       readSMS,
	"push":      readPush,
	"smtp":      readSMTP,
	"webhook":   flag(func(s *Settings, on bool) { s.Channels.Webhook = on }),
	"opens":     flag(func(s *Settings, on bool) { s.Channels.Opens = on }),
}

// required are the settings without a default.
var required = []string{"stage", "time_zone", "currency", "sender", "alarm_address"}

var (
	stagePattern    = regexp.MustCompile(`^[a-z][a-z0-9]{1,11}$`)
	currencyPattern = regexp.MustCompile(`^[A-Z]{3}$`)
)

// ReadSettings reads the settings from the value of the context's "liuke", which is an object or, from a command line
// (-c liuke='{…}'), the text of one, and from that of its "stage", which goes before the object's. The error names every
// mistake and what to change.
func ReadSettings(liuke, stage any) (Settings, error) {
	s := Settings{RecalculateAt: Clock{Hour: 4}, LogRetentionDays: 30, KeyRate: 2000}
	values, err := object(liuke)
	if err != nil {
		return s, fmt.Errorf("liuke in the context %w", err)
	}
	var mistakes []error
	if name, ok := stage.(string); ok && name != "" {
		values["stage"], _ = json.Marshal(name)
	}
	if err := applyStage(values); err != nil {
		mistakes = append(mistakes, err)
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		read, known := settings[name]
		if !known {
			mistakes = append(mistakes, fmt.Errorf("liuke.%s is not a setting; there are %s", name,
				strings.Join(slices.Sorted(maps.Keys(settings)), ", ")))
			continue
		}
		if err := read(&s, values[name]); err != nil {
			mistakes = append(mistakes, fmt.Errorf("liuke.%s %w", name, err))
		}
	}
	for _, name := range required {
		if _, given := values[name]; !given {
			mistakes = append(mistakes, fmt.Errorf("liuke.%s is missing; add it to the context in cdk.json", name))
		}
	}
	mistakes = append(mistakes, s.agree()...)
	return s, errors.Join(mistakes...)
}

// applyStage replaces common values by the stage's own and removes what is no setting itself.
func applyStage(values map[string]json.RawMessage) error {
	raw, given := values["stages"]
	delete(values, "stages")
	if !given {
		return nil
	}
	var stages map[string]map[string]json.RawMessage
	if err := json.Unmarshal(raw, &stages); err != nil {
		return fmt.Errorf("liuke.stages is %s; give an object of settings by stage, such as {\"prod\":{\"currency\":\"CNY\"}}", raw)
	}
	var stage string
	if json.Unmarshal(values["stage"], &stage) != nil {
		return nil // reported as a mistake of the stage itself
	}
	for name, value := range stages[stage] {
		if name == "stage" {
			return fmt.Errorf("liuke.stages.%s.stage is set; remove it, the name is the stage", stage)
		}
		values[name] = value
	}
	return nil
}

func object(value any) (map[string]json.RawMessage, error) {
	raw, err := json.Marshal(value)
	if written, ok := value.(string); ok {
		raw = []byte(written)
	}
	var values map[string]json.RawMessage
	if err == nil {
		err = json.Unmarshal(raw, &values)
	}
	if err != nil || values == nil {
		return nil, fmt.Errorf("is %s; give an object of settings in cdk.json, beginning with \"stage\"", raw)
	}
	return values, nil
}

func text(read func(*Settings, string) error) func(*Settings, json.RawMessage) error {
	return func(s *Settings, raw json.RawMessage) error {
		var v string
		if err := json.Unmarshal(raw, &v); err != nil || string(raw) == "null" {
			return fmt.Errorf("is %s; give a text in quotation marks", raw)
		}
		return read(s, v)
	}
}

func check(ok bool, format string, args ...any) error {
	if ok {
		return nil
	}
	return fmt.Errorf(format, args...)
}
