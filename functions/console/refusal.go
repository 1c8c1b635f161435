package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"liuke/shared/customer"
	"liuke/shared/message"
	"liuke/shared/outreach"
	"liuke/shared/scene"
)

// causeView is one thing for which a customer is not to be reached: a customer's own word, or what is known of an address.
type causeView struct {
	Cause   string    `json:"cause"`
	Channel string    `json:"channel,omitempty"` // absent of a word on a topic, or on offers
	Code    string    `json:"code,omitempty"`    // of cause provider: the provider's own
	Since   time.Time `json:"since"`
	says    string
}

// reasonSuppressed is the gate suppression's only reason.
const reasonSuppressed = "suppressed"

// unrecorded is the cause of a word of which no record tells how it came.
const unrecorded = "unrecorded"

// waysOut are how customers refuse: by the source of their word, or else by how its event begins, and what they did in words.
var waysOut = []struct {
	source      customer.Source
	event, says string
}{
	{customer.ByOneClick, "", "unsubscribed from %s by the mail program's button"},
	{customer.ByUnsubscribeLink, "unsubscribe:", "unsubscribed from %s by a message's link"},
	{customer.ByPreferenceCentre, "preferences:", "switched %s off on the preferences page"},
	{customer.ByKeyword, "sms:", "stopped %s by a text"},
	{customer.ByForm, "", "refused %s by a form"},
	{customer.ByImport, "", "refused %s, as an import says,"},
	{customer.ByAPI, "", "refused %s, as the API was told,"},
}

// suppressions are what addresses are suppressed for: how the API calls it, and in words.
var suppressions = map[string]struct{ cause, says string }{
	message.SuppressedBounce:       {"hard_bounce", "a mail to it bounced for good"},
	message.SuppressedComplaint:    {"complaint", "its owner complained about a mail"},
	message.SuppressedInvalid:      {"invalid_number", "a carrier said that it is no number that takes texts"},
	message.SuppressedImportBounce: {"imported_bounce", "an import listed it as one that bounces"},
	message.SuppressedImportLeft:   {"imported_unsubscribe", "an import listed its owner as unsubscribed"},
}

// causes finds out why a customer is not to be reached. What it has read it does not read again.
type causes struct {
	*Handler
	ids     []customer.ID // all of the customer's, the one who stands for them first
	profile *customer.Profile
	found   map[message.Channel][]causeView
	sources map[string]customer.Source // of words, by their events
}

func (h *Handler) causesOf(ids []customer.ID) *causes {
	return &causes{Handler: h, ids: ids, found: map[message.Channel][]causeView{}, sources: map[string]customer.Source{}}
}

// of returns why a reason of the gates consent and suppression holds now, for one of the scene's channels; none where the reason is another, or
// nothing more is known.
func (k *causes) of(ctx context.Context, sc *scene.Scene, channel message.Channel, reason string) ([]causeView, error) {
	if reason != reasonSuppressed && purposeOf(sc, channel, reason).trait == "" {
		return nil, nil
	}
	if k.profile == nil {
		profile, err := k.store.Profile(ctx, k.ids[0])
		if err != nil {
			return nil, err
		}
		k.profile = &profile
	}
	if reason == reasonSuppressed {
		return k.suppressed(ctx, channel)
	}
	p := purposeOf(sc, channel, reason)
	word := k.profile.Traits[p.trait]
	if word.Value != "false" {
		return nil, nil
	}
	source, err := k.source(ctx, word)
	if err != nil {
		return nil, err
	}
	return []causeView{causeOfWord(word, source, p)}, nil
}

// ofNow is why a reason holds of a candidate: one of suppression on every channel of the step that it stands in the way of.
func (k *causes) ofNow(ctx context.Context, c *scene.Candidate, reason string) (all []causeView, err error) {
	if reason != reasonSuppressed {
		return k.of(ctx, c.Scene, c.Channel(), reason)
	}
	for _, channel := range c.Scene.Step(c.Step).Channels {
		if !c.Suppressed[channel] {
			continue
		}
		some, err := k.of(ctx, c.Scene, channel, reason)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// suppressed is why the customer's address of a channel is suppressed.
func (k *causes) suppressed(ctx context.Context, channel message.Channel) ([]causeView, error) {
	address := scene.Address(channel, *k.profile)
	if all, ok := k.found[channel]; ok || address == "" {
		return all, nil
	}
	s, err := k.store.Suppression(ctx, channel, address)
	if err != nil {
		return nil, err
	}
	k.found[channel] = causesOfSuppression(s, channel)
	return k.found[channel], nil
}

func causesOfSuppression(s message.Suppression, channel message.Channel) (all []causeView) {
	if !s.Since.IsZero() {
		c := causeView{Cause: "provider", Channel: string(channel), Code: s.Reason, Since: s.Since, says: "the provider refused it with " + s.Reason}
		if known, ok := suppressions[s.Reason]; ok {
			c.Cause, c.Code, c.says = known.cause, "", known.says
		}
		all = append(all, c)
	}
	if !s.Stopped.IsZero() {
		all = append(all, causeView{Cause: string(customer.ByKeyword), Channel: string(channel), Since: s.Stopped, says: "its owner stopped messages by a text"})
	}
	return all
}

// purpose is what a customer may have refused.
type purpose struct{ trait, channel, says string }

// purposeOf is what was refused where the gate consent holds for a reason; the zero value where it was nothing of the kind.
func purposeOf(sc *scene.Scene, channel message.Channel, reason string) purpose {
	switch reason {
	case "no_consent":
		if channel == message.Webhook && sc != nil {
			channel = message.Channel(sc.Consent)
		}
		return purpose{customer.ConsentTrait(string(channel)), string(channel), "the channel"}
	case "topic_refused":
		if sc != nil {
			return purpose{customer.TopicTrait(sc.Topic), "", "the scene's topic"}
		}
	case "personalised_refused":
		return purpose{customer.TraitPersonalised, "", "offers made by what is known of them"}
	}
	return purpose{}
}

// wordsRead is how many of the latest records of what a customer said are looked through under each id.
const wordsRead = 200

// source is how a word came: as the record of it says, else as its event's id begins; "" where neither tells.
func (k *causes) source(ctx context.Context, word customer.Trait) (customer.Source, error) {
	if source, ok := k.sources[word.Event]; ok {
		return source, nil
	}
	k.sources[word.Event] = sourceOf(word.Event)
	for _, id := range k.ids[:min(len(k.ids), idsAPage)] {
		records, _, err := k.store.Consents(ctx, id, wordsRead, "")
		if err != nil {
			return "", err
		}
		for i := range records {
			if records[i].Event == word.Event {
				k.sources[word.Event] = records[i].Source
			}
		}
	}
	return k.sources[word.Event], nil
}

// sourceOf is how a word of an event of the suite's own making came.
func sourceOf(event string) customer.Source {
	for _, way := range waysOut {
		if way.event != "" && strings.HasPrefix(event, way.event) {
			return way.source
		}
	}
	return ""
}

func causeOfWord(word customer.Trait, source customer.Source, p purpose) causeView {
	did, cause := "refused %s", unrecorded
	for _, way := range waysOut {
		if way.source == source {
			did, cause = way.says, string(source)
		}
	}
	return causeView{Cause: cause, Channel: p.channel, Since: time.UnixMilli(word.Time).UTC(), says: fmt.Sprintf("the customer "+did, p.says)}
}

// saysOfReason says what a reason means, with what is known of why it holds.
func saysOfReason(reason string, causes []causeView) string {
	if len(causes) == 0 {
		return outreach.Says(reason)
	}
	var parts []string
	for _, c := range causes {
		says := c.says + " on " + c.Since.Format(time.DateOnly)
		if c.Channel != causes[0].Channel || c.Channel != causes[len(causes)-1].Channel {
			says += " (" + c.Channel + ")"
		}
		parts = append(parts, says)
	}
	says := strings.Join(parts, ", and ")
	if reason == reasonSuppressed {
		says = "the address is suppressed: " + says
	}
	return says
}

// lateness is how much later than it was first decided a message may be held: by quiet hours, and in its queue.
const lateness = 3*24*time.Hour + message.Patience

// then are the causes, as they are known now, that an entry may have been held for.
func then(e *message.Entry, causes []causeView) []causeView {
	return slices.DeleteFunc(slices.Clone(causes), func(c causeView) bool { return c.Since.After(e.Decided.Add(lateness)) })
}
