// The function archive works on the lake's events in the background: every night it compacts days, and on request it
// feeds a range of time through profile again, erases a customer, or writes down all that is known of one. Each piece of work
// is a message on its own queue.
package main

import (
	"log"

	"github.com/aws/aws-lambda-go/lambda"

	"liuke/shared/telemetry"
)

func main() {
	h, err := fromEnvironment(telemetry.NewLogger())
	if err != nil {
		log.Fatal(err) // before the first invocation: Lambda reports a failed start
	}
	lambda.Start(h.Handle)
}
