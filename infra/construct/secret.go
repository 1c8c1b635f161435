package construct

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// KeysProps describes a pair of keys.
type KeysProps struct {
	// Description says what the keys are for.
	Description string
	// Key encrypts the secret.
	Key awskms.IKey
}

// Keys is a secret of up to two keys that are valid at a time, {"current": …, "previous": …}. The first is made by
// Secrets Manager on deployment, so that no template and no machine ever holds it.
type Keys struct {
	Secret awssecretsmanager.Secret
}

// NewConnections returns a secret of what belongs to other systems, such as what they sign with, by connection:
// {"shop": {"current": …, "previous": …}}. Operators fill it in by hand with what those systems show them. It begins with one member that is no connection,
// {"unused": "…"}, since Secrets Manager generates no empty object, and a value that stood in the template would go over
// the operators' whenever the secret is changed otherwise. It is retained.
func NewConnections(parent constructs.Construct, id string, props KeysProps) *Keys {
	scope := constructs.NewConstruct(parent, jsii.String(id))
	secret := newSecret(scope, props, "unused")
	Accept(scope, "AwsSolutions-SMG4", "What other systems sign with, or ask for, is theirs to change: operators enter the new secret "+
		"and, where two are valid at a time, keep the old one as previous until the other system has stopped using it.")
	return &Keys{Secret: secret}
}

// NewKeys returns the secret. It is retained: links that customers hold stay valid only as long as the keys do.
func NewKeys(parent constructs.Construct, id string, props KeysProps) *Keys {
	scope := constructs.NewConstruct(parent, jsii.String(id))
	secret := newSecret(scope, props, "current")
	Accept(scope, "AwsSolutions-SMG4", "Operators rotate these keys by moving current to previous, when those who hold the "+
		"old one are ready: a schedule would cut off shops and the links in mails that were sent.")
	return &Keys{Secret: secret}
}

// newSecret returns a secret that is retained, an object with one generated member.
func newSecret(scope constructs.Construct, props KeysProps, member string) awssecretsmanager.Secret {
	return awssecretsmanager.NewSecret(scope, jsii.String("Secret"), &awssecretsmanager.SecretProps{
		Description:   jsii.String(props.Description),
		EncryptionKey: props.Key,
		RemovalPolicy: awscdk.RemovalPolicy_RETAIN,
		GenerateSecretString: &awssecretsmanager.SecretStringGenerator{
			SecretStringTemplate: jsii.String("{}"),
			GenerateStringKey:    jsii.String(member),
			PasswordLength:       jsii.Number(43), // 62 letters and digits to the 43rd: 256 bits
			ExcludePunctuation:   jsii.Bool(true),
		},
	})
}
