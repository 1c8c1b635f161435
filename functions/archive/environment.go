package main

import (
	"log/slog"
	"os"

	"github.com/caarlos0/env/v11"

	"liuke/shared/awsenv"
	"liuke/shared/clock"
	"liuke/shared/dynamo"
	"liuke/shared/lake"
	"liuke/shared/queue"
	"liuke/shared/telemetry"
)

// config is the function's environment.
type config struct {
	Stage     string `env:"LIUKE_STAGE,required,notEmpty"`
	ClockFile string `env:"LIUKE_CLOCK_FILE"`
	Customers string `env:"LIUKE_CUSTOMERS_TABLE,required,notEmpty"`
	Records   string `env:"LIUKE_RECORDS_TABLE,required,notEmpty"`
	Archive   string `env:"LIUKE_ARCHIVE_QUEUE_URL,required,notEmpty"`
	Events    string `env:"LIUKE_EVENTS_QUEUE_URL,required,notEmpty"`
	Lake      string `env:"LIUKE_LAKE_BUCKET,required,notEmpty"`
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
	sqs := awsenv.Config("SQS")
	return NewHandler(Props{
		Store:   dynamo.New(awsenv.Config("DYNAMODB"), c.Customers, c.Records),
		Lake:    lake.New(awsenv.Config("S3"), c.Lake),
		Archive: queue.New(sqs, c.Archive),
		Events:  queue.New(sqs, c.Events),
		Now:     now,
		Counter: telemetry.NewCounter(os.Stdout, "archive", now),
		Log:     log,
	}), nil
}
