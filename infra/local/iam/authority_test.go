package iam

import (
	"errors"
	"strings"
	"testing"
)

func TestAuthorizeAddsTheKey(t *testing.T) {
	a := NewAuthority(account, region)
	a.AddRole(ingest, "function ingest", parse(t, "role policy", statements(
		`{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"`+events+`"}`,
		`{"Effect":"Allow","Action":["kms:GenerateDataKey*"],"Resource":"`+key+`"}`)))
	a.AddKey(key, nil)
	a.Encrypt(events, key)
	a.Name(events, "queue events")
	a.Name(key, "key Key")
	var told []string
	a.OnDenied = func(d Decision) { told = append(told, d.String()) }

	want := "function ingest may not kms:Decrypt on key Key, which sqs:SendMessage needs (no statement allows it)"
	for range 2 {
		err := a.Authorize(Role(ingest), Call{Action: "sqs:SendMessage", Resource: events})
		var denied *Denied
		if !errors.As(err, &denied) || denied.Decision.String() != want {
			t.Fatalf("error = %v, want %q", err, want)
		}
	}
	if list := a.Denials(); len(list) != 1 || list[0].Count != 2 {
		t.Errorf("denials = %+v, want one that came twice", list)
	}
	if len(told) != 1 {
		t.Errorf("told of %q, want one", told)
	}
}

// TestChainFromSESToQueue is what the template must hold for receipts to arrive; each case takes one link away.
func TestChainFromSESToQueue(t *testing.T) {
	fromSES := `{"Sid":"SES","Effect":"Allow","Principal":{"Service":"ses.amazonaws.com"},"Action":["kms:GenerateDataKey*","kms:Decrypt"],"Resource":"*",
		"Condition":{"StringEquals":{"aws:SourceAccount":"` + account + `"}}}`
	fromSNS := `{"Sid":"SNS","Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":["kms:GenerateDataKey*","kms:Decrypt"],"Resource":"*"}`
	publish := `{"Sid":"Publish","Effect":"Allow","Principal":{"Service":"ses.amazonaws.com"},"Action":"sns:Publish","Resource":"` + topic + `",
		"Condition":{"StringEquals":{"aws:SourceAccount":"` + account + `"},"ArnLike":{"aws:SourceArn":"` + settings + `"}}}`
	send := `{"Sid":"Send","Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"` + receipts + `",
		"Condition":{"ArnEquals":{"aws:SourceArn":"` + topic + `"}}}`
	cases := []struct {
		name, key, topic, queue, want string
	}{
		{"with all its links the chain holds", statements(fromSES, fromSNS), statements(publish), statements(send), ""},
		{"without the topic's statement in the key policy SES cannot publish", statements(fromSNS), statements(publish), statements(send),
			"service ses.amazonaws.com may not kms:GenerateDataKey on key Key, which sns:Publish needs"},
		{"without the topic policy SES cannot publish", statements(fromSES, fromSNS), statements(), statements(send),
			"service ses.amazonaws.com may not sns:Publish on topic Receipts"},
		{"without the queue policy the topic cannot deliver", statements(fromSES, fromSNS), statements(publish), statements(),
			"service sns.amazonaws.com may not sqs:SendMessage on queue Receipts"},
		{"without its statement in the key policy the topic cannot deliver", statements(fromSES), statements(publish), statements(send),
			"service sns.amazonaws.com may not kms:GenerateDataKey on key Key, which sqs:SendMessage needs"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a := NewAuthority(account, region)
			a.AddKey(key, parse(t, "key policy", c.key))
			a.AddResourcePolicy(topic, parse(t, "topic policy", c.topic))
			a.AddResourcePolicy(receipts, parse(t, "queue policy", c.queue))
			a.Encrypt(topic, key)
			a.Encrypt(receipts, key)
			a.Name(key, "key Key")
			a.Name(topic, "topic Receipts")
			a.Name(receipts, "queue Receipts")
			err := a.PublishFrom("ses.amazonaws.com", topic, settings)
			if err == nil {
				err = a.Deliver(topic, receipts)
			}
			switch {
			case c.want == "" && err != nil:
				t.Errorf("error = %v, want none", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("error = %v, want %q", err, c.want)
			}
		})
	}
}

func TestPlatformChecks(t *testing.T) {
	const function = "arn:aws:lambda:eu-central-1:111111111111:function:rfm"
	const schedule = "arn:aws:scheduler:eu-central-1:111111111111:schedule/default/recalculate"
	const api = "arn:aws:execute-api:eu-central-1:111111111111:api1"
	a := NewAuthority(account, region)
	a.AddRole(ingest, "schedule recalculate", parse(t, "role policy", statements(
		`{"Effect":"Allow","Action":"lambda:InvokeFunction","Resource":"`+function+`"}`,
		`{"Effect":"Allow","Action":["sqs:ReceiveMessage","sqs:DeleteMessage"],"Resource":"`+events+`"}`)))
	a.AddResourcePolicy(ingest, parse(t, "trust policy", statements(
		`{"Effect":"Allow","Principal":{"Service":"scheduler.amazonaws.com"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:SourceAccount":"`+account+`"}}}`)))
	a.AddResourcePolicy(function, parse(t, "permission", statements(
		`{"Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"`+function+`","Condition":{"ArnLike":{"AWS:SourceArn":"`+api+`/*/*/v1/track"}}}`)))
	const rule, key = "arn:aws:events:eu-central-1:111111111111:rule/uploads", "arn:aws:kms:eu-central-1:111111111111:key/1"
	a.AddResourcePolicy(receipts, parse(t, "queue policy", statements(
		`{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"`+receipts+`","Condition":{"ArnEquals":{"aws:SourceArn":"`+rule+`"}}}`)))
	a.Encrypt(receipts, key)
	a.AddKey(key, parse(t, "key policy", statements(
		`{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"kms:GenerateDataKey","Resource":"*","Condition":{"StringEquals":{"aws:SourceAccount":"`+account+`"}}}`)))
	cases := []struct {
		name string
		err  error
		want string
	}{
		{"another rule may not send to the queue", a.SendFrom("events.amazonaws.com", receipts, rule+"2"), "sqs:SendMessage"},
		{"a rule needs the key of an encrypted queue", a.SendFrom("events.amazonaws.com", receipts, rule), "kms:Decrypt"},
		{"the scheduler may work under its role", a.Assume("scheduler.amazonaws.com", ingest, schedule), ""},
		{"another service may not", a.Assume("lambda.amazonaws.com", ingest, function), "sts:AssumeRole"},
		{"the schedule's role may invoke its target", a.Invoke(ingest, function), ""},
		{"the API may invoke the route's function", a.InvokeFrom("apigateway.amazonaws.com", function, api+"/$default/POST/v1/track"), ""},
		{"another route may not", a.InvokeFrom("apigateway.amazonaws.com", function, api+"/$default/POST/v1/batch"), "lambda:InvokeFunction"},
		{"an event-source mapping needs all that it does", a.Poll(ingest, events), "sqs:GetQueueAttributes"},
		{"a schedule's dead-letter queue needs a permission", a.DeadLetter(ingest, events), "sqs:SendMessage"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if c.want == "" && c.err != nil || c.want != "" && (c.err == nil || !strings.Contains(c.err.Error(), c.want)) {
				t.Errorf("error = %v, want %q", c.err, c.want)
			}
		})
	}
}

func TestUnusedListsWhatNobodyNeeded(t *testing.T) {
	a := NewAuthority(account, region)
	a.Name(customers, "table Customers")
	a.AddRole(ingest, "function ingest", parse(t, "role policy", statements(
		`{"Sid":"Table","Effect":"Allow","Action":["dynamodb:GetItem","dynamodb:Scan"],"Resource":["`+customers+`","`+customers+`/index/*"]}`,
		`{"Sid":"Logs","Effect":"Allow","Action":"logs:PutLogEvents","Resource":"*"}`,
		`{"Sid":"Queue","Effect":"Allow","Action":"sqs:SendMessage","Resource":"`+events+`"}`)))
	for range 3 {
		if err := a.Authorize(Role(ingest), Call{Action: "dynamodb:GetItem", Resource: customers}); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, u := range a.Unused() {
		got = append(got, u.String())
	}
	want := "function ingest: dynamodb:Scan · on table Customers/index/* (statement Table of role policy)\n" +
		"function ingest: sqs:SendMessage (statement Queue of role policy)"
	if strings.Join(got, "\n") != want {
		t.Errorf("unused =\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
}

func TestManaged(t *testing.T) {
	if _, err := Managed("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"); err != nil {
		t.Error(err)
	}
	if _, err := Managed("arn:aws:iam::aws:policy/AdministratorAccess"); err == nil {
		t.Error("a policy that is not known here was taken")
	}
}
