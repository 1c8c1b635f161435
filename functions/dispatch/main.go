package main

import (
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/caarlos0/env/v11"

	"liuke/shared/awsenv"
	"liuke/shared/clock"
	"liuke/shared/dynamo"
	"liuke/shared/kept"
	"liuke/shared/message"
	"liuke/shared/money"
	"liuke/shared/outreach"
	"liuke/shared/queue"
	"liuke/shared/secret"
	"liuke/shared/telemetry"
)

func main() {
	s := env.Must(env.ParseAs[settings]())
	now := env.Must(clock.ForStage(s.Stage, s.Clock))
	store := dynamo.New(awsenv.Config("DYNAMODB"), s.Customers, s.Records)
	log := telemetry.NewLogger()
	channels, quota := s.channels(now, log)
	offers, _ := channels[message.Webhook].(Asker) // nil where webhooks are switched off
	count := telemetry.NewCounter(os.Stdout, "dispatch", now)
	scenes := outreach.NewLibrary(store, compilers(env.Must(money.ParseCurrency(s.Currency))), now, func(n int) { count.Count("ScenesBroken", n) })
	lambda.Start(env.Must(NewHandler(Handler{
		Store: store, Surveys: kept.New(store.Surveys, now).Get, Stand: scenes.Stand,
		Messages: queue.New(awsenv.Config("SQS"), s.Messages),
		Keys:     secret.New(awsenv.Config("SECRETS_MANAGER"), s.TokenKeys, now),
		Channels: channels, Quota: quota, Offers: offers,
		Settings: s, Now: now, Log: log, Count: count,
	})).Handle)
}
