package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"liuke/infra/local/project"
	"liuke/infra/local/suite"
)

const upUsage = `up serves the whole suite until it is interrupted (Ctrl-C).

  go run ./infra/local up [-addr HOST:PORT] [-state DIR]

When it is ready, DIR/endpoint.json says how to reach it: {"url","write_key","operator_token","outbox_url"}. Tables, the
lake, mail, keys and the clock are kept in DIR across restarts; so is what the queues hold, unless the process is killed.

Besides the HTTP API, the address serves
  /_local/outbox             what was sent, as a page; as JSON with ?format=json
  /_local/clock              GET, or POST {"now":"2026-01-31T00:00:00Z"} or {"advance":"24h"}
  /_local/queues             what waits, what is dead, and whether all is done
  /_local/schedules/NAME     POST fires a schedule now; /_local/schedules takes {"paused":true}
  /_local/expire             POST removes what DynamoDB would by now have removed by its time to live
  /_local/events             POST the body of EventBridge's PutEvents; an AWS CLI or SDK may have it for its endpoint.
                             Events of others reach the suite through the bus that the setting event_bus names
  /_local/texts              POST {"from":"+12065550100","body":"STOP"} is an SMS of a customer's
  /_local/secrets/NAME       PUT gives a secret its value, JSON: "webhooks" is {"my-shop":{"current":"…"}}
  /_local/permissions        what the policies refused, and which permissions nobody used
  /_local/units              read and write units by function

AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL_SQS and AWS_ENDPOINT_URL_S3 name other engines than the ones it starts.
`

func upCommand(ctx context.Context, arguments []string) error {
	flags := flag.NewFlagSet("up", flag.ContinueOnError)
	addr := flags.String("addr", "127.0.0.1:8080", "where to listen; port 0 takes any that is free")
	state := flags.String("state", "", "folder of all state (default .liuke in the repository)")
	explain(flags, upUsage)
	others, err := parse(flags, arguments)
	if err != nil {
		return err
	}
	if len(others) > 0 {
		return usageError{fmt.Errorf("up takes no argument %q; see up -h", others[0])}
	}
	if err := checkAddr(*addr); err != nil {
		return err
	}
	root, err := project.Root()
	if err != nil {
		return err
	}
	if *state == "" {
		*state = filepath.Join(root, ".liuke")
	}
	out := newConsole(os.Stdout)
	s, err := suite.Start(ctx, suite.Options{Root: root, State: *state, Addr: *addr, Say: out.timed()})
	if err != nil {
		return err
	}
	defer closeSuite(out, s)
	printEndpoint(out, s, *state)
	return serve(ctx, out, s)
}

// serve waits for the interrupt, or for the suite's own end.
func serve(ctx context.Context, out *console, s *suite.Suite) error {
	select {
	case <-ctx.Done():
		out.say("\nending …")
		return nil
	case err := <-s.Failed():
		return err
	}
}

func printEndpoint(out *console, s *suite.Suite, state string) {
	fmt.Fprintf(out, `
Ready.

  API             %s
  Outbox          %s
  Write key       %s
  Operator token  %s
  State           %s

Ctrl-C ends it.

`, s.URL, s.OutboxURL, s.WriteKey, s.OperatorToken, state)
}

// closeSuite ends the suite and says once more what was refused.
func closeSuite(out *console, s *suite.Suite) {
	s.Close()
	if denied := s.Permissions().Denied; len(denied) > 0 {
		out.say("\nThe templates' policies refused:")
		for _, d := range denied {
			out.say(fmt.Sprintf("  %s (%d times)", d.What, d.Count))
		}
	}
}
