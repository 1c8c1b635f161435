package channeltest

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Config returns the configuration of an AWS client that calls the URL.
func Config(url string) aws.Config {
	return aws.Config{
		Region:       "eu-central-1",
		BaseEndpoint: aws.String(url),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "b", SessionToken: "c"}, nil
		}),
	}
}
