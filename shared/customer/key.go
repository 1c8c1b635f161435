package customer

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"

	"liuke/shared/fault"
)

// KeyBytes is how long a Key is.
const KeyBytes = 32

// Key is a customer's own secret: what identifies the customer in the lake is sealed by it, so that deleting the key
// erases the person from every object at once. The zero value is no key. It must never be logged or sent anywhere.
type Key [KeyBytes]byte

// NewKey makes a key of the random source. It returns an Internal error where the source gives too little.
func NewKey(random io.Reader) (k Key, err error) {
	if _, err := io.ReadFull(random, k[:]); err != nil {
		return Key{}, fault.As(err, fault.Internal, "there is no randomness for a customer's key")
	}
	return k, nil
}

// KeyOf returns the key that b is, the zero key for no bytes. It returns an Internal error where b is none.
func KeyOf(b []byte) (Key, error) {
	switch len(b) {
	case 0:
		return Key{}, nil
	case KeyBytes:
		return Key(b), nil
	}
	return Key{}, fault.New(fault.Internal, "the stored key of a customer is damaged")
}

// IsZero reports whether it is no key.
func (k Key) IsZero() bool { return k == Key{} }

// Pseudonym names the customer where the id must not stand: the first 16 bytes of HMAC-SHA256 of "liuke pseudonym" by
// the key, in hexadecimal. It says nothing of the customer to who has not the key.
func (k Key) Pseudonym() string {
	mac := hmac.New(sha256.New, k[:])
	mac.Write([]byte("liuke pseudonym"))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// String keeps the key out of whatever is printed.
func (k Key) String() string { return "a customer's key" }

// GoString keeps the key out of whatever is printed.
func (k Key) GoString() string { return k.String() }
