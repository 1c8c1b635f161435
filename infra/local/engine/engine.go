package engine

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"liuke/infra/local/process"
)

// Engine is a running engine, or one that someone else runs.
type Engine struct {
	URL     string // where it listens, e.g. http://127.0.0.1:41234
	process *process.Process
	output  *output
}

// Done is closed when an engine that this process started has ended; it is nil, never ready, for others.
func (e *Engine) Done() <-chan struct{} {
	if e.process == nil {
		return nil
	}
	return e.process.Done()
}

// Output returns the last of what the engine wrote.
func (e *Engine) Output() string {
	if e.output == nil {
		return ""
	}
	return e.output.String()
}

// Stop ends an engine that this process started: gently, so that it finishes its writes.
func (e *Engine) Stop() {
	if e != nil && e.process != nil {
		e.process.Stop(3 * time.Second)
	}
}

const (
	startTries = 5
	readyIn    = 20 * time.Second
)

// DynamoDB starts dynoxide: over the file, or in memory where file is "". It needs Install. Where
// AWS_ENDPOINT_URL_DYNAMODB is set it starts nothing and returns that address.
func DynamoDB(ctx context.Context, root, file string) (*Engine, error) {
	if url := os.Getenv("AWS_ENDPOINT_URL_DYNAMODB"); url != "" {
		return &Engine{URL: strings.TrimRight(url, "/")}, nil
	}
	binary, err := dynoxide(root)
	if err != nil {
		return nil, err
	}
	var last error
	for range startTries { // another process may take the free port first
		port, err := freePort()
		if err != nil {
			return nil, err
		}
		arguments := []string{"serve", "--host", "127.0.0.1", "--port", port}
		if file != "" {
			arguments = append(arguments, "--db-path", file)
		}
		e := &Engine{URL: "http://127.0.0.1:" + port, output: &output{}}
		cmd := exec.Command(binary, arguments...)
		cmd.Stdout, cmd.Stderr = e.output, e.output
		if e.process, err = process.Start(cmd); err != nil {
			return nil, fmt.Errorf("start dynoxide: %w", err)
		}
		if last = e.awaitAnswer(ctx); last == nil {
			return e, nil
		}
		e.process.Kill()
		if ctx.Err() != nil {
			break
		}
	}
	return nil, fmt.Errorf("start dynoxide: %w", last)
}

func dynoxide(root string) (string, error) {
	arch := map[string]string{"amd64": "x64"}[runtime.GOARCH]
	if arch == "" {
		arch = runtime.GOARCH
	}
	path := filepath.Join(root, "infra", "node_modules", "@dynoxide", runtime.GOOS+"-"+arch, "dynoxide")
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("no dynoxide for %s-%s is installed: start DynamoDB Local or another engine and name it in AWS_ENDPOINT_URL_DYNAMODB", runtime.GOOS, arch)
	}
	return path, nil
}

// awaitAnswer returns nil once the engine's own process answers HTTP.
func (e *Engine) awaitAnswer(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyIn)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, e.URL, nil)
		if err != nil {
			return err
		}
		if response, err := http.DefaultClient.Do(request); err == nil {
			response.Body.Close()
			select {
			case <-e.Done(): // someone else's port
			default:
				return nil
			}
		}
		select {
		case <-e.Done():
			return fmt.Errorf("it ended: %s", tail(e.Output(), 5))
		case <-ctx.Done():
			return fmt.Errorf("it does not answer: %w; its output: %s", ctx.Err(), tail(e.Output(), 5))
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

//go:embed queues.mjs
var queuesScript string

// Queues starts fauxqs: SQS, SNS and S3 in memory, at one address. It needs Install. Where AWS_ENDPOINT_URL_SQS is set it
// starts nothing and returns that address.
func Queues(ctx context.Context, root string) (*Engine, error) {
	if url := os.Getenv("AWS_ENDPOINT_URL_SQS"); url != "" {
		return &Engine{URL: strings.TrimRight(url, "/")}, nil
	}
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, errors.New("no Node.js: install Node.js 22 or newer (https://nodejs.org)")
	}
	address := make(chan string, 1)
	e := &Engine{output: &output{firstLine: address}}
	cmd := exec.Command(node, "--input-type=module", "--eval", queuesScript, "--", filepath.Join(root, "infra", "node_modules"))
	cmd.Stdout, cmd.Stderr = e.output, e.output
	if e.process, err = process.Start(cmd); err != nil {
		return nil, fmt.Errorf("start fauxqs: %w", err)
	}
	select {
	case e.URL = <-address:
		if strings.HasPrefix(e.URL, "http://127.0.0.1:") {
			return e, nil
		}
		err = errors.New("it does not start")
	case <-e.Done():
		err = errors.New("it ended")
	case <-ctx.Done():
		err = ctx.Err()
	case <-time.After(readyIn):
		err = errors.New("it does not start")
	}
	e.process.Kill()
	return nil, fmt.Errorf("start fauxqs: %w: %s", err, tail(e.Output(), 5))
}

// output keeps the last of what a process wrote, and hands on its first line.
type output struct {
	mu        sync.Mutex
	kept      bytes.Buffer
	firstLine chan<- string
}

const keptOutput = 16 << 10

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.kept.Write(p)
	if o.firstLine != nil {
		if line, err := bufio.NewReader(bytes.NewReader(o.kept.Bytes())).ReadString('\n'); err == nil {
			o.firstLine <- strings.TrimSpace(line)
			o.firstLine = nil
		}
	}
	if over := o.kept.Len() - keptOutput; over > 0 {
		o.kept.Next(over)
	}
	return len(p), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.kept.String()
}
