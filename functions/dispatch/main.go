package main

import (
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/caarlos0/env/v11"

	"liuke/shared/awsenv"
	"liuke/shared/channel"
	"liuke/shared/channel/ses"
	"liuke/shared/clock"
	"liuke/shared/dynamo"
	"liuke/shared/kept"
	"liuke/shared/message"
	"liuke/shared/queue"
	"liuke/shared/secret"
	"liuke/shared/telemetry"
)

func main() {
	s := env.Must(env.ParseAs[settings]())
	now := env.Must(clock.ForStage(s.Stage, s.Clock))
	store := dynamo.New(awsenv.Config("DYNAMODB"), s.Customers, s.Records)
	lambda.Start(env.Must(NewHandler(Handler{
		Store: store, Surveys: kept.New(store.Surveys, now).Get,
		Messages: queue.New(awsenv.Config("SQS"), s.Messages),
		Keys:     secret.New(awsenv.Config("SECRETS_MANAGER"), s.TokenKeys, now),
		Channels: map[message.Channel]channel.Channel{
			message.Email: ses.New(awsenv.Config("SESV2"), s.Sender, s.ConfigurationSet),
		},
		Settings: s, Now: now, Log: telemetry.NewLogger(), Count: telemetry.NewCounter(os.Stdout, "dispatch", now),
	})).Handle)
}
