package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"liuke/infra/local/suite"
)

var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "local-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "local")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := binary(); err == nil {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// up is a running `up`.
type up struct {
	cmd   *exec.Cmd
	state string
	out   *bytes.Buffer
	ended chan error
}

func startUp(t *testing.T, state string) *up {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	u := &up{cmd: exec.Command(path, "up", "-addr", "127.0.0.1:0", "-state", state), state: state, out: &bytes.Buffer{}, ended: make(chan error, 1)}
	u.cmd.Stdout, u.cmd.Stderr = u.out, u.out
	u.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := u.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { u.ended <- u.cmd.Wait() }()
	t.Cleanup(func() { u.cmd.Process.Kill() })
	return u
}

// ready waits for endpoint.json and has two functions start processes.
func (u *up) ready(t *testing.T) suite.Endpoint {
	t.Helper()
	for {
		select {
		case err := <-u.ended:
			t.Fatalf("up ended: %v\n%s", err, u.out)
		default:
		}
		e, err := suite.ReadEndpoint(u.state)
		if err != nil {
			time.Sleep(20 * time.Millisecond)
			continue
		}
		r, err := http.NewRequest(http.MethodPost, e.URL+"/v1/track", strings.NewReader(`{"userId":"alice","event":"Checked In"}`))
		if err != nil {
			t.Fatal(err)
		}
		r.SetBasicAuth(e.WriteKey, "")
		answer, err := http.DefaultClient.Do(r)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("the API answered %v, %v", answer, err)
		}
		answer.Body.Close()
		return e
	}
}

// descendants lists the processes below a process, by /proc.
func descendants(t *testing.T, root int) []int {
	t.Helper()
	parents := map[int]int{}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		stat, err := os.ReadFile(filepath.Join("/proc", e.Name(), "stat"))
		if err != nil {
			continue // it has gone
		}
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		if parent, err := strconv.Atoi(fields[1]); err == nil && fields[0] != "Z" {
			parents[pid] = parent
		}
	}
	var list []int
	for pid := range parents {
		for p := parents[pid]; p > 1; p = parents[p] {
			if p == root {
				list = append(list, pid)
				break
			}
		}
	}
	return list
}

// alive returns those of the processes that are there and not only waiting to be reaped.
func alive(pids []int) []int {
	return slices.DeleteFunc(slices.Clone(pids), func(pid int) bool {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		return err != nil || strings.Contains(string(stat), ") Z ")
	})
}

func TestNoProcessOutlivesUp(t *testing.T) {
	for name, sig := range map[string]syscall.Signal{
		"after Ctrl-C": syscall.SIGINT, "after SIGTERM": syscall.SIGTERM, "after SIGKILL": syscall.SIGKILL,
	} {
		t.Run(name, func(t *testing.T) {
			u := startUp(t, t.TempDir())
			u.ready(t)
			below := descendants(t, u.cmd.Process.Pid)
			if len(below) < 3 {
				t.Fatalf("%d processes below up; want engines and a function at least", len(below))
			}
			if err := u.cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			err := <-u.ended
			if sig != syscall.SIGKILL && err != nil {
				t.Errorf("up ended with %v, want success\n%s", err, u.out)
			}
			end := time.Now().Add(10 * time.Second) // the kernel's own signal takes a moment
			for len(alive(below)) > 0 && time.Now().Before(end) {
				time.Sleep(10 * time.Millisecond)
			}
			if left := alive(below); len(left) > 0 {
				t.Errorf("%d of %d processes are left: %v", len(left), len(below), left)
			}
		})
	}
}

func TestAnInterruptDuringTheStartLeavesNoProcess(t *testing.T) {
	u := startUp(t, t.TempDir())
	var below []int
	for len(below) == 0 {
		below = descendants(t, u.cmd.Process.Pid)
	}
	if err := u.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	<-u.ended
	below = append(below, descendants(t, u.cmd.Process.Pid)...)
	if left := alive(below); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	if _, err := suite.ReadEndpoint(u.state); err == nil {
		t.Error("endpoint.json is there although nothing runs")
	}
}

func TestImportFoldsAFileOnce(t *testing.T) {
	u := startUp(t, t.TempDir())
	e := u.ready(t)
	file := filepath.Join(t.TempDir(), "orders.csv")
	rows := "id,date,revenue\nalice,2024-01-05,19.90\nalice,2024-01-05,19.90\nbob,2024-02-08,12.50\nbob,not a day,1\n"
	if err := os.WriteFile(file, []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		arguments []string
		says      string
	}{
		{[]string{"-dry-run", "-state", u.state, "orders", file, "-columns", "customer_id=id"}, "nothing was imported"},
		{[]string{"-state", u.state, "orders", file, "-columns", "customer_id=id,amount=revenue"}, "all of it folded"},
		{[]string{"orders", file, "-url", e.URL, "-token", e.OperatorToken, "-columns", "customer_id=id"}, "all of it folded"},
	} {
		out, err := exec.Command(path, append([]string{"import"}, c.arguments...)...).CombinedOutput()
		for _, want := range []string{c.says, "3 accepted, 1 refused", "line 5, column date", "customer_id is the column id"} {
			if err == nil || !strings.Contains(string(out), want) {
				t.Errorf("%v: %v\n%s\nwant %q", c.arguments, err, out, want)
			}
		}
	}
	out, err := exec.Command(path, "import", "orders", file, "-state", u.state).CombinedOutput()
	if want := "the file has no column customer_id. It has: id, date, revenue. Say which one it is, such as -columns customer_id=id"; err == nil || !strings.Contains(string(out), want) {
		t.Errorf("%v\n%s\nwant %q", err, out, want)
	}
	var run struct {
		ID       string `json:"run_id"`
		State    string
		Segments []struct{ Orders int }
	}
	call := func(method, path, body string) {
		r, err := http.NewRequest(method, e.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+e.OperatorToken)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if err := json.NewDecoder(answer.Body).Decode(&run); err != nil {
			t.Fatal(err)
		}
	}
	call(http.MethodPost, "/v1/rfm/runs", `{"as_of":"2024-12-31","window_days":0}`)
	for run.State != "done" && run.State != "failed" {
		call(http.MethodGet, "/v1/rfm/runs/"+run.ID, "")
		time.Sleep(20 * time.Millisecond)
	}
	orders := 0
	for _, s := range run.Segments {
		orders += s.Orders
	}
	if orders != 3 {
		t.Errorf("%d orders after importing a file of 3 twice, want 3", orders)
	}
}

func TestAnImportThatCannotBeSaysWhatToGive(t *testing.T) {
	folder := t.TempDir()
	empty := filepath.Join(folder, "empty.csv")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	full := filepath.Join(folder, "full.csv")
	if err := os.WriteFile(full, []byte("a"), 0o600); err != nil {
		t.Fatal(err)
	}
	for arguments, want := range map[string]string{
		"orders":                              "give what to import and a file",
		"orders " + folder:                    "is a folder: give the file in it",
		"orders " + empty:                     "is empty",
		"orders " + folder + "/none":          "no such file",
		"sheep " + full:                       "kind is orders, customers, answers, pinpoint, delighted or codes",
		"orders " + full + " -columns id":     "columns are pairs",
		"orders " + full + " -columns ear=id": "there is no field ear: the fields are amount, currency, customer_id, date, order_id",
		"orders " + full + " -currency EURO":  "a currency is an active ISO 4217 code",
		"orders " + full + " -as-of soon":     "-as-of is a day",
		"orders " + full + " -url http://x":   "-url wants -token",
		"orders " + full + " -key k":          "imports are an operator's",
		"codes " + full:                       "-pool NAME",
	} {
		if err := importCommand(t.Context(), strings.Fields(arguments)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("import %s: %v, want %q", arguments, err, want)
		}
	}
}

func TestFlagsMayStandAnywhere(t *testing.T) {
	for _, arguments := range []string{"-state d orders f", "orders -state d f", "orders f -state d", "orders f -state=d"} {
		flags := flag.NewFlagSet("import", flag.ContinueOnError)
		state := flags.String("state", "", "")
		others, err := parse(flags, strings.Fields(arguments))
		if err != nil || *state != "d" || strings.Join(others, " ") != "orders f" {
			t.Errorf("%q was read as %v with -state %q, %v", arguments, others, *state, err)
		}
	}
	var bad usageError
	if _, err := parse(flag.NewFlagSet("x", flag.ContinueOnError), []string{"-nobody"}); !errors.As(err, &bad) {
		t.Errorf("an unknown flag gave %v", err)
	}
}

func TestABadAddressIsRefusedWithWhatToGive(t *testing.T) {
	for name, addr := range map[string]string{
		"no port at all":        "127.0.0.1",
		"a port out of range":   "127.0.0.1:70000",
		"a port that is a name": "127.0.0.1:http",
		"an empty port":         "127.0.0.1:",
	} {
		t.Run(name, func(t *testing.T) {
			for _, c := range []command{upCommand, demoCommand} {
				err := c(t.Context(), []string{"-addr", addr})
				if !errors.As(err, new(usageError)) || !strings.Contains(err.Error(), "HOST:PORT") {
					t.Errorf("got %v, want how to write an address", err)
				}
			}
		})
	}
}
