package template

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// arns has the part of an ARN behind "arn:aws:" by type; R, A and N stand for region, account and name.
var arns = map[string]string{
	"AWS::DynamoDB::GlobalTable":      "dynamodb:R:A:table/N",
	"AWS::DynamoDB::Table":            "dynamodb:R:A:table/N",
	"AWS::SQS::Queue":                 "sqs:R:A:N",
	"AWS::SNS::Topic":                 "sns:R:A:N",
	"AWS::S3::Bucket":                 "s3:::N",
	"AWS::KMS::Key":                   "kms:R:A:key/N",
	"AWS::SecretsManager::Secret":     "secretsmanager:R:A:secret:N",
	"AWS::Lambda::Function":           "lambda:R:A:function:N",
	"AWS::Lambda::EventSourceMapping": "lambda:R:A:event-source-mapping:N",
	"AWS::IAM::Role":                  "iam::A:role/N",
	"AWS::IAM::ManagedPolicy":         "iam::A:policy/N",
	"AWS::Logs::LogGroup":             "logs:R:A:log-group:N:*",
	"AWS::Scheduler::ScheduleGroup":   "scheduler:R:A:schedule-group/N",
	"AWS::SES::EmailIdentity":         "ses:R:A:identity/N",
	"AWS::SES::ConfigurationSet":      "ses:R:A:configuration-set/N",
	"AWS::SMSVOICE::ConfigurationSet": "sms-voice:R:A:configuration-set/N",
	"AWS::Cognito::UserPool":          "cognito-idp:R:A:userpool/N",
	"AWS::CloudWatch::Alarm":          "cloudwatch:R:A:alarm:N",
	"AWS::Events::Rule":               "events:R:A:rule/N",
}

// identify gives a resource its name and ARN.
func (app *App) identify(r *Resource) {
	r.Name = strings.ToLower(r.Stack + "-" + r.LogicalID)
	digest := sha256.Sum256([]byte(r.Name))
	id := hex.EncodeToString(digest[:])
	switch r.Type {
	case "AWS::KMS::Key":
		r.Name = id[:8] + "-" + id[8:12] + "-" + id[12:16] + "-" + id[16:20] + "-" + id[20:32]
	case "AWS::ApiGatewayV2::Api", "AWS::ApiGatewayV2::Authorizer", "AWS::ApiGatewayV2::Integration", "AWS::ApiGatewayV2::Route":
		r.Name = id[:10]
	case "AWS::Cognito::UserPool":
		r.Name = app.Region + "_" + id[:9]
	case "AWS::Cognito::UserPoolClient":
		r.Name = id[:26]
	case "AWS::SecretsManager::Secret":
		r.Name += "-" + id[:6]
	case "AWS::S3::Bucket":
		if len(r.Name) > 63 {
			r.Name = r.Name[:52] + "-" + id[:10]
		}
	case "AWS::SES::EmailIdentity":
		if identity, ok := r.raw["EmailIdentity"].(string); ok {
			r.Name = identity
		}
	case "AWS::Events::EventBus":
		if bus, ok := r.raw["Name"].(string); ok {
			r.Name = bus
		}
	case "AWS::ApiGatewayV2::Stage":
		if stage, ok := r.raw["StageName"].(string); ok {
			r.Name = stage
		}
	}
	name := r.Name
	if r.Type == "AWS::Events::Rule" {
		if bus, ok := r.raw["EventBusName"].(string); ok && busName(bus) != "default" { // a rule of another bus stands below it
			name = busName(bus) + "/" + name
		}
	}
	pattern, ok := arns[r.Type]
	if !ok {
		return
	}
	service, resource, _ := strings.Cut(pattern, ":")
	place := strings.SplitN(resource, ":", 3) // region, account, the rest
	region, account := strings.Replace(place[0], "R", app.Region, 1), strings.Replace(place[1], "A", app.Account, 1)
	r.ARN = "arn:aws:" + service + ":" + region + ":" + account + ":" + strings.Replace(place[2], "N", name, 1)
}

// refOf is what Ref returns of a resource.
func (app *App) refOf(r *Resource) string {
	switch r.Type {
	case "AWS::SQS::Queue":
		return app.QueueURL(r)
	case "AWS::SNS::Topic", "AWS::SecretsManager::Secret", "AWS::IAM::ManagedPolicy":
		return r.ARN
	default:
		return r.Name
	}
}

// QueueURL is the URL that the template's Ref of a queue has: one that AWS would give it. No engine answers to it; the
// runner puts the engine's own in its place.
func (app *App) QueueURL(r *Resource) string {
	return "https://sqs." + app.Region + ".amazonaws.com/" + app.Account + "/" + r.Name
}

// attribute is what Fn::GetAtt returns.
func (app *App) attribute(r *Resource, name string) (any, error) {
	switch r.Type + "." + name {
	case "AWS::SQS::Queue.QueueName", "AWS::SNS::Topic.TopicName", "AWS::KMS::Key.KeyId", "AWS::Cognito::UserPool.UserPoolId",
		"AWS::ApiGatewayV2::Api.ApiId", "AWS::ApiGatewayV2::Authorizer.AuthorizerId", "AWS::Cognito::UserPoolClient.ClientId":
		return r.Name, nil
	case "AWS::SQS::Queue.QueueUrl":
		return app.QueueURL(r), nil
	case "AWS::SNS::Topic.TopicArn", "AWS::SecretsManager::Secret.Id":
		return r.ARN, nil
	case "AWS::ApiGatewayV2::Api.ApiEndpoint":
		return "https://" + r.Name + ".execute-api." + app.Region + ".amazonaws.com", nil
	case "AWS::Cognito::UserPool.ProviderName":
		return "cognito-idp." + app.Region + ".amazonaws.com/" + r.Name, nil
	case "AWS::Cognito::UserPool.ProviderURL":
		return "https://cognito-idp." + app.Region + ".amazonaws.com/" + r.Name, nil
	case "AWS::S3::Bucket.DomainName":
		return r.Name + ".s3.amazonaws.com", nil
	case "AWS::S3::Bucket.RegionalDomainName":
		return r.Name + ".s3." + app.Region + ".amazonaws.com", nil
	}
	if name == "Arn" && r.ARN != "" {
		return r.ARN, nil
	}
	if r.Type == "AWS::SES::EmailIdentity" && strings.HasPrefix(name, "DkimDNSToken") {
		return "local-" + strings.ToLower(name), nil
	}
	return nil, fmt.Errorf("the attribute %s of %s is not known here", name, r.Type)
}
