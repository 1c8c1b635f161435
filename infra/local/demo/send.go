package demo

import (
	"context"
	"maps"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

func (d *play) between(from, to time.Time) []Event {
	var events []Event
	for _, e := range d.shop.Events {
		if !e.At.Before(from) && e.At.Before(to) {
			events = append(events, e)
		}
	}
	return events
}

const batchSize = 400

// send sends events in batches, several at a time, shows how far it is, and waits until all of them are folded.
func (d *play) send(ctx context.Context, events []Event, history bool) error {
	var sent atomic.Int64
	g, sending := errgroup.WithContext(ctx)
	g.SetLimit(4)
	for first := 0; first < len(events); first += batchSize {
		part := events[first:min(first+batchSize, len(events))]
		g.Go(func() error {
			bodies := make([]map[string]any, len(part))
			for i, e := range part {
				if bodies[i] = e.Body; history {
					bodies[i] = imported(e.Body)
				}
			}
			if err := d.call(sending, writer, http.MethodPost, "/v1/batch", map[string]any{"batch": bodies}, nil); err != nil {
				return err
			}
			if n := sent.Add(int64(len(part))); history {
				d.progress("sent", n, len(events))
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return d.settle(ctx)
}

// imported returns the event as one of a shop's export.
func imported(body map[string]any) map[string]any {
	about := map[string]any{"import": true}
	if given, ok := body["context"].(map[string]any); ok {
		maps.Copy(about, given)
	}
	body = maps.Clone(body)
	body["context"] = about
	return body
}

func (d *play) progress(what string, n int64, of int) {
	if n == int64(of) || n%(batchSize*5) == 0 {
		d.say("  %s %d of %d", what, n, of)
	}
}
