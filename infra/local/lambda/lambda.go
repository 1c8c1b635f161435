// Package lambda runs Lambda functions on this machine: the real executables, each in processes of its own that talk the
// documented Lambda Runtime API (2018-06-01). A process works on one invocation at a time; several run side by side up
// to the function's limit, and what comes on top waits. As in Lambda, an invocation that outlives the timeout is killed
// with its process, a process that ends fails its invocation, and the next invocation starts a new one.
//
// It guarantees that an invocation is handed to a process at most once, and that it has ended, or its process was
// killed, by the time Invoke returns. Retries are for those who invoke.
package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// Config describes a function.
type Config struct {
	Name        string        // for people and logs: "ingest"
	ARN         string        // told to the process with each invocation
	Executable  string        // path
	Environment []string      // the whole of it, "NAME=value"; AWS_LAMBDA_RUNTIME_API and, naming the process, AWS_SESSION_TOKEN are added
	Timeout     time.Duration // of an invocation
	Limit       int           // processes at a time, at least 1
	Log         io.Writer     // what the processes write; must be safe for concurrent use
	// OnFailure, where set, is told of each invocation that fails and each process that does not come up.
	OnFailure func(error)
}

// Function is a function that can be invoked. It is safe for concurrent use.
type Function struct {
	config  Config
	slots   chan struct{}
	running atomic.Int64

	mu     sync.Mutex
	idle   []*environment // last used last
	all    map[*environment]bool
	closed bool
}

// New returns the function. No process starts before the first invocation.
func New(config Config) *Function {
	return &Function{config: config, slots: make(chan struct{}, max(config.Limit, 1)), all: map[*environment]bool{}}
}

// Name returns the function's name.
func (f *Function) Name() string { return f.config.Name }

// ARN returns the function's ARN.
func (f *Function) ARN() string { return f.config.ARN }

// Running returns how many invocations are under way, those that wait for a process included.
func (f *Function) Running() int { return int(f.running.Load()) }

// Error is how an invocation failed in the function, as Lambda reports it to the caller.
type Error struct {
	Function string
	Type     string // "Runtime.ExitError", "Sandbox.Timedout", or what the function named
	Message  string
}

// Error returns the function, the type and the message.
func (e *Error) Error() string { return fmt.Sprintf("%s: %s: %s", e.Function, e.Type, e.Message) }

// MarshalJSON returns the payload of a failed invocation.
func (e *Error) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"errorType": e.Type, "errorMessage": e.Message})
}

// Payload limits of Lambda's synchronous invocation.
const maxPayload = 6 << 20

// ErrClosed is returned for an invocation of a function that is being shut down.
var ErrClosed = errors.New("the function is shut down")

// Invoke runs the function on a payload and returns what it answers. It returns an *Error when the function fails, and
// the context's error when that ends first; the process of an abandoned invocation is killed.
func (f *Function) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	f.running.Add(1)
	defer f.running.Add(-1)
	if len(payload) > maxPayload {
		return nil, fmt.Errorf("invoke %s: a payload of %d bytes is over Lambda's limit of %d", f.config.Name, len(payload), maxPayload)
	}
	select {
	case f.slots <- struct{}{}:
		defer func() { <-f.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	answer, err := f.invoke(ctx, payload)
	if err != nil && ctx.Err() == nil && !errors.Is(err, ErrClosed) && f.config.OnFailure != nil {
		f.config.OnFailure(err)
	}
	return answer, err
}

func (f *Function) invoke(ctx context.Context, payload []byte) ([]byte, error) {
	for {
		e, err := f.acquire(ctx)
		if err != nil {
			return nil, err
		}
		answer, delivered, err := e.invoke(ctx, payload)
		if err != nil && !delivered && ctx.Err() == nil && e.wasReady() {
			continue // an idle process had ended before it took the invocation: another one does
		}
		f.release(e)
		return answer, err
	}
}

// acquire returns an environment that waits for an invocation: an idle one, the last used first, or a new one.
func (f *Function) acquire(ctx context.Context) (*environment, error) {
	f.mu.Lock()
	for len(f.idle) > 0 {
		e := f.idle[len(f.idle)-1]
		f.idle = f.idle[:len(f.idle)-1]
		if e.alive() {
			f.mu.Unlock()
			return e, nil
		}
		delete(f.all, e)
		e.close()
	}
	f.mu.Unlock()
	e, err := launch(&f.config)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		e.close()
		return nil, ErrClosed
	}
	f.all[e] = true
	f.mu.Unlock()
	if err := e.awaitReady(ctx); err != nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.all, e)
		e.close()
		return nil, err
	}
	return e, nil
}

func (f *Function) release(e *environment) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed || !e.alive() {
		delete(f.all, e)
		e.close()
		return
	}
	f.idle = append(f.idle, e)
}

// Kill ends every process of the function at once, as a machine that is lost would. The function stays usable.
func (f *Function) Kill() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for e := range f.all {
		e.process.Kill()
	}
}

// KillSession ends at once the process whose AWS_SESSION_TOKEN is the session, and returns when it is dead; it reports
// whether there was one. A process is also found while it comes up.
func (f *Function) KillSession(session string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for e := range f.all {
		if e.session == session {
			e.process.Kill()
			return true
		}
	}
	return false
}

// Close ends all processes. Invocations under way fail.
func (f *Function) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	for e := range f.all {
		e.close()
	}
	f.all, f.idle = map[*environment]bool{}, nil
}
