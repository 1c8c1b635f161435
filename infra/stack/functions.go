package stack

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"liuke/infra/construct"
)

// spec is what a function is, whatever the stage: its id in the stack, its size, and why it is there.
type spec struct {
	id          string
	memoryMB    float64
	timeout     time.Duration
	description string
}

// FunctionNames are the suite's functions by the names of their folders, in the order of the loop.
var FunctionNames = []string{"ingest", "profile", "rfm", "survey", "outreach", "dispatch", "receipts", "console", "imports", "archive"}

// specs are the functions by name. Behind the API, no function may take longer than the API's 30 seconds; the others stop
// in time to be retried soon.
var specs = map[string]spec{
	"ingest":   {"Ingest", 512, 10 * time.Second, "Takes events over HTTP and queues them"},
	"profile":  {"Profile", 1024, time.Minute, "Folds events into customers"},
	"rfm":      {"Rfm", 3008, 2 * time.Minute, "Recalculates who is worth what"},
	"survey":   {"Survey", 512, 10 * time.Second, "Shows survey forms and takes the answers"},
	"outreach": {"Outreach", 512, time.Minute, "Decides who is sent what, and when"},
	"dispatch": {"Dispatch", 512, time.Minute, "Sends messages, each at most once"},
	"receipts": {"Receipts", 512, 30 * time.Second, "Books what became of the messages"},
	"console":  {"Console", 1024, 29 * time.Second, "Answers the operators"},
	"imports":  {"Imports", 1024, 2 * time.Minute, "Reads uploaded files into events"},
	"archive":  {"Archive", 1024, 2 * time.Minute, "Compacts, replays, exports and erases"},
}

// newFunctions returns the functions by name. Each is told only what it needs and may only do what its code calls.
func newFunctions(parent constructs.Construct, props AppProps, q queues, mail *construct.Receipts, api *construct.API,
	logs construct.Logs) map[string]*construct.Function {
	scope := constructs.NewConstruct(parent, jsii.String("Functions"))
	data := props.Data
	customers, records, lake := data.Customers.Table, data.Records.Table, data.Lake.Bucket
	writeKeys, tokenKeys, webhooks := data.WriteKeys.Secret, data.TokenKeys.Secret, data.Webhooks.Secret
	base := jsii.String(props.BaseURL)
	if props.BaseURL == "" {
		base = api.API.ApiEndpoint()
	}
	all := map[string]*string{
		"LIUKE_STAGE":              jsii.String(props.Stage),
		"LIUKE_CUSTOMERS_TABLE":    customers.TableName(),
		"LIUKE_RECORDS_TABLE":      records.TableName(),
		"LIUKE_EVENTS_QUEUE_URL":   q.events.Queue.QueueUrl(),
		"LIUKE_RFM_QUEUE_URL":      q.rfm.Queue.QueueUrl(),
		"LIUKE_SIGNALS_QUEUE_URL":  q.signals.Queue.QueueUrl(),
		"LIUKE_MESSAGES_QUEUE_URL": q.messages.Queue.QueueUrl(),
		"LIUKE_RECEIPTS_QUEUE_URL": q.receipts.Queue.QueueUrl(),
		"LIUKE_IMPORTS_QUEUE_URL":  q.imports.Queue.QueueUrl(),
		"LIUKE_ARCHIVE_QUEUE_URL":  q.archive.Queue.QueueUrl(),
		"LIUKE_LAKE_BUCKET":        lake.BucketName(),
		"LIUKE_TIME_ZONE":          jsii.String(props.TimeZone),
		"LIUKE_CURRENCY":           jsii.String(props.Currency),
		"LIUKE_RATES":              jsii.String(props.Rates),
		"LIUKE_KEY_RATE":           jsii.String(strconv.Itoa(props.KeyRate)),
		"LIUKE_SENDER":             jsii.String(props.Sender),
		"LIUKE_BASE_URL":           base,
		"LIUKE_EDGE":               jsii.String(strconv.FormatBool(props.Edge)),
		"LIUKE_CONFIGURATION_SET":  mail.ConfigurationSet.ConfigurationSetName(),
		"LIUKE_WRITE_KEYS_SECRET":  writeKeys.SecretArn(),
		"LIUKE_WEBHOOKS_SECRET":    webhooks.SecretArn(),
		"LIUKE_TOKEN_KEYS_SECRET":  tokenKeys.SecretArn(),
		"LIUKE_CHANNELS":           jsii.String(props.Channels.names()),
	}
	told := props.Channels.environment(data, mail)
	maps.Copy(all, told)
	functions := map[string]*construct.Function{}
	add := func(name string, environment []string, access ...construct.Access) {
		s := specs[name]
		variables := map[string]*string{"LIUKE_STAGE": all["LIUKE_STAGE"]}
		for _, key := range environment {
			value, known := all["LIUKE_"+key]
			if !known {
				panic(fmt.Sprintf("function %s asks for LIUKE_%s, which nothing provides", name, key))
			}
			variables["LIUKE_"+key] = value
		}
		functions[name] = construct.NewFunction(scope, s.id, construct.FunctionProps{
			Name: name, Description: "Liuke: " + s.description, Code: props.Code(name), MemoryMB: s.memoryMB,
			Timeout: s.timeout, Environment: variables, Access: access, Key: data.Key.Key, Logs: logs,
		})
	}

	add("ingest", []string{"EVENTS_QUEUE_URL", "LAKE_BUCKET", "WRITE_KEYS_SECRET", "WEBHOOKS_SECRET", "CURRENCY", "RATES", "KEY_RATE"},
		construct.Send(q.events.Queue),
		construct.PutObjects(lake, "rejected/"),
		construct.ReadSecret(writeKeys),
		construct.ReadSecret(webhooks))
	add("profile", []string{"CUSTOMERS_TABLE", "RECORDS_TABLE", "EVENTS_QUEUE_URL", "SIGNALS_QUEUE_URL", "LAKE_BUCKET", "TIME_ZONE", "CURRENCY", "RATES"},
		construct.Items(customers, "BatchGetItem", "UpdateItem"),
		construct.Items(records, "GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem"), // Query: the orders of who is merged
		construct.Send(q.events.Queue, q.signals.Queue),
		construct.PutObjects(lake, "events/"))
	add("rfm", []string{"CHANNELS", "SMS_MAX_SEGMENTS", "BASE_URL", "CUSTOMERS_TABLE", "RECORDS_TABLE", "RFM_QUEUE_URL", "SIGNALS_QUEUE_URL", "LAKE_BUCKET", "TIME_ZONE", "CURRENCY"},
		construct.Items(customers, "Scan", "BatchGetItem", "UpdateItem", "DescribeTable"),
		construct.Items(records, "GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"), // Query: what operators have set
		construct.Send(q.rfm.Queue, q.signals.Queue),
		construct.ListObjects(lake, "runs/", "scores/"), // or S3 tells what is gone from what is forbidden to nobody
		construct.RewriteObjects(lake, "runs/"),
		construct.RewriteObjects(lake, "scores/"))
	add("survey", []string{"CUSTOMERS_TABLE", "RECORDS_TABLE", "EVENTS_QUEUE_URL", "TOKEN_KEYS_SECRET", "EDGE"},
		construct.Items(customers, "BatchGetItem"),                                                          // whom a customer was absorbed by: preferences are that one's
		construct.Items(records, "GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"), // Query: the surveys; UpdateItem: clicks; DeleteItem: marks
		construct.Index(records, "ByTime"),
		construct.Send(q.events.Queue),
		construct.ReadSecret(tokenKeys))
	add("outreach", []string{"CHANNELS", "CUSTOMERS_TABLE", "RECORDS_TABLE", "SIGNALS_QUEUE_URL", "MESSAGES_QUEUE_URL", "RFM_QUEUE_URL", "TIME_ZONE", "CURRENCY"},
		construct.Items(customers, "BatchGetItem"),
		construct.Items(records, "GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"),
		construct.Index(records, "ByTime"),                             // who was enrolled in what is measured
		construct.Send(q.signals.Queue, q.messages.Queue, q.rfm.Queue)) // rfm: campaigns whose time has come
	channels := []string{"CUSTOMERS_TABLE", "RECORDS_TABLE", "MESSAGES_QUEUE_URL", "SENDER", "CONFIGURATION_SET", "TOKEN_KEYS_SECRET", "BASE_URL", "CURRENCY"}
	for name := range told {
		channels = append(channels, strings.TrimPrefix(name, "LIUKE_"))
	}
	add("dispatch", channels, append([]construct.Access{
		construct.Items(customers, "BatchGetItem"),                                            // whom a customer was absorbed by: consent is that one's
		construct.Items(records, "GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem"), // Query: the surveys
		construct.Send(q.messages.Queue),
		construct.ReadSecret(tokenKeys),
	}, props.Channels.access(data, mail, props.SenderAddress)...)...)
	add("receipts", []string{"RECORDS_TABLE", "TOKEN_KEYS_SECRET", "RECEIPTS_QUEUE_URL", "EVENTS_QUEUE_URL"},
		construct.Items(records, "GetItem", "PutItem", "UpdateItem"), // PutItem: marks
		construct.Send(q.receipts.Queue, q.events.Queue),
		construct.ReadSecret(tokenKeys))
	add("console", []string{"CUSTOMERS_TABLE", "RECORDS_TABLE", "RFM_QUEUE_URL", "ARCHIVE_QUEUE_URL", "SIGNALS_QUEUE_URL", "LAKE_BUCKET",
		"TIME_ZONE", "CURRENCY", "TOKEN_KEYS_SECRET", "BASE_URL", "MESSAGES_QUEUE_URL", "SENDER", "CHANNELS"},
		construct.Items(customers, "BatchGetItem", "UpdateItem", "DescribeTable"),
		construct.Items(records, "BatchGetItem", "GetItem", "Query", "PutItem", "UpdateItem"),
		construct.Index(records, "ByTime"),
		construct.ReadSecret(tokenKeys),                                                 // for links to surveys that others send
		construct.Send(q.rfm.Queue, q.archive.Queue, q.signals.Queue, q.messages.Queue), // messages: those that operators test with
		construct.ListObjects(lake, "runs/", "scores/", "exports/"),                     // or S3 tells what is gone from what is forbidden to nobody
		construct.GetObjects(lake, "runs/"),
		construct.GetObjects(lake, "scores/"),
		construct.GetObjects(lake, "exports/"),
		construct.PutObjects(lake, "imports/")) // uploads, by addresses that it signs
	add("imports", []string{"RECORDS_TABLE", "EVENTS_QUEUE_URL", "IMPORTS_QUEUE_URL", "LAKE_BUCKET", "CURRENCY", "TIME_ZONE", "RATES"},
		construct.Items(records, "GetItem", "Query", "PutItem", "UpdateItem"), // Query: the surveys
		construct.Send(q.events.Queue, q.imports.Queue),
		construct.GetObjects(lake, "imports/"),
		construct.PutObjects(lake, "imports/*/refused/"))
	add("archive", []string{"CUSTOMERS_TABLE", "RECORDS_TABLE", "EVENTS_QUEUE_URL", "ARCHIVE_QUEUE_URL", "LAKE_BUCKET"},
		construct.Items(customers, "GetItem", "BatchGetItem", "PutItem", "UpdateItem"),
		construct.Items(records, "GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "BatchWriteItem"), // PutItem: marks
		construct.RewriteObjects(lake, "exports/"), construct.DeleteObjects(lake, "exports/"),
		construct.Send(q.events.Queue, q.archive.Queue),
		construct.ListObjects(lake, "events/", "days/"),
		construct.GetObjects(lake, "events/"), construct.PutObjects(lake, "events/"), construct.DeleteObjects(lake, "events/"),
		construct.GetObjects(lake, "days/"), construct.PutObjects(lake, "days/"))
	return functions
}
