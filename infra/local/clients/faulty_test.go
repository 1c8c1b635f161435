package clients

import (
	"bytes"
	"compress/gzip"
	"hash/fnv"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"sync"
	"testing"
)

// fault is what befalls a request on its way to the suite.
type fault int

const (
	none       fault = iota
	refused          // 500, and nothing was taken
	busy             // 503 with Retry-After, and nothing was taken
	lost             // the connection breaks off before the suite has the request
	unanswered       // the suite takes the request, and the connection breaks off
	broken           // the suite takes the request, and the answer is 502
	doubled          // the suite takes the request twice
)

var faultNames = map[fault]string{
	refused: "500", busy: "503", lost: "lost", unanswered: "taken, unanswered", broken: "taken, 502", doubled: "taken twice",
}

// faulty is a proxy that lets faults befall requests: which, follows from what they carry and how often it came before.
// Nothing is struck more than twice, so that no library runs out of patience.
type faulty struct {
	to string // the suite's address

	mu    sync.Mutex
	tries map[string]int
	came  map[fault]int
}

func newFaulty(t *testing.T, to string) (*faulty, string) {
	t.Helper()
	f := &faulty{to: to, tries: map[string]int{}, came: map[fault]int{}}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return f, server.URL
}

// Came tells how often each fault came so far.
func (f *faulty) Came() map[fault]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.came)
}

func (f *faulty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the caller has gone
	}
	switch kind := f.decide(r, body); kind {
	case refused:
		w.WriteHeader(http.StatusInternalServerError)
	case busy:
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
	case lost:
		panic(http.ErrAbortHandler)
	case unanswered:
		f.forward(r, body)
		panic(http.ErrAbortHandler)
	case broken:
		f.forward(r, body)
		w.WriteHeader(http.StatusBadGateway)
	case doubled:
		f.forward(r, body)
		f.answer(w, r, body)
	default:
		f.answer(w, r, body)
	}
}

// carried is the id of the first event that a request carries.
var carried = regexp.MustCompile(`"(?:messageId|id)":\s*"([^"]+)"`)

// decide picks the request's fault and counts it.
func (f *faulty) decide(r *http.Request, body []byte) fault {
	if r.Method != http.MethodPost {
		return none
	}
	if r.Header.Get("Content-Encoding") == "gzip" {
		if plain, err := gzip.NewReader(bytes.NewReader(body)); err == nil {
			body, _ = io.ReadAll(plain) // what is cut off has no id, and passes
		}
	}
	id := r.Header.Get("Ce-Id")
	if ids := carried.FindAllSubmatch(body, 2); id == "" && len(ids) > 0 {
		id = string(ids[len(ids)-1][1]) // the first may be the batch's own, which is another with each try
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	try := f.tries[id]
	f.tries[id]++
	if id == "" || try >= 2 {
		return none
	}
	h := fnv.New32a()
	io.WriteString(h, id+strconv.Itoa(try))
	kind := fault(h.Sum32() >> 8 % 18)
	if kind > doubled {
		kind = none // two in three pass
	}
	f.came[kind]++
	return kind
}

// answer hands the request on, and the answer back.
func (f *faulty) answer(w http.ResponseWriter, r *http.Request, body []byte) {
	answer, err := f.forward(r, body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	for name, values := range answer.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.StatusCode)
	io.Copy(w, answer.Body) // a caller that has gone needs no answer
}

// forward hands the request to the suite, and returns its answer, read whole.
func (f *faulty) forward(r *http.Request, body []byte) (*http.Response, error) {
	out, err := http.NewRequestWithContext(r.Context(), r.Method, f.to+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	out.Header = r.Header.Clone()
	answer, err := http.DefaultTransport.RoundTrip(out)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	answer.Body = io.NopCloser(bytes.NewReader(raw))
	return answer, err
}
