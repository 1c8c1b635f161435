// The function imports reads the files that operators upload and sends what they hold to the events queue as history,
// row by row, with a list of the rows that it had to refuse.
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
