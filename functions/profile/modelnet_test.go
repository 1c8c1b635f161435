package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// verdict is what becomes of one call that a process makes.
type verdict int

const (
	proceed     verdict = iota
	failBefore          // no connection: nothing happens
	failAfter           // it happens, and the answer is lost
	refuse              // the service fails, with nothing done
	throttle            // the service asks for a slower pace, with nothing done
	stale               // an eventually consistent read returns the past; others proceed
	tear                // a batch read sees one table now and the other a while later; others proceed
	crashBefore         // the process is gone before the call
	crashAfter          // it happens, and the process is gone
	verdicts
)

func (v verdict) String() string {
	return [...]string{"proceed", "fail before", "fail after commit", "refuse", "throttle", "stale", "tear", "crash before", "crash after commit"}[v]
}

var errLost = errors.New("connection lost")

type processKey struct{}

// wire carries the calls of the store to the engine, each as the schedule says, and those of one process one at a time. A
// context without a process passes unharmed.
type wire struct{ real http.RoundTripper }

func (w wire) RoundTrip(req *http.Request) (*http.Response, error) {
	p, ok := req.Context().Value(processKey{}).(*process)
	if !ok {
		return w.real.RoundTrip(req)
	}
	_, operation, _ := strings.Cut(req.Header.Get("X-Amz-Target"), ".")
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	forward := func(body []byte) (*http.Response, error) {
		// The process may go on to wait for others, the engine's answer may not be cancelled with it.
		again := req.Clone(context.WithoutCancel(req.Context()))
		again.Body, again.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		return w.real.RoundTrip(again)
	}
	p.wire.Lock()
	defer p.wire.Unlock()
	switch p.call(operation) {
	case failBefore, crashBefore:
		return nil, errLost
	case failAfter, crashAfter:
		if out, err := forward(body); err == nil {
			p.committed(out)
			out.Body.Close()
		}
		return nil, errLost
	case refuse:
		return answer(req, http.StatusInternalServerError, `{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"injected"}`), nil
	case throttle:
		return throttled(req, operation, body), nil
	case stale:
		if past, ok := eventual(operation, body); ok {
			return answer(req, http.StatusOK, past), nil
		}
	case tear:
		if operation == "BatchGetItem" {
			return torn(req, p, body, forward)
		}
	}
	out, err := forward(body)
	if err == nil {
		p.committed(out)
	}
	return out, err
}

func answer(req *http.Request, status int, body string) *http.Response {
	return &http.Response{
		Status: http.StatusText(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
		Body:          io.NopCloser(strings.NewReader(body)),
		ContentLength: int64(len(body)), Request: req,
	}
}

// throttled answers as DynamoDB does when a partition is too busy: transactions are cancelled for it, batch reads left
// undone.
func throttled(req *http.Request, operation string, body []byte) *http.Response {
	switch operation {
	case "TransactWriteItems":
		return answer(req, http.StatusBadRequest, `{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException",`+
			`"message":"injected","CancellationReasons":[{"Code":"None"},{"Code":"ThrottlingError","Message":"injected"}]}`)
	case "BatchGetItem":
		var in struct{ RequestItems json.RawMessage }
		if json.Unmarshal(body, &in) == nil {
			return answer(req, http.StatusOK, fmt.Sprintf(`{"Responses":{},"UnprocessedKeys":%s}`, in.RequestItems))
		}
	}
	return answer(req, http.StatusBadRequest, `{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"injected"}`)
}

// eventual returns what a read that is not strongly consistent may see: the time before anything was written.
func eventual(operation string, body []byte) (string, bool) {
	if bytes.Contains(body, []byte(`"ConsistentRead":true`)) {
		return "", false
	}
	switch operation {
	case "GetItem":
		return `{}`, true
	case "BatchGetItem":
		return `{"Responses":{},"UnprocessedKeys":{}}`, true
	case "Query":
		return `{"Items":[],"Count":0,"ScannedCount":0}`, true
	}
	return "", false
}

// torn reads the tables of a batch read one after the other, and lets other processes go on in between: DynamoDB
// promises each item to be current, never all of them at one moment.
func torn(req *http.Request, p *process, body []byte, forward func([]byte) (*http.Response, error)) (*http.Response, error) {
	var in struct{ RequestItems map[string]json.RawMessage }
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, err
	}
	merged := map[string]json.RawMessage{}
	for i, table := range slices.Backward(slices.Sorted(maps.Keys(in.RequestItems))) { // records before customers
		half, err := json.Marshal(map[string]any{"RequestItems": map[string]json.RawMessage{table: in.RequestItems[table]}})
		if err != nil {
			return nil, err
		}
		out, err := forward(half)
		if err != nil {
			return nil, err
		}
		var found struct{ Responses map[string]json.RawMessage }
		err = json.NewDecoder(out.Body).Decode(&found)
		out.Body.Close()
		if err != nil {
			return nil, err
		}
		maps.Copy(merged, found.Responses)
		if i > 0 && p.call("the other table") != proceed && p.dead {
			return nil, errLost
		}
	}
	raw, err := json.Marshal(map[string]any{"Responses": merged, "UnprocessedKeys": struct{}{}})
	if err != nil {
		return nil, err
	}
	return answer(req, http.StatusOK, string(raw)), nil
}

// faulty makes the store's client speak over the wire, and try twice without waiting.
func faulty(o *dynamodb.Options) {
	o.HTTPClient = &http.Client{Transport: wire{&http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}}}
	o.Retryer = impatient()
}

func impatient() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = 2
		o.RateLimiter = ratelimit.None
		o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
	})
}
