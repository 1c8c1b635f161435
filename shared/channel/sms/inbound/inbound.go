// Package inbound reads what customers answer to an SMS, as two-way messaging of AWS End User Messaging publishes it to a
// topic, and which of the words it is that the law and carriers give a meaning.
package inbound

import (
	"encoding/json"
	"strings"
	"time"
	"unicode"

	"liuke/shared/fault"
)

// Message is one SMS of a customer's.
type Message struct {
	ID       string // the service's, the same however often it is published
	From     string // the customer's number, E.164
	To       string // the number that it was sent to
	Body     string
	Previous string    // the service's id of the message that it answers, "" where there is none
	Time     time.Time // when it was published first or again; zero where that is not said
}

// Parse reads a message that was published at a time, which is the envelope's to tell and zero where it is not known. It
// returns an Invalid error, which repeats nothing of it, for anything else.
func Parse(raw []byte, published time.Time) (Message, error) {
	var w struct {
		Origination string `json:"originationNumber"`
		Destination string `json:"destinationNumber"`
		Body        string `json:"messageBody"`
		ID          string `json:"inboundMessageId"`
		Previous    string `json:"previousPublishedMessageId"`
	}
	if json.Unmarshal(raw, &w) != nil || w.Origination == "" || w.ID == "" {
		return Message{}, fault.New(fault.Invalid, "the message is no SMS of a customer's")
	}
	return Message{ID: w.ID, From: w.Origination, To: w.Destination, Body: w.Body, Previous: w.Previous, Time: published.UTC()}, nil
}

// Word is what a message asks for.
type Word string

// The words.
const (
	None  Word = ""
	Stop  Word = "Stop"
	Start Word = "Start"
	Help  Word = "Help"
)

var words = map[string]Word{
	"stop": Stop, "stopall": Stop, "stop all": Stop, "unsubscribe": Stop, "cancel": Stop, "end": Stop, "quit": Stop, "revoke": Stop, "optout": Stop,
	"opt-out": Stop, "opt out": Stop, "arret": Stop, "arrêt": Stop, "baja": Stop, "stopp": Stop,
	"r": Stop, "td": Stop, "t": Stop, "tt": Stop, "退订": Stop, "退訂": Stop, "取消": Stop, "停止": Stop, "拒收": Stop, "回复r": Stop, "回复t": Stop, "回复td": Stop,
	"start": Start, "unstop": Start, "subscribe": Start, "恢复": Start, "订阅": Start, "訂閱": Start,
	"help": Help, "info": Help, "aide": Help, "帮助": Help, "幫助": Help,
}

// Word returns what the message asks for: it says that one word and nothing else, in whatever case, width and punctuation.
func (m *Message) Word() Word {
	if len(m.Body) > 64 {
		return None
	}
	said := strings.Map(func(r rune) rune {
		switch {
		case r >= '！' && r <= '～': // full width
			return unicode.ToLower(r - '！' + '!')
		case r == '　' || r == '\u00a0':
			return ' '
		case unicode.Is(unicode.Cf, r): // invisible
			return -1
		}
		return unicode.ToLower(r)
	}, m.Body)
	said = strings.TrimFunc(said, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsPunct(r) || unicode.IsSymbol(r) })
	return words[strings.Join(strings.Fields(said), " ")]
}
