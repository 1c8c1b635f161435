package suite

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"liuke/infra/local/iam"
	"liuke/infra/local/lambda"
	"liuke/infra/local/poller"
	"liuke/infra/local/proxy"
	"liuke/infra/local/standin"
	"liuke/infra/local/template"
)

// startProxy puts the proxy between the functions and the engines.
func (s *Suite) startProxy(context.Context) error {
	functions, err := s.App.Functions()
	if err != nil {
		return err
	}
	config := proxy.Config{
		Authority: s.authority, Callers: map[string]proxy.Caller{}, SES: s.ses, SMS: s.texts, SNS: standin.NewPhones(s.outbox, s.Clock.Now), SecretsManager: s.secrets,
		Queues: map[string]string{}, Identity: s.ses.Identity, SecretARN: s.secrets.ARN, Faults: s.options.Faults,
		Kill: func(c proxy.Call) {
			for _, f := range s.functions {
				if f.Name() == c.Function {
					f.KillSession(c.Process)
				}
			}
		},
	}
	for _, f := range functions {
		config.Callers[f.Name] = proxy.Caller{Function: f.Short(), Role: f.Role, Secret: rand.Text()}
	}
	for arn, q := range s.byARN {
		config.Queues[q.url] = arn
	}
	for _, e := range []struct {
		to   **url.URL
		from string
	}{{&config.DynamoDB, s.tableEngine.URL}, {&config.SQS, s.queueEngine.URL}, {&config.S3, s.s3URL}} {
		if *e.to, err = url.Parse(e.from); err != nil {
			return err
		}
	}
	s.proxy = proxy.New(config)
	if s.proxyURL, err = s.serveOn(s.proxy); err != nil {
		return err
	}
	return s.makeFunctions(functions, config.Callers)
}

// makeFunctions makes the functions' runners, none of which has a process yet, and asks whether Lambda may work under
// their roles.
func (s *Suite) makeFunctions(functions []*template.Function, callers map[string]proxy.Caller) error {
	var faults []error
	for _, f := range functions {
		faults = append(faults, s.authority.Assume("lambda.amazonaws.com", f.Role, f.ARN))
		log, err := s.logFile(f.Short())
		if err != nil {
			return err
		}
		failures := &failures{suite: s, function: f.Short()}
		s.functions[f.ARN] = lambda.New(lambda.Config{
			Name: f.Short(), ARN: f.ARN, Timeout: f.Timeout, Limit: s.options.Concurrency, Log: log, Executable: s.executables[f.Package],
			Environment: s.environment(f, callers[f.Name].Secret), OnFailure: failures.add,
		})
	}
	return errors.Join(faults...)
}

// environment is what a function's process is told: what Lambda tells it, and the template's variables with the addresses
// of this machine.
func (s *Suite) environment(f *template.Function, secret string) []string {
	variables := map[string]string{}
	for name, value := range f.Environment {
		for _, q := range s.queues {
			if value == s.App.QueueURL(q.Resource) {
				value = q.url
			}
		}
		variables[name] = value
	}
	if _, ok := variables["LIUKE_BASE_URL"]; ok {
		variables["LIUKE_BASE_URL"] = s.URL
	}
	if variables["LIUKE_SMTP_HOST"] != "" && s.mail != nil {
		variables["LIUKE_SMTP_HOST"], variables["LIUKE_SMTP_PORT"] = s.mail.Host, strconv.Itoa(s.mail.Port)
		variables["SSL_CERT_FILE"] = s.state.path(mailCertificate)
	}
	variables["LIUKE_STAGE"] = "local"
	variables["LIUKE_CLOCK_FILE"] = s.Clock.Path()
	for name, value := range map[string]string{
		"AWS_REGION": s.App.Region, "AWS_DEFAULT_REGION": s.App.Region,
		"AWS_ACCESS_KEY_ID": f.Name, "AWS_SECRET_ACCESS_KEY": secret, "AWS_ENDPOINT_URL": s.proxyURL,
		"AWS_LAMBDA_FUNCTION_NAME": f.Name, "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": strconv.Itoa(f.MemoryMB), "GOMAXPROCS": strconv.Itoa(processors(f.MemoryMB)), "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME": f.LogGroup, "AWS_LAMBDA_LOG_STREAM_NAME": "local",
		"AWS_LAMBDA_LOG_FORMAT": f.LogFormat, "AWS_LAMBDA_LOG_LEVEL": f.LogLevel,
		"AWS_EXECUTION_ENV": "AWS_Lambda_provided.al2023", "_HANDLER": "bootstrap", "TZ": ":UTC", "LANG": "en_US.UTF-8",
		"PATH": "/usr/local/bin:/usr/bin:/bin",
	} {
		variables[name] = value
	}
	var list []string
	for name, value := range variables {
		list = append(list, name+"="+value)
	}
	slices.Sort(list)
	return list
}

// processors is how many processors' worth of time Lambda gives a function of that memory, 1 at least: 1,769 MB is one
// (AWS Lambda developer guide, "Configure Lambda function memory"). Small functions waste none of this machine's on waking
// a second thread for each call that they make.
func processors(memoryMB int) int { return max(1, memoryMB/1769) }

// invoke runs a function and counts that it has ended.
func (s *Suite) invoke(ctx context.Context, arn string, payload []byte) ([]byte, error) {
	defer s.invocations.Add(1)
	return s.functions[arn].Invoke(ctx, payload)
}

// closeIn is how long invocations under way may take to end when the suite closes.
const closeIn = 5 * time.Second

// work starts polling and schedules, with what an earlier run left in the queues.
func (s *Suite) work(ctx context.Context) error {
	mappings, err := s.App.Mappings()
	if err != nil {
		return err
	}
	schedules, err := s.makeSchedules()
	if err != nil {
		return err
	}
	var faults []error
	for _, m := range mappings {
		faults = append(faults, s.authority.Poll(s.roleOf(m.Function), m.Queue))
	}
	for _, sc := range schedules {
		faults = append(faults, s.authority.Assume("scheduler.amazonaws.com", sc.Role, sc.Group), s.authority.Invoke(sc.Role, sc.Target))
	}
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("the templates leave out a permission that the suite needs:\n%w", err)
	}
	saved := s.state.path("queues.json")
	if err := s.restoreQueues(ctx, saved); err != nil {
		return err
	}
	receiving, stop := context.WithCancel(context.Background())
	invoking, kill := context.WithCancel(context.Background())
	var working sync.WaitGroup
	for _, m := range mappings {
		mapping := s.mapping(invoking, m)
		working.Go(func() { mapping.Run(receiving) })
	}
	working.Go(func() { s.runner.Run(receiving) })
	s.later(func() {
		stop()
		s.buses.Close()
		timer := time.AfterFunc(closeIn, kill)
		working.Wait()
		timer.Stop()
		kill()
		for _, f := range s.functions {
			f.Close()
		}
		s.keepQueues(saved)
	})
	return nil
}

// keepQueues saves what the queues hold, where their engine is this suite's own.
func (s *Suite) keepQueues(file string) {
	if s.queueEngine.Done() == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeIn)
	defer cancel()
	if err := s.saveQueues(ctx, file); err != nil {
		s.say("what the queues held is lost: %v", err)
	}
}

func (s *Suite) mapping(invoking context.Context, m *template.Mapping) *poller.Mapping {
	concurrency := s.options.Concurrency
	if m.MaxConcurrency > 0 {
		concurrency = min(concurrency, m.MaxConcurrency)
	}
	window := m.Window
	if s.options.Window > 0 {
		window = min(window, s.options.Window)
	}
	batch := m.BatchSize
	if most := cmp.Or(s.options.Batches[s.functions[m.Function].Name()], s.options.Batch); most > 0 {
		batch = min(batch, most)
	}
	var received func(context.Context, []types.Message) []types.Message
	if s.options.Received != nil {
		name := s.byARN[m.Queue].Short()
		received = func(ctx context.Context, batch []types.Message) []types.Message {
			return s.options.Received(ctx, name, batch)
		}
	}
	return &poller.Mapping{
		Queues: s.sqs, QueueURL: s.byARN[m.Queue].url, QueueARN: m.Queue, Region: s.App.Region, BatchSize: batch,
		Window: window, Concurrency: concurrency, Partial: m.Partial, Received: received, Log: s.log(),
		Invoke: func(_ context.Context, payload []byte) ([]byte, error) {
			return s.invoke(invoking, m.Function, payload)
		},
	}
}

func (s *Suite) roleOf(function string) string {
	if f := s.App.Find("AWS::Lambda::Function", function); f != nil {
		role, _ := f.At("Role").(string)
		return role
	}
	return ""
}

// failures tells of a function's failed invocations: the first few, then ever fewer.
type failures struct {
	suite    *Suite
	function string
	mu       sync.Mutex
	n        int
}

func (f *failures) add(err error) {
	if f.suite.closing.Load() {
		return
	}
	f.mu.Lock()
	f.n++
	n := f.n
	f.mu.Unlock()
	if n <= 3 || n&(n-1) == 0 { // 4, 8, 16 …
		text := err.Error()
		if len(text) > 500 {
			text = text[:500] + " …"
		}
		f.suite.say("invocation failed (%d so far): %s; see %s", n, strings.TrimSpace(text), f.suite.state.path("logs/"+f.function+".log"))
	}
}

// denied tells of a refusal that was not seen before.
func (s *Suite) denied(d iam.Decision) { s.say("DENIED: %s", d) }
