package fold

import (
	"bytes"
	"encoding/json"

	"liuke/shared/customer"
	"liuke/shared/event"
)

// signs are the events that say how a customer fares.
var signs = map[string]customer.Sign{
	event.TicketOpened:    customer.TicketOpened,
	event.TicketResolved:  customer.TicketResolved,
	event.ComplaintFiled:  customer.ComplaintFiled,
	event.DeviceAlert:     customer.DeviceAlert,
	event.CheckedIn:       customer.CheckIn,
	event.Referred:        customer.Referral,
	event.ProductReviewed: customer.Review,
}

// readSigns reads what an event says beside: the sign that its name is, and the campaign that brought the customer, as
// Segment's clients have it in the context. A campaign that is spelled otherwise is none: it spoils no event.
func (c *change) readSigns(e *event.Event) {
	if e.Type == event.Track {
		c.sign, c.signed = signs[e.Name]
	}
	if e.Type == event.Alias || !bytes.Contains(e.Context, []byte(`"campaign"`)) {
		return
	}
	var context struct {
		Campaign struct {
			Source string `json:"source"`
		} `json:"campaign"`
	}
	if json.Unmarshal(e.Context, &context) == nil {
		c.touch = customer.Touch{Channel: customer.ChannelOf(context.Campaign.Source), Time: c.said.UnixMilli()}
	}
}

// learn notes in the customer's signs what a change says that may be noted any number of times: an opinion, of which
// the last counts, and a campaign, of which the first does.
func (f *folding) learn(c *change) {
	s := &f.state.Customer.Signs
	answered := s.Answered(c.metric, c.opinion)
	touched := s.Touched(c.touch)
	f.moved = f.moved || answered || touched
}

// describe takes from the traits what the customer's signs have of them. Where that is news though no trait changed, as
// when whoever wrote the traits was lost before writing the item, the traits are written again: on condition that they
// are still those that were read.
func (f *folding) describe() {
	if f.state.Customer.Signs.Describe(&f.state.Profile) {
		f.described = true
	}
}
