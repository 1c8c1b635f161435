package queue

import (
	"context"
	"encoding/json"

	"liuke/shared/archive"
	"liuke/shared/fault"
)

// SendArchive sends messages to the queue of the archive, one each.
func (s *Sender) SendArchive(ctx context.Context, messages ...archive.Message) error {
	out := make([]Message, len(messages))
	for i := range messages {
		body, err := json.Marshal(&messages[i])
		if err != nil {
			return fault.As(err, fault.Internal, "the message cannot be encoded")
		}
		out[i].Body = string(body)
	}
	return s.Send(ctx, out...)
}
