package engine

import (
	"bytes"
	"io"
	"net/http"
	"time"
)

// Whole returns an HTTP client for AWS clients that call an engine, which sends each request from memory of its own. The
// SDK closes a request's body as soon as the answer begins; where that is before net/http is through with sending, as on
// a busy machine happens once in a thousand calls, net/http closes the connection and the answer is cut off. Messages that
// a queue has handed out in such an answer are hidden until their visibility timeout ends.
func Whole() *http.Client {
	return &http.Client{Transport: whole{&http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: 90 * time.Second}}}
}

type whole struct{ next http.RoundTripper }

// RoundTrip reads the request's body and sends a copy.
func (w whole) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return w.next.RoundTrip(r)
	}
	body, err := io.ReadAll(r.Body)
	r.Body.Close()
	if err != nil {
		return nil, err
	}
	again := r.Clone(r.Context())
	again.Body, again.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return w.next.RoundTrip(again)
}
