// Package lake keeps what is read in bulk or rarely, as objects of one S3 bucket; it is the one importer of the S3
// client. Its layout:
//
//	events/<yyyy>/<mm>/<dd>/<hh>/<hash>.ndjson.gz    events as they were taken in, by the UTC hour of receipt
//	rejected/<yyyy>/<mm>/<dd>/<hh>/<hash>.ndjson.gz  what was refused, with the reason
//	runs/<run>/…                                     recalculations
//
// An object of events is named by a hash of what is in it, so that a batch that is delivered again overwrites its own
// object. A batch that is put together differently leaves its events in two objects: readers tell events by customer
// and id. Errors carry the codes of package fault.
package lake

import (
	"bytes"
	"context"
	"errors"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"liuke/shared/fault"
)

// client is S3's under a name without methods, so that a program that looks methods up by their names does not keep
// all of the service's operations.
type client s3.Client

// Lake reads and writes one bucket.
type Lake struct {
	client *client
	bucket string
}

// New returns a lake over the bucket. Where the configuration names an endpoint, the bucket stands in the path, as
// engines on one machine want it. Options may change the client, as fault tests do.
func New(cfg aws.Config, bucket string, options ...func(*s3.Options)) *Lake {
	defaults := func(o *s3.Options) {
		o.Retryer = retry.NewStandard(func(r *retry.StandardOptions) { r.MaxAttempts = 3 })
		o.UsePathStyle = cfg.BaseEndpoint != nil
	}
	return &Lake{client: (*client)(s3.NewFromConfig(cfg, append([]func(*s3.Options){defaults}, options...)...)), bucket: bucket}
}

func (l *Lake) s3() *s3.Client { return (*s3.Client)(l.client) }

// Put writes an object, over one of the same key.
func (l *Lake) Put(ctx context.Context, key, contentType string, body []byte) (err error) {
	defer fault.Wrap(&err, "write lake object")
	_, err = l.s3().PutObject(ctx, &s3.PutObjectInput{
		Bucket:        &l.bucket,
		Key:           &key,
		Body:          bytes.NewReader(body),
		ContentLength: aws.Int64(int64(len(body))),
		ContentType:   &contentType,
	})
	return classify(err)
}

// classify gives an error of the client its code.
func classify(err error) error {
	if err == nil {
		return nil
	}
	var missing *types.NoSuchKey
	var api smithy.APIError
	var response interface{ HTTPStatusCode() int }
	status := 0
	if errors.As(err, &response) {
		status = response.HTTPStatusCode()
	}
	switch {
	case errors.As(err, &missing), errors.As(err, &api) && api.ErrorCode() == "NotFound":
		return fault.As(err, fault.NotFound, "the object does not exist")
	case errors.As(err, &api) && api.ErrorCode() == "SlowDown", status == http.StatusTooManyRequests:
		return fault.As(err, fault.Throttled, "the lake asks for a slower pace")
	case status >= http.StatusBadRequest && status < http.StatusInternalServerError:
		return fault.As(err, fault.Internal, "the lake refused the call")
	default:
		return fault.As(err, fault.Unavailable, "the lake did not answer")
	}
}
