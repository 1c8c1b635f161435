// Package importer sends a shop's orders through the tracking API, as any client would: batches of track events by HTTP,
// several at a time, tried again where the suite asks for a slower pace. It sends each row at least once; that a row
// counts once is the suite's part, by the ids that the rows have or are given from their content.
package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"liuke/shared/money"
	"liuke/shared/orderfile"
)

// Options say where to send and how.
type Options struct {
	URL      string // of the suite, without a trailing slash
	WriteKey string
	Currency money.Currency // of amounts in files without the column
	Parallel int            // requests at a time; 0 is 4
	// Progress is called from time to time with the share of the file that has been read, 0 to 1, and the rows sent.
	Progress func(share float64, rows int64)
}

// Result is what came of a file.
type Result struct {
	Rows    int64 // sent and taken
	Refused []string
	// More is how many rows were refused beyond those listed.
	More int
	Took time.Duration // until the last row was taken
}

const (
	batchEvents   = 500
	batchBytes    = 450 << 10 // the API takes 500 KB
	defaultFlight = 4
	listRefused   = 20
)

// client sends one file.
type client struct {
	Options
	http *http.Client
	rows atomic.Int64
	read atomic.Int64
	size int64
}

// batch is the body of one request, with the file's lines of its events.
type batch struct {
	body  []byte
	lines []int
}

// Orders sends a CSV file of orders of the given size in bytes. Rows that cannot be read, and events that the suite
// rejects, are listed in the result; the error is of the file as a whole, or of a suite that cannot be reached.
func Orders(ctx context.Context, file io.Reader, size int64, options Options) (*Result, error) {
	c := &client{Options: options, size: size, http: &http.Client{
		Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 64, Proxy: http.ProxyFromEnvironment},
	}}
	if c.Parallel <= 0 {
		c.Parallel = defaultFlight
	}
	started := time.Now()
	rows, err := orderfile.NewReader(&counted{file, &c.read}, c.Currency)
	if err != nil {
		return nil, err
	}
	result := &Result{}
	batches := make(chan *batch)
	rejected := make(chan []string)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(batches)
		return c.pack(ctx, rows, batches, rejected)
	})
	senders, sending := errgroup.WithContext(ctx)
	for range c.Parallel {
		senders.Go(func() error {
			for b := range batches {
				reasons, err := c.send(sending, b)
				if err != nil {
					return err
				}
				select {
				case rejected <- reasons:
				case <-sending.Done():
					return sending.Err()
				}
			}
			return nil
		})
	}
	listed := make(chan struct{})
	go func() {
		defer close(listed)
		for reasons := range rejected {
			result.add(reasons)
			if c.Progress != nil {
				c.Progress(c.share(), c.rows.Load())
			}
		}
	}()
	g.Go(senders.Wait)
	err = g.Wait()
	close(rejected)
	<-listed
	result.Rows, result.Took = c.rows.Load(), time.Since(started)
	return result, err
}

func (r *Result) add(reasons []string) {
	room := min(listRefused-len(r.Refused), len(reasons))
	r.Refused = append(r.Refused, reasons[:room]...)
	r.More += len(reasons) - room
}

func (c *client) share() float64 {
	if c.size <= 0 {
		return 0
	}
	return min(1, float64(c.read.Load())/float64(c.size))
}

// pack reads rows into batches.
func (c *client) pack(ctx context.Context, rows *orderfile.Reader, batches chan<- *batch, refused chan<- []string) error {
	b := newBatch()
	flush := func() error {
		if len(b.lines) == 0 {
			return nil
		}
		b.body = append(b.body, "]}"...)
		select {
		case batches <- b:
		case <-ctx.Done():
			return ctx.Err()
		}
		b = newBatch()
		return nil
	}
	for {
		row, err := rows.Next()
		var bad *orderfile.Refused
		switch {
		case errors.Is(err, io.EOF):
			return flush()
		case errors.As(err, &bad):
			select {
			case refused <- []string{bad.Error()}:
			case <-ctx.Done():
				return ctx.Err()
			}
			continue
		case err != nil:
			return err
		}
		before := len(b.body)
		if len(b.lines) > 0 {
			b.body = append(b.body, ',')
		}
		b.body = row.AppendEvent(b.body)
		if len(b.body) > batchBytes && len(b.lines) > 0 { // one too many: it begins the next batch
			b.body = b.body[:before]
			if err := flush(); err != nil {
				return err
			}
			b.body = row.AppendEvent(b.body)
		}
		b.lines = append(b.lines, row.Line)
		if len(b.lines) == batchEvents {
			if err := flush(); err != nil {
				return err
			}
		}
	}
}

func newBatch() *batch {
	return &batch{body: append(make([]byte, 0, 128<<10), `{"batch":[`...), lines: make([]int, 0, batchEvents)}
}

// counted counts the bytes read.
type counted struct {
	io.Reader
	n *atomic.Int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// describe says which line a rejected event stands on, and why it was rejected.
func describe(line int, reason, pointer string) string {
	text := fmt.Sprintf("line %d: %s", line, reason)
	if _, field, ok := strings.Cut(strings.TrimPrefix(pointer, "/batch/"), "/"); ok {
		text += " (" + field + ")"
	}
	return text
}
