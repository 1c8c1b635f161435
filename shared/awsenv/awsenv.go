// Package awsenv builds the configuration of AWS clients from a Lambda function's environment alone: region,
// credentials and, where the suite runs on one machine, the address of each service. The SDK's own loader would add
// two megabytes and milliseconds for profiles, SSO and instance metadata that a function never uses.
package awsenv

import (
	"context"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Config returns the configuration for one service. The service is spelled as in AWS_ENDPOINT_URL_<SERVICE>:
// DYNAMODB, SQS, S3, SESV2, SECRETS_MANAGER, PINPOINT_SMS_VOICE_V2, SNS. AWS_ENDPOINT_URL holds for the services without one of their own.
func Config(service string) aws.Config {
	cfg := aws.Config{
		Region:      os.Getenv("AWS_REGION"),
		Credentials: aws.CredentialsProviderFunc(fromEnvironment),
	}
	if url := firstOf(os.Getenv("AWS_ENDPOINT_URL_"+service), os.Getenv("AWS_ENDPOINT_URL")); url != "" {
		cfg.BaseEndpoint = aws.String(url)
	}
	return cfg
}

func fromEnvironment(context.Context) (aws.Credentials, error) {
	return aws.Credentials{
		AccessKeyID:     os.Getenv("AWS_ACCESS_KEY_ID"),
		SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY"),
		SessionToken:    os.Getenv("AWS_SESSION_TOKEN"),
		Source:          "environment",
	}, nil
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
