package main

import (
	"context"
	cryptorand "crypto/rand"
	"log/slog"
	"math/rand/v2"
	"os"
	"time"

	"github.com/caarlos0/env/v11"

	"liuke/shared/awsenv"
	"liuke/shared/clock"
	"liuke/shared/dynamo"
	"liuke/shared/fault"
	"liuke/shared/fold"
	"liuke/shared/kept"
	"liuke/shared/lake"
	"liuke/shared/money"
	"liuke/shared/queue"
	"liuke/shared/telemetry"
)

// config is the function's environment.
type config struct {
	Stage     string `env:"LIUKE_STAGE,required,notEmpty"`
	ClockFile string `env:"LIUKE_CLOCK_FILE"`
	Customers string `env:"LIUKE_CUSTOMERS_TABLE,required,notEmpty"`
	Records   string `env:"LIUKE_RECORDS_TABLE,required,notEmpty"`
	Events    string `env:"LIUKE_EVENTS_QUEUE_URL,required,notEmpty"`
	Signals   string `env:"LIUKE_SIGNALS_QUEUE_URL,required,notEmpty"`
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
	store := dynamo.New(awsenv.Config("DYNAMODB"), c.Customers, c.Records)
	sqs := awsenv.Config("SQS")
	return NewHandler(
		&fold.Folder{
			Settings: fold.Settings{Zone: zone, Money: rates},
			Store:    store,
			Named:    kept.New(store.SceneEvents, now).Get,
			Sleep:    sleep,
			Jitter:   rand.Float64,
			Random:   cryptorand.Reader,
		},
		store,
		lake.New(awsenv.Config("S3"), c.Lake),
		queue.New(sqs, c.Signals),
		queue.New(sqs, c.Events),
		now,
		telemetry.NewCounter(os.Stdout, "profile", now),
		log,
	), nil
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
