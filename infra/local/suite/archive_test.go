package suite

import (
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// ann and ben are two customers who ordered, one of them a visitor first; nobody is in ann's place.
const annAndBen = `{"batch":[
	{"type":"track","messageId":"m1","anonymousId":"v1","event":"Order Completed","properties":{"order_id":"a1","total":10.50}},
	{"type":"identify","messageId":"m2","anonymousId":"v1","userId":"ann","traits":{"email":"ann@shop.example"}},
	{"type":"track","messageId":"m3","userId":"ann","event":"Order Completed","properties":{"order_id":"a2","total":20}},
	{"type":"track","messageId":"m4","userId":"ann","event":"Checked In"},
	{"type":"identify","messageId":"m5","userId":"ben","traits":{"email":"ben@shop.example"}},
	{"type":"track","messageId":"m6","userId":"ben","event":"Order Completed","properties":{"order_id":"b1","total":7}}]}`

// settle waits until nothing is under way. What is delayed may be: an erasure looks again after a quarter of an hour.
func settle(t *testing.T, s *Suite) {
	t.Helper()
	for {
		state, err := s.State(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if state.Idle {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// replay feeds all that came in until now again, and returns how many events that were and how many were of the erased.
func replay(t *testing.T, s *Suite, from time.Time) (fed, erased int) {
	t.Helper()
	body := fmt.Sprintf(`{"from":%q,"to":%q}`, from.UTC().Format(time.RFC3339), s.Clock.Now().UTC().Format(time.RFC3339))
	var made struct {
		ID             string `json:"replay_id"`
		State          string
		Events, Erased int
	}
	if status := call(t, s, http.MethodPost, "/v1/replays", body, &made); status != http.StatusAccepted {
		t.Fatalf("the replay was answered %d, want 202", status)
	}
	settle(t, s)
	if status := call(t, s, http.MethodGet, "/v1/replays/"+made.ID, "", &made); status != http.StatusOK || made.State != "done" {
		t.Fatalf("the replay was answered %d and is %q, want done", status, made.State)
	}
	return made.Events, made.Erased
}

// objects lists the lake's keys with a prefix.
func objects(t *testing.T, s *Suite, prefix string) (keys []string) {
	t.Helper()
	root := s.state.path(filepath.Join("s3", s.Named("AWS::S3::Bucket", "lake")))
	err := filepath.WalkDir(filepath.Join(root, prefix), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			keys = append(keys, strings.TrimPrefix(path, root+string(filepath.Separator)))
		}
		return nil // what is not there has no keys
	})
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestAReplayChangesNothing(t *testing.T) {
	s := start(t, t.TempDir(), nil)
	began := s.Clock.Now().Add(-time.Minute)
	if status := call(t, s, http.MethodPost, "/v1/batch", annAndBen, nil); status != http.StatusOK {
		t.Fatalf("the events were answered %d", status)
	}
	settle(t, s)
	totals := func(when string) {
		t.Helper()
		for customer, want := range map[string]string{"ann": "2 for 30.50", "ben": "1 for 7.00"} {
			if got := orders(t, s, customer); got != want {
				t.Errorf("%s: %s has %s, want %s", when, customer, got, want)
			}
		}
	}
	totals("at first")
	if fed, _ := replay(t, s, began); fed != 6 {
		t.Errorf("%d events were fed again, want 6", fed)
	}
	totals("after a replay of hours")
	if err := s.Clock.Advance(49 * time.Hour); err != nil {
		t.Fatal(err)
	}
	if status := call(t, s, http.MethodPost, "/_local/schedules/compact", "", nil); status != http.StatusOK {
		t.Fatalf("compacting was answered %d", status)
	}
	settle(t, s)
	if days, hours := objects(t, s, "days"), objects(t, s, "events"); len(days) == 0 || len(hours) > 0 {
		t.Errorf("after compacting there are %v by day and %v by hour", days, hours)
	}
	if fed, _ := replay(t, s, began); fed != 6 {
		t.Errorf("%d events were fed again, want 6", fed)
	}
	totals("after a replay of a day")
	noneDenied(t, s)
}

func TestAnErasedCustomerStaysAway(t *testing.T) {
	s := start(t, t.TempDir(), nil)
	began := s.Clock.Now().Add(-time.Minute)
	if status := call(t, s, http.MethodPost, "/v1/batch", annAndBen, nil); status != http.StatusOK {
		t.Fatalf("the events were answered %d", status)
	}
	settle(t, s)
	if file := export(t, s, "ann"); !strings.Contains(file, "ann@shop.example") || strings.Contains(file, "ben@shop.example") {
		t.Errorf("the export of ann is %s", file)
	}
	if status := call(t, s, http.MethodDelete, "/v1/customers/ann", "", nil); status != http.StatusAccepted {
		t.Fatalf("the erasure was answered %d, want 202", status)
	}
	settle(t, s)
	gone := func(when string) {
		t.Helper()
		for _, id := range []string{"ann", "anonymous:v1"} {
			if status := call(t, s, http.MethodGet, "/v1/customers/"+id, "", nil); status != http.StatusNotFound && status != http.StatusGone {
				t.Errorf("%s: %s was answered %d", when, id, status)
			}
		}
		if got, want := orders(t, s, "ben"), "1 for 7.00"; got != want {
			t.Errorf("%s: ben has %s, want %s", when, got, want)
		}
	}
	gone("after the erasure")
	if left := objects(t, s, "exports"); len(left) > 0 {
		t.Errorf("exports are left: %v", left)
	}
	if fed, erased := replay(t, s, began); fed != 2 || erased != 4 {
		t.Errorf("%d events were fed again and %d are of the erased; want 2 and 4", fed, erased)
	}
	gone("after a replay")
	const late = `{"userId":"ann","event":"Order Completed","messageId":"m9","properties":{"order_id":"a3","total":5}}`
	if status := call(t, s, http.MethodPost, "/v1/track", late, nil); status != http.StatusOK {
		t.Errorf("a late event was answered %d", status)
	}
	settle(t, s)
	gone("after a late event")
	if err := s.Clock.Advance(16 * 24 * time.Hour); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Expire(t.Context()); err != nil || n == 0 {
		t.Errorf("%d items expired (%v); want what was left of ann", n, err)
	}
	if status := call(t, s, http.MethodPost, "/v1/track", strings.ReplaceAll(late, "m9", "m10"), nil); status != http.StatusOK {
		t.Errorf("a later event was answered %d", status)
	}
	settle(t, s)
	gone("when nothing but the tombstone is left")
	noneDenied(t, s)
}

// export asks for all that is known of a customer, and returns the file.
func export(t *testing.T, s *Suite, customer string) string {
	t.Helper()
	if status := call(t, s, http.MethodGet, "/v1/customers/"+customer+"/export", "", nil); status != http.StatusAccepted {
		t.Fatalf("the export was answered %d, want 202", status)
	}
	settle(t, s)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/v1/customers/"+customer+"/export", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.OperatorToken)
	answer, err := http.DefaultTransport.RoundTrip(r) // no redirects: the token is not for the bucket
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusSeeOther {
		t.Fatalf("the finished export was answered %s, want 303", answer.Status)
	}
	file, err := http.Get(answer.Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Body.Close()
	raw, err := io.ReadAll(file.Body)
	if file.StatusCode != http.StatusOK || err != nil {
		t.Fatalf("the file was answered %s %s, %v", file.Status, raw, err)
	}
	return string(raw)
}
