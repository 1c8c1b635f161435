// Package budget stops messages before they cost more than they may: by the business's day, by the scene and day, and by the
// scene for good. What a message may cost is reserved before it is claimed, settled at what it did cost, and released where
// it was not sent.
//
// It is pure: it says step by step what is written. What follows is the layout that the steps are made for, and what holds.
//
// # Layout
//
// Each limit is an Account: a sum of up to 16 counters, each an item of its own (pk BUDGET#<account>#<shard>), with one
// attribute, spent, in micro-units, 0 where there is no item. Each counter has its quota, an equal part of the limit, so that
// none needs to know of the others. A reservation adds its cost to one counter of each account, on condition that it stays
// within the quota: 1 write unit an account. It begins at the shard of its entry's hash and goes on to the next where there
// is no room. 1,000 reservations a second are 63 a counter, of the 1,000 writes that an item takes; and one reservation may
// stand for a batch of messages (Reservation.Take), which divides that by the batch.
//
// # What holds
//
// The counters of an account never add up to more than its limit by reserving, however many reserve at the same time. They
// never hold less than what the ledger's entries have reserved and settled, because the reservation is written before the
// entry that keeps it, and taken back with the entry's step, in one transaction. So the business never pays more than the
// limit, but for two things:
//
//   - a provider that charges more than was reserved: the excess is added without condition when it is settled. It is at
//     most the excess of those messages that were on their way when the limit was reached, and nothing where the provider
//     is told the most that it may charge;
//   - a limit, or a dearest price, that is changed while it holds: what was spent under the old one stays, and both
//     together are the bound until the day is over.
//
// A crash between a reservation and its entry leaves the cost reserved for nothing: the limit is reached early by that
// much, until the day is over, and for a scene's limit for good. At the end less than one message's cost a counter stays
// unspent: of a limit that is spread at all less than an eighth, and of one of 10,000 messages less than a five-hundredth.
package budget

import (
	"math"
	"math/bits"
	"time"

	"liuke/shared/fault"
	"liuke/shared/money"
)

// Micro is money in millionths of a currency's unit: a text of 0.00645 USD is 6,450. The currency is known from the
// surroundings.
type Micro int64

const micros = 1_000_000

// MicroOf returns an amount of minor units in micro-units; not ok where that is beyond a Micro, or has no whole number.
func MicroOf(a money.Amount, c money.Currency) (m Micro, ok bool) {
	scale := int64(micros)
	for range c.Exponent() {
		scale /= 10
	}
	high, low := bits.Mul64(uint64(max(a, -a)), uint64(scale))
	if high != 0 || low > math.MaxInt64 || a == math.MinInt64 {
		return 0, false
	}
	if a < 0 {
		return -Micro(low), true
	}
	return Micro(low), true
}

// Amount returns what is at least m in minor units: a cost is rounded up.
func (m Micro) Amount(c money.Currency) money.Amount {
	scale := Micro(micros)
	for range c.Exponent() {
		scale /= 10
	}
	whole := m / scale
	if m%scale > 0 {
		whole++
	}
	return money.Amount(whole)
}

// Price is what one part of a message costs by a channel: an email, or one segment of a text.
type Price struct {
	Channel string `json:"channel"`
	Country string `json:"country,omitempty"` // ISO 3166; "" for all that have no price of their own
	Each    Micro  `json:"each"`
}

// Prices is a list of prices, in one currency.
type Prices []Price

// Validate returns an Invalid error for a price below 0 and for two prices of one channel and country.
func (p Prices) Validate() error {
	type key struct{ channel, country string }
	seen := map[key]bool{}
	for _, price := range p {
		k := key{price.Channel, price.Country}
		switch {
		case price.Each < 0:
			return fault.At("/prices", "a price is not below 0")
		case price.Channel == "" || seen[k]:
			return fault.At("/prices", "each channel and country has one price")
		}
		seen[k] = true
	}
	return nil
}

// Cost is what a message of so many parts costs by a channel to a country, which may be "": the country's own price, else the
// channel's. Where a country is not known, it is the highest of the channel. It returns a NotFound error where there is no
// price, because what it costs nobody knows, and an Invalid one where there are no parts, or their cost is beyond a Micro.
func (p Prices) Cost(channel, country string, parts int) (Micro, error) {
	each, found := Micro(0), false
	for _, price := range p {
		switch {
		case price.Channel != channel:
		case country == "":
			each, found = max(each, price.Each), true
		case price.Country == country:
			return times(price.Each, parts)
		case price.Country == "":
			each, found = price.Each, true
		}
	}
	if !found {
		return 0, fault.New(fault.NotFound, "there is no price of the channel %s to the country", channel)
	}
	return times(each, parts)
}

func times(each Micro, parts int) (Micro, error) {
	if parts < 1 || each > math.MaxInt64/Micro(parts) {
		return 0, fault.New(fault.Invalid, "a message has at least one part, and a cost that can be counted")
	}
	return each * Micro(parts), nil
}

// Limits are the most that may be spent. What is not named is not limited; 0 lets nothing through that costs anything.
type Limits struct {
	Day      *Micro           // by all scenes in a day
	SceneDay map[string]Micro // by a scene in a day
	Scene    map[string]Micro // by a scene for good
	// Dearest is the most that one message may cost; dearer ones are refused. Above 0. It sets how many counters a limit is
	// spread over: a small limit over few.
	Dearest Micro
}

// MaxShards is over how many counters an account is spread at most.
const MaxShards = 16

// room is how many of the dearest messages a counter has room for at least, where there is more than one.
const room = 8

// Account is one limit: the sum of its counters stays within it.
type Account struct {
	ID     string // "day/2026-11-28", "scene/win_back/2026-11-28", "scene/win_back"
	Limit  Micro
	Shards int // 1..MaxShards
}

// Day is the business's day at a moment, as accounts name it. Days are as long as the calendar there has them: 23 to 25
// hours.
func Day(t time.Time, zone *time.Location) string { return t.In(zone).Format(time.DateOnly) }

// Accounts returns the limits that a scene's message on a day counts against, the narrowest first: where that is reached, the
// others are not touched.
func (l *Limits) Accounts(scene, day string) (all []Account) {
	add := func(id string, limit Micro) {
		limit = max(limit, 0)
		shards := min(max(limit/max(l.Dearest, 1)/room, 1), MaxShards)
		all = append(all, Account{id, limit, int(shards)})
	}
	if limit, ok := l.Scene[scene]; ok {
		add("scene/"+scene, limit)
	}
	if limit, ok := l.SceneDay[scene]; ok {
		add("scene/"+scene+"/"+day, limit)
	}
	if l.Day != nil {
		add("day/"+day, *l.Day)
	}
	return all
}

// quota is a shard's part of the limit; the parts of all add up to it.
func (a *Account) quota(shard int) Micro {
	n := Micro(a.Shards)
	part := a.Limit / n
	if Micro(shard) < a.Limit%n {
		part++
	}
	return part
}
