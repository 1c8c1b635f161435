package construct

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// WorkerProps says how a function works off a queue.
type WorkerProps struct {
	Queue    *WorkQueue
	Function *Function
	// BatchSize is the most messages of one invocation.
	BatchSize float64
	// Window is how long a batch is gathered for; 0 takes what is there.
	Window time.Duration
	// MaxConcurrency is the most invocations at a time (2 to 1,000), so that a backlog throttles neither the tables nor
	// the account's other functions.
	MaxConcurrency float64
}

// NewWorker lets the function work off the queue: failures are reported by message, so that what succeeded is never
// delivered again.
func NewWorker(parent constructs.Construct, id string, props WorkerProps) {
	scope := constructs.NewConstruct(parent, jsii.String(id))
	allow(props.Function.role, props.Function.key, Consume(props.Queue.Queue))
	mapping := &awslambda.EventSourceMappingProps{
		Target:                  props.Function.Function,
		EventSourceArn:          props.Queue.Queue.QueueArn(),
		BatchSize:               jsii.Number(props.BatchSize),
		MaxConcurrency:          jsii.Number(props.MaxConcurrency),
		ReportBatchItemFailures: jsii.Bool(true),
	}
	if props.Window > 0 {
		mapping.MaxBatchingWindow = seconds(props.Window)
	}
	awslambda.NewEventSourceMapping(scope, jsii.String("Mapping"), mapping)
}
