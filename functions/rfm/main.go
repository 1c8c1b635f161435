// The function rfm recalculates who is worth what: planned by the schedule or an operator, one scan of the customers,
// a fit, scores, and a report, each phase a message on its own queue.
package main

import (
	"log"
	_ "time/tzdata"

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
