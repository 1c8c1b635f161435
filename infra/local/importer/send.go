package importer

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

const (
	tries       = 8
	firstPause  = 200 * time.Millisecond
	longestWait = 20 * time.Second
	answerBytes = 4 << 20
)

// send sends one batch until it is taken, and returns which of its rows were rejected and why.
func (c *client) send(ctx context.Context, b *batch) ([]string, error) {
	pause := firstPause
	for try := 1; ; try++ {
		reasons, wait, err := c.post(ctx, b)
		if err == nil {
			c.rows.Add(int64(len(b.lines) - len(reasons)))
			return reasons, nil
		}
		if wait < 0 || try == tries || ctx.Err() != nil {
			return nil, err
		}
		jittered := pause/2 + rand.N(pause)
		select {
		case <-time.After(min(max(jittered, wait), longestWait)):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		pause *= 2
	}
}

// post sends one batch once. With an error, wait is how long the suite asks to wait before the next try, negative where
// another try is of no use.
func (c *client) post(ctx context.Context, b *batch) (rejected []string, wait time.Duration, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL+"/v1/batch", bytes.NewReader(b.body))
	if err != nil {
		return nil, -1, err
	}
	request.SetBasicAuth(c.WriteKey, "")
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Prefer", "return=representation")
	response, err := c.http.Do(request)
	if err != nil {
		return nil, 0, fmt.Errorf("send a batch: %w", err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(response.Body, answerBytes))
	if err != nil {
		return nil, 0, fmt.Errorf("send a batch: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		wait = -1
		if response.StatusCode == http.StatusTooManyRequests || response.StatusCode >= http.StatusInternalServerError {
			seconds, _ := strconv.Atoi(response.Header.Get("Retry-After")) // absent is 0
			wait = time.Duration(seconds) * time.Second
		}
		return nil, wait, fmt.Errorf("send a batch: the suite answered %s: %.300s", response.Status, raw)
	}
	var answer struct {
		Events []struct {
			Fate    string `json:"fate"`
			Reason  string `json:"reason"`
			Pointer string `json:"pointer"`
		} `json:"events"`
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return nil, -1, fmt.Errorf("send a batch: read the answer: %w", err)
	}
	for i, e := range answer.Events {
		if e.Fate == "rejected" && i < len(b.lines) {
			rejected = append(rejected, describe(b.lines[i], e.Reason, e.Pointer))
		}
	}
	return rejected, 0, nil
}
