// Command local runs the whole suite on this machine, from the same templates that `cdk deploy` provisions:
//
//	go run ./infra/local demo      plays a made-up shop through the loop, with a summary at the end
//	go run ./infra/local up        serves until interrupted
//	go run ./infra/local import    uploads a file of history to a running suite
//
// Each subcommand explains itself with -h.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
	_ "time/tzdata" // schedules are read in the business's zone, on every machine
)

const usage = `Liuke on this machine: what "cdk deploy" provisions, with nothing of it in the cloud.

  go run ./infra/local demo                       the whole loop on a made-up shop
  go run ./infra/local up                         serve until interrupted
  go run ./infra/local import orders FILE.csv     upload orders, customers, past answers or an export to a running suite

Each explains itself with -h. It needs Go and Node.js; the first run installs and builds, which takes some minutes.
`

// command is a subcommand: it reads its arguments and runs until it is done or the context ends.
type command func(ctx context.Context, arguments []string) error

var commands = map[string]command{"demo": demoCommand, "up": upCommand, "import": importCommand}

func main() {
	os.Exit(run(os.Args[1:]))
}

func run(arguments []string) int {
	if len(arguments) == 0 || arguments[0] == "-h" || arguments[0] == "-help" || arguments[0] == "--help" || arguments[0] == "help" {
		fmt.Print(usage)
		return 0
	}
	c, ok := commands[arguments[0]]
	if !ok {
		fmt.Fprintf(os.Stderr, "There is no command %q.\n\n%s", arguments[0], usage)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	ctx, orphaned := context.WithCancel(ctx)
	defer orphaned()
	go followGoRun(ctx, orphaned)
	go func() {
		<-ctx.Done()
		stop() // a second interrupt ends this process at once; the kernel ends its children
	}()
	err := c(ctx, arguments[1:])
	var bad usageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.As(err, &bad):
		fmt.Fprintln(os.Stderr, bad)
		return 2
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		fmt.Fprintln(os.Stderr, "interrupted")
		return 130
	default:
		fmt.Fprintln(os.Stderr, "\n"+err.Error())
		return 1
	}
}

// followGoRun ends this process's work when the `go run` that started it is gone: killed by anything but an interrupt
// from the terminal, it would leave its child behind.
func followGoRun(ctx context.Context, end func()) {
	executable, err := os.Executable()
	if err != nil || !strings.Contains(filepath.ToSlash(executable), "/go-build") {
		return
	}
	parent := os.Getppid()
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(500 * time.Millisecond):
			if os.Getppid() != parent {
				end()
				return
			}
		}
	}
}

// usageError is a mistake in the arguments.
type usageError struct{ error }

// parse reads flags that may stand before, between and after the other arguments, which it returns.
func parse(flags *flag.FlagSet, arguments []string) ([]string, error) {
	flags.SetOutput(os.Stdout)
	var others []string
	for {
		if err := flags.Parse(arguments); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, err
			}
			return nil, usageError{fmt.Errorf("%w; see -h", err)}
		}
		rest := flags.Args()
		if len(rest) == 0 {
			return others, nil
		}
		others, arguments = append(others, rest[0]), rest[1:]
	}
}

// checkAddr says what is wrong with an address to listen on.
func checkAddr(addr string) error {
	_, port, err := net.SplitHostPort(addr)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return usageError{fmt.Errorf("-addr is %q; give HOST:PORT with a port from 0 to 65535, such as 127.0.0.1:8080", addr)}
	}
	return nil
}

// explain sets what -h prints.
func explain(flags *flag.FlagSet, text string) {
	flags.Usage = func() {
		fmt.Println(text)
		flags.PrintDefaults()
	}
}
