package clients

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// call is one call of the tracking API, as the programs read it.
type call struct {
	Type        string         `json:"type"`
	UserID      string         `json:"userId,omitempty"`
	AnonymousID string         `json:"anonymousId,omitempty"`
	PreviousID  string         `json:"previousId,omitempty"`
	GroupID     string         `json:"groupId,omitempty"`
	Event       string         `json:"event,omitempty"`
	Name        string         `json:"name,omitempty"`
	MessageID   string         `json:"messageId,omitempty"`
	Properties  map[string]any `json:"properties,omitempty"`
	Traits      map[string]any `json:"traits,omitempty"`
}

// totals are what a customer comes to.
type totals struct {
	orders   int64
	cents    int64
	activity int64
}

// perCustomer is how many calls each customer makes, fewer than a customer's item remembers: each counts once, however
// often and late it comes again.
const perCustomer = 25

// shop is what one program sends, and what its customers come to.
type shop struct {
	calls []call
	want  map[string]totals // by customer
}

// newShop makes up customers who come as visitors, order, say who they are, and go on ordering.
func newShop(client string, customers int, write func(b *buyer)) *shop {
	s := &shop{want: map[string]totals{}}
	for n := range customers {
		b := &buyer{n: n, user: fmt.Sprintf("%s-%d", client, n)}
		write(b)
		for i := range b.calls {
			b.calls[i].MessageID = fmt.Sprintf("%s-m%d", b.user, i)
		}
		s.calls = append(s.calls, b.calls...)
		s.want[b.user] = b.totals
	}
	return s
}

// buyer makes the calls of one customer and counts what they come to.
type buyer struct {
	totals
	n      int
	user   string
	calls  []call
	placed int
}

func (b *buyer) visitor() string { return b.user + "-visitor" }
func (b *buyer) old() string     { return b.user + "-old" }

// act adds a call that counts as activity.
func (b *buyer) act(c call) {
	b.activity++
	b.calls = append(b.calls, c)
}

// order adds an order, of some cents that differ with each, and returns its id.
func (b *buyer) order(c call) string {
	id := fmt.Sprintf("%s-o%d", b.user, b.placed)
	cents := int64(1000 + 97*b.n + 13*b.placed)
	c.Type, c.Event, c.Properties = "track", "Order Completed", map[string]any{"order_id": id, "total": decimal(cents)}
	b.calls = append(b.calls, c)
	b.placed++
	b.orders++
	b.cents += cents
	return id
}

func (b *buyer) refund(c call, order string, cents int64) {
	c.Type, c.Event, c.Properties = "track", "Order Refunded", map[string]any{"order_id": order, "total": decimal(cents)}
	b.calls = append(b.calls, c)
	b.cents -= cents
}

// server is a customer whom a shop's server follows: as a visitor, under an id of before, and under the one of today.
func server(b *buyer) {
	visitor, user, old := call{AnonymousID: b.visitor()}, call{UserID: b.user}, call{UserID: b.old()}
	with := func(c call, typ, name string) call {
		c.Type = typ
		if typ == "track" {
			c.Event = name
		} else {
			c.Name = name
		}
		return c
	}
	b.act(with(visitor, "page", "Home"))
	b.act(with(visitor, "track", "Product Viewed"))
	b.order(visitor)
	b.order(old)
	b.act(with(old, "track", "Checked In"))
	b.act(call{Type: "identify", UserID: b.user, AnonymousID: b.visitor(), Traits: map[string]any{"name": "Customer " + strconv.Itoa(b.n)}})
	b.calls = append(b.calls, call{Type: "alias", PreviousID: b.old(), UserID: b.user})
	b.act(call{Type: "group", UserID: b.user, GroupID: "company-" + strconv.Itoa(b.n%7), Traits: map[string]any{"employees": 12}})
	b.act(with(user, "screen", "Cart"))
	var last string
	for range 5 {
		last = b.order(user)
	}
	b.refund(user, last, 250)
	for len(b.calls) < perCustomer {
		b.act(with(user, "track", "Checked In"))
	}
}

// browser is a customer in a browser, which knows one visitor alone and repeats the visitor's id with every call.
func browser(b *buyer) {
	visitor := call{AnonymousID: b.visitor()}
	user := call{AnonymousID: b.visitor(), UserID: b.user}
	viewed := func(c call) call {
		c.Type, c.Event = "track", "Product Viewed"
		return c
	}
	b.act(call{Type: "page", AnonymousID: b.visitor(), Name: "Home"})
	b.act(viewed(visitor))
	b.order(visitor)
	b.act(call{Type: "identify", AnonymousID: b.visitor(), UserID: b.user, Traits: map[string]any{"name": "Customer " + strconv.Itoa(b.n)}})
	b.act(call{Type: "group", AnonymousID: b.visitor(), UserID: b.user, GroupID: "company-" + strconv.Itoa(b.n%7)})
	for range 4 {
		b.order(user)
	}
	for len(b.calls) < perCustomer {
		b.act(viewed(user))
	}
}

// events is a customer of whom events alone tell, each by itself.
func events(b *buyer) {
	user := call{UserID: b.user}
	var first string
	for i := range 6 {
		if id := b.order(user); i == 0 {
			first = id
		}
	}
	b.refund(user, first, 500)
	for len(b.calls) < perCustomer {
		b.act(call{Type: "track", UserID: b.user, Event: "Checked In"})
	}
}

// decimal is an amount as a number of a call.
func decimal(cents int64) json.Number {
	return json.Number(fmt.Sprintf("%d.%02d", cents/100, cents%100))
}
