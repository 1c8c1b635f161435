package event

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// ContentID returns an id that is made of content: the prefix with 32 hexadecimal digits (128 bits of SHA-256) behind
// it. The fields' lengths count as well, so that no two lists of fields read the same.
func ContentID(prefix string, fields ...[]byte) string {
	h := sha256.New()
	var length [4]byte
	for _, f := range fields {
		binary.BigEndian.PutUint32(length[:], uint32(len(f)))
		h.Write(length[:])
		h.Write(f)
	}
	return prefix + hex.EncodeToString(h.Sum(nil)[:16])
}
