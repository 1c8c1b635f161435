package proxy

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"liuke/infra/local/engine"
	"liuke/infra/local/iam"
)

const (
	account = "111111111111"
	region  = "eu-central-1"
	role    = "arn:aws:iam::111111111111:role/ingest"
	keyARN  = "arn:aws:kms:eu-central-1:111111111111:key/1"
	secret  = "arn:aws:secretsmanager:eu-central-1:111111111111:secret:write-keys-AbCdEf"
)

// testBundle is a proxy before the real engines, whose one function may do what a test allows.
type testBundle struct {
	authority  *iam.Authority
	proxy      *Proxy
	cfg        aws.Config
	customers  string
	records    string
	queueURL   string
	bucket     string
	engineS3   *s3.Client
	standIn    func(w http.ResponseWriter, r *http.Request)
	killed     []Call
	queueARN   string
	tableARN   string
	recordsARN string
	bucketARN  string
}

// setup returns a bundle whose function has the statements, in JSON, in which QUEUE, CUSTOMERS, RECORDS, BUCKET, KEY and
// SECRET stand for ARNs. Names in encrypted ("QUEUE" …) are encrypted with the key.
func setup(t *testing.T, faults Injector, encrypted []string, statements ...string) *testBundle {
	t.Helper()
	b := &testBundle{queueURL: engine.NewQueue(t), bucket: engine.NewBucket(t)}
	b.customers, b.records = engine.NewTables(t)
	b.queueARN = "arn:aws:sqs:eu-central-1:111111111111:events"
	b.tableARN = "arn:aws:dynamodb:eu-central-1:111111111111:table/" + b.customers
	b.recordsARN = "arn:aws:dynamodb:eu-central-1:111111111111:table/" + b.records
	b.bucketARN = "arn:aws:s3:::" + b.bucket
	arns := map[string]string{
		"QUEUE": b.queueARN, "CUSTOMERS": b.tableARN, "RECORDS": b.recordsARN, "BUCKET": b.bucketARN, "KEY": keyARN, "SECRET": secret,
	}
	document := `{"Statement":[` + strings.Join(statements, ",") + `]}`
	for name, arn := range arns {
		document = strings.ReplaceAll(document, name, arn)
	}
	b.authority = iam.NewAuthority(account, region)
	b.authority.AddRole(role, "function ingest", parsePolicy(t, document))
	b.authority.AddKey(keyARN, nil)
	b.authority.Name(b.queueARN, "queue events")
	b.authority.Name(b.tableARN, "table Customers")
	b.authority.Name(b.recordsARN, "table Records")
	b.authority.Name(b.bucketARN, "bucket Lake")
	b.authority.Name(secret, "secret WriteKeys")
	b.authority.Name(keyARN, "key Key")
	for _, name := range encrypted {
		b.authority.Encrypt(arns[name], keyARN)
	}
	b.standIn = func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no stand-in", http.StatusNotImplemented) }
	stand := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { b.standIn(w, r) })
	queues := parseURL(t, engine.StartQueues(t))
	b.proxy = New(Config{
		Authority: b.authority,
		Callers:   map[string]Caller{"AKINGEST": {Function: "ingest", Role: role, Secret: "s3cret"}},
		DynamoDB:  parseURL(t, engine.StartDynamoDB(t)), SQS: queues, S3: queues,
		SES: stand, SMS: stand, SNS: stand, SecretsManager: stand,
		Queues:    map[string]string{b.queueURL: b.queueARN},
		Identity:  func(string) (string, bool) { return "shop.example", true },
		SecretARN: func(id string) (string, bool) { return secret, id == secret },
		Faults:    faults,
		Kill:      func(c Call) { b.killed = append(b.killed, c) },
	})
	server := httptest.NewServer(b.proxy)
	t.Cleanup(server.Close)
	b.cfg = config(server.URL, "AKINGEST")
	b.engineS3 = pathStyle(engine.Config(engine.StartQueues(t)))
	return b
}

func config(endpoint, accessKey string) aws.Config {
	return aws.Config{
		Region:       region,
		BaseEndpoint: aws.String(endpoint),
		Retryer:      func() aws.Retryer { return aws.NopRetryer{} },
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: accessKey, SecretAccessKey: "s3cret", SessionToken: "process-7"}, nil
		}),
	}
}

// retrying is a configuration whose clients try again at once.
func retrying(cfg aws.Config) aws.Config {
	cfg.Retryer = func() aws.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts, o.RateLimiter = 20, ratelimit.None
			o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
		})
	}
	return cfg
}

func (b *testBundle) dynamoDB() *dynamodb.Client { return dynamodb.NewFromConfig(b.cfg) }
func (b *testBundle) sqs() *sqs.Client           { return sqs.NewFromConfig(b.cfg) }
func (b *testBundle) s3() *s3.Client             { return pathStyle(b.cfg) }

func pathStyle(cfg aws.Config) *s3.Client {
	return s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
}

func parsePolicy(t *testing.T, document string) *iam.Policy {
	t.Helper()
	var doc any
	if err := json.Unmarshal([]byte(document), &doc); err != nil {
		t.Fatal(err)
	}
	p, err := iam.Parse("policy of ingest", doc)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func parseURL(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// allow writes a statement.
func allow(resource string, actions ...string) string {
	return `{"Effect":"Allow","Action":["` + strings.Join(actions, `","`) + `"],"Resource":"` + resource + `"}`
}
