package lambda

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

var probe = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "probe-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "bootstrap")
	cmd := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", path, "./testdata/probe")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", errors.New(string(out))
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := probe(); err == nil {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

func newProbe(t *testing.T, change func(*Config)) *Function {
	t.Helper()
	path, err := probe()
	if err != nil {
		t.Fatal(err)
	}
	config := Config{
		Name: "probe", ARN: "arn:aws:lambda:eu-central-1:111111111111:function:probe", Executable: path,
		Environment: []string{"GREETING=hello", "AWS_LAMBDA_FUNCTION_NAME=probe", "AWS_REGION=eu-central-1"},
		Timeout:     30 * time.Second, Limit: 2, Log: io.Discard,
	}
	if change != nil {
		change(&config)
	}
	f := New(config)
	t.Cleanup(f.Close)
	return f
}

type answer struct {
	PID      int
	Function string
	Request  string
	Left     float64
	Greeting string
}

func ask(t *testing.T, f *Function) answer {
	t.Helper()
	raw, err := f.Invoke(t.Context(), []byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	var a answer
	if err := json.Unmarshal(raw, &a); err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAFunctionIsToldWhatLambdaTells(t *testing.T) {
	a := ask(t, newProbe(t, nil))
	if a.Function != "arn:aws:lambda:eu-central-1:111111111111:function:probe" || a.Greeting != "hello" || len(a.Request) != 36 {
		t.Errorf("told %+v", a)
	}
	if a.Left <= 0 || a.Left > 30 {
		t.Errorf("the deadline is %v s away, want at most the timeout of 30 s", a.Left)
	}
}

func TestAProcessIsUsedAgain(t *testing.T) {
	f := newProbe(t, nil)
	if first, second := ask(t, f), ask(t, f); first.PID != second.PID || first.Request == second.Request {
		t.Errorf("invocations %+v and %+v; want one process and two request ids", first, second)
	}
}

func TestAFailedInvocationSaysWhy(t *testing.T) {
	for name, c := range map[string]struct {
		payload  string
		kind     string
		message  string
		survives bool // the process lives on
	}{
		"an error that the handler returns":     {`{"Do":"fail"}`, "errorString", "as told", true},
		"a panic ends the process":              {`{"Do":"panic"}`, "string", "as told", false},
		"a process that exits":                  {`{"Do":"exit"}`, "Runtime.ExitError", "exit status 3", false},
		"an answer over Lambda's limit":         {`{"Do":"large"}`, "Function.ResponseSizeTooLarge", "6291456", false},
		"an invocation that outlives its limit": {`{"Do":"sleep"}`, "Sandbox.Timedout", "timed out after 2.00 seconds", false},
	} {
		t.Run(name, func(t *testing.T) {
			var told error
			f := newProbe(t, func(c *Config) {
				c.Timeout = 2 * time.Second
				c.OnFailure = func(err error) { told = err }
			})
			before := ask(t, f)
			_, err := f.Invoke(t.Context(), []byte(c.payload))
			var failed *Error
			if !errors.As(err, &failed) || failed.Type != c.kind || !strings.Contains(failed.Message, c.message) {
				t.Fatalf("got %v, want %s with %q", err, c.kind, c.message)
			}
			if told == nil {
				t.Error("nobody was told of the failure")
			}
			if after := ask(t, f); (after.PID == before.PID) != c.survives {
				t.Errorf("process %d was followed by %d; want it to survive: %v", before.PID, after.PID, c.survives)
			}
		})
	}
}

func TestAProcessThatIsKilledFailsItsInvocationAndTheNextOneSucceeds(t *testing.T) {
	f := newProbe(t, nil)
	before := ask(t, f)
	failed := make(chan error, 1)
	go func() {
		_, err := f.Invoke(context.Background(), []byte(`{"Do":"sleep"}`))
		failed <- err
	}()
	for f.Running() == 0 {
		time.Sleep(time.Millisecond)
	}
	f.Kill()
	select {
	case err := <-failed:
		var died *Error
		if err != nil && (!errors.As(err, &died) || died.Type != "Runtime.ExitError") {
			t.Errorf("got %v, want Runtime.ExitError", err)
		}
	case <-time.After(100 * time.Millisecond): // killed before it had the event: another process has it now
		f.Kill()
		<-failed
	}
	if after := ask(t, f); after.PID == before.PID {
		t.Error("the process outlived SIGKILL")
	}
}

func TestTwoInvocationsRunSideBySideInTwoProcesses(t *testing.T) {
	f := newProbe(t, nil)
	payload, err := json.Marshal(map[string]string{"Do": "meet", "File": t.TempDir() + "/"})
	if err != nil {
		t.Fatal(err)
	}
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if _, err := f.Invoke(t.Context(), payload); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
}

func TestAProcessThatDoesNotComeUpFailsTheInvocation(t *testing.T) {
	var log bytes.Buffer
	f := newProbe(t, func(c *Config) { c.Environment, c.Log = append(c.Environment, "BROKEN=1"), &log })
	_, err := f.Invoke(t.Context(), []byte(`{}`))
	var failed *Error
	if !errors.As(err, &failed) || failed.Type != "Runtime.ExitError" || !strings.Contains(failed.Message, "exit status 1") {
		t.Errorf("got %v, want Runtime.ExitError with the exit status", err)
	}
	if !strings.Contains(log.String(), "BROKEN is set") {
		t.Errorf("the log holds %q, want what the process wrote", log.String())
	}
}

func TestCloseLeavesNoProcess(t *testing.T) {
	f := newProbe(t, nil)
	pid := ask(t, f).PID
	f.Close()
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("process %d is still there: %v", pid, err)
	}
	if _, err := f.Invoke(t.Context(), []byte(`{}`)); !errors.Is(err, ErrClosed) {
		t.Errorf("an invocation after the end gave %v, want ErrClosed", err)
	}
}
