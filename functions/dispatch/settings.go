package main

import (
	"net/mail"
	"strings"
)

type settings struct {
	Stage            string `env:"LIUKE_STAGE,required"`
	Clock            string `env:"LIUKE_CLOCK_FILE"`
	Customers        string `env:"LIUKE_CUSTOMERS_TABLE,required"`
	Records          string `env:"LIUKE_RECORDS_TABLE,required"`
	Messages         string `env:"LIUKE_MESSAGES_QUEUE_URL,required"`
	Sender           string `env:"LIUKE_SENDER,required"` // "Shop <hello@example.com>" or bare
	ConfigurationSet string `env:"LIUKE_CONFIGURATION_SET,required"`
	TokenKeys        string `env:"LIUKE_TOKEN_KEYS_SECRET,required"`
	BaseURL          string `env:"LIUKE_BASE_URL,required"`
	Currency         string `env:"LIUKE_CURRENCY,required"`
	// Concurrency is how many instances send at a time, at most: each keeps to its share of the providers' rates.
	Concurrency  int    `env:"LIUKE_CONCURRENCY" envDefault:"1"`
	Destinations string `env:"LIUKE_DESTINATIONS_SECRET"` // ARN of where webhooks' messages go; "" switches them off
	SMS          textSettings
	Push         pushSettings
	SMTP         mailSettings
}

// senderName is what the sender calls itself in a message: the name of its address, or else the address's domain.
func (s settings) senderName() string {
	parsed, err := mail.ParseAddress(s.Sender)
	if err != nil {
		return s.Sender
	}
	if parsed.Name != "" {
		return parsed.Name
	}
	return parsed.Address[strings.LastIndexByte(parsed.Address, '@')+1:]
}

// link returns the address of one of the customers' own pages.
func (s settings) link(page, token string) string {
	return strings.TrimSuffix(s.BaseURL, "/") + "/" + page + "/" + token
}
