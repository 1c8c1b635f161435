package main

import (
	"os"

	"github.com/caarlos0/env/v11"

	"liuke/shared/awsenv"
	"liuke/shared/clock"
	"liuke/shared/event"
	"liuke/shared/lake"
	"liuke/shared/limit"
	"liuke/shared/money"
	"liuke/shared/queue"
	"liuke/shared/secret"
	"liuke/shared/telemetry"
)

// settings is the function's environment.
type settings struct {
	Stage     string `env:"LIUKE_STAGE,required"`
	Clock     string `env:"LIUKE_CLOCK_FILE"`
	Events    string `env:"LIUKE_EVENTS_QUEUE_URL,required"`
	Lake      string `env:"LIUKE_LAKE_BUCKET,required"`
	WriteKeys string `env:"LIUKE_WRITE_KEYS_SECRET,required"`
	Webhooks  string `env:"LIUKE_WEBHOOKS_SECRET"` // none: no connections
	Currency  string `env:"LIUKE_CURRENCY,required"`
	Rates     string `env:"LIUKE_RATES"`
	KeyRate   int    `env:"LIUKE_KEY_RATE" envDefault:"2000"` // events a second of one write key
}

// fromEnvironment returns the handler that the environment describes. It panics where that is not complete: Lambda
// reports a failed start.
func fromEnvironment() *Handler {
	s := env.Must(env.ParseAs[settings]())
	now := env.Must(clock.ForStage(s.Stage, s.Clock))
	h := &Handler{
		Tracking: event.Tracking{Money: env.Must(money.ParseRates(s.Rates, env.Must(money.ParseCurrency(s.Currency))))},
		Keys:     secret.New(awsenv.Config("SECRETS_MANAGER"), s.WriteKeys, now),
		Pace:     limit.New(s.KeyRate),
		Queue:    queue.New(awsenv.Config("SQS"), s.Events),
		Lake:     lake.New(awsenv.Config("S3"), s.Lake),
		Counter:  telemetry.NewCounter(os.Stdout, "ingest", now),
		Now:      now,
		Log:      telemetry.NewLogger(),
	}
	if s.Webhooks != "" {
		h.Webhooks = secret.New(awsenv.Config("SECRETS_MANAGER"), s.Webhooks, now)
	}
	return h
}
