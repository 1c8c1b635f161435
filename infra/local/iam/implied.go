package iam

import "strings"

// Call is one call of a service's interface.
type Call struct {
	Action   string // "dynamodb:GetItem"
	Resource string // an ARN, or "*"
	Context  Context
}

// Authorize decides several calls of a principal together with those that AWS makes on its behalf: where the resource
// is encrypted with a key of the account's own, the caller (or the calling service) must be let use that key. It
// returns a *Denied for the first that is refused, which is then kept in Denials.
func (a *Authority) Authorize(p Principal, calls ...Call) error {
	for _, c := range calls {
		if err := a.authorize(Request{p, c.Action, c.Resource, c.Context}, ""); err != nil {
			return err
		}
		key, ok := a.keys[a.owner(c.Resource)]
		if !ok {
			continue
		}
		for _, action := range keyActions[c.Action] {
			if err := a.authorize(Request{p, action, key, a.keyContext(c)}, c.Action); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *Authority) authorize(req Request, implying string) error {
	d := a.Check(req)
	if d.Allowed {
		return nil
	}
	d.For = implying
	a.record(d)
	return &Denied{d}
}

// What the services ask of a customer managed key, as their guides have it: DynamoDB ("DynamoDB encryption at rest",
// the table key is decrypted on the caller's behalf for every read and write), SQS and SNS ("Key management"), S3
// ("Using server-side encryption with AWS KMS keys", multipart uploads also decrypt), Secrets Manager ("Secret
// encryption and decryption").
var (
	decrypt         = []string{"kms:Decrypt"}
	generate        = []string{"kms:GenerateDataKey"}
	generateDecrypt = []string{"kms:GenerateDataKey", "kms:Decrypt"}

	keyActions = map[string][]string{
		"dynamodb:BatchGetItem": decrypt, "dynamodb:BatchWriteItem": decrypt, "dynamodb:ConditionCheckItem": decrypt,
		"dynamodb:DeleteItem": decrypt, "dynamodb:GetItem": decrypt, "dynamodb:PutItem": decrypt,
		"dynamodb:Query": decrypt, "dynamodb:Scan": decrypt, "dynamodb:UpdateItem": decrypt,

		"sqs:SendMessage": generateDecrypt, "sqs:ReceiveMessage": decrypt,
		"sns:Publish": generateDecrypt,

		"s3:GetObject": decrypt, "s3:GetObjectVersion": decrypt, "s3:PutObject": generate,

		"secretsmanager:GetSecretValue": decrypt, "secretsmanager:PutSecretValue": generateDecrypt,
	}
)

// AuthorizeUpload decides a call of a multipart upload of an object: the permission is s3:PutObject, but the key must
// decrypt as well.
func (a *Authority) AuthorizeUpload(p Principal, object string) error {
	if err := a.Authorize(p, Call{Action: "s3:PutObject", Resource: object}); err != nil {
		return err
	}
	key, ok := a.keys[a.owner(object)]
	if !ok {
		return nil
	}
	c := Call{Action: "s3:PutObject", Resource: object}
	return a.authorize(Request{p, "kms:Decrypt", key, a.keyContext(c)}, "a multipart upload")
}

// keyContext has the condition keys of a call to KMS that a service makes on behalf of a call to itself.
func (a *Authority) keyContext(c Call) Context {
	service, _, _ := strings.Cut(c.Action, ":")
	ctx := Context{"kms:viaservice": {service + "." + a.Region + ".amazonaws.com"}}
	for key, values := range c.Context { // who stands behind a calling service
		if key == "aws:sourcearn" || key == "aws:sourceaccount" {
			ctx[key] = values
		}
	}
	attribute := map[string]string{
		"sqs": "aws:sqs:arn", "sns": "aws:sns:topicarn", "s3": "aws:s3:arn", "secretsmanager": "secretarn",
	}[service]
	value := c.Resource
	if service == "dynamodb" {
		attribute = "aws:dynamodb:tablename"
		_, value, _ = strings.Cut(a.owner(c.Resource), ":table/")
	}
	ctx["kms:encryptioncontext:"+attribute] = []string{value}
	ctx["kms:encryptioncontextkeys"] = []string{attribute}
	return ctx
}

// from is the context of a call that a service makes for a resource of this account.
func (a *Authority) from(source string) Context {
	return Context{"aws:sourcearn": {source}, "aws:sourceaccount": {a.Account}}
}

// Assume decides whether a service may work under a role: "lambda.amazonaws.com" under a function's, and
// "scheduler.amazonaws.com" under a schedule's. The source is the ARN of the function or schedule.
func (a *Authority) Assume(service, role, source string) error {
	return a.Authorize(Service(service), Call{"sts:AssumeRole", role, a.from(source)})
}

// Poll decides what an event-source mapping does with a queue, under the function's role: receive, delete, look, and
// decrypt.
func (a *Authority) Poll(role, queue string) error {
	return a.Authorize(Role(role),
		Call{Action: "sqs:ReceiveMessage", Resource: queue},
		Call{Action: "sqs:DeleteMessage", Resource: queue},
		Call{Action: "sqs:GetQueueAttributes", Resource: queue})
}

// Invoke decides whether a schedule's role may invoke a function.
func (a *Authority) Invoke(role, function string) error {
	return a.Authorize(Role(role), Call{Action: "lambda:InvokeFunction", Resource: function})
}

// InvokeFrom decides whether a service may invoke a function for one of its resources, by the function's own policy
// (AWS::Lambda::Permission): API Gateway, "apigateway.amazonaws.com", for a route's
// "arn:aws:execute-api:region:account:api/stage/method/path".
func (a *Authority) InvokeFrom(service, function, source string) error {
	return a.Authorize(Service(service), Call{"lambda:InvokeFunction", function, a.from(source)})
}

// DeadLetter decides whether a schedule's role may put what it could not deliver into a queue.
func (a *Authority) DeadLetter(role, queue string) error {
	return a.Authorize(Role(role), Call{Action: "sqs:SendMessage", Resource: queue})
}

// PublishFrom decides whether a service may publish to a topic for one of its resources: SES, "ses.amazonaws.com", and AWS End
// User Messaging, "sms-voice.amazonaws.com", what happened to a message for a configuration set, and the latter what customers
// answer for a number.
func (a *Authority) PublishFrom(service, topic, source string) error {
	return a.Authorize(Service(service), Call{"sns:Publish", topic, a.from(source)})
}

// SendFrom decides whether a service may put a message into a queue for one of its resources, by the queue's own policy and,
// where the queue is encrypted, its key's: EventBridge, "events.amazonaws.com", for a rule.
func (a *Authority) SendFrom(service, queue, source string) error {
	return a.Authorize(Service(service), Call{"sqs:SendMessage", queue, a.from(source)})
}

// Deliver decides whether a topic may put a message into a queue that is subscribed to it.
func (a *Authority) Deliver(topic, queue string) error {
	return a.Authorize(Service("sns.amazonaws.com"), Call{"sqs:SendMessage", queue, a.from(topic)})
}
