package construct

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// EventBridge tries what it cannot deliver again for a day, its longest, before it is a dead letter.
const (
	ruleRetries = 185
	ruleMaxAge  = 24 * time.Hour
)

// UploadsProps says which objects are told of.
type UploadsProps struct {
	// Description is one sentence for the console.
	Description string
	// Bucket is one that tells EventBridge of its objects.
	Bucket awss3.IBucket
	// Names is what the objects are called, with "*" for any characters: "imports/*/upload".
	Names string
	// Queue gets one message an object, the event as EventBridge has it ("Object Created"). What cannot be put there goes
	// to its dead letters, as what cannot be worked off does: both are the same message and redriven alike.
	Queue *WorkQueue
}

// NewUploads has a message put into a queue for every new object of the names. It is at least one: EventBridge may deliver
// an event twice. The key of the queue must let EventBridge use it.
func NewUploads(parent constructs.Construct, id string, props UploadsProps) {
	scope := constructs.NewConstruct(parent, jsii.String(id))
	rule := awsevents.NewCfnRule(scope, jsii.String("Rule"), &awsevents.CfnRuleProps{
		Description: jsii.String(props.Description),
		State:       jsii.String("ENABLED"),
		EventPattern: map[string]any{
			"source":      []string{"aws.s3"},
			"detail-type": []string{"Object Created"},
			"detail": map[string]any{
				"bucket": map[string]any{"name": []*string{props.Bucket.BucketName()}},
				"object": map[string]any{"key": []any{map[string]any{"wildcard": props.Names}}},
			},
		},
		Targets: target(props.Queue.Queue.QueueArn(), props.Queue.DeadLetters),
	})
	for _, queue := range []awssqs.Queue{props.Queue.Queue, props.Queue.DeadLetters} {
		takeFrom(queue, rule)
	}
}

// BusProps says whose events a function takes from a bus.
type BusProps struct {
	// Name is what alarms and the dashboard call it.
	Name string
	// Description is one sentence for the console.
	Description string
	// Bus is the name of a bus of the same account and region.
	Bus string
	// Sources are those of the events that are taken.
	Sources []string
	// Function is invoked with each, as EventBridge has it.
	Function *Function
}

// Bus is a bus's events on their way to a function. What never arrives is a dead letter: EventBridge's own where Lambda
// could not be called, Lambda's where the function failed.
type Bus struct {
	Name        string
	DeadLetters awssqs.Queue
}

// NewBus has a function invoked with every event of the sources, at least once.
func NewBus(parent constructs.Construct, id string, props BusProps) *Bus {
	scope := constructs.NewConstruct(parent, jsii.String(id))
	fn := props.Function
	dead := newDeadLetters(scope, "DeadLetters", fn.key)
	Accept(dead, "AwsSolutions-SQS3", "This queue holds the dead letters of a rule, which names it without a redrive policy.")
	rule := awsevents.NewCfnRule(scope, jsii.String("Rule"), &awsevents.CfnRuleProps{
		Description:  jsii.String(props.Description),
		State:        jsii.String("ENABLED"),
		EventBusName: jsii.String(props.Bus),
		EventPattern: map[string]any{"source": props.Sources},
		Targets:      target(fn.Function.FunctionArn(), dead),
	})
	takeFrom(dead, rule)
	awslambda.NewCfnPermission(scope, jsii.String("Permission"), &awslambda.CfnPermissionProps{
		Action:       jsii.String("lambda:InvokeFunction"),
		FunctionName: fn.Function.FunctionArn(),
		Principal:    jsii.String("events.amazonaws.com"),
		SourceArn:    rule.AttrArn(),
	})
	fn.keepFailures(scope, dead, 2, 6*time.Hour)
	return &Bus{Name: props.Name, DeadLetters: dead}
}

func target(arn *string, dead awssqs.Queue) []any {
	return []any{&awsevents.CfnRule_TargetProperty{
		Id:               jsii.String("Target"),
		Arn:              arn,
		DeadLetterConfig: &awsevents.CfnRule_DeadLetterConfigProperty{Arn: dead.QueueArn()},
		RetryPolicy: &awsevents.CfnRule_RetryPolicyProperty{
			MaximumRetryAttempts: jsii.Number(ruleRetries), MaximumEventAgeInSeconds: jsii.Number(ruleMaxAge.Seconds()),
		},
	}}
}

// takeFrom lets EventBridge put messages into the queue for this rule alone.
func takeFrom(queue awssqs.Queue, rule awsevents.CfnRule) {
	queue.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid:        jsii.String("RuleOfEventBridge"),
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("events.amazonaws.com"), nil)},
		Actions:    jsii.Strings("sqs:SendMessage"),
		Resources:  &[]*string{queue.QueueArn()},
		Conditions: &map[string]any{
			"ArnEquals":    map[string]any{"aws:SourceArn": rule.AttrArn()},
			"StringEquals": map[string]any{"aws:SourceAccount": awscdk.Stack_Of(queue).Account()},
		},
	}))
}
