package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"

	"liuke/shared/archive"
	"liuke/shared/fault"
	"liuke/shared/queue"
)

// network is the way to the engines. It dies at a chosen call, and then every call fails, until it is revived; where
// it only stumbles, that one call fails alone.
type network struct {
	mu        sync.Mutex
	calls     int
	dieAt     int // the call, from 1; 0 for never
	stumbles  bool
	committed bool // whether the fatal call still has its effect
	dead      bool
	counted   map[string]int // calls that were made, by S3's price list
	between   func(call int) // called before each call with its number; may be nil
}

var errDead = errors.New("the process is dead")

// begin counts a call; it returns whether it may be made and whether its answer may be seen.
func (n *network) begin() (make, see bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.dead {
		return false, false
	}
	n.calls++
	if n.between != nil {
		n.between(n.calls)
	}
	if n.calls == n.dieAt {
		n.dead = !n.stumbles
		return n.committed, false
	}
	return true, true
}

// revive starts over as a new process that dies at the call.
func (n *network) revive(dieAt int, committed bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.calls, n.dieAt, n.committed, n.dead = 0, dieAt, committed, false
}

func (n *network) died() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.dead
}

// count notes a call to S3 under what it is billed as.
func (n *network) count(r *http.Request) {
	kind := ""
	switch query := r.URL.RawQuery; {
	case strings.Contains(query, "list-type=2"):
		kind = "LIST"
	case strings.Contains(query, "delete"):
		kind = "DELETE"
	case r.Method == http.MethodPut, r.Method == http.MethodGet:
		kind = r.Method
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.counted != nil {
		n.counted[kind]++
	}
}

// Do makes the network an HTTP client.
func (n *network) Do(r *http.Request) (*http.Response, error) {
	call, see := n.begin()
	if !call {
		return nil, errDead
	}
	n.count(r)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil || !see {
		return nil, errDead
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// list is a queue.
type list struct {
	network *network
	mu      sync.Mutex
	bodies  []string
}

func (l *list) Send(_ context.Context, messages ...queue.Message) error {
	call, see := l.network.begin()
	l.mu.Lock()
	defer l.mu.Unlock()
	if call {
		for _, m := range messages {
			l.bodies = append(l.bodies, m.Body)
		}
	}
	if !see {
		return fault.As(errDead, fault.Unavailable, "the queue did not take the messages")
	}
	return nil
}

func (l *list) SendArchive(ctx context.Context, messages ...archive.Message) error {
	out := make([]queue.Message, len(messages))
	for i, m := range messages {
		body, err := encode(m, "")
		if err != nil {
			return err
		}
		out[i].Body = body
	}
	return l.Send(ctx, out...)
}

func (l *list) take() (body string, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.bodies) == 0 {
		return "", false
	}
	body, l.bodies = l.bodies[0], l.bodies[1:]
	return body, true
}
