package template

import (
	"errors"
	"slices"
	"strings"
)

// Rule is a rule of an EventBridge bus.
type Rule struct {
	*Resource
	Bus     string // name of its bus, "default"
	Pattern any    // EventPattern
	Enabled bool
	Targets []RuleTarget
}

// RuleTarget is what a rule sends its events to: a queue or a function.
type RuleTarget struct {
	ARN         string
	Input       string // in the event's place, "" for the event itself
	Retries     int
	DeadLetters string // ARN, "" for none
}

// Rules returns the rules of EventBridge.
func (app *App) Rules() ([]*Rule, error) {
	var rd reader
	var rules []*Rule
	for _, r := range app.OfType("AWS::Events::Rule") {
		rule := &Rule{Resource: r, Bus: busName(rd.text(r, "EventBusName")), Pattern: r.At("EventPattern"), Enabled: rd.text(r, "State") != "DISABLED"}
		if rule.Pattern == nil {
			rd.fail(r, "EventPattern is missing; schedules run here by EventBridge Scheduler alone")
		}
		for _, v := range list(r.At("Targets")) {
			target := &Resource{Stack: r.Stack, LogicalID: r.LogicalID}
			target.Properties, _ = v.(map[string]any)
			t := RuleTarget{
				ARN: rd.required(target, "Arn"), Input: rd.text(target, "Input"), Retries: rd.number(target, "RetryPolicy.MaximumRetryAttempts", 185),
				DeadLetters: rd.text(target, "DeadLetterConfig.Arn"),
			}
			if app.Find("AWS::SQS::Queue", t.ARN) == nil && app.Find("AWS::Lambda::Function", t.ARN) == nil {
				rd.fail(r, "a target is neither a queue nor a function that a stack has: %s", t.ARN)
			}
			for _, other := range []string{"InputPath", "InputTransformer", "RoleArn", "SqsParameters"} {
				if target.At(other) != nil {
					rd.fail(r, "Targets: %s does not run here", other)
				}
			}
			rule.Targets = append(rule.Targets, t)
		}
		rules = append(rules, rule)
	}
	return rules, errors.Join(rd.faults...)
}

// Buses returns the names of the buses besides the default one: those that stacks make, and those that rules name.
func (app *App) Buses() []string {
	var names []string
	for _, r := range app.OfType("AWS::Events::EventBus") {
		names = append(names, r.Name)
	}
	for _, r := range app.OfType("AWS::Events::Rule") {
		if name, _ := r.At("EventBusName").(string); name != "" {
			names = append(names, busName(name))
		}
	}
	names = slices.DeleteFunc(names, func(name string) bool { return name == "default" })
	slices.Sort(names)
	return slices.Compact(names)
}

// busName is the name of a bus by its name or ARN.
func busName(nameOrARN string) string {
	if nameOrARN == "" {
		return "default"
	}
	return nameOrARN[strings.LastIndexByte(nameOrARN, '/')+1:]
}

// FailureQueue returns the ARN of the queue where Lambda puts asynchronous invocations of the function that never
// succeeded (the destination of an EventInvokeConfig), "" for none, and how often it tries again after the first.
func (app *App) FailureQueue(function string) (queue string, retries int, err error) {
	var rd reader
	retries = 2
	for _, r := range app.OfType("AWS::Lambda::EventInvokeConfig") {
		f := app.Find("AWS::Lambda::Function", rd.required(r, "FunctionName"))
		if f == nil || f.ARN != function {
			continue
		}
		retries = rd.number(r, "MaximumRetryAttempts", retries)
		if queue = rd.text(r, "DestinationConfig.OnFailure.Destination"); queue != "" && app.Find("AWS::SQS::Queue", queue) == nil {
			rd.fail(r, "DestinationConfig.OnFailure names a queue that no stack has: %s", queue)
		}
	}
	return queue, retries, errors.Join(rd.faults...)
}

// Notifies says whether S3 puts events of the bucket on the default bus.
func Notifies(bucket *Resource) bool {
	return bucket.At("NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled") == true
}
