// Package secret reads secrets from AWS Secrets Manager; it is the one importer of its client. A value is kept for
// five minutes, so that a rotation is seen soon and a warm function seldom asks. Values never go into logs or errors.
package secret

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"

	"liuke/shared/clock"
	"liuke/shared/fault"
)

const (
	// MaxAge is how long a value is used without asking again.
	MaxAge = 5 * time.Minute
	// MaxStale is how long a value is used while Secrets Manager cannot be asked. Rotation keeps the previous value
	// valid for longer than that.
	MaxStale = time.Hour

	callTimeout = 5 * time.Second
)

// client is Secrets Manager's under a name without methods, so that a program that looks methods up by their names does
// not keep all of the service's operations.
type client secretsmanager.Client

// Secret is one secret. It is safe for concurrent use.
type Secret struct {
	client *client
	arn    string
	now    clock.Now

	mu    sync.Mutex
	value []byte
	read  time.Time // when value was read; zero for never
}

// New returns the secret with the ARN. Nothing is read before it is asked for.
func New(cfg aws.Config, arn string, now clock.Now, options ...func(*secretsmanager.Options)) *Secret {
	defaults := func(o *secretsmanager.Options) {
		o.Retryer = retry.NewStandard(func(r *retry.StandardOptions) { r.MaxAttempts = 3 })
	}
	return &Secret{
		client: (*client)(secretsmanager.NewFromConfig(cfg, append([]func(*secretsmanager.Options){defaults}, options...)...)),
		arn:    arn,
		now:    now,
	}
}

// Value returns the current value: at most MaxAge old, or at most MaxStale while the service is down. The caller must
// not change it. It returns Throttled or Unavailable where the service cannot answer now, and Internal where it
// refuses (no such secret, no permission).
func (s *Secret) Value(ctx context.Context) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	age := now.Sub(s.read)
	if s.value != nil && age >= 0 && age < MaxAge {
		return s.value, nil
	}
	value, err := s.fetch(ctx)
	if err != nil {
		if s.value != nil && age >= 0 && age < MaxStale && fault.Retryable(err) {
			return s.value, nil
		}
		return nil, err
	}
	s.value, s.read = value, now
	return value, nil
}

func (s *Secret) fetch(ctx context.Context) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	out, err := (*secretsmanager.Client)(s.client).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &s.arn})
	if err != nil {
		return nil, classify(err)
	}
	value := out.SecretBinary
	if out.SecretString != nil {
		value = []byte(*out.SecretString)
	}
	if len(value) == 0 {
		return nil, fault.New(fault.Internal, "the secret has no value")
	}
	return value, nil
}

func classify(err error) error {
	var api smithy.APIError
	var response interface{ HTTPStatusCode() int }
	switch {
	case errors.As(err, &api) && (api.ErrorCode() == "ThrottlingException" || api.ErrorCode() == "TooManyRequestsException"):
		return fault.As(err, fault.Throttled, "the secret store asks for a slower pace")
	case errors.As(err, &response) && response.HTTPStatusCode() >= http.StatusBadRequest && response.HTTPStatusCode() < http.StatusInternalServerError:
		return fault.As(err, fault.Internal, "the secret store refused the call")
	default:
		return fault.As(err, fault.Unavailable, "the secret store did not answer")
	}
}
