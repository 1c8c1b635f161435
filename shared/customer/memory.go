package customer

import (
	"bytes"
	"crypto/sha256"

	"liuke/shared/fault"
)

// Remembered is how many activity events a customer's item remembers, so that each counts once.
const Remembered = 64

const fingerprintBytes = 8

// Memory holds the fingerprints of the last activity events that were folded in, the oldest first, eight bytes each
// (the first of the SHA-256 of the event's id). The zero value remembers nothing.
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

// Has reports whether the event's id is remembered.
func (m *Memory) Has(id string) bool {
	want := fingerprint(id)
	for p := m.prints; len(p) > 0; p = p[fingerprintBytes:] {
		if [fingerprintBytes]byte(p) == want {
			return true
		}
	}
	return false
}

// Remember adds an event's id and forgets the oldest where there are too many. It reports false, and changes nothing,
// where the id is remembered already.
func (m *Memory) Remember(id string) bool {
	if m.Has(id) {
		return false
	}
	p := fingerprint(id)
	kept := m.prints
	if m.Len() == Remembered {
		kept = kept[fingerprintBytes:]
	}
	m.prints = append(bytes.Clone(kept), p[:]...)
	return true
}

func fingerprint(id string) [fingerprintBytes]byte {
	sum := sha256.Sum256([]byte(id))
	return [fingerprintBytes]byte(sum[:])
}
