package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"liuke/shared/event"
	"liuke/shared/importfile"
)

func TestAFileOfEachKindIsImportedOnceHoweverOftenItIs(t *testing.T) {
	files := map[importfile.Kind]string{
		importfile.Orders:    orders(47),
		importfile.Customers: "customer_id,email\na,a@example.com\nb,b@example.com\nc,nobody\n",
		importfile.Answers:   "customer_id,score,date\na,9,2024-01-05\na,9,2024-01-05\nb,1,2024-01-05\n",
		importfile.Pinpoint:  "{\"Id\":\"e\",\"ChannelType\":\"SMS\",\"Address\":\"+1555\"}\n{}\n",
		importfile.Delighted: responses(33) + "r99,a@example.com,9,2024-01-05,,2024-01-04T00:00:00Z\n",
	}
	for kind, file := range files {
		t.Run(string(kind), func(t *testing.T) {
			w := newWorld(t)
			r := importfile.Request{Kind: kind}
			if kind == importfile.Delighted {
				r.Survey = "nps"
			}
			want := w.content(r, file)
			for range 2 {
				id, notification := w.open(r, file)
				w.drain(notification)
				w.deliver(notification) // notified again
				w.expect(id, want)
			}
		})
	}
}

func TestTheOrdersOfOneCustomerTravelSideBySideInTheOrderOfTheFile(t *testing.T) {
	w := newWorld(t)
	w.handler.StepRows = 100
	var file strings.Builder
	file.WriteString("order_id,customer_id,date,amount\n")
	for i := range 90 {
		fmt.Fprintf(&file, "o%02d,c%d,2024-01-05,1\n", i, i%7)
	}
	_, notification := w.open(importfile.Request{Kind: importfile.Orders}, file.String())
	w.drain(notification)
	var got []string // customer and order of each event, as they were sent
	for body, ok := w.events.take(); ok; body, ok = w.events.take() {
		all, err := event.Unpack(body)
		if err != nil {
			t.Fatal(err)
		}
		for i := range all {
			var p struct {
				Order string `json:"order_id"`
			}
			if err := json.Unmarshal(all[i].Properties, &p); err != nil {
				t.Fatal(err)
			}
			got = append(got, string(all[i].User)+" "+p.Order)
		}
	}
	if len(got) != 90 || !slices.IsSorted(got) {
		t.Errorf("%d events were sent, in the order %v", len(got), got)
	}
}

func TestACompressedFileIsGoneOnWith(t *testing.T) {
	w := newWorld(t)
	w.steps = 1
	plain := orders(47)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte(plain)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	r := importfile.Request{Kind: importfile.Orders}
	id, notification := w.open(r, packed.String())
	w.drain(notification)
	want := w.content(r, plain)
	want.rows.Bytes = int64(packed.Len())
	w.expect(id, want)
	if w.workers < 5 {
		t.Errorf("%d invocations: the test shows little", w.workers)
	}
}

func TestMoreRefusedRowsThanAreListed(t *testing.T) {
	w := newWorld(t)
	w.handler.StepRows = 300
	file := "customer_id,date,amount\n" + strings.Repeat("c,never,1\n", importfile.MaxListed+50)
	r := importfile.Request{Kind: importfile.Orders, DryRun: true}
	id, notification := w.open(r, file)
	w.drain(notification)
	listed, err := w.store.ImportRefused(t.Context(), id)
	if err != nil || len(listed) != importfile.MaxListed {
		t.Errorf("%d are listed, %v", len(listed), err)
	}
	want := w.content(r, file)
	w.expectObjects(id, want)
}

func TestFilesThatCannotBeReadFailWithTheReason(t *testing.T) {
	for name, c := range map[string]struct {
		file   string
		bytes  int64
		reason string
		rows   int64
	}{
		"a column is missing":                           {"customer_id,day,amount\n", 0, "the file has no column date", 0},
		"lines that end in CR, and no column of a date": {"customer_id,day,amount\rc,2024-01-05,1\r", 0, "the file has no column date", 0},
		"another length":                                {"customer_id,date,amount\n", 7, "the upload has 24 bytes, and the import was opened for 7", 0},
		"a damaged end":                                 {cutShort(gzipped(orders(40_000))), 0, "the compressed file is damaged", 1},
		"a header with a quote":                         {"customer_id,\"date,amount\n", 0, "the first line, which must name the columns", 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			id, notification := w.open(importfile.Request{Kind: importfile.Orders, Bytes: c.bytes}, c.file)
			w.drain(notification)
			i, err := w.store.Import(t.Context(), id)
			if err != nil || i.State != importfile.Failed || !strings.Contains(i.Reason, c.reason) || i.Progress.Rows < c.rows {
				t.Fatalf("%+v, %v", i, err)
			}
			if int64(len(w.sent())) > i.Progress.Accepted {
				t.Error("more is sent than was accepted")
			}
		})
	}
}

func cutShort(text string) string { return text[:len(text)*9/10] }

func gzipped(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	fmt.Fprint(z, text)
	z.Close()
	return b.String()
}

func TestAFileThatIsReplacedMeanwhileIsNotMixed(t *testing.T) {
	w := newWorld(t)
	w.steps = 1
	file := orders(47)
	id, notification := w.open(importfile.Request{Kind: importfile.Orders}, file)
	if !w.deliver(notification) {
		t.Fatal("not acknowledged")
	}
	if err := w.direct.Put(t.Context(), importfile.UploadKey(id), "text/csv", []byte(strings.ReplaceAll(file, "c", "d"))); err != nil {
		t.Fatal(err)
	}
	w.drain(notification)
	i, err := w.store.Import(t.Context(), id)
	if err != nil || i.State != importfile.Failed || !strings.Contains(i.Reason, "another file was uploaded") || i.Progress.Rows != 10 {
		t.Fatalf("%+v, %v", i, err)
	}
}

func TestMessagesThatAreOfNoImport(t *testing.T) {
	w := newWorld(t)
	for body, acknowledged := range map[string]bool{
		created("imports/" + strings.Repeat("z", 26) + "/upload"):         false, // nobody has opened it
		created("imports/" + strings.Repeat("z", 26) + "/refused/000000"): true,
		`{"import":"../x"}`: false,
		`[]`:                false,
		`{`:                 false,
	} {
		if got := w.deliver(body); got != acknowledged {
			t.Errorf("%s: acknowledged %v", body, got)
		}
	}
	if len(w.imports.bodies) > 0 || len(w.events.bodies) > 0 {
		t.Error("something follows from them")
	}
}

// TestSampleEvents delivers what `sam local invoke` reads too.
func TestSampleEvents(t *testing.T) {
	for name, acknowledged := range map[string]bool{"object_created": true, "continue": true, "undecodable": false} {
		w := newWorld(t)
		file := orders(20)
		r := importfile.Request{Kind: importfile.Orders}
		id, _ := w.open(r, file)
		raw, err := os.ReadFile(filepath.Join("../../events/imports", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		if got := w.invoke(raw); got != acknowledged {
			t.Errorf("%s: acknowledged %v", name, got)
		}
		if acknowledged {
			w.expect(id, w.content(r, file))
		}
	}
}
