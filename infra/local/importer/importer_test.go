package importer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"liuke/shared/importfile"
)

const (
	token = "Bearer operator"
	file  = "customer_id,date,amount\nc,2024-01-05,1\nc,never,1\n"
)

// suite answers as a suite does that keeps what is uploaded.
type suite struct {
	t        *testing.T
	request  importfile.Request
	uploaded string
	views    []importfile.View // one after the other
	fails    map[string]int    // how often a call fails first, by method and path
	status   int               // with which
	server   *httptest.Server
}

func newSuite(t *testing.T, views ...importfile.View) *suite {
	s := &suite{t: t, views: views, fails: map[string]int{}, status: http.StatusServiceUnavailable}
	s.server = httptest.NewServer(s)
	t.Cleanup(s.server.Close)
	return s
}

func (s *suite) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	call := r.Method + " " + r.URL.Path
	if s.fails[call] > 0 {
		s.fails[call]--
		if s.status == 0 {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(s.status)
		fmt.Fprint(w, `{"detail":"not now","pointer":"/kind"}`)
		return
	}
	switch {
	case call == "GET /_local/queues":
		fmt.Fprint(w, `{"queues":[{"name":"events"}]}`)
	case call == "PUT /lake/upload" && r.Header.Get("Authorization") == "" && r.ContentLength == int64(len(file)):
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			s.t.Error(err)
		}
		s.uploaded = string(raw)
	case r.Header.Get("Authorization") != token:
		w.WriteHeader(http.StatusUnauthorized)
	case call == "POST /v1/imports":
		if err := json.NewDecoder(r.Body).Decode(&s.request); err != nil {
			s.t.Error(err)
		}
		w.WriteHeader(http.StatusCreated)
		json.NewEncoder(w).Encode(importfile.Ticket{ID: "i", URL: s.server.URL + "/lake/upload?signature=secret"})
	case call == "GET /v1/imports/i" && s.uploaded == file:
		json.NewEncoder(w).Encode(s.views[0])
		if len(s.views) > 1 {
			s.views = s.views[1:]
		}
	default:
		http.Error(w, "unexpected "+call, http.StatusTeapot)
	}
}

func (s *suite) run() (*Result, []string, error) {
	var told []string
	r, err := Import(s.t.Context(), strings.NewReader(file), int64(len(file)), Options{
		URL: s.server.URL, Token: "operator", Request: importfile.Request{Kind: importfile.Orders, Columns: map[string]string{"date": "day"}},
		Progress: func(share float64, words string) { told = append(told, fmt.Sprintf("%.0f%% %s", 100*share, words)) },
	})
	return r, told, err
}

var (
	waiting = importfile.View{ID: "i", State: importfile.Waiting}
	reading = importfile.View{ID: "i", State: importfile.Reading, Bytes: importfile.Share{Done: 5, Of: 10}, Rows: importfile.Rows{Read: 1, Accepted: 1}}
	done    = importfile.View{
		ID: "i", State: importfile.Done, Rows: importfile.Rows{Read: 2, Accepted: 1, Refused: 1}, Taken: []importfile.Taken{{Survey: "nps", Type: "nps", Rows: 1}},
		Refused: []importfile.Refused{{Number: 3, Column: "date", Reason: "no day"}},
	}
)

func TestAFileIsUploadedAndAwaited(t *testing.T) {
	s := newSuite(t, waiting, reading, done)
	r, told, err := s.run()
	if err != nil || r.Rows.Accepted != 1 || len(r.Taken) != 1 || len(r.Refused) != 1 || r.Folded == 0 || s.request.Bytes != int64(len(file)) || s.request.Columns["date"] != "day" {
		t.Fatalf("%+v, %v; the request was %+v", r, err, s.request)
	}
	all := strings.Join(told, "\n")
	for _, want := range []string{"100% uploading, 0.0 of 0.0 MB", "0% uploaded; waiting", "50% 1 rows read, 0 of them refused"} {
		if !strings.Contains(all, want) {
			t.Errorf("told:\n%s\nwant %q", all, want)
		}
	}
}

func TestWhatFailsForNowIsTriedAgain(t *testing.T) {
	for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable, 0} {
		s := newSuite(t, done)
		s.fails, s.status = map[string]int{"POST /v1/imports": 1, "PUT /lake/upload": 1, "GET /v1/imports/i": 1}, status
		if status == http.StatusTooManyRequests {
			delete(s.fails, "PUT /lake/upload")
		}
		if _, _, err := s.run(); err != nil {
			t.Errorf("after answers of %d: %v", status, err)
		}
	}
}

func TestWhatFailsForGoodIsSaid(t *testing.T) {
	for name, c := range map[string]struct {
		call   string
		status int
		view   importfile.View
		want   string
	}{
		"a request that is refused":  {"POST /v1/imports", http.StatusBadRequest, done, "open an import: not now (kind)"},
		"a token that is not good":   {"POST /v1/imports", http.StatusForbidden, done, "is the token an operator's"},
		"an upload that is refused":  {"PUT /lake/upload", http.StatusForbidden, done, "upload: the suite's storage answered 403"},
		"a file that cannot be read": {"", 0, importfile.View{State: importfile.Failed, Reason: "the file has no column date"}, "the file has no column date"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSuite(t, c.view)
			s.fails, s.status = map[string]int{c.call: 1}, c.status
			_, _, err := s.run()
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestARequestThatIsWrongIsNotSent(t *testing.T) {
	_, err := Import(t.Context(), strings.NewReader(""), 0, Options{URL: "http://127.0.0.1:1", Request: importfile.Request{Kind: importfile.Orders}})
	if err == nil || !strings.Contains(err.Error(), "a file that is not empty") {
		t.Errorf("got %v", err)
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
