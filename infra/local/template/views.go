package template

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Function is a Lambda function.
type Function struct {
	*Resource
	Package     string // Go package it is built from, "./functions/ingest"
	Role        string // ARN
	Environment map[string]string
	Timeout     time.Duration
	MemoryMB    int
	LogFormat   string // "JSON" or "Text"
	LogLevel    string // of the application, "INFO"
	LogGroup    string
}

// Table is a DynamoDB table.
type Table struct {
	*Resource
	Keys       []Key
	Attributes map[string]string // name → "S", "N" or "B"
	Indexes    []Index
	TTL        string // attribute, "" for none
}

// Key is an attribute of a table's or index's key.
type Key struct{ Attribute, Kind string } // "HASH" or "RANGE"

// Index is a global secondary index.
type Index struct {
	Name       string
	Keys       []Key
	Projection string   // "ALL", "KEYS_ONLY" or "INCLUDE"
	Include    []string // attributes besides the keys
}

// Queue is an SQS queue.
type Queue struct {
	*Resource
	Visibility    time.Duration
	Delay         time.Duration
	Retention     time.Duration
	Wait          time.Duration // of a receive
	DeadLetters   string        // ARN, "" for none
	MaxReceives   int
	FIFO          bool
	isDeadLetters bool
}

// IsDeadLetters says that another queue, or a schedule, sends its dead letters here.
func (q *Queue) IsDeadLetters() bool { return q.isDeadLetters }

// Mapping is an event-source mapping of a queue to a function.
type Mapping struct {
	*Resource
	Queue, Function string // ARNs
	BatchSize       int
	Window          time.Duration
	MaxConcurrency  int  // 0: no limit of its own
	Partial         bool // ReportBatchItemFailures
}

// Schedule is a schedule of EventBridge Scheduler.
type Schedule struct {
	*Resource
	Expression  string // "cron(…)" or "rate(…)"
	TimeZone    string // IANA
	Group       string // ARN of the schedule's group
	Target      string // ARN of a function
	Role        string // ARN
	Input       string
	Retries     int
	DeadLetters string // ARN, "" for none
	Enabled     bool
}

// Route is a route of the HTTP API.
type Route struct {
	*Resource
	API        string // id of the API
	Key        string // "POST /v1/track"
	Function   string // ARN
	Authorizer *Authorizer
	Scopes     []string
}

// CORS is the HTTP API's answer to pages of other origins.
type CORS struct {
	Origins, Methods, Headers, Expose []string
	MaxAge                            time.Duration
	Credentials                       bool
}

// Authorizer is a JWT authorizer.
type Authorizer struct {
	Issuer   string
	Audience []string
}

// Subscription is a queue's subscription to a topic.
type Subscription struct {
	*Resource
	Topic, Queue string // ARNs
	Raw          bool   // RawMessageDelivery
}

// reader reads properties and gathers what is wrong with them.
type reader struct {
	faults []error
}

func (rd *reader) fail(r *Resource, format string, args ...any) {
	rd.faults = append(rd.faults, fmt.Errorf("stack %s, resource %s: %w", r.Stack, r.LogicalID, fmt.Errorf(format, args...)))
}

func (rd *reader) text(r *Resource, path string) string {
	v := r.At(path)
	if v == nil {
		return ""
	}
	s, err := text(v)
	if err != nil {
		rd.fail(r, "%s: %w", path, err)
	}
	return s
}

func (rd *reader) required(r *Resource, path string) string {
	s := rd.text(r, path)
	if s == "" {
		rd.fail(r, "%s is missing", path)
	}
	return s
}

func (rd *reader) number(r *Resource, path string, otherwise int) int {
	v := r.At(path)
	if v == nil {
		return otherwise
	}
	n, err := json.Number(fmt.Sprint(v)).Int64()
	if err != nil {
		rd.fail(r, "%s: %v is not a whole number", path, v)
	}
	return int(n)
}

func (rd *reader) seconds(r *Resource, path string, otherwise time.Duration) time.Duration {
	return time.Duration(rd.number(r, path, int(otherwise/time.Second))) * time.Second
}

// At returns the property at a path of keys, "Code.S3Key"; nil where there is none.
func (r *Resource) At(path string) any {
	var v any = r.Properties
	for _, key := range strings.Split(path, ".") {
		v = member(v, key)
	}
	return v
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

func texts(v any) []string {
	var out []string
	for _, item := range list(v) {
		if s, ok := item.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// Functions returns the functions that are built from a package of this repository.
func (app *App) Functions() ([]*Function, error) {
	var rd reader
	var functions []*Function
	for _, r := range app.OfType("AWS::Lambda::Function") {
		pkg, ok := r.Metadata[PackageMetadata].(string)
		if !ok { // the CDK's own, for work at deployment
			continue
		}
		f := &Function{
			Resource: r, Package: pkg, Role: rd.required(r, "Role"), Environment: map[string]string{},
			Timeout: rd.seconds(r, "Timeout", 3*time.Second), MemoryMB: rd.number(r, "MemorySize", 128),
			LogFormat: rd.text(r, "LoggingConfig.LogFormat"), LogLevel: rd.text(r, "LoggingConfig.ApplicationLogLevel"),
			LogGroup: rd.text(r, "LoggingConfig.LogGroup"),
		}
		variables, _ := r.At("Environment.Variables").(map[string]any)
		for name, v := range variables {
			s, err := text(v)
			if err != nil {
				rd.fail(r, "Environment.Variables.%s: %w", name, err)
			}
			f.Environment[name] = s
		}
		functions = append(functions, f)
	}
	return functions, errors.Join(rd.faults...)
}

// Tables returns the tables; a TableV2 is a global table of one replica.
func (app *App) Tables() ([]*Table, error) {
	var rd reader
	var tables []*Table
	for _, r := range slices.Concat(app.OfType("AWS::DynamoDB::GlobalTable"), app.OfType("AWS::DynamoDB::Table")) {
		t := &Table{Resource: r, Attributes: map[string]string{}, Keys: keySchema(r.At("KeySchema"))}
		for _, a := range list(r.At("AttributeDefinitions")) {
			t.Attributes[fmt.Sprint(member(a, "AttributeName"))] = fmt.Sprint(member(a, "AttributeType"))
		}
		for _, x := range list(r.At("GlobalSecondaryIndexes")) {
			t.Indexes = append(t.Indexes, Index{
				Name: fmt.Sprint(member(x, "IndexName")), Keys: keySchema(member(x, "KeySchema")),
				Projection: fmt.Sprint(member(member(x, "Projection"), "ProjectionType")),
				Include:    texts(member(member(x, "Projection"), "NonKeyAttributes")),
			})
		}
		if r.At("TimeToLiveSpecification.Enabled") == true {
			t.TTL = rd.required(r, "TimeToLiveSpecification.AttributeName")
		}
		if len(t.Keys) == 0 {
			rd.fail(r, "KeySchema is missing")
		}
		tables = append(tables, t)
	}
	return tables, errors.Join(rd.faults...)
}

func keySchema(v any) []Key {
	var keys []Key
	for _, k := range list(v) {
		keys = append(keys, Key{fmt.Sprint(member(k, "AttributeName")), fmt.Sprint(member(k, "KeyType"))})
	}
	return keys
}
