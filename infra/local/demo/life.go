package demo

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// channels are how buyers come to the shop, with the share of all buyers; the rest came by themselves. What a channel
// costs is in cents: for each buyer whom it brings, and each month whatever it brings.
var channels = []struct {
	name        string
	share       float64
	each, month int64
}{
	{"search", 0.38, 52_00, 400_00},
	{"newsletter", 0.14, 6_50, 180_00},
	{"social", 0.22, 88_00, 350_00},
	{"referral", 0.10, 25_00, 0},
}

// habit is the share of buyers who do a thing, of those who stay and of those who leave.
type habit struct{ stay, leave float64 }

func (h habit) of(b *Buyer) float64 {
	if b.Left.IsZero() {
		return h.stay
	}
	return h.leave
}

// life is what buyers do beside buying. Who leaves has had trouble more often, and it was mended less often.
var life = struct {
	complain, ask, answered habit // file a complaint, open a ticket; tickets resolved
	review, refer, checkIn  habit
	tellsBirthday           float64
}{
	complain: habit{0.02, 0.22},
	ask:      habit{0.07, 0.16}, answered: habit{0.95, 0.55},
	review: habit{0.10, 0.03}, refer: habit{0.06, 0.01}, checkIn: habit{0.05, 0.02},
	tellsBirthday: 0.7,
}

// describe draws what a shop may learn of a buyer beside the orders: the channel and the birthday.
func (b *Buyer) describe(rnd *rand.Rand) {
	draw := rnd.Float64()
	for _, c := range channels {
		if draw -= c.share; draw < 0 {
			b.Channel = c.name
			break
		}
	}
	born := time.Date(1955, time.January, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rnd.IntN(50*365))
	if rnd.Float64() < life.tellsBirthday {
		b.Birthday = born.Format(time.DateOnly)
	}
}

// accompany adds what a buyer does beside buying to the events from the first on, which are all of the buyer's.
func (s *Shop) accompany(rnd *rand.Rand, b *Buyer, first int) {
	var orders []time.Time
	for _, e := range s.Events[first:] {
		if e.Body["event"] == "Order Completed" {
			orders = append(orders, e.At)
		}
	}
	s.trouble(rnd, b, orders)
	some := func() time.Time { return orders[rnd.IntN(len(orders))] }
	if rnd.Float64() < life.review.of(b) {
		s.happen(b, some().Add(days(rnd, 5, 20)), "Product Reviewed", map[string]any{"rating": 3 + rnd.IntN(3)})
	}
	if rnd.Float64() < life.refer.of(b) {
		s.happen(b, some().Add(days(rnd, 1, 30)), "Referred", nil)
	}
	if rnd.Float64() < life.checkIn.of(b) {
		at := some()
		for range 2 + rnd.IntN(4) {
			at = at.Add(days(rnd, 2, 9))
			s.happen(b, at, "Checked In", nil)
		}
	}
	s.tellChannel(b, first)
}

// trouble lets a buyer complain and ask for help: who leaves, about the last order.
func (s *Shop) trouble(rnd *rand.Rand, b *Buyer, orders []time.Time) {
	about := orders[rnd.IntN(len(orders))]
	if !b.Left.IsZero() {
		about = b.Left
	}
	if rnd.Float64() < life.complain.of(b) {
		s.happen(b, about.Add(days(rnd, 2, 12)), "Complaint Filed", map[string]any{"about": "delivery"})
	}
	if rnd.Float64() < life.ask.of(b) {
		ticket := map[string]any{"ticket_id": "t" + b.ID[1:]}
		opened := about.Add(days(rnd, 1, 6))
		s.happen(b, opened, "Ticket Opened", ticket)
		if rnd.Float64() < life.answered.of(b) {
			s.happen(b, opened.Add(days(rnd, 1, 4)), "Ticket Resolved", ticket)
		}
	}
}

// days draws a time from so many days to so many, to the minute.
func days(rnd *rand.Rand, from, to int) time.Duration {
	return time.Duration(from*24*60+rnd.IntN((to-from)*24*60)) * time.Minute
}

// happen adds what a buyer does, unless the shop's months are over by then.
func (s *Shop) happen(b *Buyer, at time.Time, name string, properties map[string]any) {
	if at.Before(s.End) {
		s.add(at, track(b, name, properties))
	}
}

// tellChannel lets the earliest of a buyer's events from the first on name the campaign, as clients do that read it from
// the address of the page.
func (s *Shop) tellChannel(b *Buyer, first int) {
	if b.Channel == "" {
		return
	}
	earliest := first
	for i := range s.Events[first:] {
		if s.Events[first+i].At.Before(s.Events[earliest].At) {
			earliest = first + i
		}
	}
	s.Events[earliest].Body["context"] = map[string]any{"campaign": map[string]any{"source": b.Channel}}
}

// costs is the operator's document of the economics: what the shop earns, and what it paid for winning buyers by month
// and channel, and for keeping them since its last month began.
func (s *Shop) costs() map[string]any {
	const month = "2006-01"
	came := map[string]int64{}
	for _, b := range s.Customers {
		came[b.Joined.Format(month)+b.Channel]++
	}
	var acquisition []map[string]any
	for at := s.Start; at.Before(s.End); at = at.AddDate(0, 1, 0) {
		for _, c := range channels {
			name := at.Format(month)
			if n := came[name+c.name]; n > 0 {
				acquisition = append(acquisition, map[string]any{
					"month": name, "channel": c.name, "marketing": fmt.Sprint(decimal(n*c.each + c.month)),
				})
			}
		}
	}
	last := s.End.AddDate(0, -1, 0)
	return map[string]any{
		"gross_margin": 0.35,
		"holdout_from": last.Format(time.DateOnly),
		"acquisition":  acquisition,
		"retention":    []map[string]any{{"month": last.Format(month), "cost": "600.00"}},
	}
}
