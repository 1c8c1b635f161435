package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"liuke/shared/api"
	"liuke/shared/document"
)

// manyWritings are requests that write n documents each of scenes, blocks and templates.
func manyWritings(t *testing.T, n int) (all []api.Request) {
	t.Helper()
	for i := range n {
		for _, sample := range []string{"put_scene", "put_block", "put_template"} {
			r := sampled(t, sample)
			for key := range r.PathParameters {
				r.PathParameters[key] = fmt.Sprintf("%s_%d", sample[len("put_"):], i)
			}
			all = append(all, r)
		}
	}
	return all
}

func TestManyDocumentsThatAreWrittenAtOnceAreAllKept(t *testing.T) {
	b := setup(t)
	if status, _, out := b.do(t, "put_block", nil); status != http.StatusOK { // which the sample's scene uses
		t.Fatal(out.Body)
	}
	requests := manyWritings(t, 10)
	for i := range requests {
		if strings.Contains(requests[i].RouteKey, "scenes") {
			requests[i].Body = strings.Replace(requests[i].Body, "id: greeting", "id: "+requests[i].PathParameters["id"], 1)
		}
	}
	answers := make([]api.Response, len(requests))
	var wg sync.WaitGroup
	for i := range requests {
		wg.Go(func() {
			var err error
			if answers[i], err = b.handler.Handle(t.Context(), requests[i]); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for i, out := range answers {
		if out.StatusCode != http.StatusOK {
			t.Errorf("%s %v: %s", requests[i].RouteKey, requests[i].PathParameters, out.Body)
		}
	}
	kept, err := b.store.SceneDocuments(t.Context())
	must(t, err)
	if edits, _, err := b.store.SceneEdits(t.Context()); err != nil || len(kept) != len(requests)+1 || document.Edits(kept) != edits || edits != int64(len(kept)) {
		t.Errorf("%d documents are kept after %d edits, %v", len(kept), edits, err)
	}
}

func TestOfTwoEditsOfOneVersionAtOnceOneIsKept(t *testing.T) {
	b := setup(t)
	if status, _, out := b.do(t, "put_block", nil); status != http.StatusOK {
		t.Fatal(out.Body)
	}
	for _, c := range []struct {
		name   string
		change func(*api.Request)
		late   int
	}{
		{"by If-Match", header("if-match", `"1"`), http.StatusPreconditionFailed},
		{"by the version in the body", wrapped(2), http.StatusConflict},
	} {
		statuses := make([]int, 2)
		var wg sync.WaitGroup
		for i := range statuses {
			r := sampled(t, "put_block")
			c.change(&r)
			wg.Go(func() {
				out, err := b.handler.Handle(t.Context(), r)
				if err != nil {
					t.Error(err)
				}
				statuses[i] = out.StatusCode
			})
		}
		wg.Wait()
		if slices.Sort(statuses); statuses[0] != http.StatusOK || statuses[1] != c.late {
			t.Errorf("%s: %v", c.name, statuses)
		}
	}
}
