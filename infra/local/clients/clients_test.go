package clients

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"liuke/infra/local/engine"
	"liuke/infra/local/process"
	"liuke/infra/local/project"
	"liuke/infra/local/suite"
	"liuke/infra/local/synth"
)

// clients are the libraries, by the program around each, and the share of each in the 10,000 events.
var clients = []struct {
	name      string
	customers int
	write     func(*buyer)
	command   []string // with the folder of the Go programs for BIN
}{
	{"segment-go", 180, server, []string{"BIN/segment-go"}},
	{"segment-node", 120, server, []string{"node", "segment-node.mjs"}},
	{"rudder-node", 60, server, []string{"node", "rudder-node.mjs"}},
	{"browser", 20, browser, []string{"node", "browser.mjs"}},
	{"cloudevents", 20, events, []string{"BIN/cloudevents"}},
}

const origin = "http://localhost:5173" // of the browser's page

func TestLibrariesOfOthersDeliverExactly(t *testing.T) {
	root, err := project.Root()
	if err != nil {
		t.Fatal(err)
	}
	programs, bin := filepath.Join(root, "testdata", "clients"), t.TempDir()
	say := func(what string) { t.Log(time.Now().Format("15:04:05"), what) }
	prepare(t, root, programs, bin, say)
	s, err := suite.Start(t.Context(), suite.Options{
		Root: root, State: t.TempDir(), Addr: "127.0.0.1:0", Assembly: assembly(t, root, say), Say: say, Paused: true, Window: 200 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)

	shops := map[string]*shop{}
	faults := map[string]*faulty{}
	g, sending := errgroup.WithContext(t.Context())
	sent := 0
	for _, c := range clients {
		shops[c.name] = newShop(c.name, c.customers, c.write)
		sent += len(shops[c.name].calls)
		proxy, url := newFaulty(t, s.URL)
		faults[c.name] = proxy
		g.Go(func() error {
			started := time.Now()
			out, err := run(sending, programs, bin, c.command, url, s.WriteKey, shops[c.name].calls)
			if err != nil {
				return fmt.Errorf("%s: %w: %s", c.name, err, out)
			}
			say(fmt.Sprintf("%s: %s in %.1f s", c.name, strings.TrimSpace(out), time.Since(started).Seconds()))
			return nil
		})
	}
	if sent != 10_000 {
		t.Errorf("the shops make %d calls, want 10,000", sent)
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	say("all was sent; waiting for it to be folded")
	settle(t, s)
	say("folded")
	came := map[fault]int{}
	for _, c := range clients {
		t.Run(c.name, func(t *testing.T) { compare(t, s, shops[c.name], faults[c.name].Came()) })
		for kind, n := range faults[c.name].Came() {
			came[kind] += n
		}
	}
	for kind := refused; kind <= doubled; kind++ {
		if came[kind] == 0 {
			t.Errorf("no request was struck by %q", faultNames[kind])
		}
	}
	check(t, s)
}

// prepare installs the libraries and builds the programs in Go.
func prepare(t *testing.T, root, programs, bin string, say func(string)) {
	t.Helper()
	if err := engine.InstallIn(t.Context(), root, programs, "installing the libraries (npm ci, once)", say); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "build", "-o", bin+string(filepath.Separator), "./...")
	cmd.Dir = programs
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := process.Run(t.Context(), cmd); err != nil {
		t.Fatalf("build the programs: %v\n%s", err, out.Bytes())
	}
}

// assembly is the repository's own, deployed with the page's origin among the web_origins.
func assembly(t *testing.T, root string, say func(string)) string {
	t.Helper()
	if err := engine.Install(t.Context(), root, say); err != nil {
		t.Fatal(err)
	}
	dir, err := synth.With(t.Context(), root, map[string]any{"web_origins": []string{origin}}, say)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// run runs a program on calls until they are delivered.
func run(ctx context.Context, programs, bin string, command []string, url, key string, calls []call) (string, error) {
	var in, out bytes.Buffer
	lines := json.NewEncoder(&in)
	for _, c := range calls {
		if err := lines.Encode(c); err != nil {
			return "", err
		}
	}
	cmd := exec.Command(strings.Replace(command[0], "BIN", bin, 1), append(command[1:len(command):len(command)], "-url", url, "-key", key)...)
	cmd.Dir, cmd.Env = programs, append(os.Environ(), "NODE_NO_WARNINGS=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &in, &out, &out
	err := process.Run(ctx, cmd)
	return out.String(), err
}

// settle waits until all is folded. What the policies refuse, or what ends among the dead letters, never will be.
func settle(t *testing.T, s *suite.Suite) {
	t.Helper()
	ctx, end := context.WithCancelCause(t.Context())
	defer end(nil)
	go func() {
		for ctx.Err() == nil {
			if denied := s.Permissions().Denied; len(denied) > 0 {
				end(fmt.Errorf("the templates leave out a permission: %s", denied[0].What))
			}
			select {
			case <-ctx.Done():
			case err := <-s.Failed():
				end(err)
			case <-time.After(200 * time.Millisecond):
			}
		}
	}()
	if err := s.Settle(ctx); err != nil {
		t.Fatal(errors.Join(err, context.Cause(ctx)))
	}
}

// compare compares each customer with what was sent.
func compare(t *testing.T, s *suite.Suite, shop *shop, came map[fault]int) {
	var line strings.Builder
	for kind := refused; kind <= doubled; kind++ {
		fmt.Fprintf(&line, "; %s: %d", faultNames[kind], came[kind])
	}
	t.Logf("%d calls of %d customers; passed: %d%s", len(shop.calls), len(shop.want), came[none], &line)
	wrong := 0
	for customer, want := range shop.want {
		if got := look(t, s, customer); got != want {
			if wrong++; wrong <= 5 {
				t.Errorf("%s came to %+v, want %+v", customer, got, want)
			}
		}
	}
	if wrong > 0 {
		t.Errorf("%d of %d customers are wrong", wrong, len(shop.want))
	}
}

// look reads a customer as an operator does.
func look(t *testing.T, s *suite.Suite, customer string) totals {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/v1/customers/"+customer, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.OperatorToken)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	var view struct {
		Orders struct {
			Count   int64
			Revenue json.Number
		}
		Activity struct{ Events int64 }
	}
	if err := json.Unmarshal(raw, &view); answer.StatusCode != http.StatusOK || err != nil {
		t.Errorf("%s: %s %s", customer, answer.Status, raw)
		return totals{}
	}
	return totals{orders: view.Orders.Count, cents: cents(t, view.Orders.Revenue.String()), activity: view.Activity.Events}
}

// cents reads an amount exactly.
func cents(t *testing.T, amount string) int64 {
	t.Helper()
	whole, fraction, _ := strings.Cut(amount, ".")
	var n int64
	if _, err := fmt.Sscanf(whole+(fraction + "00")[:2], "%d", &n); err != nil {
		t.Fatalf("the amount %q: %v", amount, err)
	}
	return n
}

// check sees to it that nothing was refused and nothing is left over.
func check(t *testing.T, s *suite.Suite) {
	t.Helper()
	state, err := s.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range state.Queues {
		if q.Dead > 0 {
			t.Errorf("%d messages of %s are dead letters", q.Dead, q.Name)
		}
	}
	for _, d := range s.Permissions().Denied {
		t.Errorf("refused: %s", d.What)
	}
}
