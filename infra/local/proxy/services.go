package proxy

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/mail"
	"net/url"
	"strings"

	"liuke/infra/local/iam"
)

// The most that a request may hold: SQS 1 MiB of messages and their escapes, SES 40 MB, Secrets Manager 64 KB, SNS 256 KB.
const (
	sqsLimit            = 8 << 20
	sesLimit            = 40 << 20
	smsLimit            = 1 << 16
	snsLimit            = 1 << 19
	secretsManagerLimit = 1 << 20
)

// readSQS reads a call by the JSON protocol. A batch needs the permission of its single form.
func (p *Proxy) readSQS(r *http.Request) (operation, error) {
	name, err := target(r, "AmazonSQS.")
	if err != nil {
		return operation{}, err
	}
	body, err := readBody(r, sqsLimit)
	if err != nil {
		return operation{}, err
	}
	var request map[string]json.RawMessage
	if err := json.Unmarshal(body, &request); err != nil {
		return operation{}, refusal{kind: invalid, message: "the request is not a JSON object"}
	}
	call := iam.Call{Action: "sqs:" + strings.TrimSuffix(name, "Batch"), Resource: "*"}
	switch name {
	case "ListQueues":
	case "GetQueueUrl", "CreateQueue":
		queue, _ := text(request, "QueueName")
		call.Resource = "arn:aws:sqs:" + p.cfg.Authority.Region + ":" + p.cfg.Authority.Account + ":" + queue
	default:
		url, _ := text(request, "QueueUrl")
		arn, ok := p.cfg.Queues[url]
		if !ok {
			return operation{}, refusal{kind: noQueue, message: "The specified queue does not exist: no queue of the template has this URL."}
		}
		call.Resource = arn
	}
	return operation{name: name, calls: []iam.Call{call}, body: body}, nil
}

// readSES reads SendEmail and GetAccount, the operations of SES v2 that functions use. SendEmail needs the permission on the
// identity that it sends under and on the configuration set.
func (p *Proxy) readSES(r *http.Request) (operation, error) {
	if r.Method == http.MethodGet && r.URL.Path == "/v2/email/account" {
		return operation{name: "GetAccount", calls: []iam.Call{{Action: "ses:GetAccount", Resource: "*"}}}, nil
	}
	if r.Method != http.MethodPost || r.URL.Path != "/v2/email/outbound-emails" {
		return operation{}, refusal{kind: unknown, message: "of SES the suite on one machine has SendEmail and GetAccount only"}
	}
	body, err := readBody(r, sesLimit)
	if err != nil {
		return operation{}, err
	}
	var request struct {
		FromEmailAddress     string
		ConfigurationSetName string
		Content              struct{ Raw json.RawMessage }
		Destination          struct{ ToAddresses, CcAddresses, BccAddresses []string }
	}
	if err := json.Unmarshal(body, &request); err != nil {
		return operation{}, refusal{kind: invalid, message: "the request is not the JSON of SendEmail"}
	}
	from := request.FromEmailAddress
	if parsed, err := mail.ParseAddress(from); err == nil {
		from = parsed.Address
	}
	identity, ok := p.cfg.Identity(from)
	if !ok {
		identity = from // the stand-in refuses it as SES does, after the permission was asked for
	}
	action := "ses:SendEmail"
	if len(request.Content.Raw) > 0 && string(request.Content.Raw) != "null" {
		action = "ses:SendRawEmail"
	}
	to := request.Destination
	ctx := iam.Context{
		"ses:apiversion":  {"2"},
		"ses:fromaddress": {from},
		"ses:recipients":  append(append(append([]string{}, to.ToAddresses...), to.CcAddresses...), to.BccAddresses...),
	}
	prefix := "arn:aws:ses:" + p.cfg.Authority.Region + ":" + p.cfg.Authority.Account + ":"
	calls := []iam.Call{{Action: action, Resource: prefix + "identity/" + identity, Context: ctx}}
	if request.ConfigurationSetName != "" {
		calls = append(calls, iam.Call{Action: action, Resource: prefix + "configuration-set/" + request.ConfigurationSetName, Context: ctx})
	}
	return operation{name: "SendEmail", calls: calls, body: body}, nil
}

// readSMS reads a call of AWS End User Messaging. SendTextMessage needs the permission on what it sends from and on the
// configuration set.
func (p *Proxy) readSMS(r *http.Request) (operation, error) {
	name, err := target(r, "PinpointSMSVoiceV2.")
	if err != nil {
		return operation{}, err
	}
	body, err := readBody(r, smsLimit)
	if err != nil {
		return operation{}, err
	}
	var request map[string]json.RawMessage
	if err := json.Unmarshal(body, &request); err != nil {
		return operation{}, refusal{kind: invalid, message: "the request is not a JSON object"}
	}
	from, _ := text(request, "OriginationIdentity")
	if !strings.HasPrefix(from, "arn:") {
		from = "*" // which permissions have to name, as nothing is known of it here
	}
	calls := []iam.Call{{Action: "sms-voice:" + name, Resource: from}}
	if set, _ := text(request, "ConfigurationSetName"); set != "" {
		calls = append(calls, iam.Call{
			Action: "sms-voice:" + name, Resource: "arn:aws:sms-voice:" + p.cfg.Authority.Region + ":" + p.cfg.Authority.Account + ":configuration-set/" + set,
		})
	}
	return operation{name: name, calls: calls, body: body}, nil
}

// readSNS reads Publish, by SNS's query protocol.
func (p *Proxy) readSNS(r *http.Request) (operation, error) {
	body, err := readBody(r, snsLimit)
	if err != nil {
		return operation{}, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || form.Get("Action") != "Publish" {
		return operation{}, refusal{kind: unknown, message: "of SNS the suite on one machine has Publish only"}
	}
	to := cmp.Or(form.Get("TargetArn"), form.Get("TopicArn"), "*")
	return operation{name: "Publish", calls: []iam.Call{{Action: "sns:Publish", Resource: to}}, body: body}, nil
}

func (p *Proxy) readSecretsManager(r *http.Request) (operation, error) {
	name, err := target(r, "secretsmanager.")
	if err != nil {
		return operation{}, err
	}
	body, err := readBody(r, secretsManagerLimit)
	if err != nil {
		return operation{}, err
	}
	var request map[string]json.RawMessage
	if err := json.Unmarshal(body, &request); err != nil {
		return operation{}, refusal{kind: invalid, message: "the request is not a JSON object"}
	}
	id, _ := text(request, "SecretId")
	arn, ok := p.cfg.SecretARN(id)
	if !ok {
		arn = "arn:aws:secretsmanager:" + p.cfg.Authority.Region + ":" + p.cfg.Authority.Account + ":secret:" + id
		if strings.HasPrefix(id, "arn:") {
			arn = id
		}
	}
	return operation{name: name, calls: []iam.Call{{Action: "secretsmanager:" + name, Resource: arn}}, body: body}, nil
}
