package main

import (
	"os"
	"time"
	_ "time/tzdata"

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
	"liuke/shared/telemetry"
)

type settings struct {
	Stage     string `env:"LIUKE_STAGE,required"`
	Clock     string `env:"LIUKE_CLOCK_FILE"`
	Customers string `env:"LIUKE_CUSTOMERS_TABLE,required"`
	Records   string `env:"LIUKE_RECORDS_TABLE,required"`
	Signals   string `env:"LIUKE_SIGNALS_QUEUE_URL,required"`
	Messages  string `env:"LIUKE_MESSAGES_QUEUE_URL,required"`
	Runs      string `env:"LIUKE_RFM_QUEUE_URL,required"`
	Zone      string `env:"LIUKE_TIME_ZONE,required"`
	Currency  string `env:"LIUKE_CURRENCY,required"`
	// Channels are those that dispatch is set up for, beside tasks, which need no provider.
	Channels []message.Channel `env:"LIUKE_CHANNELS,required"`
}

func (s settings) ways() map[message.Channel]bool {
	on := map[message.Channel]bool{message.Task: true}
	for _, channel := range s.Channels {
		on[channel] = true
	}
	return on
}

func main() {
	s := env.Must(env.ParseAs[settings]())
	now := env.Must(clock.ForStage(s.Stage, s.Clock))
	store := dynamo.New(awsenv.Config("DYNAMODB"), s.Customers, s.Records)
	count := telemetry.NewCounter(os.Stdout, "outreach", now)
	scenes := outreach.NewLibrary(store, compilers(env.Must(money.ParseCurrency(s.Currency))), now, func(n int) { count.Count("ScenesBroken", n) })
	lambda.Start(env.Must(NewHandler(Handler{
		Store: store, Surveys: kept.New(store.Surveys, now).Get, Stand: scenes.Stand,
		Signals:  queue.New(awsenv.Config("SQS"), s.Signals),
		Messages: queue.New(awsenv.Config("SQS"), s.Messages),
		Runs:     queue.New(awsenv.Config("SQS"), s.Runs), Campaigns: store,
		Ways: s.ways(),
		Now:  now, Log: telemetry.NewLogger(), Count: count,
	}, env.Must(time.LoadLocation(s.Zone)))).Handle)
}
