package demo

import (
	"context"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"liuke/infra/local/project"
	"liuke/infra/local/proxy"
	"liuke/infra/local/suite"
)

// crashSeed is the seed of the kills; LIUKE_CRASH_SEED sets another.
const crashSeed = 20261122

// leastKills is how many processes the test kills at least.
const leastKills = 200

// TestKillsLeaveNoTrace plays the same shop twice, once undisturbed, once while function processes are killed (SIGKILL)
// before and after each kind of call that they make to AWS. Both must end the same: every customer, order, answer, score,
// label, band of risk and sign, every task with its escalations and whoever was asked what; all that the runs say, of each
// customer and together; what surveys come to must be what their answers come to; and no mail may be sent twice, no birthday
// wished twice, none lost, and no more be in doubt than were killed while sending.
func TestKillsLeaveNoTrace(t *testing.T) {
	if testing.Short() {
		t.Log("short: the whole suite is not played")
		return
	}
	seed := uint64(crashSeed)
	if s := os.Getenv("LIUKE_CRASH_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatalf("LIUKE_CRASH_SEED: %v", err)
		}
	}
	calm := playShop(t, nil)
	plan := newKills(seed)
	struck := playShop(t, plan)

	counts := map[string]int{}
	inSending := 0
	for _, i := range plan.injected() {
		when := "before"
		if i.After {
			when = "after"
		}
		counts[i.Call.Function+" "+when+" "+i.Call.Action]++
		if i.Call.Function == "dispatch" && (strings.HasPrefix(i.Call.Action, "ses:") || i.Call.Action == "dynamodb:UpdateItem") {
			inSending++
		}
	}
	total := 0
	for _, name := range sorted(counts) {
		t.Logf("killed %4d  %s", counts[name], name)
		total += counts[name]
	}
	t.Logf("seed %d: %d kills, %d of them about a send", seed, total, inSending)
	for name, n := range counts {
		if strings.HasPrefix(name, "console ") {
			total -= n // it reads, for the most part
		}
	}
	if total < leastKills {
		t.Errorf("%d kills of functions that write are too few to show anything, %d are wanted", total, leastKills)
	}
	for _, f := range []string{"ingest", "profile", "rfm", "survey", "outreach", "dispatch", "receipts", "console"} {
		if !slices.ContainsFunc(sorted(counts), func(name string) bool { return strings.HasPrefix(name, f+" ") }) {
			t.Errorf("%s was never killed", f)
		}
	}
	for _, what := range []string{
		"survey before dynamodb:PutItem", "survey before sqs:SendMessageBatch", "profile before dynamodb:GetItem", // an answer and its pointer
		"outreach before dynamodb:TransactWriteItems", "outreach before dynamodb:PutItem", // claims and tasks, and what is filed as due
	} {
		if after := strings.Replace(what, "before", "after", 1); counts[what]+counts[after] == 0 {
			t.Errorf("nobody was killed %s or after", what)
		}
	}
	apart := messages(t, calm, struck, inSending)
	same(t, "customers", without(calm.customers, apart), without(struck.customers, apart))
	same(t, "records", calm.records, struck.records)
	same(t, "runs", calm.runs, struck.runs)
	near(t, calm.counts, struck.counts, len(apart))
	calm.compare(t, &struck.feedback, apart, 50, 8)
}

// kills strikes every kind of call, the rarer an invocation makes it the oftener: one that makes hundreds of them, struck
// as often as the others, would never come to its end.
type kills struct{ few, phase, some, rare, many *proxy.Plan }

func newKills(seed uint64) *kills {
	every := func(n int) *proxy.Plan { return proxy.NewPlan(seed, proxy.Rates{Kill: n}) }
	return &kills{few: every(12), phase: every(30), some: every(70), rare: every(200), many: every(1500)}
}

func (k *kills) plan(c proxy.Call) *proxy.Plan {
	swept := c.Action == "dynamodb:Query" || c.Action == "dynamodb:DeleteItem"
	read := c.Action == "dynamodb:GetItem" || c.Action == "dynamodb:BatchGetItem"
	switch {
	case c.Function == "rfm" && c.Action == "dynamodb:UpdateItem": // a customer's scores each
		return k.many
	case swept && (c.Function == "survey" || c.Function == "outreach"): // all marked hours, all that is due
		return k.rare
	case read && c.Function == "outreach": // most of its calls, of which nothing is left behind
		return k.rare
	case c.Function == "profile" && c.Action == "dynamodb:GetItem": // the answer that a pointer names
		return k.few
	case c.Function == "survey" && (read || c.Action == "dynamodb:PutItem"): // the form; an answer, or an hour's rollup
		return k.phase
	case c.Function == "outreach", c.Function == "dispatch", c.Function == "receipts": // a message each, which makes some calls
		return k.phase
	case c.Function == "rfm": // a phase of a run each, which makes a dozen calls
		return k.phase
	case c.Function == "profile", c.Function == "console": // a customer each
		return k.some
	default:
		return k.few
	}
}

// Before implements proxy.Injector.
func (k *kills) Before(c proxy.Call) proxy.Fault { return k.plan(c).Before(c) }

// After implements proxy.Injector.
func (k *kills) After(c proxy.Call) proxy.Fault { return k.plan(c).After(c) }

func (k *kills) injected() []proxy.Injection {
	return slices.Concat(k.few.Injected(), k.phase.Injected(), k.some.Injected(), k.rare.Injected(), k.many.Injected())
}

func playShop(t *testing.T, faults proxy.Injector) final {
	t.Helper()
	ctx := t.Context()
	root, err := project.Root()
	if err != nil {
		t.Fatal(err)
	}
	s, err := suite.Start(ctx, suite.Options{
		Root: root, State: t.TempDir(), Addr: "127.0.0.1:0", Paused: true,
		Visibility: time.Second, Tries: 1000, Window: 50 * time.Millisecond, Batch: 1, Faults: faults,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	d := newPlay(Endpoint(s.Endpoint), NewShop(5, 500, 24, end), io.Discard)
	d.stride, d.inOrder, d.invited = 10, true, 3
	d.tries = 100 // a schedule comes again every few minutes
	celebrate(d.shop)
	if faults != nil {
		defer hurry(t, s)()
	}
	for _, act := range []func(context.Context) error{d.history, d.first, d.month, d.second, d.over} {
		if err := act(ctx); err != nil {
			t.Fatal(err)
		}
	}
	return finalState(t, s, d)
}

// over lets the last mails be sent that wait for the morning, and all hours be counted that are over.
func (d *play) over(ctx context.Context) error {
	if err := d.settle(ctx); err != nil {
		return err
	}
	tomorrow := end.AddDate(0, 0, 1)
	if err := d.wakeUp(ctx, tomorrow.Add(morning)); err != nil {
		return err
	}
	if err := d.setClock(ctx, tomorrow.Add(evening)); err != nil {
		return err
	}
	return d.fire(ctx, "rollup")
}

// celebrate lets one in seven buyers have the birthday on the day of the first run, which has no other mail to send: the
// wishes compete with none for what a customer may get in a day.
func celebrate(s *Shop) {
	born := end.AddDate(-30, -1, 0).Format(time.DateOnly)
	for i, e := range s.Events {
		if traits, ok := e.Body["traits"].(map[string]any); ok && i%7 == 0 {
			traits["birthday"] = born
		}
	}
}

// hurry lets the suite's clock run ten times as fast, until the function that it returns is called: what the killed were
// doing is given up after minutes of that clock.
func hurry(t *testing.T, s *suite.Suite) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for tick := time.Tick(500 * time.Millisecond); ; {
			select {
			case <-ctx.Done():
				return
			case <-tick:
				if err := s.Clock.Advance(4500 * time.Millisecond); err != nil {
					t.Error(err)
				}
			}
		}
	}()
	return func() { cancel(); <-done }
}
