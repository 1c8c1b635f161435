// Package demo shows the whole loop on a made-up shop: its orders become customers, a scheduled recalculation turns them
// into segments, customers who slip away are asked why, others how things are, the links in their mails come back as answers,
// and whoever was let down is somebody's to call; scenes that operators write are told apart by what they
// bring about. It talks to a running suite over HTTP alone, and looks at nothing behind it.
package demo

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Config says which shop to play. The zero value of a field is its default.
type Config struct {
	Seed      uint64 // 5
	Customers int    // 2,000
	Months    int    // 24; the last of them is played day by day
}

func (c Config) withDefaults() Config {
	if c.Seed == 0 {
		c.Seed = 5
	}
	if c.Customers == 0 {
		c.Customers = 2000
	}
	if c.Months == 0 {
		c.Months = 24
	}
	return c
}

// The shop's last day is the same whenever the demo runs, so that it always shows the same.
var end = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// The hours of UTC at which things happen: recalculations run at night in London, so that mails to customers there wait
// for the morning, while it is noon in Shanghai.
const (
	night    = 3 * time.Hour
	morning  = 9 * time.Hour
	forenoon = 10 * time.Hour
	evening  = 18 * time.Hour
)

// Run plays the shop against the suite and prints what happens and, at the end, what came of it.
func Run(ctx context.Context, at Endpoint, config Config, out io.Writer) error {
	config = config.withDefaults()
	d := newPlay(at, NewShop(config.Seed, config.Customers, config.Months, end), out)
	started := time.Now()
	if err := d.pause(ctx, true); err != nil {
		return err
	}
	defer d.pause(context.WithoutCancel(ctx), false) // the suite may be going down by then
	for _, act := range []func(context.Context) error{d.history, d.first, d.month, d.second, d.nights, d.visitors, d.report, d.scenes} {
		if err := act(ctx); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
	}
	fmt.Fprintf(out, "\nThe demo took %.0f s.\n", time.Since(started).Seconds())
	return nil
}

type play struct {
	*client
	out    io.Writer
	shop   *Shop
	stride int // days of the last month that go by at a time
	// inOrder lets nobody's order overtake the traits that came with it, at the price of waiting: what may be sent to
	// them depends on it.
	inOrder bool
	invited int // of so many customers one is asked by an operator
	runs    []run
	read    map[string]bool   // mails, by their ids
	mended  map[string]bool   // customers whose trouble an operator has seen to
	trials  map[string]*trial // what was seen of scenes, by scene and variant
	bought  map[string]bool   // customers who bought since operators tried scenes, whatever for
}

func newPlay(at Endpoint, shop *Shop, out io.Writer) *play {
	return &play{client: newClient(at), shop: shop, out: out, stride: 2, invited: 25, read: map[string]bool{}, mended: map[string]bool{},
		trials: map[string]*trial{}, bought: map[string]bool{}}
}

// last is the run that stands.
func (d *play) last() *run { return &d.runs[len(d.runs)-1] }

// monthly is the run at the end of the last month, which compares it with the one before.
func (d *play) monthly() *run { return &d.runs[1] }

func (d *play) say(format string, args ...any) { fmt.Fprintf(d.out, format+"\n", args...) }

// history imports all but the last month and recalculates for the first time, by night; mails wait for the morning.
func (d *play) history(ctx context.Context) error {
	lastMonth := end.AddDate(0, -1, 0)
	if err := d.setClock(ctx, lastMonth.Add(night)); err != nil {
		return err
	}
	past := d.between(time.Time{}, lastMonth)
	// A shop's own export comes customer by customer, and what is folded together costs less.
	slices.SortStableFunc(past, func(a, b Event) int { return strings.Compare(a.customer(), b.customer()) })
	d.say("A shop of %d customers; %d events of its first months come in as history.", len(d.shop.Customers), len(past))
	if err := d.send(ctx, past, true); err != nil {
		return err
	}
	// Some of the shop's buyers never come back after the first order, which BG/NBD leaves out; the others come every month.
	if err := d.set(ctx, "recalculation", map[string]any{"model": "mbg_nbd"}); err != nil {
		return err
	}
	if err := d.set(ctx, "risk", map[string]any{"horizon_days": 30}); err != nil {
		return err
	}
	if err := d.staff(ctx); err != nil {
		return err
	}
	if err := d.recalculate(ctx); err != nil {
		return err
	}
	return d.wakeUp(ctx, lastMonth.Add(morning))
}

// first is the first day of the last month: an operator asks some customers beside those whose day it is.
func (d *play) first(ctx context.Context) error {
	today := end.AddDate(0, -1, 0)
	if err := d.setClock(ctx, today.Add(forenoon)); err != nil {
		return err
	}
	links, err := d.invite(ctx)
	if err != nil {
		return err
	}
	if err := d.hand(ctx, "nps", links); err != nil {
		return err
	}
	return d.day(ctx, today)
}

// second is the day after the last month.
func (d *play) second(ctx context.Context) error { return d.day(ctx, end) }

// day is one on which mail is read and answered, an operator sees to some of those who were let down, and what nobody has
// seen to by the evening escalates.
func (d *play) day(ctx context.Context, today time.Time) error {
	if err := d.setClock(ctx, today.Add(forenoon)); err != nil {
		return err
	}
	for _, act := range []func(context.Context) error{d.readMail, d.work} {
		if err := act(ctx); err != nil {
			return err
		}
	}
	if err := d.wakeUp(ctx, today.Add(evening)); err != nil {
		return err
	}
	if err := d.readMail(ctx); err != nil {
		return err
	}
	return d.fire(ctx, "rollup")
}

// set writes a document of settings, which the next recalculation goes by.
func (d *play) set(ctx context.Context, name string, document map[string]any) error {
	return d.call(ctx, operator, http.MethodPut, "/v1/settings/"+name, document, nil)
}

// readEvery is after how many days of the last month customers read their mail: links are good for 14 days at least.
const readEvery = 10

// month plays the last month, some days at a time, writes down what it cost, and recalculates at its end.
func (d *play) month(ctx context.Context) error {
	from := end.AddDate(0, -1, 0)
	read := from
	d.say("The last month goes by, %d days at a time; orders are thanked for as they come.", d.stride)
	for day := from; day.Before(end); day = day.AddDate(0, 0, d.stride) {
		now := day.AddDate(0, 0, d.stride-1).Add(evening)
		if now.After(end) {
			now = end
		}
		if err := d.setClock(ctx, now); err != nil {
			return err
		}
		events := d.between(from, now)
		if d.inOrder {
			traits := slices.DeleteFunc(slices.Clone(events), func(e Event) bool { return e.Body["type"] != "identify" })
			if err := d.send(ctx, traits, false); err != nil {
				return err
			}
		}
		if err := d.send(ctx, events, false); err != nil {
			return err
		}
		if err := d.wakeUp(ctx, now); err != nil {
			return err
		}
		if from = now; now.Sub(read) > (readEvery-1)*24*time.Hour {
			if err := d.readMail(ctx); err != nil {
				return err
			}
			read = now
		}
	}
	if err := d.setClock(ctx, end.Add(night)); err != nil {
		return err
	}
	if err := d.set(ctx, "economics", d.shop.costs()); err != nil {
		return err
	}
	if err := d.recalculate(ctx); err != nil {
		return err
	}
	if err := d.settle(ctx); err != nil {
		return err
	}
	before, err := d.outbox(ctx)
	if err != nil {
		return err
	}
	if err := d.wakeUp(ctx, end.Add(morning)); err != nil {
		return err
	}
	after, err := d.outbox(ctx)
	d.say("%d mails waited from %s UTC for the morning at their recipients' places.", len(after)-len(before), end.Add(night).Format("15:04"))
	return err
}

// nightsAfter is how many nights pass after the last month.
const nightsAfter = 1

// nights recalculates each night after the last month, as a schedule does: what moved is the answers and a day's silence.
func (d *play) nights(ctx context.Context) error {
	for n := range nightsAfter {
		day := end.AddDate(0, 0, n+1)
		if err := d.setClock(ctx, day.Add(night)); err != nil {
			return err
		}
		if err := d.recalculate(ctx); err != nil {
			return err
		}
		if err := d.wakeUp(ctx, day.Add(morning)); err != nil {
			return err
		}
	}
	return d.day(ctx, end.AddDate(0, 0, nightsAfter))
}

// wakeUp moves the clock and lets what is due by then be sent.
func (d *play) wakeUp(ctx context.Context, now time.Time) error {
	if err := d.setClock(ctx, now); err != nil {
		return err
	}
	if err := d.fire(ctx, "due"); err != nil {
		return err
	}
	return d.settle(ctx)
}

// recalculate lets the schedule start a run and waits for its end.
func (d *play) recalculate(ctx context.Context) error {
	if err := d.fire(ctx, "recalculate"); err != nil {
		return err
	}
	if err := d.settle(ctx); err != nil {
		return err
	}
	var list struct {
		Runs []run `json:"runs"`
	}
	if err := d.call(ctx, operator, http.MethodGet, "/v1/rfm/runs", nil, &list); err != nil {
		return err
	}
	if len(list.Runs) == 0 {
		return fmt.Errorf("the schedule started no run")
	}
	var r run
	if err := d.call(ctx, operator, http.MethodGet, "/v1/rfm/runs/"+list.Runs[0].ID, nil, &r); err != nil {
		return err
	}
	if r.State != "done" {
		return fmt.Errorf("run %s is %s", r.ID, r.State)
	}
	d.runs = append(d.runs, r)
	d.say("Recalculated as of %s: %d customers in %d segments.", r.AsOf, r.Customers, len(r.Segments))
	return nil
}
