// The function profile folds events from the queue into customers, once each in effect, and tells outreach what a scene
// may answer. It keeps every event in the lake before it acknowledges it.
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
