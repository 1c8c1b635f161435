package scene

import (
	"liuke/shared/customer"
	"liuke/shared/message"
	"liuke/shared/signal"
)

// bounds reads when, how often and for whom at most a scene speaks.
func (d *document) bounds(s *Scene, f *sceneFile) {
	switch f.Quiet {
	case "", "policy":
	case "none":
		s.Quiet = false
		if s.Kind == Marketing {
			d.mistake(at("quiet_hours"), "a marketing scene must keep the policy's quiet hours")
		}
	default:
		d.mistake(at("quiet_hours"), "quiet_hours must be policy or none")
	}
	if f.FreshFor != "" {
		s.FreshFor = d.duration(at("fresh_for"), f.FreshFor)
	}
	if f.Delay != "" {
		s.Delay = d.duration(at("delay"), f.Delay)
	}
	s.Enter = d.enter(f.Enter)
	s.Caps = d.caps(f.Limits, ScopeScene)
	s.Holdout = d.holdout(f.Holdout)
	if f.Holdout != "" && s.Kind == Transactional {
		d.mistake(at("holdout"), "a transactional scene reaches everyone: holdout belongs to marketing")
	}
	if s.Topic = f.Topic; s.Topic != "" && !topicName().MatchString(s.Topic) {
		d.mistake(at("topic"), "topic must be lower-case words joined by underscores, at most %d characters", maxTopic)
	}
}

// answers checks that a scene which calls itself transactional answers something. A task is said to no customer, and scenes that
// were kept before are read as they are.
func (d *document) answers(s *Scene, on string) {
	unasked := on == string(signal.Campaign) || on == string(signal.Schedule)
	if d.compilers.Sample != nil && unasked && s.Kind == Transactional && s.Channels[0] != message.Task {
		d.mistake(at("kind"), "what is sent on %s answers nothing that the customer did: kind must be %s", on, Marketing)
	}
}

// measures reads what is spent on a scene, and what it is to bring about.
func (d *document) measures(s *Scene, f *sceneFile) {
	s.Budget, s.Offer, s.Goal = d.budget(f.Budget), d.offer(f.Offer), d.goal(f.Goal)
	s.Experiment = d.variants(s, f.Variants)
}

// IsDestination reports whether a text can be the name of a destination of webhooks.
func IsDestination(name string) bool {
	return sceneID().MatchString(name) && len(name) <= maxDestination
}

// maxDestination is the longest name of a destination.
const maxDestination = 64

// destination checks where the channel webhook posts to.
func (d *document) destination(s *Scene) {
	posts := s.Channels[0] == message.Webhook
	switch {
	case posts && !IsDestination(s.To):
		d.mistake(at("to"), "the channel %s needs a destination: to, in lower-case words joined by underscores", message.Webhook)
	case !posts && s.To != "":
		d.mistake(at("to"), "to belongs to the channel %s", message.Webhook)
	}
	switch {
	case s.Consent == "":
	case !posts:
		d.mistake(at("consent"), "consent belongs to the channel %s: any other needs its own", message.Webhook)
	case !customer.IsChannel(s.Consent):
		d.mistake(at("consent"), "consent is given for %s", wordsOf(mixable))
	}
}
