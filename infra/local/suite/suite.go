// Package suite runs what `cdk deploy` would provision on this machine: it reads the synthesized templates, starts the
// engines and each function's real executable, wires routes, queues and schedules, checks every AWS call against the
// templates' policies, and keeps sent mail in an outbox. All state stands in one folder.
//
// It guarantees that no process outlives it, that what it does for AWS's services (polling, schedules, the HTTP API) needs
// the permissions that it needs there, and that tables, lake, outbox, keys and clock survive a restart over the same
// folder; what queues hold survives a Close, but not a kill of the process.
package suite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"liuke/infra/local/bus"
	"liuke/infra/local/clock"
	"liuke/infra/local/engine"
	"liuke/infra/local/iam"
	"liuke/infra/local/lambda"
	"liuke/infra/local/proxy"
	"liuke/infra/local/schedule"
	"liuke/infra/local/standin"
	"liuke/infra/local/template"
)

// Options say what to run and where.
type Options struct {
	Root  string // of the repository
	State string // folder of all state; it is created
	Addr  string // to listen on, e.g. 127.0.0.1:8080; port 0 is any that is free
	// Assembly is the folder of a synthesized assembly; "" synthesizes the repository's own where it has changed.
	Assembly string
	// Say is told, in words, how the start goes and what goes wrong later; it may be nil. It is called from many
	// goroutines at once.
	Say func(string)
	// Concurrency is how many processes a function may have; 0 is two for each processor. The template's own limits
	// hold besides.
	Concurrency int
	// Visibility goes before the template's visibility timeouts where it is not 0: whole seconds, for those who kill
	// functions and will not wait minutes for the next try.
	Visibility time.Duration
	// Tries goes before how often the template has a message received before it is a dead letter, where it is not 0: for
	// those who kill functions oftener than any account does.
	Tries int
	// Window goes before the template's batching windows where it is not 0 and they are longer, for those who wait for
	// each batch.
	Window time.Duration
	// Batch goes before the template's batch sizes where it is not 0 and they are larger: for those who kill functions,
	// and want each death to spoil little.
	Batch int
	// Batches goes before Batch for the functions that it names: "dispatch".
	Batches map[string]int
	// Faults disturbs the functions' calls to AWS; nil leaves them alone.
	Faults proxy.Injector
	// Received, where set, is given what a queue ("messages") hands out before its function is, and returns what the
	// function gets of it, as poller.Mapping has it. It is called from many goroutines at once.
	Received func(ctx context.Context, queue string, batch []types.Message) []types.Message
	// Paused starts with schedules that fire only when asked.
	Paused bool
	// Quota is what the account may send by mail; the zero value is no limit.
	Quota standin.Quota
}

// Suite is a running suite.
type Suite struct {
	Endpoint
	App   *template.App
	Clock *clock.Clock

	options   Options
	state     *stateDir
	listener  net.Listener
	server    *http.Server
	handler   atomic.Pointer[http.Handler]
	authority *iam.Authority
	proxy     *proxy.Proxy
	proxyURL  string

	tableEngine, queueEngine *engine.Engine
	s3URL                    string
	sqs                      *sqs.Client

	queues  []*queue // as the template lists them
	byARN   map[string]*queue
	sources []source

	executables map[string]string             // by package
	functions   map[string]*lambda.Function   // by ARN
	schedules   map[string]*schedule.Schedule // by label
	targets     map[string]*template.Schedule
	runner      *schedule.Runner

	buses   *bus.Buses
	outbox  *standin.Outbox
	ses     *standin.SES
	texts   *standin.SMSService
	mail    *standin.MailServer // nil where SES sends
	hooks   *standin.Receiver   // nil where webhooks are switched off
	secrets *standin.Secrets
	issuer  *standin.Issuer

	invocations atomic.Int64 // and rules' deliveries to queues, ended
	failed      chan error   // takes the first failure of the suite as a whole
	closers     []func()     // in reverse order
	closing     atomic.Bool
	closeOnce   sync.Once
}

// Endpoint is how to reach a suite, as endpoint.json has it.
type Endpoint struct {
	URL           string `json:"url"`
	WriteKey      string `json:"write_key"`
	OperatorToken string `json:"operator_token"`
	OutboxURL     string `json:"outbox_url"`
}

// Start starts a suite. It takes the address first, then everything else; endpoint.json is written last. When it returns
// an error, or the context ends, nothing is left running.
func Start(ctx context.Context, options Options) (_ *Suite, err error) {
	if options.Say == nil {
		options.Say = func(string) {}
	}
	if options.Concurrency == 0 {
		options.Concurrency = 2 * runtime.NumCPU()
	}
	s := &Suite{
		options: options, failed: make(chan error, 1),
		functions: map[string]*lambda.Function{}, schedules: map[string]*schedule.Schedule{}, targets: map[string]*template.Schedule{},
	}
	defer func() {
		if err != nil {
			s.closing.Store(true)
			s.closeAll()
		}
	}()
	for _, step := range []func(context.Context) error{
		s.listen, s.open, s.prepare, s.provision, s.standIn, s.startProxy, s.openBuses, s.serve, s.work, s.announce,
	} {
		if err := step(ctx); err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return nil, err
		}
	}
	return s, nil
}

// later adds what Close does, after all that is added later still.
func (s *Suite) later(f func()) { s.closers = append(s.closers, f) }

func (s *Suite) closeAll() {
	for i := len(s.closers) - 1; i >= 0; i-- {
		s.closers[i]()
	}
	s.closers = nil
}

// Close ends the suite: what is under way may end, for some seconds; then all processes end, and the state is kept.
func (s *Suite) Close() {
	s.closeOnce.Do(func() {
		s.closing.Store(true)
		s.closeAll()
	})
}

// Failed takes the error that ended the suite as a whole: an engine that died.
func (s *Suite) Failed() <-chan error { return s.failed }

func (s *Suite) fail(err error) {
	if s.closing.Load() {
		return
	}
	select {
	case s.failed <- err:
	default:
	}
}

// say tells people something.
func (s *Suite) say(format string, args ...any) { s.options.Say(fmt.Sprintf(format, args...)) }

// log is for packages that log on their own.
func (s *Suite) log() *slog.Logger { return slog.New(slog.NewTextHandler(sayer{s}, nil)) }

type sayer struct{ *Suite }

func (w sayer) Write(line []byte) (int, error) {
	if !w.closing.Load() {
		w.say("%s", line[:len(line)-1])
	}
	return len(line), nil
}

// config is the configuration of the suite's own clients, which talk to the engines and not through the proxy.
func (s *Suite) config(url string) aws.Config {
	return aws.Config{
		Region: s.App.Region, BaseEndpoint: aws.String(url), HTTPClient: engine.Whole(),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}, nil
		}),
	}
}

// Engines returns the addresses of DynamoDB, of SQS and of S3, which check no permissions.
func (s *Suite) Engines() (dynamoDB, sqs, s3 string) {
	return s.tableEngine.URL, s.queueEngine.URL, s.s3URL
}

// Named returns the physical name of a resource of the type by what people call it: ("AWS::S3::Bucket", "lake").
func (s *Suite) Named(kind, short string) string {
	for _, r := range s.App.OfType(kind) {
		if r.Short() == short {
			return r.Name
		}
	}
	return ""
}

// Kill ends all processes of a function, "profile", at once; it reports whether there is such a function.
func (s *Suite) Kill(function string) bool {
	for _, f := range s.functions {
		if f.Name() == function {
			f.Kill()
			return true
		}
	}
	return false
}

func (s *Suite) running() int {
	n := 0
	for _, f := range s.functions {
		n += f.Running()
	}
	return n
}

func (s *Suite) mailSettled() bool {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	return s.ses.Settle(ended) == nil && s.texts.Settle(ended) == nil
}

// logFile opens the log of a function.
func (s *Suite) logFile(function string) (io.Writer, error) {
	f, err := os.OpenFile(filepath.Join(s.state.path("logs"), function+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	s.later(func() { f.Close() })
	return f, nil
}

var errNotFound = errors.New("not found")
