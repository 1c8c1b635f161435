package construct

import (
	"fmt"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsscheduler"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// ScheduleProps says when a function is invoked.
type ScheduleProps struct {
	// Name tells the function which of its schedules fired.
	Name string
	// Description is one sentence for the console.
	Description string
	// Expression is EventBridge Scheduler's: "cron(…)" or "rate(…)", read in TimeZone (IANA).
	Expression, TimeZone string
	// Function is invoked with {"schedule": Name, "scheduled_at": the time it was due, RFC 3339}.
	Function *Function
	// Retries is how often an invocation that fails is tried again, within MaxAge of the time it was due (1 minute to
	// 6 hours).
	Retries float64
	MaxAge  time.Duration
	// Beside is another schedule of the same function, whose dead letters this one shares: Lambda has one place for all of a
	// function's failures, and keeps them for as long and tries as often as the other says. Nil for a function's first.
	Beside *Schedule
}

// Schedule invokes a function at set times. An invocation that never succeeds becomes a dead letter: the scheduler's own
// where Lambda could not be called, Lambda's where the function failed.
type Schedule struct {
	Name        string
	Group       awsscheduler.CfnScheduleGroup
	DeadLetters awssqs.Queue
	Shared      bool // the dead letters are those of another schedule, too
}

// NewSchedule returns the schedule. It stands in a group of its own, because the scheduler counts by group, and has a
// role that can invoke this one function.
func NewSchedule(parent constructs.Construct, id string, props ScheduleProps) *Schedule {
	scope := constructs.NewConstruct(parent, jsii.String(id))
	stack := awscdk.Stack_Of(scope)
	dead := deadLettersOf(scope, props)
	group := awsscheduler.NewCfnScheduleGroup(scope, jsii.String("Group"), nil)

	role := awsiam.NewRole(scope, jsii.String("Role"), &awsiam.RoleProps{
		Description: jsii.String("Liuke: what the schedule " + props.Name + " may do"),
		AssumedBy: awsiam.NewServicePrincipal(jsii.String("scheduler.amazonaws.com"), &awsiam.ServicePrincipalOpts{
			Conditions: &map[string]any{"StringEquals": map[string]any{
				"aws:SourceAccount": stack.Account(),
				"aws:SourceArn":     group.AttrArn(),
			}},
		}),
	})
	fn := props.Function
	allow(role, fn.key, Access{Service: "lambda", Actions: []string{"InvokeFunction"}, Resources: []*string{fn.Function.FunctionArn()}}, Send(dead))
	schedule := awsscheduler.NewCfnSchedule(scope, jsii.String("Schedule"), &awsscheduler.CfnScheduleProps{
		Description:                jsii.String(props.Description),
		GroupName:                  group.Ref(),
		ScheduleExpression:         jsii.String(props.Expression),
		ScheduleExpressionTimezone: jsii.String(props.TimeZone),
		FlexibleTimeWindow:         &awsscheduler.CfnSchedule_FlexibleTimeWindowProperty{Mode: jsii.String("OFF")},
		Target: &awsscheduler.CfnSchedule_TargetProperty{
			Arn:              fn.Function.FunctionArn(),
			RoleArn:          role.RoleArn(),
			Input:            jsii.String(fmt.Sprintf(`{"schedule":%q,"scheduled_at":"<aws.scheduler.scheduled-time>"}`, props.Name)),
			DeadLetterConfig: &awsscheduler.CfnSchedule_DeadLetterConfigProperty{Arn: dead.QueueArn()},
			RetryPolicy: &awsscheduler.CfnSchedule_RetryPolicyProperty{
				MaximumRetryAttempts:     jsii.Number(props.Retries),
				MaximumEventAgeInSeconds: jsii.Number(props.MaxAge.Seconds()),
			},
		},
	})
	schedule.Node().AddDependency(role) // the scheduler looks at the role's policy when the schedule is made
	return &Schedule{Name: props.Name, Group: group, DeadLetters: dead, Shared: props.Beside != nil}
}

// deadLettersOf is where a schedule's failures go: a queue of its own, which is then Lambda's for the function, or that of the
// schedule beside.
func deadLettersOf(scope constructs.Construct, props ScheduleProps) awssqs.Queue {
	if props.Beside != nil {
		return props.Beside.DeadLetters
	}
	dead := newDeadLetters(scope, "DeadLetters", props.Function.key)
	Accept(dead, "AwsSolutions-SQS3", "This queue holds the dead letters of a schedule, which names it without a redrive policy.")
	props.Function.keepFailures(scope, dead, props.Retries, props.MaxAge)
	return dead
}
