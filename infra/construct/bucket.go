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

// Expiration is how long the objects under a prefix are kept, in days from their writing.
type Expiration struct {
	Prefix string
	Days   float64
}

// Bucket holds objects for good: private, reachable over TLS alone, versioned (what is overwritten or deleted can be
// had back for thirty days), moved to cheaper storage as it cools, and retained when its stack goes. Who read what
// stands in a second bucket for ninety days.
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
		AbortIncompleteMultipartUploadAfter: days(2),
		NoncurrentVersionExpiration:         days(30),
		ExpiredObjectDeleteMarker:           jsii.Bool(true),
		Transitions: &[]*awss3.Transition{{
			StorageClass:    awss3.StorageClass_INTELLIGENT_TIERING(),
			TransitionAfter: days(30),
		}},
	}}
	for _, e := range props.Expirations {
		rules = append(rules, &awss3.LifecycleRule{
			Id: jsii.String("Expire-" + e.Prefix), Prefix: jsii.String(e.Prefix), Expiration: days(e.Days),
		})
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
	return &Bucket{Bucket: bucket}
}
