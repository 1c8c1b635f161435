package order

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"

	"liuke/shared/fault"
	"liuke/shared/money"
)

// Fingerprint stands for a change's event id: the first 16 bytes of its SHA-256.
type Fingerprint [16]byte

// FingerprintOf returns the fingerprint of an event's id.
func FingerprintOf(event string) Fingerprint {
	sum := sha256.Sum256([]byte(event))
	return Fingerprint(sum[:])
}

func (f Fingerprint) compare(o Fingerprint) int { return bytes.Compare(f[:], o[:]) }

// Refund is what one change gave back of an order.
type Refund struct {
	By     Fingerprint
	Amount money.Amount
}

const (
	fingerprintBytes = len(Fingerprint{})
	refundBytes      = fingerprintBytes + 8
)

// EncodeChanges returns the fingerprints one after another, 16 bytes each.
func EncodeChanges(changes []Fingerprint) []byte {
	out := make([]byte, 0, len(changes)*fingerprintBytes)
	for i := range changes {
		out = append(out, changes[i][:]...)
	}
	return out
}

// DecodeChanges reads what EncodeChanges has written; nil for none. It returns an Internal error for bytes that are
// not whole fingerprints.
func DecodeChanges(raw []byte) ([]Fingerprint, error) {
	if len(raw)%fingerprintBytes != 0 {
		return nil, fault.New(fault.Internal, "an order's changes are %d bytes, not a multiple of %d", len(raw), fingerprintBytes)
	}
	var changes []Fingerprint
	for ; len(raw) > 0; raw = raw[fingerprintBytes:] {
		changes = append(changes, Fingerprint(raw[:fingerprintBytes]))
	}
	return changes, nil
}

// EncodeRefunds returns the refunds one after another, 24 bytes each: the fingerprint and the amount, big end first.
func EncodeRefunds(refunds []Refund) []byte {
	out := make([]byte, 0, len(refunds)*refundBytes)
	for i := range refunds {
		out = append(out, refunds[i].By[:]...)
		out = binary.BigEndian.AppendUint64(out, uint64(refunds[i].Amount))
	}
	return out
}

// DecodeRefunds reads what EncodeRefunds has written; nil for none. It returns an Internal error for bytes that are
// not whole refunds.
func DecodeRefunds(raw []byte) ([]Refund, error) {
	if len(raw)%refundBytes != 0 {
		return nil, fault.New(fault.Internal, "an order's refunds are %d bytes, not a multiple of %d", len(raw), refundBytes)
	}
	var refunds []Refund
	for ; len(raw) > 0; raw = raw[refundBytes:] {
		refunds = append(refunds, Refund{
			By:     Fingerprint(raw[:fingerprintBytes]),
			Amount: money.Amount(binary.BigEndian.Uint64(raw[fingerprintBytes:refundBytes])),
		})
	}
	return refunds, nil
}
