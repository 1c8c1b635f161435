package stack

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// wildcards are the "*" that policies may hold, each with its reason. The pattern is matched against
// "<type> <principal> <action> on <resource>".
var wildcards = []struct{ pattern, reason string }{
	{`^AWS::IAM::Policy  xray:Put\w+ on \*$`, "X-Ray's write actions take no resource"},
	{`^AWS::IAM::Policy  ses:GetAccount on \*$`, "the account's sending quota belongs to no resource"},
	{`^AWS::IAM::Policy  sns:Publish on arn:aws:sns:[^*]+:endpoint/(APNS|GCM)/shop/\*$`, "the shop's app makes the endpoints, one a phone"},
	{`^AWS::IAM::Policy  s3:\w+ on \$\{[^}]*LakeBucket[^}]*Arn[^}]*\}/(rejected|events|days|runs|scores|exports|imports|imports/\*/refused)/\*$`, "objects' names are made as they are written; the prefix is the function's own"},
	{`^AWS::KMS::Key \S*:root kms:\* on \*$`, "the account's administrators, without whom the key could never be changed again"},
	{`^AWS::KMS::Key \S*:root kms:[\w*]+ on \*$`, "Secrets Manager's use for principals of the account; in a key's policy \"*\" is the key"},
	{`^AWS::KMS::Key \S+\.amazonaws\.com kms:\w+ on \*$`, "in a key's policy \"*\" is the key"},
	{`^AWS::S3::BucketPolicy logging\.s3\.amazonaws\.com s3:PutObject on \$\{LakeAccessLogs\w+\}/\*$`, "S3 names the access logs that it delivers"},
}

func TestEveryWildcardHasAReason(t *testing.T) {
	used := make([]bool, len(wildcards))
	check := func(kind, line string) {
		if !strings.Contains(line, "*") {
			return
		}
		for i, w := range wildcards {
			if regexp.MustCompile(w.pattern).MatchString(line) {
				used[i] = true
				return
			}
		}
		t.Errorf("a wildcard without a reason: %s", line)
	}
	for _, tm := range synthesizeWhole(t).all() {
		for _, r := range tm.Resources {
			for _, statement := range statements(r.Properties) {
				if at(statement, "Effect") != "Allow" {
					continue
				}
				if at(statement, "NotAction") != nil || at(statement, "NotResource") != nil {
					t.Errorf("%s allows all but something: %v", r.Type, statement)
				}
				for _, action := range texts(at(statement, "Action")) {
					for _, on := range append(texts(at(statement, "Resource")), "")[:max(1, len(list(at(statement, "Resource"))))] {
						check(r.Type, r.Type+" "+principal(statement)+" "+action+" on "+on)
					}
				}
			}
		}
	}
	for i, w := range wildcards {
		if !used[i] {
			t.Errorf("no policy holds %s any more: remove the reason %q", w.pattern, w.reason)
		}
	}
}

// statements are those of every policy document among the properties.
func statements(v any) []any {
	switch v := v.(type) {
	case map[string]any:
		if v["Version"] == "2012-10-17" {
			return list(v["Statement"])
		}
		var all []any
		for _, nested := range v {
			all = append(all, statements(nested)...)
		}
		return all
	case []any:
		var all []any
		for _, nested := range v {
			all = append(all, statements(nested)...)
		}
		return all
	}
	return nil
}

func principal(statement any) string {
	switch p := at(statement, "Principal").(type) {
	case nil:
		return ""
	case map[string]any:
		var all []string
		for _, who := range p {
			all = append(all, texts(who)...)
		}
		return strings.Join(all, ",")
	default:
		return text(p)
	}
}

func TestRolesUseTheKeyOnlyThroughTheServicesThatHoldData(t *testing.T) {
	for id, policy := range synthesizeWhole(t).app.of("AWS::IAM::Policy") {
		for _, s := range statements(policy.Properties) {
			if !strings.HasPrefix(texts(at(s, "Action"))[0], "kms:") {
				continue
			}
			if len(texts(at(s, "Condition", "StringEquals", "kms:ViaService"))) == 0 {
				t.Errorf("%s may use the key by itself: %v", id, s)
			}
		}
	}
}

// labels are properties that are called a name and may stand in a template.
var labels = map[string]string{
	"AWS::ApiGatewayV2::Api.Name":        "a label; APIs are told apart by their ids",
	"AWS::ApiGatewayV2::Authorizer.Name": "a label within one API",
	"AWS::ApiGatewayV2::Stage.StageName": "$default, the stage without a path",
	"AWS::CloudWatch::Alarm.MetricName":  "what the alarm watches",
	"AWS::SNS::Topic.DisplayName":        "whom the mails of the alarms are from",
	"AWS::IAM::Policy.PolicyName":        "a label within one role",

	"AWS::Events::Rule.EventBusName":                  "the bus is not the suite's own",
	"AWS::CertificateManager::Certificate.DomainName": "the name that the certificate is for",
	"AWS::Logs::DeliverySource.Name":                  "required by CloudWatch Logs; holds the stage",
	"AWS::Logs::DeliveryDestination.Name":             "required by CloudWatch Logs; holds the stage",
	"AWS::Logs::ResourcePolicy.PolicyName":            "required by CloudWatch Logs; holds the stage",
}

func TestResourcesHaveNoPhysicalNames(t *testing.T) {
	for _, tm := range synthesizeWhole(t).all() {
		for id, r := range tm.Resources {
			for property, value := range r.Properties {
				if _, literal := value.(string); !literal || !strings.HasSuffix(property, "Name") {
					continue
				}
				if labels[r.Type+"."+property] == "" {
					t.Errorf("%s (%s) is named: %s = %v", id, r.Type, property, value)
				}
			}
		}
	}
}

func TestWhatTheAppStackHoldsCanBeThrownAway(t *testing.T) {
	s := synthesizeWhole(t)
	for id, r := range s.app.Resources {
		if r.DeletionPolicy == "Retain" {
			t.Errorf("%s would outlive the app stack", id)
		}
	}
	stateful := []string{"AWS::DynamoDB::GlobalTable", "AWS::S3::Bucket", "AWS::KMS::Key", "AWS::SecretsManager::Secret", "AWS::Cognito::UserPool"}
	for _, kind := range stateful {
		if n := len(s.app.of(kind)); n != 0 {
			t.Errorf("%d of %s stand in the app stack", n, kind)
		}
	}
	for _, kind := range []string{"AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::Logs::LogGroup"} {
		for id, r := range s.app.of(kind) {
			if r.DeletionPolicy != "Delete" {
				t.Errorf("%s does not say what becomes of it", id)
			}
		}
	}
}

func TestNobodyMayUseATemplateAsAPasswordStore(t *testing.T) {
	s := synthesizeWhole(t)
	random := regexp.MustCompile(`[A-Za-z0-9+/]{40,}`)
	for _, tm := range []template{s.data, s.app} {
		for id, r := range tm.of("AWS::Lambda::Function") {
			raw, err := json.Marshal(at(r.Properties, "Environment"))
			if err != nil {
				t.Fatal(err)
			}
			for _, found := range random.FindAllString(string(raw), -1) {
				if !strings.HasPrefix(found, "ExportsOutput") {
					t.Errorf("the environment of %s holds %q", id, found)
				}
			}
		}
	}
}

func TestListingNamesOfTheLakeIsHeldToPrefixes(t *testing.T) {
	for id, policy := range synthesizeWhole(t).app.of("AWS::IAM::Policy") {
		for _, s := range statements(policy.Properties) {
			if !slices.Contains(texts(at(s, "Action")), "s3:ListBucket") {
				continue
			}
			if prefixes := texts(at(s, "Condition", "StringLikeIfExists", "s3:prefix")); len(prefixes) == 0 || slices.Contains(prefixes, "*") {
				t.Errorf("%s may list the names of all objects: %v", id, s)
			}
		}
	}
}
