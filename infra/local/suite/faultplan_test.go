package suite

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"liuke/infra/local/proxy"
	"liuke/shared/channel/ses/receipt"
	"liuke/shared/message"
)

// faultPlan is what goes wrong and when: the seed draws it before anything runs. Its time is counted in messages, as the function
// that a fault strikes has had them; the first call, or message, of the fault's kind from then on meets it. It is the run's proxy.Injector, and stands
// between queues and functions. It is safe for concurrent use.
type faultPlan struct {
	again   func(ctx context.Context, queue, body string, delay int32) // has a queue take a message once more
	arrived func(ctx context.Context, queue, body string)              // told of each message before its function

	mu      sync.Mutex
	rnd     *rand.Rand
	had     map[string]int       // messages by function
	streams map[string][]*stream // by where
	late    map[string]*lateness // by the tag of messages: whose receipts are held back
	handed  map[string]int       // by entry: how often its queue handed it out
	windows windows
}

// onceAMessage are the calls that functions make once a message, or nearly so.
var onceAMessage = map[string]string{
	"outreach": "dynamodb:TransactWriteItems", "dispatch": "ses:SendEmail", "receipts": "dynamodb:UpdateItem",
}

// stream is one kind of fault in the course of a run.
type stream struct {
	trouble
	waiting []int // when it strikes, the first first
	row     int   // calls that the last strike is still to befall
	struck  int
}

func newFaultPlan(seed uint64, messages int) *faultPlan {
	p := &faultPlan{
		rnd: rand.New(rand.NewPCG(seed, 6)), had: map[string]int{}, streams: map[string][]*stream{}, late: map[string]*lateness{}, handed: map[string]int{},
		windows: windows{open: map[string]string{}, shut: map[string]bool{}},
	}
	// Of a small run each kind gets its share as nearly as whole numbers allow.
	const full = 100_000
	sum, drawn := p.rnd.IntN(full), 0
	for _, t := range troubles() {
		s := &stream{trouble: t}
		sum += t.often * messages
		for ; drawn < sum/full; drawn++ {
			s.waiting = append(s.waiting, p.rnd.IntN(1+messages*9/10))
		}
		slices.Sort(s.waiting)
		p.streams[t.where] = append(p.streams[t.where], s)
	}
	return p
}

// due reports whether a fault strikes now; p.mu is held.
func (p *faultPlan) due(s *stream) bool {
	switch {
	case s.row > 0:
		s.row--
	case len(s.waiting) > 0 && s.waiting[0] <= p.had[s.function()]:
		s.waiting = s.waiting[1:]
		s.struck++
		s.row = p.rnd.IntN(s.mostInARow())
	default:
		return false
	}
	return true
}

// Before implements proxy.Injector.
func (p *faultPlan) Before(c proxy.Call) proxy.Fault {
	f, wait := p.before(c)
	time.Sleep(wait)
	return f
}

func (p *faultPlan) before(c proxy.Call) (f proxy.Fault, wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.Action == onceAMessage[c.Function] {
		p.had[c.Function]++
	}
	for _, s := range p.streams[c.Function+" "+c.Action] {
		if s.what == slow && p.due(s) {
			return proxy.None, 1500*time.Millisecond + time.Duration(p.rnd.IntN(1500))*time.Millisecond
		}
	}
	return p.strike(c, false), 0
}

// After implements proxy.Injector.
func (p *faultPlan) After(c proxy.Call) proxy.Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.Function == "dispatch" && c.Action == "dynamodb:UpdateItem" {
		p.windows.wrote(c)
	}
	return p.strike(c, true)
}

func (p *faultPlan) strike(c proxy.Call, after bool) proxy.Fault {
	for _, s := range p.streams[c.Function+" "+c.Action] {
		if s.fault == proxy.None || s.after != after || !p.due(s) {
			continue
		}
		entry := ""
		if s.fault == proxy.Kill {
			entry = p.windows.kill(c.Process)
		}
		if after && c.Action == "ses:SendEmail" {
			p.late[tagOf(c.Body)] = newLateness(entry, p.handed[entry])
		}
		return s.fault
	}
	return proxy.None
}

// received stands between a queue and its function: it shuffles each batch, hands messages out twice, at once or again later, and
// holds some back until their visibility timeout ends.
func (p *faultPlan) received(ctx context.Context, queue string, batch []types.Message) []types.Message {
	var kept []types.Message
	type double struct {
		body  string
		delay int32
	}
	var doubles []double
	p.mu.Lock()
	for _, m := range batch {
		what := p.befalls(queue, aws.ToString(m.Body))
		switch what {
		case withheld:
			continue
		case twiceAtOnce:
			kept = append(kept, m)
		case againLater:
			doubles = append(doubles, double{aws.ToString(m.Body), int32(p.rnd.IntN(5))})
		}
		kept = append(kept, m)
	}
	p.rnd.Shuffle(len(kept), func(i, k int) { kept[i], kept[k] = kept[k], kept[i] })
	p.mu.Unlock()
	for _, d := range doubles {
		p.again(ctx, queue, d.body, d.delay)
	}
	for _, m := range kept {
		p.arrived(ctx, queue, aws.ToString(m.Body))
	}
	return kept
}

// lateness is how long the receipts are held back of a message that SES took and whose sender had no answer: where the sender was
// killed, until the queue hands out its message again, and then once more each.
type lateness struct {
	entry  string // of the killed; "" for none
	handed int    // how often the queue had handed out its message by then
	before int    // receipts that are held back at most until it does so again
	after  int
}

func newLateness(entry string, handed int) *lateness { return &lateness{entry, handed, 60, 4} }

// waits reports whether a receipt that came is held back.
func (l *lateness) waits(handed int) bool {
	switch {
	case l.entry != "" && handed == l.handed && l.before > 0:
		l.before--
	case l.after > 0:
		l.after--
	default:
		return false
	}
	return true
}

// befalls says what befalls a message of a queue; p.mu is held.
func (p *faultPlan) befalls(queue, body string) string {
	switch queue {
	case "messages":
		var job message.Job
		if json.Unmarshal([]byte(body), &job) == nil {
			p.handed[job.Entry]++
		}
	case "receipts":
		if l := p.late[tagOf([]byte(body))]; l != nil && l.waits(p.handed[l.entry]) {
			return withheld
		}
	}
	for _, s := range p.streams[queue] {
		if p.due(s) {
			return s.what
		}
	}
	return ""
}

// tagOf finds the tag by which a message to SES, or a receipt of it, names its entry.
func tagOf(body []byte) string {
	found := tagged.FindSubmatch(body)
	if found == nil {
		return ""
	}
	return string(found[1])
}

var tagged = regexp.MustCompile(`"` + receipt.EntryTag + `[^A-Za-z0-9]+(?:Value[^A-Za-z0-9]+)?([A-Za-z0-9_-]{20,})`)

// tally says what struck, by kind, and how much of it was a kill.
func (p *faultPlan) tally() (lines []string, faults, kills int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, t := range troubles() {
		for _, s := range p.streams[t.where] {
			if s.what != t.what || s.struck == 0 {
				continue
			}
			lines = append(lines, fmt.Sprintf("%5d  %-22s %s", s.struck, s.what, s.where))
			faults += s.struck
			if s.fault == proxy.Kill {
				kills += s.struck
			}
		}
	}
	return lines, faults, kills
}

// windows follows, by dispatch's own writes, which of its processes stands between the step of which entry to sending and the next:
// whoever is killed there leaves it open whether the message went out. In this run a process has one message at a time.
type windows struct {
	open  map[string]string // entry by process
	shut  map[string]bool   // by kills: the entries
	kills int               // that shut a window
}

// wrote sees a write of an entry that has been made.
func (w *windows) wrote(c proxy.Call) {
	var write struct {
		Key    struct{ SK struct{ S string } }
		Values map[string]struct{ S string } `json:"ExpressionAttributeValues"`
	}
	if err := json.Unmarshal(c.Body, &write); err != nil {
		return
	}
	if write.Values[":st"].S == string(message.Sending) {
		w.open[c.Process] = strings.TrimPrefix(write.Key.SK.S, "MESSAGE#")
	} else {
		delete(w.open, c.Process)
	}
}

// kill returns the entry whose window a kill shuts, "" for none.
func (w *windows) kill(process string) string {
	entry, open := w.open[process]
	if open {
		delete(w.open, process)
		w.shut[entry] = true
		w.kills++
	}
	return entry
}
