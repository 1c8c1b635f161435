package scene_test

import (
	"testing"

	"liuke/shared/customer"
	"liuke/shared/message"
	"liuke/shared/scene"
)

func TestAddressesByChannel(t *testing.T) {
	const endpoint = "arn:aws:sns:eu-central-1:111111111111:endpoint/GCM/shop/1"
	for _, c := range []struct {
		name    string
		channel message.Channel
		trait   string
		value   string
		want    string
		reason  string // why a scene of the channel holds the message, "" where it doesn't
	}{
		{"mail", message.Email, customer.TraitEmail, " li@example.com ", "li@example.com", ""},
		{"mail with a name", message.Email, customer.TraitEmail, "Li <li@example.com>", "Li <li@example.com>", "bad_address"},
		{"no mail", message.Email, customer.TraitEmail, "", "", "no_address"},
		{"a number", message.SMS, customer.TraitPhone, "+4915112345678", "+4915112345678", ""},
		{"a number as people write it", message.SMS, customer.TraitPhone, "+1 (206) 555-0100", "+12065550100", ""},
		{"a number without its country", message.SMS, customer.TraitPhone, "0151 12345678", "015112345678", "bad_address"},
		{"a number that is too long", message.SMS, customer.TraitPhone, "+1234567890123456", "+1234567890123456", "bad_address"},
		{"no number", message.SMS, customer.TraitPhone, "+49 call me", "+49callme", "bad_address"},
		{"a phone's app", message.Push, customer.TraitPush, endpoint, endpoint, ""},
		{"a topic is no phone", message.Push, customer.TraitPush, "arn:aws:sns:eu-central-1:111111111111:all", "arn:aws:sns:eu-central-1:111111111111:all", "bad_address"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := customer.Profile{Version: 1}
			p.Set(customer.ConsentTrait(string(c.channel)), customer.Trait{Value: "true", Time: 1})
			if c.value != "" {
				p.Set(c.trait, customer.Trait{Value: c.value, Time: 1})
			}
			if got := scene.Address(c.channel, p); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			s := &scene.Scene{ID: "s", Kind: scene.Transactional, Channels: []message.Channel{c.channel}, Steps: []scene.Step{{Channels: []message.Channel{c.channel}}}}
			if v := scene.Recheck(scene.Candidate{Scene: s, Profile: p, Chosen: c.channel}); v.Reason != c.reason {
				t.Errorf("held for %q, want %q", v.Reason, c.reason)
			}
		})
	}
}

// TestAWebhookNeedsTheConsentThatItsSceneNames alone: what goes to a system reaches no customer.
func TestAWebhookNeedsTheConsentThatItsSceneNames(t *testing.T) {
	for _, c := range []struct{ consent, given, reason string }{
		{"", "", ""},
		{"email", "email", ""},
		{"email", "webhook", "no_consent"},
		{"email", "", "no_consent"},
	} {
		p := customer.Profile{Version: 1}
		if c.given != "" {
			p.Set(customer.ConsentTrait(c.given), customer.Trait{Value: "true", Time: 1})
		}
		ways := []message.Channel{message.Webhook}
		s := &scene.Scene{ID: "s", Kind: scene.Transactional, To: "crm", Consent: c.consent, Channels: ways, Steps: []scene.Step{{Channels: ways}}}
		if v := scene.Recheck(scene.Candidate{Scene: s, Profile: p, Chosen: message.Webhook}); v.Reason != c.reason {
			t.Errorf("with consent to %q, needing %q: held for %q, want %q", c.given, c.consent, v.Reason, c.reason)
		}
		if got := s.Address(message.Webhook, p); got != "crm" {
			t.Errorf("goes to %q", got)
		}
	}
}

func TestAChannelThatIsSwitchedOffReachesNobody(t *testing.T) {
	p := customer.Profile{Version: 1}
	for name, value := range map[string]string{
		customer.TraitEmail: "li@example.com", customer.TraitPhone: "+4915112345678", customer.ConsentTrait("email"): "true", customer.ConsentTrait("sms"): "true",
	} {
		p.Set(name, customer.Trait{Value: value, Time: 1})
	}
	ways := []message.Channel{message.SMS, message.Email}
	s := &scene.Scene{ID: "s", Kind: scene.Transactional, Channels: ways, Steps: []scene.Step{{Channels: ways}}}
	for _, c := range []struct {
		name string
		on   map[message.Channel]bool
		want message.Channel
		hold string
	}{
		{"where nothing is said of it, the first is chosen", nil, message.SMS, ""},
		{"the next is, where the first is off", map[message.Channel]bool{message.Email: true}, message.Email, ""},
		{"with none on, the message is held", map[message.Channel]bool{}, message.SMS, "channel_not_set_up"},
	} {
		candidate := scene.Candidate{Scene: s, Profile: p, Ways: c.on}
		if got, v := candidate.Channel(), scene.Recheck(candidate); got != c.want || v.Reason != c.hold {
			t.Errorf("%s: %s, held for %q", c.name, got, v.Reason)
		}
	}
}
