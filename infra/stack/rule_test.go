package stack

import (
	"encoding/json"
	"slices"
	"testing"
)

func TestAnUploadIsQueuedToBeImported(t *testing.T) {
	app := synthesize(t).app
	all := app.of("AWS::Events::Rule")
	if len(all) != 1 {
		t.Fatalf("%d rules, want the one of uploads", len(all))
	}
	for id, rule := range all {
		pattern, err := json.Marshal(rule.Properties["EventPattern"])
		if err != nil {
			t.Fatal(err)
		}
		detail := at(rule.Properties, "EventPattern", "detail")
		names, _ := json.Marshal(at(detail, "object", "key"))
		if string(names) != `[{"wildcard":"imports/*/upload"}]` || len(list(at(detail, "bucket", "name"))) != 1 ||
			!slices.Equal(texts(at(rule.Properties, "EventPattern", "source")), []string{"aws.s3"}) ||
			!slices.Equal(texts(at(rule.Properties, "EventPattern", "detail-type")), []string{"Object Created"}) {
			t.Errorf("%s looks for %s, want the new objects imports/*/upload of one bucket", id, pattern)
		}
		targets := list(rule.Properties["Targets"])
		if len(targets) != 1 || rule.Properties["State"] != "ENABLED" {
			t.Fatalf("%s has the targets %v and is %v", id, targets, rule.Properties["State"])
		}
		queue := target(at(targets[0], "Arn"))
		read := false
		for _, m := range app.of("AWS::Lambda::EventSourceMapping") {
			read = read || target(m.Properties["EventSourceArn"]) == queue && app.functions()[target(m.Properties["FunctionName"])] == "imports"
		}
		if !read {
			t.Errorf("%s puts messages into %s, which imports does not work off", id, queue)
		}
		checkTarget(t, app, id, targets[0])
		dead := target(at(targets[0], "DeadLetterConfig", "Arn"))
		if dead != target(at(app.Resources[queue].Properties, "RedrivePolicy", "deadLetterTargetArn")) {
			t.Errorf("%s has dead letters apart from its queue's", id)
		}
		for _, to := range []string{queue, dead} {
			if !mayPut(app, id, to) {
				t.Errorf("EventBridge may not put messages into %s for %s alone", to, id)
			}
		}
	}
}

func TestEventsOfABusReachIngestOrAreKept(t *testing.T) {
	app := synthesizeWhole(t).app
	found := 0
	for id, rule := range app.of("AWS::Events::Rule") {
		if rule.Properties["EventBusName"] != "orders" {
			continue
		}
		found++
		pattern, _ := json.Marshal(rule.Properties["EventPattern"])
		if string(pattern) != `{"source":["shop.orders","shop.returns"]}` {
			t.Errorf("%s takes %s", id, pattern)
		}
		for _, of := range list(rule.Properties["Targets"]) {
			function := target(at(of, "Arn"))
			if app.functions()[function] != "ingest" {
				t.Errorf("%s hands over to %s", id, function)
			}
			checkTarget(t, app, id, of)
			dead := target(at(of, "DeadLetterConfig", "Arn"))
			if !mayPut(app, id, dead) {
				t.Errorf("EventBridge may not put dead letters into %s for %s alone", dead, id)
			}
			if !mayInvoke(app, id, function) {
				t.Errorf("EventBridge may not invoke %s for %s alone", function, id)
			}
			if !keepsFailures(app, function, dead) {
				t.Errorf("what %s fails at is lost", function)
			}
		}
	}
	if found != 1 {
		t.Errorf("%d rules of the bus, want one", found)
	}
}

// mayInvoke tells whether EventBridge may invoke a function for one rule.
func mayInvoke(app template, rule, function string) bool {
	for _, p := range app.of("AWS::Lambda::Permission") {
		if p.Properties["Principal"] == "events.amazonaws.com" && target(p.Properties["SourceArn"]) == rule && target(p.Properties["FunctionName"]) == function {
			return true
		}
	}
	return false
}

// keepsFailures tells whether invocations of a function that nobody waits for end among the dead letters.
func keepsFailures(app template, function, dead string) bool {
	for _, c := range app.of("AWS::Lambda::EventInvokeConfig") {
		if target(c.Properties["FunctionName"]) == function && target(at(c.Properties, "DestinationConfig", "OnFailure", "Destination")) == dead {
			return true
		}
	}
	return false
}

// checkTarget reports a target that loses events, or tells nobody.
func checkTarget(t *testing.T, app template, id string, of any) {
	t.Helper()
	checkDeadLetters(t, app, target(at(of, "DeadLetterConfig", "Arn")))
	if age, _ := at(of, "RetryPolicy", "MaximumEventAgeInSeconds").(float64); age != 24*60*60 {
		t.Errorf("%s tries again for %v s, want a day", id, age)
	}
	if tries, _ := at(of, "RetryPolicy", "MaximumRetryAttempts").(float64); tries < 100 {
		t.Errorf("%s tries again %v times in a day", id, tries)
	}
}

// mayPut tells whether a queue takes messages of EventBridge for one rule of this account alone.
func mayPut(app template, rule, queue string) bool {
	for _, policy := range app.of("AWS::SQS::QueuePolicy") {
		if !slices.ContainsFunc(list(policy.Properties["Queues"]), func(q any) bool { return target(q) == queue }) {
			continue
		}
		for _, s := range list(at(policy.Properties, "PolicyDocument", "Statement")) {
			if at(s, "Principal", "Service") == "events.amazonaws.com" && at(s, "Action") == "sqs:SendMessage" &&
				target(at(s, "Resource")) == queue && target(at(s, "Condition", "ArnEquals", "aws:SourceArn")) == rule &&
				at(s, "Condition", "StringEquals", "aws:SourceAccount") == account {
				return true
			}
		}
	}
	return false
}
