// Command console serves operators over HTTP: customers with the reasons behind their scores, the messages they got or
// did not get and why, recalculations, segments, surveys, and the tasks that people have about customers; it audits and
// rebuilds a customer's money, opens imports, and has customers exported and erased and events fed again. Everything but
// the description of the interface is behind the gateway's JWT authorizer.
//
// It reads single items and short ranges, never a whole table; what takes longer than a request it queues and answers
// 202. An id that was absorbed is answered with the customer who stands for it, an erased one is gone. A request is read
// strictly: what is not known, said twice or was altered is refused with a pointer to it. No answer but a customer's own,
// a task's and those of lists of customers, tasks, invitations and responses names a customer, and no log does.
package main

import (
	"crypto/rand"
	"time"
	_ "time/tzdata"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/caarlos0/env/v11"

	"liuke/shared/awsenv"
	"liuke/shared/clock"
	"liuke/shared/dynamo"
	"liuke/shared/lake"
	"liuke/shared/message"
	"liuke/shared/money"
	"liuke/shared/queue"
	"liuke/shared/recalc"
	"liuke/shared/scene"
	"liuke/shared/secret"
	"liuke/shared/telemetry"
)

type settings struct {
	Stage     string            `env:"LIUKE_STAGE,required"`
	Clock     string            `env:"LIUKE_CLOCK_FILE"`
	Customers string            `env:"LIUKE_CUSTOMERS_TABLE,required"`
	Records   string            `env:"LIUKE_RECORDS_TABLE,required"`
	Queue     string            `env:"LIUKE_RFM_QUEUE_URL,required"`
	Archive   string            `env:"LIUKE_ARCHIVE_QUEUE_URL,required"`
	Lake      string            `env:"LIUKE_LAKE_BUCKET,required"`
	Zone      *time.Location    `env:"LIUKE_TIME_ZONE,required"`
	Currency  string            `env:"LIUKE_CURRENCY,required"`
	Signals   string            `env:"LIUKE_SIGNALS_QUEUE_URL,required"`
	TokenKeys string            `env:"LIUKE_TOKEN_KEYS_SECRET,required"`
	BaseURL   string            `env:"LIUKE_BASE_URL,required"`
	Messages  string            `env:"LIUKE_MESSAGES_QUEUE_URL,required"`
	Sender    string            `env:"LIUKE_SENDER,required"`
	Channels  []message.Channel `env:"LIUKE_CHANNELS,required"` // that dispatch is set up for
}

func main() {
	s := env.Must(env.ParseAs[settings]())
	now := env.Must(clock.ForStage(s.Stage, s.Clock))
	business := recalc.Settings{
		Zone: s.Zone, Currency: env.Must(money.ParseCurrency(s.Currency)), Holdout: env.Must(scene.BuiltInPolicy()).Holdout,
	}
	store := dynamo.New(awsenv.Config("DYNAMODB"), s.Customers, s.Records)
	lambda.Start(NewHandler(Services{
		Store:    store,
		Lake:     lake.New(awsenv.Config("S3"), s.Lake),
		Ledger:   ledger(store, business),
		Runs:     queue.New(awsenv.Config("SQS"), s.Queue),
		Archive:  queue.New(awsenv.Config("SQS"), s.Archive),
		Signals:  queue.New(awsenv.Config("SQS"), s.Signals),
		Messages: queue.New(awsenv.Config("SQS"), s.Messages),
		Sender:   s.Sender,
		Channels: s.Channels,
		Tokens:   secret.New(awsenv.Config("SECRETS_MANAGER"), s.TokenKeys, now),
		BaseURL:  s.BaseURL,
		Now:      now,
		Random:   rand.Reader,
		Log:      telemetry.NewLogger(),
	}, business).Handle)
}
