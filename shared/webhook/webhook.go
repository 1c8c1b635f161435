// Package webhook takes in what shops and payment services send by webhook: it proves who sent a delivery and carries it
// over into calls of the tracking API, which package dialect has judged.
//
// A delivery is authentic where one of its connection's secrets, of which two are valid during a rotation, signs the raw
// body (Shopify), or time, id and body (Stripe, Standard Webhooks), compared in constant time. Unknown connections and
// wrong signatures are told apart by neither words nor work. A scheme that signs a time has Tolerance; Shopify's signs
// none.
//
// A connection has one secret for every route, so a signature must hold by one scheme alone. What tells them apart is that
// a delivery's body is a JSON object, else it is not authentic and nothing of it is kept. Stripe signs "<time>.<body>",
// which begins with a digit: as a body of Shopify's, where its time would not count, it is no object. Shopify signs the
// body, which begins with a brace: however it is split at a point, Stripe's time would begin with it and is none, so stale.
// Standard Webhooks sign with the bytes that their secret encodes, the others with its text, which is another key; and
// "<id>.<time>.<body>" split otherwise leaves no object, or what is no time of now.
//
// What a delivery becomes is data: the tables shopifyMappings and stripeMappings. Every id is made from the sender's own
// ids of what happened (the order, the refund, the change), never from those of the delivery, so that a delivery may come
// again, later, out of order or by another topic and changes nothing that it has changed before. Money is exact in minor
// units of the currency that the payload names.
//
// Whose event it is:
//
//   - The sender's customer id, as it stands. Addresses are traits of it, never ids.
//   - A guest, who has an address and no customer id, is a customer of that address: GuestID, a hash. A guest is not
//     joined to a customer of the same address, for nobody has proved that they are one; an alias call with the guest's
//     id as previousId joins them.
//   - What names an order alone (Shopify's refunds/create, Stripe's disputes) comes by a visitor of that order, and each
//     payload that names order and customer links the two, so that the money meets in whatever order they arrive.
//
// What was only tried out (an order that Shopify calls a test, Stripe's test mode) is left out, unless its connection says
// that it counts: Secret.Tests.
//
// An order that a shop hands from one customer to another afterwards counts for both: no payload says whose it was.
package webhook

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"liuke/shared/dialect"
	"liuke/shared/event"
)

// Scheme is a way to sign webhooks, and with it the kind of sender.
type Scheme string

// The schemes.
const (
	Shopify  Scheme = "shopify"
	Stripe   Scheme = "stripe"
	Standard Scheme = "standard" // standardwebhooks.com
)

// Source is the source of the events of a scheme.
func (s Scheme) Source() event.Source {
	if s == Standard {
		return "webhook"
	}
	return event.Source(s)
}

// MaxBytes is how long a body may be. A Shopify order of 500 lines takes over a megabyte, and a shop drops a
// subscription that refuses it.
const MaxBytes = 4 << 20

// Delivery is one request of a sender.
type Delivery struct {
	Scheme     Scheme
	Connection string                   // which of the account's shops or services, as in the path
	Header     func(name string) string // by lower-case name
	Body       []byte                   // as it came
	Tests      bool                     // what was only tried out counts: see Secret
}

// Reading is what a delivery says.
type Reading struct {
	Calls []dialect.Call
	// Ignored says that the delivery is of a topic that nothing follows from.
	Ignored bool
	// Test says that the delivery is of something that was only tried out, and nothing follows from it.
	Test bool
	// Privacy says that the delivery asks the operator for something by law, in words for the one who reads what was
	// rejected; "" where it doesn't.
	Privacy string
}

// Read carries a delivery over that has been found authentic.
func Read(d *Delivery) Reading {
	if d.Scheme == Standard {
		return readStandard(d)
	}
	payload, err := decode(d.Body)
	if err != nil {
		return Reading{Calls: []dialect.Call{{Raw: d.Body, Err: err}}}
	}
	topic, mappings := strings.ToLower(d.Header("x-shopify-topic")), shopifyMappings
	if d.Scheme == Stripe {
		topic, mappings = payload.get("type").text(), stripeMappings
	}
	m := find(mappings, topic)
	switch {
	case m == nil:
		return Reading{Ignored: true}
	case m.privacy != "":
		return Reading{Privacy: m.privacy}
	case !d.Tests && tried(d.Scheme, payload):
		return Reading{Test: true}
	}
	calls := m.read(payload, d.Body)
	return Reading{Calls: calls, Ignored: len(calls) == 0}
}

// tried reports whether a payload is of what somebody tried out: an order that Shopify calls a test, or the payment of one
// that is given back; and all that happens in Stripe's test mode or a sandbox. Nobody has paid for it.
func tried(s Scheme, payload node) bool {
	if s == Stripe {
		return payload.get("livemode").text() == "false"
	}
	return payload.get("test").text() == "true" || payload.get("transactions.0.test").text() == "true"
}

// GuestID is the customer id of a guest: "guest-" and the first 16 bytes, in hexadecimal, of the SHA-256 of "liuke guest",
// a zero byte and the address in lower case without white space around it.
func GuestID(address string) string {
	sum := sha256.Sum256([]byte("liuke guest\x00" + strings.ToLower(strings.TrimSpace(address))))
	return "guest-" + hex.EncodeToString(sum[:16])
}
