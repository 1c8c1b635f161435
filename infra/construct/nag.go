package construct

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"
)

// Accept records why a finding of cdk-nag is as it should be for one construct and what stands under it. Patterns are
// regular expressions between slashes that name the findings of the rule which are meant; none means all of them.
func Accept(at constructs.IConstruct, rule, reason string, patterns ...string) {
	suppression := &cdknag.NagPackSuppression{Id: jsii.String(rule), Reason: jsii.String(reason)}
	if len(patterns) > 0 {
		applies := make([]any, len(patterns))
		for i, p := range patterns {
			applies[i] = &cdknag.RegexAppliesTo{Regex: jsii.String(p)}
		}
		suppression.AppliesTo = &applies
	}
	cdknag.NagSuppressions_AddResourceSuppressions(at, &[]*cdknag.NagPackSuppression{suppression}, jsii.Bool(true))
}

// CheckRules has every construct of the app looked at by the AwsSolutions rules. What they find stands as errors among
// the annotations of the synthesized stacks.
func CheckRules(app constructs.IConstruct) {
	awscdk.Aspects_Of(app).Add(cdknag.NewAwsSolutionsChecks(&cdknag.NagPackProps{
		Verbose: jsii.Bool(true), Reports: jsii.Bool(false),
	}), nil)
}

// Findings are the errors among the annotations of a synthesized app, which a synthesis alone lets pass: each as the path
// of the construct and what is wrong with it.
func Findings(app constructs.IConstruct) []string {
	var findings []string
	for _, at := range *app.Node().FindAll(constructs.ConstructOrder_PREORDER) {
		for _, entry := range *at.Node().Metadata() {
			if *entry.Type == errorAnnotation {
				findings = append(findings, fmt.Sprintf("%s: %v", *at.Node().Path(), entry.Data))
			}
		}
	}
	return findings
}

// errorAnnotation is the type of metadata that Annotations.addError leaves.
const errorAnnotation = "aws:cdk:error"
