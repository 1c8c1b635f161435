package demo

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// january is when the shop's operators put three scenes to the test.
const (
	newcomers = 400
	// told is how many customers the campaign is for at most: half the shop's.
	told = 1000
	// untold is the share of all customers who buy in each part of the month whatever they are told.
	untold = 0.04
)

// trial is what the demo itself saw of one variant of a scene, by customers.
type trial struct {
	mailed, clicked, bought map[string]bool
}

// scenes plays the weeks after the shop's last month: operators write three scenes with variants and a holdout, customers get the mails,
// follow the links in them and buy, and the suite says what came of it.
func (d *play) scenes(ctx context.Context) error {
	day := end.AddDate(0, 0, 4)
	if err := d.setClock(ctx, day.Add(forenoon)); err != nil {
		return err
	}
	for _, s := range stage {
		if err := d.call(ctx, operator, http.MethodPut, "/v1/scenes/"+s.id, map[string]any{"text": s.yaml()}, nil); err != nil {
			return fmt.Errorf("write the scene %s: %w", s.id, err)
		}
	}
	d.say("\nOperators write three scenes, each with two variants and a share of customers who get neither: %s, %s and %s.", stage[0].id, stage[1].id, stage[2].id)
	if err := d.wakeUp(ctx, day.Add(forenoon+5*time.Minute)); err != nil { // functions keep what stands for a minute
		return err
	}
	for _, act := range []func(context.Context, time.Time) error{d.welcome, d.campaign, d.slip} {
		if err := act(ctx, day); err != nil {
			return err
		}
		day = day.AddDate(0, 0, 4)
	}
	return d.results(ctx, day.AddDate(0, 0, 10))
}

// welcome lets customers come to the shop.
func (d *play) welcome(ctx context.Context, day time.Time) error {
	at := day.Add(forenoon + 10*time.Minute)
	came := NewShop(2026, newcomers, 1, end).Customers
	var traits, orders []Event
	for i := range came {
		b := &came[i]
		b.ID, b.Visitor, b.Birthday = "j"+b.ID[1:], "", ""
		b.Email = b.ID + "@shop.example"
		traits = append(traits, Event{at, b.identify()})
		orders = append(orders, d.order(b, at.Add(time.Minute), "first", 60_00))
	}
	d.shop.Customers = append(d.shop.Customers, came...)
	if err := d.setClock(ctx, at.Add(2*time.Minute)); err != nil {
		return err
	}
	for _, part := range [][]Event{traits, orders} {
		if err := d.send(ctx, stamped(part), false); err != nil {
			return err
		}
	}
	return d.react(ctx, day)
}

// campaign starts the campaign, for as many customers of the last recalculation.
func (d *play) campaign(ctx context.Context, day time.Time) error {
	if err := d.setClock(ctx, day.Add(forenoon)); err != nil {
		return err
	}
	if err := d.call(ctx, operator, http.MethodPost, "/v1/scenes/"+stage[2].id+"/runs", map[string]any{"per_second": 1000, "limit": told}, nil); err != nil {
		return err
	}
	if err := d.settle(ctx); err != nil {
		return err
	}
	return d.react(ctx, day)
}

// slip recalculates: whoever has bought nothing since the end of the year slips away.
func (d *play) slip(ctx context.Context, day time.Time) error {
	if err := d.setClock(ctx, day.Add(night)); err != nil {
		return err
	}
	if err := d.recalculate(ctx); err != nil {
		return err
	}
	if err := d.wakeUp(ctx, day.Add(forenoon)); err != nil {
		return err
	}
	return d.react(ctx, day)
}

// react lets customers read what has come, follow links and buy over the days that follow, as their variant moves them to; and some
// buy anyway, whoever was told what.
func (d *play) react(ctx context.Context, day time.Time) error {
	if err := d.wakeUp(ctx, day.Add(evening)); err != nil { // who was asleep in the forenoon
		return err
	}
	outbox, err := d.outbox(ctx)
	if err != nil {
		return err
	}
	at := day.AddDate(0, 0, 1).Add(evening)
	var follow []string
	var orders []Event
	for i := range outbox {
		m := &outbox[i]
		s, v, ok := variantOf(m)
		if !ok || d.read[m.ID] {
			continue
		}
		d.read[m.ID] = true
		b, ok := d.shop.byEmail(m.To[0])
		if !ok {
			return fmt.Errorf("a mail of %s went to somebody who is no customer", s.id)
		}
		t := d.trial(s.id, v.id)
		t.mailed[b.ID] = true
		rnd := drawFor(b.ID, s.id)
		if rnd.Float64() >= v.click {
			continue
		}
		link := clickLink.FindString(m.Text)
		if link == "" {
			return fmt.Errorf("a mail of %s has no link that is counted", s.id)
		}
		t.clicked[b.ID] = true
		follow = append(follow, link)
		if rnd.Float64() < v.buys {
			t.bought[b.ID] = true
			d.bought[b.ID] = true
			orders = append(orders, d.order(b, at, s.id, 90_00))
		}
	}
	if err := d.setClock(ctx, at); err != nil {
		return err
	}
	if err := each(ctx, follow, d.follow); err != nil {
		return err
	}
	for i := range d.shop.Customers {
		b := &d.shop.Customers[i]
		if drawFor(b.ID, day.Format(time.DateOnly)).Float64() < untold {
			orders = append(orders, d.order(b, at, day.Format("0102"), 70_00))
			d.bought[b.ID] = true
		}
	}
	if err := d.send(ctx, stamped(orders), false); err != nil {
		return err
	}
	d.say("%s: %d follow a link, %d orders come in.", day.Format("2 January"), len(follow), len(orders))
	return d.wakeUp(ctx, day.AddDate(0, 0, 3).Add(evening))
}

func (d *play) trial(scene, variant string) *trial {
	key := scene + " " + variant
	if d.trials[key] == nil {
		d.trials[key] = &trial{map[string]bool{}, map[string]bool{}, map[string]bool{}}
	}
	return d.trials[key]
}

// drawFor is what one customer does about one thing, whoever else does what.
func drawFor(customer, about string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(customer + " " + about))
	return rand.New(rand.NewPCG(h.Sum64(), 1))
}

// order is one that a customer places.
func (d *play) order(b *Buyer, at time.Time, about string, mean int64) Event {
	cents := mean/2 + drawFor(b.ID, "cents "+about).Int64N(mean)
	return Event{at, track(b, "Order Completed", map[string]any{"order_id": "jan-" + b.ID + "-" + about, "total": decimal(cents)})}
}

// stamped gives events their times and ids.
func stamped(events []Event) []Event {
	for i, e := range events {
		e.Body["timestamp"] = e.At.Format(time.RFC3339)
		e.Body["messageId"] = fmt.Sprintf("january-%s-%d-%d", e.At.Format("0102T1504"), len(events), i)
	}
	return events
}

var clickLink = regexp.MustCompile(`https?://[^\s"]+/r/[A-Za-z0-9_-]+`)

// browser is what customers follow links with: programs that fetch them are told apart.
const browser = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

// follow follows a link of a mail. It must lead to the shop.
func (d *play) follow(ctx context.Context, link string) error {
	var to redirect
	err := d.retry(ctx, func() (*http.Request, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, link, nil)
		if err == nil {
			r.Header.Set("User-Agent", browser)
		}
		return r, err
	}, &to)
	if err == nil && !slices.ContainsFunc(stage, func(s *staged) bool { return string(to) == landing+s.landing }) {
		err = fmt.Errorf("the link of a mail leads to %q", strings.TrimSpace(string(to)))
	}
	return err
}
