package scene

import (
	"net/mail"
	"strings"

	"liuke/shared/customer"
	"liuke/shared/message"
)

// Address is where a channel reaches a customer, "" where nowhere: a number as providers write it, without what people put
// between its digits, and of a phone's app the ARN of its SNS endpoint. A webhook goes to the scene's destination (see
// Scene.Address).
func Address(channel message.Channel, p customer.Profile) string {
	switch channel {
	case message.Email:
		return strings.TrimSpace(p.Email())
	case message.SMS:
		return number(p.Phone())
	case message.Push:
		return strings.TrimSpace(p.Get(customer.TraitPush))
	}
	return ""
}

// Address is where the scene's message goes by a channel, "" where nowhere.
func (s *Scene) Address(channel message.Channel, p customer.Profile) string {
	if channel == message.Webhook {
		return s.To
	}
	return Address(channel, p)
}

// plausible reports whether an address could be one of the channel: a bare address of mail (RFC 5322 addr-spec), a number in
// E.164 with its country code, an endpoint of SNS.
func plausible(channel message.Channel, address string) bool {
	switch channel {
	case message.Email:
		parsed, err := mail.ParseAddress(address)
		return err == nil && parsed.Address == address
	case message.SMS:
		digits, plus := strings.CutPrefix(address, "+")
		return plus && len(digits) >= 5 && len(digits) <= 15 && digits[0] != '0' && !strings.ContainsFunc(digits, notDigit)
	case message.Push:
		return strings.HasPrefix(address, "arn:") && strings.Contains(address, ":sns:") && strings.Contains(address, ":endpoint/")
	}
	return true
}

// number returns a number without what people put between its digits.
func number(text string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \u00a0.-()/", r) {
			return -1
		}
		return r
	}, strings.TrimSpace(text))
}

func notDigit(r rune) bool { return r < '0' || r > '9' }
