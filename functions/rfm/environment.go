package main

import (
	"log/slog"
	"os"
	"time"

	"github.com/caarlos0/env/v11"

	"liuke/shared/awsenv"
	"liuke/shared/clock"
	"liuke/shared/dynamo"
	"liuke/shared/fault"
	"liuke/shared/lake"
	"liuke/shared/message"
	"liuke/shared/money"
	"liuke/shared/queue"
	"liuke/shared/recalc"
	"liuke/shared/scene"
	"liuke/shared/telemetry"
)

// config is the function's environment.
type config struct {
	Stage     string `env:"LIUKE_STAGE,required,notEmpty"`
	ClockFile string `env:"LIUKE_CLOCK_FILE"`
	Customers string `env:"LIUKE_CUSTOMERS_TABLE,required,notEmpty"`
	Records   string `env:"LIUKE_RECORDS_TABLE,required,notEmpty"`
	Phases    string `env:"LIUKE_RFM_QUEUE_URL,required,notEmpty"`
	Signals   string `env:"LIUKE_SIGNALS_QUEUE_URL,required,notEmpty"`
	Lake      string `env:"LIUKE_LAKE_BUCKET,required,notEmpty"`
	Zone      string `env:"LIUKE_TIME_ZONE,required,notEmpty"`
	Currency  string `env:"LIUKE_CURRENCY,required,notEmpty"`
	// Channels are those that dispatch is set up for, beside tasks, which need no provider.
	Channels []message.Channel `env:"LIUKE_CHANNELS,required"`
	BaseURL  string            `env:"LIUKE_BASE_URL,required"`
	Segments int               `env:"LIUKE_SMS_MAX_SEGMENTS"` // of a text at most
}

func fromEnvironment(log *slog.Logger) (*Handler, error) {
	c, err := env.ParseAs[config]()
	if err != nil {
		return nil, err
	}
	now, err := clock.ForStage(c.Stage, c.ClockFile)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return nil, fault.New(fault.Invalid, "LIUKE_TIME_ZONE must be an IANA time zone, and %q is not", c.Zone)
	}
	currency, err := money.ParseCurrency(c.Currency)
	if err != nil {
		return nil, err
	}
	policy, err := scene.BuiltInPolicy()
	if err != nil {
		return nil, err
	}
	ways := map[message.Channel]bool{message.Task: true}
	for _, channel := range c.Channels {
		ways[channel] = true
	}
	sqs := awsenv.Config("SQS")
	return NewHandler(Props{
		Store:    dynamo.New(awsenv.Config("DYNAMODB"), c.Customers, c.Records),
		Lake:     lake.New(awsenv.Config("S3"), c.Lake),
		Phases:   queue.New(sqs, c.Phases),
		Signals:  queue.New(sqs, c.Signals),
		Settings: recalc.Settings{Zone: zone, Currency: currency, Holdout: policy.Holdout},
		Ways:     ways,
		Segments: c.Segments,
		BaseURL:  c.BaseURL,
		Now:      now,
		Counter:  telemetry.NewCounter(os.Stdout, "rfm", now),
		Log:      log,
	}), nil
}
