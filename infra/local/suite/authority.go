package suite

import (
	"errors"
	"fmt"

	"liuke/infra/local/iam"
	"liuke/infra/local/template"
)

// newAuthority reads every policy of the templates: of roles, keys, queues, topics, buckets, secrets and functions, and
// what is encrypted with which key.
func newAuthority(app *template.App) (*iam.Authority, error) {
	a := iam.NewAuthority(app.Account, app.Region)
	p := &policies{app: app, authority: a}
	for _, r := range app.Resources {
		p.name(r)
		p.encryption(r)
		p.attached(r)
	}
	for _, r := range app.OfType("AWS::IAM::Role") {
		p.role(r)
	}
	return a, errors.Join(p.faults...)
}

// policies fills an authority and gathers what cannot be read.
type policies struct {
	app       *template.App
	authority *iam.Authority
	faults    []error
}

// parse reads a policy document; where it cannot, it notes why and returns nil.
func (p *policies) parse(r *template.Resource, document any) *iam.Policy {
	policy, err := iam.Parse("policy "+r.LogicalID, document)
	if err != nil {
		p.faults = append(p.faults, fmt.Errorf("stack %s: %w", r.Stack, err))
		return nil
	}
	return policy
}

// kinds says what people call resources of a type.
var kinds = map[string]string{
	"AWS::SQS::Queue": "queue", "AWS::SNS::Topic": "topic", "AWS::DynamoDB::GlobalTable": "table", "AWS::DynamoDB::Table": "table",
	"AWS::S3::Bucket": "bucket", "AWS::KMS::Key": "key", "AWS::SecretsManager::Secret": "secret", "AWS::Lambda::Function": "function",
	"AWS::SES::EmailIdentity": "identity", "AWS::SES::ConfigurationSet": "configuration set",
	"AWS::SMSVOICE::ConfigurationSet": "configuration set", "AWS::Scheduler::ScheduleGroup": "schedule group",
	"AWS::IAM::Role": "role", "AWS::Events::Rule": "rule",
}

func (p *policies) name(r *template.Resource) {
	if kind, ok := kinds[r.Type]; ok && r.ARN != "" {
		p.authority.Name(r.ARN, kind+" "+r.Short())
	}
}

// encryption notes which key encrypts a resource.
func (p *policies) encryption(r *template.Resource) {
	var key any
	switch r.Type {
	case "AWS::SQS::Queue", "AWS::SNS::Topic":
		key = r.At("KmsMasterKeyId")
	case "AWS::SecretsManager::Secret":
		key = r.At("KmsKeyId")
	case "AWS::S3::Bucket":
		key = first(r.At("BucketEncryption.ServerSideEncryptionConfiguration"), "ServerSideEncryptionByDefault", "KMSMasterKeyID")
	case "AWS::DynamoDB::Table":
		key = r.At("SSESpecification.KMSMasterKeyId")
	case "AWS::DynamoDB::GlobalTable":
		key = first(r.At("Replicas"), "SSESpecification", "KMSMasterKeyId")
	}
	if id, ok := key.(string); ok {
		if k := p.app.Find("AWS::KMS::Key", id); k != nil {
			p.authority.Encrypt(r.ARN, k.ARN)
		} else {
			p.faults = append(p.faults, fmt.Errorf("stack %s, resource %s is encrypted with a key that no stack has: %s", r.Stack, r.LogicalID, id))
		}
	}
}

// first returns a member, by a path of keys, of the first item of a list.
func first(list any, keys ...string) any {
	items, _ := list.([]any)
	if len(items) == 0 {
		return nil
	}
	v := items[0]
	for _, key := range keys {
		object, _ := v.(map[string]any)
		v = object[key]
	}
	return v
}

// attached reads the policies that stand at resources.
func (p *policies) attached(r *template.Resource) {
	switch r.Type {
	case "AWS::KMS::Key":
		var policy *iam.Policy
		if document := r.At("KeyPolicy"); document != nil {
			if policy = p.parse(r, document); policy == nil {
				return
			}
		}
		p.authority.AddKey(r.ARN, policy)
	case "AWS::SQS::QueuePolicy":
		for _, url := range list(r.At("Queues")) {
			for _, q := range p.app.OfType("AWS::SQS::Queue") {
				if p.app.QueueURL(q) == url {
					p.attach(r, q.ARN)
				}
			}
		}
	case "AWS::SNS::TopicPolicy":
		for _, arn := range list(r.At("Topics")) {
			p.attach(r, fmt.Sprint(arn))
		}
	case "AWS::S3::BucketPolicy":
		p.attach(r, "arn:aws:s3:::"+fmt.Sprint(r.At("Bucket")))
	case "AWS::SecretsManager::ResourcePolicy":
		p.attach(r, fmt.Sprint(r.At("SecretId")))
	case "AWS::Lambda::Permission":
		p.permission(r)
	}
}

func (p *policies) attach(r *template.Resource, arn string) {
	document := r.At("PolicyDocument")
	if document == nil {
		document = r.At("ResourcePolicy")
	}
	if policy := p.parse(r, document); policy != nil {
		p.authority.AddResourcePolicy(arn, policy)
	}
}

// permission reads a permission as the statement that Lambda adds to the function's policy.
func (p *policies) permission(r *template.Resource) {
	f := p.app.Find("AWS::Lambda::Function", fmt.Sprint(r.At("FunctionName")))
	if f == nil {
		return // of a function that is not run here
	}
	conditions := map[string]any{}
	if source := r.At("SourceArn"); source != nil {
		conditions["ArnLike"] = map[string]any{"AWS:SourceArn": source}
	}
	if account := r.At("SourceAccount"); account != nil {
		conditions["StringEquals"] = map[string]any{"AWS:SourceAccount": account}
	}
	statement := map[string]any{
		"Effect": "Allow", "Principal": map[string]any{"Service": r.At("Principal")}, "Action": r.At("Action"), "Resource": f.ARN,
	}
	if len(conditions) > 0 {
		statement["Condition"] = conditions
	}
	if policy := p.parse(r, map[string]any{"Statement": []any{statement}}); policy != nil {
		p.authority.AddResourcePolicy(f.ARN, policy)
	}
}

// role reads a role with all its policies, and who may work under it.
func (p *policies) role(r *template.Resource) {
	var of []*iam.Policy
	add := func(policy *iam.Policy) {
		if policy != nil {
			of = append(of, policy)
		}
	}
	for _, inline := range list(r.At("Policies")) {
		object, _ := inline.(map[string]any)
		add(p.parse(r, object["PolicyDocument"]))
	}
	for _, at := range p.app.OfType("AWS::IAM::Policy") {
		if contains(list(at.At("Roles")), r.Name) {
			add(p.parse(at, at.At("PolicyDocument")))
		}
	}
	for _, arn := range list(r.At("ManagedPolicyArns")) {
		if own := p.app.Find("AWS::IAM::ManagedPolicy", fmt.Sprint(arn)); own != nil {
			add(p.parse(own, own.At("PolicyDocument")))
			continue
		}
		managed, err := iam.Managed(fmt.Sprint(arn))
		if err != nil {
			p.faults = append(p.faults, err)
			continue
		}
		add(managed)
	}
	p.authority.AddRole(r.ARN, p.bearer(r), of...)
	if trust := p.parse(r, r.At("AssumeRolePolicyDocument")); trust != nil {
		p.authority.AddResourcePolicy(r.ARN, trust)
	}
}

// bearer is what people call the one who works under the role.
func (p *policies) bearer(role *template.Resource) string {
	for _, r := range p.app.Resources {
		switch {
		case r.Type == "AWS::Lambda::Function" && r.At("Role") == role.ARN:
			return "function " + r.Short()
		case r.Type == "AWS::Scheduler::Schedule" && r.At("Target.RoleArn") == role.ARN:
			return "schedule " + r.Short()
		}
	}
	return "role " + role.Short()
}

func list(v any) []any {
	items, _ := v.([]any)
	return items
}

func contains(items []any, want string) bool {
	for _, item := range items {
		if item == want {
			return true
		}
	}
	return false
}
