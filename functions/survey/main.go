// Command survey serves what customers reach from a message: the form of a survey behind GET /s/{token}, which never
// records anything, its answer by POST, and the unsubscription behind /u/{token}.
//
// An answer is first made durable, together with its count, and then sent on as an event. Whatever fails between the
// two is answered 503; the same answer again finds itself stored, counts nothing and sends the same event, so that a
// repeat heals it. A link of an erased customer is answered 410, and keeps nothing.
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
	Events    string `env:"LIUKE_EVENTS_QUEUE_URL,required"`
	TokenKeys string `env:"LIUKE_TOKEN_KEYS_SECRET,required"`
}

func main() {
	s := env.Must(env.ParseAs[settings]())
	now := env.Must(clock.ForStage(s.Stage, s.Clock))
	lambda.Start(env.Must(NewHandler(
		secret.New(awsenv.Config("SECRETS_MANAGER"), s.TokenKeys, now),
		dynamo.New(awsenv.Config("DYNAMODB"), "", s.Records),
		queue.New(awsenv.Config("SQS"), s.Events),
		now, telemetry.NewLogger(), telemetry.NewCounter(os.Stdout, "survey", now),
	)).Handle)
}
