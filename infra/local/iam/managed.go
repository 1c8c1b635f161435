package iam

import (
	"fmt"
	"strings"
)

// managed are the policies of AWS's own that roles of functions commonly name, by the end of their ARN, with their
// published actions; each is on every resource.
var managed = map[string][]any{
	"AWSLambdaBasicExecutionRole": {"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"},
	"AWSLambdaSQSQueueExecutionRole": {
		"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes",
		"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents",
	},
	"AWSXRayDaemonWriteAccess": {
		"xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets",
		"xray:GetSamplingStatisticSummaries",
	},
	"CloudWatchLambdaInsightsExecutionRolePolicy": {"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"},
}

// Managed returns a policy of AWS's own by its ARN, or an error for one that is not known here.
func Managed(arn string) (*Policy, error) {
	name := arn[strings.LastIndexByte(arn, '/')+1:]
	actions, ok := managed[name]
	if !ok {
		return nil, fmt.Errorf("the managed policy %s is not known here: add its actions, or grant what is needed in the template", arn)
	}
	return Parse("managed policy "+name, map[string]any{
		"Statement": map[string]any{"Effect": "Allow", "Action": actions, "Resource": "*"},
	})
}
