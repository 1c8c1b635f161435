// Package comment says what a customer's free text is about: its language, how favourable it is, its topics and its
// keywords, for Chinese (simplified and traditional) and English. Nothing is sent anywhere and nothing is kept: the
// models and word lists are part of the program, and are made ready when the first comment comes. How well it tells
// favourable from unfavourable is measured in its tests, on comments that it was not fitted to.
//
// Storing an Insight, counting it and showing it are left to others, and so is an Analyzer that asks a service.
package comment

import (
	"context"

	"liuke/shared/comment/internal/token"
)

// MaxRunes is how many characters of a text are read; what follows them is not looked at.
const MaxRunes = token.MaxRunes

// How much an Insight holds at most.
const (
	MaxTopics       = 3
	MaxKeywords     = 8
	MaxKeywordRunes = 24
)

// The languages that are told apart. Every other one is Unknown.
const (
	English = "en"
	Chinese = "zh"
	Unknown = ""
)

// Sentiment is whether a text is favourable.
type Sentiment string

// The sentiments. A text is Neutral where its words say neither or as much of one as of the other, and Undetermined
// where there is nothing to judge by: no word, or none of a language that is known.
const (
	Positive     Sentiment = "positive"
	Negative     Sentiment = "negative"
	Neutral      Sentiment = "neutral"
	Undetermined Sentiment = ""
)

// Topic is what a customer writes about.
type Topic string

// The topics, which are all that there are.
const (
	Delivery  Topic = "delivery"  // how long it took, and how it came
	Packaging Topic = "packaging" // the box
	Price     Topic = "price"     // prices, discounts, what it is worth
	Quality   Topic = "quality"   // how it is made, and whether it lasts
	Product   Topic = "product"   // looks, size, taste, what it does
	Service   Topic = "service"   // answers, help, complaints
	Staff     Topic = "staff"     // people
	App       Topic = "app"       // the site and the app
	Returns   Topic = "returns"   // sending back, refunds, exchanges
	Payment   Topic = "payment"   // paying, bills, invoices
)

// Topics returns all topics, in the order above.
func Topics() []Topic {
	return []Topic{Delivery, Packaging, Price, Quality, Product, Service, Staff, App, Returns, Payment}
}

// Insight is what a text says.
type Insight struct {
	Language  string    `json:"language,omitempty"`  // BCP 47: "en", "zh", or "" for another, a mixture without a lead, or none
	Sentiment Sentiment `json:"sentiment,omitempty"` // see Sentiment
	Score     float64   `json:"score"`               // -1 most unfavourable to 1 most favourable; 0 where Sentiment is Undetermined
	Topics    []Topic   `json:"topics,omitempty"`    // at most MaxTopics, the one that most words are about first
	// Keywords are at most MaxKeywords words of the text, the most frequent first: in lower case, of at most
	// MaxKeywordRunes letters each and nothing but letters, Chinese in simplified characters, each once. Words that say
	// little by themselves are left out, and so is what may be personal: addresses of mail and the web, handles,
	// anything with a digit in it, and words with a capital first that are not known to be others than names.
	Keywords []string `json:"keywords,omitempty"`
}

// Analyzer says what texts say. Local does it within the program; a service such as Amazon Comprehend could as well.
type Analyzer interface {
	// Analyze returns what a text says. Any text will do, the empty one too. An error has a code of package fault: what
	// is Throttled or Unavailable is worth trying again.
	Analyze(ctx context.Context, text string) (Insight, error)
}
