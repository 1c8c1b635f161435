package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"liuke/infra/local/importer"
	"liuke/infra/local/project"
	"liuke/infra/local/suite"
	"liuke/shared/money"
)

const importUsage = `import sends a file of orders to a running suite, and returns when all of them have been folded into customers.

  go run ./infra/local import orders FILE.csv [-state DIR | -url URL -key WRITE_KEY]

The file's first line names its columns: customer_id, date and amount; order_id and currency where there are any; others
are passed over. A row without an order_id gets one from its content and its count among equal rows, so that importing a
file twice changes nothing. Rows that cannot be read are listed; the others are imported all the same.

Flags may stand before or after the file.
`

func importCommand(ctx context.Context, arguments []string) error {
	flags := flag.NewFlagSet("import", flag.ContinueOnError)
	state := flags.String("state", "", "state folder of a running suite (default .liuke in the repository)")
	url := flags.String("url", "", "address of a suite, instead of -state")
	key := flags.String("key", "", "write key, with -url")
	currency := flags.String("currency", "", "what amounts are in, ISO 4217 (default the currency in cdk.json)")
	parallel := flags.Int("parallel", 0, "requests at a time; 0 is 4")
	explain(flags, importUsage)
	others, err := parse(flags, arguments)
	if err != nil {
		return err
	}
	if len(others) != 2 || others[0] != "orders" {
		return usageError{errors.New("give what to import and a file: import orders FILE.csv; see import -h")}
	}
	options := importer.Options{Parallel: *parallel}
	if options.URL, options.WriteKey, err = target(*state, *url, *key); err != nil {
		return err
	}
	if options.Currency, err = currencyOf(*currency); err != nil {
		return err
	}
	return importOrders(ctx, others[1], options)
}

// target finds the suite to send to.
func target(state, url, key string) (string, string, error) {
	if url != "" {
		if key == "" || state != "" {
			return "", "", usageError{errors.New("-url wants -key, and no -state; see import -h")}
		}
		return strings.TrimRight(url, "/"), key, nil
	}
	if state == "" {
		root, err := project.Root()
		if err != nil {
			return "", "", err
		}
		state = filepath.Join(root, ".liuke")
	}
	e, err := suite.ReadEndpoint(state)
	return e.URL, e.WriteKey, err
}

// currencyOf reads the currency, by default the one that the suite is deployed with.
func currencyOf(name string) (money.Currency, error) {
	if name == "" {
		root, err := project.Root()
		if err != nil {
			return "", err
		}
		raw, err := os.ReadFile(filepath.Join(root, "cdk.json"))
		if err != nil {
			return "", err
		}
		var file struct {
			Context struct {
				Liuke struct {
					Currency string `json:"currency"`
				} `json:"liuke"`
			} `json:"context"`
		}
		if err := json.Unmarshal(raw, &file); err != nil {
			return "", fmt.Errorf("read the currency: cdk.json: %w", err)
		}
		name = file.Context.Liuke.Currency
	}
	return money.ParseCurrency(name)
}

func importOrders(ctx context.Context, path string, options importer.Options) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	before, err := importer.Look(ctx, options.URL)
	local := !errors.Is(err, importer.ErrNotLocal)
	if err != nil && local {
		return err
	}
	out := newConsole(os.Stdout)
	out.say(fmt.Sprintf("importing %s to %s", path, options.URL))
	options.Progress = func(share float64, rows int64) { out.progress(share, fmt.Sprintf("%d rows sent", rows)) }
	started := time.Now()
	result, err := importer.Orders(ctx, file, info.Size(), options)
	out.done()
	if err != nil {
		return err
	}
	sent := time.Since(started)
	if local {
		err = importer.Settle(ctx, options.URL, before, func(waiting int) {
			out.progress(1, fmt.Sprintf("%d rows sent; %d messages still to fold", result.Rows, waiting))
		})
		out.done()
		if err != nil {
			return err
		}
	}
	report(out, result, sent, time.Since(started), local)
	if n := len(result.Refused) + result.More; n > 0 {
		return fmt.Errorf("%d rows were refused", n)
	}
	return nil
}

func report(out *console, r *importer.Result, sent, folded time.Duration, local bool) {
	rate := func(d time.Duration) float64 { return float64(r.Rows) / max(d.Seconds(), 0.001) }
	out.say(fmt.Sprintf("%d rows sent in %.1f s (%.0f rows/s)", r.Rows, sent.Seconds(), rate(sent)))
	if local {
		out.say(fmt.Sprintf("%d rows folded in %.1f s (%.0f rows/s)", r.Rows, folded.Seconds(), rate(folded)))
	} else {
		out.say("they are folded within minutes; this suite does not show how far it is")
	}
	for _, line := range r.Refused {
		out.say("  " + line)
	}
	if r.More > 0 {
		out.say(fmt.Sprintf("  … and %d more", r.More))
	}
}
