package proxy

import (
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Call is one call of a function process, allowed and numbered.
type Call struct {
	Function string
	Process  string // the session token that the process was started with
	Action   string // "dynamodb:TransactWriteItems": the operation, not the permissions that it needs
	Resource string // ARN of the first resource that it touches
	Sequence int    // its number among the calls of the function, from 1, over all its processes
	Body     []byte // as the function wrote it, not to be changed; nil for what streams
}

func (c Call) service() string {
	service, _, _ := strings.Cut(c.Action, ":")
	return service
}

// Fault is what befalls a call.
type Fault int

// The faults. Before a call is forwarded each of them leaves it undone; afterwards each of them leaves it done, with
// the caller in doubt.
const (
	None     Fault = iota
	Kill           // the calling process is killed
	Throttle       // the service asks for a slower pace; only before
	Fail           // the service answers 500
	Drop           // the connection breaks off
)

// String names the fault.
func (f Fault) String() string {
	return [...]string{"none", "kill", "throttle", "fail", "drop"}[f]
}

// Injector decides what befalls calls. Its methods are called from many goroutines at once.
type Injector interface {
	Before(Call) Fault // before the call is forwarded
	After(Call) Fault  // when the engine has answered and nothing has reached the caller
}

func (p *Proxy) before(c Call) Fault {
	if p.cfg.Faults == nil {
		return None
	}
	return p.cfg.Faults.Before(c)
}

// disturb carries out a fault before the call is forwarded; it reports whether that was the end of it.
func (p *Proxy) disturb(w http.ResponseWriter, r *http.Request, c Call, f Fault) bool {
	switch f {
	case None:
		return false
	case Kill:
		p.kill(c)
		panic(http.ErrAbortHandler)
	case Drop:
		panic(http.ErrAbortHandler)
	default:
		refuse(w, r, c.service(), f.refusal())
		return true
	}
}

// afterwards asks for a fault after the engine has answered. Without a refusal to answer with, the connection breaks.
func (p *Proxy) afterwards(c Call) (*refusal, bool) {
	if p.cfg.Faults == nil {
		return nil, false
	}
	switch f := p.cfg.Faults.After(c); f {
	case Kill:
		p.kill(c)
		return nil, true
	case Drop:
		return nil, true
	case Fail:
		ref := f.refusal()
		return &ref, true
	default:
		return nil, false
	}
}

func (p *Proxy) kill(c Call) {
	if p.cfg.Kill != nil {
		p.cfg.Kill(c)
	}
}

func (f Fault) refusal() refusal {
	if f == Throttle {
		return refusal{throttled, "injected: the rate is exceeded"}
	}
	return refusal{failed, "injected: internal error"}
}

// Rates is how often faults come: one in that many calls on average, 0 for never.
type Rates struct{ Kill, Throttle, Fail, Drop int }

// Injection is a fault that came, for the record.
type Injection struct {
	Call  Call
	After bool
	Fault Fault
}

// Plan is a seeded Injector. Each kind of fault comes on its own, before and after, to each action of each function, so
// that all the calls that a function makes are struck; which of them are follows from the seed and their order alone.
type Plan struct {
	Functions []string // the functions that are struck, all where empty
	Limit     int      // how many faults come in all, no limit at 0

	seed  uint64
	rates Rates

	mu       sync.Mutex
	streams  map[stratum]*stream
	injected []Injection
}

type stratum struct {
	function, action string
	after            bool
	fault            Fault
}

// stream counts the calls of a stratum until its next fault.
type stream struct {
	rnd  *rand.Rand
	left int
}

// NewPlan returns a plan.
func NewPlan(seed uint64, rates Rates) *Plan {
	return &Plan{seed: seed, rates: rates, streams: map[stratum]*stream{}}
}

// Before implements Injector.
func (p *Plan) Before(c Call) Fault { return p.next(c, false) }

// After implements Injector.
func (p *Plan) After(c Call) Fault { return p.next(c, true) }

// Injected lists what came so far.
func (p *Plan) Injected() []Injection {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.injected)
}

func (p *Plan) next(c Call, after bool) Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.Functions) > 0 && !slices.Contains(p.Functions, c.Function) {
		return None
	}
	if p.Limit > 0 && len(p.injected) >= p.Limit {
		return None
	}
	struck := None
	for _, rate := range []struct {
		fault Fault
		every int
	}{{Kill, p.rates.Kill}, {Throttle, p.rates.Throttle}, {Fail, p.rates.Fail}, {Drop, p.rates.Drop}} {
		if rate.every <= 0 || after && rate.fault == Throttle {
			continue
		}
		s := p.stream(stratum{c.Function, c.Action, after, rate.fault}, rate.every)
		s.left--
		if s.left <= 0 && struck == None { // of two that are due, the second waits for the next call
			struck = rate.fault
			s.left = gap(s.rnd, rate.every)
		}
	}
	if struck != None {
		p.injected = append(p.injected, Injection{c, after, struck})
	}
	return struck
}

func (p *Plan) stream(key stratum, every int) *stream {
	s := p.streams[key]
	if s == nil {
		h := fnv.New64a()
		h.Write([]byte(key.function + "\x00" + key.action + "\x00" + key.fault.String()))
		if key.after {
			h.Write([]byte{1})
		}
		rnd := rand.New(rand.NewPCG(p.seed, h.Sum64()))
		s = &stream{rnd: rnd, left: gap(rnd, every)}
		p.streams[key] = s
	}
	return s
}

// gap draws from 1 to 2·every−1, every on average.
func gap(rnd *rand.Rand, every int) int { return 1 + rnd.IntN(2*every-1) }
