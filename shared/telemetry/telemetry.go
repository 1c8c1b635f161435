// Package telemetry is how a function tells what it does: JSON logs with the request's id, and counts in CloudWatch's
// embedded metric format, which costs no call. Neither ever holds personal data.
package telemetry

import (
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"slices"
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

// NewCounter returns a counter that writes to out (a function's standard output). In Lambda the dimension "function" is
// the deployed function's own name rather than the given one, so that alarms tell the stages of one account apart.
func NewCounter(out io.Writer, function string, now func() time.Time) *Counter {
	if lambdacontext.FunctionName != "" {
		function = lambdacontext.FunctionName
	}
	return &Counter{out: out, function: function, now: now}
}

// Count writes one line that counts n under the metric's name. Zero counts write nothing.
func (c *Counter) Count(metric string, n int) { c.CountBy("", map[string]int{metric: n}) }

// CountBy writes one line that counts under several metrics' names, for the function as a whole and, unless it is "",
// for the call (a route of its API). Zero counts are left out, and a line without any is not written.
func (c *Counter) CountBy(call string, counts map[string]int) {
	if c == nil {
		return
	}
	line := map[string]any{"function": c.function}
	metrics := []map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		if n := counts[name]; n != 0 {
			line[name] = n
			metrics = append(metrics, map[string]string{"Name": name, "Unit": "Count"})
		}
	}
	dimensions := [][]string{{"function"}}
	if call != "" {
		line["call"] = call
		dimensions = append(dimensions, []string{"function", "call"})
	}
	if len(metrics) > 0 {
		c.write(line, dimensions, metrics)
	}
}

// write writes a line in the embedded metric format.
func (c *Counter) write(line map[string]any, dimensions [][]string, metrics []map[string]string) {
	line["_aws"] = map[string]any{
		"Timestamp": c.now().UnixMilli(),
		"CloudWatchMetrics": []any{map[string]any{
			"Namespace":  Namespace,
			"Dimensions": dimensions,
			"Metrics":    metrics,
		}},
	}
	text, err := json.Marshal(line)
	if err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out.Write(append(text, '\n')) // a metric that cannot be written has nowhere else to go
}
