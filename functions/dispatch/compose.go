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

// stopHint says in a customer's language how to stop messages by SMS, by the customer's own page where they come from a sender
// id, which nobody can answer.
func (h *Handler) stopHint(locale string, links scene.Links) string {
	link := ""
	if strings.Contains(h.Settings.SMS.Origination, ":sender-id/") {
		link = links.Unsubscribe
	}
	return h.operators.StopHint(locale, link)
}
