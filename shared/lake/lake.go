// Package lake keeps what is read in bulk or rarely, as objects of one S3 bucket; it is the one importer of the S3
// client. Its layout:
//
//	events/<yyyy>/<mm>/<dd>/<hh>/<hash>.ndjson.gz             accepted events, by the UTC hour of receipt
//	events/<yyyy>/<mm>/<dd>/parts/<shard>/<hash>.ndjson.gz    the same on their way into the day; minutes, as a rule
//	days/<yyyy>-<mm>-<dd>/<shard>.ndjson.gz                   the same, compacted; _manifest.json says by how many digits
//	rejected/<yyyy>/<mm>/<dd>/<hh>/<hash>.ndjson.gz           what was refused, with the reason
//	imports/<import>/…                                        uploads, and what was refused of them
//	exports/<random>                                          what a customer asked to have
//	runs/<run>/…                                              recalculations
//
// Events are compressed NDJSON in the form of package line: open for analysis, sealed by the customer's key where they
// identify somebody. An object is named by a hash of what is in it, so that a batch that is delivered again overwrites
// its own. A batch that is put together differently leaves an event in two objects: readers tell events by customer and
// id, and order events by their order's id besides (see package event). Every event is in at least one object at any moment: compaction writes where lines go before it deletes where they
// were, and a shard of a day is replaced by one with more lines, on condition that nobody changed it meanwhile (S3's
// conditional writes).
//
// A shard holds the customers whose pseudonyms begin with its name, all of them where it is called "all"; within it
// lines are sorted by customer and id, each event once.
//
// Errors carry the codes of package fault.
//
// # Reading it with Athena
//
// A line is one string, which Athena takes apart as it reads; a JSON SerDe would stumble over names in properties that
// differ in case alone. In the bucket's own account, with the bucket's name for BUCKET:
//
//	CREATE EXTERNAL TABLE liuke_days (line string)
//	PARTITIONED BY (day string)
//	ROW FORMAT DELIMITED FIELDS TERMINATED BY '\001' LINES TERMINATED BY '\n'
//	LOCATION 's3://BUCKET/days/'
//	TBLPROPERTIES (
//	  'projection.enabled' = 'true',
//	  'projection.day.type' = 'date',
//	  'projection.day.format' = 'yyyy-MM-dd',
//	  'projection.day.range' = '2026-01-01,NOW',
//	  'storage.location.template' = 's3://BUCKET/days/${day}/');
//
//	CREATE VIEW liuke_events AS SELECT
//	  day,
//	  json_extract_scalar(line, '$.customer') AS customer,
//	  json_extract_scalar(line, '$.id') AS id,
//	  json_extract_scalar(line, '$.type') AS type,
//	  json_extract_scalar(line, '$.name') AS name,
//	  json_extract_scalar(line, '$.category') AS category,
//	  from_iso8601_timestamp(json_extract_scalar(line, '$.time')) AS time,
//	  from_iso8601_timestamp(json_extract_scalar(line, '$.received')) AS received,
//	  json_extract_scalar(line, '$.source') AS source,
//	  json_extract(line, '$.properties') AS properties
//	FROM liuke_days;
//
// What is not compacted yet (the current day, and what came late) has the same form below events/; a table over it is
// partitioned by hour:
//
//	'projection.hour.type' = 'date',
//	'projection.hour.format' = 'yyyy/MM/dd/HH',
//	'projection.hour.range' = '2026/01/01/00,NOW',
//	'projection.hour.interval' = '1',
//	'projection.hour.interval.unit' = 'HOURS',
//	'storage.location.template' = 's3://BUCKET/events/${hour}/'
//
// A query over both, or over hours alone, counts distinct (customer, id). DuckDB reads the lines as they are:
//
//	SELECT type, name, count(DISTINCT (customer, id)) FROM read_ndjson('s3://BUCKET/days/*/*.ndjson.gz',
//	  columns = {customer: 'VARCHAR', id: 'VARCHAR', type: 'VARCHAR', name: 'VARCHAR', time: 'TIMESTAMPTZ',
//	             received: 'TIMESTAMPTZ', source: 'VARCHAR', properties: 'JSON'}) GROUP BY ALL;
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
	case status == http.StatusPreconditionFailed, status == http.StatusConflict:
		return fault.As(err, fault.Conflict, "the object has changed since it was read")
	case errors.As(err, &api) && api.ErrorCode() == "SlowDown", status == http.StatusTooManyRequests:
		return fault.As(err, fault.Throttled, "the lake asks for a slower pace")
	case status >= http.StatusBadRequest && status < http.StatusInternalServerError:
		return fault.As(err, fault.Internal, "the lake refused the call")
	default:
		return fault.As(err, fault.Unavailable, "the lake did not answer")
	}
}
