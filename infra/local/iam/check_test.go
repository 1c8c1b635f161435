package iam

import (
	"encoding/json"
	"strings"
	"testing"
)

const (
	account = "111111111111"
	region  = "eu-central-1"

	ingest    = "arn:aws:iam::111111111111:role/ingest"
	events    = "arn:aws:sqs:eu-central-1:111111111111:events"
	receipts  = "arn:aws:sqs:eu-central-1:111111111111:receipts"
	topic     = "arn:aws:sns:eu-central-1:111111111111:receipts"
	settings  = "arn:aws:ses:eu-central-1:111111111111:configuration-set/liuke"
	customers = "arn:aws:dynamodb:eu-central-1:111111111111:table/customers"
	bucket    = "arn:aws:s3:::lake"
	key       = "arn:aws:kms:eu-central-1:111111111111:key/1"
	root      = "arn:aws:iam::111111111111:root"
)

func parse(t testing.TB, source, document string) *Policy {
	t.Helper()
	p, err := tryParse(source, document)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func tryParse(source, document string) (*Policy, error) {
	var doc any
	d := json.NewDecoder(strings.NewReader(document))
	d.UseNumber()
	if err := d.Decode(&doc); err != nil {
		return nil, err
	}
	return Parse(source, doc)
}

// statements wraps statements into a document.
func statements(list ...string) string { return `{"Statement":[` + strings.Join(list, ",") + `]}` }

func TestCheck(t *testing.T) {
	const send = `{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"` + events + `"}`
	cases := []struct {
		name     string
		identity string
		resource string
		request  Request
		want     string // "" for allowed, else a part of the reason
	}{
		{
			name:     "what a statement of the role allows is allowed",
			identity: statements(send),
			request:  Request{Principal: Role(ingest), Action: "sqs:SendMessage", Resource: events},
		},
		{
			name:     "what no statement allows is refused",
			identity: statements(),
			request:  Request{Principal: Role(ingest), Action: "sqs:SendMessage", Resource: events},
			want:     "no statement allows it",
		},
		{
			name:     "an action is compared without regard to case",
			identity: statements(`{"Effect":"Allow","Action":"SQS:sendmessage","Resource":"*"}`),
			request:  Request{Principal: Role(ingest), Action: "sqs:SendMessage", Resource: events},
		},
		{
			name:     "a resource is compared with regard to case",
			identity: statements(`{"Effect":"Allow","Action":"sqs:*","Resource":"` + strings.ToUpper(events) + `"}`),
			request:  Request{Principal: Role(ingest), Action: "sqs:SendMessage", Resource: events},
			want:     "on other resources only",
		},
		{
			name:     "an action with a wildcard covers its kind and no other",
			identity: statements(`{"Effect":"Allow","Action":"kms:GenerateDataKey*","Resource":"*"}`),
			resource: "",
			request:  Request{Principal: Role(ingest), Action: "sqs:SendMessage", Resource: events},
			want:     "no statement allows it",
		},
		{
			name:     "a deny wins over an allow",
			identity: statements(send, `{"Sid":"Never","Effect":"Deny","Action":"sqs:*","Resource":"*"}`),
			request:  Request{Principal: Role(ingest), Action: "sqs:SendMessage", Resource: events},
			want:     "statement Never of role policy denies it",
		},
		{
			name:     "a deny of the resource's policy wins over an allow of the role",
			identity: statements(send),
			resource: statements(`{"Effect":"Deny","Principal":"*","Action":"sqs:*","Resource":"` + events + `"}`),
			request:  Request{Principal: Role(ingest), Action: "sqs:SendMessage", Resource: events},
			want:     "statement #1 of resource policy denies it",
		},
		{
			name:     "the denial of plain HTTP does not touch calls that speak TLS on AWS",
			identity: statements(send),
			resource: statements(`{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"sqs:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}`),
			request:  Request{Principal: Role(ingest), Action: "sqs:SendMessage", Resource: events},
		},
		{
			name:     "the resource's policy alone is enough within the account",
			identity: statements(),
			resource: statements(`{"Effect":"Allow","Principal":{"AWS":"` + ingest + `"},"Action":"sqs:SendMessage","Resource":"` + events + `"}`),
			request:  Request{Principal: Role(ingest), Action: "sqs:SendMessage", Resource: events},
		},
		{
			name:     "a resource's policy that names the account leaves it to the role",
			identity: statements(),
			resource: statements(`{"Effect":"Allow","Principal":{"AWS":"` + root + `"},"Action":"sqs:SendMessage","Resource":"` + events + `"}`),
			request:  Request{Principal: Role(ingest), Action: "sqs:SendMessage", Resource: events},
			want:     "no statement allows it",
		},
		{
			name:     "NotAction allows all but what it lists",
			identity: statements(`{"Effect":"Allow","NotAction":["sqs:DeleteQueue"],"Resource":"*"}`),
			request:  Request{Principal: Role(ingest), Action: "sqs:SendMessage", Resource: events},
		},
		{
			name:     "NotAction does not allow what it lists",
			identity: statements(`{"Effect":"Allow","NotAction":["sqs:Send*"],"Resource":"*"}`),
			request:  Request{Principal: Role(ingest), Action: "sqs:SendMessage", Resource: events},
			want:     "no statement allows it",
		},
		{
			name:     "a denial by NotResource spares what it lists",
			identity: statements(send, `{"Effect":"Deny","Action":"*","NotResource":["`+events+`"]}`),
			request:  Request{Principal: Role(ingest), Action: "sqs:SendMessage", Resource: events},
		},
		{
			name:     "a statement about a table says nothing about its indexes",
			identity: statements(`{"Effect":"Allow","Action":"dynamodb:Query","Resource":"` + customers + `"}`),
			request:  Request{Principal: Role(ingest), Action: "dynamodb:Query", Resource: customers + "/index/due"},
			want:     "on other resources only",
		},
		{
			name:     "a statement about the objects under a prefix covers them",
			identity: statements(`{"Effect":"Allow","Action":"s3:PutObject","Resource":"` + bucket + `/rejected/*"}`),
			request:  Request{Principal: Role(ingest), Action: "s3:PutObject", Resource: bucket + "/rejected/2026/a.gz"},
		},
		{
			name:     "a bucket's policy decides about its objects",
			identity: statements(`{"Effect":"Allow","Action":"s3:*","Resource":"*"}`),
			resource: statements(`{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"` + bucket + `/secret/*"}`),
			request:  Request{Principal: Role(ingest), Action: "s3:GetObject", Resource: bucket + "/secret/a"},
			want:     "denies it",
		},
		{
			name:     "an unmet condition is named",
			identity: statements(`{"Effect":"Allow","Action":"ses:SendEmail","Resource":"*","Condition":{"StringEquals":{"ses:FromAddress":"a@shop.example"}}}`),
			request: Request{Principal: Role(ingest), Action: "ses:SendEmail", Resource: "*",
				Context: Context{"ses:fromaddress": {"b@shop.example"}}},
			want: "StringEquals on ses:FromAddress",
		},
		{
			name:     "a service needs the resource's policy, whatever roles may do",
			identity: statements(`{"Effect":"Allow","Action":"*","Resource":"*"}`),
			request:  Request{Principal: Service("sns.amazonaws.com"), Action: "sqs:SendMessage", Resource: events},
			want:     "no statement of the policy of queue events allows it",
		},
		{
			name: "a service is let in from the source that the policy names",
			resource: statements(`{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"*",
				"Condition":{"ArnEquals":{"aws:SourceArn":"` + topic + `"}}}`),
			request: Request{Principal: Service("sns.amazonaws.com"), Action: "sqs:SendMessage", Resource: events,
				Context: Context{"aws:sourcearn": {topic}}},
		},
		{
			name: "a service is not let in from another source",
			resource: statements(`{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"*",
				"Condition":{"ArnEquals":{"aws:SourceArn":"` + topic + `"}}}`),
			request: Request{Principal: Service("sns.amazonaws.com"), Action: "sqs:SendMessage", Resource: events,
				Context: Context{"aws:sourcearn": {topic + "2"}}},
			want: "ArnEquals on aws:SourceArn",
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a := NewAuthority(account, region)
			a.Name(events, "queue events")
			if c.identity != "" {
				a.AddRole(ingest, "function ingest", parse(t, "role policy", c.identity))
			}
			if c.resource != "" {
				a.AddResourcePolicy(a.owner(c.request.Resource), parse(t, "resource policy", c.resource))
			}
			expect(t, a.Check(c.request), c.want)
		})
	}
}

func expect(t *testing.T, d Decision, want string) {
	t.Helper()
	if d.Allowed != (want == "") || !strings.Contains(d.Reason, want) {
		t.Errorf("allowed = %v (%s), want the reason %q", d.Allowed, d.Reason, want)
	}
}

func TestKeyPolicyDecidesFirst(t *testing.T) {
	const decrypt = `{"Effect":"Allow","Action":"kms:Decrypt","Resource":"` + key + `"}`
	const delegates = `{"Effect":"Allow","Principal":{"AWS":"` + root + `"},"Action":"kms:*","Resource":"*"}`
	cases := []struct {
		name, identity, key, want string
	}{
		{"the account's delegation and the role's statement together allow", statements(decrypt), statements(delegates), ""},
		{"the role's statement alone is not enough", statements(decrypt), statements(), "no statement of the key policy allows it"},
		{"the delegation alone is not enough", statements(), statements(delegates), "no statement allows it"},
		{"the key's policy may name the role itself", statements(),
			statements(`{"Effect":"Allow","Principal":{"AWS":"` + ingest + `"},"Action":"kms:Decrypt","Resource":"*"}`), ""},
		{"a delegation holds for the services that it names only", statements(decrypt),
			statements(`{"Effect":"Allow","Principal":{"AWS":"` + root + `"},"Action":"kms:*","Resource":"*","Condition":{"StringEquals":{"kms:ViaService":"sns.eu-central-1.amazonaws.com"}}}`),
			"StringEquals on kms:ViaService"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a := NewAuthority(account, region)
			a.AddRole(ingest, "function ingest", parse(t, "role policy", c.identity))
			a.AddKey(key, parse(t, "key policy", c.key))
			d := a.Check(Request{Role(ingest), "kms:Decrypt", key, Context{"kms:viaservice": {"sqs.eu-central-1.amazonaws.com"}}})
			expect(t, d, c.want)
		})
	}
	t.Run("a key without a policy of its own leaves it to the account", func(t *testing.T) {
		a := NewAuthority(account, region)
		a.AddRole(ingest, "function ingest", parse(t, "role policy", statements(decrypt)))
		a.AddKey(key, nil)
		expect(t, a.Check(Request{Role(ingest), "kms:Decrypt", key, nil}), "")
	})
}
