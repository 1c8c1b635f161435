package construct

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// PackageMetadata is the key of a function's metadata in the template that names the Go package it is built from, as
// "./functions/ingest". An asset's hash says nothing of where its content came from.
const PackageMetadata = "liuke:package"

// FunctionProps describes a function.
type FunctionProps struct {
	// Name is its folder under functions/.
	Name string
	// Description is one sentence for the console.
	Description string
	// Code holds the executable, named bootstrap, for arm64.
	Code awslambda.Code
	// MemoryMB also sets its share of a processor: 1,769 is one.
	MemoryMB float64
	// Timeout is when Lambda kills an invocation; whole seconds.
	Timeout time.Duration
	// Environment is what it is told, and no more than it needs.
	Environment map[string]*string
	// Access is what it may do.
	Access []Access
	// Key encrypts its environment and what Access names.
	Key awskms.IKey
	// Logs says how its logs are kept.
	Logs Logs
}

// Function is a Go function on arm64 with a role of its own, JSON logs in a group of its own, and tracing.
type Function struct {
	Name     string
	Function awslambda.Function
	Timeout  time.Duration

	role awsiam.Role
	key  awskms.IKey
}

// NewFunction returns the function. Its role holds exactly Access, its own logs and tracing.
func NewFunction(parent constructs.Construct, id string, props FunctionProps) *Function {
	scope := constructs.NewConstruct(parent, jsii.String(id))
	logs := newLogGroup(scope, "Logs", props.Logs)
	role := awsiam.NewRole(scope, jsii.String("Role"), &awsiam.RoleProps{
		Description: jsii.String("Liuke: what the function " + props.Name + " may do"),
		AssumedBy:   awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil),
	})
	allow(role, props.Key, append([]Access{
		{Service: "logs", Actions: []string{"CreateLogStream", "PutLogEvents"}, Resources: []*string{logs.LogGroupArn()}},
		{
			Service: "xray", Actions: []string{"PutTraceSegments", "PutTelemetryRecords"}, Resources: []*string{jsii.String("*")},
			Wildcard: "X-Ray's write actions take no resource.", Of: "/^Resource::\\*$/",
		},
		{Service: "lambda", Opens: true}, // its environment
	}, props.Access...)...)

	fn := awslambda.NewFunction(scope, jsii.String("Function"), &awslambda.FunctionProps{
		Description:           jsii.String(props.Description),
		Runtime:               awslambda.Runtime_PROVIDED_AL2023(),
		Architecture:          awslambda.Architecture_ARM_64(),
		Handler:               jsii.String("bootstrap"),
		Code:                  props.Code,
		MemorySize:            jsii.Number(props.MemoryMB),
		Timeout:               seconds(props.Timeout),
		Environment:           &props.Environment,
		EnvironmentEncryption: props.Key,
		Role:                  role,
		LogGroup:              logs,
		LoggingFormat:         awslambda.LoggingFormat_JSON,
		ApplicationLogLevelV2: awslambda.ApplicationLogLevel_INFO,
		SystemLogLevelV2:      awslambda.SystemLogLevel_WARN,
		Tracing:               awslambda.Tracing_ACTIVE,
	})
	fn.Node().DefaultChild().(awslambda.CfnFunction).AddMetadata(jsii.String(PackageMetadata), "./functions/"+props.Name)
	return &Function{Name: props.Name, Function: fn, Timeout: props.Timeout, role: role, key: props.Key}
}

// keepFailures keeps invocations that nobody waits for: tried again so often within the time, then dead letters. A
// function can have this once.
func (f *Function) keepFailures(scope constructs.Construct, dead awssqs.Queue, retries float64, maxAge time.Duration) {
	allow(f.role, f.key, Send(dead))
	awslambda.NewCfnEventInvokeConfig(scope, jsii.String("Invocations"), &awslambda.CfnEventInvokeConfigProps{
		FunctionName:             f.Function.FunctionName(),
		Qualifier:                jsii.String("$LATEST"),
		MaximumRetryAttempts:     jsii.Number(min(retries, 2)),
		MaximumEventAgeInSeconds: jsii.Number(maxAge.Seconds()),
		DestinationConfig: &awslambda.CfnEventInvokeConfig_DestinationConfigProperty{
			OnFailure: &awslambda.CfnEventInvokeConfig_OnFailureProperty{Destination: dead.QueueArn()},
		},
	})
}

// metricNamespace is where the functions' own counts stand, as shared/telemetry writes them.
const metricNamespace = "Liuke"

// Count is the sum over five minutes of what the function counts under the metric's name.
func (f *Function) Count(metric string) awscloudwatch.Metric {
	return awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
		Namespace:     jsii.String(metricNamespace),
		MetricName:    jsii.String(metric),
		DimensionsMap: &map[string]*string{"function": f.Function.FunctionName()},
		Period:        minutes(5),
		Statistic:     awscloudwatch.Stats_SUM(),
	})
}
