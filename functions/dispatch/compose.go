package main

import (
	"encoding/json"
	"strings"

	"liuke/shared/channel"
	"liuke/shared/message"
	"liuke/shared/scene"
)

// compose makes of what a scene says the message that its channel takes.
func compose(ch message.Channel, said scene.Rendered) (m channel.Message, err error) {
	m.Text = said.Text
	switch ch {
	case message.Email:
		m.Subject, m.HTML = said.Subject, said.HTML
	case message.Push:
		m.Subject = said.Title
		if len(said.Data) > 0 {
			m.Data, err = json.Marshal(said.Data)
		}
	case message.Webhook:
		m.Data = said.JSON
	}
	return m, err
}

// stopWords say by language how SMS are stopped that can be answered: by the words that AWS End User Messaging takes for it in
// every country, and in China by the letter that carriers ask for.
var stopWords = map[string]string{"en": "Reply STOP to opt out", "de": "Abmelden: STOP antworten", "zh": "拒收请回复R"}

// stopLinks do the same for those from a sender id, which nobody can answer: they lead to the customer's own page.
var stopLinks = map[string]string{"en": "Opt out: ", "de": "Abmelden: ", "zh": "退订："}

// stopHint says in a customer's language how to stop messages by SMS.
func (h *Handler) stopHint(locale string, links scene.Links) string {
	words, suffix := stopWords, ""
	if strings.Contains(h.Settings.SMS.Origination, ":sender-id/") {
		words, suffix = stopLinks, links.Unsubscribe
	}
	language, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(locale, "_", "-")), "-")
	hint, ok := words[language]
	if !ok {
		hint = words[scene.DefaultLocale]
	}
	return hint + suffix
}
