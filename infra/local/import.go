package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"liuke/infra/local/importer"
	"liuke/infra/local/project"
	"liuke/infra/local/suite"
	"liuke/shared/fault"
	"liuke/shared/importfile"
	"liuke/shared/money"
)

const importUsage = `import uploads a file of history to a running suite, and returns when all of it has been folded into customers.

  go run ./infra/local import KIND FILE [-state DIR | -url URL -token TOKEN] [-columns FIELD=COLUMN,…] [-dry-run]

What KIND may be, and the columns that the file's first line names (others are passed over, or are traits):

  orders      customer_id, date, amount; order_id and currency where there are any
  customers   customer_id; email, phone, name, first_name, last_name, locale, time_zone, birthday, consent_email,
              consent_sms, consent_push and updated_at where there are any; any other column is a trait
  answers     customer_id, score, date; answer_id, survey, comment, locale, tags, channel and updated_at where there are any;
              a column that is named like a question of the survey answers it, and any other is a property of the answer
  pinpoint    Amazon Pinpoint's export of endpoints: CSV, or a JSON object a line
  delighted   Delighted's CSV export of responses, each filed under the survey of its type (nps, csat, ces and so on) unless
              -survey names another; or of people, so that nobody who has unsubscribed there is mailed here
  codes       coupon codes, one a row, for the pool that -pool names; of several columns, the one named code

A file may be compressed by gzip. A row without an id of its own gets one from its content and its count among equal rows,
so that importing a file twice changes nothing. Rows that cannot be read are listed with line, column and reason; the
others are imported all the same. Nothing that is imported sets off a message to a customer.

Flags may stand before or after the file.
`

// importFlags are the command's flags.
type importFlags struct {
	state, url, token, columns, currency, survey, asOf, pool string
	dryRun                                                   bool
}

func importCommand(ctx context.Context, arguments []string) error {
	flags := flag.NewFlagSet("import", flag.ContinueOnError)
	var f importFlags
	flags.StringVar(&f.state, "state", "", "state folder of a running suite (default .liuke in the repository)")
	flags.StringVar(&f.url, "url", "", "address of a suite, instead of -state")
	flags.StringVar(&f.token, "token", "", "operator's token, with -url")
	key := flags.String("key", "", "not used any more: imports are an operator's, give -token")
	flags.StringVar(&f.columns, "columns", "", "fields that the file's columns are named otherwise for, such as customer_id=id,amount=revenue")
	flags.StringVar(&f.currency, "currency", "", "what amounts are in where their rows do not say, ISO 4217 (default the suite's own)")
	flags.StringVar(&f.survey, "survey", "", "what answers are filed under where their rows do not say (default "+importfile.DefaultSurvey+", or by their type)")
	flags.StringVar(&f.asOf, "as-of", "", "day or RFC 3339 time at which customers were as the file says (default when the file was last changed)")
	flags.StringVar(&f.pool, "pool", "", "pool that codes are imported into, such as winback10")
	flags.BoolVar(&f.dryRun, "dry-run", false, "only check the file: import nothing")
	explain(flags, importUsage)
	others, err := parse(flags, arguments)
	if err != nil {
		return err
	}
	if len(others) != 2 {
		return usageError{errors.New("give what to import and a file: import orders FILE.csv; see import -h")}
	}
	if *key != "" {
		return usageError{errors.New("imports are an operator's: give -token in place of -key; see import -h")}
	}
	return importFile(ctx, importfile.Kind(others[0]), others[1], f)
}

func importFile(ctx context.Context, kind importfile.Kind, path string, f importFlags) error {
	file, info, err := openFile(path)
	if err != nil {
		return err
	}
	defer file.Close()
	options := importer.Options{}
	if options.Request, err = f.request(kind, info); err != nil {
		return err
	}
	if options.URL, options.Token, err = target(f.state, f.url, f.token); err != nil {
		return err
	}
	out := newConsole(os.Stdout)
	what := "importing"
	if f.dryRun {
		what = "checking"
	}
	out.say(fmt.Sprintf("%s %s by %s", what, path, options.URL))
	options.Progress = out.progress
	result, err := importer.Import(ctx, file, info.Size(), options)
	out.done()
	if err != nil {
		return err
	}
	report(out, result)
	if n := result.Rows.Refused; n > 0 {
		return fmt.Errorf("%d rows were refused", n)
	}
	return nil
}

// openFile opens a file that can be imported.
func openFile(path string) (*os.File, fs.FileInfo, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	info, err := file.Stat()
	switch {
	case err != nil:
	case info.IsDir():
		err = fmt.Errorf("%s is a folder: give the file in it that is to be imported", path)
	case !info.Mode().IsRegular():
		err = fmt.Errorf("%s is no ordinary file: save what it gives to a file first", path)
	case info.Size() == 0:
		err = fmt.Errorf("%s is empty", path)
	}
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	return file, info, nil
}

// request is what the flags ask for.
func (f *importFlags) request(kind importfile.Kind, info fs.FileInfo) (r importfile.Request, err error) {
	r = importfile.Request{Kind: kind, Bytes: info.Size(), DryRun: f.dryRun, Survey: f.survey, Currency: money.Currency(f.currency), AsOf: info.ModTime().UTC().Truncate(time.Second)}
	if r.Columns, err = importfile.ParseColumns(f.columns); err != nil {
		return r, usageError{err}
	}
	if kind == importfile.Codes {
		r.AsOf = time.Time{}
	}
	if kind == importfile.Codes && f.pool == "" {
		return r, usageError{errors.New("name the pool that the codes are of: -pool NAME, such as -pool winback10")}
	}
	if f.pool != "" {
		r.Pool = &importfile.Pool{ID: f.pool}
	}
	if f.asOf != "" {
		layout := time.RFC3339
		if len(f.asOf) == len(time.DateOnly) {
			layout = time.DateOnly
		}
		if r.AsOf, err = time.Parse(layout, f.asOf); err != nil {
			return r, usageError{errors.New("-as-of is a day such as 2026-01-31, or a time such as 2026-01-31T08:00:00Z")}
		}
	}
	if err := r.Validate(); err != nil {
		var at *fault.Error
		if errors.As(err, &at) && at.Pointer != "" {
			return r, usageError{errors.New(at.Message)}
		}
		return r, err
	}
	return r, nil
}

// target finds the suite to import to.
func target(state, url, token string) (string, string, error) {
	if url != "" {
		if token == "" || state != "" {
			return "", "", usageError{errors.New("-url wants -token, and no -state; see import -h")}
		}
		return strings.TrimRight(url, "/"), token, nil
	}
	if state == "" {
		root, err := project.Root()
		if err != nil {
			return "", "", err
		}
		state = filepath.Join(root, ".liuke")
	}
	e, err := suite.ReadEndpoint(state)
	if token == "" {
		token = e.OperatorToken
	}
	return e.URL, token, err
}

// listRefused is how many refused rows are printed.
const listRefused = 100

func report(out *console, r *importer.Result) {
	rate := func(d time.Duration) float64 { return float64(r.Rows.Read) / max(d.Seconds(), 0.001) }
	for _, field := range slices.Sorted(maps.Keys(r.Columns)) {
		if r.Columns[field] != field {
			out.say(fmt.Sprintf("  %s is the column %s", field, r.Columns[field]))
		}
	}
	out.say(fmt.Sprintf("%d rows read in %.1f s (%.0f rows/s): %d accepted, %d refused", r.Rows.Read, r.Read.Seconds(), rate(r.Read), r.Rows.Accepted, r.Rows.Refused))
	for _, t := range r.Taken {
		of := ""
		if t.Type != "" {
			of = ", of the type " + t.Type
		}
		out.say(fmt.Sprintf("  answers to the survey %s%s: %d", t.Survey, of, t.Rows))
	}
	switch {
	case r.DryRun:
		out.say("only checked: nothing was imported")
	case r.Kind == importfile.Codes:
		out.say("the codes are in their pool: GET /v1/offers/POOL says how many are left")
	case r.Folded > 0:
		out.say(fmt.Sprintf("all of it folded in %.1f s (%.0f rows/s)", r.Folded.Seconds(), rate(r.Folded)))
	default:
		out.say("it is folded within minutes; this suite does not show how far it is")
	}
	for i := range r.Refused {
		if i == listRefused {
			break
		}
		out.say("  " + r.Refused[i].Error())
	}
	if more := r.Rows.Refused - int64(min(len(r.Refused), listRefused)); more > 0 {
		out.say(fmt.Sprintf("  … and %d more: GET /v1/imports/%s lists the first %d, and the lake has all below imports/%s/refused/", more, r.ID, importfile.MaxListed, r.ID))
	}
}
