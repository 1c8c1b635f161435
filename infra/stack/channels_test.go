package stack

import (
	"slices"
	"strings"
	"testing"
)

// allowedTo lists what the function of a name may do with a service, "<action> on <resource>".
func allowedTo(tm template, function, service string) []string {
	var all []string
	for id, name := range tm.functions() {
		if name != function {
			continue
		}
		role := target(tm.Resources[id].Properties["Role"])
		for _, p := range tm.of("AWS::IAM::Policy") {
			if !slices.ContainsFunc(list(p.Properties["Roles"]), func(r any) bool { return target(r) == role }) {
				continue
			}
			for _, s := range statements(p.Properties) {
				for _, action := range texts(at(s, "Action")) {
					for _, on := range texts(at(s, "Resource")) {
						if strings.HasPrefix(action, service+":") {
							all = append(all, action+" on "+on)
						}
					}
				}
			}
		}
	}
	slices.Sort(all)
	return all
}

func TestDispatchMayCallTheChannelsThatAreSwitchedOnAlone(t *testing.T) {
	place := ":" + region + ":" + account + ":"
	for _, c := range []struct {
		name    string
		suite   suite
		service string
		want    []string
	}{
		{"no SMS", synthesize(t), "sms-voice", nil},
		{"no push", synthesize(t), "sns", nil},
		{"the quota of SES", synthesize(t), "ses", []string{"ses:GetAccount on *", "ses:SendEmail on arn:aws:ses" + place + "configuration-set/", "ses:SendEmail on arn:aws:ses" + place + "identity/mail.shop.example"}},
		{"SMS from its pool and its sender id", synthesizeWhole(t), "sms-voice", []string{
			"sms-voice:SendTextMessage on ${MailTextSet", "sms-voice:SendTextMessage on arn:aws:sms-voice" + place + "pool/pool-1",
			"sms-voice:SendTextMessage on arn:aws:sms-voice" + place + "sender-id/SHOP/DE",
		}},
		{"push to its applications", synthesizeWhole(t), "sns", []string{
			"sns:Publish on arn:aws:sns" + place + "endpoint/APNS/shop/*", "sns:Publish on arn:aws:sns" + place + "endpoint/GCM/shop/*",
		}},
		{"nothing of SES where a server sends", synthesizeOwnMail(t), "ses", nil},
	} {
		got := allowedTo(c.suite.app, "dispatch", c.service)
		if !slices.EqualFunc(got, c.want, strings.HasPrefix) {
			t.Errorf("%s: dispatch may %q, want %q", c.name, got, c.want)
		}
	}
}

func TestSecretsOfChannelsAreMadeWithThem(t *testing.T) {
	for name, c := range map[string]struct {
		suite suite
		want  []string
	}{
		"none":         {synthesize(t), nil},
		"destinations": {synthesizeWhole(t), []string{"Destinations"}},
		"a login":      {synthesizeOwnMail(t), []string{"Smtp"}},
	} {
		var got []string
		for id, secret := range c.suite.data.of("AWS::SecretsManager::Secret") {
			if secret.DeletionPolicy != "Retain" {
				t.Errorf("%s is not retained", id)
			}
			if short, _, _ := strings.Cut(id, "Secret"); !slices.Contains([]string{"WriteKeys", "TokenKeys", "Webhooks"}, short) {
				got = append(got, short)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestReceiptsOfSMSPassToTheirQueue(t *testing.T) {
	s := synthesizeWhole(t)
	sets := s.app.of("AWS::SMSVOICE::ConfigurationSet")
	if len(sets) != 1 {
		t.Fatalf("%d configuration sets of SMS", len(sets))
	}
	for id, set := range sets {
		for _, d := range list(set.Properties["EventDestinations"]) {
			topic := target(at(d, "SnsDestination", "TopicArn"))
			if s.app.Resources[topic].Type != "AWS::SNS::Topic" || !slices.Equal(texts(at(d, "MatchingEventTypes")), []string{"TEXT_ALL"}) {
				t.Errorf("%s publishes %v to %q", id, at(d, "MatchingEventTypes"), topic)
			}
		}
	}
	// As the service's guide has it: "Amazon SNS access policy" for a set's events, "Topic policies for Amazon SNS topics" for what
	// customers answer, each with the statement that the key of an encrypted topic needs.
	published := 0
	for _, policy := range s.app.of("AWS::SNS::TopicPolicy") {
		for _, st := range list(at(policy.Properties, "PolicyDocument", "Statement")) {
			if at(st, "Principal", "Service") != "sms-voice.amazonaws.com" {
				continue
			}
			published++
			topic := s.app.Resources[target(at(st, "Resource"))]
			if at(st, "Action") != "sns:Publish" || at(st, "Condition", "StringEquals", "aws:SourceAccount") != account ||
				text(at(st, "Condition", "ArnLike", "aws:SourceArn")) != "arn:aws:sms-voice:"+region+":"+account+":*" {
				t.Errorf("AWS End User Messaging may publish for other than this account: %v", st)
			}
			if topic.Type != "AWS::SNS::Topic" || topic.Properties["KmsMasterKeyId"] == nil || topic.Properties["FifoTopic"] == true {
				t.Errorf("it may publish to a %s, encrypted with %v", topic.Type, topic.Properties["KmsMasterKeyId"])
			}
		}
	}
	if published != 1 {
		t.Errorf("%d statements let AWS End User Messaging publish", published)
	}
	inKey := 0
	for _, key := range s.data.of("AWS::KMS::Key") {
		if spec := key.Properties["KeySpec"]; spec != nil && spec != "SYMMETRIC_DEFAULT" {
			t.Errorf("the key is %v; a topic takes a symmetric one", spec)
		}
		for _, st := range list(at(key.Properties, "KeyPolicy", "Statement")) {
			if at(st, "Principal", "Service") != "sms-voice.amazonaws.com" {
				continue
			}
			inKey++
			if !slices.Equal(texts(at(st, "Action")), []string{"kms:Decrypt", "kms:GenerateDataKey"}) || at(st, "Condition", "StringEquals", "aws:SourceAccount") != account {
				t.Errorf("AWS End User Messaging may do %v with the key, where %v", at(st, "Action"), at(st, "Condition"))
			}
		}
	}
	if inKey != 1 || len(synthesize(t).app.of("AWS::SMSVOICE::ConfigurationSet")) != 0 {
		t.Errorf("the key names the service %d times, or a set stands where SMS are off", inKey)
	}
}

func TestOpensAreToldOnlyWhereTheyAreAskedFor(t *testing.T) {
	for want, s := range map[bool]suite{false: synthesize(t), true: synthesizeWhole(t)} {
		for id, d := range s.app.of("AWS::SES::ConfigurationSetEventDestination") {
			types := texts(at(d.Properties, "EventDestination", "MatchingEventTypes"))
			if slices.Contains(types, "OPEN") != want || slices.Contains(types, "CLICK") {
				t.Errorf("%s tells of %v", id, types)
			}
		}
	}
}
