package iam

import "sync"

// Principal is who makes a call: a role, or an AWS service on its own account.
type Principal struct {
	Role    string // ARN of the role, "" for a service
	Service string // "ses.amazonaws.com", "" for a role
}

// Role is the principal of whoever works under the role.
func Role(arn string) Principal { return Principal{Role: arn} }

// Service is an AWS service that calls another one: "sns.amazonaws.com".
func Service(name string) Principal { return Principal{Service: name} }

// Context holds the condition keys of one call beyond those that every call has; keys are in lower case.
type Context map[string][]string

// Request is one question: may the principal do the action on the resource?
type Request struct {
	Principal Principal
	Action    string // "sqs:SendMessage"
	Resource  string // an ARN, or "*" for actions that know no resource
	Context   Context
}

// Authority holds every policy of the suite and decides. Fill it first (Add…, Encrypt, Name); from then on Check and
// Authorize are safe for concurrent use.
type Authority struct {
	Account string // twelve digits
	Region  string

	// OnDenied, where set, is called once for each refusal that was not seen before, from the goroutine that asked.
	OnDenied func(Decision)

	root      string
	roles     map[string]*role
	resources map[string][]*Policy // by ARN: resource, key and trust policies
	keys      map[string]string    // ARN of a resource → ARN of the key that encrypts it
	names     map[string]string    // ARN → what people call it

	mu      sync.Mutex
	denials map[denialKey]*Denial
	order   []denialKey
}

type role struct {
	name     string
	policies []*Policy
}

// NewAuthority returns an authority for one account and region that allows nothing yet.
func NewAuthority(account, region string) *Authority {
	return &Authority{
		Account: account, Region: region,
		root:      "arn:aws:iam::" + account + ":root",
		roles:     map[string]*role{},
		resources: map[string][]*Policy{},
		keys:      map[string]string{},
		names:     map[string]string{},
		denials:   map[denialKey]*Denial{},
	}
}

// AddRole adds a role, or more policies to one that is there. The name is for people: "function ingest".
func (a *Authority) AddRole(arn, name string, policies ...*Policy) {
	r := a.roles[arn]
	if r == nil {
		r = &role{}
		a.roles[arn] = r
	}
	r.name = name
	r.policies = append(r.policies, policies...)
}

// AddResourcePolicy attaches a policy to a queue, topic, bucket, secret, function or, as its trust policy, to a role.
func (a *Authority) AddResourcePolicy(arn string, p *Policy) {
	a.resources[arn] = append(a.resources[arn], p)
}

// AddKey adds a KMS key with its key policy; nil is the one that KMS gives to a key without: the account decides.
func (a *Authority) AddKey(arn string, p *Policy) {
	if p == nil {
		p = a.accountDecides()
	}
	a.AddResourcePolicy(arn, p)
}

func (a *Authority) accountDecides() *Policy {
	p, err := Parse("default key policy", map[string]any{"Statement": map[string]any{
		"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Principal": map[string]any{"AWS": a.root},
	}})
	if err != nil {
		panic(err) // the document above is a constant
	}
	return p
}

// Encrypt says which KMS key encrypts a table, queue, topic, bucket or secret.
func (a *Authority) Encrypt(resource, key string) { a.keys[resource] = key }

// Name gives an ARN, and everything below it, a name for messages: "queue events".
func (a *Authority) Name(arn, name string) { a.names[arn] = name }
