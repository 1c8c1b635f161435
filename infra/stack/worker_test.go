package stack

import (
	"slices"
	"testing"
)

func TestWorkersReportPartialFailuresAndAreCapped(t *testing.T) {
	app := synthesize(t).app
	names := app.functions()
	want := map[string]float64{ // messages a batch
		"profile": 10, "rfm": 1, "outreach": 5, "dispatch": 10, "receipts": 10, "imports": 1, "archive": 1,
	}
	for id, m := range app.of("AWS::Lambda::EventSourceMapping") {
		name := names[target(m.Properties["FunctionName"])]
		if !slices.Contains(texts(m.Properties["FunctionResponseTypes"]), "ReportBatchItemFailures") {
			t.Errorf("%s: one failure would deliver the whole batch again", id)
		}
		if n, _ := at(m.Properties, "ScalingConfig", "MaximumConcurrency").(float64); n < 2 || n > 1000 {
			t.Errorf("%s: concurrency is capped at %v", id, n)
		}
		if size := m.Properties["BatchSize"]; size != want[name] {
			t.Errorf("%s: %v messages a batch, want %v", name, size, want[name])
		}
		delete(want, name)
	}
	for name := range want {
		t.Errorf("%s works off no queue", name)
	}
}

func TestMessagesStayHiddenWhileTheyAreWorkedOn(t *testing.T) {
	app := synthesize(t).app
	for id, m := range app.of("AWS::Lambda::EventSourceMapping") {
		queue := app.Resources[target(m.Properties["EventSourceArn"])]
		timeout := app.Resources[target(m.Properties["FunctionName"])].Properties["Timeout"].(float64)
		window, _ := m.Properties["MaximumBatchingWindowInSeconds"].(float64)
		if visibility := queue.Properties["VisibilityTimeout"].(float64); visibility < 6*timeout+window {
			t.Errorf("%s: hidden for %v s, but six times %v s and the window of %v s may pass", id, visibility, timeout, window)
		}
	}
}

func TestWorkQueuesKeepTheirPoisonAndTellOfIt(t *testing.T) {
	app := synthesize(t).app
	for id, m := range app.of("AWS::Lambda::EventSourceMapping") {
		queue := target(m.Properties["EventSourceArn"])
		redrive := app.Resources[queue].Properties["RedrivePolicy"]
		if tries, _ := at(redrive, "maxReceiveCount").(float64); tries < 5 {
			t.Errorf("%s: poison after %v tries; throttled pollers alone can use up four", id, tries)
		}
		checkDeadLetters(t, app, target(at(redrive, "deadLetterTargetArn")))
		if !app.alarmed("ApproximateAgeOfOldestMessage", "QueueName", queue) {
			t.Errorf("nobody is told when %s falls behind", queue)
		}
	}
}

// checkDeadLetters reports a queue of dead letters that keeps them for less than 14 days or tells nobody.
func checkDeadLetters(t *testing.T, app template, id string) {
	t.Helper()
	queue, ok := app.Resources[id]
	if !ok {
		t.Errorf("dead letters go to %q, which is no queue of the template", id)
		return
	}
	if kept := queue.Properties["MessageRetentionPeriod"]; kept != float64(14*24*60*60) {
		t.Errorf("%s keeps dead letters for %v s, want 14 days", id, kept)
	}
	if !app.alarmed("ApproximateNumberOfMessagesVisible", "QueueName", id) {
		t.Errorf("nobody is told of dead letters in %s", id)
	}
}

func TestQueuesAreEncryptedAndTakeTLSAlone(t *testing.T) {
	app := synthesize(t).app
	for id, queue := range app.of("AWS::SQS::Queue") {
		if text(queue.Properties["KmsMasterKeyId"]) == "<nil>" {
			t.Errorf("%s is not encrypted with the suite's key", id)
		}
		if !deniesPlainHTTP(app, "AWS::SQS::QueuePolicy", "Queues", id) {
			t.Errorf("%s can be reached without TLS", id)
		}
	}
	for id, topic := range app.of("AWS::SNS::Topic") {
		if text(topic.Properties["KmsMasterKeyId"]) == "<nil>" {
			t.Errorf("%s is not encrypted with the suite's key", id)
		}
		if !deniesPlainHTTP(app, "AWS::SNS::TopicPolicy", "Topics", id) {
			t.Errorf("%s can be reached without TLS", id)
		}
	}
}

func TestSchedulesFireInTheZoneOfTheirDay(t *testing.T) {
	app := synthesize(t).app
	names := app.functions()
	want := map[string]bool{
		"rfm: cron(30 4 * * ? *) Asia/Shanghai {\"schedule\":\"recalculate\",\"scheduled_at\":\"<aws.scheduler.scheduled-time>\"}": true,
		"archive: cron(40 1 * * ? *) UTC {\"schedule\":\"compact\",\"scheduled_at\":\"<aws.scheduler.scheduled-time>\"}":           true,
		"survey: rate(5 minutes) Asia/Shanghai {\"schedule\":\"rollup\",\"scheduled_at\":\"<aws.scheduler.scheduled-time>\"}":      true,
		"outreach: rate(1 minute) Asia/Shanghai {\"schedule\":\"due\",\"scheduled_at\":\"<aws.scheduler.scheduled-time>\"}":        true,
		"outreach: rate(5 minutes) Asia/Shanghai {\"schedule\":\"tally\",\"scheduled_at\":\"<aws.scheduler.scheduled-time>\"}":     true,
	}
	for id, s := range app.of("AWS::Scheduler::Schedule") {
		p := s.Properties
		got := names[target(at(p, "Target", "Arn"))] + ": " + text(p["ScheduleExpression"]) + " " + text(p["ScheduleExpressionTimezone"]) + " " + text(at(p, "Target", "Input"))
		if !want[got] {
			t.Errorf("%s invokes %s", id, got)
		}
		delete(want, got)
	}
	for missing := range want {
		t.Errorf("no schedule invokes %s", missing)
	}
}

func TestAScheduleThatFailsOrFallsSilentIsNoticed(t *testing.T) {
	app := synthesize(t).app
	for id, s := range app.of("AWS::Scheduler::Schedule") {
		dead := target(at(s.Properties, "Target", "DeadLetterConfig", "Arn"))
		checkDeadLetters(t, app, dead)
		if at(s.Properties, "Target", "RetryPolicy") == nil {
			t.Errorf("%s leaves its retries to chance", id)
		}
		if !app.alarmed("InvocationAttemptCount", "ScheduleGroup", target(s.Properties["GroupName"])) {
			t.Errorf("nobody is told when %s does not fire", id)
		}

		// The scheduler only hands over: an invocation that fails afterwards is Lambda's to keep.
		if !keepsFailures(app, target(at(s.Properties, "Target", "Arn")), dead) {
			t.Errorf("an invocation by %s that fails is lost", id)
		}
	}
	for id, a := range app.of("AWS::CloudWatch::Alarm") {
		if a.Properties["MetricName"] == "InvocationAttemptCount" && a.Properties["TreatMissingData"] != "breaching" {
			t.Errorf("%s takes silence for health", id)
		}
	}
}

func TestReceiptsPassFromSesToTheirQueue(t *testing.T) {
	app := synthesize(t).app
	for id, d := range app.of("AWS::SES::ConfigurationSetEventDestination") {
		topic := target(at(d.Properties, "EventDestination", "SnsDestination", "TopicARN"))
		set := target(d.Properties["ConfigurationSetName"])
		for _, event := range []string{"SEND", "DELIVERY", "BOUNCE", "COMPLAINT", "REJECT", "RENDERING_FAILURE", "DELIVERY_DELAY"} {
			if !slices.Contains(texts(at(d.Properties, "EventDestination", "MatchingEventTypes")), event) {
				t.Errorf("%s drops events of type %s", id, event)
			}
		}
		if !allowed(app, "AWS::SNS::TopicPolicy", "ses.amazonaws.com", "sns:Publish", "arn:aws:ses:"+region+":"+account+":configuration-set/${"+set+"}") {
			t.Errorf("SES may not publish to %s for %s alone", topic, set)
		}
		for _, s := range app.of("AWS::SNS::Subscription") {
			if target(s.Properties["TopicArn"]) != topic {
				continue
			}
			if s.Properties["RawMessageDelivery"] == true {
				t.Error("receipts arrive without SNS's envelope, which alone tells when a customer's SMS was published")
			}
			if !allowed(app, "AWS::SQS::QueuePolicy", "sns.amazonaws.com", "sqs:SendMessage", "${"+topic+"}") {
				t.Error("SNS may not put receipts into their queue")
			}
		}
	}
}

// allowed tells whether a resource policy of the kind lets a service do an action for one source alone.
func allowed(app template, kind, service, action, source string) bool {
	for _, policy := range app.of(kind) {
		for _, s := range list(at(policy.Properties, "PolicyDocument", "Statement")) {
			if at(s, "Effect") != "Allow" || at(s, "Principal", "Service") != service || at(s, "Action") != action {
				continue
			}
			for _, operator := range []string{"StringEquals", "ArnEquals"} {
				if text(at(s, "Condition", operator, "aws:SourceArn")) == source {
					return true
				}
			}
		}
	}
	return false
}
