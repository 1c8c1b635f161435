package dynamo

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/shared/budget"
	"liuke/shared/fault"
	"liuke/shared/offer"
)

// onlyLast reports whether a transaction was cancelled for the last of its items alone, as another has moved it.
func onlyLast(err error) bool {
	var cancelled *types.TransactionCanceledException
	if !errors.As(err, &cancelled) || fault.CodeOf(err) != fault.Conflict {
		return false
	}
	for i, r := range cancelled.CancellationReasons {
		if blamed := r.Code != nil && *r.Code != "None"; blamed != (i == len(cancelled.CancellationReasons)-1) {
			return false
		}
	}
	return true
}

// encodeGiven returns a code as JSON, "" for none.
func encodeGiven(g offer.Given) string {
	if g == (offer.Given{}) {
		return ""
	}
	raw, _ := json.Marshal(g) // strings alone: it cannot fail
	return string(raw)
}

// encodeReserved spells what is set aside as its cost and the names of its counters, with blanks between them; "" for nothing.
func encodeReserved(r budget.Reservation) string {
	if r.Cost == 0 {
		return ""
	}
	b := strconv.AppendInt(nil, int64(r.Cost), 10)
	for _, c := range r.Counters {
		b = append(append(b, ' '), c.Account...)
		b = strconv.AppendInt(append(b, '#'), int64(c.Shard), 10)
	}
	return string(b)
}

// decodeReserved is the inverse of encodeReserved; of what is damaged nothing is known.
func decodeReserved(spelled string) (r budget.Reservation) {
	parts := strings.Fields(spelled)
	if len(parts) == 0 {
		return r
	}
	cost, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil {
		return r
	}
	r.Cost = budget.Micro(cost)
	for _, part := range parts[1:] {
		account, shard, _ := strings.Cut(part, "#")
		n, err := strconv.Atoi(shard)
		if err != nil {
			return budget.Reservation{}
		}
		r.Counters = append(r.Counters, budget.Counter{Account: account, Shard: n})
	}
	return r
}
