package importfile_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"liuke/shared/fault"
	"liuke/shared/importfile"
)

// desk keeps imports and hands out addresses.
type desk struct {
	imports []*importfile.Import
	key     string
	size    int64
	fails   error
}

func (d *desk) CreateImport(_ context.Context, i *importfile.Import) error {
	d.imports = append(d.imports, i)
	return d.fails
}

func (d *desk) PresignPut(_ context.Context, key string, size int64, _ time.Duration) (string, error) {
	d.key, d.size = key, size
	return "https://lake.example/" + key, nil
}

func TestAnImportIsOpenedBeforeItsUploadIs(t *testing.T) {
	d := &desk{}
	o := importfile.Opener{Records: d, Uploads: d, Now: func() time.Time { return now }, Random: bytes.NewReader(bytes.Repeat([]byte{7}, 16))}
	r, err := importfile.ParseRequest([]byte(`{"kind":"orders","bytes":12,"currency":"usd"}`))
	if err != nil {
		t.Fatal(err)
	}
	ticket, err := o.Open(t.Context(), r)
	if err != nil || len(d.imports) != 1 || d.imports[0].State != importfile.Waiting || d.imports[0].Request.Currency != "USD" || d.size != 12 {
		t.Fatalf("%+v %+v, %v", ticket, d, err)
	}
	if id, ok := importfile.IDOf(d.key); !ok || id != ticket.ID || !importfile.IsID(id) || !ticket.Expires.After(now) {
		t.Errorf("%s is not the upload of %+v", d.key, ticket)
	}
	d.fails, d.key = fault.New(fault.Unavailable, "no"), ""
	o.Random = bytes.NewReader(make([]byte, 16))
	if _, err := o.Open(t.Context(), r); fault.CodeOf(err) != fault.Unavailable || d.key != "" {
		t.Errorf("an import that is not kept is opened all the same: %v", err)
	}
}

func TestOtherObjectsAreNoUploads(t *testing.T) {
	id := strings.Repeat("a", 26)
	for _, key := range []string{"", "imports/upload", "imports/" + id, importfile.RefusedKey(id, 7), "imports/" + id + "/upload/x", "runs/" + id + "/upload", "imports/A" + id[1:] + "/upload"} {
		if got, ok := importfile.IDOf(key); ok {
			t.Errorf("%s is taken for the upload of %s", key, got)
		}
	}
	if a, b := importfile.RefusedKey(id, 99), importfile.RefusedKey(id, 100); a >= b || !strings.HasSuffix(b, "/refused/000000000100.ndjson") {
		t.Errorf("%s and %s are out of order", a, b)
	}
}

func TestRequestsThatAreWrongSayWhere(t *testing.T) {
	for body, pointer := range map[string]string{
		`{"kind":"sheep","bytes":1}`:                                               "/kind",
		`{"kind":"orders"}`:                                                        "/bytes",
		`{"kind":"orders","bytes":-1}`:                                             "/bytes",
		`{"kind":"orders","bytes":1073741825}`:                                     "/bytes",
		`{"kind":"orders","bytes":"1"}`:                                            "/bytes",
		`{"kind":"orders","bytes":1,"columns":{"plan":"Plan"}}`:                    "/columns",
		`{"kind":"orders","bytes":1,"columns":{"date":""}}`:                        "/columns",
		`{"kind":"orders","bytes":1,"currency":"EURO"}`:                            "/currency",
		`{"kind":"orders","bytes":1,"as_of":"1969-01-01T00:00:00Z"}`:               "/as_of",
		`{"kind":"answers","bytes":1,"survey":"` + strings.Repeat("x", 200) + `"}`: "/survey",
		`{"kind":"orders","bytes":1,"colums":{}}`:                                  "/colums",
		`{"kind":"orders","bytes":1} {}`:                                           "",
		`[]`:                                                                       "",
	} {
		_, err := importfile.ParseRequest([]byte(body))
		f, ok := err.(*fault.Error)
		if !ok || f.Code != fault.Invalid || f.Pointer != pointer || f.Message == "" {
			t.Errorf("%s: %v, want one at %q", body, err, pointer)
		}
	}
	if _, err := importfile.ParseRequest(bytes.Repeat([]byte(" "), 1<<20)); fault.CodeOf(err) != fault.TooLarge {
		t.Errorf("a megabyte: %v", err)
	}
}

func TestAnImportAsOperatorsSeeIt(t *testing.T) {
	i := importfile.Import{
		ID: "i", State: importfile.Done, Created: now, Request: importfile.Request{Kind: importfile.Orders, Bytes: 10, DryRun: true},
		Progress: importfile.Progress{Rows: 3, Accepted: 2, Refused: 1, Bytes: 10}, Found: map[string]string{"date": "Day"},
	}
	raw, err := json.Marshal(i.View([]importfile.Refused{{Number: 3, Column: "Day", Reason: "no day"}}))
	want := `{"import_id":"i","kind":"orders","dry_run":true,"state":"done","columns":{"date":"Day"},"bytes":{"done":10,"of":10},` +
		`"rows":{"read":3,"accepted":2,"refused":1},"refused":[{"number":3,"column":"Day","reason":"no day"}],"created_at":"2026-03-01T00:00:00Z"}`
	if err != nil || string(raw) != want {
		t.Errorf("%s, %v", raw, err)
	}
}
