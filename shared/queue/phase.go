package queue

import (
	"context"
	"encoding/json"
	"time"

	"liuke/shared/fault"
	"liuke/shared/recalc"
)

// waitForRun is how long a scheduled recalculation waits before it asks again whether the one under way is done.
const waitForRun = 5 * time.Minute

// SendPhases sends messages that start phases of recalculations, one each.
func (s *Sender) SendPhases(ctx context.Context, phases ...recalc.Message) error {
	out := make([]Message, len(phases))
	for i, p := range phases {
		body, err := json.Marshal(p)
		if err != nil {
			return fault.As(err, fault.Internal, "the message cannot be encoded")
		}
		out[i].Body, out[i].Delay = string(body), p.Wait
		if p.Phase == recalc.PhasePlan {
			out[i].Delay = waitForRun
		}
	}
	return s.Send(ctx, out...)
}
