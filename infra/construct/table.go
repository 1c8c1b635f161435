package construct

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// TableProps says how a table is keyed.
type TableProps struct {
	// PartitionKey and SortKey are names of string attributes; a SortKey of "" is none.
	PartitionKey, SortKey string
	// TimeToLive is the attribute that holds when an item expires, in Unix seconds; "" expires none.
	TimeToLive string
	// Index lists the items that have its keys, in another order; nil is none.
	Index *IndexProps
	// Key encrypts the table.
	Key awskms.IKey
}

// IndexProps says what an index is keyed by and holds, beside the table's own keys.
type IndexProps struct {
	Name, PartitionKey, SortKey string
	// Include are the attributes that it holds.
	Include []string
}

// Table is a DynamoDB table, paid by the request, that survives every mistake: it is retained when its stack goes, refuses
// to be deleted, and can be restored to any second of the last 35 days. It has no stream.
type Table struct {
	Table awsdynamodb.TableV2
}

// NewTable returns the table.
func NewTable(parent constructs.Construct, id string, props TableProps) *Table {
	scope := constructs.NewConstruct(parent, jsii.String(id))
	attribute := func(name string) *awsdynamodb.Attribute {
		if name == "" {
			return nil
		}
		return &awsdynamodb.Attribute{Name: jsii.String(name), Type: awsdynamodb.AttributeType_STRING}
	}
	table := &awsdynamodb.TablePropsV2{
		PartitionKey:       attribute(props.PartitionKey),
		SortKey:            attribute(props.SortKey),
		Billing:            awsdynamodb.Billing_OnDemand(nil),
		Encryption:         awsdynamodb.TableEncryptionV2_CustomerManagedKey(props.Key, nil),
		DeletionProtection: jsii.Bool(true),
		RemovalPolicy:      awscdk.RemovalPolicy_RETAIN,
		PointInTimeRecoverySpecification: &awsdynamodb.PointInTimeRecoverySpecification{
			PointInTimeRecoveryEnabled: jsii.Bool(true),
		},
	}
	if props.TimeToLive != "" {
		table.TimeToLiveAttribute = jsii.String(props.TimeToLive)
	}
	if x := props.Index; x != nil {
		table.GlobalSecondaryIndexes = &[]*awsdynamodb.GlobalSecondaryIndexPropsV2{{
			IndexName: jsii.String(x.Name), PartitionKey: attribute(x.PartitionKey), SortKey: attribute(x.SortKey),
			ProjectionType: awsdynamodb.ProjectionType_INCLUDE, NonKeyAttributes: jsii.Strings(x.Include...),
		}}
	}
	return &Table{Table: awsdynamodb.NewTableV2(scope, jsii.String("Table"), table)}
}
