package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/campaign"
	"liuke/shared/customer"
	"liuke/shared/document"
	"liuke/shared/dynamo"
	"liuke/shared/message"
	"liuke/shared/outreach"
	"liuke/shared/recalc"
	"liuke/shared/signal"
)

// nightly is sent at once, and again a day later; dawn waits for the morning.
const (
	nightly = `id: nightly
kind: transactional
on: {signal: schedule, cron: %q}
quiet_hours: none
channel: email
content: {en: {subject: S, text: T, html: <p>H</p>}}
steps:
  - {id: again, after: 1d, content: {en: {subject: S, text: T, html: <p>H</p>}}}
`
	dawn = `id: dawn
kind: marketing
on: {signal: schedule, cron: %q}
quiet_hours: policy
channel: email
content: {en: {subject: S, text: 'T {{ unsubscribe_link }}', html: '<p>H <a href="{{ unsubscribe_link }}">stop</a></p>'}}
`
)

// snapshotted is a store after a recalculation.
type snapshotted struct{ *dynamo.Store }

func (snapshotted) CurrentRun(context.Context) (string, error) { return "run", nil }

// planned are the messages by which runs start.
type planned struct{ messages []recalc.Message }

func (p *planned) SendPhases(_ context.Context, m ...recalc.Message) error {
	p.messages = append(p.messages, m...)
	return nil
}

// night is two processes of the function, of a business in Berlin, with the scenes above.
type night struct {
	*bundle
	handlers [2]*Handler
	runs     planned
	stand    *outreach.Stand
	known    []*campaign.Record
	sent     map[string][]time.Time // when, by scene, step and customer
}

var sleepers = map[customer.ID]string{"berlin": "Europe/Berlin", "new-york": "America/New_York"}

func newNight(t *testing.T, cron string) *night {
	n := &night{bundle: setup(t), sent: map[string][]time.Time{}}
	var documents []document.Document
	for id, body := range map[string]string{"nightly": nightly, "dawn": dawn} {
		documents = append(documents, document.Document{Name: outreach.DocumentName(outreach.Scene, id), Version: 1, Body: fmt.Sprintf(body, cron)})
	}
	var err error
	if n.stand, err = outreach.Read(documents, document.Document{Body: `{"limits":[]}`}, document.Document{}, compilers("EUR")); err != nil || len(n.stand.Broken) > 0 {
		t.Fatal(err, n.stand)
	}
	for i := range n.handlers {
		h := n.another()
		h.Stand = func(context.Context) (*outreach.Stand, error) { return n.stand, nil }
		h.Campaigns, h.Runs, h.business = snapshotted{n.store}, &n.runs, place(t, "Europe/Berlin")
		n.handlers[i] = h
	}
	for id, zone := range sleepers {
		n.customer(id, map[string]string{customer.TraitEmail: string(id) + "@example.com", customer.ConsentTrait("email"): "true", customer.TraitTimeZone: zone})
	}
	return n
}

func place(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// tick is one minute's schedule, which fires twice. What it starts, and what comes due, reaches both processes.
func (n *night) tick(at time.Time) {
	n.t.Helper()
	*n.now = at
	for _, h := range n.handlers {
		n.invoke(h, sample(n.t, "due"))
	}
	for _, m := range n.runs.messages {
		r, err := n.store.Campaign(n.t.Context(), m.Scene, m.Campaign)
		if err != nil {
			n.t.Fatal(err)
		}
		n.known = append(n.known, r)
		for id := range sleepers {
			sig, err := r.Signal(id, at)
			if err != nil {
				n.t.Fatal(err)
			}
			n.answer(sig)
		}
	}
	n.runs.messages = nil
	for _, body := range n.drain(n.signals) {
		signals, err := decode(body)
		if err != nil {
			n.t.Fatal(err)
		}
		n.answer(signals...)
	}
}

// answer delivers signals to one process, sends what it claims, and delivers them to the other.
func (n *night) answer(signals ...signal.Signal) {
	n.t.Helper()
	for i, h := range n.handlers {
		if failures, _, _ := n.invoke(h, envelope(n.t, append(signals, signals...)...)); len(failures) > 0 {
			n.t.Fatal(failures)
		}
		if queued := n.drain(n.messages); i > 0 && len(queued) > 0 {
			n.t.Errorf("signals that came again queued %q", queued)
		}
		for _, r := range n.known {
			sc := n.stand.Scenes.Scene(r.Scene)
			for id := range sleepers {
				for step := range sc.Steps {
					if e, err := n.store.Entry(n.t.Context(), id, sc.EntryID(id, signal.CampaignID(r.ID), step)); err == nil && e.State == message.Claimed {
						name := fmt.Sprint(r.Scene, " ", step, " ", id)
						n.sent[name] = append(n.sent[name], *n.now)
						n.send(e)
					}
				}
			}
		}
	}
}

// TestACampaignByTheClockGoesOutOnceWhenClocksChange runs two scenes that recur by the business's clock on the day of a change and
// the one before: their time lies in the gap, or comes twice; a step follows a day later, across the change; and a night's rest
// ends by the recipient's own clock.
func TestACampaignByTheClockGoesOutOnceWhenClocksChange(t *testing.T) {
	utc := func(month time.Month, day, hour, minute int) time.Time {
		return time.Date(2026, month, day, hour, minute, 0, 0, time.UTC)
	}
	for _, c := range []struct {
		name, cron string
		want       map[string][]time.Time
	}{
		{"a gap in the business's night", "30 2 28,29 3 *", map[string][]time.Time{
			"nightly 0 berlin": {utc(3, 28, 1, 30), utc(3, 29, 1, 0)}, // 02:30, and 03:00 since there is no 02:30
			"nightly 1 berlin": {utc(3, 29, 1, 30), utc(3, 30, 1, 0)}, // a day is 24 hours
			"dawn 0 berlin":    {utc(3, 28, 7, 0), utc(3, 29, 6, 0)},  // 08:00 before and after
			"dawn 0 new-york":  {utc(3, 28, 12, 0), utc(3, 29, 12, 0)},
		}},
		{"an hour that comes twice in the business's night", "30 2 24,25 10 *", map[string][]time.Time{
			"nightly 0 berlin": {utc(10, 24, 0, 30), utc(10, 25, 0, 30)}, // 02:30 for the first time, and not for the second
			"nightly 1 berlin": {utc(10, 25, 0, 30), utc(10, 26, 0, 30)},
			"dawn 0 berlin":    {utc(10, 24, 6, 0), utc(10, 25, 7, 0)},
			"dawn 0 new-york":  {utc(10, 24, 0, 30), utc(10, 25, 0, 30)}, // 20:30, while one may write
		}},
		{"a gap in a recipient's night", "30 4 7,8 3 *", map[string][]time.Time{
			"nightly 0 berlin": {utc(3, 7, 3, 30), utc(3, 8, 3, 30)},
			"nightly 1 berlin": {utc(3, 8, 3, 30), utc(3, 9, 3, 30)},
			"dawn 0 berlin":    {utc(3, 7, 7, 0), utc(3, 8, 7, 0)},
			"dawn 0 new-york":  {utc(3, 7, 13, 0), utc(3, 8, 12, 0)}, // 22:30 waits for 08:00, which is an hour nearer
		}},
		{"an hour that comes twice in a recipient's night", "30 4 1 11 *", map[string][]time.Time{
			"nightly 0 berlin": {utc(11, 1, 3, 30)},
			"nightly 1 berlin": {utc(11, 2, 3, 30)},
			"dawn 0 berlin":    {utc(11, 1, 7, 0)},
			"dawn 0 new-york":  {utc(11, 1, 13, 0)}, // 23:30 waits for 08:00, which is an hour further off
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := newNight(t, c.cron)
			minutes := map[time.Time]bool{}
			begin := time.Time{}
			for _, all := range c.want {
				for _, at := range all {
					for _, other := range []time.Duration{-time.Minute, 0, time.Hour} {
						minutes[at.Add(other)] = true
					}
					if day := at.Truncate(24 * time.Hour); begin.IsZero() || day.Before(begin) {
						begin = day
					}
				}
			}
			for name, all := range c.want {
				if who, ok := strings.CutSuffix(name, "berlin"); ok && strings.HasPrefix(name, "nightly") {
					c.want[who+"new-york"] = all
				}
			}
			n.tick(begin)
			for _, at := range slices.SortedFunc(maps.Keys(minutes), time.Time.Compare) {
				if at.After(begin) {
					n.tick(at)
				}
			}
			if d := cmp.Diff(c.want, n.sent); d != "" {
				t.Errorf("(- want, + sent):\n%s", d)
			}
		})
	}
}
