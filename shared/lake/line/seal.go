package line

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"

	"liuke/shared/customer"
	"liuke/shared/fault"
)

// sealVersion is the first byte of every seal; nonce and ciphertext follow.
const sealVersion = 1

// Labels keep the uses of a customer's key apart.
const (
	labelCipher = "liuke lake seal"
	labelNonce  = "liuke lake nonce"
)

func derive(k customer.Key, label string, parts ...[]byte) []byte {
	mac := hmac.New(sha256.New, k[:])
	mac.Write([]byte(label))
	for _, p := range parts {
		mac.Write([]byte{0})
		mac.Write(p)
	}
	return mac.Sum(nil)
}

func aead(k customer.Key) (cipher.AEAD, error) {
	block, err := aes.NewCipher(derive(k, labelCipher))
	if err != nil {
		return nil, fault.As(err, fault.Internal, "the customer's key makes no cipher")
	}
	gcm, err := cipher.NewGCM(block)
	return gcm, fault.As(err, fault.Internal, "the customer's key makes no cipher")
}

// bound is what a seal holds for: the line of the pseudonym with the id. A pseudonym has no "|" in it.
func bound(pseudonym, id string) []byte { return []byte(pseudonym + "|" + id) }

// seal encrypts a secret for one line. The nonce is an HMAC of what is sealed and for what, so that it comes again for
// the same secret alone.
func seal(k customer.Key, pseudonym, id string, secret []byte) ([]byte, error) {
	gcm, err := aead(k)
	if err != nil {
		return nil, err
	}
	where := bound(pseudonym, id)
	nonce := derive(k, labelNonce, where, secret)[:gcm.NonceSize()]
	out := make([]byte, 0, 1+len(nonce)+len(secret)+gcm.Overhead())
	out = append(append(out, sealVersion), nonce...)
	return gcm.Seal(out, nonce, secret, where), nil
}

func unseal(k customer.Key, pseudonym, id string, sealed []byte) ([]byte, error) {
	gcm, err := aead(k)
	if err != nil {
		return nil, err
	}
	if len(sealed) < 1+gcm.NonceSize() || sealed[0] != sealVersion {
		return nil, errDamaged
	}
	nonce, text := sealed[1:1+gcm.NonceSize()], sealed[1+gcm.NonceSize():]
	secret, err := gcm.Open(nil, nonce, text, bound(pseudonym, id))
	if err != nil {
		return nil, errDamaged
	}
	return secret, nil
}
