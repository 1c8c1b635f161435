package offer

import "liuke/shared/fault"

// ErrTaken says that a code was given to another entry meanwhile, and that nothing was written: a Conflict, as whoever does not
// look closer treats it.
var ErrTaken = fault.New(fault.Conflict, "the code was given to another message meanwhile")

// Item is a code as it stands in its shard.
type Item struct {
	Key     Key
	Code    string
	GivenTo string // the ledger's entry that has it; "" while it is free
}

// Given is the code that an entry of the ledger has.
type Given struct {
	Pool    string `json:"pool,omitempty"`
	Webhook string `json:"webhook,omitempty"` // of whom the code was asked, where it is of no pool
	Code    string `json:"code"`
	Hash    string `json:"hash,omitempty"` // where the code stands in its pool; "" where the entry did not take it from there
}

// Carried is the code as what follows the entry carries it: nothing is taken for it.
func (g Given) Carried() Given {
	g.Hash = ""
	return g
}

// Hint says behind which hash a shard's first codes may be free. The zero value is that of a shard without one: all may.
type Hint struct {
	Epoch int64  // +1 with each import
	After string // "" for the beginning
}

// Action is what a step of a claim does.
type Action int

// The actions. A claim ends with Give, once that is written, with Empty or with Busy.
const (
	ReadHint  Action = iota // the hint of Shard, strongly consistent; tell Hinted
	ReadCodes               // of Shard the first Limit codes behind After, strongly consistent; tell Read
	Advance                 // set the hint of Shard to After, on condition that its epoch is Epoch and its After is less; tell Moved, whether it was or not
	Give                    // write Item.GivenTo on condition that it does not exist, together with the ledger's entry; see Claim
	Empty                   // the pool has no code left: hold the message for ReasonEmpty
	Busy                    // too many others are claiming: try again later, from the beginning
)

// Step is what a claim does next.
type Step struct {
	Action Action
	Shard  int
	After  string
	Epoch  int64
	Limit  int
	Item   Item
}

const (
	// Window is how many codes are read at a time.
	Window = 32
	// advanceBy is how many given codes at a window's beginning are worth a write that spares others to read them.
	advanceBy = 16
	// maxTries is how many codes a claim tries to have.
	maxTries = 64
)

// Claim finds a code for an entry of the ledger that has none yet. It does nothing itself: Next says what is to be done,
// and the caller tells what came of it.
//
// Give is one transaction: the code's item, on condition that it has not been given; the entry with Claim.Given, on
// condition that it is as it was read; and whatever else belongs to the claim of the message. Where the code's condition
// fails, tell Taken. Where the entry's does, or nobody can tell whether the transaction was made, the claim is over: read the
// entry, strongly consistent. If it has a code, that is the one; else begin anew.
type Claim struct {
	pool, entry string
	number      uint64 // by which it chooses
	shard       int    // that is looked through
	looked      int    // shards that had none
	tries       int

	hint     Hint
	hinted   bool
	known    string // all codes of the shard up to this hash are given
	gained   int    // of them behind the hint
	read     bool   // a window behind known has been read
	complete bool   // and was the shard's last
	free     []Item // of the window, in the order in which they are tried
}

// NewClaim begins to find a code of the pool for an entry.
func NewClaim(p *Pool, entry string) *Claim {
	c := &Claim{pool: p.ID, entry: entry}
	c.shard, c.number = home(p.ID, entry)
	return c
}

// Next returns what is to be done next. It changes nothing: asked again, it says the same.
func (c *Claim) Next() Step {
	switch {
	case c.looked == Shards:
		return Step{Action: Empty}
	case c.tries == maxTries:
		return Step{Action: Busy}
	case !c.hinted:
		return Step{Action: ReadHint, Shard: c.shard}
	case !c.read:
		return Step{Action: ReadCodes, Shard: c.shard, After: c.known, Limit: Window}
	case c.gained >= advanceBy:
		return Step{Action: Advance, Shard: c.shard, After: c.known, Epoch: c.hint.Epoch}
	}
	item := c.free[0]
	item.GivenTo = c.entry
	return Step{Action: Give, Shard: c.shard, Item: item}
}

// Hinted tells the shard's hint.
func (c *Claim) Hinted(h Hint) { c.hint, c.hinted, c.known, c.gained = h, true, h.After, 0 }

// Read tells the codes that were read, in the order of their hashes. Fewer than were asked for are the shard's last.
func (c *Claim) Read(items []Item) {
	c.read, c.complete = true, len(items) < Window
	var free []Item
	for _, item := range items {
		if item.GivenTo == "" {
			free = append(free, item)
		} else if len(free) == 0 {
			c.known, c.gained = item.Key.Hash, c.gained+1
		}
	}
	if n := uint64(len(free)); n > 0 {
		first := c.number % n
		c.free = append(free[first:len(free):len(free)], free[:first]...)
	}
	c.goOn()
}

// Moved tells that the hint was set, or that its condition did not hold.
func (c *Claim) Moved() {
	c.gained = 0
	c.goOn()
}

// Taken tells that another entry has got the code of the step meanwhile.
func (c *Claim) Taken() {
	c.tries++
	if c.free = c.free[1:]; len(c.free) == 0 { // all of the window went to others: see what it is now
		c.hinted, c.read = false, false
	}
}

// goOn moves on where the window that was read has no code to try, and nothing to tell others.
func (c *Claim) goOn() {
	if len(c.free) > 0 || c.gained >= advanceBy {
		return
	}
	c.read = false
	if c.complete {
		c.shard, c.looked, c.hinted = (c.shard+1)%Shards, c.looked+1, false
	}
}

// Given is what the entry keeps of the step's code.
func (c *Claim) Given(s Step) Given {
	return Given{Pool: c.pool, Code: s.Item.Code, Hash: s.Item.Key.Hash}
}
