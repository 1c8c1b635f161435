package construct

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsses"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// SenderProps says who sends.
type SenderProps struct {
	// Domain is what mail comes from. SES knows a domain once an account and region: each stage needs its own.
	Domain string
}

// Sender is the identity that SES sends as. Until the DKIM records that the stack puts out stand in the domain's DNS,
// SES refuses to send.
type Sender struct {
	// IdentityArn is what a role that sends needs.
	IdentityArn *string
}

// NewSender returns the identity, signed by keys of 2,048 bits that SES rotates. It is retained, unless making it failed:
// a new identity would be new records for the domain's DNS.
func NewSender(parent constructs.Construct, id string, props SenderProps) *Sender {
	scope := constructs.NewConstruct(parent, jsii.String(id))
	identity := awsses.NewEmailIdentity(scope, jsii.String("Identity"), &awsses.EmailIdentityProps{
		Identity:     awsses.Identity_Domain(jsii.String(props.Domain)),
		DkimIdentity: awsses.DkimIdentity_EasyDkim(awsses.EasyDkimSigningKeyLength_RSA_2048_BIT),
		DkimSigning:  jsii.Bool(true),
	})
	identity.Node().DefaultChild().(awsses.CfnEmailIdentity).ApplyRemovalPolicy(awscdk.RemovalPolicy_RETAIN_ON_UPDATE_OR_DELETE, nil)
	for i, record := range *identity.DkimRecords() {
		awscdk.NewCfnOutput(scope, jsii.String(fmt.Sprintf("Dkim%d", i+1)), &awscdk.CfnOutputProps{
			Description: jsii.String("CNAME record for the sender's DNS"),
			Value:       jsii.String(*record.Name + " CNAME " + *record.Value),
		})
	}
	return &Sender{IdentityArn: awscdk.Stack_Of(scope).FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("ses"), Resource: jsii.String("identity"), ResourceName: jsii.String(props.Domain),
	})}
}
