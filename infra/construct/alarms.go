package construct

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/aws-cdk-go/awscdk/v2/interfaces/interfacesawscloudwatch"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// AlarmsProps says who is told.
type AlarmsProps struct {
	// Address gets an e-mail when something is wrong, and another when it is over. SNS asks it to confirm first.
	Address string
	// Key encrypts the topic; its policy must let CloudWatch use it.
	Key awskms.IKey
}

// Alarms watches the suite. Its methods add alarms, all of which tell the same address.
type Alarms struct {
	// All is every alarm so far, in the order of adding.
	All []interfacesawscloudwatch.IAlarmRef

	scope  constructs.Construct
	action awscloudwatch.IAlarmAction
}

// NewAlarms returns alarms about nothing yet.
func NewAlarms(parent constructs.Construct, id string, props AlarmsProps) *Alarms {
	scope := constructs.NewConstruct(parent, jsii.String(id))
	topic := awssns.NewTopic(scope, jsii.String("Topic"), &awssns.TopicProps{
		DisplayName: jsii.String("Liuke alarms"),
		MasterKey:   props.Key,
		EnforceSSL:  jsii.Bool(true),
	})
	topic.ApplyRemovalPolicy(awscdk.RemovalPolicy_DESTROY)
	topic.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid:        jsii.String("AlarmsOfCloudWatch"),
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("cloudwatch.amazonaws.com"), nil)},
		Actions:    jsii.Strings("sns:Publish"),
		Resources:  &[]*string{topic.TopicArn()},
		Conditions: &map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": awscdk.Stack_Of(scope).Account()}},
	}))
	awssns.NewSubscription(scope, jsii.String("Subscription"), &awssns.SubscriptionProps{
		Topic:    topic,
		Protocol: awssns.SubscriptionProtocol_EMAIL,
		Endpoint: jsii.String(props.Address),
	})
	return &Alarms{scope: scope, action: awscloudwatchactions.NewSnsAction(topic)}
}

// DeadLetters tells of the first message that a queue of dead letters holds, as long as it holds one.
func (a *Alarms) DeadLetters(of string, queue awssqs.IQueue) {
	a.add("DeadLetters-"+of, &awscloudwatch.AlarmProps{
		AlarmDescription: jsii.String(of + ": messages that could not be worked off wait in the dead-letter queue; read their reason, then redrive or delete them"),
		Metric: queue.MetricApproximateNumberOfMessagesVisible(&awscloudwatch.MetricOptions{
			Period: minutes(1), Statistic: awscloudwatch.Stats_MAXIMUM(),
		}),
		ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_THRESHOLD,
		Threshold:          jsii.Number(0),
		EvaluationPeriods:  jsii.Number(1),
	})
}

// Backlog tells of a queue whose oldest message has waited longer than the limit.
func (a *Alarms) Backlog(queue *WorkQueue, limit time.Duration) {
	a.add("Backlog-"+queue.Name, &awscloudwatch.AlarmProps{
		AlarmDescription: jsii.String(queue.Name + ": the oldest message has waited longer than " + limit.String() + "; the function fails or is too slow"),
		Metric: queue.Queue.MetricApproximateAgeOfOldestMessage(&awscloudwatch.MetricOptions{
			Period: minutes(1), Statistic: awscloudwatch.Stats_MAXIMUM(),
		}),
		ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_THRESHOLD,
		Threshold:          jsii.Number(limit.Seconds()),
		EvaluationPeriods:  jsii.Number(3),
	})
}

// Function tells of a function's failed invocations, and of throttling that lasts for a quarter of an hour.
func (a *Alarms) Function(fn *Function) {
	sum := &awscloudwatch.MetricOptions{Period: minutes(5), Statistic: awscloudwatch.Stats_SUM()}
	a.add("Errors-"+fn.Name, &awscloudwatch.AlarmProps{
		AlarmDescription:   jsii.String(fn.Name + ": invocations fail as a whole (crash, timeout or lost permission); its log says why"),
		Metric:             fn.Function.MetricErrors(sum),
		ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_THRESHOLD,
		Threshold:          jsii.Number(0),
		EvaluationPeriods:  jsii.Number(1),
	})
	a.add("Throttles-"+fn.Name, &awscloudwatch.AlarmProps{
		AlarmDescription:   jsii.String(fn.Name + ": invocations are throttled; raise the account's limit of concurrent executions"),
		Metric:             fn.Function.MetricThrottles(sum),
		ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_THRESHOLD,
		Threshold:          jsii.Number(0),
		EvaluationPeriods:  jsii.Number(3),
	})
}

// Missed tells of a schedule that has not fired within the time, which is the longest that may lie between two firings,
// with some reserve: whole minutes up to an hour, whole hours up to seven days.
func (a *Alarms) Missed(schedule *Schedule, within time.Duration) {
	period := time.Minute
	if within > time.Hour {
		period = time.Hour
	}
	a.add("Missed-"+schedule.Name, &awscloudwatch.AlarmProps{
		AlarmDescription: jsii.String(schedule.Name + ": the schedule has not fired for " + within.String()),
		Metric: awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
			Namespace:     jsii.String("AWS/Scheduler"),
			MetricName:    jsii.String("InvocationAttemptCount"),
			DimensionsMap: &map[string]*string{"ScheduleGroup": schedule.Group.Ref()},
			Period:        seconds(period),
			Statistic:     awscloudwatch.Stats_SUM(),
		}),
		ComparisonOperator: awscloudwatch.ComparisonOperator_LESS_THAN_THRESHOLD,
		Threshold:          jsii.Number(1),
		EvaluationPeriods:  jsii.Number(within.Hours() / period.Hours()),
		TreatMissingData:   awscloudwatch.TreatMissingData_BREACHING,
	})
}

// Lasting tells of something that a function counts in six stretches of five minutes one after the other: once in a while
// it is nothing, for half an hour it does not end by itself. What says what it is and what to do.
func (a *Alarms) Lasting(fn *Function, metric, what string) {
	a.add(metric+"-"+fn.Name, &awscloudwatch.AlarmProps{
		AlarmDescription:   jsii.String(fn.Name + ": " + what),
		Metric:             fn.Count(metric),
		ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_THRESHOLD,
		Threshold:          jsii.Number(0),
		EvaluationPeriods:  jsii.Number(6),
	})
}

// Once tells of the first thing of a kind that a function counts within five minutes: what must never be. What says what
// it is and what to do.
func (a *Alarms) Once(fn *Function, metric, what string) {
	a.add(metric+"-"+fn.Name, &awscloudwatch.AlarmProps{
		AlarmDescription:   jsii.String(fn.Name + ": " + what),
		Metric:             fn.Count(metric),
		ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_THRESHOLD,
		Threshold:          jsii.Number(0),
		EvaluationPeriods:  jsii.Number(1),
	})
}

// API tells of requests that the API answers with 5xx.
func (a *Alarms) API(api *API) {
	a.add("Errors-api", &awscloudwatch.AlarmProps{
		AlarmDescription: jsii.String("api: requests are answered with 5xx; the functions' logs say why"),
		Metric: api.API.MetricServerError(&awscloudwatch.MetricOptions{
			Period: minutes(5), Statistic: awscloudwatch.Stats_SUM(),
		}),
		ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_THRESHOLD,
		Threshold:          jsii.Number(0),
		EvaluationPeriods:  jsii.Number(1),
	})
}

func (a *Alarms) add(id string, props *awscloudwatch.AlarmProps) {
	if props.TreatMissingData == "" {
		props.TreatMissingData = awscloudwatch.TreatMissingData_NOT_BREACHING
	}
	alarm := awscloudwatch.NewAlarm(a.scope, jsii.String(id), props)
	alarm.AddAlarmAction(a.action)
	alarm.AddOkAction(a.action)
	a.All = append(a.All, alarm)
}

func minutes(n float64) awscdk.Duration { return awscdk.Duration_Minutes(jsii.Number(n)) }
