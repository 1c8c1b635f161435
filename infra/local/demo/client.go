package demo

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Endpoint says where a running suite listens and how to be let in, as `up` leaves it in endpoint.json.
type Endpoint struct {
	URL           string `json:"url"`
	WriteKey      string `json:"write_key"`
	OperatorToken string `json:"operator_token"`
	OutboxURL     string `json:"outbox_url"`
}

// client talks to the suite as its users would: over HTTP alone.
type client struct {
	Endpoint
	http  *http.Client
	tries int // of a request that is not answered with less than 500
}

func newClient(e Endpoint) *client {
	return &client{Endpoint: e, tries: 8, http: &http.Client{
		Timeout:       2 * time.Minute,
		Transport:     &http.Transport{MaxIdleConnsPerHost: 16},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

type auth func(*client, *http.Request)

func operator(c *client, r *http.Request) { r.Header.Set("Authorization", "Bearer "+c.OperatorToken) }
func writer(c *client, r *http.Request) {
	r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(c.WriteKey+":")))
}
func anyone(*client, *http.Request) {}

// call sends a request and decodes the answer, JSON, into the value, unless that is nil; a *[]byte takes it as it is, a
// *redirect where it sends to. Any status of 400 and above is an error that quotes the answer.
func (c *client) call(ctx context.Context, as auth, method, path string, body, into any) error {
	var payload []byte
	if body != nil {
		var err error
		if payload, err = json.Marshal(body); err != nil {
			return err
		}
	}
	address := path
	if !strings.HasPrefix(path, "http") {
		address = c.URL + path
	}
	return c.retry(ctx, func() (*http.Request, error) {
		r, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(payload))
		if err != nil {
			return nil, err
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", "application/json")
		as(c, r)
		return r, nil
	}, into)
}

// redirect is the address that an answer sends to.
type redirect string

// retry sends a request until it is answered with less than 500, as the trackers that shops use do.
func (c *client) retry(ctx context.Context, request func() (*http.Request, error), into any) error {
	for try := 1; ; try++ {
		r, err := request()
		if err != nil {
			return err
		}
		again, err := c.do(r, into)
		if err == nil || !again || try == c.tries || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(min(try, 8)) * 100 * time.Millisecond):
		}
	}
}

// do sends a request once, and reports whether it may succeed when it is sent again.
func (c *client) do(r *http.Request, into any) (again bool, err error) {
	answer, err := c.http.Do(r)
	if err != nil {
		return true, err
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(answer.Body, 64<<20))
	if err != nil {
		return true, err
	}
	if answer.StatusCode >= 400 {
		again := answer.StatusCode >= 500 || answer.StatusCode == http.StatusTooManyRequests
		return again, fmt.Errorf("%s %s: %s: %.300s", r.Method, r.URL.Path, answer.Status, raw)
	}
	switch into := into.(type) {
	case nil:
		return false, nil
	case *[]byte:
		*into = raw
		return false, nil
	case *redirect:
		*into = redirect(answer.Header.Get("Location"))
		return false, nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return false, fmt.Errorf("%s %s: %w", r.Method, r.URL.Path, err)
	}
	return false, nil
}

// setClock moves the suite's one clock.
func (c *client) setClock(ctx context.Context, to time.Time) error {
	return c.call(ctx, anyone, http.MethodPost, "/_local/clock", map[string]any{"now": to.Format(time.RFC3339)}, nil)
}

// fire lets a schedule happen now and waits for the end of what it invoked.
func (c *client) fire(ctx context.Context, schedule string) error {
	return c.call(ctx, anyone, http.MethodPost, "/_local/schedules/"+schedule, nil, nil)
}

// pause keeps the schedules from firing by themselves while the demo moves the clock.
func (c *client) pause(ctx context.Context, paused bool) error {
	return c.call(ctx, anyone, http.MethodPost, "/_local/schedules", map[string]any{"paused": paused}, nil)
}

type queueDepth struct {
	Name     string `json:"name"`
	Visible  int    `json:"visible"`
	InFlight int    `json:"in_flight"`
	Delayed  int    `json:"delayed"`
	Dead     int    `json:"dead"`
}

// settle waits until the suite has nothing left to do, and returns an error if anything ended among the dead letters.
func (c *client) settle(ctx context.Context) error {
	for {
		var state struct {
			Queues []queueDepth `json:"queues"`
			Idle   bool         `json:"idle"`
		}
		if err := c.call(ctx, anyone, http.MethodGet, "/_local/queues", nil, &state); err != nil {
			return err
		}
		waiting := 0
		for _, q := range state.Queues {
			if q.Dead > 0 {
				return fmt.Errorf("%d messages of the queue %s ended among the dead letters: see the functions' logs", q.Dead, q.Name)
			}
			waiting += q.Delayed
		}
		if state.Idle && waiting == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(25 * time.Millisecond):
		}
	}
}
