// Package proxy stands between the function processes of the suite on one machine and AWS's services. Every call that
// an SDK makes comes through here: the access key tells which function makes it, the call's own text which actions on
// which resources it needs, and package iam whether the template's policies allow them. What is allowed goes on to the
// engine, or to the stand-in, unchanged (but for consumed capacity, which is asked for where the caller did not, and the
// tokens of transactions, which are minded here); what is not is answered in the service's own wire format, with the missing action named.
//
// It guarantees that no call reaches an engine undecided: an operation that it does not know is refused. It checks the
// signatures of presigned URLs, which leave the suite for browsers, and no others: whoever can reach the loopback address
// can read the keys as well. Calls can be disturbed on their way: see Injector.
package proxy

import (
	"errors"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"time"

	"liuke/infra/local/iam"
)

// Caller is who an access key stands for.
type Caller struct {
	Function string // the function's name: "ingest"
	Role     string // ARN of its role
	Secret   string // the secret access key, by which presigned URLs are signed
}

// Config is what a proxy needs.
type Config struct {
	Authority *iam.Authority
	Callers   map[string]Caller // by access key id

	DynamoDB *url.URL // the engines
	SQS      *url.URL
	S3       *url.URL

	SES            http.Handler // the stand-ins
	SMS            http.Handler
	SNS            http.Handler
	SecretsManager http.Handler

	// Queues gives the ARN of each queue by the URL that the engine gave it.
	Queues map[string]string
	// Identity gives the verified identity, an address or a domain, that a From address is sent under.
	Identity func(address string) (identity string, ok bool)
	// SecretARN gives the ARN of a secret by its name, or by its ARN itself.
	SecretARN func(id string) (arn string, ok bool)

	// Faults, where set, disturbs calls; Kill ends the process that made a call, and returns once it is dead.
	Faults Injector
	Kill   func(Call)

	// Now is the machine's clock, not the suite's: SDKs sign by it, and presigned URLs expire by it.
	Now func() time.Time
}

// Proxy is an http.Handler for the endpoint that the functions' SDKs are given (AWS_ENDPOINT_URL).
type Proxy struct {
	cfg     Config
	engines map[string]*httputil.ReverseProxy
	usage   usage
	tokens  tokens

	mu        sync.Mutex
	sequences map[string]int
}

// New returns a proxy.
func New(cfg Config) *Proxy {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	p := &Proxy{cfg: cfg, sequences: map[string]int{}}
	transport := &http.Transport{
		MaxIdleConnsPerHost: 256,
		IdleConnTimeout:     90 * time.Second,
		DisableCompression:  true, // bodies pass as they are
	}
	p.engines = map[string]*httputil.ReverseProxy{
		serviceDynamoDB: p.engine(cfg.DynamoDB, transport),
		serviceSQS:      p.engine(cfg.SQS, transport),
		serviceS3:       p.engine(cfg.S3, transport),
	}
	return p
}

// The services, as the credential scope of a signature spells them.
const (
	serviceDynamoDB = "dynamodb"
	serviceSQS      = "sqs"
	serviceS3       = "s3"
	serviceSES      = "ses"
	serviceSMS      = "sms-voice"
	serviceSNS      = "sns"
	serviceSecrets  = "secretsmanager"
)

// operation is one call, read.
type operation struct {
	name   string     // the service's own name: "TransactWriteItems"
	calls  []iam.Call // what it needs
	upload bool       // it is a part of a multipart upload
	body   []byte     // the body, where it was read; nil where it streams
	token  string     // of a transaction, by which it is known when it is sent again
}

// ServeHTTP decides and forwards one call.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	cred, err := p.identify(r)
	if err != nil {
		refuse(w, r, cred.service, asRefusal(err))
		return
	}
	caller := p.cfg.Callers[cred.accessKey]
	op, err := p.read(r, cred.service)
	if err == nil {
		err = p.authorize(caller, op)
	}
	if err != nil {
		refuse(w, r, cred.service, asRefusal(err))
		return
	}
	call := p.next(caller, cred, op)
	if p.disturb(w, r, call, p.before(call)) {
		return
	}
	p.forward(w, r, &exchange{call: call, op: op, caller: caller})
}

// read tells what the call is and needs.
func (p *Proxy) read(r *http.Request, service string) (operation, error) {
	switch service {
	case serviceDynamoDB:
		return p.readDynamoDB(r)
	case serviceSQS:
		return p.readSQS(r)
	case serviceS3:
		return p.readS3(r)
	case serviceSES:
		return p.readSES(r)
	case serviceSMS:
		return p.readSMS(r)
	case serviceSNS:
		return p.readSNS(r)
	case serviceSecrets:
		return p.readSecretsManager(r)
	default:
		return operation{}, refusal{kind: unknown, message: "the suite on one machine has no service " + service}
	}
}

func (p *Proxy) authorize(caller Caller, op operation) error {
	if !op.upload {
		return p.cfg.Authority.Authorize(iam.Role(caller.Role), op.calls...)
	}
	for _, c := range op.calls {
		if err := p.cfg.Authority.AuthorizeUpload(iam.Role(caller.Role), c.Resource); err != nil {
			return err
		}
	}
	return nil
}

// next numbers the caller's call.
func (p *Proxy) next(caller Caller, cred credential, op operation) Call {
	p.mu.Lock()
	p.sequences[caller.Function]++
	n := p.sequences[caller.Function]
	p.mu.Unlock()
	c := Call{Function: caller.Function, Process: cred.session, Action: cred.service + ":" + op.name, Sequence: n, Body: op.body}
	if len(op.calls) > 0 {
		c.Resource = op.calls[0].Resource
	}
	return c
}

// readBody reads the whole body, up to a limit, and puts it back for whoever comes next.
func readBody(r *http.Request, limit int64) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, limit))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, refusal{kind: invalid, message: "the request is over the service's limit"}
	case err != nil:
		return nil, refusal{kind: invalid, message: "the request broke off"}
	}
	return body, nil
}
