package construct

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// BucketProps says how a bucket is encrypted and kept.
type BucketProps struct {
	// Key encrypts the objects, through a bucket key, so that objects by the million cost few calls of KMS.
	Key awskms.IKey
	// Expirations say what is not kept for good.
	Expirations []Expiration
}

// Expiration is how long objects are kept, in days from their writing.
type Expiration struct {
	// Prefix is what their names begin with; it ends in "/".
	Prefix string
	// Days are at least one.
	Days float64
	// ForGood says that what expires, is deleted or is overwritten is gone a day later, without the thirty days in which
	// anything else can be had back: for what names customers.
	ForGood bool
}

// Bucket holds objects for good: private, reachable over TLS alone, versioned (what is overwritten or deleted can be
// had back for thirty days), moved to cheaper storage as it cools, and retained when its stack goes. It tells EventBridge
// of what happens to its objects; nothing is delivered, or paid, until a rule asks for it. Who read what stands in a
// second bucket for ninety days.
type Bucket struct {
	Bucket awss3.Bucket
}

// NewBucket returns the bucket and the one that keeps its access logs.
func NewBucket(parent constructs.Construct, id string, props BucketProps) *Bucket {
	scope := constructs.NewConstruct(parent, jsii.String(id))
	days := func(n float64) awscdk.Duration { return awscdk.Duration_Days(jsii.Number(n)) }
	logs := awss3.NewBucket(scope, jsii.String("AccessLogs"), &awss3.BucketProps{
		Encryption:        awss3.BucketEncryption_S3_MANAGED, // log delivery cannot use a customer-managed key
		BlockPublicAccess: awss3.BlockPublicAccess_BLOCK_ALL(),
		ObjectOwnership:   awss3.ObjectOwnership_BUCKET_OWNER_ENFORCED,
		EnforceSSL:        jsii.Bool(true),
		MinimumTLSVersion: jsii.Number(1.2),
		RemovalPolicy:     awscdk.RemovalPolicy_RETAIN,
		LifecycleRules:    &[]*awss3.LifecycleRule{{Id: jsii.String("Expire"), Expiration: days(90)}},
	})
	rules := []*awss3.LifecycleRule{{
		Id:                                  jsii.String("Tidy"),
		AbortIncompleteMultipartUploadAfter: days(7),
		NoncurrentVersionExpiration:         days(30),
		ExpiredObjectDeleteMarker:           jsii.Bool(true),
		Transitions: &[]*awss3.Transition{{
			StorageClass:    awss3.StorageClass_INTELLIGENT_TIERING(),
			TransitionAfter: days(30),
		}},
	}}
	for _, e := range props.Expirations {
		rules = append(rules, e.rule())
	}
	bucket := awss3.NewBucket(scope, jsii.String("Bucket"), &awss3.BucketProps{
		Encryption:             awss3.BucketEncryption_KMS,
		EncryptionKey:          props.Key,
		BucketKeyEnabled:       jsii.Bool(true),
		BlockPublicAccess:      awss3.BlockPublicAccess_BLOCK_ALL(),
		ObjectOwnership:        awss3.ObjectOwnership_BUCKET_OWNER_ENFORCED,
		EnforceSSL:             jsii.Bool(true),
		MinimumTLSVersion:      jsii.Number(1.2),
		Versioned:              jsii.Bool(true),
		RemovalPolicy:          awscdk.RemovalPolicy_RETAIN,
		ServerAccessLogsBucket: logs,
		LifecycleRules:         &rules,
	})
	// Not EventBridgeEnabled, which would set the same property by a function of the CDK's own at each deployment.
	bucket.Node().DefaultChild().(awss3.CfnBucket).SetNotificationConfiguration(&awss3.CfnBucket_NotificationConfigurationProperty{
		EventBridgeConfiguration: &awss3.CfnBucket_EventBridgeConfigurationProperty{EventBridgeEnabled: jsii.Bool(true)},
	})
	return &Bucket{Bucket: bucket}
}

func (e Expiration) rule() *awss3.LifecycleRule {
	rule := &awss3.LifecycleRule{
		Id: jsii.String("Expire-" + e.Prefix), Prefix: jsii.String(e.Prefix), Expiration: awscdk.Duration_Days(jsii.Number(e.Days)),
	}
	if e.ForGood {
		rule.NoncurrentVersionExpiration = awscdk.Duration_Days(jsii.Number(1))
	}
	return rule
}
