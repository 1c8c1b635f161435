package outreach

import (
	"maps"
	"time"

	"liuke/shared/budget"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/money"
	"liuke/shared/scene"
)

// LimitsOf returns the limits in money that bear on a scene's messages: those of the settings, and the scene's own where they
// are narrower. Where nothing is said of what one message may cost, it is ten of the dearest parts.
func (s *Settings) LimitsOf(sc *scene.Scene, currency money.Currency) budget.Limits {
	l := s.Limits
	if own := sc.Budget; own != nil {
		l.SceneDay, l.Scene = maps.Clone(l.SceneDay), maps.Clone(l.Scene)
		narrow(&l.SceneDay, sc.ID, own.Day, currency)
		narrow(&l.Scene, sc.ID, own.InAll, currency)
	}
	if l.Dearest == 0 {
		l.Dearest = s.dearest()
	}
	return l
}

// dearest is ten of the dearest parts that there is a price of, and 0 where there is none.
func (s *Settings) dearest() (most budget.Micro) {
	for _, p := range s.Prices {
		most = max(most, p.Each*dearestParts, 1)
	}
	return most
}

// CostOf is what a message of so many parts costs by a channel, in the business's currency: the dearest price of the channel,
// for the country is not known. One's own systems and people cost nothing unless it is said. It returns NotFound for any other
// channel without a price.
func (s *Settings) CostOf(channel message.Channel, parts int) (budget.Micro, error) {
	cost, err := s.Prices.Cost(string(channel), "", parts)
	if fault.CodeOf(err) == fault.NotFound && (channel == message.Task || channel == message.Webhook) {
		return 0, nil
	}
	return cost, err
}

// textParts is how many segments are set aside for a text: how many it has is known once it is made, and settled then.
const textParts = 3

// Fare is what is set aside for a message before it is claimed. The zero value is nothing.
type Fare struct {
	limits   budget.Limits
	accounts []budget.Account
	cost     budget.Micro
}

// FareOf returns what is set aside for a candidate's message, where a limit in money bears on it; or why the message is held
// whatever was spent before, "" for no reason.
func (s *Settings) FareOf(c *scene.Candidate, currency money.Currency, zone *time.Location) (f Fare, why string, err error) {
	limits := s.LimitsOf(c.Scene, currency)
	accounts := limits.Accounts(c.Scene.ID, budget.Day(c.Now, zone))
	if len(accounts) == 0 {
		return f, "", nil
	}
	channel, parts := c.Channel(), 1
	if channel == message.SMS {
		parts = textParts
	}
	cost, err := s.CostOf(channel, parts)
	if fault.CodeOf(err) == fault.NotFound {
		return f, budget.ReasonUnpriced, nil
	}
	return Fare{limits, accounts, cost}, "", err
}

// Reserve begins to set the fare aside for an entry; nil where there is nothing to set aside.
func (f *Fare) Reserve(entry string) *budget.Reserve {
	if f.cost == 0 {
		return nil
	}
	return f.limits.NewReserve(f.accounts, entry, f.cost, 1)
}

// narrow puts a scene's own limit among the others, unless a narrower one is there.
func narrow(limits *map[string]budget.Micro, sceneID string, own *money.Amount, currency money.Currency) {
	if own == nil {
		return
	}
	most, ok := budget.MicroOf(*own, currency)
	if !ok {
		return // more than anything costs
	}
	if standing, limited := (*limits)[sceneID]; limited && standing <= most {
		return
	}
	if *limits == nil {
		*limits = map[string]budget.Micro{}
	}
	(*limits)[sceneID] = most
}
