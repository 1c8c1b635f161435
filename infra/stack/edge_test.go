package stack

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// distribution returns the settings of the one distribution.
func distribution(t *testing.T) any {
	t.Helper()
	distributions := synthesizeWhole(t).edge.of("AWS::CloudFront::Distribution")
	if len(distributions) != 1 {
		t.Fatalf("%d distributions, want one", len(distributions))
	}
	for _, d := range distributions {
		return at(d.Properties, "DistributionConfig")
	}
	return nil
}

func TestNothingStandsBeforeTheAPIUnasked(t *testing.T) {
	if n := len(synthesize(t).edge.Resources); n != 0 {
		t.Errorf("%d resources of an edge", n)
	}
	for _, tm := range synthesize(t).all() {
		for id, r := range tm.Resources {
			if strings.HasPrefix(r.Type, "AWS::CloudFront::") || strings.HasPrefix(r.Type, "AWS::WAFv2::") {
				t.Errorf("%s is of an edge", id)
			}
		}
		if _, put := tm.Outputs["ApiHost"]; put {
			t.Error("the API's host is put out for nobody")
		}
	}
}

func TestTheEdgeChangesNothingButHost(t *testing.T) {
	d := distribution(t)
	behavior := at(d, "DefaultCacheBehavior")
	const ( // of CloudFront's own policies
		cachingDisabled           = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
		allViewerExceptHostHeader = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
	)
	if got := at(behavior, "CachePolicyId"); got != cachingDisabled {
		t.Errorf("answers are cached by %v", got)
	}
	if got := at(behavior, "OriginRequestPolicyId"); got != allViewerExceptHostHeader {
		t.Errorf("requests are passed on by %v, want all of them but Host", got)
	}
	if got := texts(at(behavior, "AllowedMethods")); !slices.Contains(got, "POST") || !slices.Contains(got, "DELETE") {
		t.Errorf("only %v are passed on", got)
	}
	if n := len(list(at(d, "CacheBehaviors"))); n != 0 {
		t.Errorf("%d paths are treated otherwise", n)
	}
}

func TestTheEdgeSpeaksTLSOfTodayOnBothSides(t *testing.T) {
	d := distribution(t)
	if got := at(d, "DefaultCacheBehavior", "ViewerProtocolPolicy"); got != "https-only" {
		t.Errorf("without TLS requests are met with %v", got)
	}
	if got := at(d, "ViewerCertificate", "MinimumProtocolVersion"); got != "TLSv1.2_2021" {
		t.Errorf("viewers may speak %v", got)
	}
	if target(at(d, "ViewerCertificate", "AcmCertificateArn")) == "" || !slices.Equal(texts(at(d, "Aliases")), []string{"go.shop.example"}) {
		t.Errorf("it answers as %v with the certificate %v", at(d, "Aliases"), at(d, "ViewerCertificate"))
	}
	for _, origin := range list(at(d, "Origins")) {
		if at(origin, "CustomOriginConfig", "OriginProtocolPolicy") != "https-only" ||
			!slices.Equal(texts(at(origin, "CustomOriginConfig", "OriginSSLProtocols")), []string{"TLSv1.2"}) {
			t.Errorf("it speaks to the API by %v", at(origin, "CustomOriginConfig"))
		}
		want := map[string]any{"StackName": "Liuke-test-App", "OutputName": "ApiHost", "Region": region}
		if got, _ := at(origin, "DomainName", "Fn::GetStackOutput").(map[string]any); !maps.Equal(got, want) {
			t.Errorf("it passes requests on to %v, want the output %v", at(origin, "DomainName"), want)
		}
	}
	if host := text(synthesizeWhole(t).app.Outputs["ApiHost"].Value); !regexp.MustCompile(`^\$\{ApiCD\w+\}\.execute-api\.` + region + `\.\$\{AWS::URLSuffix\}$`).MatchString(host) {
		t.Errorf("the app stack puts out %s as its API's host", host)
	}
}

func TestTheFirewallGuardsTheDistribution(t *testing.T) {
	edge := synthesizeWhole(t).edge
	acl := edge.Resources[target(at(distribution(t), "WebACLId"))]
	if acl.Type != "AWS::WAFv2::WebACL" || acl.Properties["Scope"] != "CLOUDFRONT" || at(acl.Properties, "DefaultAction", "Allow") == nil {
		t.Fatalf("the distribution is guarded by %v", acl)
	}
	rules := map[string]any{}
	for _, r := range list(acl.Properties["Rules"]) {
		rules[at(r, "Name").(string)] = r
		if at(r, "VisibilityConfig", "SampledRequestsEnabled") != false || at(r, "VisibilityConfig", "CloudWatchMetricsEnabled") != true {
			t.Errorf("%v keeps requests, or counts none", at(r, "Name"))
		}
	}
	for name, limit := range map[string]float64{"PagesByAddress": 1000, "RequestsByAddress": 90000} {
		rate := at(rules[name], "Statement", "RateBasedStatement")
		if at(rate, "AggregateKeyType") != "IP" || at(rate, "Limit") != limit || at(rate, "EvaluationWindowSec") != 300.0 {
			t.Errorf("%s: %v, want %v requests an address in five minutes", name, rate, limit)
		}
		response := at(rules[name], "Action", "Block", "CustomResponse")
		if at(response, "ResponseCode") != 429.0 || len(list(at(response, "ResponseHeaders"))) != 1 {
			t.Errorf("%s answers %v, want 429 with Retry-After", name, response)
		}
	}
	if got := at(rules["PagesByAddress"], "Statement", "RateBasedStatement", "ScopeDownStatement", "NotStatement", "Statement", "ByteMatchStatement", "SearchString"); got != "/v1/" {
		t.Errorf("customers' pages are all but %v", got)
	}
	group := at(rules["CommonAttacks"], "Statement", "ManagedRuleGroupStatement")
	if at(group, "VendorName") != "AWS" || at(group, "Name") != "AWSManagedRulesCommonRuleSet" {
		t.Errorf("known attacks are looked for by %v", group)
	}
	for _, override := range list(at(group, "RuleActionOverrides")) {
		if at(override, "ActionToUse", "Count") == nil {
			t.Errorf("%v is not counted", at(override, "Name"))
		}
	}
	huge := regexp.MustCompile(hugeBody(list(at(rules["Sizes"], "Statement", "OrStatement", "Statements"))))
	for length, refused := range map[string]bool{"512000": false, "4194304": false, "4999999": false, "5000000": true, "10485760": true, "": false} {
		if huge.MatchString(length) != refused {
			t.Errorf("a body of %s bytes is refused: %t", length, !refused)
		}
	}
	if n := len(list(at(rules["Sizes"], "Statement", "OrStatement", "Statements"))); n != 3 {
		t.Errorf("%d sizes are limited, want path, query and body", n)
	}
	for key, body := range acl.Properties["CustomResponseBodies"].(map[string]any) {
		if !strings.HasPrefix(at(body, "Content").(string), `{"type":"urn:liuke:problem:`) {
			t.Errorf("%s is no problem of the API's own form: %v", key, body)
		}
	}
}

// hugeBody is the pattern of lengths that are refused.
func hugeBody(statements []any) string {
	for _, s := range statements {
		if pattern, ok := at(s, "RegexMatchStatement", "RegexString").(string); ok {
			return pattern
		}
	}
	return "a body of any length is taken"
}

func TestTheEdgesLogNamesNobody(t *testing.T) {
	edge := synthesizeWhole(t).edge
	deliveries := edge.of("AWS::Logs::Delivery")
	if len(deliveries) != 1 {
		t.Fatalf("%d logs are delivered, want one", len(deliveries))
	}
	for id, d := range deliveries {
		fields := texts(d.Properties["RecordFields"])
		if !slices.Contains(fields, "sc-status") || !slices.Contains(fields, "time") {
			t.Errorf("%s tells neither when nor what became of a request: %v", id, fields)
		}
		for _, f := range fields {
			for _, personal := range []string{"uri", "query", "ip", "cookie", "user-agent", "referer", "forwarded", "host", "headers"} {
				if f != "x-edge-location" && strings.Contains(f, personal) && f != "ssl-cipher" {
					t.Errorf("%s holds %s", id, f)
				}
			}
		}
		source := edge.Resources[target(d.Properties["DeliverySourceName"])]
		if source.Properties["LogType"] != "ACCESS_LOGS" || !strings.Contains(text(source.Properties["ResourceArn"]), ":distribution/") {
			t.Errorf("%s comes from %v", id, source.Properties)
		}
	}
	for id, group := range edge.of("AWS::Logs::LogGroup") {
		if group.Properties["RetentionInDays"] != 30.0 || group.DeletionPolicy != "Delete" {
			t.Errorf("%s is kept for %v days, want the setting's 30", id, group.Properties["RetentionInDays"])
		}
	}
	if !allowedLike(edge, "AWS::Logs::ResourcePolicy", "delivery.logs.amazonaws.com") {
		t.Error("CloudFront's log may be written by other accounts' deliveries, or not at all")
	}
}

// allowedLike tells whether a resource policy of the kind lets the service work for this account alone.
func allowedLike(tm template, kind, service string) bool {
	for _, policy := range tm.of(kind) {
		document := text(policy.Properties["PolicyDocument"])
		if strings.Contains(document, service) && strings.Contains(document, `"aws:SourceAccount":"`+account+`"`) {
			return true
		}
	}
	return false
}
