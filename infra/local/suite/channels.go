package suite

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"liuke/infra/local/standin"
	"liuke/infra/local/template"
)

const (
	hooksPath       = localPath + "hooks/"
	mailCertificate = "mail.pem"
)

// deliver puts an event into the queue with the ARN.
func (s *Suite) deliver(ctx context.Context, arn string, body []byte) error {
	q := s.byARN[arn]
	if q == nil {
		return fmt.Errorf("no queue has the ARN %s", arn)
	}
	text := string(body)
	_, err := s.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &q.url, MessageBody: &text})
	return err
}

// openMail opens SES with the template's identities, configuration sets and event destinations.
func (s *Suite) openMail() error {
	config := standin.SESConfig{
		Authority: s.authority, Outbox: s.outbox, Now: s.Clock.Now, Deliver: s.deliver, Quota: s.options.Quota,
		OnLost: func(err error) { s.say("a mail's event was lost: %v", err) },
	}
	for _, r := range s.App.OfType("AWS::SES::EmailIdentity") {
		config.Identities = append(config.Identities, r.Name)
	}
	for _, r := range s.App.OfType("AWS::SES::ConfigurationSet") {
		config.ConfigurationSets = append(config.ConfigurationSets, r.Name)
	}
	subscriptions, err := s.App.Subscriptions()
	if err != nil {
		return err
	}
	for _, r := range s.App.OfType("AWS::SES::ConfigurationSetEventDestination") {
		config.Destinations = append(config.Destinations, destination(fmt.Sprint(r.At("ConfigurationSetName")),
			r.At("EventDestination.SnsDestination.TopicARN"), r.At("EventDestination.MatchingEventTypes"), subscriptions))
	}
	s.ses = standin.NewSES(config)
	s.later(s.ses.Close)
	s.openTexts(subscriptions)
	return nil
}

// destination is where the events of a configuration set go.
func destination(set string, topic, types any, subscriptions []*template.Subscription) standin.EventDestination {
	d := standin.EventDestination{ConfigurationSet: set, Topic: fmt.Sprint(topic)}
	for _, kind := range list(types) {
		d.Types = append(d.Types, fmt.Sprint(kind))
	}
	for _, sub := range subscriptions {
		if sub.Topic == d.Topic {
			d.Queues = append(d.Queues, standin.Subscription{Queue: sub.Queue, Raw: sub.Raw})
		}
	}
	return d
}

// openTexts opens AWS End User Messaging with the template's configuration sets and their event destinations.
func (s *Suite) openTexts(subscriptions []*template.Subscription) {
	config := standin.SMSConfig{
		Authority: s.authority, Outbox: s.outbox, Now: s.Clock.Now, Deliver: s.deliver,
		OnLost: func(err error) { s.say("an event of an SMS was lost: %v", err) },
	}
	for _, r := range s.App.OfType("AWS::SMSVOICE::ConfigurationSet") {
		config.ConfigurationSets = append(config.ConfigurationSets, r.Name)
		for _, at := range list(r.At("EventDestinations")) {
			each, _ := at.(map[string]any)
			to, _ := each["SnsDestination"].(map[string]any)
			config.Destinations = append(config.Destinations, destination(r.Name, to["TopicArn"], each["MatchingEventTypes"], subscriptions))
		}
	}
	s.texts = standin.NewSMS(config)
	s.later(s.texts.Close)
}

// textFrom takes an SMS of a customer's, {"from":"+12065550100","body":"STOP"}, to the topic that two-way messages are published to,
// and answers with its id. With the "id" of an earlier one it is that one, published again.
func (s *Suite) textFrom(_ http.ResponseWriter, r *http.Request) (any, error) {
	var a standin.Answer
	if err := decode(r, &a); err != nil {
		return nil, err
	}
	id, err := s.texts.Answer(r.Context(), a)
	if err != nil {
		return nil, &badRequest{err}
	}
	return map[string]string{"id": id}, nil
}

// openChannels opens what mail and webhooks go to where they do not go through AWS, and fills in the secrets that an operator
// would fill in.
func (s *Suite) openChannels() error {
	for _, f := range s.App.OfType("AWS::Lambda::Function") {
		security, _ := f.At("Environment.Variables.LIUKE_SMTP_SECURITY").(string)
		if security == "" {
			continue
		}
		var err error
		if s.mail, err = standin.NewMailServer(s.outbox, s.Clock.Now, s.state.path(mailCertificate), security == "tls"); err != nil {
			return err
		}
		s.later(s.mail.Close)
	}
	for _, r := range s.App.OfType("AWS::SecretsManager::Secret") {
		var err error
		switch r.Short() {
		case "smtp":
			err = s.fill(r.ARN, map[string]any{"username": "shop", "password": "local"})
		case "destinations":
			err = s.openHooks(r.ARN)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// openHooks opens the receiver of webhooks, and names its addresses, which change with the suite's, in the secret.
func (s *Suite) openHooks(secret string) error {
	value, _ := s.secrets.Value(secret)
	var before map[string]struct{ Current string }
	_ = json.Unmarshal([]byte(value), &before) // of a secret that was only generated, nothing is known
	signing := before["crm"].Current
	if signing == "" {
		key := make([]byte, 32)
		rand.Read(key) // never fails
		signing = "whsec_" + base64.StdEncoding.EncodeToString(key)
	}
	s.hooks = standin.NewReceiver(s.outbox, s.Clock.Now, signing)
	members := map[string]any{}
	for _, name := range standin.ReceiverNames {
		d := map[string]string{"url": s.URL + hooksPath + name, "current": signing}
		if name == "group" {
			d = map[string]string{"url": s.URL + hooksPath + name, "answer": "errcode"}
		}
		members[name] = d
	}
	return s.fill(secret, members)
}

// fill puts members into a secret that is an object, beside those that an operator has entered.
func (s *Suite) fill(secret string, members map[string]any) error {
	value, _ := s.secrets.Value(secret)
	all := map[string]any{}
	if err := json.Unmarshal([]byte(value), &all); err != nil {
		all = map[string]any{}
	}
	maps.Copy(all, members)
	raw, err := json.Marshal(all)
	if err != nil {
		return err
	}
	return s.secrets.Put(secret, string(raw))
}
