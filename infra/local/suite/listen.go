package suite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"
)

// listen takes the address: nothing else is worth starting without it. Until the suite is ready it answers 503.
func (s *Suite) listen(context.Context) error {
	listener, err := net.Listen("tcp", s.options.Addr)
	if err != nil {
		return fmt.Errorf("take the address %s: %w (%s)", s.options.Addr, err, whatToDo(err))
	}
	s.listener = listener
	s.URL = "http://" + reachable(listener.Addr().String())
	s.server = &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h := s.handler.Load(); h != nil {
			(*h).ServeHTTP(w, r)
			return
		}
		w.Header().Set("Retry-After", "1")
		http.Error(w, "The suite is starting.", http.StatusServiceUnavailable)
	})}
	go s.server.Serve(listener) // ends with Close
	s.later(func() { s.server.Close() })
	return nil
}

// whatToDo says what to change about an address that cannot be taken.
func whatToDo(err error) string {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return "is another suite running? -addr names another address"
	case errors.Is(err, syscall.EACCES):
		return "ports below 1024 are the system's; -addr names another port"
	default:
		return "-addr takes an address of this machine and a port from 0 to 65535, such as 127.0.0.1:8080"
	}
}

// reachable is an address that one can connect to: a listener on all addresses is reached on the loopback one.
func reachable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return addr
}

// serveOn serves a handler on a free port of the loopback address and returns its URL.
func (s *Suite) serveOn(h http.Handler) (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	go server.Serve(listener) // ends with Close
	s.later(func() { server.Close() })
	return "http://" + listener.Addr().String(), nil
}
