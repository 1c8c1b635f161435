package customer

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"

	"liuke/shared/fault"
)

// Remembered is how many activity events a customer's item remembers, so that each counts once.
const Remembered = 64

const fingerprintBytes = 6

// Memory holds the fingerprints of the last activity events that were folded in, the oldest first, six bytes each
// (the first of the SHA-256 of whom the event named and of its id, so that the events of customers who were merged since
// stay apart). The zero value remembers nothing.
type Memory struct{ prints []byte }

// MemoryOf returns the memory that b encodes. It returns an Internal error where b is none.
func MemoryOf(b []byte) (Memory, error) {
	if len(b)%fingerprintBytes != 0 || len(b) > Remembered*fingerprintBytes {
		return Memory{}, fault.New(fault.Internal, "the stored memory of events is damaged")
	}
	return Memory{bytes.Clone(b)}, nil
}

// Bytes returns the encoding, which must not be changed.
func (m *Memory) Bytes() []byte { return m.prints }

// Len is how many events are remembered.
func (m *Memory) Len() int { return len(m.prints) / fingerprintBytes }

// Has reports whether the event is remembered: named is by whose name, id its own.
func (m *Memory) Has(named ID, id string) bool {
	want := fingerprint(named, id)
	for p := m.prints; len(p) > 0; p = p[fingerprintBytes:] {
		if [fingerprintBytes]byte(p) == want {
			return true
		}
	}
	return false
}

// Remember adds an event and forgets the oldest where there are too many. It reports false, and changes nothing, where
// the event is remembered already.
func (m *Memory) Remember(named ID, id string) bool {
	if m.Has(named, id) {
		return false
	}
	p := fingerprint(named, id)
	kept := m.prints
	if m.Len() == Remembered {
		kept = kept[fingerprintBytes:]
	}
	m.prints = append(bytes.Clone(kept), p[:]...)
	return true
}

func fingerprint(named ID, id string) [fingerprintBytes]byte {
	b := binary.AppendUvarint(make([]byte, 0, 256), uint64(len(named)))
	b = append(append(b, named...), id...)
	sum := sha256.Sum256(b)
	return [fingerprintBytes]byte(sum[:])
}
