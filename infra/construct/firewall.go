package construct

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awswafv2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// What one address may ask for within five minutes. Behind one address may stand all customers of a mobile network who
// open their mails, or a shop's server, whose 300 requests a second carry 6,000 events in batches of 20; a server that
// sends more can use the API's own address.
const (
	pagesPerAddress    = 1000
	requestsPerAddress = 90000
)

const (
	largestPath  = 4096 // bytes; a token that carries an address to lead on to is the longest
	largestQuery = 2048
)

// hugeBody matches a Content-Length of five million or more: the largest body that the API takes is a webhook of 4 MB. The
// firewall reads too little of a body to measure it.
const hugeBody = `^([5-9][0-9]{6}|[0-9]{8,})$`

// counted are the common rules that only count. They look for attacks in what is free text here (an event may be about a
// page with <script> in its title, a customer may write what he likes), or refuse senders for what shops' servers do.
var counted = []string{
	"NoUserAgent_HEADER", "SizeRestrictions_BODY", "SizeRestrictions_URIPATH", "EC2MetaDataSSRF_BODY", "GenericLFI_BODY",
	"GenericRFI_BODY", "CrossSiteScripting_BODY",
}

// newFirewall returns the web ACL of a distribution, so far as it is not refused: sizes that the API would refuse anyway,
// addresses that ask too often, and what AWS's common rules know as attacks. It keeps no samples of requests, which hold
// customers' tokens and addresses. Its refusals are problems in the API's own form.
func newFirewall(scope constructs.Construct, id string) awswafv2.CfnWebACL {
	rules := []any{
		refuse(0, "Sizes", "too_large", 413, anyOf(
			sizeAbove(&awswafv2.CfnWebACL_FieldToMatchProperty{UriPath: map[string]any{}}, largestPath),
			sizeAbove(&awswafv2.CfnWebACL_FieldToMatchProperty{QueryString: map[string]any{}}, largestQuery),
			&awswafv2.CfnWebACL_StatementProperty{RegexMatchStatement: &awswafv2.CfnWebACL_RegexMatchStatementProperty{
				FieldToMatch:        &awswafv2.CfnWebACL_FieldToMatchProperty{SingleHeader: map[string]any{"Name": "content-length"}},
				RegexString:         jsii.String(hugeBody),
				TextTransformations: asWritten(),
			}},
		)),
		refuse(1, "PagesByAddress", "throttled", 429, tooOften(pagesPerAddress, not(pathBegins("/v1/")))),
		refuse(2, "RequestsByAddress", "throttled", 429, tooOften(requestsPerAddress, nil)),
		commonRules(3),
	}
	return awswafv2.NewCfnWebACL(scope, jsii.String(id), &awswafv2.CfnWebACLProps{
		Description:      jsii.String("Liuke: what may reach the API through CloudFront"),
		Scope:            jsii.String("CLOUDFRONT"),
		DefaultAction:    &awswafv2.CfnWebACL_DefaultActionProperty{Allow: map[string]any{}},
		Rules:            rules,
		VisibilityConfig: counts("Firewall"),
		CustomResponseBodies: map[string]any{
			"throttled": problem("throttled", `"title":"Too Many Requests","status":429,"detail":"too many requests from this address; come back in a minute"`),
			"too_large": problem("invalid", `"title":"Request Entity Too Large","status":413,"detail":"the request is larger than any that is taken; send smaller batches"`),
		},
	})
}

// problem is the body of a refusal, of the same type as the API's own (RFC 9457).
func problem(code, members string) any {
	return &awswafv2.CfnWebACL_CustomResponseBodyProperty{
		ContentType: jsii.String("APPLICATION_JSON"),
		Content:     jsii.String(`{"type":"urn:liuke:problem:` + code + `",` + members + `}`),
	}
}

// refuse answers what matches with the status and the named body.
func refuse(priority float64, name, body string, status float64, when *awswafv2.CfnWebACL_StatementProperty) any {
	response := &awswafv2.CfnWebACL_CustomResponseProperty{
		ResponseCode: jsii.Number(status), CustomResponseBodyKey: jsii.String(body),
	}
	if status == 429 {
		response.ResponseHeaders = []any{&awswafv2.CfnWebACL_CustomHTTPHeaderProperty{Name: jsii.String("Retry-After"), Value: jsii.String("60")}}
	}
	return &awswafv2.CfnWebACL_RuleProperty{
		Name: jsii.String(name), Priority: jsii.Number(priority), Statement: when,
		Action:           &awswafv2.CfnWebACL_RuleActionProperty{Block: &awswafv2.CfnWebACL_BlockActionProperty{CustomResponse: response}},
		VisibilityConfig: counts(name),
	}
}

func commonRules(priority float64) any {
	var overrides []any
	for _, name := range counted {
		overrides = append(overrides, &awswafv2.CfnWebACL_RuleActionOverrideProperty{
			Name: jsii.String(name), ActionToUse: &awswafv2.CfnWebACL_RuleActionProperty{Count: map[string]any{}},
		})
	}
	return &awswafv2.CfnWebACL_RuleProperty{
		Name: jsii.String("CommonAttacks"), Priority: jsii.Number(priority),
		OverrideAction: &awswafv2.CfnWebACL_OverrideActionProperty{None: map[string]any{}},
		Statement: &awswafv2.CfnWebACL_StatementProperty{ManagedRuleGroupStatement: &awswafv2.CfnWebACL_ManagedRuleGroupStatementProperty{
			VendorName: jsii.String("AWS"), Name: jsii.String("AWSManagedRulesCommonRuleSet"), RuleActionOverrides: overrides,
		}},
		VisibilityConfig: counts("CommonAttacks"),
	}
}

func tooOften(limit float64, of *awswafv2.CfnWebACL_StatementProperty) *awswafv2.CfnWebACL_StatementProperty {
	rate := &awswafv2.CfnWebACL_RateBasedStatementProperty{
		AggregateKeyType: jsii.String("IP"), Limit: jsii.Number(limit), EvaluationWindowSec: jsii.Number(300),
	}
	if of != nil {
		rate.ScopeDownStatement = of
	}
	return &awswafv2.CfnWebACL_StatementProperty{RateBasedStatement: rate}
}

func pathBegins(prefix string) *awswafv2.CfnWebACL_StatementProperty {
	return &awswafv2.CfnWebACL_StatementProperty{ByteMatchStatement: &awswafv2.CfnWebACL_ByteMatchStatementProperty{
		FieldToMatch:         &awswafv2.CfnWebACL_FieldToMatchProperty{UriPath: map[string]any{}},
		PositionalConstraint: jsii.String("STARTS_WITH"),
		SearchString:         jsii.String(prefix),
		TextTransformations:  asWritten(),
	}}
}

func sizeAbove(field *awswafv2.CfnWebACL_FieldToMatchProperty, bytes float64) *awswafv2.CfnWebACL_StatementProperty {
	return &awswafv2.CfnWebACL_StatementProperty{SizeConstraintStatement: &awswafv2.CfnWebACL_SizeConstraintStatementProperty{
		FieldToMatch: field, ComparisonOperator: jsii.String("GT"), Size: jsii.Number(bytes), TextTransformations: asWritten(),
	}}
}

func not(s *awswafv2.CfnWebACL_StatementProperty) *awswafv2.CfnWebACL_StatementProperty {
	return &awswafv2.CfnWebACL_StatementProperty{NotStatement: &awswafv2.CfnWebACL_NotStatementProperty{Statement: s}}
}

func anyOf(statements ...any) *awswafv2.CfnWebACL_StatementProperty {
	return &awswafv2.CfnWebACL_StatementProperty{OrStatement: &awswafv2.CfnWebACL_OrStatementProperty{Statements: statements}}
}

func asWritten() []any {
	return []any{&awswafv2.CfnWebACL_TextTransformationProperty{Priority: jsii.Number(0), Type: jsii.String("NONE")}}
}

// counts has a metric counted under the name, and no requests kept.
func counts(name string) *awswafv2.CfnWebACL_VisibilityConfigProperty {
	return &awswafv2.CfnWebACL_VisibilityConfigProperty{
		MetricName: jsii.String(name), CloudWatchMetricsEnabled: jsii.Bool(true), SampledRequestsEnabled: jsii.Bool(false),
	}
}
