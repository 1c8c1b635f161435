package main

import (
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caarlos0/env/v11"

	"liuke/shared/clock"
	"liuke/shared/message"
)

// told is what dispatch is told of itself, and of the channels what is given.
func told(t *testing.T, channels map[string]string) settings {
	t.Helper()
	all := map[string]string{
		"LIUKE_STAGE": "test", "LIUKE_CUSTOMERS_TABLE": "c", "LIUKE_RECORDS_TABLE": "r", "LIUKE_MESSAGES_QUEUE_URL": "q",
		"LIUKE_SENDER": "Shop <hello@example.com>", "LIUKE_CONFIGURATION_SET": "s", "LIUKE_TOKEN_KEYS_SECRET": "k", "LIUKE_BASE_URL": base, "LIUKE_CURRENCY": "EUR",
	}
	for _, name := range []string{ // as the template has them where they are switched off
		"SMS_ORIGINATION", "SMS_TRANSACTIONAL", "SMS_CONFIGURATION_SET", "SMS_MAX_PRICE", "SMS_TTL", "SMS_MAX_SEGMENTS", "SMS_PER_SECOND", "SMS_DRY_RUN",
		"PUSH", "PUSH_TTL", "SMTP_HOST", "SMTP_PORT", "SMTP_SECURITY", "SMTP_SECRET", "DESTINATIONS_SECRET",
	} {
		all["LIUKE_"+name] = ""
	}
	maps.Copy(all, channels)
	s, err := env.ParseAsWithOptions[settings](env.Options{Environment: all})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheChannelsThatAreSwitchedOnAreMade(t *testing.T) {
	for _, c := range []struct {
		name   string
		told   map[string]string
		want   []message.Channel
		quoted bool
		logged string
	}{
		{"mail alone", nil, []message.Channel{message.Email}, true, ""},
		{"all of them", map[string]string{
			"LIUKE_SMS_ORIGINATION": "arn:aws:sms-voice:eu-central-1:111111111111:pool/pool-1", "LIUKE_SMS_MAX_PRICE": "0.10", "LIUKE_SMS_TTL": "4h0m0s",
			"LIUKE_SMS_PER_SECOND": "2.5", "LIUKE_SMS_DRY_RUN": "false", "LIUKE_PUSH": "true", "LIUKE_PUSH_TTL": "24h0m0s", "LIUKE_DESTINATIONS_SECRET": "d",
		}, []message.Channel{message.Email, message.Push, message.SMS, message.Webhook}, true, ""},
		{"a server in SES's place has no quota", map[string]string{
			"LIUKE_SMTP_HOST": "mail.example.com", "LIUKE_SMTP_PORT": "587", "LIUKE_SMTP_SECURITY": "starttls", "LIUKE_SMTP_SECRET": "s",
		}, []message.Channel{message.Email}, false, ""},
		{"wrong settings are told of, and stop nothing else", map[string]string{
			"LIUKE_SMS_ORIGINATION": "pool", "LIUKE_SMS_TTL": "1s",
		}, []message.Channel{message.Email}, true, "from 5 seconds to 72 hours"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var logged strings.Builder
			all, quoter := told(t, c.told).channels(clock.System, slog.New(slog.NewTextHandler(&logged, nil)))
			if got := slices.Sorted(maps.Keys(all)); !slices.Equal(got, c.want) || quoter != nil != c.quoted {
				t.Errorf("%v, quoted %t", got, quoter != nil)
			}
			if !strings.Contains(logged.String(), c.logged) || c.logged == "" && logged.Len() > 0 {
				t.Errorf("logged %q", &logged)
			}
		})
	}
	if s := told(t, map[string]string{"LIUKE_SMS_TTL": "4h0m0s", "LIUKE_CONCURRENCY": "5"}); s.SMS.TimeToLive != 4*time.Hour || s.Concurrency != 5 {
		t.Errorf("%+v", s)
	}
}
