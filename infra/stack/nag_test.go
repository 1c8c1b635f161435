package stack

import (
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/jsii-runtime-go"

	"liuke/infra/construct"
)

func TestTheRulesFindNothing(t *testing.T) {
	for _, s := range append(both(t), synthesizeOwnMail(t)) {
		for _, finding := range s.findings {
			t.Error(finding)
		}
	}
}

func TestTheRulesFindABadConstruct(t *testing.T) {
	app, err := newTestApp(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := awscdk.NewStack(app, jsii.String("Bad"), nil)
	awss3.NewBucket(s, jsii.String("Open"), nil)
	role := awsiam.NewRole(s, jsii.String("Mighty"), &awsiam.RoleProps{AssumedBy: awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil)})
	role.AddToPolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions: jsii.Strings("s3:*"), Resources: jsii.Strings("*"),
	}))
	construct.Accept(role, "AwsSolutions-IAM5", "Only this one wildcard is meant.", `/^Resource::\*$/`)
	construct.CheckRules(app)

	app.Synth(nil)
	found := strings.Join(construct.Findings(app), "\n")
	for _, want := range []string{"AwsSolutions-S10", "AwsSolutions-S1", "AwsSolutions-IAM5[Action::s3:*]"} {
		if !strings.Contains(found, want) {
			t.Errorf("%s is not found:\n%s", want, found)
		}
	}
	if strings.Contains(found, "AwsSolutions-IAM5[Resource::*]") {
		t.Errorf("what was accepted is found:\n%s", found)
	}
}

func TestEverySuppressionSaysWhy(t *testing.T) {
	count := 0
	for _, tm := range synthesizeWhole(t).all() {
		for id, r := range tm.Resources {
			for _, rule := range list(at(r.Metadata, "cdk_nag", "rules_to_suppress")) {
				count++
				if reason, _ := at(rule, "reason").(string); len(strings.Fields(reason)) < 5 {
					t.Errorf("%s suppresses %v because %q", id, at(rule, "id"), reason)
				}
				if at(rule, "id") == "AwsSolutions-IAM5" && len(list(at(rule, "applies_to"))) == 0 {
					t.Errorf("%s accepts every wildcard, even those to come", id)
				}
			}
		}
	}
	if count == 0 {
		t.Error("no suppression stands in the templates; has their metadata moved?")
	}
}
