// Command survey serves what customers reach from a message and from a shop's own pages: the form of a survey behind
// GET /s/{token}, which never records anything, its answer by POST, the unsubscription behind /u/{token}, and public forms.
//
// What is sent is checked, then a pointer to the answer goes to the events queue, delayed by two seconds, then the answer
// to the table: one conditional put. Whatever fails between the two is answered 503 and leaves a pointer that leads nowhere;
// whoever is answered that it was taken can rely on both. The same answer again changes nothing and sends nothing. A link
// of an erased customer is answered 410, and keeps nothing.
//
// A public form is known by its key, which is no secret. POST /v1/surveys/{survey}/responses?key=… takes answers from pages
// of the form's origins alone, by a form without a script or by one; /f/{key} is the form itself, for codes that are scanned
// and for frames. Such an answer is nobody's, unless the field _customer holds a token that the shop's server got from the
// suite. What programs send (a hidden field filled in, or all of it too quickly) is answered as if it were taken. Paces of
// this instance's own hold before any table is touched; what holds for all instances are the gateway's throttles and a
// firewall's rules. Where the API has CORS settings of its own, those decide what scripts of other origins may send, and
// must name the forms' origins.
//
// GET /p/{token} shows how a customer wants to be reached: channels, topics, personalised offers, quiet hours, language. Its
// form changes by an event on the events queue what differs from what the page showed, with the proof of what it said, and
// reads no table. A page that is shown before the change is folded shows it all the same, for it brings it along, sealed.
//
// Links of messages come through GET /r/{token}, which counts the first click of a person on the message's entry, a program's
// apart, and redirects to the address that the token holds: whatever becomes of the count, and to no other address. HEAD is
// answered wherever customers' links are, and counts as no person.
//
// Every five minutes it counts the hours in which surveys were answered anew: see package rollup.
package main

import (
	"context"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/caarlos0/env/v11"

	"liuke/shared/awsenv"
	"liuke/shared/clock"
	"liuke/shared/comment"
	"liuke/shared/consent"
	"liuke/shared/dynamo"
	"liuke/shared/queue"
	"liuke/shared/secret"
	"liuke/shared/telemetry"
)

type settings struct {
	Stage     string `env:"LIUKE_STAGE,required"`
	Clock     string `env:"LIUKE_CLOCK_FILE"`
	Customers string `env:"LIUKE_CUSTOMERS_TABLE,required"`
	Records   string `env:"LIUKE_RECORDS_TABLE,required"`
	Events    string `env:"LIUKE_EVENTS_QUEUE_URL,required"`
	TokenKeys string `env:"LIUKE_TOKEN_KEYS_SECRET,required"`
	Edge      bool   `env:"LIUKE_EDGE"`
}

func main() {
	s := env.Must(env.ParseAs[settings]())
	now := env.Must(clock.ForStage(s.Stage, s.Clock))
	store := dynamo.New(awsenv.Config("DYNAMODB"), s.Customers, s.Records)
	lambda.Start(env.Must(NewHandler(Parts{
		Secret:  secret.New(awsenv.Config("SECRETS_MANAGER"), s.TokenKeys, now),
		Surveys: store, Documents: store, Answers: store, Rollups: store, Ledger: store, People: store,
		Topics:   func(ctx context.Context) ([]consent.Topic, error) { return topicsOf(ctx, store) },
		Analyzer: comment.Local{},
		Events:   queue.New(awsenv.Config("SQS"), s.Events),
		Now:      now, Log: telemetry.NewLogger(), Count: telemetry.NewCounter(os.Stdout, "survey", now),
		Edge: s.Edge,
	})).Invoke)
}
