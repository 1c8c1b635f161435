// Command ingest takes in what customers do: calls of Segment's tracking API, CloudEvents, webhooks and the events of a
// bus become packs on the events queue.
package main

import "github.com/aws/aws-lambda-go/lambda"

func main() { lambda.Start(fromEnvironment().Invoke) }
