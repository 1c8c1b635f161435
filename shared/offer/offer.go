// Package offer hands out coupon codes from imported pools: one code is claimed with a message, for good, and is never
// given twice; the same entry of the ledger always has the same code; and where a pool has none left, the message is held.
//
// Or somebody else has the codes, and is asked for one with each message by a webhook: see Question and ReadAnswer. Who asks is
// whoever sends, and the code is on the entry before the message goes out; the rest of this is of pools.
//
// It is pure: it reads files of codes, and says step by step what a claim reads and writes. What follows is the layout that
// the steps are made for, and what it costs.
//
// # Layout
//
// A code's key is made from the code itself (Pool.Key): which of the pool's 16 shards it lies in, and 26 characters of hash
// within it. Each shard is a partition, with one item for every code, in the order of their hashes, and one for its hint:
//
//	pk OFFER#<pool>#<shard>  sk CODE#<hash>   code, given_to (the ledger's entry; absent until claimed), given_at
//	pk OFFER#<pool>#<shard>  sk HINT          epoch, after
//
// Because the key is the code, a code stands once in a pool however often it is imported, and importing is a put on
// condition that the item does not exist: 1 write unit a code, and a repeated import changes nothing.
//
// # Claim
//
// The truth is one attribute: given_to. It is written in the transaction that claims the message, beside the contact record
// and the ledger's entry, on condition that it does not exist; the entry keeps the code (Given). So either both know of each
// other or neither does, whatever crashes, and no code is lost between two writes. Who finds a code in the entry claims none.
//
// The hint says behind which hash the shard's first codes may still be free: what lies before is given. It saves reading,
// and is right by two rules. A claim moves it on only over codes that a strongly consistent read has shown as given, on
// condition that the epoch is still what it read before that. An import adds 1 to the epoch of every shard and sets the hint
// back, after its last code was written; until it has, and it is tried until it has, new codes may lie unseen before the
// hint, which costs time and no code.
//
// # Cost
//
// A claim writes 2 units more than a message without a code (one more item in the transaction), and one in some 14 moves a
// hint, 1 unit. It reads a hint and a window of 32 codes, some 2 read units. Entries begin in a shard of
// their own hash, so that 1,000 claims a second are 63 a shard and some 130 of the 1,000 write units that a partition takes
// a second; two of one shard that run at the same time choose among the window's free codes by the entry's hash, and one
// claim in some 20 finds its code taken and tries the next, which costs it the transaction's units again. In an empty pool a claim reads all 16 shards, some 32 read units: whoever
// sends many messages remembers for a minute that a pool is empty.
package offer

import (
	"slices"
	"strings"
	"time"

	"liuke/shared/fault"
)

// Why a message is held that should carry a code: reasons of verdicts.
const (
	ReasonEmpty    = "offer_pool_empty"
	ReasonExpired  = "offer_pool_expired"
	ReasonNotYours = "offer_pool_not_for_scene"
	ReasonUnknown  = "offer_pool_unknown"

	ReasonNotSetUp = "offer_webhook_not_set_up" // there are no destinations to ask
	ReasonNone     = "offer_webhook_none"       // who was asked has none for the message
	ReasonRefused  = "offer_webhook_refused"    // who was asked will not answer that
)

// MaxCode is how long a code may be.
const MaxCode = 64

const maxName = 32

// Pool is a supply of codes that are worth the same.
type Pool struct {
	ID     string   `json:"id"`     // lower-case words joined by underscores; never reused for another purpose
	Scenes []string `json:"scenes"` // that may give its codes; none for all
	// Mask is how a code is spelled: # is a digit, @ a letter from A to Z, ? either, and anything else itself, as in
	// "VIP-####-@@". Letters may be small. "" is any 1 to 64 letters, digits, hyphens, underscores and points.
	Mask string `json:"mask,omitempty"`
	// Expires is when the shop stops taking the codes; zero for never.
	Expires time.Time `json:"expires,omitzero"`
	// LeastValid is how long a code must be good for when it is given.
	LeastValid time.Duration `json:"least_valid,omitempty"`
}

// Validate returns an Invalid error with the pointer to the first thing that is wrong.
func (p *Pool) Validate() error {
	if !named(p.ID) {
		return fault.At("/id", "a pool is named in lower-case words joined by underscores, of at most %d characters", maxName)
	}
	for _, s := range p.Scenes {
		if !named(s) {
			return fault.At("/scenes", "a scene is named in lower-case words joined by underscores")
		}
	}
	if p.LeastValid < 0 {
		return fault.At("/least_valid", "how long a code is good for is not below 0")
	}
	if len(p.Mask) > MaxCode || strings.ContainsFunc(p.Mask, func(r rune) bool { return !plain(r) && !strings.ContainsRune("#@?", r) }) {
		return fault.At("/mask", "a mask has at most %d letters, digits, hyphens, underscores, points, and #, @ and ?", MaxCode)
	}
	return nil
}

func named(s string) bool {
	return s != "" && len(s) <= maxName && strings.Trim(s, "_") == s && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

// Refuses says why the pool gives the scene no code at the time, whatever it has left; "" where it may.
func (p *Pool) Refuses(scene string, now time.Time) string {
	switch {
	case p == nil:
		return ReasonUnknown
	case len(p.Scenes) > 0 && !slices.Contains(p.Scenes, scene):
		return ReasonNotYours
	case !p.Expires.IsZero() && !now.Add(p.LeastValid).Before(p.Expires):
		return ReasonExpired
	}
	return ""
}

// Check returns an Invalid error for a code that is not spelled as the pool's codes are. The error never holds the code.
func (p *Pool) Check(code string) error {
	switch {
	case code == "":
		return fault.New(fault.Invalid, "the code is blank")
	case len(code) > MaxCode:
		return fault.New(fault.Invalid, "the code is longer than %d characters", MaxCode)
	case strings.ContainsFunc(code, func(r rune) bool { return !plain(r) }):
		return fault.New(fault.Invalid, "a code has letters from A to Z, digits, hyphens, underscores and points alone")
	case p.Mask != "" && !fits(p.Mask, code):
		return fault.New(fault.Invalid, "the code is not spelled as the pool's mask says")
	}
	return nil
}

func plain(r rune) bool { return letter(r) || digit(r) || r == '-' || r == '_' || r == '.' }

func letter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

func digit(r rune) bool { return r >= '0' && r <= '9' }

// fits reports whether a code is spelled as the mask says. Both are plain ASCII.
func fits(mask, code string) bool {
	if len(mask) != len(code) {
		return false
	}
	for i := range len(mask) {
		c := rune(code[i])
		switch mask[i] {
		case '#':
			if !digit(c) {
				return false
			}
		case '@':
			if !letter(c) {
				return false
			}
		case '?':
			if !letter(c) && !digit(c) {
				return false
			}
		default:
			if fold(string(c)) != fold(mask[i:i+1]) {
				return false
			}
		}
	}
	return true
}

// fold is what two spellings of one code have in common: shops take codes in capitals and small letters alike, so that two
// that differ in that alone are one code.
func fold(code string) string { return strings.ToUpper(code) }
