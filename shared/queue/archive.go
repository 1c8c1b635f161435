package queue

import (
	"context"
	"encoding/json"
	"time"

	"liuke/shared/archive"
	"liuke/shared/fault"
)

// waitToErase is how long the second look at an erased customer waits: no function runs for as long.
const waitToErase = 10 * time.Minute

// SendArchive sends messages to the queue of the archive, one each.
func (s *Sender) SendArchive(ctx context.Context, messages ...archive.Message) error {
	out := make([]Message, len(messages))
	for i := range messages {
		body, err := json.Marshal(&messages[i])
		if err != nil {
			return fault.As(err, fault.Internal, "the message cannot be encoded")
		}
		out[i].Body = string(body)
		if messages[i].Again {
			out[i].Delay = waitToErase
		}
	}
	return s.Send(ctx, out...)
}
