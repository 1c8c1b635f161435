package lambda

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"sync"
	"time"

	"liuke/infra/local/process"
)

// environment is one process of a function and the Runtime API that it alone talks to.
type environment struct {
	config  *Config
	session string // a name of its own, handed to the process as AWS_SESSION_TOKEN
	process *process.Process
	server  *http.Server
	next    chan *invocation // to the process that asks for the next one

	ready     chan struct{} // closed at the first ask
	readyOnce sync.Once
	initError chan *Error

	mu      sync.Mutex
	current *invocation
}

// invocation is one event on its way through a process.
type invocation struct {
	id       string
	payload  []byte
	deadline time.Time
	done     chan outcome // takes one
}

type outcome struct {
	answer []byte
	err    error
}

// initIn is how long Lambda gives a function to come up.
const initIn = 10 * time.Second

// launch starts a process.
func launch(config *Config) (*environment, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", config.Name, err)
	}
	e := &environment{
		config: config, session: requestID(), next: make(chan *invocation), ready: make(chan struct{}), initError: make(chan *Error, 1),
	}
	e.server = &http.Server{Handler: e.api(), ReadHeaderTimeout: 5 * time.Second}
	go e.server.Serve(listener) // ends with close

	cmd := exec.Command(config.Executable)
	cmd.Env = append(append([]string{}, config.Environment...), "AWS_LAMBDA_RUNTIME_API="+listener.Addr().String(), "AWS_SESSION_TOKEN="+e.session)
	cmd.Stdout, cmd.Stderr = config.Log, config.Log
	if e.process, err = process.Start(cmd); err != nil {
		e.server.Close()
		return nil, fmt.Errorf("start %s: %w", config.Name, err)
	}
	return e, nil
}

// awaitReady waits until the process asks for work.
func (e *environment) awaitReady(ctx context.Context) error {
	timer := time.NewTimer(initIn)
	defer timer.Stop()
	select {
	case <-e.ready:
		return nil
	case fault := <-e.initError:
		return fault
	case <-e.process.Done():
		select { // it may have said why
		case fault := <-e.initError:
			return fault
		default:
			return &Error{e.config.Name, "Runtime.ExitError", "the process ended before it asked for work: " + exit(e.process.Err())}
		}
	case <-timer.C:
		return &Error{e.config.Name, "Sandbox.Timedout", fmt.Sprintf("the process did not ask for work within %v", initIn)}
	case <-ctx.Done():
		return ctx.Err()
	}
}

func exit(err error) string {
	if err == nil {
		return "exit status 0"
	}
	return err.Error()
}

// invoke hands the payload to the process and waits for the outcome. delivered says that the process had it.
func (e *environment) invoke(ctx context.Context, payload []byte) (answer []byte, delivered bool, err error) {
	in := &invocation{
		id: requestID(), payload: payload, deadline: time.Now().Add(e.config.Timeout),
		done: make(chan outcome, 1),
	}
	e.mu.Lock()
	e.current = in
	e.mu.Unlock()
	defer func() {
		e.mu.Lock()
		e.current = nil
		e.mu.Unlock()
	}()
	select {
	case e.next <- in:
	case <-e.process.Done():
		return nil, false, e.ended(in)
	case <-ctx.Done():
		e.process.Kill()
		return nil, false, ctx.Err()
	}
	timer := time.NewTimer(time.Until(in.deadline))
	defer timer.Stop()
	select {
	case o := <-in.done:
		return o.answer, true, o.err
	case <-e.process.Done():
		select { // it may have answered with its last breath
		case o := <-in.done:
			return o.answer, true, o.err
		default:
			return nil, true, e.ended(in)
		}
	case <-timer.C:
		e.process.Kill()
		return nil, true, &Error{e.config.Name, "Sandbox.Timedout", fmt.Sprintf("RequestId: %s Error: Task timed out after %.2f seconds", in.id, e.config.Timeout.Seconds())}
	case <-ctx.Done():
		e.process.Kill()
		return nil, true, ctx.Err()
	}
}

func (e *environment) ended(in *invocation) error {
	return &Error{e.config.Name, "Runtime.ExitError", fmt.Sprintf("RequestId: %s Error: Runtime exited: %s", in.id, exit(e.process.Err()))}
}

func (e *environment) alive() bool {
	select {
	case <-e.process.Done():
		return false
	default:
		return true
	}
}

func (e *environment) wasReady() bool {
	select {
	case <-e.ready:
		return true
	default:
		return false
	}
}

// close ends the process and its API.
func (e *environment) close() {
	e.process.Kill()
	e.server.Close()
}

func (e *environment) invocation(id string) *invocation {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.current == nil || e.current.id != id {
		return nil
	}
	return e.current
}

// requestID returns a random UUID (version 4).
func requestID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	s := hex.EncodeToString(b[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}
