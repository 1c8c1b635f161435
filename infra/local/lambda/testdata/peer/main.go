// Command peer is the least that a Go function can be: aws-lambda-go, and no client of any service.
package main

import "github.com/aws/aws-lambda-go/lambda"

func main() {
	lambda.Start(func() {})
}
