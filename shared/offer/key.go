package offer

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strings"
)

// Shards is over how many partitions a pool's codes are spread.
const Shards = 16

// Key is where a code stands in its pool.
type Key struct {
	Shard int
	Hash  string // 26 lower-case characters, which sort as the codes of the shard do
}

// Key returns the key of a code, in capitals or not.
func (p *Pool) Key(code string) Key {
	sum := digest("code", p.ID, fold(code))
	return Key{int(sum[16]) % Shards, strings.ToLower(encoding.EncodeToString(sum[:16]))}
}

var encoding = base32.NewEncoding("0123456789ABCDEFGHIJKLMNOPQRSTUV").WithPadding(base32.NoPadding) // sorts as its bytes do

// home is where an entry's claim begins, and number by which it chooses.
func home(pool, entry string) (shard int, number uint64) {
	sum := digest("entry", pool, entry)
	return int(sum[16]) % Shards, binary.BigEndian.Uint64(sum[:])
}

// digest is the SHA-256 of the parts, each with its length before it.
func digest(parts ...string) [sha256.Size]byte {
	var b []byte
	for _, part := range parts {
		b = append(binary.AppendUvarint(b, uint64(len(part))), part...)
	}
	return sha256.Sum256(b)
}
