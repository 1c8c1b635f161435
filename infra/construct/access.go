package construct

import (
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"
)

// Access is one statement of a role: the calls that its code makes on some resources, and what those calls need of the
// key that the resources are encrypted with.
type Access struct {
	// Service is the prefix of the actions, and the service through which the key may be used: "sqs", "dynamodb", …
	Service string
	// Actions without the service's prefix, each spelled out; none where the service uses the key alone.
	Actions []string
	// Resources are ARNs.
	Resources []*string
	// Conditions are IAM's, by operator and key; nil for none.
	Conditions map[string]any
	// Opens says that the calls read what the key encrypts (kms:Decrypt).
	Opens bool
	// Seals says that the calls write what the key is to encrypt (kms:GenerateDataKey).
	Seals bool
	// Wildcard is the reason for a resource that ends in "*"; it is required where there is one. Of is the pattern of the
	// finding to suppress for it, in cdk-nag's words.
	Wildcard, Of string
}

// Items is access to a table's items by the named actions: "GetItem", "PutItem", … A write needs no data key of its own:
// DynamoDB asks the caller only to open the table's key.
func Items(table awsdynamodb.ITableV2, actions ...string) Access {
	return Access{Service: "dynamodb", Actions: actions, Resources: []*string{table.TableArn()}, Opens: true}
}

// Index is access to what an index of a table lists.
func Index(table awsdynamodb.ITableV2, name string) Access {
	return Access{
		Service: "dynamodb", Actions: []string{"Query"}, Opens: true,
		Resources: []*string{awscdk.Fn_Join(jsii.String(""), &[]*string{table.TableArn(), jsii.String("/index/" + name)})},
	}
}

// Send is access to put messages into queues.
func Send(queues ...awssqs.IQueue) Access {
	a := Access{Service: "sqs", Actions: []string{"SendMessage"}, Opens: true, Seals: true}
	for _, q := range queues {
		a.Resources = append(a.Resources, q.QueueArn())
	}
	return a
}

// Consume is what Lambda's poller needs of a queue on the function's behalf.
func Consume(queue awssqs.IQueue) Access {
	return Access{
		Service: "sqs", Actions: []string{"ReceiveMessage", "DeleteMessage", "GetQueueAttributes"},
		Resources: []*string{queue.QueueArn()}, Opens: true,
	}
}

// PutObjects is access to write objects under a prefix of the bucket, which ends in "/" and may have "*" for any
// characters: "imports/*/refused/".
func PutObjects(bucket awss3.IBucket, prefix string) Access {
	a := objects(bucket, prefix, "PutObject")
	a.Seals = true
	return a
}

// GetObjects is access to read objects under a prefix of the bucket, which ends in "/".
func GetObjects(bucket awss3.IBucket, prefix string) Access {
	a := objects(bucket, prefix, "GetObject")
	a.Opens = true
	return a
}

// RewriteObjects is access to read and to write objects under a prefix of the bucket, in parts where they are large;
// completing an upload in parts opens what the parts were sealed with.
func RewriteObjects(bucket awss3.IBucket, prefix string) Access {
	a := objects(bucket, prefix, "GetObject", "PutObject", "AbortMultipartUpload")
	a.Opens, a.Seals = true, true
	return a
}

// DeleteObjects is access to delete objects under a prefix of the bucket, which ends in "/"; older versions of them stay
// as long as the bucket keeps them.
func DeleteObjects(bucket awss3.IBucket, prefix string) Access {
	return objects(bucket, prefix, "DeleteObject")
}

// ListObjects is access to list the names of objects under the prefixes, each of which ends in "/", and to be told that an
// object does not exist: without it S3 answers a reader of what is not there that it may not read. It asks for that with
// no prefix at all, which is why a listing without one is allowed as well.
func ListObjects(bucket awss3.IBucket, prefixes ...string) Access {
	under := make([]string, len(prefixes))
	for i, p := range prefixes {
		under[i] = p + "*"
	}
	return Access{
		Service: "s3", Actions: []string{"ListBucket"}, Resources: []*string{bucket.BucketArn()},
		Conditions: map[string]any{"StringLikeIfExists": map[string]any{"s3:prefix": under}},
	}
}

func objects(bucket awss3.IBucket, prefix string, actions ...string) Access {
	return Access{
		Service: "s3", Actions: actions, Resources: []*string{bucket.ArnForObjects(jsii.String(prefix + "*"))},
		Wildcard: "The names of objects under " + prefix + " are made as they are written; the prefix is the function's own.",
		Of:       "/^Resource::.*\\/" + strings.ReplaceAll(regexp.QuoteMeta(prefix), "/", "\\/") + "\\*$/",
	}
}

// ReadSecret is access to a secret's value.
func ReadSecret(secret awssecretsmanager.ISecret) Access {
	return Access{
		Service: "secretsmanager", Actions: []string{"GetSecretValue"},
		Resources: []*string{secret.SecretArn()}, Opens: true,
	}
}

func (a Access) statement() awsiam.PolicyStatement {
	actions := make([]*string, len(a.Actions))
	for i, name := range a.Actions {
		actions[i] = jsii.String(a.Service + ":" + name)
	}
	props := &awsiam.PolicyStatementProps{Actions: &actions, Resources: &a.Resources}
	if a.Conditions != nil {
		props.Conditions = &a.Conditions
	}
	return awsiam.NewPolicyStatement(props)
}

// allow adds the accesses to a role, and for each use of the key a statement that holds only through the services that
// hold the data.
func allow(role awsiam.Role, key awskms.IKey, accesses ...Access) {
	var opens, seals []string
	for _, a := range accesses {
		if len(a.Actions) > 0 {
			role.AddToPolicy(a.statement())
		}
		if a.Opens {
			opens = appendNew(opens, a.Service)
		}
		if a.Seals {
			seals = appendNew(seals, a.Service)
		}
		if a.Wildcard != "" {
			Accept(role, "AwsSolutions-IAM5", a.Wildcard, a.Of)
		}
	}
	useKey(role, key, "kms:Decrypt", opens)
	useKey(role, key, "kms:GenerateDataKey", seals)
}

func useKey(role awsiam.Role, key awskms.IKey, action string, services []string) {
	if len(services) == 0 {
		return
	}
	region := *awscdk.Stack_Of(role).Region()
	via := make([]string, len(services))
	for i, s := range services {
		via[i] = s + "." + region + ".amazonaws.com"
	}
	role.AddToPolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions:    jsii.Strings(action),
		Resources:  &[]*string{key.KeyArn()},
		Conditions: &map[string]any{"StringEquals": map[string]any{"kms:ViaService": via}},
	}))
}

func appendNew(list []string, s string) []string {
	for _, have := range list {
		if have == s {
			return list
		}
	}
	return append(list, s)
}

func seconds(d time.Duration) awscdk.Duration {
	return awscdk.Duration_Seconds(jsii.Number(d.Seconds()))
}
