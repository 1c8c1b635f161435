package importer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Depth is how much of what was sent is not folded yet.
type Depth struct {
	Waiting int // messages of the events queue: visible, in flight and delayed
	Dead    int // among its dead letters
}

// ErrNotLocal is returned where the suite does not run on one machine and its queues cannot be looked at.
var ErrNotLocal = errors.New("this suite does not show its queues")

// Look looks at the events queue of a suite on one machine.
func Look(ctx context.Context, url string) (Depth, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/_local/queues", nil)
	if err != nil {
		return Depth{}, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return Depth{}, fmt.Errorf("look at the queues: %w", err)
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusForbidden, http.StatusUnauthorized:
		return Depth{}, ErrNotLocal
	default:
		return Depth{}, fmt.Errorf("look at the queues: the suite answered %s", response.Status)
	}
	var state struct {
		Queues []struct {
			Name     string `json:"name"`
			Visible  int    `json:"visible"`
			InFlight int    `json:"in_flight"`
			Delayed  int    `json:"delayed"`
			Dead     int    `json:"dead"`
		} `json:"queues"`
	}
	if err := json.NewDecoder(response.Body).Decode(&state); err != nil {
		return Depth{}, fmt.Errorf("look at the queues: %w", err)
	}
	for _, q := range state.Queues {
		if q.Name == "events" {
			return Depth{Waiting: q.Visible + q.InFlight + q.Delayed, Dead: q.Dead}, nil
		}
	}
	return Depth{}, errors.New("look at the queues: there is no queue of events")
}

// lookTo is the longest pause between two looks: each asks the engine for all of the suite's queues.
const lookTo = 500 * time.Millisecond

// Settle waits until everything that was sent is folded. before is what Look said before the import; an event that has
// ended among the dead letters since is an error. progress is told how many messages wait; it may be nil.
func Settle(ctx context.Context, url string, before Depth, progress func(waiting int)) error {
	for pause := pollFrom; ; pause = min(2*pause, lookTo) {
		now, err := Look(ctx, url)
		if err != nil {
			return err
		}
		if now.Dead > before.Dead {
			return fmt.Errorf("%d messages ended among the dead letters of the events queue: the log of the function profile says why", now.Dead-before.Dead)
		}
		if now.Waiting == 0 {
			return nil
		}
		if progress != nil {
			progress(now.Waiting)
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}
