package main

import (
	"crypto/rand"
	"log/slog"
	"os"
	"time"

	"github.com/caarlos0/env/v11"

	"liuke/shared/awsenv"
	"liuke/shared/clock"
	"liuke/shared/dynamo"
	"liuke/shared/fault"
	"liuke/shared/importfile"
	"liuke/shared/lake"
	"liuke/shared/money"
	"liuke/shared/queue"
	"liuke/shared/telemetry"
)

// config is the function's environment.
type config struct {
	Stage     string `env:"LIUKE_STAGE,required,notEmpty"`
	ClockFile string `env:"LIUKE_CLOCK_FILE"`
	Records   string `env:"LIUKE_RECORDS_TABLE,required,notEmpty"`
	Events    string `env:"LIUKE_EVENTS_QUEUE_URL,required,notEmpty"`
	Imports   string `env:"LIUKE_IMPORTS_QUEUE_URL,required,notEmpty"`
	Lake      string `env:"LIUKE_LAKE_BUCKET,required,notEmpty"`
	Zone      string `env:"LIUKE_TIME_ZONE,required,notEmpty"`
	Currency  string `env:"LIUKE_CURRENCY,required,notEmpty"`
	Rates     string `env:"LIUKE_RATES"`
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
	rates, err := money.ParseRates(c.Rates, currency)
	if err != nil {
		return nil, err
	}
	sqs := awsenv.Config("SQS")
	return NewHandler(Props{
		Store:    dynamo.New(awsenv.Config("DYNAMODB"), "", c.Records),
		Lake:     lake.New(awsenv.Config("S3"), c.Lake),
		Events:   queue.New(sqs, c.Events),
		Imports:  queue.New(sqs, c.Imports),
		Settings: importfile.Settings{Rates: rates, Zone: zone},
		Now:      now,
		Worker:   rand.Text,
		Counter:  telemetry.NewCounter(os.Stdout, "imports", now),
		Log:      log,
	}), nil
}
