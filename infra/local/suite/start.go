package suite

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"golang.org/x/sync/errgroup"

	"liuke/infra/local/bucket"
	"liuke/infra/local/build"
	"liuke/infra/local/clock"
	"liuke/infra/local/engine"
	"liuke/infra/local/standin"
	"liuke/infra/local/synth"
	"liuke/infra/local/template"
)

// open takes the state folder.
func (s *Suite) open(context.Context) error {
	state, unlock, err := openState(s.options.State)
	if err != nil {
		return err
	}
	s.later(unlock)
	s.state = state
	s.Clock, err = clock.Open(state.path("clock"))
	return err
}

// prepare installs, synthesizes and builds what has changed, and starts the engines meanwhile.
func (s *Suite) prepare(ctx context.Context) error {
	root := s.options.Root
	if err := engine.Install(ctx, root, s.options.Say); err != nil {
		return err
	}
	g, preparing := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		s.tableEngine, err = engine.DynamoDB(preparing, root, s.state.path("dynamodb.db"))
		return err
	})
	g.Go(func() (err error) {
		s.queueEngine, err = engine.Queues(preparing, root)
		return err
	})
	g.Go(func() error {
		outdir := s.options.Assembly
		if outdir == "" {
			var err error
			if outdir, err = synth.Run(preparing, root, s.options.Say); err != nil {
				return err
			}
		}
		var err error
		if s.App, err = template.Load(outdir); err != nil {
			return err
		}
		functions, err := s.App.Functions()
		if err != nil {
			return err
		}
		var packages []string
		for _, f := range functions {
			packages = append(packages, f.Package)
		}
		s.executables, err = build.Functions(preparing, root, packages, s.options.Say)
		return err
	})
	err := g.Wait()
	for name, e := range map[string]*engine.Engine{"dynoxide": s.tableEngine, "fauxqs": s.queueEngine} {
		if e == nil {
			continue
		}
		s.later(e.Stop)
		go func() {
			if done := e.Done(); done != nil {
				<-done
				s.fail(fmt.Errorf("the engine %s has ended: %s", name, e.Output()))
			}
		}()
	}
	return err
}

// provision makes tables, queues and buckets.
func (s *Suite) provision(ctx context.Context) error {
	s.say("creating tables, queues and buckets")
	tables, err := s.App.Tables()
	if err != nil {
		return err
	}
	if err := createTables(ctx, dynamodb.NewFromConfig(s.config(s.tableEngine.URL)), tables); err != nil {
		return err
	}
	queues, err := s.App.Queues()
	if err != nil {
		return err
	}
	s.sqs = sqs.NewFromConfig(s.config(s.queueEngine.URL))
	if s.byARN, err = createQueues(ctx, s.sqs, queues, s.options.Visibility, s.options.Tries); err != nil {
		return err
	}
	for _, q := range queues {
		s.queues = append(s.queues, s.byARN[q.ARN])
	}
	if err := s.findSources(); err != nil {
		return err
	}
	if s.s3URL = strings.TrimRight(os.Getenv("AWS_ENDPOINT_URL_S3"), "/"); s.s3URL == "" {
		lake, err := bucket.Handler(s.state.path("s3"), s.log(), s.created)
		if err != nil {
			return err
		}
		if s.s3URL, err = s.serveOn(lake); err != nil {
			return err
		}
	}
	client := s3.NewFromConfig(s.config(s.s3URL), func(o *s3.Options) { o.UsePathStyle = true })
	return createBuckets(ctx, client, s.App.OfType("AWS::S3::Bucket"))
}

// findSources lists what State counts.
func (s *Suite) findSources() error {
	counted := map[string]bool{}
	for _, q := range s.queues {
		if !q.IsDeadLetters() {
			s.sources = append(s.sources, source{name: q.Short(), work: q, dead: s.byARN[q.DeadLetters]})
			counted[q.DeadLetters] = true
		}
	}
	schedules, err := s.App.Schedules()
	if err != nil {
		return err
	}
	for _, sc := range schedules {
		if dead := s.byARN[sc.DeadLetters]; dead != nil && !counted[dead.ARN] {
			s.sources = append(s.sources, source{name: "schedule " + sc.Label(), dead: dead})
			counted[dead.ARN] = true
		}
	}
	for _, q := range s.queues { // of rules, and of functions that others invoke and do not wait for
		if q.IsDeadLetters() && !counted[q.ARN] {
			s.sources = append(s.sources, source{name: "dead letters " + q.Short(), dead: q})
		}
	}
	return nil
}

// standIn reads the policies and opens the stand-ins of the services that have no engine.
func (s *Suite) standIn(context.Context) (err error) {
	if s.authority, err = newAuthority(s.App); err != nil {
		return err
	}
	s.authority.OnDenied = s.denied
	if s.outbox, err = standin.OpenOutbox(s.state.path("outbox.jsonl")); err != nil {
		return err
	}
	s.later(func() { s.outbox.Close() })
	if err := s.openMail(); err != nil {
		return err
	}
	if err := s.openSecrets(); err != nil {
		return err
	}
	if err := s.openChannels(); err != nil {
		return err
	}
	return s.openIssuer()
}

// openSecrets opens Secrets Manager with the template's secrets, and reads the write key.
func (s *Suite) openSecrets() error {
	var specs []standin.SecretSpec
	var writeKeys string
	for _, r := range s.App.OfType("AWS::SecretsManager::Secret") {
		spec := standin.SecretSpec{ARN: r.ARN, Name: r.Name}
		spec.Value, _ = r.At("SecretString").(string)
		if generate, ok := r.At("GenerateSecretString").(map[string]any); ok {
			var err error
			if spec.Generate, err = standin.ParseGenerate(generate); err != nil {
				return fmt.Errorf("stack %s, resource %s: %w", r.Stack, r.LogicalID, err)
			}
		}
		if r.Short() == "writekeys" {
			writeKeys = r.ARN
		}
		specs = append(specs, spec)
	}
	var err error
	if s.secrets, err = standin.OpenSecrets(s.state.path("secrets.json"), s.Clock.Now, specs...); err != nil {
		return err
	}
	value, _ := s.secrets.Value(writeKeys)
	var keys struct{ Current string }
	if err := json.Unmarshal([]byte(value), &keys); err != nil || keys.Current == "" {
		return fmt.Errorf("no stack has a secret WriteKeys of the form {\"current\": …}")
	}
	s.WriteKey = keys.Current
	return nil
}

// operatorTokenEnds is when the development token ends: the suite's clock is moved by years, and the token must stay.
var operatorTokenEnds = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)

// openIssuer opens the issuer of the authorizer's tokens and mints the development token.
func (s *Suite) openIssuer() error {
	routes, err := s.App.Routes()
	if err != nil {
		return err
	}
	var authorizer *template.Authorizer
	for _, r := range routes {
		if r.Authorizer != nil {
			authorizer = r.Authorizer
		}
	}
	if authorizer == nil || len(authorizer.Audience) == 0 {
		return fmt.Errorf("no route has a JWT authorizer with an audience")
	}
	if s.issuer, err = standin.OpenIssuer(s.state.path("operators.pem"), authorizer.Issuer, authorizer.Audience[0], s.Clock.Now); err != nil {
		return err
	}
	// Valid at whatever time the clock is set to.
	s.OperatorToken, err = s.issuer.Mint("local-operator", time.Hour, map[string]any{"iat": 0, "auth_time": 0, "exp": operatorTokenEnds.Unix()})
	return err
}

// announce writes endpoint.json.
func (s *Suite) announce(context.Context) error {
	s.OutboxURL = s.URL + outboxPath
	s.later(func() {
		if err := s.state.removeEndpoint(); err != nil {
			s.say("remove endpoint.json: %v", err)
		}
	})
	return s.state.writeEndpoint(s.Endpoint)
}
