package engine

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

// closable is a request's body that gives nothing once it is closed, as the SDK's.
type closable struct {
	io.Reader
	closed atomic.Bool
}

func (c *closable) Read(p []byte) (int, error) {
	if c.closed.Load() {
		return 0, io.EOF
	}
	return c.Reader.Read(p)
}

func (c *closable) Close() error {
	c.closed.Store(true)
	return nil
}

func TestAnAnswerIsWholeThoughTheRequestsBodyIsClosedWhenItBegins(t *testing.T) {
	const size = 32 << 20 // more than the connection holds
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answering := http.NewResponseController(w)
		if err := errors.Join(answering.EnableFullDuplex(), answering.Flush()); err != nil {
			t.Error(err)
		}
		n, err := io.Copy(io.Discard, r.Body)
		if n != size || err != nil {
			t.Errorf("%d bytes arrived, %v", n, err)
		}
		io.WriteString(w, "whole")
	}))
	defer server.Close()
	body := &closable{Reader: bytes.NewReader(make([]byte, size))}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, body)
	if err != nil {
		t.Fatal(err)
	}
	request.ContentLength = size
	response, err := Whole().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body.Close()
	if got, err := io.ReadAll(response.Body); string(got) != "whole" || err != nil {
		t.Errorf("the answer is %q, %v", got, err)
	}
}
