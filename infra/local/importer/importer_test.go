package importer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// api is a tracking API that keeps what it is sent.
type api struct {
	mu       sync.Mutex
	calls    int
	sizes    []int // events a call
	bytes    int   // of the largest body
	ids      map[string]int
	answer   func(call int, w http.ResponseWriter) (handled bool)
	rejected map[string]string // reason by order id
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls++
	if user, _, ok := r.BasicAuth(); !ok || user != "key" || r.URL.Path != "/v1/batch" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if a.answer != nil && a.answer(a.calls, w) {
		return
	}
	var body struct {
		Batch []struct {
			MessageID  string `json:"messageId"`
			Context    struct{ Import bool }
			Properties struct {
				OrderID string `json:"order_id"`
			}
		}
	}
	if err := json.Unmarshal(raw, &body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	a.sizes, a.bytes = append(a.sizes, len(body.Batch)), max(a.bytes, len(raw))
	var events []map[string]string
	for _, e := range body.Batch {
		if !e.Context.Import {
			http.Error(w, "not an import", http.StatusBadRequest)
			return
		}
		if reason, ok := a.rejected[e.Properties.OrderID]; ok {
			events = append(events, map[string]string{"fate": "rejected", "reason": reason, "pointer": "/batch/0/properties/total"})
			continue
		}
		a.ids[e.MessageID]++
		events = append(events, map[string]string{"fate": "accepted"})
	}
	json.NewEncoder(w).Encode(map[string]any{"success": true, "events": events})
}

func send(t *testing.T, a *api, file string) (*Result, error) {
	t.Helper()
	a.ids = map[string]int{}
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	return Orders(t.Context(), strings.NewReader(file), int64(len(file)), Options{URL: server.URL, WriteKey: "key", Currency: "EUR"})
}

// rows is a file of n orders, whose customers' ids are as long as asked for; JSON spells each of their characters in six.
func rows(n, length int) string {
	var b strings.Builder
	b.WriteString("customer_id,order_id,date,amount\n")
	for i := range n {
		fmt.Fprintf(&b, "%s,o%d,2024-01-05,1.00\n", strings.Repeat("<", length), i)
	}
	return b.String()
}

func TestEveryRowIsSentInBatchesThatTheAPITakes(t *testing.T) {
	for name, c := range map[string]struct{ n, length int }{
		"many small rows": {1234, 3}, "rows that fill a batch by their size": {1500, 128}, "none at all": {0, 1}, "exactly one batch": {500, 1},
	} {
		t.Run(name, func(t *testing.T) {
			a := &api{}
			result, err := send(t, a, rows(c.n, c.length))
			if err != nil || result.Rows != int64(c.n) || len(a.ids) != c.n {
				t.Fatalf("%+v, %v; %d events arrived, want %d", result, err, len(a.ids), c.n)
			}
			for _, n := range a.sizes {
				if n == 0 || n > batchEvents {
					t.Errorf("a batch of %d events", n)
				}
			}
			if a.bytes > 500<<10 {
				t.Errorf("a body of %d bytes", a.bytes)
			}
		})
	}
}

func TestWhatIsRefusedForNowIsSentAgain(t *testing.T) {
	for _, status := range []int{http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusServiceUnavailable} {
		a := &api{answer: func(call int, w http.ResponseWriter) bool {
			if call <= 2 {
				w.WriteHeader(status)
			}
			return call <= 2
		}}
		if result, err := send(t, a, rows(3, 1)); err != nil || result.Rows != 3 || a.calls != 3 {
			t.Errorf("after two answers of %d: %+v, %v, %d calls", status, result, err, a.calls)
		}
	}
}

func TestAConnectionThatBreaksIsTriedAgain(t *testing.T) {
	a := &api{answer: func(call int, _ http.ResponseWriter) bool {
		if call == 1 {
			panic(http.ErrAbortHandler)
		}
		return false
	}}
	if result, err := send(t, a, rows(3, 1)); err != nil || result.Rows != 3 {
		t.Errorf("%+v, %v", result, err)
	}
}

func TestWhatIsRefusedForGoodEndsTheImport(t *testing.T) {
	a := &api{answer: func(_ int, w http.ResponseWriter) bool {
		http.Error(w, "wrong key", http.StatusUnauthorized)
		return true
	}}
	_, err := send(t, a, rows(2000, 1))
	if err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("got %v, want the answer", err)
	}
}

func TestRowsThatAreRefusedAreListedAndTheOthersSent(t *testing.T) {
	a := &api{rejected: map[string]string{"o2": "too much"}}
	result, err := send(t, a, "customer_id,order_id,date,amount\nc,o1,2024-01-05,1\nc,o2,2024-01-05,9999\nc,o3,yesterday,1\nc,o4,2024-01-05,1\n")
	if err != nil || result.Rows != 2 || len(result.Refused) != 2 {
		t.Fatalf("%+v, %v; want two rows sent and two refused", result, err)
	}
	all := strings.Join(result.Refused, "\n")
	for _, want := range []string{"line 3: too much (properties/total)", "line 4, column date"} {
		if !strings.Contains(all, want) {
			t.Errorf("refused:\n%s\nwant %q", all, want)
		}
	}
}

func TestALongListOfRefusalsIsCutShort(t *testing.T) {
	result, err := send(t, &api{}, "customer_id,date,amount\n"+strings.Repeat("c,never,1\n", 100))
	if err != nil || len(result.Refused) != listRefused || result.More != 100-listRefused {
		t.Errorf("%d listed and %d more, %v", len(result.Refused), result.More, err)
	}
}

func TestSettleWaitsUntilAllIsFolded(t *testing.T) {
	waiting := []int{5, 3, 0}
	dead := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"queues":[{"name":"rfm","visible":9},{"name":"events","visible":%d,"dead":%d}]}`, waiting[0], dead)
		if len(waiting) > 1 {
			waiting = waiting[1:]
		}
	}))
	defer server.Close()
	var told []int
	if err := Settle(t.Context(), server.URL, Depth{}, func(n int) { told = append(told, n) }); err != nil || fmt.Sprint(told) != "[5 3]" {
		t.Errorf("told %v, %v", told, err)
	}
	dead = 2
	if err := Settle(t.Context(), server.URL, Depth{Dead: 1}, nil); err == nil || !strings.Contains(err.Error(), "1 messages ended among the dead letters") {
		t.Errorf("got %v, want the dead letter", err)
	}
}

func TestASuiteElsewhereDoesNotShowItsQueues(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	if _, err := Look(t.Context(), server.URL); !errors.Is(err, ErrNotLocal) {
		t.Errorf("got %v, want ErrNotLocal", err)
	}
}
