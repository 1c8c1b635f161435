// Package telemetry is how a function tells what it does: JSON logs with the request's id, and counts in CloudWatch's
// embedded metric format, which costs no call. Neither ever holds personal data.
package telemetry

import (
	"encoding/json"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// NewLogger returns the function's logger: JSON lines with the request id, at the level that Lambda's settings name.
func NewLogger() *slog.Logger { return lambdacontext.NewLogger() }

// Namespace is the CloudWatch namespace of the suite's own metrics.
const Namespace = "Liuke"

// Counter writes counts by outcome for one function. It is safe for concurrent use.
type Counter struct {
	mu       sync.Mutex
	out      io.Writer
	function string
	now      func() time.Time
}

// NewCounter returns a counter that writes to out (a function's standard output).
func NewCounter(out io.Writer, function string, now func() time.Time) *Counter {
	return &Counter{out: out, function: function, now: now}
}

// Count writes one line that counts n under the metric's name. Zero counts write nothing.
func (c *Counter) Count(metric string, n int) {
	if c == nil || n == 0 {
		return
	}
	line, err := json.Marshal(map[string]any{
		"_aws": map[string]any{
			"Timestamp": c.now().UnixMilli(),
			"CloudWatchMetrics": []any{map[string]any{
				"Namespace":  Namespace,
				"Dimensions": [][]string{{"function"}},
				"Metrics":    []any{map[string]string{"Name": metric, "Unit": "Count"}},
			}},
		},
		"function": c.function,
		metric:     n,
	})
	if err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out.Write(append(line, '\n')) // a metric that cannot be written has nowhere else to go
}
