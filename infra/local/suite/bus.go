package suite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"liuke/infra/local/bucket"
	"liuke/infra/local/bus"
	"liuke/infra/local/lambda"
	"liuke/infra/local/template"
)

// eventBridge is the service that delivers for rules.
const eventBridge = "events.amazonaws.com"

// openBuses opens EventBridge with the template's buses and rules. Rules are told of nothing before work begins.
func (s *Suite) openBuses(context.Context) error {
	s.buses = &bus.Buses{
		Account: s.App.Account, Region: s.App.Region, Names: s.App.Buses(), Now: s.Clock.Now,
		OnLost: func(err error) { s.say("an event was lost: %v", err) },
	}
	rules, err := s.App.Rules()
	if err != nil {
		return err
	}
	var faults []error
	for _, r := range rules {
		pattern, err := bus.ParsePattern(r.Pattern)
		if err != nil {
			return fmt.Errorf("stack %s, resource %s: %w", r.Stack, r.LogicalID, err)
		}
		made := &bus.Rule{Name: r.Short(), Bus: r.Bus, Pattern: pattern}
		for _, t := range r.Targets {
			target, err := s.ruleTarget(r, t)
			faults = append(faults, err)
			made.Targets = append(made.Targets, target)
		}
		if r.Enabled {
			s.buses.Rules = append(s.buses.Rules, made)
		}
	}
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("the templates leave out a permission that a rule needs:\n%w", err)
	}
	return nil
}

// ruleTarget makes a target, and asks at once whether the rule may reach it.
func (s *Suite) ruleTarget(r *template.Rule, t template.RuleTarget) (bus.Target, error) {
	target := bus.Target{Input: t.Input, Retries: t.Retries}
	var faults []error
	if dead := s.byARN[t.DeadLetters]; dead != nil {
		target.DeadLetter = s.sendFrom(r, dead)
		faults = append(faults, s.authority.SendFrom(eventBridge, dead.ARN, r.ARN))
	}
	if q := s.byARN[t.ARN]; q != nil {
		target.Deliver = s.sendFrom(r, q)
		return target, errors.Join(append(faults, s.authority.SendFrom(eventBridge, q.ARN, r.ARN))...)
	}
	failures, retries, err := s.App.FailureQueue(t.ARN)
	faults = append(faults, err, s.authority.InvokeFrom(eventBridge, t.ARN, r.ARN))
	target.Deliver = func(ctx context.Context, payload []byte) error {
		if err := s.authority.InvokeFrom(eventBridge, t.ARN, r.ARN); err != nil {
			return err
		}
		s.invokeAsync(ctx, t.ARN, payload, retries+1, s.byARN[failures])
		return nil // Lambda has taken it: what becomes of it is no business of the rule's
	}
	return target, errors.Join(faults...)
}

func (s *Suite) sendFrom(r *template.Rule, q *queue) func(context.Context, []byte) error {
	return func(ctx context.Context, payload []byte) error {
		defer s.invocations.Add(1)
		if err := s.authority.SendFrom(eventBridge, q.ARN, r.ARN); err != nil {
			return err
		}
		return s.send(ctx, q, payload)
	}
}

func (s *Suite) send(ctx context.Context, q *queue, payload []byte) error {
	body := string(payload)
	_, err := s.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &q.url, MessageBody: &body})
	return err
}

// invokeAsync invokes a function as Lambda does for those who do not wait: some tries, a second and then two apart (in
// AWS it is a minute and then two), and what never succeeds goes to its failure queue, where it has one.
func (s *Suite) invokeAsync(ctx context.Context, function string, payload []byte, tries int, failures *queue) {
	for try := 1; ; try++ {
		_, err := s.invoke(ctx, function, payload)
		if err == nil || ctx.Err() != nil {
			return
		}
		if try < tries {
			select {
			case <-time.After(time.Duration(try) * time.Second):
			case <-ctx.Done():
				return
			}
			continue
		}
		if failures == nil {
			return // dropped, as Lambda does; the failure was told when it happened
		}
		lost := s.authority.DeadLetter(s.roleOf(function), failures.ARN)
		if lost == nil {
			lost = s.send(ctx, failures, failure(function, payload, try, err))
		}
		if lost != nil {
			s.say("a dead letter was lost: %v", lost)
		}
		return
	}
}

// failure is what Lambda hands to a destination on failure ("Capturing records of Lambda asynchronous invocations").
func failure(function string, payload []byte, tries int, cause error) []byte {
	reason, err := json.Marshal(map[string]string{"errorMessage": cause.Error()})
	var fault *lambda.Error
	if errors.As(cause, &fault) {
		reason, err = json.Marshal(fault)
	}
	if err != nil {
		reason = []byte("null") // texts always encode
	}
	record, err := json.Marshal(map[string]any{
		"version": "1.0",
		"requestContext": map[string]any{
			"functionArn": function + ":$LATEST", "condition": "RetriesExhausted", "approximateInvokeCount": tries,
		},
		"requestPayload":  json.RawMessage(payload),
		"responseContext": map[string]any{"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
		"responsePayload": json.RawMessage(reason),
	})
	if err != nil { // the payload is no JSON
		return payload
	}
	return record
}

// created tells EventBridge of an object, where its bucket is set to.
func (s *Suite) created(o bucket.Created) {
	r := s.App.Find("AWS::S3::Bucket", o.Bucket)
	if r == nil || !template.Notifies(r) || s.buses == nil {
		return
	}
	if err := s.buses.ObjectCreated(bus.Object(o)); err != nil {
		s.say("%v", err)
	}
}
