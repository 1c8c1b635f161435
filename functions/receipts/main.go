package main

import (
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/caarlos0/env/v11"

	"liuke/shared/awsenv"
	"liuke/shared/clock"
	"liuke/shared/dynamo"
	"liuke/shared/queue"
	"liuke/shared/secret"
	"liuke/shared/telemetry"
)

type settings struct {
	Stage     string `env:"LIUKE_STAGE,required"`
	Clock     string `env:"LIUKE_CLOCK_FILE"`
	Records   string `env:"LIUKE_RECORDS_TABLE,required"`
	Receipts  string `env:"LIUKE_RECEIPTS_QUEUE_URL,required"`
	Events    string `env:"LIUKE_EVENTS_QUEUE_URL,required"`
	TokenKeys string `env:"LIUKE_TOKEN_KEYS_SECRET,required"`
}

func main() {
	s := env.Must(env.ParseAs[settings]())
	now := env.Must(clock.ForStage(s.Stage, s.Clock))
	lambda.Start(NewHandler(Handler{
		Store:    dynamo.New(awsenv.Config("DYNAMODB"), "", s.Records),
		Receipts: queue.New(awsenv.Config("SQS"), s.Receipts),
		Events:   queue.New(awsenv.Config("SQS"), s.Events),
		Keys:     secret.New(awsenv.Config("SECRETS_MANAGER"), s.TokenKeys, now),
		Now:      now, Log: telemetry.NewLogger(), Count: telemetry.NewCounter(os.Stdout, "receipts", now),
	}).Handle)
}
