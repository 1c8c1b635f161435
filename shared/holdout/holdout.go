// Package holdout keeps some customers out of what is done for the others, so that what it brings about can be measured:
// who is held out is decided by the customer's id alone, for good and without a list of whom, and Arms tally what
// either side then bought. Who is in neither arm, and what a message is, are others' part.
package holdout

import (
	"crypto/sha256"
	"encoding/binary"
	"math/big"
	"strings"

	"liuke/shared/customer"
	"liuke/shared/fault"
)

// Holdout holds out a share of all customers. The zero value holds out nobody.
//
// A customer's place in 0..1 is the SHA-256 of salt and id, and who lies below the share is held out. So the same customer
// is always judged alike; a share that grows holds out more customers and lets none back in; and holdouts of different
// salts are independent of each other. The customer is the person who stands for all merged ids: one who is absorbed by
// another takes the other's place.
type Holdout struct {
	Salt  string  // another salt draws anew
	Share float64 // 0..1
}

// Holds reports whether the customer is held out.
func (h Holdout) Holds(id customer.ID) bool { return h.Share > 0 && place(h.Salt, id) < h.Share }

// Named is a holdout of its own within the salt, as of one scene: independent of h and of those of other names.
func (h Holdout) Named(name string, share float64) Holdout {
	b := binary.AppendUvarint(nil, uint64(len(h.Salt)))
	return Holdout{Salt: string(b) + h.Salt + "/" + name, Share: share}
}

// place is where a customer lies in [0, 1): the first 53 bits of the hash of the salt's length, the salt and the id.
func place(salt string, id customer.ID) float64 {
	b := binary.AppendUvarint(make([]byte, 0, 256), uint64(len(salt)))
	b = append(append(b, salt...), id...)
	sum := sha256.Sum256(b)
	return float64(binary.BigEndian.Uint64(sum[:])>>11) / (1 << 53)
}

// MaxShare is the largest share that ParseShare takes: a holdout is the smaller part.
const MaxShare = .5

// ParseShare reads a share as operators write it: "5%", "0.5%", "0%". It returns an Invalid error for what is none, or
// over MaxShare.
func ParseShare(s string) (float64, error) {
	digits, ok := strings.CutSuffix(s, "%")
	if !ok || digits == "" || len(digits) > 12 || strings.Trim(digits, "0123456789.") != "" || strings.Count(digits, ".") > 1 || strings.Trim(digits, ".") != digits {
		return 0, fault.New(fault.Invalid, "%q is not a share such as 5%% or 0.5%%", s)
	}
	r, _ := new(big.Rat).SetString(digits) // digits with at most one point between them
	share, _ := r.Quo(r, big.NewRat(100, 1)).Float64()
	if share > MaxShare {
		return 0, fault.New(fault.Invalid, "a holdout is at most 50%% of the customers")
	}
	return share, nil
}
