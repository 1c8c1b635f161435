// Command cloudevents sends calls of the tracking API as CloudEvents by github.com/cloudevents/sdk-go/v2, a third of them in
// each content mode: it reads them from the standard input, one JSON object a line, and ends when all are delivered, or
// one is given up.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"
)

const (
	source    = "urn:liuke:test:cloudevents"
	senders   = 8
	batchSize = 20
	retries   = 12
	firstWait = 20 * time.Millisecond
	timeout   = 5 * time.Second // of a try
)

func main() {
	url := flag.String("url", "", "where to send to")
	key := flag.String("key", "", "write key")
	flag.Parse()
	sent, err := run(context.Background(), *url, *key, os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(sent, "calls delivered")
}

// sender sends events in each mode.
type sender struct {
	client cloudevents.Client // of one event at a time
	http   *http.Client
	url    string
	auth   string
}

func newSender(url, key string) (*sender, error) {
	s := &sender{http: &http.Client{Timeout: timeout}, url: url + "/v1/events", auth: "Basic " + base64.StdEncoding.EncodeToString([]byte(key+":"))}
	p, err := cloudevents.NewHTTP(cehttp.WithTarget(s.url), cehttp.WithClient(*s.http), cehttp.WithHeader("Authorization", s.auth),
		cehttp.WithIsRetriableFunc(again))
	if err != nil {
		return nil, err
	}
	s.client, err = cloudevents.NewClient(p)
	return s, err
}

// again says which answers are worth another try: the library's own choice leaves out 500.
func again(status int) bool { return status == http.StatusTooManyRequests || status >= 500 }

// run sends the calls and returns how many there were.
func run(ctx context.Context, url, key string, in io.Reader) (sent int, err error) {
	s, err := newSender(url, key)
	if err != nil {
		return 0, err
	}
	var jobs []func() error
	var batch []cloudevents.Event
	lines := bufio.NewScanner(in)
	for ; lines.Scan(); sent++ {
		e, err := read(lines.Bytes(), sent%2 == 0)
		if err != nil {
			return sent, err
		}
		switch sent % 3 {
		case 0:
			jobs = append(jobs, func() error { return s.one(cloudevents.WithEncodingBinary(ctx), e) })
		case 1:
			jobs = append(jobs, func() error { return s.one(cloudevents.WithEncodingStructured(ctx), e) })
		default:
			if batch = append(batch, e); len(batch) == batchSize {
				full := batch
				jobs, batch = append(jobs, func() error { return s.batch(ctx, full) }), nil
			}
		}
	}
	if len(batch) > 0 {
		jobs = append(jobs, func() error { return s.batch(ctx, batch) })
	}
	return sent, errors.Join(lines.Err(), all(jobs))
}

// all runs the jobs, a few at a time.
func all(jobs []func() error) error {
	var under sync.WaitGroup
	queue, failed := make(chan func() error), make(chan error, len(jobs))
	for range senders {
		under.Go(func() {
			for job := range queue {
				if err := job(); err != nil {
					failed <- err
				}
			}
		})
	}
	for _, job := range jobs {
		queue <- job
	}
	close(queue)
	under.Wait()
	close(failed)
	if n := len(failed); n > 0 {
		return fmt.Errorf("%d requests were given up: %w", n, <-failed)
	}
	return nil
}

// one sends an event, with the library's tries.
func (s *sender) one(ctx context.Context, e cloudevents.Event) error {
	ctx = cloudevents.ContextWithRetriesExponentialBackoff(ctx, firstWait, retries)
	if result := s.client.Send(ctx, e); !cloudevents.IsACK(result) {
		return fmt.Errorf("event %s: %w", e.ID(), result)
	}
	return nil
}

// batch sends events in one request, which the library makes and leaves to be sent.
func (s *sender) batch(ctx context.Context, events []cloudevents.Event) (err error) {
	for try := range retries {
		time.Sleep(firstWait << try >> 1)
		var again bool
		if again, err = s.batchOnce(ctx, events); err == nil || !again {
			return err
		}
	}
	return err
}

func (s *sender) batchOnce(ctx context.Context, events []cloudevents.Event) (tryAgain bool, err error) {
	r, err := cehttp.NewHTTPRequestFromEvents(ctx, s.url, events)
	if err != nil {
		return false, err
	}
	r.Header.Set("Authorization", s.auth)
	r.Header.Set("Prefer", "return=representation")
	answer, err := s.http.Do(r)
	if err != nil {
		return true, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	switch {
	case err != nil:
		return true, err
	case answer.StatusCode != http.StatusOK:
		return again(answer.StatusCode), fmt.Errorf("a batch was answered %d: %s", answer.StatusCode, body)
	case bytes.Contains(body, []byte(`"rejected"`)):
		return false, fmt.Errorf("of a batch not all were taken: %s", body)
	}
	return false, nil
}

// read makes an event of a call: a track call by its name where named, anything else by the type of the call.
func read(line []byte, named bool) (cloudevents.Event, error) {
	e := cloudevents.NewEvent()
	var call struct {
		Type, UserID, Event, MessageID string
		Properties                     json.RawMessage
	}
	if err := json.Unmarshal(line, &call); err != nil {
		return e, err
	}
	e.SetSource(source)
	e.SetID(call.MessageID)
	e.SetTime(time.Now())
	data := bytes.Clone(line)
	if named && call.Type == "track" && call.UserID != "" {
		e.SetType(call.Event)
		e.SetSubject(call.UserID)
		data = call.Properties
	} else {
		e.SetType("liuke." + call.Type)
	}
	if len(data) > 0 {
		if err := e.SetData(cloudevents.ApplicationJSON, []byte(data)); err != nil {
			return e, err
		}
	}
	return e, e.Validate()
}
