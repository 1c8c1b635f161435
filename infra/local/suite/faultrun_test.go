package suite

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"golang.org/x/sync/errgroup"

	"liuke/infra/local/engine"
	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/message"
	"liuke/shared/signal"
)

// The run that CI makes. LIUKE_FAULT_RUN sets another number of messages, LIUKE_FAULT_SEED another seed.
const (
	faultMessages = 1500
	faultSeed     = 20261128
)

// TestFaultRun has the executables of outreach, dispatch and receipts send messages through the engines while function processes are
// killed before, inside and after each call that they make, answers are lost, tables throttled, and queues hand messages out twice
// and out of order, as a seed has it. Nothing may be lost or sent twice; what stays unknown was killed inside its own send; whoever
// unsubscribes between claim and send gets nothing; and marketing that waits through a night in which the clocks change goes out once,
// by day.
func TestFaultRun(t *testing.T) {
	if testing.Short() {
		t.Log("short: no run")
		return
	}
	r := startFaultRun(t, number(t, "LIUKE_FAULT_RUN", faultMessages), uint64(number(t, "LIUKE_FAULT_SEED", faultSeed)))
	r.night()
	r.settle()
	for range 2 { // what came due meanwhile
		r.leap(30 * time.Minute)
		r.sweep()
		r.settle()
	}
	r.check()
}

func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s=%q is no number of 1 or more", name, text)
	}
	return n
}

// The run passes in the one night of these years in which Europe's clocks leave out an hour while Australia's show one twice (Lord
// Howe's half of one). Thanks for orders go out at any hour; birthday wishes wait for the morning, wherever it comes.
var (
	dusk  = time.Date(2005, 3, 26, 11, 10, 0, 0, time.UTC) // past nine in the east
	west  = time.Date(2005, 3, 26, 22, 10, 0, 0, time.UTC) // past nine in Europe, and past eight in the east
	dawn  = time.Date(2005, 3, 27, 7, 40, 0, 0, time.UTC)  // past eight in Europe, and not yet nine in the evening in the east
	zones = [2][]string{
		{"Australia/Sydney", "Australia/Lord_Howe", "Australia/Hobart", "Australia/Adelaide"},
		{"Europe/Berlin", "Europe/London", "Europe/Lisbon", "Europe/Athens"},
	}
)

// faultRun is a run and what it expects.
type faultRun struct {
	*testing.T
	*Suite
	plan     *faultPlan
	store    *dynamo.Store
	rnd      *rand.Rand // of the customers and their signals
	messages int
	seed     uint64
	started  time.Time

	recipients map[customer.ID]*recipient
	fed        int
	door       sync.RWMutex // through which messages go to dispatch
}

// Of so many customers one unsubscribes in the middle, one's address bounces, one complains; of so many messages one is a wish at night.
const (
	unsubscribeEvery = 100
	bounceEvery      = 150
	complainEvery    = 400
	wishEvery        = 40
)

func startFaultRun(t *testing.T, messages int, seed uint64) *faultRun {
	r := &faultRun{T: t, messages: messages, seed: seed, plan: newFaultPlan(seed, messages), rnd: rand.New(rand.NewPCG(seed, 1)),
		recipients: map[customer.ID]*recipient{}}
	r.plan.again, r.plan.arrived = r.again, r.arrived
	r.people()
	r.Suite = start(t, t.TempDir(), func(o *Options) {
		o.Faults, o.Received = r.plan, r.plan.received
		o.Tries = 1000
		o.Visibility = 4 * time.Second
		if messages > 5*faultMessages {
			o.Visibility = 20 * time.Second // a busy machine needs its time for a batch
		}
		o.Batches = map[string]int{"dispatch": 1} // so that each kill meets one send at most
	})
	tables, _, _ := r.Engines()
	r.store = dynamo.New(engine.Config(tables), r.Named("AWS::DynamoDB::GlobalTable", "customers"), r.Named("AWS::DynamoDB::GlobalTable", "records"))
	r.started = time.Now()
	return r
}

// say prints how far the run is.
func (r *faultRun) say(format string, args ...any) {
	r.Helper()
	r.Logf("%5.0f s  %s", time.Since(r.started).Seconds(), fmt.Sprintf(format, args...))
}

// night feeds all signals while the night passes, step by step: the wishes when it is night at their place, the orders evenly.
func (r *faultRun) night() {
	var orders []*expected
	var wishes [len(zones)][]*expected
	for _, p := range r.inOrder() {
		for _, e := range p.expects {
			if e.kind == signal.Occasion {
				wishes[p.half] = append(wishes[p.half], e)
			} else {
				orders = append(orders, e)
			}
		}
	}
	slices.SortStableFunc(orders, func(a, b *expected) int { return a.place - b.place })
	r.say("%d customers get %d thanks, and %d wishes in the east and %d in the west", len(r.recipients), len(orders), len(wishes[0]), len(wishes[1]))
	steps := min(max(len(orders)/50, 24), 100)
	if err := r.Clock.Set(dusk); err != nil {
		r.Fatal(err)
	}
	r.feed(wishes[0])
	for i := range steps {
		r.feed(orders[i*len(orders)/steps : (i+1)*len(orders)/steps])
		now := r.Clock.Now()
		next := dusk.Add(dawn.Sub(dusk) * time.Duration(i+1) / time.Duration(steps))
		if now.Before(west) && !next.Before(west) {
			r.leap(west.Sub(now))
			r.feed(wishes[1])
			now = r.Clock.Now()
		}
		r.leap(max(next.Sub(now), 0))
		if i%(steps/12) == 0 {
			r.feed(wishes[0][:len(wishes[0])/10]) // some causes come again, deferred or answered already
		}
		r.sweep()
		if (i+1)*10/steps > i*10/steps {
			_, faults, kills := r.plan.tally()
			r.say("%s: %d signals in, %d mails out; %d faults, %d of them kills", r.Clock.Now().Format("15:04"), r.fed, r.outbox.Len(), faults, kills)
		}
	}
}

// leap moves the clock on while dispatch is at rest: a sender whom minutes pass by in the middle counts as lost, and no clock but this
// does that to one that lives.
func (r *faultRun) leap(by time.Duration) {
	r.door.Lock()
	defer r.door.Unlock()
	for r.sending() {
		r.pause(time.Millisecond)
	}
	r.advance(by)
}

func (r *faultRun) sending() bool {
	for _, f := range r.functions {
		if f.Name() == "dispatch" && f.Running() > 0 {
			return true
		}
	}
	return false
}

func (r *faultRun) advance(by time.Duration) {
	if err := r.Clock.Advance(by); err != nil {
		r.Fatal(err)
	}
}

const (
	packOf   = 25
	mostJobs = 100 // that wait when more are fed
)

// feed puts the signals on their queue, in packs, as fast as they are worked off, with the profiles of whom they are about.
func (r *faultRun) feed(signals []*expected) {
	var g errgroup.Group
	g.SetLimit(8)
	for _, e := range signals {
		if p := e.of; !p.known {
			p.known = true
			g.Go(func() error { return r.store.PutProfile(r.Context(), p.id, p.profile(r.Clock.Now())) })
		}
	}
	if err := g.Wait(); err != nil {
		r.Fatal(err)
	}
	var entries []sqstypes.SendMessageBatchRequestEntry
	for pack := range slices.Chunk(signals, packOf) {
		var p signal.Pack
		for _, e := range pack {
			p.Signals = append(p.Signals, e.signal(r.Clock.Now()))
		}
		body, err := json.Marshal(p)
		if err != nil {
			r.Fatal(err)
		}
		entries = append(entries, sqstypes.SendMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(len(entries))), MessageBody: aws.String(string(body))})
	}
	for part := range slices.Chunk(entries, 10) {
		if _, err := r.sqs.SendMessageBatch(r.Context(), &sqs.SendMessageBatchInput{QueueUrl: &r.queue("signals").url, Entries: part}); err != nil {
			r.Fatal(err)
		}
	}
	r.fed += len(signals)
	r.keepUp()
}

// keepUp waits until little is left to send.
func (r *faultRun) keepUp() {
	for {
		waiting := 0
		for _, name := range []string{"signals", "messages", "receipts"} {
			n, err := r.depth(r.Context(), r.queue(name))
			if err != nil {
				r.Fatal(err)
			}
			if name == "signals" {
				n[0] *= packOf
			}
			waiting += n[0]
		}
		if waiting < mostJobs {
			return
		}
		r.pause(50 * time.Millisecond)
	}
}

func (r *faultRun) queue(name string) *queue {
	for _, q := range r.queues {
		if q.Short() == name {
			return q
		}
	}
	r.Fatalf("the suite has no queue %s", name)
	return nil
}

func (r *faultRun) pause(d time.Duration) {
	select {
	case <-time.After(d):
	case err := <-r.Failed():
		r.Fatal(err)
	case <-r.Context().Done():
		r.Fatal(r.Context().Err())
	}
}

// settle waits until nothing is left to do. What the killed were doing is given up after minutes: the clock leaps over them, and
// goes ten times as fast from then on.
func (r *faultRun) settle() {
	const beat = 250 * time.Millisecond
	r.leap(2 * message.SendingHorizon)
	for {
		state, err := r.State(r.Context())
		if err != nil {
			r.Fatal(err)
		}
		delayed := 0
		for _, q := range state.Queues {
			delayed += q.Delayed
		}
		if state.Idle && delayed == 0 {
			return
		}
		r.pause(beat)
		r.advance(9 * beat)
	}
}

// sweep lets come due what is due. A sweep that is killed comes again, as the next minute's would.
func (r *faultRun) sweep() {
	for range 100 {
		if err := r.Fire(r.Context(), "due"); err == nil {
			return
		}
	}
	r.Fatal("no sweep came to its end")
}

func (r *faultRun) again(ctx context.Context, queue, body string, delay int32) {
	// Where the engine does not take it, the message is handed out once, as most are.
	_, _ = r.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &r.queue(queue).url, MessageBody: &body, DelaySeconds: delay})
}

// arrived takes back the consent of whoever unsubscribes in the middle: their message is claimed and has reached dispatch's queue.
func (r *faultRun) arrived(ctx context.Context, queue, body string) {
	if queue == "messages" {
		r.door.RLock()
		defer r.door.RUnlock()
	}
	var job message.Job
	if queue != "messages" || json.Unmarshal([]byte(body), &job) != nil {
		return
	}
	p := r.recipients[job.Customer]
	if p == nil || p.fate != unsubscribes {
		return
	}
	p.leave.Do(func() {
		left := p.profile(r.Clock.Now())
		left.Version++
		left.Set(customer.ConsentTrait("email"), customer.Trait{Value: "false", Time: r.Clock.Now().UnixMilli(), Event: "left"})
		if err := r.store.PutProfile(ctx, p.id, left); err != nil {
			r.Errorf("unsubscribe %s: %v", p.id, err)
		}
	})
}
