// Command segment-go sends calls of the tracking API by github.com/segmentio/analytics-go/v3: it reads them from the
// standard input, one JSON object a line, and ends when the library has delivered all of them, or given one up.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"sync"
	"time"

	"github.com/segmentio/analytics-go/v3"
)

func main() {
	url := flag.String("url", "", "where to send to")
	key := flag.String("key", "", "write key")
	flag.Parse()
	sent, err := run(*url, *key, os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(sent, "calls delivered")
}

// outcome is told what becomes of each call.
type outcome struct {
	under  sync.WaitGroup
	mu     sync.Mutex
	failed int
	first  error
}

// Success is a call that was delivered.
func (o *outcome) Success(analytics.Message) { o.under.Done() }

// Failure is a call that the library gave up.
func (o *outcome) Failure(_ analytics.Message, err error) {
	o.mu.Lock()
	o.failed++
	if o.first == nil {
		o.first = err
	}
	o.mu.Unlock()
	o.under.Done()
}

func run(url, key string, in io.Reader) (sent int, err error) {
	var of outcome
	client, err := analytics.NewWithConfig(key, analytics.Config{
		Endpoint: url, BatchSize: 20, Interval: 200 * time.Millisecond, Callback: &of,
		Logger: analytics.StdLogger(log.New(io.Discard, "", 0)),
	})
	if err != nil {
		return 0, err
	}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		message, err := read(lines.Bytes())
		if err != nil {
			return sent, err
		}
		of.under.Add(1)
		if err := client.Enqueue(message); err != nil {
			return sent, err
		}
		sent++
	}
	of.under.Wait() // a client that is closed gives up what it would have sent again
	if err := lines.Err(); err != nil {
		return sent, err
	}
	if of.failed > 0 {
		return sent, fmt.Errorf("%d of %d calls were given up: %w", of.failed, sent, of.first)
	}
	return sent, client.Close()
}

// read makes the library's own message of a call.
func read(line []byte) (analytics.Message, error) {
	var call struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(line, &call); err != nil {
		return nil, err
	}
	switch call.Type {
	case "identify":
		return decode[analytics.Identify](line)
	case "track":
		return decode[analytics.Track](line)
	case "page":
		return decode[analytics.Page](line)
	case "screen":
		return decode[analytics.Screen](line)
	case "group":
		return decode[analytics.Group](line)
	case "alias":
		return decode[analytics.Alias](line)
	default:
		return nil, fmt.Errorf("there is no call %q", call.Type)
	}
}

func decode[M analytics.Message](line []byte) (analytics.Message, error) {
	var m M
	err := json.Unmarshal(line, &m)
	return m, err
}
