package channeltest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// Serve starts a provider that speaks HTTP and returns its URL. It handles by itself what needs no answer; read returns a
// request as the provider reads it, and respond answers the behaviours Accept, Refuse, Throttle, Deny and Garbled.
func Serve(t *testing.T, p *Provider, read func(r *http.Request, body []byte) string, respond func(http.ResponseWriter, Behaviour)) string {
	t.Helper()
	if p.Behaviour == Unreachable {
		return "http://" + Nobody(t)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.Behaviour == HangUp {
			p.Take("")
			panic(http.ErrAbortHandler)
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("the request was not read: %v", err)
		}
		p.Take(read(r, body))
		switch p.Behaviour {
		case Lost:
			panic(http.ErrAbortHandler)
		case Silent:
			p.Wait()
		default:
			respond(w, p.Behaviour)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}
