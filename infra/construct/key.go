package construct

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// Key is the one customer-managed key of a deployment: tables, bucket, queues, topics, secrets, logs and the functions'
// environment are encrypted with it. It rotates every year and is retained, since what it encrypts is.
type Key struct {
	Key awskms.Key
}

// KeyProps describes the key.
type KeyProps struct {
	// SMS lets AWS End User Messaging publish receipts of SMS, and what customers answer, to the encrypted topic.
	SMS bool
}

// NewKey returns the key with a policy that leaves use by roles to their own policies, and lets each AWS service that
// writes on nobody's behalf use it for this account alone.
func NewKey(parent constructs.Construct, id string, props KeyProps) *Key {
	scope := constructs.NewConstruct(parent, jsii.String(id))
	stack := awscdk.Stack_Of(scope)
	key := awskms.NewKey(scope, jsii.String("Key"), &awskms.KeyProps{
		Description:       jsii.String("Liuke: everything that the suite stores"),
		EnableKeyRotation: jsii.Bool(true),
		PendingWindow:     awscdk.Duration_Days(jsii.Number(30)),
		RemovalPolicy:     awscdk.RemovalPolicy_RETAIN,
	})

	// SES publishes receipts to the encrypted topic, SNS forwards them to the encrypted queue, CloudWatch publishes
	// alarms, EventBridge puts what rules match, and what they could not deliver, into encrypted queues; S3 log delivery
	// needs none. The conditions keep other accounts from using the services as deputies.
	type service struct{ sid, name string }
	services := []service{
		{"ReceiptsFromSes", "ses.amazonaws.com"},
		{"DeliveriesOfSns", "sns.amazonaws.com"},
		{"AlarmsOfCloudWatch", "cloudwatch.amazonaws.com"},
		{"RulesOfEventBridge", "events.amazonaws.com"},
	}
	if props.SMS {
		services = append(services, service{"ReceiptsOfSms", "sms-voice.amazonaws.com"})
	}
	for _, service := range services {
		key.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Sid:        jsii.String(service.sid),
			Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String(service.name), nil)},
			Actions:    jsii.Strings("kms:Decrypt", "kms:GenerateDataKey"),
			Resources:  jsii.Strings("*"), // in a key's policy: this key
			Conditions: &map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": stack.Account()}},
		}), nil)
	}
	key.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid:        jsii.String("LogGroups"),
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("logs."+*stack.Region()+".amazonaws.com"), nil)},
		Actions: jsii.Strings("kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo",
			"kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey"),
		Resources: jsii.Strings("*"), // in a key's policy: this key
		Conditions: &map[string]any{"ArnLike": map[string]any{"kms:EncryptionContext:aws:logs:arn": fmt.Sprintf(
			"arn:%s:logs:%s:%s:log-group:*", *stack.Partition(), *stack.Region(), *stack.Account())}},
	}), nil)
	return &Key{Key: key}
}
