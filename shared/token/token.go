// Package token seals what the suite hands to the outside and wants back unread and unchanged: the links of a mail
// and the tag by which a provider's receipt finds its message. A token is base64url without padding of
//
//	key id (1 byte) ‖ nonce (12) ‖ AES-256-GCM ciphertext and tag
//
// with the purpose as additional data, so that a token of one purpose opens for no other. A holder learns nothing but
// the payload's length. Two keys are valid at a time: the current one seals, the previous one still opens. A token
// says nothing about its age; a payload that expires carries the time itself.
//
// Nonces are random (96 bits): up to 2^32 tokens a key keep the chance of a repeat below 2^-32 (NIST SP 800-38D, 8.3).
package token

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"slices"

	"liuke/shared/fault"
)

// MinSecretBytes is the least length of a secret value that a key is made from.
const MinSecretBytes = 32

// maxTokenBytes bounds what Open decodes.
const maxTokenBytes = 4 << 10

// Keyring seals with one key and opens with two. It is safe for concurrent use.
type Keyring struct {
	keys []key // the current one first
}

type key struct {
	id   byte
	aead cipher.AEAD
	mac  [sha256.Size]byte
}

// NewKeyring reads the secret {"current":"…","previous":"…"}; previous may be absent. Each value is random and at
// least 32 bytes long; its key is SHA-256("liuke token\x00" + value). It returns an Invalid error that never repeats
// the secret.
func NewKeyring(secretJSON []byte) (*Keyring, error) {
	var secret struct {
		Current  string `json:"current"`
		Previous string `json:"previous"`
	}
	if json.Unmarshal(secretJSON, &secret) != nil {
		return nil, fault.New(fault.Invalid, `the token keys must be JSON like {"current":"…","previous":"…"}`)
	}
	if len(secret.Current) < MinSecretBytes {
		return nil, fault.At("/current", "a token key must have at least %d characters", MinSecretBytes)
	}
	if secret.Previous != "" && len(secret.Previous) < MinSecretBytes {
		return nil, fault.At("/previous", "a token key must have at least %d characters", MinSecretBytes)
	}
	ring := &Keyring{}
	for _, value := range []string{secret.Current, secret.Previous} {
		if value == "" {
			continue
		}
		k, err := newKey(value)
		if err != nil {
			return nil, err
		}
		ring.keys = append(ring.keys, k)
	}
	return ring, nil
}

func newKey(value string) (key, error) {
	sum := sha256.Sum256([]byte("liuke token\x00" + value))
	block, err := aes.NewCipher(sum[:])
	if err != nil {
		return key{}, fault.As(err, fault.Internal, "make a token key")
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return key{}, fault.As(err, fault.Internal, "make a token key")
	}
	id := sha256.Sum256(sum[:]) // of the key's hash, so that the id tells nothing of the key
	return key{id: id[0], aead: aead, mac: sha256.Sum256([]byte("liuke mac\x00" + value))}, nil
}

// Load makes a keyring from a secret that is read on each call; package secret caches it. It returns Unavailable where that
// cannot be read, or is no secret of token keys.
func Load(ctx context.Context, secret interface {
	Value(ctx context.Context) ([]byte, error)
}) (_ *Keyring, err error) {
	defer fault.Wrap(&err, "load the token keys")
	value, err := secret.Value(ctx)
	if err != nil {
		return nil, err
	}
	ring, err := NewKeyring(value)
	// Whoever holds a link is not to blame, and may try again once the secret is mended.
	return ring, fault.As(err, fault.Unavailable, "the token keys cannot be used")
}

// Seal returns the payload as a token for the purpose. A payload that is an encoding.BinaryMarshaler is sealed as it
// marshals itself, any other as JSON.
func (r *Keyring) Seal(purpose string, payload any) (_ string, err error) {
	defer fault.Wrap(&err, "seal a token for %s", purpose)
	var plain []byte
	if m, ok := payload.(encoding.BinaryMarshaler); ok {
		plain, err = m.MarshalBinary()
	} else {
		plain, err = json.Marshal(payload)
	}
	if err != nil {
		return "", err
	}
	k := r.keys[0]
	sealed := k.aead.Seal([]byte{k.id}, nil, plain, additional(purpose))
	return base64.RawURLEncoding.EncodeToString(sealed), nil
}

// Digest returns 32 hexadecimal digits that the fields make under the current key (128 bits of HMAC-SHA-256, RFC 2104), for
// an id of something that must not be found by trying what it may be. The fields' lengths count as well, so that no two
// lists of fields read the same.
func (r *Keyring) Digest(purpose string, fields ...[]byte) string {
	h := hmac.New(sha256.New, r.keys[0].mac[:])
	h.Write(additional(purpose))
	for _, f := range fields {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(f))))
		h.Write(f)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Open opens a token for the purpose into the payload, a pointer. It returns Unauthorized for whatever was not sealed
// for this purpose by one of the two keys.
func (r *Keyring) Open(purpose, tok string, into any) error {
	refused := fault.New(fault.Unauthorized, "the link or token is not valid: use it whole and as it was given, or ask for a new one")
	if len(tok) > maxTokenBytes {
		return refused
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(tok)
	if err != nil || len(sealed) < 1 || slices.ContainsFunc([]byte(tok), isLineBreak) {
		return refused
	}
	for _, k := range r.keys {
		if k.id != sealed[0] {
			continue
		}
		plain, err := k.aead.Open(nil, nil, sealed[1:], additional(purpose))
		if err != nil {
			continue
		}
		if u, ok := into.(encoding.BinaryUnmarshaler); ok {
			err = u.UnmarshalBinary(plain)
		} else {
			err = json.Unmarshal(plain, into)
		}
		if err != nil {
			return refused
		}
		return nil
	}
	return refused
}

// isLineBreak tells what base64 decoding skips: a token has one spelling only.
func isLineBreak(b byte) bool { return b == '\n' || b == '\r' }

func additional(purpose string) []byte { return []byte("liuke\x00" + purpose) }
