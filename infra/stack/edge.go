package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"liuke/infra/construct"
)

// EdgeProps describes the stack that stands before the API.
type EdgeProps struct {
	// Stage names the deployment; it is part of the stack's name.
	Stage string
	// Account is where it stands; its region is construct.EdgeRegion.
	Account string
	// App is the stack whose API it stands before.
	App *App
	// Host is the name under which CloudFront answers.
	Host string
	// LogRetentionDays is how long logs are kept, one of construct.LogRetentions.
	LogRetentionDays int
}

// Edge is CloudFront with its firewall, certificate and log, all of it in the one region where CloudFront looks for them.
type Edge struct {
	Stack awscdk.Stack
}

// NewEdge returns the stack "Liuke-<stage>-Edge". All that it takes from the app stack is the API's host, by
// Fn::GetStackOutput: CloudFormation itself reads the output in the other region as the stack is deployed, which the
// CDK's own references across regions do by functions, roles and parameters of their own. Such a reference is weak: an
// API that was made anew is not seen until this stack is deployed again, and nothing keeps the app stack from being
// deleted first.
func NewEdge(parent constructs.Construct, props EdgeProps) *Edge {
	app := props.App.Stack
	output(app, apiHostOutput, "The API's own host, which CloudFront passes requests on to", props.App.host)
	scope := newStack(parent, "Edge", "Liuke: CloudFront and its firewall before the API", props.Stage, props.Account, construct.EdgeRegion)
	scope.AddStackDependency(app, jsii.String("it reads the API's host when it is deployed"))
	edge := construct.NewEdge(scope, "Edge", construct.EdgeProps{
		Host:             props.Host,
		APIHost:          awscdk.Fn_GetStackOutput(app.StackName(), jsii.String(apiHostOutput), app.Region(), nil),
		LogRetentionDays: props.LogRetentionDays,
	})
	output(scope, "Domain", "Where the DNS record (CNAME or ALIAS) of "+props.Host+" must lead", edge.Domain)
	return &Edge{Stack: scope}
}

const apiHostOutput = "ApiHost"
