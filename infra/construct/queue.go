package construct

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// deadLetterDays is the longest that SQS keeps a message: two working weeks to look at it and redrive it.
const deadLetterDays = 14

// WorkQueueProps describes a queue that a function works off.
type WorkQueueProps struct {
	// Name is what alarms and the dashboard call it.
	Name string
	// FunctionTimeout is that of the function, and Window how long its mapping gathers a batch: a message must stay
	// hidden for six times the one and once the other, or a slow batch is delivered again while it is being worked on.
	FunctionTimeout, Window time.Duration
	// Key encrypts the messages.
	Key awskms.IKey
}

// WorkQueue is a queue and the one where its poison goes after five tries.
type WorkQueue struct {
	Name        string
	Queue       awssqs.Queue
	DeadLetters awssqs.Queue
}

// NewWorkQueue returns the queue and its dead letters.
func NewWorkQueue(parent constructs.Construct, id string, props WorkQueueProps) *WorkQueue {
	scope := constructs.NewConstruct(parent, jsii.String(id))
	dead := newDeadLetters(scope, "DeadLetters", props.Key)
	queue := awssqs.NewQueue(scope, jsii.String("Queue"), &awssqs.QueueProps{
		VisibilityTimeout:      seconds(6*props.FunctionTimeout + props.Window),
		RetentionPeriod:        awscdk.Duration_Days(jsii.Number(7)),
		ReceiveMessageWaitTime: awscdk.Duration_Seconds(jsii.Number(20)),
		DeadLetterQueue:        &awssqs.DeadLetterQueue{Queue: dead, MaxReceiveCount: jsii.Number(5)},
		Encryption:             awssqs.QueueEncryption_KMS,
		EncryptionMasterKey:    props.Key,
		DataKeyReuse:           awscdk.Duration_Hours(jsii.Number(1)),
		EnforceSSL:             jsii.Bool(true),
		RemovalPolicy:          awscdk.RemovalPolicy_DESTROY,
	})
	return &WorkQueue{Name: props.Name, Queue: queue, DeadLetters: dead}
}

func newDeadLetters(scope constructs.Construct, id string, key awskms.IKey) awssqs.Queue {
	return awssqs.NewQueue(scope, jsii.String(id), &awssqs.QueueProps{
		RetentionPeriod:     awscdk.Duration_Days(jsii.Number(deadLetterDays)),
		Encryption:          awssqs.QueueEncryption_KMS,
		EncryptionMasterKey: key,
		DataKeyReuse:        awscdk.Duration_Hours(jsii.Number(1)),
		EnforceSSL:          jsii.Bool(true),
		RemovalPolicy:       awscdk.RemovalPolicy_DESTROY,
	})
}
