package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"liuke/infra/local/demo"
	"liuke/infra/local/project"
	"liuke/infra/local/suite"
)

const demoUsage = `demo plays a made-up shop through the whole loop: orders become customers, recalculations turn them into segments,
mails go out and a survey is answered; a summary follows, and what three scenes with variants bring about. Then
it serves until it is interrupted (Ctrl-C).

  go run ./infra/local demo [-exit] [-addr HOST:PORT]

All of its state stands in a temporary folder, which goes when it ends.
`

// demoWindow is how long a batch is gathered for: the demo waits for each of them, many times.
const demoWindow = 100 * time.Millisecond

func demoCommand(ctx context.Context, arguments []string) error {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	addr := flags.String("addr", "127.0.0.1:0", "where to listen; port 0 takes any that is free")
	exit := flags.Bool("exit", false, "end after the summary")
	var shop demo.Config
	flags.Uint64Var(&shop.Seed, "seed", 0, "which shop to make up; 0 is always the same one")
	flags.IntVar(&shop.Customers, "customers", 0, "how many customers it has; 0 is 2,000")
	explain(flags, demoUsage)
	others, err := parse(flags, arguments)
	if err != nil {
		return err
	}
	if len(others) > 0 {
		return usageError{fmt.Errorf("demo takes no argument %q; see demo -h", others[0])}
	}
	if err := checkAddr(*addr); err != nil {
		return err
	}
	root, err := project.Root()
	if err != nil {
		return err
	}
	state, err := os.MkdirTemp("", "liuke-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(state)
	out := newConsole(os.Stdout)
	s, err := suite.Start(ctx, suite.Options{Root: root, State: state, Addr: *addr, Say: out.timed(), Paused: true, Window: demoWindow})
	if err != nil {
		return err
	}
	defer closeSuite(out, s)
	if err := play(ctx, out, s, shop); err != nil {
		return err
	}
	if *exit {
		return nil
	}
	printEndpoint(out, s, state)
	return serve(ctx, out, s)
}

// play runs the demo. A call that the policies refuse ends it: what waits for that call would wait in vain.
func play(ctx context.Context, out *console, s *suite.Suite, shop demo.Config) error {
	playing, end := context.WithCancelCause(ctx)
	defer end(nil)
	go func() {
		for {
			select {
			case <-playing.Done():
				return
			case err := <-s.Failed():
				end(err)
			case <-time.After(time.Second):
				if denied := s.Permissions().Denied; len(denied) > 0 {
					end(errors.New("the templates leave out a permission that the suite needs: " + denied[0].What))
				}
			}
		}
	}()
	err := demo.Run(playing, demo.Endpoint(s.Endpoint), shop, out)
	if cause := context.Cause(playing); cause != nil && ctx.Err() == nil {
		return cause
	}
	if err != nil {
		return err
	}
	permissions := s.Permissions()
	if len(permissions.Denied) > 0 {
		return errors.New("the templates leave out a permission that the suite needs: " + permissions.Denied[0].What)
	}
	if len(permissions.Unused) > 0 {
		out.say("\nPermissions that the demo never used:")
		for _, u := range permissions.Unused {
			out.say("  " + u)
		}
	}
	return nil
}
