package stack

import (
	"fmt"
	"strings"
	"testing"
)

// List prices of us-east-1 in dollars; free tiers are left out.
const (
	keyPrice       = 1.00 // a customer-managed key, a month
	secretPrice    = 0.40 // a secret, a month
	alarmPrice     = 0.10 // an alarm over one metric, a month
	dashboardPrice = 3.00 // a dashboard, a month
	receivePrice   = 0.40 // a million requests to SQS
	readPrice      = 0.125
	invokePrice    = 0.20  // a million invocations
	computePrice   = 13.34 // a million GB-seconds on arm64
)

const (
	minutesAMonth = 730 * 60
	// receivesAMinute is how often Lambda asks an empty queue: five long polls of 20 seconds at a time (AWS Lambda developer
	// guide, "Using Lambda with Amazon SQS").
	receivesAMinute = 5 * 60 / 20
	// sweepReads are the read units of a sweep that finds nothing due: functions/outreach measures them.
	sweepReads = 16
	// sweepSeconds is for how long such a sweep runs, at most.
	sweepSeconds = 0.2
)

// TestWhatAnIdleDeploymentCosts adds up what a month costs in which nothing comes in: what the templates keep, that
// Lambda polls the queues, and the schedule of every minute. The daily runs over no customers, logs and Lambda's calls for
// the key are cents.
func TestWhatAnIdleDeploymentCosts(t *testing.T) {
	s := synthesize(t)
	count := func(kind string) float64 { return float64(len(s.data.of(kind)) + len(s.app.of(kind))) }
	minutely, memory := 0.0, 0.0
	for _, schedule := range s.app.of("AWS::Scheduler::Schedule") {
		if expression := fmt.Sprint(schedule.Properties["ScheduleExpression"]); expression == "rate(1 minute)" {
			minutely++
			f := target(at(schedule.Properties, "Target", "Arn"))
			memory, _ = s.app.of("AWS::Lambda::Function")[f].Properties["MemorySize"].(float64)
		} else if !strings.HasPrefix(expression, "cron(") && expression != "rate(5 minutes)" { // one read each where nothing is new
			t.Errorf("a schedule is %s: what does it cost?", expression)
		}
	}
	for id, a := range s.app.of("AWS::CloudWatch::Alarm") {
		if a.Properties["MetricName"] == nil {
			t.Errorf("%s watches more than one metric: what does it cost?", id)
		}
	}
	if minutely != 1 || memory == 0 {
		t.Fatalf("%v schedules fire each minute, with %v MB", minutely, memory)
	}
	sum := 0.0
	for _, line := range []struct {
		what    string
		dollars float64
	}{
		{"keys", keyPrice * count("AWS::KMS::Key")},
		{"secrets", secretPrice * count("AWS::SecretsManager::Secret")},
		{"alarms", alarmPrice * count("AWS::CloudWatch::Alarm")},
		{"dashboards", dashboardPrice * count("AWS::CloudWatch::Dashboard")},
		{"polls of empty queues", receivePrice / 1e6 * receivesAMinute * minutesAMonth * count("AWS::Lambda::EventSourceMapping")},
		{"sweeps' reads", readPrice / 1e6 * sweepReads * minutesAMonth * minutely},
		{"sweeps' invocations", (invokePrice + computePrice*sweepSeconds*memory/1024) / 1e6 * minutesAMonth * minutely},
	} {
		t.Logf("%-22s $%.2f a month", line.what, line.dollars)
		sum += line.dollars
	}
	t.Logf("%-22s $%.2f a month", "in all", sum)
	if most := 12.75; sum > most {
		t.Errorf("$%.2f a month, want at most $%.2f", sum, most)
	}
}
