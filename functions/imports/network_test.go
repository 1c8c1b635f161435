package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"

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
}

var errDead = errors.New("the process is dead")

// begin counts a call; it returns whether it may be made and whether its answer may be seen.
func (n *network) begin() (make, see bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.dead {
		return false, false
	}
	if n.calls++; n.calls == n.dieAt {
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

// Do makes the network an HTTP client.
func (n *network) Do(r *http.Request) (*http.Response, error) {
	call, see := n.begin()
	if !call {
		return nil, errDead
	}
	resp, err := http.DefaultClient.Do(r)
	if err == nil && !see {
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		return nil, errDead
	}
	return resp, err
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

func (l *list) take() (body string, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.bodies) == 0 {
		return "", false
	}
	body, l.bodies = l.bodies[0], l.bodies[1:]
	return body, true
}
