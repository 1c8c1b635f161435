package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"liuke/shared/api"
	"liuke/shared/importfile"
)

func TestAnImportIsOpenedUploadedAndFollowed(t *testing.T) {
	b := setup(t)
	if _, body, _ := b.do(t, "imports", nil); len(body["imports"].([]any)) != 0 {
		t.Errorf("before the first: %v", body)
	}
	file := "id,date,revenue\nc1,2026-01-01,1.00\nc2,2026-01-02,x\n"
	status, body, out := b.do(t, "start_import", func(r *api.Request) {
		r.Body = strings.Replace(r.Body, "120", "50", 1)
	})
	if status != http.StatusCreated || body["upload_expires_at"] != now.Add(time.Hour).Format(time.RFC3339) {
		t.Fatal(status, body)
	}
	id := body["import_id"].(string)
	if out.Headers["location"] != "imports/"+id {
		t.Errorf("location %q", out.Headers["location"])
	}
	for _, upload := range []struct {
		name, file string
		accepted   bool
	}{{"a file that is longer than was said", file + "c3", false}, {"the file", file, true}} {
		put, err := http.NewRequestWithContext(t.Context(), http.MethodPut, body["upload_url"].(string), strings.NewReader(upload.file))
		must(t, err)
		answer, err := http.DefaultClient.Do(put)
		must(t, err)
		answer.Body.Close()
		if upload.accepted && answer.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", upload.name, answer.Status)
		}
	}
	if raw, err := b.lake.Get(t.Context(), importfile.UploadKey(id)); err != nil || string(raw) != file {
		t.Errorf("uploaded %q, %v", raw, err)
	}
	// As the function imports goes on.
	before, err := b.store.Import(t.Context(), id)
	must(t, err)
	_, err = b.store.AdvanceImport(t.Context(), before, importfile.Step{
		State: importfile.Done, Progress: importfile.Progress{Rows: 2, Accepted: 1, Refused: 1, Bytes: int64(len(file))}, Tag: "tag", Worker: "w", At: now,
		Found:  map[string]string{"customer_id": "id", "amount": "revenue"},
		Listed: []importfile.Refused{{Number: 3, Column: "revenue", Reason: "an amount is a decimal number"}},
	})
	must(t, err)
	status, body, out = b.do(t, "import", func(r *api.Request) { r.PathParameters["id"] = id })
	if status != http.StatusOK || body["state"] != "done" || !strings.Contains(out.Body, `"rows":{"read":2,"accepted":1,"refused":1},"refused":[{"number":3,"column":"revenue",`) {
		t.Errorf("%d %s", status, out.Body)
	}
	_, body, out = b.do(t, "imports", nil)
	if list := body["imports"].([]any); len(list) != 1 || list[0].(map[string]any)["import_id"] != id || strings.Contains(out.Body, "decimal") {
		t.Errorf("%s", out.Body)
	}
}

func TestImportsThatCannotBeAreRefused(t *testing.T) {
	b := setup(t)
	for _, c := range []struct {
		name, sample string
		change       func(*api.Request)
		status       int
		pointer      string
	}{
		{"nothing", "start_import", func(r *api.Request) { r.Body = "" }, 400, ""},
		{"null", "start_import", func(r *api.Request) { r.Body = "null" }, 400, ""},
		{"a kind that is not known", "start_import", func(r *api.Request) { r.Body = `{"kind":"prices","bytes":1}` }, 400, "/kind"},
		{"a file of unknown length", "start_import", func(r *api.Request) { r.Body = `{"kind":"orders"}` }, 400, "/bytes"},
		{"a currency that is none", "start_import", func(r *api.Request) { r.Body = `{"kind":"orders","bytes":1,"currency":"XXX"}` }, 400, "/currency"},
		{"an import that there is not", "import", nil, 404, ""},
		{"an id that no import has", "import", func(r *api.Request) { r.PathParameters["id"] = "../x" }, 404, ""},
		{"more than a list is long", "imports", func(r *api.Request) { r.QueryStringParameters["limit"] = "51" }, 400, "/limit"},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, body, _ := b.do(t, c.sample, c.change)
			if pointer, _ := body["pointer"].(string); status != c.status || pointer != c.pointer {
				t.Errorf("%d %v", status, body)
			}
		})
	}
}
