// Package dynamo keeps the suite's two tables: Customers (one small item a customer, all that a recalculation reads)
// and Records (everything else, by pk and sk). It is the one importer of the DynamoDB client. Its errors carry the
// codes of package fault: a failed condition is Conflict, a slow-down Throttled, no answer Unavailable.
package dynamo

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"liuke/shared/fault"
)

// client is DynamoDB's under a name without methods. A program that looks methods up by their names, as expr and Liquid
// do, keeps every exported method of whatever reflection can reach from a value; a client's are its whole service, more
// than a megabyte of operations that nothing calls.
type client dynamodb.Client

// Store reads and writes both tables.
type Store struct {
	client    *client
	customers string
	records   string
}

// New returns a store over the named tables. Options may change the client, as fault tests do.
func New(cfg aws.Config, customers, records string, options ...func(*dynamodb.Options)) *Store {
	defaults := func(o *dynamodb.Options) {
		o.Retryer = retry.NewStandard(func(r *retry.StandardOptions) { r.MaxAttempts = 3 })
	}
	return &Store{
		client:    (*client)(dynamodb.NewFromConfig(cfg, append([]func(*dynamodb.Options){defaults}, options...)...)),
		customers: customers,
		records:   records,
	}
}

func (s *Store) db() *dynamodb.Client { return (*dynamodb.Client)(s.client) }

// Meter counts the capacity that calls consumed, in DynamoDB's units. It is safe for concurrent use.
type Meter struct {
	mu          sync.Mutex
	read, write float64
}

// Units returns the read and write units counted so far.
func (m *Meter) Units() (read, write float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.read, m.write
}

func (m *Meter) add(read, write float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.read += read
	m.write += write
}

type meterKey struct{}

// WithMeter returns a context whose calls are counted by m.
func WithMeter(ctx context.Context, m *Meter) context.Context {
	return context.WithValue(ctx, meterKey{}, m)
}

func countRead(ctx context.Context, used ...types.ConsumedCapacity) { count(ctx, false, used) }

func countWrite(ctx context.Context, used ...types.ConsumedCapacity) { count(ctx, true, used) }

func count(ctx context.Context, write bool, used []types.ConsumedCapacity) {
	m, ok := ctx.Value(meterKey{}).(*Meter)
	if !ok {
		return
	}
	for _, u := range used {
		units := aws.ToFloat64(u.CapacityUnits)
		if write {
			m.add(0, units)
		} else {
			m.add(units, 0)
		}
	}
}

// one turns the optional capacity of a single-table call into a list.
func one(c *types.ConsumedCapacity) []types.ConsumedCapacity {
	if c == nil {
		return nil
	}
	return []types.ConsumedCapacity{*c}
}

// classify gives an error of the client its code.
func classify(err error) error {
	if err == nil {
		return nil
	}
	var condition *types.ConditionalCheckFailedException
	var overtaken *types.TransactionConflictException
	var cancelled *types.TransactionCanceledException
	var api smithy.APIError
	var response interface{ HTTPStatusCode() int }
	switch {
	case errors.As(err, &condition), errors.As(err, &overtaken):
		return fault.As(err, fault.Conflict, "the item has moved since it was read")
	case errors.As(err, &cancelled):
		return fault.As(err, cancelCode(cancelled.CancellationReasons), "the transaction was cancelled")
	case errors.As(err, &api) && throttling[api.ErrorCode()]:
		return fault.As(err, fault.Throttled, "the table asks for a slower pace")
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fault.As(err, fault.Unavailable, "the table did not answer in time")
	case errors.As(err, &response) && response.HTTPStatusCode() < http.StatusInternalServerError && response.HTTPStatusCode() >= http.StatusBadRequest:
		return fault.As(err, fault.Internal, "the table refused the call")
	default:
		return fault.As(err, fault.Unavailable, "the table did not answer")
	}
}

var throttling = map[string]bool{
	"ProvisionedThroughputExceededException": true,
	"ThrottlingException":                    true,
	"RequestLimitExceeded":                   true,
	"TransactionInProgressException":         true,
}

// cancelCode reads why a transaction was cancelled: a failed condition or a concurrent transaction is a Conflict, a
// slow-down Throttled, anything else Internal.
func cancelCode(reasons []types.CancellationReason) fault.Code {
	code := fault.Internal
	for _, r := range reasons {
		switch aws.ToString(r.Code) {
		case "ConditionalCheckFailed", "TransactionConflict":
			return fault.Conflict
		case "ThrottlingError", "ProvisionedThroughputExceeded":
			code = fault.Throttled
		}
	}
	return code
}

func attributes(k Key) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		"pk": &types.AttributeValueMemberS{Value: k.PK},
		"sk": &types.AttributeValueMemberS{Value: k.SK},
	}
}
