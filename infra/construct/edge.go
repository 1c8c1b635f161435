package construct

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscertificatemanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfront"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfrontorigins"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// EdgeRegion is where CloudFront looks for the certificates, firewalls and logs that it uses.
const EdgeRegion = "us-east-1"

// EdgeProps says what stands before which API.
type EdgeProps struct {
	// Host is the name under which it answers; a DNS record of that name must lead to the distribution.
	Host string
	// APIHost is the API's own host.
	APIHost *string
	// LogRetentionDays is one of LogRetentions.
	LogRetentionDays int
}

// Edge is CloudFront in front of an API, with a firewall. It caches nothing and changes nothing: every header but Host
// reaches the API, so that signatures, keys and tokens hold, and answers come back as they are. It takes TLS of 1.2 or
// newer alone, which asks for a certificate of the host's own, and speaks the same to the API.
//
// The API still answers under its own address too, where its own limits hold; the firewall looks at what comes this way.
// Its log tells of each request what the API's log does, and neither path, query, cookie nor address.
type Edge struct {
	// Domain is where the DNS record of the host must lead.
	Domain *string
}

// NewEdge returns the edge, which must stand in a stack in EdgeRegion. The deployment waits until the DNS record by which
// Certificate Manager sees that the host is yours stands; the console of Certificate Manager shows it.
func NewEdge(parent constructs.Construct, id string, props EdgeProps) *Edge {
	scope := constructs.NewConstruct(parent, jsii.String(id))
	certificate := awscertificatemanager.NewCertificate(scope, jsii.String("Certificate"), &awscertificatemanager.CertificateProps{
		DomainName: jsii.String(props.Host),
		Validation: awscertificatemanager.CertificateValidation_FromDns(nil),
	})
	firewall := newFirewall(scope, "Firewall")
	distribution := awscloudfront.NewDistribution(scope, jsii.String("Distribution"), &awscloudfront.DistributionProps{
		Comment:                jsii.String("Liuke: before the API"),
		DomainNames:            jsii.Strings(props.Host),
		Certificate:            certificate,
		MinimumProtocolVersion: awscloudfront.SecurityPolicyProtocol_TLS_V1_2_2021,
		HttpVersion:            awscloudfront.HttpVersion_HTTP2_AND_3,
		WebAclId:               firewall.AttrArn(),
		DefaultBehavior: &awscloudfront.BehaviorOptions{
			Origin: awscloudfrontorigins.NewHttpOrigin(props.APIHost, &awscloudfrontorigins.HttpOriginProps{
				ProtocolPolicy:     awscloudfront.OriginProtocolPolicy_HTTPS_ONLY,
				OriginSslProtocols: &[]awscloudfront.OriginSslPolicy{awscloudfront.OriginSslPolicy_TLS_V1_2},
				ReadTimeout:        awscdk.Duration_Seconds(jsii.Number(30)), // as long as the API waits for a function
			}),
			AllowedMethods:       awscloudfront.AllowedMethods_ALLOW_ALL(),
			ViewerProtocolPolicy: awscloudfront.ViewerProtocolPolicy_HTTPS_ONLY, // a redirect would come after the key was sent in the open
			CachePolicy:          awscloudfront.CachePolicy_CACHING_DISABLED(),
			OriginRequestPolicy:  awscloudfront.OriginRequestPolicy_ALL_VIEWER_EXCEPT_HOST_HEADER(),
			Compress:             jsii.Bool(false),
		},
	})
	Accept(distribution, "AwsSolutions-CFR1", "Customers travel: their links must open, and shops' servers may send events, from any country.")
	Accept(distribution, "AwsSolutions-CFR3", "Access logs go to CloudWatch Logs, which can leave out the paths that hold customers' "+
		"tokens and the callers' addresses; the distribution's own logging to S3 writes both.")
	deliverLogs(scope, distribution, props.LogRetentionDays)
	return &Edge{Domain: distribution.DistributionDomainName()}
}

// edgeLogFields are what CloudFront's log says of a request: nothing that names a customer.
var edgeLogFields = []string{
	"date", "time", "x-edge-location", "x-edge-request-id", "cs-method", "sc-status", "x-edge-result-type",
	"x-edge-detailed-result-type", "cs-protocol", "ssl-protocol", "cs-bytes", "sc-bytes", "time-taken", "time-to-first-byte",
}

// deliverLogs has the distribution's access log written to a log group. Sources and destinations of deliveries have no
// names but those that they are given.
func deliverLogs(scope constructs.Construct, distribution awscloudfront.Distribution, retentionDays int) {
	stack := awscdk.Stack_Of(scope)
	group := newLogGroup(scope, "AccessLogs", Logs{RetentionDays: retentionDays}) // encrypted by CloudWatch Logs itself
	arn := stack.FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("logs"), Resource: jsii.String("log-group"), ResourceName: group.LogGroupName(),
		ArnFormat: awscdk.ArnFormat_COLON_RESOURCE_NAME,
	})
	written := group.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid:        jsii.String("LogsOfCloudFront"),
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("delivery.logs.amazonaws.com"), nil)},
		Actions:    jsii.Strings("logs:CreateLogStream", "logs:PutLogEvents"),
		Resources:  jsii.Strings(*arn + ":log-stream:*"), // CloudFront makes the streams
		Conditions: &map[string]any{
			"StringEquals": map[string]any{"aws:SourceAccount": stack.Account()},
			"ArnLike":      map[string]any{"aws:SourceArn": "arn:" + *stack.Partition() + ":logs:" + *stack.Region() + ":" + *stack.Account() + ":*"},
		},
	}))
	source := awslogs.NewCfnDeliverySource(scope, jsii.String("LogSource"), &awslogs.CfnDeliverySourceProps{
		Name: uniqueName(scope, "Source"), LogType: jsii.String("ACCESS_LOGS"), ResourceArn: distribution.DistributionArn(),
	})
	destination := awslogs.NewCfnDeliveryDestination(scope, jsii.String("LogDestination"), &awslogs.CfnDeliveryDestinationProps{
		Name: uniqueName(scope, "Destination"), OutputFormat: jsii.String("json"), DestinationResourceArn: arn,
	})
	destination.Node().AddDependency(written.PolicyDependable)
	delivery := awslogs.NewCfnDelivery(scope, jsii.String("LogDelivery"), &awslogs.CfnDeliveryProps{
		DeliverySourceName: source.Ref(), DeliveryDestinationArn: destination.AttrArn(), RecordFields: jsii.Strings(edgeLogFields...),
	})
	delivery.Node().AddDependency(source)
}

func uniqueName(scope constructs.Construct, suffix string) *string {
	return jsii.String(*awscdk.Names_UniqueResourceName(scope, &awscdk.UniqueResourceNameOptions{
		MaxLength: jsii.Number(48), Separator: jsii.String("-"),
	}) + "-" + suffix)
}
