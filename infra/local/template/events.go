package template

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
)

// Queues returns the queues, those that take dead letters first: an engine that is told of an unknown one accepts it in
// silence and delivers poison for ever.
func (app *App) Queues() ([]*Queue, error) {
	var rd reader
	var queues []*Queue
	dead := map[string]bool{}
	for _, s := range app.OfType("AWS::Scheduler::Schedule") {
		dead[rd.text(s, "Target.DeadLetterConfig.Arn")] = true
	}
	for _, r := range app.OfType("AWS::Lambda::EventInvokeConfig") {
		dead[rd.text(r, "DestinationConfig.OnFailure.Destination")] = true
	}
	for _, r := range app.OfType("AWS::Events::Rule") {
		for _, t := range list(r.At("Targets")) {
			arn, _ := member(member(t, "DeadLetterConfig"), "Arn").(string)
			dead[arn] = true
		}
	}
	for _, r := range app.OfType("AWS::SQS::Queue") {
		q := &Queue{
			Resource: r, Visibility: rd.seconds(r, "VisibilityTimeout", 30*time.Second), Delay: rd.seconds(r, "DelaySeconds", 0),
			Retention: rd.seconds(r, "MessageRetentionPeriod", 4*24*time.Hour), Wait: rd.seconds(r, "ReceiveMessageWaitTimeSeconds", 0),
			DeadLetters: rd.text(r, "RedrivePolicy.deadLetterTargetArn"), MaxReceives: rd.number(r, "RedrivePolicy.maxReceiveCount", 0),
			FIFO: r.At("FifoQueue") == true,
		}
		if q.DeadLetters != "" {
			if app.Find("AWS::SQS::Queue", q.DeadLetters) == nil {
				rd.fail(r, "RedrivePolicy names a queue that no stack has: %s", q.DeadLetters)
			}
			dead[q.DeadLetters] = true
		}
		queues = append(queues, q)
	}
	for _, q := range queues {
		q.isDeadLetters = dead[q.ARN]
	}
	slices.SortStableFunc(queues, func(a, b *Queue) int {
		switch {
		case a.isDeadLetters == b.isDeadLetters:
			return 0
		case a.isDeadLetters:
			return -1
		default:
			return 1
		}
	})
	return queues, errors.Join(rd.faults...)
}

// Mappings returns the event-source mappings of queues.
func (app *App) Mappings() ([]*Mapping, error) {
	var rd reader
	var mappings []*Mapping
	for _, r := range app.OfType("AWS::Lambda::EventSourceMapping") {
		m := &Mapping{
			Resource: r, Queue: rd.required(r, "EventSourceArn"), BatchSize: rd.number(r, "BatchSize", 10),
			Window: rd.seconds(r, "MaximumBatchingWindowInSeconds", 0), MaxConcurrency: rd.number(r, "ScalingConfig.MaximumConcurrency", 0),
			Partial: slices.Contains(texts(r.At("FunctionResponseTypes")), "ReportBatchItemFailures"),
		}
		if app.Find("AWS::SQS::Queue", m.Queue) == nil {
			rd.fail(r, "EventSourceArn names a queue that no stack has: %s", m.Queue)
		}
		if f := app.Find("AWS::Lambda::Function", rd.required(r, "FunctionName")); f != nil {
			m.Function = f.ARN
		} else {
			rd.fail(r, "FunctionName names a function that no stack has")
		}
		mappings = append(mappings, m)
	}
	return mappings, errors.Join(rd.faults...)
}

// Schedules returns the schedules. Each one's Short is the name that its input gives it, where it does.
func (app *App) Schedules() ([]*Schedule, error) {
	var rd reader
	var schedules []*Schedule
	for _, r := range app.OfType("AWS::Scheduler::Schedule") {
		s := &Schedule{
			Resource: r, Expression: rd.required(r, "ScheduleExpression"), TimeZone: rd.text(r, "ScheduleExpressionTimezone"),
			Target: rd.required(r, "Target.Arn"), Role: rd.required(r, "Target.RoleArn"), Input: rd.text(r, "Target.Input"),
			Retries: rd.number(r, "Target.RetryPolicy.MaximumRetryAttempts", 185), DeadLetters: rd.text(r, "Target.DeadLetterConfig.Arn"),
			Enabled: rd.text(r, "State") != "DISABLED",
		}
		group := "default"
		if g := app.Find("AWS::Scheduler::ScheduleGroup", rd.text(r, "GroupName")); g != nil {
			s.Group, group = g.ARN, g.Name
		}
		r.ARN = "arn:aws:scheduler:" + app.Region + ":" + app.Account + ":schedule/" + group + "/" + r.Name
		if app.Find("AWS::Lambda::Function", s.Target) == nil {
			rd.fail(r, "Target.Arn names a function that no stack has: %s", s.Target)
		}
		schedules = append(schedules, s)
	}
	return schedules, errors.Join(rd.faults...)
}

// Label is the schedule's name: the one in its input, {"schedule": …}, or its Short.
func (s *Schedule) Label() string {
	var input struct {
		Schedule string `json:"schedule"`
	}
	if json.Unmarshal([]byte(s.Input), &input) == nil && input.Schedule != "" {
		return input.Schedule
	}
	return s.Short()
}

// Routes returns the routes of the HTTP APIs.
func (app *App) Routes() ([]*Route, error) {
	var rd reader
	var routes []*Route
	for _, r := range app.OfType("AWS::ApiGatewayV2::Route") {
		route := &Route{Resource: r, API: rd.text(r, "ApiId"), Key: rd.required(r, "RouteKey"), Scopes: texts(r.At("AuthorizationScopes"))}
		integration := app.Find("AWS::ApiGatewayV2::Integration", strings.TrimPrefix(rd.required(r, "Target"), "integrations/"))
		if integration == nil {
			rd.fail(r, "Target names an integration that no stack has")
			continue
		}
		if v := rd.text(integration, "PayloadFormatVersion"); v != "2.0" {
			rd.fail(integration, "PayloadFormatVersion is %q; only 2.0 runs here", v)
		}
		if f := app.target(rd.required(integration, "IntegrationUri")); f != nil {
			route.Function = f.ARN
		} else {
			rd.fail(integration, "IntegrationUri names a function that no stack has")
		}
		switch kind := rd.text(r, "AuthorizationType"); kind {
		case "", "NONE":
		case "JWT":
			if a := app.Find("AWS::ApiGatewayV2::Authorizer", rd.required(r, "AuthorizerId")); a != nil {
				route.Authorizer = &Authorizer{Issuer: rd.required(a, "JwtConfiguration.Issuer"), Audience: texts(a.At("JwtConfiguration.Audience"))}
			} else {
				rd.fail(r, "AuthorizerId names an authorizer that no stack has")
			}
		default:
			rd.fail(r, "AuthorizationType %s does not run here", kind)
		}
		routes = append(routes, route)
	}
	return routes, errors.Join(rd.faults...)
}

// CORS returns what the HTTP API lets pages of other origins do; the zero value where it lets them do nothing.
func (app *App) CORS() (CORS, error) {
	var rd reader
	var c CORS
	for _, r := range app.OfType("AWS::ApiGatewayV2::Api") {
		if r.At("CorsConfiguration") == nil {
			continue
		}
		if c.Origins != nil {
			rd.fail(r, "CorsConfiguration: another API has one; one API is all that runs here")
		}
		list := func(name string) []string { return texts(r.At("CorsConfiguration." + name)) }
		c = CORS{
			Origins: list("AllowOrigins"), Methods: list("AllowMethods"), Headers: list("AllowHeaders"), Expose: list("ExposeHeaders"),
			MaxAge: rd.seconds(r, "CorsConfiguration.MaxAge", 0), Credentials: r.At("CorsConfiguration.AllowCredentials") == true,
		}
	}
	return c, errors.Join(rd.faults...)
}

// target finds the function of an integration's URI: its ARN, or API Gateway's path to it.
func (app *App) target(uri string) *Resource {
	if _, rest, ok := strings.Cut(uri, "/functions/"); ok {
		uri = strings.TrimSuffix(rest, "/invocations")
	}
	return app.Find("AWS::Lambda::Function", uri)
}

// Subscriptions returns the subscriptions of queues to topics.
func (app *App) Subscriptions() ([]*Subscription, error) {
	var rd reader
	var subscriptions []*Subscription
	for _, r := range app.OfType("AWS::SNS::Subscription") {
		if protocol := rd.text(r, "Protocol"); protocol != "sqs" {
			continue // an alarm's address
		}
		subscriptions = append(subscriptions, &Subscription{
			Resource: r, Topic: rd.required(r, "TopicArn"), Queue: rd.required(r, "Endpoint"), Raw: r.At("RawMessageDelivery") == true,
		})
	}
	return subscriptions, errors.Join(rd.faults...)
}
