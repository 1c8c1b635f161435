// Command probe is a function that does what its payload says.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type request struct {
	Do   string
	File string
}

func handle(ctx context.Context, r request) (any, error) {
	switch r.Do {
	case "fail":
		return nil, errors.New("as told")
	case "panic":
		panic("as told")
	case "exit":
		os.Exit(3)
	case "sleep":
		time.Sleep(time.Hour)
	case "large":
		return string(make([]byte, 7<<20)), nil
	case "meet": // waits until both of two files are there: two invocations at a time
		mine := r.File + fmt.Sprint(os.Getpid())
		if err := os.WriteFile(mine, nil, 0o600); err != nil {
			return nil, err
		}
		for {
			entries, err := os.ReadDir(r.File)
			if err != nil || len(entries) >= 2 {
				return "met", err
			}
			time.Sleep(time.Millisecond)
		}
	}
	lc, _ := lambdacontext.FromContext(ctx)
	deadline, _ := ctx.Deadline()
	return map[string]any{
		"pid": os.Getpid(), "function": lc.InvokedFunctionArn, "request": lc.AwsRequestID,
		"left": time.Until(deadline).Seconds(), "greeting": os.Getenv("GREETING"),
	}, nil
}

func main() {
	if os.Getenv("BROKEN") != "" {
		fmt.Fprintln(os.Stderr, "BROKEN is set")
		os.Exit(1)
	}
	lambda.Start(handle)
}
