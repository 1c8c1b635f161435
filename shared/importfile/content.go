package importfile

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"unicode/utf8"

	"liuke/shared/event"
)

// counter counts equal rows by a hash of what they say. Where two different rows shared a hash, numbers would be left out
// and nothing more: the id that a row gets holds all of its content's own.
type counter map[uint64]uint32

// number returns the count of a row among its equals, from 1, by the id of its content.
func (c *counter) number(contentID string) int {
	if *c == nil {
		*c = make(counter)
	}
	var half [8]byte
	hex.Decode(half[:], []byte(contentID[:16])) // hexadecimal, by ContentID's contract
	key := binary.BigEndian.Uint64(half[:])
	(*c)[key]++
	return int((*c)[key])
}

// rowID makes the id of a row that has none.
func (f *Reader) rowID(content ...[]byte) string {
	id := event.ContentID("", content...)
	return "row-" + id + "-" + strconv.Itoa(f.seen.number(id))
}

// appendJSON appends a JSON string.
func appendJSON(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			quoted, err := json.Marshal(s)
			if err != nil {
				return append(dst, `""`...) // a string always encodes
			}
			return append(dst, quoted...)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}

// member appends a member of an object whose value is text; dst is the object without its closing brace.
func member(dst []byte, name, value string) []byte {
	if len(dst) > 1 {
		dst = append(dst, ',')
	}
	dst = append(appendJSON(dst, name), ':')
	return appendJSON(dst, value)
}
