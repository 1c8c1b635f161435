// Package stack composes the suite from constructs: what holds state, and what can be thrown away and made again.
package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"liuke/infra/construct"
)

// DataProps describes the stack that holds state.
type DataProps struct {
	// Stage names the deployment; it is part of the stack's name.
	Stage string
	// Account and Region are where it stands.
	Account, Region string
	// SenderDomain is the domain that mail comes from.
	SenderDomain string
	// Channels are the ways to reach customers, some of which need a secret.
	Channels Channels
}

// Data holds what must outlive everything else: customers and their records, the lake, the key that they are encrypted
// with, the keys that shops and links were given, the operators, and the sender's identity. All of it is retained when
// the stack goes.
type Data struct {
	Stack     awscdk.Stack
	Key       *construct.Key
	Customers *construct.Table
	Records   *construct.Table
	Lake      *construct.Bucket
	WriteKeys *construct.Keys
	TokenKeys *construct.Keys
	Webhooks  *construct.Keys
	// SMTP and Destinations are nil where their channels are switched off.
	SMTP         *construct.Keys
	Destinations *construct.Keys
	Operators    *construct.Operators
	Sender       *construct.Sender
}

// NewData returns the stack "Liuke-<stage>-Data".
func NewData(parent constructs.Construct, props DataProps) *Data {
	scope := newStack(parent, "Data", "Liuke: what holds state", props.Stage, props.Account, props.Region)
	scope.SetTerminationProtection(jsii.Bool(true))
	key := construct.NewKey(scope, "EncryptionKey", construct.KeyProps{SMS: props.Channels.SMS != nil})
	data := &Data{
		Stack: scope,
		Key:   key,
		// What a recalculation reads: one small item a customer.
		Customers: construct.NewTable(scope, "Customers", construct.TableProps{
			PartitionKey: "id", TimeToLive: "ttl", Key: key.Key, // what is left of the erased expires
		}),
		// Everything else, found by key or by the index.
		Records: construct.NewTable(scope, "Records", construct.TableProps{
			PartitionKey: "pk", SortKey: "sk", TimeToLive: "ttl", Key: key.Key,
			// What is listed or counted by time: answers, invitations, tasks. It holds what is counted of them, no texts.
			Index: &construct.IndexProps{
				Name: "ByTime", PartitionKey: "ipk", SortKey: "isk",
				Include: []string{"survey", "sv", "metric", "inv", "score", "a", "done", "c", "ins", "locale", "answered", "revised", "st", "own"},
			},
		}),
		Lake: construct.NewBucket(scope, "Lake", construct.BucketProps{Key: key.Key, Expirations: expirations}),
		WriteKeys: construct.NewKeys(scope, "WriteKeys", construct.KeysProps{
			Description: "Liuke: the write keys that events are sent with", Key: key.Key,
		}),
		TokenKeys: construct.NewKeys(scope, "TokenKeys", construct.KeysProps{
			Description: "Liuke: the keys that customers' links are sealed with", Key: key.Key,
		}),
		Webhooks: construct.NewConnections(scope, "Webhooks", construct.KeysProps{
			Description: "Liuke: what shops and payment services sign their webhooks with, by connection", Key: key.Key,
		}),
		Operators: construct.NewOperators(scope, "Operators"),
		Sender:    construct.NewSender(scope, "Sender", construct.SenderProps{Domain: props.SenderDomain}),
	}
	if props.Channels.SMTP != nil && props.Channels.SMTP.Login {
		data.SMTP = construct.NewConnections(scope, "Smtp", construct.KeysProps{
			Description: "Liuke: who logs in to the mail server: username and password", Key: key.Key,
		})
		output(scope, "SmtpSecret", "The secret of who logs in to the mail server", data.SMTP.Secret.SecretArn())
	}
	if props.Channels.Webhook {
		data.Destinations = construct.NewConnections(scope, "Destinations", construct.KeysProps{
			Description: "Liuke: where messages of the channel webhook go, and what they are signed with, by name", Key: key.Key,
		})
		output(scope, "DestinationsSecret", "The secret of where webhooks' messages go, by name", data.Destinations.Secret.SecretArn())
	}
	output(scope, "LakeBucket", "The bucket of events, snapshots and scores", data.Lake.Bucket.BucketName())
	output(scope, "WriteKeysSecret", "The secret whose \"current\" is the write key", data.WriteKeys.Secret.SecretArn())
	output(scope, "WebhooksSecret", "The secret of what webhooks are signed with, by connection", data.Webhooks.Secret.SecretArn())
	output(scope, "UserPoolId", "Where operators are invited", data.Operators.UserPool.UserPoolId())
	output(scope, "UserPoolClientId", "The client that operators sign in with", data.Operators.Client.UserPoolClientId())
	return data
}

// expirations are what the lake does not keep for good. Events, by hour and by day, it keeps: what identifies a customer
// in them is sealed with a key that goes with the customer. What stands open goes by itself, soon enough that an erased
// customer is nowhere after a month.
var expirations = []construct.Expiration{
	{Prefix: "runs/", Days: 400},                 // until the same day of the next year can be compared with them
	{Prefix: "scores/", Days: 28, ForGood: true}, // of runs: the ids
	{Prefix: "rejected/", Days: 28, ForGood: true},
	{Prefix: "imports/", Days: 28, ForGood: true},
	{Prefix: "exports/", Days: 7, ForGood: true},
}

func newStack(parent constructs.Construct, name, description, stage, account, region string) awscdk.Stack {
	id := "Liuke-" + stage + "-" + name
	s := awscdk.NewStack(parent, jsii.String(id), &awscdk.StackProps{
		StackName:   jsii.String(id),
		Description: jsii.String(description),
		Env:         &awscdk.Environment{Account: jsii.String(account), Region: jsii.String(region)},
	})
	awscdk.Tags_Of(s).Add(jsii.String("liuke:stage"), jsii.String(stage), nil)
	return s
}

func output(scope awscdk.Stack, id, description string, value *string) {
	awscdk.NewCfnOutput(scope, jsii.String(id), &awscdk.CfnOutputProps{Description: jsii.String(description), Value: value})
}
