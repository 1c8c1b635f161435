package iam

import (
	"strings"
	"testing"
)

func TestConditions(t *testing.T) {
	cases := []struct {
		name, condition string
		context         Context
		want            bool
	}{
		{"StringEquals takes any of the values", `{"StringEquals":{"k":["a","b"]}}`, Context{"k": {"b"}}, true},
		{"StringEquals on an absent key fails", `{"StringEquals":{"k":"a"}}`, nil, false},
		{"StringEqualsIfExists on an absent key holds", `{"StringEqualsIfExists":{"k":"a"}}`, nil, true},
		{"StringEqualsIfExists on a different value fails", `{"StringEqualsIfExists":{"k":"a"}}`, Context{"k": {"b"}}, false},
		{"StringNotEquals on an absent key holds", `{"StringNotEquals":{"k":"a"}}`, nil, true},
		{"StringNotEquals excludes each of the values", `{"StringNotEquals":{"k":["a","b"]}}`, Context{"k": {"b"}}, false},
		{"StringLike knows wildcards", `{"StringLike":{"k":"runs/*"}}`, Context{"k": {"runs/1"}}, true},
		{"StringEquals knows none", `{"StringEquals":{"k":"runs/*"}}`, Context{"k": {"runs/1"}}, false},
		{"keys are compared without regard to case", `{"StringEquals":{"KMS:ViaService":"a"}}`, Context{"kms:viaservice": {"a"}}, true},
		{"ArnLike stays within a part", `{"ArnLike":{"k":"arn:aws:sqs:*:events"}}`, Context{"k": {events}}, false},
		{"ArnLike matches part by part", `{"ArnLike":{"k":"arn:aws:sqs:*:*:ev?nts"}}`, Context{"k": {events}}, true},
		{"ArnEquals knows wildcards too", `{"ArnEquals":{"k":"arn:aws:sqs:*:*:*"}}`, Context{"k": {events}}, true},
		{"Bool takes JSON's own booleans", `{"Bool":{"aws:SecureTransport":true}}`, nil, true},
		{"Null true asks that the key be absent", `{"Null":{"k":"true"}}`, nil, true},
		{"Null false asks that the key be present", `{"Null":{"k":"false"}}`, nil, false},
		{"ForAllValues holds when every value is listed", `{"ForAllValues:StringEquals":{"k":["a","b"]}}`, Context{"k": {"a", "b"}}, true},
		{"ForAllValues fails on one that is not", `{"ForAllValues:StringEquals":{"k":["a"]}}`, Context{"k": {"a", "b"}}, false},
		{"ForAllValues holds on an absent key", `{"ForAllValues:StringEquals":{"k":["a"]}}`, nil, true},
		{"ForAnyValue holds when one value is listed", `{"ForAnyValue:StringLike":{"k":["a*"]}}`, Context{"k": {"b", "ab"}}, true},
		{"ForAnyValue fails on an absent key", `{"ForAnyValue:StringEquals":{"k":["a"]}}`, nil, false},
		{"numbers are compared as numbers", `{"NumericLessThan":{"s3:TlsVersion":1.2}}`, Context{"s3:tlsversion": {"1.10"}}, true},
		{"all operators of a statement must hold", `{"StringEquals":{"k":"a"},"Bool":{"aws:SecureTransport":"false"}}`, Context{"k": {"a"}}, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a := NewAuthority(account, region)
			a.AddRole(ingest, "function ingest", parse(t, "p",
				statements(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":`+c.condition+`}`)))
			d := a.Check(Request{Role(ingest), "sqs:SendMessage", events, c.context})
			if d.Allowed != c.want {
				t.Errorf("allowed = %v (%s), want %v", d.Allowed, d.Reason, c.want)
			}
		})
	}
}

func TestParseRefusesWhatItDoesNotKnow(t *testing.T) {
	cases := []struct{ name, statement, want string }{
		{"an unknown operator", `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"DateLessThan":{"aws:CurrentTime":"2026"}}}`, "DateLessThan"},
		{"an unknown set qualifier", `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"ForSome:StringEquals":{"k":"2026"}}}`, "ForSome:StringEquals"},
		{"a policy variable", `{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::x/${aws:username}"}`, "${aws:username}"},
		{"an intrinsic function left in", `{"Effect":"Allow","Action":"*","Resource":{"Ref":"Queue"}}`, "intrinsic"},
		{"NotPrincipal", `{"Effect":"Deny","Action":"*","Resource":"*","NotPrincipal":"*"}`, "NotPrincipal"},
		{"a misspelt effect", `{"Effect":"allow","Action":"*","Resource":"*"}`, "allow"},
		{"a statement without an action", `{"Effect":"Allow","Resource":"*"}`, "neither Action nor NotAction"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := tryParse("policy X", statements(c.statement))
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "policy X") {
				t.Errorf("error = %v, want one that names %q and the policy", err, c.want)
			}
		})
	}
}
