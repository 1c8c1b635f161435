package orderfile

import (
	"encoding/hex"
	"encoding/json"
	"strconv"
	"time"

	"liuke/shared/event"
)

// when is the row's time as the file says it: the day alone, or the time.
func (r *Row) when() string {
	if r.Day != "" {
		return r.Day
	}
	return r.Time.Format(time.RFC3339Nano)
}

// content returns what the row says, in the same words however the file spells it.
func (r *Row) content() [][]byte {
	return [][]byte{[]byte(r.Customer), []byte(r.when()), []byte(r.Currency.Format(r.Total)), []byte(r.Currency)}
}

// orderID makes the id of a row without one: from its content, and from its count among the equal rows so far, which
// are orders of their own.
func (f *Reader) orderID(row *Row) string {
	id := event.ContentID("", row.content()...)
	var key [16]byte
	hex.Decode(key[:], []byte(id)) // 32 hexadecimal digits, by ContentID's contract
	f.equal[key]++
	return "row-" + id + "-" + strconv.Itoa(f.equal[key])
}

// AppendEvent appends the row as one element of the array "batch" of the tracking API's batch call.
func (r *Row) AppendEvent(dst []byte) []byte {
	id := event.ContentID("import-", append(r.content(), []byte(r.Order))...)
	dst = append(dst, `{"type":"track","event":"`+event.OrderCompleted+`","userId":`...)
	dst = appendJSON(dst, string(r.Customer))
	dst = append(dst, `,"messageId":"`+id+`","timestamp":"`...)
	dst = r.Time.AppendFormat(dst, time.RFC3339Nano)
	dst = append(dst, `","context":{"import":true},"properties":{"order_id":`...)
	dst = appendJSON(dst, r.Order)
	dst = append(dst, `,"total":`...)
	dst = r.Currency.AppendFormat(dst, r.Total)
	dst = append(dst, `,"currency":"`+string(r.Currency)+`"`...)
	if r.Day != "" {
		dst = append(dst, `,"date":"`+r.Day+`"`...)
	}
	return append(dst, "}}"...)
}

func appendJSON(dst []byte, s string) []byte {
	quoted, err := json.Marshal(s)
	if err != nil {
		return append(dst, `""`...) // a string always encodes
	}
	return append(dst, quoted...)
}
