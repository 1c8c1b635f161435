package scene

import "liuke/shared/message"

// Channel is the channel by which the candidate is to be reached: the first of the step's for which there is consent and an
// address that is not suppressed; where there is none, the first without suppression in the way; else the first.
func (c *Candidate) Channel() message.Channel {
	if c.Chosen != "" {
		return c.Chosen
	}
	channels := c.Scene.Step(c.Step).Channels
	for _, channel := range channels {
		if c.unreachable(channel) == "" && !c.Suppressed[channel] {
			return channel
		}
	}
	for _, channel := range channels {
		if c.unreachable(channel) == "" {
			return channel
		}
	}
	return channels[0]
}

// unreachable is why a channel does not reach the candidate; "" where it does.
func (c *Candidate) unreachable(channel message.Channel) string {
	if c.Ways != nil && !c.Ways[channel] {
		return "channel_not_set_up"
	}
	needs := string(channel)
	if channel == message.Webhook {
		if needs = c.Scene.Consent; needs == "" {
			return ""
		}
	}
	if !c.Profile.Consents(needs) {
		return "no_consent"
	}
	if channel == message.Webhook {
		return ""
	}
	switch address := Address(channel, c.Profile); {
	case address == "":
		return "no_address"
	case !plausible(channel, address):
		return "bad_address"
	}
	return ""
}
