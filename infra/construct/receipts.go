package construct

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsses"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssmsvoice"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// ReceiptsProps says where receipts go.
type ReceiptsProps struct {
	// Queue takes each event in SNS's envelope, which tells when it was published: what a customer answers by SMS says so nowhere
	// else.
	Queue awssqs.Queue
	// Key encrypts the topic in between; its policy must let SES and SNS use it.
	Key awskms.IKey
	// Opens has SES tell of mails' pictures that are fetched, which puts one into each.
	Opens bool
	// SMS adds a configuration set for text messages, whose events take the same way.
	SMS bool
}

// Receipts is how mail and text messages are sent and what becomes of them: configuration sets whose events pass through a
// topic into a queue.
type Receipts struct {
	ConfigurationSet awsses.ConfigurationSet
	// ConfigurationSetArn is what a role that sends needs beside the identity's.
	ConfigurationSetArn *string
	// TextSetName and TextSetArn are those of the configuration set for SMS; nil without one.
	TextSetName, TextSetArn *string
	// TopicArn is the topic's, which two-way messages of SMS may be published to as well.
	TopicArn *string
}

// NewReceipts returns the configuration set: TLS on the way to the recipient's server, no sending to addresses that
// bounced or complained anywhere in the account, no tracking of clicks, and of opens only where that is asked for.
func NewReceipts(parent constructs.Construct, id string, props ReceiptsProps) *Receipts {
	scope := constructs.NewConstruct(parent, jsii.String(id))
	stack := awscdk.Stack_Of(scope)
	set := awsses.NewConfigurationSet(scope, jsii.String("ConfigurationSet"), &awsses.ConfigurationSetProps{
		ReputationMetrics:  jsii.Bool(true),
		SendingEnabled:     jsii.Bool(true),
		SuppressionReasons: awsses.SuppressionReasons_BOUNCES_AND_COMPLAINTS,
		TlsPolicy:          awsses.ConfigurationSetTlsPolicy_REQUIRE,
	})
	arn := stack.FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("ses"), Resource: jsii.String("configuration-set"), ResourceName: set.ConfigurationSetName(),
	})

	topic := awssns.NewTopic(scope, jsii.String("Topic"), &awssns.TopicProps{
		MasterKey:  props.Key,
		EnforceSSL: jsii.Bool(true),
	})
	topic.ApplyRemovalPolicy(awscdk.RemovalPolicy_DESTROY)
	published := topic.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid:        jsii.String("EventsOfSes"),
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("ses.amazonaws.com"), nil)},
		Actions:    jsii.Strings("sns:Publish"),
		Resources:  &[]*string{topic.TopicArn()},
		Conditions: &map[string]any{"StringEquals": map[string]any{
			"aws:SourceAccount": stack.Account(),
			"aws:SourceArn":     arn,
		}},
	}))
	props.Queue.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid:        jsii.String("ReceiptsFromSns"),
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("sns.amazonaws.com"), nil)},
		Actions:    jsii.Strings("sqs:SendMessage"),
		Resources:  &[]*string{props.Queue.QueueArn()},
		Conditions: &map[string]any{"ArnEquals": map[string]any{"aws:SourceArn": topic.TopicArn()}},
	}))
	awssns.NewSubscription(scope, jsii.String("Subscription"), &awssns.SubscriptionProps{
		Topic:    topic,
		Protocol: awssns.SubscriptionProtocol_SQS,
		Endpoint: props.Queue.QueueArn(),
	})
	kinds := []string{"SEND", "DELIVERY", "BOUNCE", "COMPLAINT", "REJECT", "RENDERING_FAILURE", "DELIVERY_DELAY"}
	if props.Opens {
		kinds = append(kinds, "OPEN")
	}
	events := awsses.NewCfnConfigurationSetEventDestination(scope, jsii.String("Events"), &awsses.CfnConfigurationSetEventDestinationProps{
		ConfigurationSetName: set.ConfigurationSetName(),
		EventDestination: &awsses.CfnConfigurationSetEventDestination_EventDestinationProperty{
			Enabled:            jsii.Bool(true),
			MatchingEventTypes: jsii.Strings(kinds...),
			SnsDestination:     &awsses.CfnConfigurationSetEventDestination_SnsDestinationProperty{TopicArn: topic.TopicArn()},
		},
	})
	events.Node().AddDependency(published.PolicyDependable) // SES tries the topic when the destination is made
	receipts := &Receipts{ConfigurationSet: set, ConfigurationSetArn: arn, TopicArn: topic.TopicArn()}
	if props.SMS {
		receipts.addText(scope, topic)
	}
	return receipts
}

// addText adds the configuration set for SMS. Its events stand in itself, so that the topic's policy, which has to be there
// first, cannot name it; and what customers answer, STOP for one, may come by the topic as well. Which of its resources the service
// names as the source of an answer is documented nowhere, so that the policy names them all, in the form in which the service's
// guide does ("Topic policies for Amazon SNS topics"): of this account and region.
func (r *Receipts) addText(scope constructs.Construct, topic awssns.Topic) {
	stack := awscdk.Stack_Of(scope)
	all := stack.FormatArn(&awscdk.ArnComponents{Service: jsii.String("sms-voice"), Resource: jsii.String("*")})
	published := topic.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid:        jsii.String("EventsOfSms"),
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("sms-voice.amazonaws.com"), nil)},
		Actions:    jsii.Strings("sns:Publish"),
		Resources:  &[]*string{topic.TopicArn()},
		Conditions: &map[string]any{
			"StringEquals": map[string]any{"aws:SourceAccount": stack.Account()},
			"ArnLike":      map[string]any{"aws:SourceArn": all},
		},
	}))
	set := awssmsvoice.NewCfnConfigurationSet(scope, jsii.String("TextSet"), &awssmsvoice.CfnConfigurationSetProps{
		EventDestinations: &[]any{&awssmsvoice.CfnConfigurationSet_EventDestinationProperty{
			EventDestinationName: jsii.String("receipts"), // a label within the set
			Enabled:              jsii.Bool(true),
			MatchingEventTypes:   jsii.Strings("TEXT_ALL"),
			SnsDestination:       &awssmsvoice.CfnConfigurationSet_SnsDestinationProperty{TopicArn: topic.TopicArn()},
		}},
	})
	set.ApplyRemovalPolicy(awscdk.RemovalPolicy_DESTROY, nil)
	set.Node().AddDependency(published.PolicyDependable)
	r.TextSetName, r.TextSetArn = set.Ref(), set.AttrArn()
}
