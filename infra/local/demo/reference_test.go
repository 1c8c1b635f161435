package demo

import (
	"math"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"liuke/infra/local/importer"
	"liuke/infra/local/project"
	"liuke/infra/local/suite"
	"liuke/shared/importfile"
)

// TestReferencePurchases takes the CDNOW sample through the whole suite: imported over HTTP, twice, of which the second
// must change nothing; recalculated as of two days; compared with what is published. Fader, Hardie and Lee (2005).
func TestReferencePurchases(t *testing.T) {
	folder := os.Getenv("LIUKE_REFERENCE_DATA")
	if folder == "" || testing.Short() {
		t.Log("LIUKE_REFERENCE_DATA names no folder, or the test is short: nothing is compared")
		return
	}
	file := filepath.Join(folder, "cdnow_sample.csv")
	root, err := project.Root()
	if err != nil {
		t.Fatal(err)
	}
	s, err := suite.Start(t.Context(), suite.Options{Root: root, State: t.TempDir(), Addr: "127.0.0.1:0", Paused: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c := newClient(Endpoint{URL: s.URL, WriteKey: s.WriteKey, OperatorToken: s.OperatorToken, OutboxURL: s.OutboxURL})
	for pass := range 2 {
		started := time.Now()
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		info, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		options := importer.Options{URL: s.URL, Token: s.OperatorToken, Request: importfile.Request{Kind: importfile.Orders}}
		result, err := importer.Import(t.Context(), f, info.Size(), options)
		f.Close()
		if err != nil || result.Rows.Accepted != 6919 || result.Rows.Refused != 0 {
			t.Fatalf("import: %+v, %v", result, err)
		}
		if err := s.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Logf("pass %d: 6919 rows, %.0f rows/s from the first byte to the last fold", pass+1, 6919/time.Since(started).Seconds())
		r := c.reference(t, s, "1998-06-30")
		orders := 0
		for _, segment := range r.Segments {
			orders += segment.Orders
		}
		if r.Customers != 2357 || orders != 6919 {
			t.Errorf("pass %d: %d customers with %d orders, published 2357 with 6919", pass+1, r.Customers, orders)
		}
	}
	m := c.reference(t, s, "1997-09-30").Models.BGNBD
	for name, v := range map[string]struct{ got, published float64 }{
		"r": {m.R, .2425945224}, "alpha": {m.Alpha, 4.4136020190}, "a": {m.A, .7929220172}, "b": {m.B, 2.4259067768},
		"log likelihood": {m.LogLikelihood, -9582.4292067},
	} {
		if math.Abs(v.got-v.published) > 1e-6*math.Abs(v.published) {
			t.Errorf("BG/NBD %s is %.10g, published %.10g", name, v.got, v.published)
		}
	}
}

type referenceRun struct {
	run
	Models struct {
		BGNBD struct {
			R             float64 `json:"r"`
			Alpha         float64 `json:"alpha"`
			A             float64 `json:"a"`
			B             float64 `json:"b"`
			LogLikelihood float64 `json:"log_likelihood"`
		} `json:"bg_nbd"`
	} `json:"models"`
}

// reference recalculates over the whole history as of a day.
func (c *client) reference(t *testing.T, s *suite.Suite, asOf string) (r referenceRun) {
	t.Helper()
	body := map[string]any{"as_of": asOf, "window_days": 0}
	if err := c.call(t.Context(), operator, http.MethodPost, "/v1/rfm/runs", body, &r); err != nil {
		t.Fatal(err)
	}
	if err := s.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.call(t.Context(), operator, http.MethodGet, "/v1/rfm/runs/"+r.ID, nil, &r); err != nil {
		t.Fatal(err)
	}
	if r.State != "done" {
		t.Fatalf("the run as of %s is %s", asOf, r.State)
	}
	return r
}
