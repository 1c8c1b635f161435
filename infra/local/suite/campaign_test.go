package suite

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	mathrand "math/rand/v2"
	"net/http"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"liuke/infra/local/engine"
	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/fold"
	"liuke/shared/message"
)

// campaignCustomers is how many customers the campaign that CI runs goes to. LIUKE_CAMPAIGN_CUSTOMERS sets another number.
const campaignCustomers = 150

// springNews is a campaign for everybody who lets us write.
const springNews = `id: spring_news
kind: marketing
on: {signal: campaign}
channel: email
content:
  en:
    subject: 'Spring is here'
    preheader: 'What is new, and what is back.'
    text: |
      Hello {{ customer.first_name | default: "there" }},

      spring is here, and with it what is new: https://shop.example/spring

      {% render "footer" %}
    html: |
      {% render "header" %}
      <p>Hello {{ customer.first_name | default: "there" }},</p>
      <p>spring is here, and with it <a href="https://shop.example/spring">what is new</a>.</p>
      {% render "footer" %}
`

// TestACampaignReachesEverybodyOnce recalculates customers, has an operator write a campaign and run it, and sees to it that
// each of them gets one mail, that the ledger has it with its receipt, and that the run counts the same. It prints messages a
// second from the request to the last mail, and what took the processors' time:
//
//	LIUKE_CAMPAIGN_CUSTOMERS=100000 go test -v -timeout 3h -run CampaignReaches ./infra/local/suite
func TestACampaignReachesEverybodyOnce(t *testing.T) {
	c := &campaignRun{T: t, customers: number(t, "LIUKE_CAMPAIGN_CUSTOMERS", campaignCustomers)}
	c.Suite = start(t, t.TempDir(), nil)
	if err := c.Clock.Set(time.Date(2026, time.June, 3, 7, 0, 0, 0, time.UTC)); err != nil { // nine where the customers are
		t.Fatal(err)
	}
	tables, _, _ := c.Engines()
	c.store = dynamo.New(engine.Config(tables), c.Named("AWS::DynamoDB::GlobalTable", "customers"), c.Named("AWS::DynamoDB::GlobalTable", "records"))
	c.stock()
	c.recalculate()
	text, err := json.Marshal(map[string]string{"text": springNews})
	if err != nil {
		t.Fatal(err)
	}
	if status := call(t, c.Suite, http.MethodPut, "/v1/scenes/spring_news", string(text), nil); status/100 != 2 {
		t.Fatalf("the scene was answered %d", status)
	}
	if err := c.Clock.Advance(2 * time.Minute); err != nil { // by then the scene is in effect everywhere, and runs start at once
		t.Fatal(err)
	}
	c.run()
	c.check()
}

// campaignRun is a campaign to so many customers.
type campaignRun struct {
	*testing.T
	*Suite
	store     *dynamo.Store
	customers int
	before    int // mails that were sent before it
}

func (c *campaignRun) id(i int) customer.ID { return customer.ID(fmt.Sprintf("reader-%06d", i)) }

func (c *campaignRun) address(i int) string { return string(c.id(i)) + "@customers.example" }

// each does something for every customer, some side by side.
func (c *campaignRun) each(do func(i int) error) {
	c.Helper()
	var g errgroup.Group
	g.SetLimit(8)
	for i := range c.customers {
		g.Go(func() error { return do(i) })
	}
	if err := g.Wait(); err != nil {
		c.Fatal(err)
	}
}

// stock stores the customers as folding leaves them: with orders of the last year, and traits that let us write.
func (c *campaignRun) stock() {
	now := c.Clock.Now()
	today := customer.DayOf(now, time.UTC)
	c.each(func(i int) error {
		rnd := mathrand.New(mathrand.NewPCG(uint64(i), 1))
		key, err := customer.NewKey(rand.Reader)
		if err != nil {
			return err
		}
		rec := &customer.Record{ID: c.id(i), Version: 1, Key: key}
		for range 1 + rnd.IntN(4) {
			ago := 1 + rnd.IntN(360)
			rec.History.Add(today-customer.Day(ago), 500+rnd.Int64N(20_000))
			rec.Touch(now.AddDate(0, 0, -ago).Unix())
		}
		said := &customer.Profile{Version: 1}
		for name, value := range map[string]string{
			customer.TraitEmail: c.address(i), customer.ConsentTrait(string(message.Email)): "true", customer.TraitLocale: "en", customer.TraitTimeZone: "Europe/Berlin",
		} {
			said.Set(name, customer.Trait{Value: value, Time: now.Add(-time.Hour).UnixMilli(), Event: "seeded"})
		}
		return c.store.Write(c.Context(), &fold.Write{Customer: rec, Profile: said})
	})
	c.Logf("%d customers are stocked", c.customers)
}

// recalculate has the snapshot made that the campaign goes over. Whatever scenes answer to it is two days past then.
func (c *campaignRun) recalculate() {
	if n := c.complete("/v1/rfm/runs", `{}`).Customers; n != c.customers {
		c.Fatalf("%d customers were recalculated, want %d", n, c.customers)
	}
	if err := c.Settle(c.Context()); err != nil {
		c.Fatal(err)
	}
	if err := c.Clock.Advance(48 * time.Hour); err != nil {
		c.Fatal(err)
	}
	c.before = c.outbox.Len()
	c.Logf("%d customers are recalculated", c.customers)
}

// ranOver is how runs are shown.
type ranOver struct {
	State, Reason string
	Customers     int
	Counts        campaignTally
}

type campaignTally struct {
	Seen      int
	Gone      int
	Audience  int `json:"in_audience"`
	Signalled int
}

// complete starts a run at a path and waits until it is done.
func (c *campaignRun) complete(path, body string) (run ranOver) {
	c.Helper()
	var begun struct {
		ID string `json:"run_id"`
	}
	if status := call(c.T, c.Suite, http.MethodPost, path, body, &begun); status != http.StatusAccepted {
		c.Fatalf("the run was answered %d", status)
	}
	for {
		run = ranOver{}
		call(c.T, c.Suite, http.MethodGet, path+"/"+begun.ID, "", &run)
		switch run.State {
		case "done":
			return run
		case "running":
			c.rest(100 * time.Millisecond)
		default:
			c.Fatalf("the run is %s: %s", run.State, run.Reason)
		}
	}
}

func (c *campaignRun) rest(d time.Duration) {
	c.Helper()
	select {
	case <-time.After(d):
	case err := <-c.Failed():
		c.Fatal(err)
	case <-c.Context().Done():
		c.Fatal(c.Context().Err())
	}
}

// run runs the campaign until nothing of it is left to do, and says how fast that was.
func (c *campaignRun) run() {
	began, spent, units := c.Clock.Now(), c.spending(), c.Units()
	run := c.complete("/v1/scenes/spring_news/runs", `{"per_second":10000}`)
	signalled := c.Clock.Now()
	c.drain(began, spent)
	want := ranOver{State: "done", Customers: c.customers, Counts: campaignTally{c.customers, 0, c.customers, c.customers}}
	if run != want {
		c.Errorf("the run came to %+v, want %+v", run, want)
	}
	sent := c.outbox.Messages("")
	if len(sent) == c.before {
		c.Fatal("nothing was sent")
	}
	took := sent[0].SentAt.Sub(began).Seconds()
	c.Logf("%d messages in %.1f s, %.1f a second; all were signalled after %.1f s, all receipts in after %.1f s", c.customers, took, float64(c.customers)/took,
		signalled.Sub(began).Seconds(), c.Clock.Now().Sub(began).Seconds())
	c.Log(spent.each(c.customers))
	for function, u := range c.Units() {
		before := units[function]
		c.Logf("%s: %.2f write and %.2f read units a message", function, (u.Write-before.Write)/float64(c.customers), (u.Read-before.Read)/float64(c.customers))
	}
}

// drain waits until nothing is left to do, and says how far that is.
func (c *campaignRun) drain(began time.Time, spent *spending) {
	for shown := 0; ; c.rest(200 * time.Millisecond) {
		state, err := c.State(c.Context())
		if err != nil {
			c.Fatal(err)
		}
		spent.look()
		left := 0
		for _, q := range state.Queues {
			left += q.Delayed
		}
		if sent := c.outbox.Len() - c.before; sent*10/c.customers > shown {
			shown = sent * 10 / c.customers
			c.Logf("%5.0f s  %d mails out", c.Clock.Now().Sub(began).Seconds(), sent)
		}
		if state.Idle && left == 0 {
			return
		}
	}
}

// check compares outbox and ledger with what was to be.
func (c *campaignRun) check() {
	got := map[string]int{} // by address
	for _, m := range c.outbox.Messages("")[:c.outbox.Len()-c.before] {
		if m.Subject != "Spring is here" || len(m.To) != 1 {
			c.Errorf("message %s to %d, %q, is none of the campaign's", m.ID, len(m.To), m.Subject)
			continue
		}
		got[m.To[0]]++
	}
	c.each(func(i int) error {
		entries, _, err := c.store.Messages(c.Context(), c.id(i), 100, "")
		if err != nil {
			return err
		}
		var ours []message.Entry
		for _, e := range entries {
			if e.Scene == "spring_news" {
				ours = append(ours, e)
			}
		}
		switch n := got[c.address(i)]; {
		case n != 1:
			err = fmt.Errorf("%s got %d mails, want 1, and has the entries %+v", c.id(i), n, ours)
		case len(ours) != 1 || ours[0].State != message.Sent || ours[0].Delivered.IsZero():
			err = fmt.Errorf("%s got a mail and has the entries %+v, want one that is sent and delivered", c.id(i), ours)
		}
		return err
	})
	state, err := c.State(c.Context())
	if err != nil {
		c.Fatal(err)
	}
	for _, q := range state.Queues {
		if q.Dead > 0 {
			c.Errorf("%d dead letters of %s", q.Dead, q.Name)
		}
	}
	noneDenied(c.T, c.Suite)
}
