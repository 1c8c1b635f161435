package main

import (
	"strings"
	"time"

	"liuke/shared/customer"
	"liuke/shared/message"
	"liuke/shared/outreach"
	"liuke/shared/scene"
)

// waysOut are how the events begin by which customers refuse a channel themselves, and what became of it in words.
var waysOut = []struct{ event, says string }{
	{"unsubscribe:", "unsubscribed from the channel by a message's link"},
	{"preferences:", "switched the channel off on the preferences page"},
	{"sms:", "stopped the channel by a text"},
}

// saysNow says what a reason of now means: of a channel that the customer refused, when and how.
func saysNow(c *scene.Candidate, reason string) string {
	channel := string(c.Channel())
	if c.Channel() == message.Webhook {
		channel = c.Scene.Consent
	}
	word := c.Profile.Traits[customer.ConsentTrait(channel)]
	if reason != "no_consent" || word.Value != "false" {
		return outreach.Says(reason)
	}
	did := "refused the channel"
	for _, way := range waysOut {
		if strings.HasPrefix(word.Event, way.event) {
			did = way.says
		}
	}
	return "the customer " + did + " on " + time.UnixMilli(word.Time).UTC().Format(time.DateOnly)
}
